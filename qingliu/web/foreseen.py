"""The seven indicators of a draft as far as they can be told before it is public, and the mark that would follow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.urls import reverse

from qingliu.core.clock import now
from qingliu.core.dataset import DatasetRecord, Definition, Text
from qingliu.pipeline.looks import Preview
from qingliu.quality import queries as quality
from qingliu.quality import replies
from qingliu.quality.actions.judge import MEASURED
from qingliu.quality.rules import indicators
from qingliu.quality.rules.marks import Reading, mark
from qingliu.quality.rules.seen import Subject

SERVED = Text(
    "公開後由平臺以 UTF-8 的 CSV、JSON 直接提供，公開後實測。",
    "The portal serves it as CSV and JSON in UTF-8; measured once public.",
)


@dataclass(frozen=True, slots=True)
class Line:
    """One indicator: what it is called, what can be told now, whether that is known or waits for publication, and the
    address of the place where it is mended ("" where nobody has to)."""

    id: str
    title: Text
    state: str
    reason: Text
    remedy: Text
    href: str = ""


@dataclass(frozen=True, slots=True)
class Rung:
    """One mark of the ladder, and the indicators that would keep the draft from it."""

    id: str
    title: Text
    lacks: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The mark to expect where everything that waits holds, and the lines behind it."""

    mark: Text
    lines: tuple[Line, ...]
    rungs: tuple[Rung, ...] = ()

    @property
    def ahead(self) -> tuple[Rung, ...]:
        """The two highest marks: those that people work for."""
        return self.rungs[-2:]


def _places() -> dict[str, str]:
    """Where each indicator is mended."""
    return {"fields": "#definition", "timeliness": "#frequency-unit", "feedback": reverse("web:desk-requests")}


def _newest(record: DatasetRecord, seen: Preview | None) -> datetime | None:
    """The last moment that the draft's rows tell, in the dataset's time zone."""
    moment = datetime.fromisoformat(seen.newest) if seen and seen.newest else None
    return moment.replace(tzinfo=ZoneInfo(record.timezone)) if moment else None


def foreseen(definition: Definition, seen: Preview | None) -> Foreseen:
    """What a draft may expect. What is measured at the served address only is assumed to hold for the mark, and says so."""
    edition = quality.edition()
    record = definition.dataset
    subject = Subject(
        code=record.code, declared=tuple(f.name for f in record.fields), frequency=record.frequency,
        updated_at=now(), newest=_newest(record, seen),
        time_field=record.time_field, measured=any(f.role in MEASURED for f in record.fields),
        feedback=replies.of(record.code, replies.told(edition)),
    )  # fmt: skip
    gone = seen.missing if seen else ()
    told = {n: Reading(n, "pass", SERVED) for n in ("link", "download", "structure", "encoding")} | {
        "timeliness": indicators.timeliness(subject, edition, now()),
        "feedback": indicators.feedback(subject, edition),
    }
    told["fields"] = Reading(
        "fields", "fail" if gone else "pass",
        Text(f"檔案中沒有：{'、'.join(gone)}。", f"Not in the file: {', '.join(gone)}.") if gone
        else Text("宣告的欄位都在檔案中。", "Every declared column is in the file."),
    )  # fmt: skip
    expected = mark(list(told.values()), edition)
    places = _places()
    lines = tuple(
        Line(
            i.id, i.title, "later" if told[i.id].reason == SERVED else told[i.id].state, told[i.id].reason,
            told[i.id].remedy, places.get(i.id, ""),
        )
        for i in edition.indicators
    )  # fmt: skip
    by_id = {line.id: line for line in lines}
    levels = {level.mark: level.by for level in expected.levels}
    rungs = tuple(Rung(m.id, m.title, tuple(by_id[n] for n in levels[m.id])) for m in edition.marks)
    return Foreseen(edition.title(expected.mark), lines, rungs)
