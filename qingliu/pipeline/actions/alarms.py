"""Alarms: opened when something happens, mailed once, closed when it is over."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone, translation

from qingliu.accounts import queries as accounts
from qingliu.accounts.models import User
from qingliu.accounts.rules import Actor, require
from qingliu.audit import actions as audit
from qingliu.catalog import queries as catalogue
from qingliu.catalog.models import Dataset
from qingliu.core.clock import TAIPEI, now
from qingliu.core.dataset import Text
from qingliu.core.redact import redact
from qingliu.participation import queries as requests
from qingliu.pipeline import queries, watch
from qingliu.pipeline.models import Alarm, Source
from qingliu.pipeline.rules import State

log = logging.getLogger(__name__)
IN_A_MAIL = 60


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is so now: the same ``event`` is the same trouble at the next look."""

    dataset: int
    kind: str
    event: str
    what: Text


def watch_alarms(*, by: Actor) -> tuple[int, int]:
    """Open an alarm for each new trouble and close those that are over: (opened, closed)."""
    require(by, "maintain")
    found = {(t.dataset, t.kind, t.event): t for t in _troubles(now())}
    known = {(a.dataset_id, a.kind, a.event): a for a in Alarm.objects.all()}
    opened = closed = 0
    with transaction.atomic():
        for at, trouble in found.items():
            row = known.get(at)
            if row is not None and row.closed_at is None:
                continue
            values = {"what_zh": redact(trouble.what.zh)[:2000], "what_en": redact(trouble.what.en)[:2000]}
            again = {**values, "opened_at": now(), "closed_at": None, "mailed_at": None}
            Alarm.objects.update_or_create(
                dataset_id=trouble.dataset, kind=trouble.kind, event=trouble.event, defaults=again
            )
            opened += 1
        for at, row in known.items():
            if row.closed_at is None and at not in found:
                row.closed_at = now()
                row.save(update_fields=["closed_at"])
                closed += 1
        if opened or closed:
            audit.record(
                by=by.name,
                verb="alarms.watched",
                kind="portal",
                object_id="*",
                detail={"opened": opened, "closed": closed},
            )
    return opened, closed


def _troubles(moment: datetime) -> Iterator[Trouble]:
    sources = {s.dataset_id: s for s in Source.objects.all()}
    today = timezone.localdate()
    people: dict[str, int] = {}
    days = requests.reply_days()
    for row in catalogue.datasets().exclude(status=Dataset.Status.WITHDRAWN):
        definition = catalogue.definition(row)
        agency = row.agency.code
        if agency not in people:
            people[agency] = accounts.desk_people(agency).count()
        nobody = watch.without_people(definition.dataset.contacts, today, people[agency])
        if nobody:
            yield Trouble(row.pk, str(Alarm.Kind.ORPHAN), "people", nobody)
        for asked in requests.open_questions(row.code)[:IN_A_MAIL]:
            due = asked.received_on + timedelta(days=days)
            what = Text(
                f"意見 {asked.number} 待回復，期限 {due}。", f"Request {asked.number} waits for an answer, due {due}."
            )
            yield Trouble(row.pk, str(Alarm.Kind.ASKED), asked.number, what)
        if row.kind == Dataset.Kind.VIEW:
            continue
        yield from _of_runs(row, sources.get(row.pk))
        newest = catalogue.newest_version(row.code)
        if newest and row.status == Dataset.Status.PUBLISHED:
            due = watch.late_since(datetime.fromisoformat(newest.created_at), definition.dataset.frequency, moment)
            if due:
                shown = due.astimezone(TAIPEI).strftime("%Y-%m-%d %H:%M")
                what = Text(
                    f"承諾在 {shown} 前更新，尚未更新。", f"An update was promised by {shown} and has not come."
                )
                yield Trouble(row.pk, str(Alarm.Kind.LATE), f"v{newest.number}", what)


def _of_runs(row: Dataset, source: Source | None) -> Iterator[Trouble]:
    """Held deliveries each by itself; a source or a last run that failed as one trouble until it works again."""
    runs = queries.runs(dataset=row.code)
    for held in runs.filter(state=State.HELD)[:5]:
        first = next((f for v in queries.verdicts(held) for f in v.findings if f.severity == "hold"), None)
        why = first.reason if first else Text("", "")
        yield Trouble(row.pk, str(Alarm.Kind.HELD), str(held.pk),
            Text(f"有一批交付暫緩，等待決定。{why.zh}", f"A delivery is held and waits for a decision. {why.en}"),
        )  # fmt: skip
    last = runs.exclude(finished_at=None).first()
    if source and source.failures:
        yield Trouble(row.pk, str(Alarm.Kind.BROKEN), _since(row, "source"), Text(source.error_zh, source.error_en))
    elif last is not None and last.state == State.FAILED:
        yield Trouble(row.pk, str(Alarm.Kind.BROKEN), _since(row, "run"), Text(last.error_zh, last.error_en))


def _since(row: Dataset, what: str) -> str:
    """The event of a break that lasts: named by the version before it, so that each break is told once."""
    return f"{what} after v{row.current or 0}"


def mail_alarms(*, by: Actor) -> int:
    """Send each person one mail with every alarm not told yet; how many mails. What cannot be sent is tried again."""
    require(by, "maintain")
    fresh = list(queries.alarms().filter(mailed_at=None).order_by("opened_at")[:500])
    by_person: dict[str, list[Alarm]] = {}
    told: set[int] = set()
    for alarm in fresh:
        for address in _addresses(alarm.dataset.agency.code):
            by_person.setdefault(address, []).append(alarm)
    sent = 0
    for address, alarms in by_person.items():
        try:
            _letter(address, alarms).send()
        except (OSError, SMTPException) as error:
            log.warning("alarms could not be mailed: %s", type(error).__name__)
            continue
        sent += 1
        told |= {a.pk for a in alarms}
    if told:
        with transaction.atomic():
            Alarm.objects.filter(pk__in=told).update(mailed_at=now())
            audit.record(
                by=by.name,
                verb="alarms.mailed",
                kind="portal",
                object_id="*",
                detail={"mails": sent, "alarms": len(told)},
            )
    return sent


def _addresses(agency: str) -> list[str]:
    """Who is told: the agency's people at the desk; the office where it has none with an address."""
    own = [p.email for p in accounts.desk_people(agency) if p.email]
    if own:
        return own
    office = User.objects.filter(is_active=True, assignments__role__in=("office", "administrator")).exclude(email="")
    return sorted(set(office.values_list("email", flat=True)))


def _letter(address: str, alarms: list[Alarm]) -> EmailMessage:
    base = settings.QINGLIU.base_url
    lines = []
    for alarm in alarms[:IN_A_MAIL]:
        kind = Alarm.Kind(alarm.kind)
        with translation.override("zh-hant"):  # whatever page was asked for last in this thread
            label = str(kind.label)
        lines += [
            f"■ {alarm.dataset.code}　{label}（{kind.value}）",
            *(part for part in (alarm.what_zh, alarm.what_en) if part),
            f"{base}/desk/datasets/{alarm.dataset.code}/",
            "",
        ]
    if len(alarms) > IN_A_MAIL:
        lines += [f"另有 {len(alarms) - IN_A_MAIL} 則，請見平臺。 And {len(alarms) - IN_A_MAIL} more on the desk."]
    lines += [f"全部警示 All alarms: {base}/desk/"]
    subject = f"[清流] {len(alarms)} 則資料集警示 {len(alarms)} dataset alarm{'s' if len(alarms) > 1 else ''}"
    return EmailMessage(subject=subject, body="\n".join(lines), to=[address])
