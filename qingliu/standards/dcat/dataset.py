"""A dataset as DCAT-AP 3 describes it: the dataset, its distributions, its service, and every word that they use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

from qingliu.core.dataset import Contact, DatasetRecord, Text, VersionRecord
from qingliu.standards.dcat import words
from qingliu.standards.dcat.distributions import Way, beside, distribution, is_open, rights, service, ways
from qingliu.standards.dcat.served import Served
from qingliu.standards.dcat.terms import (
    DCAT,
    DCATAP,
    DCT,
    FOAF,
    RDFS,
    VCARD,
    Literal,
    Pair,
    Resource,
    resource,
    said,
    typed,
)

# what the imported list of the official catalogue does not carry: unknown to us, which is not the same as missing
NOT_IN_THE_LIST = frozenset(
    (
        DCAT + "theme",
        DCT + "license",
        DCAT + "keyword",
        DCT + "spatial",
        DCT + "temporal",
        DCAT + "contactPoint",
        DCT + "accessRights",
        DCT + "rights",
        DCT + "issued",
        DCT + "modified",
        DCAT + "byteSize",
        DCAT + "downloadURL",
    )
)


@dataclass(frozen=True, slots=True)
class Described:
    """A described dataset: its IRI, its own resources, the words that they use, and what we could not know.

    ``own`` begins with the dataset. ``words`` may repeat between datasets; who writes many datasets writes each once.
    """

    code: str
    iri: str
    own: tuple[Resource, ...]
    words: tuple[Resource, ...]
    unknown: frozenset[str] = frozenset()

    @property
    def dataset(self) -> Resource:
        """The dataset itself."""
        return self.own[0]

    @property
    def resources(self) -> tuple[Resource, ...]:
        """Everything: a graph that stands by itself."""
        return self.own + self.words


def describe(record: DatasetRecord, versions: tuple[VersionRecord, ...], served: Served) -> Described:
    """The graph of a dataset from its record, its versions (newest first; a view's are its base's) and how it is served."""
    found = tuple(ways(record, versions, served))
    changed = _changed(versions, served)
    contact = _contact(record, served)
    period = _period(record, versions, served)
    own = [
        _dataset(record, versions, served, found, (contact, period)),
        *(distribution(way, record, served, changed) for way in found),
    ]
    if any(way.service for way in found):
        own.append(service(record, served))
    own += [r for r in (contact, period, _notes(record, served)) if r is not None]
    own.append(words.document(served.page(record.code)))
    if served.hvd:  # HVD's shapes want every address to say that it is a resource
        own += [
            resource(to, (RDFS + "Resource",))
            for way in found
            for to in dict.fromkeys((way.access, way.download))
            if to
        ]
        own.append(resource(f"{served.root}/api/datasets/{quote(record.code, safe='')}", (RDFS + "Resource",)))
    if served.listing is not None:
        own.append(words.document(served.listing.page))
    own += [r for way in found for r in beside(way, record, served) if r.iri.startswith(served.root)]
    known = {r.iri for r in own}
    used = {r.iri: r for r in _words(record, served, found, is_open(versions, served)) if r.iri not in known}
    unknown = NOT_IN_THE_LIST if served.listing else frozenset[str]()
    return Described(record.code, served.iri(record.code), tuple(own), tuple(used.values()), unknown)


def _dataset(
    record: DatasetRecord,
    versions: tuple[VersionRecord, ...],
    served: Served,
    found: tuple[Way, ...],
    beside_it: tuple[Resource | None, Resource | None],
) -> Resource:
    contact, period = beside_it
    page = served.page(record.code)
    pairs: list[Pair] = [
        *said(DCT + "title", record.title),
        *said(DCT + "description", record.description),
        (DCT + "identifier", Literal(record.code)),
        (DCAT + "landingPage", page),
        *(((DCAT + "theme", words.theme(record.category).iri),) if _has_theme(record, served) else ()),
        (DCT + "publisher", agency(record, served).iri),
        *(pair for keyword in record.keywords for pair in said(DCAT + "keyword", keyword)),
    ]
    if served.listing is not None:
        pairs.append((FOAF + "page", served.listing.page))
    else:
        pairs += _told_by_us(record, versions, served)
    if contact is not None:
        pairs.append((DCAT + "contactPoint", contact.iri))
    if period is not None:
        pairs.append((DCT + "temporal", period.iri))
    if served.hvd:
        pairs.append((DCATAP + "applicableLegislation", words.HVD_LAW))
        pairs += ((DCATAP + "hvdCategory", iri) for iri in served.hvd)
    pairs += ((DCAT + "distribution", served.iri(record.code, way.name)) for way in found)
    return resource(served.iri(record.code), (DCAT + "Dataset", DCAT + "Resource"), *pairs)


def _has_theme(record: DatasetRecord, served: Served) -> bool:
    """A listed line that names no subject is filed under 'other' by us, which says nothing about its theme."""
    return served.listing is None or record.category != "other"


def _told_by_us(record: DatasetRecord, versions: tuple[VersionRecord, ...], served: Served) -> Iterator[Pair]:
    """What a definition says that an imported line does not."""
    yield DCT + "accessRights", words.access_right("PUBLIC" if is_open(versions, served) else "NON_PUBLIC").iri
    yield DCT + "accrualPeriodicity", words.frequency(record.frequency).iri
    for code in ("ZHO", "ENG"):
        yield DCT + "language", words.language(code).iri
    if served.place:
        yield DCT + "spatial", words.place(served.place).iri
    if record.issued:
        yield DCT + "issued", typed(record.issued.isoformat(), "date")
    elif versions:
        yield DCT + "issued", typed(versions[-1].created_at, "dateTime")  # newest first
    if changed := _changed(versions, served):
        yield DCT + "modified", typed(changed, "dateTime")
    if served.version is not None:
        yield DCAT + "version", Literal(str(served.version))
    for iri, _ in served.conforms:
        yield DCT + "conformsTo", iri
    if record.notes.zh or record.notes.en:
        yield DCT + "provenance", served.iri(record.code, "notes")
    if record.view:
        for code in record.view.of:
            yield DCT + "source", served.iri(code)


def _changed(versions: tuple[VersionRecord, ...], served: Served) -> str:
    """When the rows shown last changed; "" where nothing says so."""
    shown = next((v.created_at for v in versions if v.number == served.version), "")
    if shown or versions:
        return shown or versions[0].created_at
    return served.updated_at if served.version is not None else ""


def agency(record: DatasetRecord, served: Served) -> Resource:
    """The publishing agency."""
    iri = f"{served.root}/about/#agency-{quote(record.agency, safe='')}"
    return resource(iri, (FOAF + "Agent",), *said(FOAF + "name", record.agency_name))


def _contact(record: DatasetRecord, served: Served) -> Resource | None:
    """The desk to ask, preferred before the steward; None where nobody is named."""
    ranked = sorted(record.contacts, key=lambda c: ("contact", "steward", "deputy").index(c.role))
    if not ranked:
        return None
    chosen: Contact = ranked[0]
    pairs = [*said(VCARD + "fn", chosen.name), *said(VCARD + "organization-name", record.agency_name)]
    if chosen.email:
        pairs.append((VCARD + "hasEmail", f"mailto:{quote(chosen.email, safe='@.+-_')}"))
    if chosen.phone:
        pairs.append((VCARD + "hasTelephone", f"tel:{quote(chosen.phone.replace(' ', ''), safe='+-')}"))
    return resource(served.iri(record.code, "contact"), (VCARD + "Kind", VCARD + "Organization"), *pairs)


def _notes(record: DatasetRecord, served: Served) -> Resource | None:
    """What a reader must know of the data, such as that it is simulated; None where nothing is noted."""
    if served.listing is not None or not (record.notes.zh or record.notes.en):
        return None
    return resource(
        served.iri(record.code, "notes"), (DCT + "ProvenanceStatement",), *said(RDFS + "label", record.notes)
    )


def _period(record: DatasetRecord, versions: tuple[VersionRecord, ...], served: Served) -> Resource | None:
    """From the first to the last moment of the rows shown, by the statistics of their files; None where unknown."""
    found = coverage(record, versions, served)
    if found is None:
        return None
    first, last = found
    pairs: tuple[Pair, ...] = ((DCAT + "startDate", first), (DCAT + "endDate", last))
    return resource(served.iri(record.code, "period"), (DCT + "PeriodOfTime",), *pairs)


def coverage(
    record: DatasetRecord, versions: tuple[VersionRecord, ...], served: Served
) -> tuple[Literal, Literal] | None:
    """First and last moment, or day, of the rows shown; None where the statistics do not tell."""
    if not record.time_field or not versions:
        return None
    shown = next((v for v in versions if v.number == served.version), versions[0])
    column, within = record.time_field, 0
    if record.view:
        column = next((base for base, ours in record.view.rename if ours == column), column)
        within = record.view.within_s
    stats = [(low, high) for f in shown.files for name, low, high in f.stats if name == column and low and high]
    if not stats:
        return None
    low, high = min(a for a, _ in stats if a), max(b for _, b in stats if b)
    field = record.field(record.time_field)
    if field is not None and field.type == "date":
        return typed(low[:10], "date"), typed(high[:10], "date")
    zone = ZoneInfo(record.timezone)
    first, last = (datetime.fromisoformat(t).replace(tzinfo=zone) for t in (low, high))
    if within:
        first = max(first, last - timedelta(seconds=within))
    return typed(first.isoformat(), "dateTime"), typed(last.isoformat(), "dateTime")


def _words(record: DatasetRecord, served: Served, found: tuple[Way, ...], open_: bool) -> Iterator[Resource]:
    yield agency(record, served)
    if _has_theme(record, served):
        yield words.theme(record.category)
        yield words.theme_scheme()
    for way in found:
        yield from beside(way, record, served)
    if served.listing is not None:
        return
    yield words.access_right("PUBLIC" if open_ else "NON_PUBLIC")
    yield words.frequency(record.frequency)
    yield from (words.language(code) for code in ("ZHO", "ENG"))
    if served.place:
        yield words.place(served.place)
    yield from (words.standard(iri, name) for iri, name in served.conforms)
    if record.view:
        yield from (_named(code, served) for code in record.view.of)
    if found:
        yield words.licence(record.licence)
        yield words.availability()
        yield rights(record, served)
    if served.hvd:
        yield words.hvd_law()
        yield words.document(f"{served.root}/api/docs")
        yield resource(f"{served.root}/api/openapi.json", (RDFS + "Resource",))
        yield from (words.hvd_category(iri) for iri in served.hvd)


def _named(code: str, served: Served) -> Resource:
    """Another dataset, as far as a reference to it must be explained."""
    title = served.base.title if served.base and served.base.code == code else Text(code, code)
    about = served.base.description if served.base and served.base.code == code else Text(code, code)
    pairs = (*said(DCT + "title", title), *said(DCT + "description", about))
    return resource(served.iri(code), (DCAT + "Dataset", DCAT + "Resource"), *pairs)
