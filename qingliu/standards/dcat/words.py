"""Words of controlled vocabularies as resources: each says its type and its name, so a graph explains itself."""

from __future__ import annotations

from functools import cache

from qingliu.core.dataset import Frequency, Text
from qingliu.standards.dcat.terms import DCT, ELI, FOAF, RDFS, SKOS, SPDX, Resource, resource, said
from qingliu.standards.vocabularies import Term, categories, licences, vocabulary

EU = "http://publications.europa.eu/resource/authority/"
IANA = "https://www.iana.org/assignments/media-types/"
THEMES = EU + "data-theme"
HVD_LAW = "http://data.europa.eu/eli/reg_impl/2023/138/oj"
_FALLBACK = "other"


@cache
def language(code: str) -> Resource:
    """A language of the EU table (``ZHO``, ``ENG``)."""
    names = {"ZHO": Text("中文", "Chinese"), "ENG": Text("英文", "English")}
    return resource(f"{EU}language/{code}", (DCT + "LinguisticSystem",), *said(RDFS + "label", names[code]))


@cache
def frequency(promised: Frequency) -> Resource:
    """The EU word for a promised frequency; OTHER where the table has none."""
    table = vocabulary("eu_frequencies")
    code = "irregular" if promised.unit == "irregular" else f"{promised.every} {promised.unit}"
    term = table.get(code, table[_FALLBACK])
    return resource(f"{EU}frequency/{term.get('eu')}", (DCT + "Frequency",), *said(RDFS + "label", term.name))


@cache
def theme(category: str) -> Resource:
    """The EU data theme of one of our categories."""
    ours = categories()
    code = ours.get(category, ours[_FALLBACK]).get("dcat")
    named = said(SKOS + "prefLabel", vocabulary("eu_themes")[code].name)
    return resource(f"{THEMES}/{code}", (SKOS + "Concept",), *named, (SKOS + "inScheme", THEMES))


@cache
def theme_scheme() -> Resource:
    """The EU's scheme of data themes."""
    return resource(THEMES, (SKOS + "ConceptScheme",), *said(DCT + "title", Text("歐盟資料主題", "EU data themes")))


@cache
def place(code: str) -> Resource:
    """A covered place."""
    term = vocabulary("eu_places")[code]
    return resource(term.get("iri"), (DCT + "Location",), *said(RDFS + "label", term.name))


def file_type(form: str) -> Term | None:
    """What we know of a format by its name in any case, or None."""
    return vocabulary("eu_file_types").get(form.lower())


@cache
def format_resource(form: str) -> Resource | None:
    """The EU file type of a format."""
    term = file_type(form)
    if term is None:
        return None
    # the type's own name, not ours: NDJSON is a JSON file type there
    name = term.get("file_type")
    label = said(RDFS + "label", Text(name, name))
    return resource(f"{EU}file-type/{name}", (DCT + "MediaTypeOrExtent",), *label)


@cache
def media_type(form: str) -> Resource | None:
    """The IANA media type of a format; None where none is registered."""
    media = term.get("media") if (term := file_type(form)) else ""
    return resource(IANA + media, (DCT + "MediaType",), *said(RDFS + "label", Text(media, media))) if media else None


@cache
def standard(iri: str, name: Text) -> Resource:
    """A standard that something conforms to."""
    return resource(iri, (DCT + "Standard",), *said(DCT + "title", name))


@cache
def licence(code: str) -> Resource:
    """A licence: by its EU word where the table has it, else by its own address."""
    term = licences().get(code)
    if term is None:
        return resource(f"urn:licence:{code}", (DCT + "LicenseDocument",), *said(DCT + "title", Text(code, code)))
    own, eu = term.get("url"), term.get("eu")
    pairs = said(DCT + "title", term.name)
    if eu:
        return resource(f"{EU}licence/{eu}", (DCT + "LicenseDocument",), *pairs, (RDFS + "seeAlso", own))
    return resource(own, (DCT + "LicenseDocument",), *pairs)


@cache
def access_right(code: str) -> Resource:
    """An access right of the EU table (``PUBLIC``, ``NON_PUBLIC``)."""
    names = {"PUBLIC": Text("公開", "public"), "NON_PUBLIC": Text("未公開", "non-public")}
    return resource(f"{EU}access-right/{code}", (DCT + "RightsStatement",), *said(RDFS + "label", names[code]))


@cache
def availability() -> Resource:
    """How long distributions are meant to stay: the address stays the same, the data is kept up."""
    named = said(SKOS + "prefLabel", Text("穩定", "stable"))
    return resource(f"{EU}planned-availability/STABLE", (SKOS + "Concept",), *named)


@cache
def checksum_algorithm() -> Resource:
    """SHA-256 as SPDX names it."""
    named = said(RDFS + "label", Text("SHA-256", "SHA-256"))
    return resource(SPDX + "checksumAlgorithm_sha256", (SPDX + "ChecksumAlgorithm",), *named)


@cache
def hvd_category(iri: str) -> Resource:
    """An EU category of high-value datasets."""
    names = {t.get("iri"): t.name for t in vocabulary("eu_hvd").values()}
    return resource(iri, (SKOS + "Concept",), *said(SKOS + "prefLabel", names.get(iri, Text("", iri))))


@cache
def hvd_law() -> Resource:
    """The regulation on high-value datasets."""
    named = said(DCT + "title", Text("歐盟高價值資料集施行規則 2023/138", "Implementing Regulation (EU) 2023/138"))
    return resource(HVD_LAW, (ELI + "LegalResource",), *named)


def document(iri: str) -> Resource:
    """A page for people."""
    return resource(iri, (FOAF + "Document",))


@cache
def _file_types() -> dict[str, Term]:
    """File types by their EU IRI; where several of our formats share one, the first."""
    found: dict[str, Term] = {}
    for term in vocabulary("eu_file_types").values():
        found.setdefault(f"{EU}file-type/{term.get('file_type')}", term)
    return found


@cache
def _media_types() -> dict[str, Term]:
    return {IANA + t.get("media"): t for t in vocabulary("eu_file_types").values() if t.get("media")}


def known_file_type(iri: str) -> Term | None:
    """The file type that an IRI of the EU table stands for, or None."""
    return _file_types().get(iri)


def known_media_type(iri: str) -> Term | None:
    """The format whose IANA media type the IRI stands for, or None."""
    return _media_types().get(iri.replace("http://www.iana.org/", "https://www.iana.org/"))


def known_licence(iri: str) -> bool:
    """Whether a licence is in the EU table, as far as we hold it."""
    return iri in {f"{EU}licence/{t.get('eu')}" for t in licences().values() if t.get("eu")}


def known_access_right(iri: str) -> bool:
    """Whether an access right is in the EU table."""
    return iri in {f"{EU}access-right/{code}" for code in ("PUBLIC", "RESTRICTED", "NON_PUBLIC")}
