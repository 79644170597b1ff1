"""What a description is made from: an entry of the published catalogue as record, versions, and how it is served."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from qingliu.core.dataset import DatasetRecord, Text, VersionRecord
from qingliu.core.errors import NotFound
from qingliu.lake.published import Entry, Published
from qingliu.standards.dcat.catalogue import Site
from qingliu.standards.dcat.dataset import Described, describe
from qingliu.standards.dcat.served import NOWHERE, Listing, Served
from qingliu.standards.vocabularies import vocabulary

TITLE = Text("清流：環境資料開放平臺", "Qingliu: open environmental data")
ABOUT = Text(
    "可信、可查、可追溯的環境開放資料：資料集、版本、品質與 API。",
    "Open environmental data that can be trusted, checked and traced: datasets, versions, quality and APIs.",
)


@dataclass(frozen=True, slots=True)
class Subject:
    """One entry, ready to be described."""

    entry: Entry
    versions: tuple[VersionRecord, ...]
    served: Served

    @property
    def record(self) -> DatasetRecord:
        """The public record."""
        return self.entry.record

    @property
    def shown(self) -> VersionRecord | None:
        """The version whose rows are shown; None where there is none, or where they come from several datasets."""
        return next((v for v in self.versions if v.number == self.served.version), None)

    def described(self) -> Described:
        """As DCAT-AP."""
        return describe(self.entry.record, self.versions, self.served)


def subject(entry: Entry, published: Published, base_url: str) -> Subject:
    """The entry as it is served now under ``base_url`` ("" where none is set)."""
    open_ = entry.status == "published"
    base = _base(entry, published)
    served = Served(
        base_url=base_url,
        kind=entry.kind,
        updated_at=entry.updated_at,
        version=_shown(entry, published) if open_ else None,
        base=base,
        listing=_listing(entry),
        hvd=categories(entry.record),
    )
    return Subject(entry, _versions(base.code if base else entry.code, entry, published) if open_ else (), served)


def categories(record: DatasetRecord) -> tuple[str, ...]:
    """The IRIs of the categories under which the office marks the dataset as high-value."""
    known = vocabulary("eu_hvd")
    return tuple(known[code].get("iri") for code in record.hvd if code in known)


def reference(base_url: str) -> Site:
    """The portal as something else refers to it: address and name alone, without a look at its entries."""
    return Site(base_url.rstrip("/") or NOWHERE, TITLE, ABOUT, TITLE)


def site(published: Published, base_url: str) -> Site:
    """The portal as a catalogue; its publisher is the agency of most of its entries."""
    entries = published.all()
    agencies = Counter(e.agency for e in entries)
    changed = max((e.updated_at for e in entries), default="")
    first = agencies.most_common(1)[0][0] if agencies else ""
    publisher = next((e.record.agency_name for e in entries if e.agency == first), TITLE)
    return Site(base_url.rstrip("/") or NOWHERE, TITLE, ABOUT, publisher, changed)


def _shown(entry: Entry, published: Published) -> int | None:
    try:
        return published.shown(entry)
    except NotFound:  # a base went while a long answer is under way
        return None


def _base(entry: Entry, published: Published) -> DatasetRecord | None:
    """The one dataset that a view shows; None for others."""
    view = entry.record.view
    if view is None or len(view.of) != 1:
        return None
    try:
        return published.get(view.of[0]).record
    except NotFound:
        return None


def _versions(code: str, entry: Entry, published: Published) -> tuple[VersionRecord, ...]:
    if entry.kind == "listed":
        return ()
    try:
        return published.versions(code)
    except NotFound:
        return (entry.current,) if entry.current else ()


def _listing(entry: Entry) -> Listing | None:
    if entry.kind != "listed":
        return None
    extra = entry.extra
    number, formats = str(extra.get("datagovtw_id", "")), tuple(extra.get("formats", ()))
    return Listing(source_id=number, formats=formats, has_api=bool(extra.get("has_api")))
