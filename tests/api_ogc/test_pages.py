"""What the OGC API says about itself: landing, conformance, collections, queryables, schema, definition, in two forms."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from qingliu.api.crs import ALL
from tests.api.portal import Portal
from tests.api_ogc.conftest import every

PAGES = (
    "",
    "/conformance",
    "/collections",
    "/collections/SITES",
    "/collections/SITES/queryables",
    "/collections/SITES/schema",
)
ITEM_PAGES = ("/collections/SITES/items", "/collections/SITES/items/plain~~6.5", "/collections/AIR_NOW/items")


def told(portal: Portal, path: str, query: str = "") -> dict[str, Any]:
    answer = portal.get("/api/ogc" + path, query)
    assert answer.status_code == 200, answer.text
    return json.loads(answer.text)


def links(value: dict[str, Any], rel: str) -> list[str]:
    return [x["href"] for x in value["links"] if x["rel"] == rel]


def test_every_link_of_landing_and_collection_answers_with_its_media(ogc: Portal) -> None:
    found = told(ogc, "")["links"] + told(ogc, "/collections/SITES")["links"]
    assert {
        "self",
        "alternate",
        "service-desc",
        "service-doc",
        "conformance",
        "data",
        "items",
        "license",
        "describedby",
    } <= {x["rel"] for x in found}
    for one in found:
        if one["href"].startswith("/api/"):
            path, _, query = one["href"].partition("?")
            answer = ogc.get(path, query)
            assert answer.status_code == 200, one
            assert answer.headers["content-type"].split(";")[0] == one["type"].split(";")[0], one


def test_collections_are_the_datasets_with_a_place_and_rows(ogc: Portal) -> None:
    found = {c["id"]: c for c in told(ogc, "/collections")["collections"]}
    assert set(found) == {"AIR_H", "AIR_NOW", "SITES", "LOOSE"}
    assert all(c["crs"] == [x.uri for x in ALL] and c["itemType"] == "feature" for c in found.values())
    assert all(c["storageCrs"].endswith("CRS84") for c in found.values())
    assert ogc.get("/api/ogc/collections/ODD_P_01").status_code == 404
    assert ogc.get("/api/ogc/collections/NOBODY/items").status_code == 404


def test_extents_are_those_of_the_rows(ogc: Portal) -> None:
    for code in ("AIR_H", "AIR_NOW", "LOOSE"):
        extent = told(ogc, f"/collections/{code}")["extent"]
        points = [f["geometry"]["coordinates"] for f in every(ogc, code, limit=10000) if f["geometry"]]
        lons, lats = [p[0] for p in points], [p[1] for p in points]
        assert extent["spatial"]["bbox"] == [[min(lons), min(lats), max(lons), max(lats)]]
        assert ("temporal" in extent) == (code != "LOOSE")
    assert told(ogc, "/collections/AIR_H")["extent"]["temporal"]["interval"] == [
        ["2023-12-31T16:00:00.000Z", "2024-01-02T07:00:00.000Z"]
    ]


def test_queryables_are_a_json_schema_that_the_features_keep(ogc: Portal) -> None:
    schema = told(ogc, "/collections/SITES/queryables", "lang=en")
    Draft202012Validator.check_schema(schema)
    properties = schema["properties"]
    assert properties["name"]["x-title"] == {"zh-Hant": "名稱", "en": "Name"}
    assert properties["name"]["title"] == "Name"
    assert properties["kind"]["enum"] == ["a", "b", "µg"]
    assert properties["since"]["format"] == "date"
    assert properties["lon"]["x-ogc-unit"] == "degrees"
    assert properties["geometry"]["x-ogc-role"] == "primary-geometry"
    assert schema["additionalProperties"] is False
    judge = Draft202012Validator(schema)
    for feature in every(ogc, "SITES"):
        judge.validate(feature["properties"])


def test_the_definition_names_every_address_and_parameter(ogc: Portal) -> None:
    document = told(ogc, "/api")
    assert document["openapi"].startswith("3.0")
    for path in document["paths"]:
        real = path.replace("{collectionId}", "SITES").replace("{featureId}", "plain~~6.5").rstrip("/")
        assert ogc.get("/api/ogc" + real).status_code == 200, path
    names = {p["name"] for p in document["paths"]["/collections/SITES/items"]["get"]["parameters"]}
    assert {"bbox", "datetime", "limit", "filter", "crs", "kind", "name"} <= names


@pytest.mark.parametrize("path", [*PAGES, *ITEM_PAGES])
def test_pages_are_html_without_script_or_anything_from_elsewhere(ogc: Portal, path: str) -> None:
    for query, language in (("f=html", "zh-Hant"), ("f=html&lang=en", "en")):
        answer = ogc.get("/api/ogc" + path, query)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/html")
        assert f'<html lang="{language}">' in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert not re.search(r"<script|\bon[a-z]+=|src=|@import|url\(", answer.text)
        assert answer.text.count("<h1>") == 1
    by_header = ogc.get("/api/ogc" + path, Accept="text/html,*/*;q=0.1", Accept_Language="en")
    assert '<html lang="en">' in by_header.text


def test_threat_15_cells_are_text_in_pages(ogc: Portal) -> None:
    text = ogc.get("/api/ogc/collections/SITES/items", "f=html&limit=100").text
    assert "<b>" not in text
    assert "&lt;b&gt;" in text


def test_pages_lead_on_and_back(ogc: Portal) -> None:
    text = ogc.get("/api/ogc/collections/SITES/items", "f=html&limit=5&lang=en").text
    following = re.search(r'href="([^"]*cursor=[^"]*)"', text)
    assert following
    path, _, query = following[1].replace("&amp;", "&").partition("?")
    second = ogc.get(path, query)
    assert second.status_code == 200
    assert "16 in all" in text
    assert "16 in all" in second.text


def test_answers_are_conditional_and_change_with_form_and_language(ogc: Portal) -> None:
    etags = set()
    for path in ("", "/collections", "/collections/SITES/items"):
        for query in ("f=json", "f=html", "f=html&lang=en"):
            first = ogc.get("/api/ogc" + path, query)
            etags.add(first.headers["etag"])
            again = ogc.get("/api/ogc" + path, query, If_None_Match=first.headers["etag"])
            assert (again.status_code, again.content) == (304, b"")
            head = ogc.get("/api/ogc" + path, query, "HEAD")
            assert (head.status_code, head.content) == (200, b"")
            assert head.headers["etag"] == first.headers["etag"]
    assert len(etags) == 9


def test_options_and_writing(ogc: Portal) -> None:
    answer = ogc.get("/api/ogc/collections/SITES/items", method="OPTIONS")
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    refused = ogc.get("/api/ogc/collections/SITES/items", method="POST")
    assert refused.status_code == 405
    assert refused.headers["content-type"] == "application/problem+json"


def test_threat_17_no_header_of_the_caller_stands_in_an_answer_or_is_kept(ogc: Portal) -> None:
    for path in ("/api/ogc", "/api/ogc/collections", "/api/ogc/collections/SITES/items", "/api/ogc/api"):
        hostile = ogc.get(path, Host="evil.example", X_Forwarded_Host="evil.example", X_Forwarded_Proto="gopher")
        plain = ogc.get(path)
        assert "evil.example" not in hostile.text
        assert "gopher" not in hostile.text
        assert (hostile.content, hostile.headers["etag"]) == (plain.content, plain.headers["etag"])
        assert {"Accept", "Accept-Language", "Accept-Encoding"} <= set(plain.headers["vary"].split(", "))
