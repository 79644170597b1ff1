"""Documentation is a contract: each setting, error, address, parameter, definition key and decision is written down."""

from __future__ import annotations

import ast
import json
import re

from qingliu.api.moenv.openapi import PARAMETERS as MOENV_PARAMETERS
from qingliu.api.native.parameters import ENDPOINTS, PARAMETERS
from qingliu.core import errors
from tests.house.tree import PACKAGE, ROOT, package_files, read, tracked

SETTING = re.compile(r"QINGLIU_[A-Z_]+")


def rows(doc: str) -> set[str]:
    """What stands in code quotes in the first cell of each table row of a page."""
    cells = (line.split("|")[1] for line in read(doc).splitlines() if line.startswith("|"))
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def test_every_setting_is_described_and_every_described_setting_exists() -> None:
    tree = ast.parse((PACKAGE / "core" / "env.py").read_text(encoding="utf-8"))
    texts = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    settings = {t for t in texts if SETTING.fullmatch(t)}
    assert settings
    assert rows("docs/reference/settings.md") == settings


def test_settings_are_read_in_one_place() -> None:
    allowed = {"qingliu/core/env.py"}
    readers = {
        p.relative_to(ROOT).as_posix(): sorted(set(SETTING.findall(p.read_text(encoding="utf-8"))))
        for p in package_files()
        if re.search(r"os\.(environ\.get\(|environ\[|getenv\()['\"]QINGLIU_", p.read_text(encoding="utf-8"))
    }
    once = {"qingliu/config/commands/people.py": ["QINGLIU_PASSWORD"]}  # asked for once by a command, never kept
    assert {k: v for k, v in readers.items() if k not in allowed and once.get(k) != v} == {}


def test_every_error_code_is_described_with_its_status() -> None:
    told = {
        c.code: c.status for c in vars(errors).values() if isinstance(c, type) and issubclass(c, errors.QingliuError)
    }
    lines = re.findall(r"^\| `([a-z-]+)` \| (\d+) \|", read("docs/reference/errors.md"), re.M)
    assert {code: int(status) for code, status in lines} == told


def test_every_address_and_parameter_of_the_apis_is_described() -> None:
    addresses = {e.path for e in ENDPOINTS.values()}
    parameters = set(PARAMETERS) | {p[0] for p in MOENV_PARAMETERS}
    assert rows("docs/reference/api.md") | rows("docs/reference/moenv-dialect.md") == addresses | parameters
    assert "`/api/v2/{code}`" in read("docs/reference/api.md")


def test_every_key_of_a_definition_is_described() -> None:
    schema = json.loads((PACKAGE / "standards" / "definition.schema.json").read_text(encoding="utf-8"))
    field = schema["$defs"]["field"]["properties"]
    inner = [schema["properties"][k]["properties"] for k in ("read", "view", "source", "schema")]
    keys = (
        set(schema["properties"]) | set(field) | set(field["constraints"]["properties"]) | {k for d in inner for k in d}
    )
    keys |= set(schema["properties"]["read"]["properties"]["unpivot"]["properties"])
    words = set(re.findall(r"[a-z_A-Z]+", " ".join(re.findall(r"`([^`]+)`", read("docs/reference/definition.md")))))
    assert keys - words == set()


def test_every_decision_is_listed_and_every_listed_decision_exists() -> None:
    pages = {p.removeprefix("docs/adr/") for p in tracked() if re.match(r"docs/adr/\d{4}-", p)}
    assert pages
    assert set(re.findall(r"\]\((\d{4}-[^)]+)\)", read("docs/adr/README.md"))) == pages
    assert sorted(p[:4] for p in pages) == [f"{i:04}" for i in range(1, len(pages) + 1)]


def test_every_link_between_pages_leads_somewhere() -> None:
    broken = []
    for page in (p for p in tracked() if p.endswith(".md")):
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", read(page)):
            if "://" not in target and not target.startswith(("/", "mailto:")):
                place = (ROOT / page).parent / target
                if not place.exists():
                    broken.append(f"{page} → {target}")
    assert not broken, broken


def test_glossary_has_both_languages_for_every_word() -> None:
    lines = [x for x in read("docs/glossary.md").splitlines() if x.startswith("| ")][1:]
    wrong = [x for x in lines if not re.fullmatch(r"\| [A-Za-z ,]+ \| [^|\n]*[^\x00-\x7f][^|]* \| [^|]+ \|", x)]
    assert len(lines) > 30
    assert not wrong, wrong


def test_version_is_in_the_changelog() -> None:
    version = re.search(r'__version__ = "([^"]+)"', read("qingliu/__init__.py"))
    assert version
    changelog = read("CHANGELOG.md")
    assert re.search(r"^## \[Unreleased\]", changelog, re.M) or f"## [{version.group(1)}]" in changelog
