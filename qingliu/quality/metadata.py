"""Hands a dataset to the MQA judge: what is served of it, which of its addresses answered, and the shapes in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from qingliu.core.errors import NotFound
from qingliu.lake.published import Entry, Published
from qingliu.quality import looks
from qingliu.quality.rules.mqa_facts import addresses_of, mqa_of
from qingliu.quality.rules.mqa_told import note
from qingliu.quality.rules.seen import Seen
from qingliu.standards.dcat.served import NOWHERE, Listing, Offer, Served
from qingliu.standards.dcat.shapes import Shapes, load_shapes


@dataclass(frozen=True, slots=True)
class Told:
    """What is asked of one dataset: its entry, what its own addresses gave, and what link checks know of others.

    ``asker`` asks addresses of ours that were not looked at; None where nothing is served.
    """

    entry: Entry
    seen: tuple[Seen, ...]
    outside: Mapping[str, bool | None]
    asker: looks.Asker | None


@lru_cache(maxsize=4)
def shapes_of(home: Path) -> Shapes:
    """The SHACL shapes of this portal: the office's where it put some, else ours."""
    return load_shapes(home)


def judge(told: Told, published: Published, *, home: Path, base_url: str) -> dict[str, Any]:
    """The MQA points of a dataset; an address that nobody asked is unmeasured, not missing."""
    entry = told.entry
    versions = _versions(entry, published)
    served = Served(
        base_url=base_url,
        kind=entry.kind,
        updated_at=entry.updated_at,
        version=published.shown(entry) if entry.status == "published" else None,
        base=_base(entry, published),
        listing=_listing(entry),
        offers=_offers(told.seen),
    )
    links = dict(told.outside)
    if told.asker is not None:
        start = base_url or NOWHERE
        known = {start + s.resource.address: s.reached for s in told.seen}
        for address in addresses_of(entry.record, versions, served):
            if address not in links and address.startswith(start + "/"):
                links[address] = known[address] if address in known else _ask(address.removeprefix(start), told.asker)
    return note(mqa_of(entry.record, versions, served, shapes_of(home), links))


def _ask(address: str, asker: looks.Asker) -> bool:
    return 200 <= asker.ask(address, None).status < 400


def _offers(seen: tuple[Seen, ...]) -> tuple[Offer, ...]:
    """Sizes that were really measured: of bodies read to their end."""
    whole = (s for s in seen if s.whole and s.reached and s.resource.dialect == "native")
    return tuple(Offer(s.resource.format.lower(), s.bytes_read) for s in whole)


def _base(entry: Entry, published: Published) -> Any:
    view = entry.record.view
    if view is None or len(view.of) != 1:
        return None
    try:
        return published.get(view.of[0]).record
    except NotFound:
        return None


def _versions(entry: Entry, published: Published) -> Any:
    if entry.kind == "listed" or entry.status != "published":
        return ()
    base = _base(entry, published)
    return published.versions(base.code if base is not None else entry.code)


def _listing(entry: Entry) -> Listing | None:
    if entry.kind != "listed":
        return None
    extra = entry.extra
    number, formats = str(extra.get("datagovtw_id", "")), tuple(extra.get("formats", ()))
    return Listing(source_id=number, formats=formats, has_api=bool(extra.get("has_api")))
