"""How a dataset can be had, each way a dcat:Distribution: our own formats, the ministry's dialect, the official entry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from qingliu.core.dataset import DatasetRecord, Text, VersionRecord
from qingliu.standards.dcat import words
from qingliu.standards.dcat.served import Served
from qingliu.standards.dcat.terms import (
    DCAT,
    DCATAP,
    DCT,
    RDFS,
    SPDX,
    Literal,
    Pair,
    Resource,
    resource,
    said,
    typed,
)

NATIVE = ("csv", "json", "ndjson", "parquet")
MOENV = ("json", "csv", "xml")
WHOLE = ("csv", "ndjson", "parquet")  # these answer every row at once; JSON and GeoJSON answer by pages


@dataclass(frozen=True, slots=True)
class Way:
    """One way to the rows: a name in the page's IRI, format, addresses, wording, and what is known of its bytes."""

    name: str
    format: str
    access: str
    title: Text
    download: str = ""
    service: bool = True
    bytes: int | None = None
    sha256: str = ""


def ways(record: DatasetRecord, versions: tuple[VersionRecord, ...], served: Served) -> Iterator[Way]:
    """Every way in which the dataset can be had now; none while it is held."""
    if served.listing is not None:
        yield from _listed_ways(served)
    elif is_open(versions, served):
        yield from _native_ways(record, versions, served)
        yield from _moenv_ways(record, served)


def is_open(versions: tuple[VersionRecord, ...], served: Served) -> bool:
    """Whether rows are served now: a version is shown, be it that of another dataset or the sum of several."""
    return bool(versions) or served.version is not None


def _listed_ways(served: Served) -> Iterator[Way]:
    assert served.listing is not None
    for form in served.listing.formats:
        title = Text(f"{form}（官方目錄）", f"{form} (official catalogue)")
        yield Way(f"official-{form.lower()}", form.lower(), served.listing.page, title, service=False)


def _native_ways(record: DatasetRecord, versions: tuple[VersionRecord, ...], served: Served) -> Iterator[Way]:
    for form in (*NATIVE, *(("geojson",) if record.place else ())):
        term = words.file_type(form)
        assert term is not None
        address = served.rows(record.code, form)
        measured = served.offer(form)
        size, digest = (measured.bytes, measured.sha256) if measured else (None, "")
        download = address if form in WHOLE else ""
        if form == "parquet" and served.kind == "table" and versions and size is None:
            download, size, digest = _stored(record, versions, served, download)
        yield Way(form, form, address, term.name, download, bytes=size, sha256=digest)


def _stored(
    record: DatasetRecord, versions: tuple[VersionRecord, ...], served: Served, download: str
) -> tuple[str, int, str]:
    """Address, bytes and SHA-256 of what is stored: one file is handed out as it lies, of several the sum is told."""
    shown = next((v for v in versions if v.number == served.version), versions[0])
    total = sum(f.bytes for f in shown.files)
    if len(shown.files) != 1:
        return download, total, ""
    only = shown.files[0]
    parts = (record.code, "files", str(shown.number), only.path.rsplit("/", 1)[-1])
    path = "/".join(quote(p, safe="") for p in parts)
    return f"{served.root}/api/datasets/{path}", total, only.sha256


def _moenv_ways(record: DatasetRecord, served: Served) -> Iterator[Way]:
    base = f"{served.root}/api/v2/{quote(record.code.lower(), safe='')}"
    for form in MOENV:
        name = form.upper()
        title = Text(f"{name}（環境部資料開放平臺 v2 相容）", f"{name} (ministry's v2 dialect)")
        yield Way(f"moenv-{form}", form, f"{base}?format={form}", title)


def distribution(way: Way, record: DatasetRecord, served: Served, changed: str) -> Resource:
    """A way as dcat:Distribution. ``changed`` is the moment of the version shown, "" where unknown."""
    pairs: list[Pair] = [
        *said(DCT + "title", way.title),
        *said(DCT + "description", _about(way, record)),
        (DCAT + "accessURL", way.access),
    ]
    if way.download:
        pairs.append((DCAT + "downloadURL", way.download))
    for predicate, word in (
        (DCT + "format", words.format_resource(way.format)),
        (DCAT + "mediaType", words.media_type(way.format)),
    ):
        if word is not None:
            pairs.append((predicate, word.iri))
    pairs += _rights(record, served)
    if served.listing is None:
        pairs.append((DCATAP + "availability", words.availability().iri))
        pairs += ((DCT + "language", words.language(code).iri) for code in ("ZHO", "ENG"))
        term = words.file_type(way.format)
        if term and term.get("spec"):
            pairs.append((DCT + "conformsTo", term.get("spec")))
    if way.service and served.listing is None:
        pairs.append((DCAT + "accessService", served.iri(record.code, "service")))
    if way.bytes is not None:
        pairs.append((DCAT + "byteSize", typed(str(way.bytes), "nonNegativeInteger")))
    if way.sha256:
        pairs.append((SPDX + "checksum", served.iri(record.code, f"{way.name}-checksum")))
    if changed:
        pairs.append((DCT + "modified", Literal(changed, "", "http://www.w3.org/2001/XMLSchema#dateTime")))
    if served.hvd:
        pairs.append((DCATAP + "applicableLegislation", words.HVD_LAW))
    return resource(served.iri(record.code, way.name), (DCAT + "Distribution",), *pairs)


