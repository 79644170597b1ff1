"""Our judge of shapes says what pyshacl says, result by result; what we write conforms to ours and to the official shapes."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from pathlib import Path

import pyshacl
import pytest
import rdflib

from qingliu.core.dataset import Text
from qingliu.core.errors import BadSource, Refused
from qingliu.standards.dcat.catalogue import Site, catalogue
from qingliu.standards.dcat.check import Violation, check, has_datatype
from qingliu.standards.dcat.dataset import describe
from qingliu.standards.dcat.served import Kind, Listing, Served
from qingliu.standards.dcat.shapes import load_shapes, shapes_of
from qingliu.standards.dcat.terms import DCAT, DCATAP, DCT, RDFS, XSD, Literal, Object, Resource, resource
from qingliu.standards.definition import load
from qingliu.standards.listing import read_listing
from qingliu.standards.vocabularies import vocabulary
from tests.dcat.scene import BASE, HOUR, as_rdflib, complete, described, file, listed, record, table, version

SH = rdflib.Namespace("http://www.w3.org/ns/shacl#")
OWN = Path(__file__).resolve().parents[2] / "qingliu" / "standards" / "dcat"
OFFICIAL = ("ap301_shapes.ttl", "ap301_full.ttl", "ap301_range.ttl")
HEAD = """@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
SITE = Site(
    BASE, Text("目錄", "Catalogue"), Text("環境資料", "Environment"), Text("環境部", "Ministry"), "2026-01-01T00:00:00Z"
)
Results = set[tuple[str, str, str, str]]


def ours(resources: list[Resource], shapes: bytes) -> Results:
    """Results of our judge, as comparable tuples."""
    return {(v.focus, v.path, v.kind, v.value) for v in check(shapes_of(shapes, "t"), resources)}


def theirs(resources: list[Resource], shapes: bytes) -> Results:
    """Results of pyshacl; shapes that are named but not described are taken out, for it stops at them."""
    rules = rdflib.Graph().parse(data=shapes, format="turtle")
    for shape, named in list(rules.subject_objects(SH.property)):
        if (named, None, None) not in rules:
            rules.remove((shape, SH.property, named))
    _, report, _ = pyshacl.validate(as_rdflib(resources), shacl_graph=rules, inference="none")
    assert isinstance(report, rdflib.Graph)
    found = set()
    for result in report.objects(None, SH.result):  # not those that explain another (sh:detail)
        at = report.value(result, SH.resultPath)
        path = f"^{report.value(at, SH.inversePath)}" if isinstance(at, rdflib.BNode) else str(at or "")
        kind = str(report.value(result, SH.sourceConstraintComponent)).removeprefix(str(SH))
        value = "" if kind.startswith(("MinC", "MaxC")) else str(report.value(result, SH.value) or "")
        focus = str(report.value(result, SH.focusNode))
        found.add((focus, path, kind.removesuffix("ConstraintComponent"), value))
    return found


def catalogue_of_all_kinds() -> list[Resource]:
    """A table, a view, a held and a listed dataset under one catalogue."""
    view = Served(BASE, "view", version=1, base=record("AQX_P_488"))
    known, served = listed()
    return list(
        catalogue(
            SITE,
            [
                described("AQX_P_488", HOUR),
                describe(record("AQX_P_432"), table("AQX_P_488", HOUR)[1], view),
                describe(record("EMS_P_46"), (), Served(BASE, "table")),
                describe(known, (), served),
            ],
        )
    )


def damaged(resources: list[Resource], seed: int) -> list[Resource]:
    """Every third resource loses a pair, says one twice with another value, or says it with a wrong kind of value."""
    dice = random.Random(seed)
    out = []
    for whole in resources:
        pairs = list(whole.pairs)
        if dice.random() < 0.35:
            at = dice.randrange(len(pairs))
            predicate, value = pairs[at]
            other: Object = dice.choice(
                [
                    "urn:elsewhere",
                    Literal("-1", "", XSD + "nonNegativeInteger"),
                    Literal("2026-02-30", "", XSD + "date"),
                    Literal("zz", "", XSD + "hexBinary"),
                    Literal("words", "en"),
                    Literal("2026", "", XSD + "gYear"),
                ]
            )
            pairs[at : at + 1] = dice.choice([[], [(predicate, other)], [(predicate, value), (predicate, other)]])
        out.append(Resource(whole.iri, tuple(pairs)))
    return out


@pytest.mark.parametrize("seed", range(12))
def test_damaged_catalogues_get_the_same_results_as_from_pyshacl(seed: int) -> None:
    broken = damaged(catalogue_of_all_kinds(), seed)
    shapes = (OWN / "shapes.ttl").read_bytes()
    found = ours(broken, shapes)
    assert found == theirs(broken, shapes)
    assert len(found) > len(ours(catalogue_of_all_kinds(), shapes))


