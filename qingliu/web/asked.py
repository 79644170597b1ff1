"""Requests in words: kinds, states and the hand of the clock, in the page's language."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from qingliu.lake.guard import guarded
from qingliu.participation import queries
from qingliu.participation.models import Answer, Request
from qingliu.participation.rules.clock import Times, clock, promise_overdue

HEAD = (
    "number", "kind", "state", "dataset", "agency", "received_on", "due_on", "answered_on", "clock", "days", "promised_on",
    "promise_overdue_days", "title", "text", "field", "keyword", "author", "way", "answer", "link", "article_zh", "article_en",
    "simulated",
)  # fmt: skip


def kind_name(kind: str) -> str:
    """A kind of request in words."""
    return {"question": _("提問"), "error": _("錯誤回報"), "data": _("申請新資料")}.get(kind, kind)


def state_name(state: str) -> str:
    """A state in words."""
    names = {
        "waiting": _("待分派"), "open": _("處理中"), "available": _("已可取得"), "expected": _("預計開放"),
        "refused": _("不提供"),
    }  # fmt: skip
    return names.get(state, state)


def clock_name(hand: str) -> str:
    """A hand of the clock in words, for filters."""
    names = {
        "in_time": _("期限內回復"), "late": _("逾期回復"), "running": _("期限內待回復"), "overdue": _("逾期未回復"),
        "promise_overdue": _("承諾日已過"),
    }  # fmt: skip
    return names.get(hand, hand)


@dataclass(frozen=True, slots=True)
class Hand:
    """The clock of a request for a page: words, and the class that colours them beside the words."""

    words: str
    look: str
    due: date


def hand(times: Times, days: int, today: date) -> Hand:
    """Where the clock stands, in words."""
    at = clock(times, days, today)
    n = at.days
    said = {
        "in_time": lambda: ngettext("%(n)s 日內回復", "%(n)s 日內回復", n),
        "late": lambda: ngettext("%(n)s 日才回復，逾期", "%(n)s 日才回復，逾期", n),
        "running": lambda: ngettext("還有 %(n)s 日", "還有 %(n)s 日", n),
        "overdue": lambda: ngettext("逾期 %(n)s 日", "逾期 %(n)s 日", n),
    }[at.hand]()
    broken = promise_overdue(times.promised, today)
    words = said % {"n": n}
    if broken:
        words += _("；") + ngettext("承諾日已過 %(n)s 日", "承諾日已過 %(n)s 日", broken) % {"n": broken}
    return Hand(words, "failed" if at.hand in ("late", "overdue") or broken else "", at.due)


@dataclass(frozen=True, slots=True)
class Row:
    """A request on a list: the row and its clock; None where its words are hidden and no answer is owed."""

    request: Request
    hand: Hand | None


def rows(found: Iterable[Request]) -> list[Row]:
    """Requests with their clocks as of today."""
    days, today = queries.reply_days(), queries.today()
    return [Row(r, None if r.hidden_at else hand(queries.times(r), days, today)) for r in found]


def noted(note: dict[str, Any] | None, today: date) -> list[tuple[dict[str, Any], Hand]]:
    """The requests of a dataset's public note with their clocks: newest first."""

    def day(text: str | None) -> date | None:
        return date.fromisoformat(text) if text else None

    made: list[tuple[dict[str, Any], Hand]] = []
    if note is None:
        return made
    for item in note["items"]:
        times = Times(date.fromisoformat(item["received_on"]), day(item["answered_on"]), day(item["promised_on"]))
        made.append((item, hand(times, int(note["days"]), today)))
    return made


def table(found: Iterable[Request]) -> str:
    """Public words of requests as CSV for spreadsheets: with a byte order mark, formulas made harmless."""
    days, today = queries.reply_days(), queries.today()
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEAD)
    for r in found:
        writer.writerow([guarded(c) for c in _cells(r, days, today)])
    return "\ufeff" + out.getvalue()


def _cells(r: Request, days: int, today: date) -> list[str]:
    at = clock(queries.times(r), days, today)
    hidden = r.hidden_at is not None
    last: Answer | None = max(r.answers.all(), key=lambda a: a.pk, default=None)
    said = (
        ["", "", "", "", ""]
        if hidden
        else [r.shown_title, r.shown_text, r.shown_field, r.shown_keyword, r.shown_author]
    )
    answer = [last.way, last.text, last.link, last.article_zh, last.article_en] if last and not hidden else [""] * 5
    return [
        r.number, r.kind, "hidden" if hidden else r.state, r.dataset, r.agency.code if r.agency else "",
        r.received_on.isoformat(), at.due.isoformat(), r.answered_on.isoformat() if r.answered_on else "",
        "" if hidden else at.hand, "" if hidden else str(at.days),
        r.promised_on.isoformat() if r.promised_on else "", str(promise_overdue(r.promised_on, today)),
        *said, *answer, "true" if r.simulated else "false",
    ]  # fmt: skip