def _about(way: Way, record: DatasetRecord) -> Text:
    """What comes from the address: all rows, a page of them, or where the official entry leads."""
    name = Text(record.title.zh, record.title.en or record.title.zh)
    if not way.service:
        return Text(f"「{name.zh}」在政府資料開放平臺的資源。", f"Resource of '{name.en}' at data.gov.tw.")
    if way.download:
        return Text(f"「{name.zh}」的全部資料列。", f"All rows of '{name.en}'.")
    return Text(f"「{name.zh}」的資料列，分頁提供。", f"Rows of '{name.en}', by pages.")


def _rights(record: DatasetRecord, served: Served) -> tuple[Pair, ...]:
    if served.listing is not None:
        return ()  # the imported list names no licence; the record's is only a default
    licence = words.licence(record.licence).iri
    return (DCT + "license", licence), (DCT + "rights", rights(record, served).iri)


def rights(record: DatasetRecord, served: Served) -> Resource:
    """What a user of the data has to do: name the source."""
    agency = record.agency_name
    text = Text(
        f"引用時請註明：{agency.zh}，依授權條款提供利用。",
        f"Please name the source: {agency.en or agency.zh}, under the stated licence.",
    )
    return resource(
        f"{served.root}/about/#rights-{quote(record.agency, safe='')}",
        (DCT + "RightsStatement",),
        *said(RDFS + "label", text),
    )


def beside(way: Way, record: DatasetRecord, served: Served) -> Iterator[Resource]:
    """What a distribution points to: its checksum, and the words of the vocabularies."""
    if way.sha256:
        yield resource(
            served.iri(record.code, f"{way.name}-checksum"),
            (SPDX + "Checksum",),
            (SPDX + "algorithm", words.checksum_algorithm().iri),
            (SPDX + "checksumValue", typed(way.sha256, "hexBinary")),
        )
        yield words.checksum_algorithm()
    for word in (words.format_resource(way.format), words.media_type(way.format)):
        if word is not None:
            yield word
    term = words.file_type(way.format)
    if served.listing is None and term and term.get("spec"):
        yield words.standard(term.get("spec"), term.name)


def service(record: DatasetRecord, served: Served) -> Resource:
    """The data API of one dataset as dcat:DataService."""
    title = Text(f"{record.title.zh} 資料 API", f"{record.title.en or record.title.zh}: data API")
    about = Text(
        "依欄位篩選、排序、彙總，分頁或串流取得資料列。", "Rows filtered, sorted and summed, by pages or as a stream."
    )
    pairs: list[Pair] = [
        *said(DCT + "title", title),
        *said(DCT + "description", about),
        (DCAT + "endpointURL", f"{served.root}/api/datasets/{quote(record.code, safe='')}"),
        (DCAT + "endpointDescription", f"{served.root}/api/openapi.json"),
        (DCAT + "servesDataset", served.iri(record.code)),
        (DCT + "publisher", f"{served.root}/about/#agency-{quote(record.agency, safe='')}"),
        (DCT + "license", words.licence(record.licence).iri),
        (DCT + "accessRights", words.access_right("PUBLIC").iri),
        (DCAT + "theme", words.theme(record.category).iri),
        *(pair for keyword in record.keywords for pair in said(DCAT + "keyword", keyword)),
    ]
    if record.contacts:
        pairs.append((DCAT + "contactPoint", served.iri(record.code, "contact")))
    if served.hvd:
        pairs += (
            (DCATAP + "applicableLegislation", words.HVD_LAW),
            ("http://xmlns.com/foaf/0.1/page", f"{served.root}/api/docs"),
        )
        pairs += ((DCATAP + "hvdCategory", iri) for iri in served.hvd)
    return resource(served.iri(record.code, "service"), (DCAT + "DataService",), *pairs)
