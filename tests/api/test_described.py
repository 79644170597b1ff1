"""What the API does is what OpenAPI, the page and the reference say: every address, parameter and error code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from qingliu.api.manners import TITLES
from qingliu.api.moenv.openapi import PARAMETERS as MOENV_PARAMETERS
from qingliu.api.moenv.params import KNOWN
from qingliu.api.native.page import STYLE
from qingliu.api.native.parameters import ENDPOINTS, PARAMETERS
from qingliu.core import errors
from tests.api.portal import Portal

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"


@pytest.fixture(scope="module")
def described(portal: Portal) -> dict[str, Any]:
    """The OpenAPI document as it is served."""
    answer = portal.get("/api/openapi.json")
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.1"
    return answer.json


def resolve(described: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """What a $ref points at; a KeyError where it points at nothing."""
    while "$ref" in node:
        found: Any = described
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def test_every_address_and_parameter_is_in_openapi(described: dict[str, Any]) -> None:
    assert described["openapi"] == "3.1.0"
    assert set(described["paths"]) == {e.path for e in ENDPOINTS.values()} | {"/api/v2/{code}"}
    for endpoint in ENDPOINTS.values():
        operation = described["paths"][endpoint.path]["get"]
        names = {resolve(described, p)["name"] for p in operation["parameters"]}
        in_path = set(re.findall(r"{(\w+)}", endpoint.path))
        assert names - {"field"} == set(endpoint.query) | in_path
        assert ("field" in names) == endpoint.fields
        assert {str(s) for s in endpoint.errors} <= set(operation["responses"])
        for answer in operation["responses"].values():
            assert resolve(described, answer)["description"]
    assert set(PARAMETERS) == {n for e in ENDPOINTS.values() for n in (*e.query, *re.findall(r"{(\w+)}", e.path))}


def test_every_ref_points_somewhere(described: dict[str, Any]) -> None:
    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if "$ref" in node:
                assert resolve(described, node)
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    walk(described)
    ids = [item["get"]["operationId"] for item in described["paths"].values()]
    assert len(ids) == len(set(ids))


def test_every_address_and_parameter_is_in_the_reference() -> None:
    text = (REFERENCE / "api.md").read_text(encoding="utf-8")
    for endpoint in ENDPOINTS.values():
        assert f"`{endpoint.path}`" in text, endpoint.path
    for name in set(PARAMETERS) - {"code", "number", "name"}:
        assert f"`{name}`" in text, name
    dialect = (REFERENCE / "moenv-dialect.md").read_text(encoding="utf-8")
    assert {p[0] for p in MOENV_PARAMETERS} == {*KNOWN, "api_key"}
    for name in (*KNOWN, "api_key"):
        assert f"`{name}`" in dialect, name


def test_every_error_code_has_a_title_and_a_place_in_the_reference(portal: Portal) -> None:
    text = "".join((REFERENCE / name).read_text(encoding="utf-8") for name in ("api.md", "errors.md"))
    page = portal.get("/api/docs").text
    for code in TITLES:
        assert f"`{code}`" in text, code
        assert f'id="error-{code}"' in page, code
    met_here = (
        errors.BadRequest, errors.UnknownField, errors.NotFound, errors.Gone, errors.TooDear, errors.Busy, errors.Unauthorized,
        errors.Forbidden, errors.Conflict, errors.Refused,
    )  # fmt: skip
    assert {e.code for e in met_here} <= set(TITLES)


def test_the_page_is_ours_alone_and_speaks_both_languages(portal: Portal) -> None:
    chinese, english = portal.get("/api/docs"), portal.get("/api/docs", "lang=en")
    assert '<html lang="zh-Hant">' in chinese.text
    assert '<html lang="en">' in english.text
    assert "要回答的欄位" in chinese.text
    assert "Fields to answer" in english.text
    assert "Fields to answer" not in chinese.text
    assert portal.get("/api/docs", "", Accept_Language="en").content == english.content
    policy = chinese.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert f"<style>{STYLE}</style>" in chinese.text
    for page in (chinese.text, english.text):
        assert "<script" not in page
        assert " style=" not in page
        assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)
        for path in (e.path for e in ENDPOINTS.values()):
            assert path in page
    assert portal.get("/api/docs", "lang=fr").status_code == 400


def test_each_documented_example_is_answered(portal: Portal) -> None:
    values = {
        "code": "AIR_H",
        "properties": "siteid,aqi,pm2.5",
        "sortby": "-aqi,siteid",
        "agency": "moenv",
        "category": "air",
    }
    for endpoint in ENDPOINTS.values():
        if endpoint.path.endswith("{name}"):
            continue
        path = endpoint.path.replace("{code}", "AIR_H").replace("{number}", "1")
        required = {n: PARAMETERS[n].example for n in endpoint.query if PARAMETERS[n].required}
        for name in endpoint.query:
            example = values.get(name, PARAMETERS[name].example)
            if not example or (name == "f" and example not in {m.split("/")[-1] for m in endpoint.media}):
                continue
            beside = {"bucket": "1d"} if name in {"timezone", "completeness", "fill"} else {}
            query = "&".join(f"{n}={quote(v)}" for n, v in {**required, **beside, name: example}.items())
            assert portal.get(path, query).status_code == 200, f"{path}?{query}"
