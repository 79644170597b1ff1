"""Checks addresses outside: a little of each by GET, one host after another, and slowly to a verdict."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from qingliu.accounts.rules import Actor, require
from qingliu.audit import actions as audit
from qingliu.catalog import queries as catalogue
from qingliu.catalog.models import ListedEntry
from qingliu.catalog.rules import listed_record
from qingliu.core import codec
from qingliu.core.clock import now
from qingliu.core.dataset import DatasetRecord, Text
from qingliu.core.errors import Busy
from qingliu.core.http import Door
from qingliu.core.redact import redact
from qingliu.quality import looks, queries, served
from qingliu.quality.models import LinkCheck
from qingliu.quality.rules import links
from qingliu.quality.rules.editions import Edition
from qingliu.quality.rules.seen import Seen

PAUSE_S = 1.0  # between two addresses of one host


def official_look(address: str, formats: tuple[str, ...], checks: Mapping[str, LinkCheck], edition: Edition) -> Seen:
    """What the checks so far say of an official address; nobody is asked here."""
    resource = looks.official(redact(address), formats)
    why = looks.unaskable(address)
    if why is not None:
        return Seen(resource, unmeasured=why)
    check = checks.get(resource.address)
    if check is None:
        return Seen(
            resource, unmeasured=Text("尚未檢查這個外部網址。", "This address outside has not been checked yet.")
        )
    if check.failures == 0 and check.seen is not None:
        return replace(codec.from_plain(Seen, check.seen), resource=resource)
    record = _record(check)
    if _certain(record, edition):
        return Seen(resource, how="http", reached=False, problem=Text(check.detail_zh, check.detail_en))
    return Seen(resource, how="http", unmeasured=links.waiting(record, edition))


def _record(check: LinkCheck) -> links.Record:
    return links.Record(check.failures, check.failing_since, check.checked_at, check.good_at)


def _certain(record: links.Record, edition: Edition) -> bool:
    if record.failing_since is None or record.checked_at is None or record.failures < edition.link_failures:
        return False
    return (record.checked_at - record.failing_since).total_seconds() >= edition.link_failing_hours * 3600


def check_links(*, by: Actor, limit: int = 200, pause: Callable[[float], None] = time.sleep) -> list[LinkCheck]:
    """Look at the official addresses that are due, at most ``limit``; the rows that were brought up to date.

    A host that asks for rest is left alone for this round. No address is said to fail at its first failure.
    """
    require(by, "decide")
    edition, door, moment = queries.edition(), Door(), now()
    known = queries.link_checks()
    due = [
        line
        for line in catalogue.listed()
        if looks.unaskable(line.address) is None
        and (redact(line.address) not in known or known[redact(line.address)].due_at <= moment)
    ]
    done: list[LinkCheck] = []
    resting: set[str] = set()
    last_host = ""
    for line in sorted(due, key=lambda x: (urlsplit(x.address).netloc, x.code))[:limit]:
        host = urlsplit(line.address).hostname or ""
        if host in resting:
            continue
        if host == last_host:
            pause(PAUSE_S)
        last_host = host
        reply = served.fetch(door, line.address, allow_private=settings.QINGLIU.allow_private_sources)
        if isinstance(reply.error, Busy):
            resting.add(host)
            continue
        done.append(_kept(line, reply, known.get(redact(line.address)), edition))
    with transaction.atomic():
        for row in done:
            row.save()
        detail: audit.Detail = {
            "checked": len(done),
            "failing": sum(1 for r in done if r.failures),
            "resting_hosts": sorted(resting),
        }
        audit.record(by=by.name, verb="links.checked", kind="catalogue", object_id="*", detail=detail)
    return done


def settled(seen: Seen, address: str, checks: dict[str, LinkCheck], edition: Edition) -> Seen:
    """A look at our own public address: that it does not answer is believed only after several failures over time."""
    if seen.reached is None:
        return seen
    before = checks.get(address)
    moment = now()
    found = links.settle(_record(before) if before else links.Record(), bool(seen.reached), edition, moment)
    if seen.reached and (before is None or before.failures == 0):
        return seen  # nothing to remember
    row = _updated(before, address, found, seen)
    row.save()
    checks[address] = row
    if seen.reached or found.failed:
        return seen
    return replace(seen, reached=None, problem=None, unmeasured=links.waiting(found.record, edition))


def _updated(before: LinkCheck | None, address: str, found: links.Settled, seen: Seen) -> LinkCheck:
    told = seen.problem or seen.unmeasured or Text("", "")
    row = before or LinkCheck(
        key=hashlib.sha256(address.encode()).hexdigest(), address=address, host=urlsplit(address).hostname or ""
    )
    row.checked_at, row.good_at = found.record.checked_at or now(), found.record.good_at
    row.failures, row.failing_since, row.due_at = found.record.failures, found.record.failing_since, found.due_at
    row.detail_zh, row.detail_en = redact(told.zh), redact(told.en)
    if seen.reached:
        row.seen = codec.to_plain(seen)
    return row


def _kept(line: ListedEntry, reply: served.Reply, before: LinkCheck | None, edition: Edition) -> LinkCheck:
    address, moment = redact(line.address), now()
    resource = looks.official(address, tuple(line.formats))
    seen = looks.of_reply(resource, reply, _listed(line), how="http", moment=moment)
    found = links.settle(_record(before) if before else links.Record(), bool(seen.reached), edition, moment)
    return _updated(before, address, found, seen)


def _listed(line: ListedEntry) -> DatasetRecord:
    return listed_record(
        code=line.code, title=Text(line.title_zh, line.title_en), agency=line.agency.code,
        agency_name=Text(line.agency.name_zh, line.agency.name_en), category=line.category,
    )  # fmt: skip
