"""The register of data standards (領域 > 類別 > 主題 > 屬性): data files beside this module, read once.

What was read from the government's platform stands with its source; what is a reconstruction of ours says ``draft``.
"""

from __future__ import annotations

import difflib
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from qingliu.core.dataset import DatasetRecord, Text
from qingliu.core.errors import NotFound
from qingliu.standards import areas
from qingliu.standards.register.records import (
    Announcement,
    Code,
    CodeList,
    Fault,
    Origin,
    Property,
    SpatialCategory,
    Standard,
    Subject,
)  # fmt: skip

_DATA = Path(__file__).parent / "data"
_OURS = "urn:qingliu:standard:"
_APART = {"code-lists.yaml", "announcements.yaml"}


def _text(row: dict[str, Any]) -> Text:
    return Text(row["zh"], row["en"])


def _origin(row: dict[str, Any]) -> Origin:
    return Origin(row["edition"], row["date"], _text(row["source"]), row["draft"])


def _property(row: dict[str, Any], subject: str, draft: bool) -> Property:
    code = f"{subject}/{row['name']}"
    faults = tuple(
        Fault(f["pattern"], _text(f["reason"]), _text(f["remedy"]), tuple(f.get("items", ())))
        for f in row.get("faults", ())
    )
    explain = row.get("explain", {"zh": "", "en": ""})
    return Property(
        code=code, uri=row.get("uri", _OURS + code), title=_text(row), explain=_text(explain), kind=row["type"],
        domain=row.get("domain", ""), regexp=row.get("regexp", ""), note=row.get("note", ""),
        draft=row.get("draft", draft), unit=row.get("unit", ""), lists=row.get("lists", ""),
        same_as=row.get("same_as", ""), faults=faults,
    )  # fmt: skip


def _standard(path: Path) -> Standard:
    doc = yaml.safe_load(path.read_text(encoding="utf-8"))
    origin = _origin(doc)
    subjects = []
    for row in doc["subjects"]:
        code = f"{doc['code']}/{row['code']}"
        properties = tuple(_property(p, code, origin.draft) for p in row["properties"])
        needs = (tuple(row.get("required", ())), tuple(row.get("recommended", ())))
        subjects.append(Subject(code, _text(row["title"]), properties, *needs))
    return Standard(doc["code"], _text(doc["domain"]), _text(doc["category"]), origin, tuple(subjects))


@cache
def standards() -> tuple[Standard, ...]:
    """Every standard, by code; of several editions the newest first."""
    found = [_standard(p) for p in sorted(_DATA.glob("*.yaml")) if p.name not in _APART]
    return tuple(sorted(sorted(found, key=lambda s: s.origin.date, reverse=True), key=lambda s: s.code))


@cache
def subjects() -> dict[str, Subject]:
    """Subjects by code, each in its newest edition."""
    return {s.code: s for standard in reversed(standards()) for s in standard.subjects}


@cache
def _properties() -> dict[str, Property]:
    found = {p.code: p for subject in subjects().values() for p in subject.properties}
    return found | {p.uri: p for p in found.values()}


def find(name: str) -> Property | None:
    """The property of that code or URI, what it takes over from another filled in; None where there is none."""
    found = _properties().get(name)
    if found is None or not found.same_as:
        return found
    base = find(found.same_as)
    if base is None:
        raise LookupError(f"{found.code} refers to {found.same_as}, which the register lacks")
    return Property(
        code=found.code, uri=found.uri, title=found.title, explain=found.explain, kind=base.kind, domain=base.domain,
        regexp=base.regexp, note=found.note or base.note, draft=found.draft or base.draft, unit=found.unit or base.unit,
        lists=base.lists, same_as=found.same_as, faults=base.faults,
    )  # fmt: skip


def property_of(name: str) -> Property:
    """The property of that code or URI. Raises NotFound naming the nearest codes."""
    found = find(name)
    if found is None:
        near = difflib.get_close_matches(name, [p for p in _properties() if not p.startswith("urn:")], n=3, cutoff=0.5)
        raise NotFound(
            Text(f"標準登錄沒有屬性「{name}」。", f"The register has no property '{name}'."),
            Text(f"相近的屬性：{'、'.join(near) or '無'}。", f"Near ones: {', '.join(near) or 'none'}."),
            parameter="property",
        )
    return found


@cache
def code_lists() -> dict[str, CodeList]:
    """Every code list by name; counties and townships come from the register of areas."""
    rows = yaml.safe_load((_DATA / "code-lists.yaml").read_text(encoding="utf-8"))
    found = {}
    for row in rows:
        codes = tuple(Code(c["code"], _text(c), _text(c.get("note", {"zh": "", "en": ""}))) for c in row["codes"])
        found[row["name"]] = CodeList(row["name"], _text(row["title"]), _origin(row), codes)
    origin = found["gender"].origin
    listed = Origin(
        origin.edition, origin.date, Text("內政部行政區域代碼", "Ministry of the Interior, area codes"), False
    )
    towns: dict[str, str] = {}
    for area in areas.townships():
        towns.setdefault(area.township, area.en)
    found["counties"] = CodeList(
        "counties", Text("縣市", "Counties and cities"), listed,
        tuple(Code(a.county, Text(a.county, a.en), Text(f"代碼 {a.code}", f"code {a.code}")) for a in areas.counties()),
    )  # fmt: skip
    found["townships"] = CodeList(
        "townships",
        Text("鄉鎮市區", "Townships"),
        listed,
        tuple(Code(n, Text(n, en), Text("", "")) for n, en in towns.items()),
    )
    return found


def code_list(name: str) -> CodeList:
    """The code list of that name. Raises NotFound."""
    if name not in code_lists():
        raise NotFound(
            Text(f"標準登錄沒有代碼表「{name}」。", f"The register has no code list '{name}'."),
            Text(f"可用：{'、'.join(code_lists())}。", f"There are: {', '.join(code_lists())}."),
            parameter="list",
        )
    return code_lists()[name]


@cache
def announcements() -> tuple[Announcement, ...]:
    """Announcements that name categories of spatial data."""
    rows = yaml.safe_load((_DATA / "announcements.yaml").read_text(encoding="utf-8"))
    return tuple(
        Announcement(
            row["number"], _text(row["title"]), _origin(row), row["layers_draft"],
            tuple(
                SpatialCategory(c["code"], _text(c), tuple(c["datasets"]), tuple(_text(x) for x in c["layers"]))
                for c in row["categories"]
            ),
        )
        for row in rows
    )  # fmt: skip


def spatial_category(record: DatasetRecord) -> SpatialCategory | None:
    """The announced category of spatial data that a dataset with a place belongs to; None without a place or a match."""
    if record.place is None:
        return None
    every = (c for a in announcements() for c in a.categories)
    return next((c for c in every if record.category in c.datasets), None)