@pytest.mark.parametrize("name", OFFICIAL)
def test_damage_is_seen_by_the_official_shapes_as_pyshacl_sees_it(name: str, real_data: Path) -> None:
    shapes = (real_data / "shacl" / name).read_bytes()
    for seed in range(6):
        broken = damaged(catalogue_of_all_kinds(), seed)
        found = ours(broken, shapes)
        assert found == theirs(broken, shapes)
        assert found


def severe(found: tuple[Violation, ...]) -> list[Violation]:
    """What breaks conformance; warnings are advice."""
    return [v for v in found if v.severity == "Violation"]


def test_everything_that_we_describe_conforms_to_our_shapes() -> None:
    assert severe(check(load_shapes(), catalogue_of_all_kinds())) == []
    for part in (described("AQX_P_488", HOUR), described("AQX_P_07"), described("PRTR_FACILITIES")):
        assert severe(check(load_shapes(), part.resources)) == []


@pytest.mark.parametrize("name", OFFICIAL)
def test_everything_that_we_describe_conforms_to_the_official_shapes(name: str, real_data: Path) -> None:
    shapes = shapes_of((real_data / "shacl" / name).read_bytes(), name)
    assert len(shapes.by_id) > 90
    assert check(shapes, catalogue_of_all_kinds()) == ()


@pytest.mark.parametrize("folder", ["datasets", "demo"])
def test_every_definition_of_ours_conforms_open_and_held(folder: str, real_data: Path) -> None:
    official = [shapes_of((real_data / "shacl" / name).read_bytes(), name) for name in OFFICIAL]
    for path in sorted((OWN.parents[2] / folder).glob("*.yaml")):
        known = load(path).dataset
        kind: Kind = "view" if known.view else "table"
        for versions in ((version(known.code, file()),), ()):
            found = describe(known, versions, Served(BASE, kind, version=1 if versions else None)).resources
            assert [v for shapes in (load_shapes(), *official) for v in severe(check(shapes, found))] == [], path.name


def test_a_dataset_marked_as_high_value_conforms_to_both_and_an_unmarked_one_does_not(real_data: Path) -> None:
    known, versions, served = complete()
    unmarked = describe(known, versions, served).resources
    marked = describe(known, versions, replace(served, hvd=(vocabulary("eu_hvd")["environment"].get("iri"),))).resources
    official = shapes_of((real_data / "shacl" / "hvd300.ttl").read_bytes(), "hvd300.ttl")
    for shapes in (load_shapes(hvd=True), official):
        assert severe(check(shapes, marked)) == []
        assert {v.path for v in severe(check(shapes, unmarked))} >= {
            DCATAP + "applicableLegislation",
            DCATAP + "hvdCategory",
        }


def test_a_violation_is_told_in_both_languages_with_its_place() -> None:
    nameless = [resource("urn:d", (DCAT + "Dataset",), (DCT + "description", Literal("x")))]
    (found,) = severe(check(load_shapes(), nameless))
    assert (found.focus, found.path, found.kind) == ("urn:d", DCT + "title", "MinCount")
    assert "名稱" in found.message.zh
    assert "title" in found.message.en


def test_a_recommended_field_that_is_missing_is_advice_and_no_violation() -> None:
    bare = [resource("urn:d", (DCAT + "Dataset",), (DCT + "title", Literal("t")), (DCT + "description", Literal("x")))]
    found = check(load_shapes(), bare)
    assert severe(found) == []
    assert DCAT + "keyword" in {v.path for v in found if v.severity == "Warning"}


def test_an_office_may_lay_official_shapes_beside_ours(tmp_path: Path, real_data: Path) -> None:
    (tmp_path / "shapes").mkdir()
    ours_alone = load_shapes(tmp_path)
    (tmp_path / "shapes" / "ap301.ttl").write_bytes((real_data / "shacl" / "ap301_full.ttl").read_bytes())
    both = load_shapes(tmp_path)
    assert both.sources == ("shapes.ttl", "ap301.ttl")
    wrong = [
        resource(
            "urn:d",
            (DCAT + "Dataset",),
            (DCT + "title", Literal("t")),
            (DCT + "description", Literal("x")),
            (DCT + "type", "urn:t"),
        )
    ]
    assert severe(check(ours_alone, wrong)) == []
    assert [v.kind for v in severe(check(both, wrong))] == ["Class"]


@pytest.mark.parametrize(
    "constraint",
    [
        "sh:sparql [ sh:select 'SELECT $this WHERE { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }' ]",
        "sh:property [ sh:path dct:title ; sh:lessThan dct:modified ]",
        "sh:property [ sh:path ( dct:title dct:title ) ; sh:minCount 1 ]",
        "sh:property [ sh:path dct:title ; sh:pattern '(?=a)b' ]",
        "sh:property [ sh:path dct:title ; sh:minCount 'many' ]",
    ],
)
def test_a_constraint_that_we_do_not_know_is_told_and_never_skipped(constraint: str) -> None:
    text = f"{HEAD}<urn:s> a sh:NodeShape ; sh:targetClass dcat:Dataset ; {constraint} ."
    with pytest.raises(BadSource) as told:
        shapes_of(text.encode(), "office.ttl")
    assert told.value.parameter == "office.ttl"


