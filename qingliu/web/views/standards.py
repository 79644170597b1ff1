"""The register of data standards for everyone: 領域 > 類別 > 主題 > 屬性, code lists, announcements, and who conforms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from qingliu.core import codec
from qingliu.core.dataset import Text
from qingliu.core.errors import NotFound
from qingliu.lake.published import Entry
from qingliu.standards import register
from qingliu.standards.register import mapping
from qingliu.standards.register.records import Property
from qingliu.standards.register.tasks import Change
from qingliu.web import judged, lakeside
from qingliu.web.views.telling import public


@dataclass(frozen=True, slots=True)
class Use:
    """A column that carries a property, in a dataset, with how many of its cells fail."""

    entry: Entry
    field: str
    cells: int
    failing: int


def _uses() -> dict[str, list[Use]]:
    """Which columns carry each property, by the property's code."""
    found: dict[str, list[Use]] = {}
    for entry in lakeside.engine().published.all():
        for c in (entry.notes.get("standards") or {}).get("columns", ()):
            use = Use(entry, c["field"], c["cells"], c["failing"] - c["fault_of_standard"])
            found.setdefault(c["property"], []).append(use)
    return found


@public
def index(request: HttpRequest) -> HttpResponseBase:
    """Every standard with its subjects, the code lists, the eight spatial categories, and the datasets judged."""
    uses = _uses()
    counts = {code: sum(len(uses.get(p.code, ())) for p in s.properties) for code, s in register.subjects().items()}
    entries = lakeside.engine().published.all()
    mapped = [(e, e.notes["standards"]) for e in entries if (e.notes.get("standards") or {}).get("mapped")]
    spatial: dict[str, list[Entry]] = {}
    for entry in entries:
        if name := (entry.notes.get("standards") or {}).get("spatial_category"):
            spatial.setdefault(name, []).append(entry)
    context = {
        "nav": "quality",
        "here": "standards",
        "standards": [(s, [(x, counts.get(x.code, 0)) for x in s.subjects]) for s in register.standards()],
        "lists": register.code_lists().values(),
        "announcements": [(a, [(c, spatial.get(c.code, [])) for c in a.categories]) for a in register.announcements()],
        "mapped": mapped,
    }
    return render(request, "web/standards/index.html", context)


@public
def subject(request: HttpRequest, code: str) -> HttpResponseBase:
    """One subject: its properties with type, domain, pattern, note, and the columns that carry them."""
    found = register.subjects().get(code)
    if found is None:
        raise NotFound(
            Text(f"標準登錄沒有主題「{code[:80]}」。", f"The register has no subject '{code[:80]}'."),
            Text("請由資料標準頁選取。", "Choose one on the standards page."),
            parameter="subject",
        )
    standard = next(s for s in register.standards() if any(x.code == code for x in s.subjects))
    uses = _uses()
    rows = [(p, _told(p), uses.get(p.code, [])) for p in (register.property_of(x.code) for x in found.properties)]
    context = {"nav": "quality", "here": "standards", "standard": standard, "subject": found, "rows": rows}
    return render(request, "web/standards/subject.html", context)


def _told(asked: Property) -> Text | None:
    """Why a property's pattern or domain cannot be run, where it cannot."""
    return mapping.cell_check(asked).told


@public
def code_list(request: HttpRequest, name: str) -> HttpResponseBase:
    """One code list."""
    context = {"nav": "quality", "here": "standards", "list": register.code_list(name)}
    return render(request, "web/standards/list.html", context)


@public
def dataset(request: HttpRequest, code: str) -> HttpResponseBase:
    """How a dataset's columns stand to the register, the cells that fail, and the change task."""
    entry = lakeside.engine().published.get(code)
    note: dict[str, Any] | None = entry.notes.get("standards")
    if note is None:
        raise NotFound(
            Text("這個資料集還沒有以資料標準檢核。", "This dataset was not judged by the standards yet."),
            Text("公開後會自動檢核。", "It is judged once it is published."),
            parameter="code",
        )
    columns = [(c, register.find(c["property"]), judged.title_of(entry.record, c["field"])) for c in note["columns"]]
    changes = [codec.from_plain(Change, c) for c in note.get("changes", ())]
    context = {
        "nav": "quality",
        "here": "standards",
        "entry": entry,
        "note": note,
        "columns": columns,
        "groups": judged.rules_of(entry, "standards"),
        "changes": changes,
    }
    return render(request, "web/standards/dataset.html", context)
