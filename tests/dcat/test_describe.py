"""A dataset's DCAT-AP description says what its record and its versions say, and nothing that nobody knows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qingliu.core.dataset import Frequency, Text
from qingliu.standards.dcat import words
from qingliu.standards.dcat.catalogue import Site, catalogue
from qingliu.standards.dcat.dataset import describe
from qingliu.standards.dcat.served import Offer, Served
from qingliu.standards.dcat.terms import ADMS, DCAT, DCATAP, DCT, FOAF, RDFS, SPDX, VCARD, XSD, Graph, Literal, Resource
from qingliu.standards.vocabularies import categories, licences, vocabulary
from tests.dcat.scene import BASE, HOUR, described, file, listed, record, table, version

EU = "http://publications.europa.eu/resource/authority/"


def of(resources: tuple[Resource, ...], part: str) -> Resource:
    """The resource whose IRI ends in that part."""
    return next(r for r in resources if r.iri.endswith(f"#{part}"))


def test_titles_keywords_and_publisher_are_said_in_both_languages() -> None:
    found = described("AQX_P_488", HOUR)
    assert found.dataset.all(DCT + "title") == (
        Literal("空氣品質指標(AQI)(歷史資料)", "zh-Hant"),
        Literal("Air Quality Index (history)", "en"),
    )
    assert Literal("air quality index", "en") in found.dataset.all(DCAT + "keyword")
    publisher = next(r for r in found.resources if r.iri == found.dataset.first(DCT + "publisher"))
    assert set(publisher.all(FOAF + "name")) == {Literal("環境部", "zh-Hant"), Literal("Ministry of Environment", "en")}


def test_the_words_are_those_of_the_european_vocabularies() -> None:
    dataset = described("AQX_P_488", HOUR).dataset
    assert dataset.first(DCT + "accrualPeriodicity") == EU + "frequency/HOURLY"
    assert dataset.first(DCAT + "theme") == EU + "data-theme/ENVI"
    assert dataset.first(DCT + "spatial") == EU + "country/TWN"
    assert dataset.first(DCT + "accessRights") == EU + "access-right/PUBLIC"
    assert set(dataset.all(DCT + "language")) == {EU + "language/ZHO", EU + "language/ENG"}


def test_the_period_is_that_of_the_files_statistics_in_declared_local_time() -> None:
    period = of(described("AQX_P_488", HOUR).own, "period")
    assert period.first(DCAT + "startDate") == Literal("2025-10-01T11:00:00+08:00", "", XSD + "dateTime")
    assert period.first(DCAT + "endDate") == Literal("2025-12-31T23:00:00+08:00", "", XSD + "dateTime")


def test_a_dataset_without_a_time_column_claims_no_period() -> None:
    found = described("AQX_P_07", ("siteid", "1", "9"))
    assert not found.dataset.all(DCT + "temporal")


def test_a_view_of_the_newest_rows_covers_its_window_at_the_end_of_its_base() -> None:
    base = version("AQX_P_488", file("a", 1, HOUR))
    served = Served(BASE, "view", version=1, base=record("AQX_P_488"))
    found = describe(record("AQX_P_432"), (base,), served)
    period = of(found.own, "period")
    assert period.first(DCAT + "startDate") == Literal("2025-12-30T23:00:00+08:00", "", XSD + "dateTime")
    assert period.first(DCAT + "endDate") == Literal("2025-12-31T23:00:00+08:00", "", XSD + "dateTime")
    assert found.dataset.first(DCT + "source") == f"{BASE}/dataset/detail/AQX_P_488#dataset"


def test_every_format_is_a_distribution_and_geojson_only_where_there_is_a_place() -> None:
    placed = {str(d).rpartition("#")[2] for d in described("AQX_P_488", HOUR).dataset.all(DCAT + "distribution")}
    assert placed == {"csv", "json", "ndjson", "parquet", "geojson", "moenv-json", "moenv-csv", "moenv-xml"}
    elsewhere = {str(d).rpartition("#")[2] for d in described("AQX_FENGYUAN_H").dataset.all(DCAT + "distribution")}
    assert elsewhere == placed - {"geojson"}


def test_a_download_address_answers_every_row_so_paged_json_has_none() -> None:
    own = described("AQX_P_488", HOUR).own
    assert of(own, "csv").first(DCAT + "downloadURL") == f"{BASE}/api/datasets/AQX_P_488/rows?f=csv"
    assert not of(own, "json").all(DCAT + "downloadURL")
    assert not of(own, "moenv-json").all(DCAT + "downloadURL")


def test_one_stored_file_is_offered_as_it_lies_with_its_size_and_checksum() -> None:
    own = described("AQX_P_488", HOUR).own
    parquet = of(own, "parquet")
    assert parquet.first(DCAT + "downloadURL") == f"{BASE}/api/datasets/AQX_P_488/files/1/part-0.parquet"
    assert parquet.first(DCAT + "byteSize") == Literal("2048", "", XSD + "nonNegativeInteger")
    assert of(own, "parquet-checksum").first(SPDX + "checksumValue") == Literal("ab" * 32, "", XSD + "hexBinary")


def test_several_stored_files_tell_their_sum_and_no_checksum() -> None:
    known, _, served = table("AQX_P_488")
    own = describe(known, (version("AQX_P_488", file("a", 1000), file("b", 24)),), served).own
    assert of(own, "parquet").first(DCAT + "byteSize") == Literal("1024", "", XSD + "nonNegativeInteger")
    assert of(own, "parquet").first(DCAT + "downloadURL") == f"{BASE}/api/datasets/AQX_P_488/rows?f=parquet"
    assert not of(own, "parquet").all(SPDX + "checksum")


def test_what_was_measured_of_a_format_is_told() -> None:
    known, versions, served = table("AQX_P_488", HOUR)
    own = describe(known, versions, replace(served, offers=(Offer("csv", 77, "cd" * 32),))).own
    assert of(own, "csv").first(DCAT + "byteSize") == Literal("77", "", XSD + "nonNegativeInteger")
    assert of(own, "csv-checksum").first(SPDX + "checksumValue") == Literal("cd" * 32, "", XSD + "hexBinary")


def test_a_held_dataset_offers_nothing_and_says_that_it_is_not_public() -> None:
    found = describe(record("EMS_P_46"), (), Served(BASE, "table"))
    assert not found.dataset.all(DCAT + "distribution")
    assert found.dataset.first(DCT + "accessRights") == EU + "access-right/NON_PUBLIC"
    assert len([r for r in found.own if (DCAT + "accessURL") in dict(r.pairs)]) == 0


def test_a_view_of_several_datasets_is_public_though_no_version_is_its_own() -> None:
    served = Served(BASE, "view", version=3, updated_at="2026-01-02T03:04:05Z")
    found = describe(record("AQX_P_432"), (), served)
    assert found.dataset.first(DCT + "accessRights") == EU + "access-right/PUBLIC"
    assert found.dataset.first(DCT + "modified") == Literal("2026-01-02T03:04:05Z", "", XSD + "dateTime")
    assert len(found.dataset.all(DCAT + "distribution")) == 8


def test_a_listed_entry_says_only_what_the_list_says_and_names_what_it_cannot_know() -> None:
    found = describe(*_with_no_versions(listed()))
    assert {p for p, _ in found.dataset.pairs} & found.unknown == {DCAT + "theme"}
    assert len(found.dataset.all(DCAT + "distribution")) == 3
    csv = of(found.own, "official-csv")
    assert csv.first(DCAT + "accessURL") == "https://data.gov.tw/dataset/6343"
    assert not csv.all(DCT + "license")


def _with_no_versions(pair: tuple) -> tuple:  # type: ignore[type-arg]
    return pair[0], (), pair[1]


def test_a_listed_entry_filed_under_other_claims_no_theme() -> None:
    known, served = listed()
    assert not describe(replace(known, category="other"), (), served).dataset.all(DCAT + "theme")


def test_the_contact_is_the_desk_and_its_mail_an_address() -> None:
    known, versions, served = table("AQX_P_488", HOUR)
    contact = replace(known.contacts[0], email="desk@moenv.example", phone="02-2311 7722#2001")
    own = describe(replace(known, contacts=(contact,)), versions, served).own
    assert of(own, "contact").first(VCARD + "hasEmail") == "mailto:desk@moenv.example"
    assert of(own, "contact").first(VCARD + "hasTelephone") == "tel:02-23117722%232001"


def test_what_is_noted_such_as_that_rows_are_simulated_stands_in_the_description() -> None:
    known, versions, served = table("AQX_P_488", HOUR)
    notes = Text("本資料為模擬資料。", "Simulated data.")
    found = describe(replace(known, notes=notes, simulated=True), versions, served)
    assert found.dataset.first(DCT + "provenance") == f"{BASE}/dataset/detail/AQX_P_488#notes"
    assert Literal("Simulated data.", "en") in of(found.own, "notes").all(RDFS + "label")


def test_high_value_properties_are_there_by_a_flag_alone() -> None:
    known, versions, served = table("AQX_P_488", HOUR)
    plain = describe(known, versions, served)
    assert not [p for r in plain.resources for p, _ in r.pairs if p.startswith(DCATAP) and "vail" not in p]
    category = vocabulary("eu_hvd")["environment"].get("iri")
    marked = describe(known, versions, replace(served, hvd=(category,)))
    assert marked.dataset.first(DCATAP + "hvdCategory") == category
    for part in ("dataset", "csv", "service"):
        assert of(marked.own, part).first(DCATAP + "applicableLegislation") == words.HVD_LAW


@pytest.mark.parametrize(
    ("promised", "word"),
    [
        (Frequency(1, "day"), "DAILY"),
        (Frequency(10, "minute"), "10MIN"),
        (Frequency(3, "month"), "QUARTERLY"),
        (Frequency(7, "month"), "OTHER"),
        (Frequency(0, "irregular"), "IRREG"),
    ],
)
def test_a_promised_frequency_becomes_a_european_word(promised: Frequency, word: str) -> None:
    assert words.frequency(promised).iri == f"{EU}frequency/{word}"


def test_every_category_has_a_theme_and_every_licence_an_address() -> None:
    assert {t.get("dcat") for t in categories().values()} <= set(vocabulary("eu_themes"))
    assert all(words.theme(code).iri.startswith(EU) for code in categories())
    assert all(words.licence(code).iri.startswith("http") for code in licences())


def test_a_catalogue_writes_every_word_once_and_names_every_dataset() -> None:
    many = [described("AQX_P_488", HOUR), described("AQX_P_07"), described("SOIL_SITES")]
    site = Site(BASE, Text("目錄", "Catalogue"), Text("環境資料", "Environment"), Text("環境部", "Ministry"))
    found = list(catalogue(site, many))
    shared = [r.iri for r in found if not r.iri.startswith(f"{BASE}/#catalogue")]
    assert len(shared) == len(set(shared))
    graph = Graph(found)
    assert set(graph.objects(f"{BASE}/#catalogue", DCAT + "dataset")) == {d.iri for d in many}
    assert len(graph.objects(f"{BASE}/#catalogue", DCAT + "service")) == 3
    assert not graph.objects(f"{BASE}/#catalogue", ADMS + "status")
