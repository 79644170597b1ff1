"""An edition of the mark rules as a frozen value, read from its data file or from what the office put in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest

INDICATORS = ("link", "download", "structure", "encoding", "fields", "timeliness", "feedback")
_DEFAULT = Path(__file__).parent.parent / "data" / "marks.yaml"


@dataclass(frozen=True, slots=True)
class Indicator:
    """One of the seven: what it is called and which face of quality it belongs to."""

    id: str
    dimension: Text
    title: Text


@dataclass(frozen=True, slots=True)
class Mark:
    """One level. ``needs`` are the indicators that it adds; the levels below are included by their order."""

    id: str
    title: Text
    weight: float
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edition:
    """Everything that decides a mark, with where it comes from. Intervals are hours, graces are multiples."""

    name: str
    date: date
    source: Text
    reconstruction: bool
    note: Text
    indicators: tuple[Indicator, ...]
    marks: tuple[Mark, ...]
    structured_formats: tuple[str, ...]
    structured_formats_added: tuple[str, ...]
    text_formats: tuple[str, ...]
    default_encoding: str
    fields_ignore_case: bool
    update_grace: float
    content_grace: float
    feedback_days: int
    recheck_hours_volatile: float
    recheck_hours: float
    link_failures: int
    link_failing_hours: float
    feedback_window_days: int = 365

    def indicator(self, name: str) -> Indicator:
        """The indicator of that id."""
        return next(i for i in self.indicators if i.id == name)

    def title(self, mark: str) -> Text:
        """What a mark, or the lack of one, is called."""
        return next((m.title for m in self.marks if m.id == mark), OUTSIDE.get(mark, Text(mark, mark)))

    @property
    def order(self) -> tuple[str, ...]:
        """Marks from none to the highest."""
        return ("none", *(m.id for m in self.marks))


OUTSIDE = {
    "none": Text("無標章", "No mark"),
    "not_measured": Text("未檢測", "Not measured"),
    "white_listed": Text("無（白名單）", "None (white-listed)"),
}


def _bad(place: str, zh: str, en: str) -> BadRequest:
    return BadRequest(
        Text(f"標章規則的「{place}」{zh}。", f"'{place}' of the mark rules {en}."),
        Text(
            "以隨程式附上的 quality/data/marks.yaml 為範本修改。",
            "Take the file quality/data/marks.yaml of the program as a pattern.",
        ),
        parameter=place,
    )


def _text(value: Any, place: str) -> Text:
    if isinstance(value, str) and value.strip():
        return Text(value.strip(), "")
    if not isinstance(value, Mapping) or not str(value.get("zh", "")).strip():
        raise _bad(place, "須有 zh 與 en", "needs zh and en")
    return Text(str(value["zh"]).strip(), str(value.get("en", "")).strip())


def _number(plain: Mapping[str, Any], name: str, low: float, high: float) -> float:
    value = plain.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise _bad(name, f"須為 {low:g} 到 {high:g} 的數", f"must be a number from {low:g} to {high:g}")
    return float(value)


def _words(plain: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = plain.get(name)
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise _bad(name, "須為文字清單", "must be a list of words")
    return tuple(value)


def _indicators(plain: Mapping[str, Any]) -> tuple[Indicator, ...]:
    rows = plain.get("indicators")
    found = tuple(r.get("id") for r in rows if isinstance(r, Mapping)) if isinstance(rows, list) else ()
    if sorted(map(str, found)) != sorted(INDICATORS):
        raise _bad("indicators", f"須恰為 {'、'.join(INDICATORS)}", f"must be exactly {', '.join(INDICATORS)}")
    assert isinstance(rows, list)
    return tuple(
        Indicator(r["id"], _text(r.get("dimension"), "indicators.dimension"), _text(r.get("title"), "indicators.title"))
        for r in rows
    )


def _marks(plain: Mapping[str, Any]) -> tuple[Mark, ...]:
    rows = plain.get("marks")
    if not isinstance(rows, list) or not rows:
        raise _bad("marks", "至少一級", "needs at least one level")
    marks = []
    for row in rows:
        if not isinstance(row, Mapping) or not isinstance(row.get("id"), str) or row["id"] in OUTSIDE:
            raise _bad("marks.id", "缺少或為保留字", "is missing or a reserved word")
        needs = row.get("needs")
        if not isinstance(needs, list) or not needs or set(needs) - set(INDICATORS):
            raise _bad("marks.needs", f"須列出 {'、'.join(INDICATORS)}", f"must list some of {', '.join(INDICATORS)}")
        title = _text(row.get("title"), "marks.title")
        marks.append(Mark(row["id"], title, _number(row, "weight", 0, 10), tuple(needs)))
    if len({m.id for m in marks}) != len(marks):
        raise _bad("marks.id", "重複", "comes twice")
    return tuple(marks)


def read(plain: Mapping[str, Any]) -> Edition:
    """The edition that a plain mapping says. Raises BadRequest naming the first wrong place."""
    day = plain.get("date")
    if isinstance(day, str):
        try:
            day = date.fromisoformat(day)
        except ValueError:
            day = None
    if not isinstance(day, date):
        raise _bad("date", "須為 YYYY-MM-DD", "must be YYYY-MM-DD")
    name = plain.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > 60:
        raise _bad("name", "須為 60 字以內的文字", "must be a text of at most 60 characters")
    for flag in ("reconstruction", "fields_ignore_case"):
        if not isinstance(plain.get(flag), bool):
            raise _bad(flag, "須為 true 或 false", "must be true or false")
    return Edition(
        name=name.strip(),
        date=day,
        source=_text(plain.get("source"), "source"),
        reconstruction=plain["reconstruction"],
        note=_text(plain["note"], "note") if plain.get("note") else Text("", ""),
        indicators=_indicators(plain),
        marks=_marks(plain),
        structured_formats=_words(plain, "structured_formats"),
        structured_formats_added=_words(plain, "structured_formats_added"),
        text_formats=_words(plain, "text_formats"),
        default_encoding=str(plain.get("default_encoding") or "UTF-8"),
        fields_ignore_case=plain["fields_ignore_case"],
        update_grace=_number(plain, "update_grace", 1, 100),
        content_grace=_number(plain, "content_grace", 1, 100),
        feedback_days=int(_number(plain, "feedback_days", 1, 365)),
        recheck_hours_volatile=_number(plain, "recheck_hours_volatile", 0.1, 8760),
        recheck_hours=_number(plain, "recheck_hours", 0.1, 8760),
        link_failures=int(_number(plain, "link_failures", 1, 100)),
        link_failing_hours=_number(plain, "link_failing_hours", 0, 8760),
        feedback_window_days=int(_number({"feedback_window_days": 365, **plain}, "feedback_window_days", 1, 36_500)),
    )


def read_text(text: str) -> tuple[Edition, dict[str, Any]]:
    """The edition that a YAML (or JSON) text says, and its plain form for keeping. Raises BadRequest."""
    try:
        plain = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise _bad("file", f"不是 YAML（{error}）", f"is no YAML ({error})") from error
    if not isinstance(plain, dict):
        raise _bad("file", "須為對映", "must be a mapping")
    edition = read(plain)
    return edition, {**plain, "date": edition.date.isoformat()}


@cache
def default() -> Edition:
    """The edition that comes with the program."""
    return read_text(_DEFAULT.read_text(encoding="utf-8"))[0]
