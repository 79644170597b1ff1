"""Looks at the addresses of a dataset: which there are, what each gives, and the newest time in the rows."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from qingliu.core.addresses import split
from qingliu.core.clock import iso
from qingliu.core.dataset import DatasetRecord, Text
from qingliu.core.errors import Busy, QingliuError, Refused
from qingliu.lake import footer
from qingliu.lake.published import Entry
from qingliu.quality import served
from qingliu.quality.rules import heads
from qingliu.quality.rules.seen import Resource, Seen

NATIVE = (("csv", "CSV"), ("json", "JSON"), ("ndjson", "NDJSON"), ("parquet", "PARQUET"))
MOENV = (("csv", "CSV"), ("json", "JSON"), ("xml", "XML"))
KEYLESS = ("REDACTED", "[key]")  # stand in the imported list where the official address carries a key
NAMES_LAST = {"PARQUET"}  # formats that must be read to their end
Ask = Callable[[str, Path | None], served.Reply]


@dataclass(frozen=True, slots=True)
class Asker:
    """How addresses of our own are asked. ``how`` is said in the judgement."""

    ask: Ask
    how: str
    base: str = ""


def own(entry: Entry) -> tuple[Resource, ...]:
    """The addresses at which the portal serves a dataset's rows."""
    code = quote(entry.code, safe="")
    native = [Resource(f"native-{f}", f"/api/datasets/{code}/rows?f={f}", kind, "native") for f, kind in NATIVE]
    moenv = [Resource(f"moenv-{f}", f"/api/v2/{code.lower()}?format={f}", kind, "moenv") for f, kind in MOENV]
    if entry.record.place is not None:
        native.append(Resource("native-geojson", f"/api/datasets/{code}/rows?f=geojson", "GEOJSON", "native"))
    return (*native, *moenv)


def look(resource: Resource, record: DatasetRecord, asker: Asker, moment: datetime) -> Seen:
    """One look at an address of our own."""
    with tempfile.TemporaryDirectory(prefix="qingliu-look-") as folder:
        into = Path(folder) / "body" if resource.format in NAMES_LAST else None
        reply = asker.ask(resource.address, into)
        seen = of_reply(resource, reply, record, how=asker.how, moment=moment)
        if into is not None and seen.reached and reply.whole and seen.found_format == "PARQUET":
            names = footer.columns(into)
            torn = Text("不是完整的 Parquet 檔。", "It is no whole Parquet file.")
            seen = replace(seen, names=names) if names is not None else replace(seen, reached=False, problem=torn)
    return seen


def of_reply(resource: Resource, reply: served.Reply, record: DatasetRecord, *, how: str, moment: datetime) -> Seen:
    """What an answer shows: its status first, then its content, whatever the status said."""
    base = Seen(resource, how=how, at=iso(moment), status=reply.status, bytes_read=reply.bytes_read, whole=reply.whole)  # type: ignore[arg-type]
    if reply.error is not None:
        return failed(base, reply.error)
    media = reply.headers.get("content-type", "")
    if reply.status >= 300:
        text = " ".join(reply.head[:2000].decode("utf-8", "replace").split())[: heads.SHOWN]
        told = Text(f"回應狀態 {reply.status}：{text}", f"It answered {reply.status}: {text}")
        return replace(base, reached=False, problem=told)
    declared = frozenset(f.name.casefold() for f in record.fields)
    head = heads.read(reply.head, whole=reply.whole, expected=resource.format, declared=declared)
    given = reply.headers.get("qingliu-number-returned", "")
    page = head.format == "HTML" and resource.format == ""
    return replace(
        base,
        reached=head.problem is None or page,
        declared_encoding=_charset(media),
        found_format=head.format,
        encoding=head.encoding,
        names=head.names,
        rows=int(given) if given.isdigit() else None,
        problem=head.problem,
    )


def failed(base: Seen, error: QingliuError) -> Seen:
    """A look that got no answer. A host that asks for rest, or an address we may not ask, settles nothing."""
    if isinstance(error, (Busy, Refused)):
        return replace(base, status=None, reached=None, unmeasured=Text(error.reason.zh, error.reason.en))
    return replace(base, status=None, reached=False, problem=error.reason)


def _charset(media: str) -> str:
    for part in media.split(";")[1:]:
        name, _, value = part.strip().partition("=")
        if name.lower() == "charset":
            return value.strip().strip('"')
    return ""


def newest(entry: Entry, asker: Asker) -> datetime | None:
    """The newest time in a dataset's rows, asked as a reader would; None without a time column or a row that has one."""
    field = entry.record.time_field
    if not field:
        return None
    query = urlencode({"sortby": f"-{field}", "limit": "1", "properties": field, "filter": f'"{field}" IS NOT NULL'})
    reply = asker.ask(f"/api/datasets/{quote(entry.code, safe='')}/rows?{query}", None)
    if reply.status != 200 or not reply.whole:
        return None
    rows = json.loads(reply.head).get("rows", [])
    return _moment(rows[0][field], entry.record) if rows else None


def _moment(text: str, record: DatasetRecord) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None  # a time column kept as text: nothing can be said of its age
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(record.timezone))


def official(address: str, formats: tuple[str, ...]) -> Resource:
    """The official address of a listed entry."""
    return Resource("official-1", address, formats[0] if formats else "", "official")


def unaskable(address: str) -> Text | None:
    """Why an official address cannot be asked at all; None where it can."""
    if not address:
        return Text("目錄沒有這筆資料的網址。", "The list has no address for it.")
    if any(word in address for word in KEYLESS):
        return Text(
            "官方網址需要金鑰，所匯入的目錄已將金鑰遮去，無法檢測。",
            "The official address needs a key, and the imported list has it struck out; it cannot be asked.",
        )
    try:
        split(address)
    except QingliuError as error:
        return error.reason
    return None
