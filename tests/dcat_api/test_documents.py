"""One dataset in the documents of other standards, each held against what the rows and the record really are."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
import rdflib

from qingliu.api.dcat.documents import DOCUMENTS, documents_of
from qingliu.standards.datapackage import guarded, header
from qingliu.standards.metadata.fields import edition
from qingliu.standards.metadata.written import export_csv
from tests.api.portal import NOTES
from tests.dcat_api.conftest import BASE, XSS, Served

START = "/api/dcat/datasets"
CODES = ("AIR_H", "AIR_NOW", "STATIONS", "HELD_P_03", "LIST_P_02", "EVIL_P_09", "ODD_P_01")


def package(served: Served, code: str, query: str = "") -> dict[str, Any]:
    made: dict[str, Any] = json.loads(served.text(f"{START}/{code}/datapackage.json", query))
    return made


def fetched(served: Served, address: str) -> bytes:
    """What a reader of the package gets from an address in it."""
    parts = urlsplit(address)
    assert address.startswith(BASE)
    answer = served.get(parts.path, parts.query)
    assert answer.status_code == 200
    return answer.content


def constraints(found: dict[str, Any], resource: int = 0) -> dict[str, dict[str, Any]]:
    return {f["name"]: f.get("constraints", {}) for f in found["resources"][resource]["schema"]["fields"]}


@pytest.mark.parametrize("code", CODES)
def test_every_document_that_a_page_links_is_there_with_an_etag(served: Served, code: str) -> None:
    entry = served.engine.published.get(code)
    found = documents_of(entry)
    assert len(found) == len(DOCUMENTS) - (entry.status != "published")
    for address, document in found:
        answer = served.get(address)
        assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (200, document.media.split(";")[0])
        assert document.name.zh != document.name.en
        assert served.get(address, If_None_Match=answer.headers["ETag"]).status_code == 304
        if document.tail.endswith((".json", ".jsonld")):
            json.loads(answer.content)
        if document.tail.endswith((".xml", ".rdf", ".atom")):
            ElementTree.fromstring(answer.content)


def test_a_document_that_is_not_there_names_those_that_are(served: Served) -> None:
    answer = served.get(f"{START}/AIR_H/datapackage.yaml")
    assert answer.status_code == 404
    assert "datapackage.json" in answer.json["detail_en"]
    assert served.get(f"{START}/LIST_P_02/datapackage.json").status_code == 404
    assert served.get(f"{START}/HELD_P_03/datapackage.json").status_code == 404
    assert served.get(f"{START}/NOBODY.ttl").status_code == 404
    assert served.get(f"{START}/AIR_H/datagovtw.json", "lang=en").status_code == 400
    assert served.get("/api/dcat/datagovtw/105").status_code == 404


def test_bytes_and_hashes_of_a_package_are_those_of_what_it_points_to(served: Served) -> None:
    for code in ("AIR_H", "STATIONS", "ODD_P_01"):
        resources = package(served, code)["resources"]
        assert {r["format"] for r in resources} >= {"csv", "parquet"}
        for one in resources:
            data = fetched(served, one["path"])
            assert (len(data), f"sha256:{hashlib.sha256(data).hexdigest()}") == (one["bytes"], one["hash"])


def test_the_schema_names_the_columns_of_the_csv_in_their_order(served: Served) -> None:
    for code in CODES[:3]:
        (rows, *_) = package(served, code)["resources"]
        lines = list(csv.reader(io.StringIO(fetched(served, rows["path"]).decode())))
        assert lines[0] == [f["name"] for f in rows["schema"]["fields"]]
        assert len(lines) > 1


def test_only_constraints_that_every_row_keeps_are_claimed(served: Served) -> None:
    found = constraints(package(served, "STATIONS"))
    assert found["siteid"] == {"required": True}
    assert found["height"] == {"minimum": 0}
    assert found["note"] == {}  # one row lacks it: the delivery's empty cell was set aside, the row stayed
    assert found["kind"] == {"enum": ["'=一般", "背景"]}  # as the CSV writes it: a spreadsheet would run it
    rows = fetched(served, package(served, "STATIONS")["resources"][0]["path"]).decode()
    assert "'=一般" in rows


def test_times_are_declared_as_the_csv_writes_them(served: Served) -> None:
    (rows, *_) = package(served, "AIR_H")["resources"]
    declared = {f["name"]: f for f in rows["schema"]["fields"]}
    assert declared["datacreationdate"]["format"] == "%Y-%m-%d %H:%M:%S"
    (line, *_) = csv.DictReader(io.StringIO(fetched(served, rows["path"]).decode()))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", line["datacreationdate"])
    assert rows["schema"]["primaryKey"] == ["siteid", "datacreationdate"]
    assert rows["schema"]["missingValues"] == [""]


def test_a_reference_that_every_row_keeps_is_a_foreign_key_with_its_table_beside(served: Served) -> None:
    found = package(served, "AIR_H")
    assert found["resources"][0]["schema"]["foreignKeys"] == [
        {"fields": ["siteid"], "reference": {"resource": "stations", "fields": ["siteid"]}}
    ]
    assert [r["name"] for r in found["resources"]][:2] == ["air_h", "stations"]


def test_a_package_is_pinned_to_its_version_and_a_view_is_not(served: Served) -> None:
    assert package(served, "AIR_H")["resources"][0]["path"].endswith("as_of=2")
    assert package(served, "AIR_H")["version"] == "2"
    view = package(served, "AIR_NOW")
    assert "as_of" not in view["resources"][0]["path"]
    assert [s["path"] for s in view["sources"]] == [f"{BASE}/dataset/detail/AIR_H"]


@pytest.mark.parametrize("text", [*NOTES, "-", "-1.5", "+1", "-a", "－", "\tx", "＋1", "1-2"])
def test_cells_are_guarded_as_the_lake_guards_them(text: str) -> None:
    from qingliu.lake.guard import FORMULA, HARMLESS

    runs = re.match(FORMULA, text) and not re.match(HARMLESS, text)
    assert guarded(text) == ("'" + text if runs else text)
    assert header(text) == ("'" + text if re.match(FORMULA, text) else text)


def test_schema_org_says_what_search_engines_ask_for(served: Served) -> None:
    found = json.loads(served.text(f"{START}/STATIONS/schema.jsonld", "lang=en"))
    assert (found["@type"], found["name"], found["alternateName"]) == ("Dataset", "Stations", "測站")
    assert found["includedInDataCatalog"]["@type"] == "DataCatalog"
    assert found["creator"]["contactPoint"]["email"] == "desk@data.example.tw"
    assert found["license"] == "https://data.gov.tw/license"
    variables = {v["name"]: v for v in found["variableMeasured"]}
    assert variables["height"]["unitText"] == "m"
    downloads = {d["name"]: d for d in found["distribution"]}
    assert downloads["Parquet"]["sha256"]
    assert all(d["contentUrl"].startswith(BASE) for d in downloads.values())
    graph = rdflib.Graph().parse(data=json.dumps(found), format="json-ld")
    wanted = (rdflib.URIRef(f"{BASE}/dataset/detail/STATIONS#dataset"), rdflib.URIRef("https://schema.org/license"))
    assert str(graph.value(*wanted)) == "https://data.gov.tw/license"


def test_what_the_list_does_not_say_is_left_out_of_schema_org(served: Served) -> None:
    found = json.loads(served.text(f"{START}/LIST_P_02/schema.jsonld"))
    assert found["sameAs"] == "https://data.gov.tw/dataset/6343"
    assert not {"license", "isAccessibleForFree", "distribution", "dateModified"} & set(found)


def test_data_gov_tw_metadata_hold_the_same_in_json_and_xml(served: Served) -> None:
    for name, code in (("datagovtw", "2023"), ("datagovtw-104", "104")):
        plain = json.loads(served.text(f"{START}/AIR_H/{name}.json"))
        root = ElementTree.fromstring(served.text(f"{START}/AIR_H/{name}.xml"))
        assert root.attrib == {"edition": code} == {"edition": plain["edition"]}
        known = [f.name for f in edition(code).fields]
        assert {e.tag for e in root} - {"distribution"} <= set(known)
        assert [e.tag for e in root if e.tag in known] == sorted(
            (e.tag for e in root if e.tag in known), key=known.index
        )
        for field, value in plain.items():
            if isinstance(value, str) and field not in {"edition"}:
                assert root.findtext(field) == value
        assert len(root.findall("distribution")) == len(plain["distribution"]) == 8


def test_hostile_titles_stay_texts_in_every_document(served: Served) -> None:
    root = ElementTree.fromstring(served.text(f"{START}/EVIL_P_09/datagovtw-104.xml"))
    assert root.findtext("title") == f"危險{XSS}"
    assert json.loads(served.text(f"{START}/EVIL_P_09/schema.jsonld"))["name"] == f"危險{XSS}"
    assert "<script>" not in served.text(f"{START}/EVIL_P_09/feed.atom")


def test_editions_are_told_with_their_words(served: Served) -> None:
    found = json.loads(served.text("/api/dcat/datagovtw/104"))
    assert len(found["fields"]) == 38
    by_name = {f["name"]: f for f in found["fields"]}
    assert by_name["cost"]["values"] == ["免費", "付費"]
    assert by_name["categoryCode"]["ours_to_theirs"]["air"] == "E00"


@pytest.mark.parametrize("sign", [*"=+-@\t\r＝＋－＠"])
def test_the_export_guards_what_a_spreadsheet_would_run(sign: str) -> None:
    text = "".join(export_csv([{"資料集名稱": f"{sign}cmd|'/C calc'!A0", "資料量": "-5"}]))
    assert list(csv.reader(io.StringIO(text, newline="")))[1] == [f"'{sign}cmd|'/C calc'!A0", "-5"]


def test_the_export_has_one_line_for_each_dataset(served: Served) -> None:
    lines = list(csv.DictReader(io.StringIO(served.text("/api/dcat/datagovtw.csv"))))
    assert len(lines) == 7
    by_title = {line["資料集名稱"]: line for line in lines}
    assert by_title["測站"]["資料量"] == "30"
    assert by_title["僅列目錄"]["資料集識別碼"] == "6343"
    assert len(next(iter(lines))) == 22
    one = list(csv.DictReader(io.StringIO(served.text(f"{START}/STATIONS/datagovtw.csv"))))
    assert one == [by_title["測站"]]
