"""The catalogue as a stream of resources: memory does not grow with the number of datasets."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, replace

from qingliu.core.dataset import Text
from qingliu.standards.dcat import words
from qingliu.standards.dcat.dataset import Described
from qingliu.standards.dcat.terms import (
    DCAT,
    DCT,
    FOAF,
    HYDRA,
    TYPE,
    Pair,
    Resource,
    resource,
    said,
    typed,
)


@dataclass(frozen=True, slots=True)
class Site:
    """The portal as a catalogue: who publishes it and what it is called. ``changed`` is ISO 8601 or ""."""

    root: str
    title: Text
    description: Text
    publisher: Text
    changed: str = ""
    licence: str = "OGDL-Taiwan-1.0"
    place: str = "TWN"

    @property
    def iri(self) -> str:
        """The catalogue's IRI."""
        return f"{self.root}/#catalogue"


def catalogue(
    site: Site, datasets: Iterable[Described], *, here: Container[str] | None = None, beside: Iterable[Resource] = ()
) -> Iterator[Resource]:
    """The catalogue, then each dataset with its own resources, then every word that they used, once.

    ``here`` are the IRIs of the datasets that will be described, None for every one: any other that one of them points to
    is explained in short. ``beside`` comes after the catalogue itself, such as the page of it that this is.
    """
    used = {r.iri: r for r in _site_words(site)}
    yield resource(site.iri, (DCAT + "Catalog", DCAT + "Resource"), *_about(site))
    yield from beside
    for described in datasets:
        members: list[Pair] = [(DCAT + "dataset", described.iri)]
        members += ((DCAT + "service", r.iri) for r in described.own if (TYPE, DCAT + "DataService") in r.pairs)
        yield Resource(site.iri, tuple(members))
        yield from described.own
        for word in described.words:
            # another dataset describes itself, if it comes at all
            if (TYPE, DCAT + "Dataset") not in word.pairs or (here is not None and word.iri not in here):
                used.setdefault(word.iri, word)
    yield from used.values()


@dataclass(frozen=True, slots=True)
class Pages:
    """The page that is asked for, as addresses: this one, its neighbours ("" at the ends), and the numbers behind them."""

    own: str
    first: str
    last: str
    previous: str
    next: str
    total: int
    size: int


def page(pages: Pages) -> Resource:
    """The page as Hydra describes it, which harvesters of DCAT follow."""
    pairs: list[Pair] = [
        (HYDRA + "totalItems", typed(str(pages.total), "integer")),
        (HYDRA + "itemsPerPage", typed(str(pages.size), "integer")),
        (HYDRA + "first", pages.first),
        (HYDRA + "last", pages.last),
    ]
    pairs += [(HYDRA + name, to) for name, to in (("previous", pages.previous), ("next", pages.next)) if to]
    return resource(pages.own, (HYDRA + "PagedCollection",), *pairs)


def only_among(described: Described, here: Container[str]) -> Described:
    """The description without what it says of datasets that are not ``here``, where a profile could not take them."""
    own = tuple(
        Resource(r.iri, tuple((p, o) for p, o in r.pairs if p != DCT + "source" or o in here)) for r in described.own
    )
    kept = tuple(w for w in described.words if (TYPE, DCAT + "Dataset") not in w.pairs or w.iri in here)
    return replace(described, own=own, words=kept)


def _about(site: Site) -> Iterator[Pair]:
    yield from said(DCT + "title", site.title)
    yield from said(DCT + "description", site.description)
    yield DCT + "publisher", f"{site.root}/#publisher"
    yield FOAF + "homepage", f"{site.root}/"
    yield DCT + "license", words.licence(site.licence).iri
    yield DCT + "spatial", words.place(site.place).iri
    yield DCAT + "themeTaxonomy", words.THEMES
    for code in ("ZHO", "ENG"):
        yield DCT + "language", words.language(code).iri
    if site.changed:
        yield DCT + "modified", typed(site.changed, "dateTime")


def _site_words(site: Site) -> Iterator[Resource]:
    yield resource(f"{site.root}/#publisher", (FOAF + "Agent",), *said(FOAF + "name", site.publisher))
    yield words.document(f"{site.root}/")
    yield words.licence(site.licence)
    yield words.place(site.place)
    yield words.theme_scheme()
    yield from (words.language(code) for code in ("ZHO", "ENG"))