def test_a_shapes_file_may_not_be_endless() -> None:
    with pytest.raises(Refused):
        shapes_of(b"# " + b"x" * 5_000_000, "office.ttl")


CASES = """
<urn:s> a sh:NodeShape ; sh:targetClass dcat:Dataset ; sh:closed true ;
  sh:ignoredProperties ( <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> dct:source dct:relation ) ;
  sh:property [ sh:path dct:title ; sh:uniqueLang true ; sh:languageIn ( "zh" "en" ) ; sh:minLength 2 ; sh:maxLength 5 ] ,
    [ sh:path dct:identifier ; sh:pattern "^[A-Z]+$" ; sh:in ( "AB" "CD" ) ] ,
    [ sh:path dct:type ; sh:hasValue <urn:t> ] ,
    [ sh:path dct:format ; sh:not [ sh:class dcat:Dataset ] ; sh:and ( [ sh:nodeKind sh:IRI ] [ sh:minLength 6 ] ) ] ,
    [ sh:path [ sh:inversePath dct:source ] ; sh:minCount 1 ; sh:class dcat:Dataset ] .
<urn:o> a sh:NodeShape ; sh:targetObjectsOf dct:relation ; sh:nodeKind sh:Literal .
<urn:u> a sh:NodeShape ; sh:targetSubjectsOf dct:relation ; sh:property [ sh:path dct:title ; sh:minCount 3 ] .
<urn:n> a sh:NodeShape ; sh:targetNode <urn:b> ; sh:class dcat:Catalog .
"""


def test_the_other_constraints_of_shacl_core_are_judged_as_pyshacl_judges_them() -> None:
    def one(iri: str, *pairs: tuple[str, Object]) -> Resource:
        return resource(iri, (DCAT + "Dataset",), *((DCT + p if ":" not in p else p, o) for p, o in pairs))

    data = [
        one("urn:a", ("title", Literal("ab", "zh-Hant")), ("identifier", Literal("AB")), ("type", "urn:t"),
            ("format", "urn:long")),
        one("urn:b", ("title", Literal("x", "fr")), ("title", Literal("abcdef", "en")), ("title", Literal("zz", "EN"))),
        one("urn:c", ("identifier", Literal("ab")), ("format", "urn:b"), ("format", "urn:"), ("source", "urn:a")),
        one("urn:d", ("source", "urn:b"), ("relation", "urn:a"), ("relation", Literal("r")), ("subject", Literal("s"))),
        resource("urn:sub", (), (RDFS + "subClassOf", DCAT + "Dataset")),
        resource("urn:e", ("urn:sub",), (DCT + "title", Literal("t", "en"))),
    ]  # fmt: skip
    shapes = (HEAD + CASES).encode()
    found = ours(data, shapes)
    assert found == theirs(data, shapes)
    kinds = {
        "UniqueLang",
        "LanguageIn",
        "MinLength",
        "MaxLength",
        "Pattern",
        "In",
        "HasValue",
        "Not",
        "And",
        "MinCount",
        "Closed",
        "Class",
        "NodeKind",
    }
    assert {kind for _, _, kind, _ in found} == kinds


@pytest.mark.parametrize(
    ("text", "kind", "fits"),
    [
        ("2026-02-28", "date", True), ("2026-02-30", "date", False), ("2024-02-29+08:00", "date", True),
        ("2026-01-01T00:00:00Z", "dateTime", True), ("2026-01-01 00:00:00", "dateTime", False),
        ("12", "nonNegativeInteger", True), ("-1", "nonNegativeInteger", False), ("1.5", "decimal", True),
        ("1e5", "decimal", False), ("0aF1", "hexBinary", True), ("0aF", "hexBinary", False),
        ("P1DT2H", "duration", True), ("P", "duration", False), ("PT", "duration", False), ("2026-13", "gYearMonth", False),
    ],
)  # fmt: skip
def test_a_value_is_of_a_datatype_only_as_the_datatype_is_written(text: str, kind: str, fits: bool) -> None:
    assert has_datatype(Literal(text, "", XSD + kind), XSD + kind) is fits


def test_eight_hundred_listed_entries_are_described_and_judged_within_seconds(real_data: Path) -> None:
    entries = read_listing(real_data / "catalogue" / "moenv_datagovtw_merged.csv")
    shapes = load_shapes()
    begun = time.monotonic()
    count = 0
    for entry in entries:
        known, served = listed(entry.code, entry.formats)
        served = replace(served, listing=Listing(entry.datagovtw_id, entry.formats, entry.has_api))
        assert severe(check(shapes, describe(replace(known, category=entry.category), (), served).resources)) == []
        count += 1
    assert count >= 834
    assert time.monotonic() - begun < 5
