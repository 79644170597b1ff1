"""The catalogue as a stream of resources: memory does not grow with the number of datasets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qingliu.core.dataset import Text
from qingliu.standards.dcat import words
from qingliu.standards.dcat.dataset import Described
from qingliu.standards.dcat.terms import (
    DCAT,
    DCT,
    FOAF,
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


def catalogue(site: Site, datasets: Iterable[Described]) -> Iterator[Resource]:
    """The catalogue, then each dataset with its own resources, then every word that they used, once."""
    used = {r.iri: r for r in _site_words(site)}
    yield resource(site.iri, (DCAT + "Catalog", DCAT + "Resource"), *_about(site))
    for described in datasets:
        members: list[Pair] = [(DCAT + "dataset", described.iri)]
        members += ((DCAT + "service", r.iri) for r in described.own if (TYPE, DCAT + "DataService") in r.pairs)
        yield Resource(site.iri, tuple(members))
        yield from described.own
        for word in described.words:
            if (TYPE, DCAT + "Dataset") not in word.pairs:  # another dataset describes itself
                used.setdefault(word.iri, word)
    yield from used.values()


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
