"""Both languages for everyone: levels, completeness, findings; and the desk where English is written beside the Chinese."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, ngettext

from qingliu.accounts.rules import require
from qingliu.bilingual import actions, queries
from qingliu.bilingual.rules import levels, texts
from qingliu.core.dataset import FieldRecord, Text
from qingliu.core.errors import BadRequest, QingliuError, UnknownField
from qingliu.lake.published import Entry
from qingliu.web import judged, lakeside
from qingliu.web.page import Pages, page_number
from qingliu.web.views.desk import door
from qingliu.web.views.telling import public

WORDS = 40
LENGTH = 2000  # characters of one text that a form may carry


@public
def index(request: HttpRequest) -> HttpResponseBase:
    """Every judged dataset with its level and how complete each part is."""
    entries = lakeside.engine().published.all()
    rows = [(e, e.notes["bilingual"], len(judged.found(e, ("bilingual",)))) for e in entries if "bilingual" in e.notes]
    counts = [(level, sum(n["level"] == level for _, n, _ in rows)) for level in range(3, -1, -1)]
    context = {"nav": "quality", "here": "bilingual", "rows": rows, "counts": counts, "edition": levels.edition()}
    return render(request, "web/bilingual/index.html", context)


@dataclass(frozen=True, slots=True)
class Filled:
    """A column's words: how many values hold Chinese, how many have English, and who stands for it."""

    name: str
    title: Text
    note: dict[str, Any]

    @property
    def machine(self) -> int:
        """Values that a rule filled and no person approved."""
        return int(self.note["covered"]) - int(self.note["approved"])


@public
def dataset(request: HttpRequest, code: str) -> HttpResponseBase:
    """One dataset: its texts side by side, its columns, and what was found."""
    entry = lakeside.engine().published.get(code)
    note = entry.notes.get("bilingual")
    columns = [
        Filled(n, judged.title_of(entry.record, n), c) for n, c in ((note or {}).get("columns") or {}).items()
    ]  # fmt: skip
    context = {
        "nav": "quality",
        "here": "bilingual",
        "entry": entry,
        "note": note,
        "columns": columns,
        "groups": judged.rules_of(entry, "bilingual"),
        "places": [p for p in texts.places(entry.record) if p.text.zh or p.text.en],
    }
    return render(request, "web/bilingual/dataset.html", context)


@dataclass(frozen=True, slots=True)
class Written:
    """A text of the page as it stands, with what somebody proposes for its English."""

    place: str
    text: Text
    proposed: str
    done: bool
    older: str  # the language that is older than the other: zh, en or ""


@door.page
def desk(request: HttpRequest, code: str) -> HttpResponseBase:
    """The texts of the page and the words of one column, to write and to approve."""
    entry = lakeside.engine().published.get(code)
    require(door.who(request), "define", agency=entry.record.agency)
    kept = {t.place: t for t in queries.page_texts(entry.code)}
    written = []
    for p in texts.places(entry.record):
        if p.text.zh or p.text.en:
            row = kept.get(p.name)
            older = "" if row is None or row.zh_at == row.en_at else "en" if row.en_at < row.zh_at else "zh"
            written.append(Written(p.name, p.text, row.proposed if row else "", p.done, older))
    field = _field(entry, request.GET.get("field", ""))
    context = {"nav": "quality", "here": "bilingual", "entry": entry, "written": written, "field": field}
    context["columns"] = list(((entry.notes.get("bilingual") or {}).get("columns") or {}).items())
    if field is not None:
        context |= _words(request, entry, field)
    return render(request, "web/bilingual/desk.html", context)


def _field(entry: Entry, name: str) -> FieldRecord | None:
    if not name:
        return None
    field = entry.record.field(name)
    if field is not None and field.sensitivity == "personal":
        raise BadRequest(
            Text("這個欄位載有個人資料，不在此翻譯。", "This column holds personal data and is not translated here."),
            Text("請選其他欄位。", "Choose another column."),
            parameter="field",
        )
    if field is None:
        raise UnknownField(name, [f.name for f in entry.record.fields], parameter="field")
    return field


@dataclass(frozen=True, slots=True)
class Word:
    """One value of a column: its English where there is one, whether a person stands for it, in how many cells."""

    zh: str
    en: str
    cells: int
    state: str  # approved, rejected, machine or "" where there is none


def _words(request: HttpRequest, entry: Entry, field: FieldRecord) -> dict[str, Any]:
    """A page of a column's Chinese values: those without English first, then the commonest."""
    said = {w.zh: w for w in queries.wordings(dataset=entry.code) if w.field == field.name}
    filled = ((entry.notes.get("bilingual") or {}).get("contents") or {}).get(field.name) or {}
    every = []
    for zh, cells in queries.counted(lakeside.engine(), entry.record, field.name):
        if texts.has_han(zh):
            row = said.get(zh)
            en = row.en if row else filled.get(zh, "")
            every.append(Word(zh, en, cells, row.state if row else "machine" if en else ""))
    every.sort(key=lambda w: (w.state != "", -w.cells, w.zh))
    pages = Pages(page_number(request.GET), WORDS, len(every), {"field": field.name})
    return {"words": every[pages.offset : pages.offset + WORDS], "pages": pages}


@door.action
def write(request: HttpRequest, code: str) -> HttpResponseBase:
    """Propose the English texts that were changed; each stands in public once the definition carries it."""
    entry = lakeside.engine().published.get(code)
    who = door.who(request)
    require(who, "define", agency=entry.record.agency)
    kept = {t.place: t.proposed for t in queries.page_texts(entry.code)}
    doing: list[Callable[[], object]] = []
    for p in texts.places(entry.record):
        en = request.POST.get(f"en:{p.name}", "")[:LENGTH].strip()
        if en and en != p.text.en and en != kept.get(p.name):
            doing.append(partial(actions.propose_text, code=entry.code, place=p.name, en=en, by=who))
        if request.POST.get(f"same:{p.name}"):
            doing.append(partial(actions.confirm_text, code=entry.code, place=p.name, by=who))
    return _all(request, doing, reverse("web:bilingual-desk", args=[entry.code]))


@door.action
def say(request: HttpRequest, code: str) -> HttpResponseBase:
    """Approve, change or refuse the English of a column's values, a page of them at once."""
    entry = lakeside.engine().published.get(code)
    who = door.who(request)
    require(who, "define", agency=entry.record.agency)
    field = _field(entry, request.POST.get("field", ""))
    name = field.name if field else ""
    doing: list[Callable[[], object]] = []
    for i in range(WORDS):
        zh, en = request.POST.get(f"zh:{i}", "")[:500], request.POST.get(f"en:{i}", "")[:500].strip()
        match request.POST.get(f"do:{i}", ""):
            case "say" if zh and en:
                doing.append(partial(actions.word, code=entry.code, field=name, zh=zh, en=en, by=who))
            case "refuse" if zh:
                doing.append(partial(actions.reject, code=entry.code, field=name, zh=zh, by=who))
    back = reverse("web:bilingual-desk", args=[entry.code])
    return _all(request, doing, f"{back}?field={name}#words")


def _all(request: HttpRequest, doing: list[Callable[[], object]], back: str) -> HttpResponseBase:
    """Do each; a told error is said and the others go on."""
    done = 0
    for do in doing:
        try:
            do()
            done += 1
        except QingliuError as error:
            language = get_language() or ""
            messages.error(request, f"{error.reason.get(language)} {error.remedy.get(language)}".strip())
    messages.success(request, ngettext("已記下 %(n)s 處。", "已記下 %(n)s 處。", done) % {"n": done})
    return HttpResponseRedirect(back)
