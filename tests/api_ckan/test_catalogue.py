"""The catalogue's actions: names, packages, organisations, groups, tags, licences, as CKAN's clients read them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from qingliu.api.ckan.actions import ACTIONS
from tests.api_ckan.conftest import Client

NAMES = ["air_h", "air_now", "far-1_5", "list_p_02", "months_p_03", "odd_p_01"]


def test_site_tells_that_it_is_read_and_in_which_edition(ckan: Client) -> None:
    assert ckan.result("site_read") is True
    status = ckan.result("status_show")
    assert status["ckan_version"].startswith("2.12")
    assert "datastore" in status["extensions"]


def test_package_list_names_every_dataset_once_and_pages(ckan: Client) -> None:
    names = ckan.result("package_list")
    assert len(names) == len(set(names)) == 7
    assert set(NAMES) < set(names)
    assert ckan.result("package_list", limit=2, offset=1) == names[1:3]


def test_two_codes_that_would_share_a_name_get_different_ones(ckan: Client) -> None:
    names = [n for n in ckan.result("package_list") if n.startswith("far")]
    shown = {n: ckan.result("package_show", id=n) for n in names}
    codes = {n: next(e["value"] for e in p["extras"] if e["key"] == "code") for n, p in shown.items()}
    assert sorted(codes.values()) == ["FAR-1.5", "FAR-1_5"]
    assert codes["far-1_5"] == "FAR-1_5"
    assert all(p["name"] == n for n, p in shown.items())


@pytest.mark.parametrize("key", ["months_p_03", "MONTHS_P_03", "Months_P_03", ""])
def test_package_is_found_by_name_code_and_id(ckan: Client, key: str) -> None:
    key = key or ckan.result("package_show", id="months_p_03")["id"]
    package = ckan.result("package_show", id=key)
    assert package["name"] == "months_p_03"
    assert str(uuid.UUID(package["id"])) == package["id"]


def test_package_holds_what_harvesters_read(ckan: Client) -> None:
    package = ckan.result("package_show", id="months_p_03")
    assert package["title"] == "逐月檢測"
    assert package["title_translated"]["en"] == "Tests by month"
    assert package["notes"] == "分月存放的檢測結果"
    assert package["metadata_modified"] == "2025-03-01T01:02:03.004000"
    assert package["metadata_created"] == "2020-05-01T00:00:00.000000"
    assert (package["state"], package["type"], package["private"]) == ("active", "dataset", False)
    assert package["license_id"] == "OGDL-Taiwan-1.0"
    assert package["organization"]["name"] == "ema"
    assert package["owner_org"] == package["organization"]["id"]
    assert [g["name"] for g in package["groups"]] == ["water"]
    assert [t["name"] for t in package["tags"]] == ["水質", "檢測 結果"]
    extras = {e["key"]: e["value"] for e in package["extras"]}
    assert extras["code"] == "MONTHS_P_03"
    assert extras["kind"] == "table"
    assert extras["quality_mark"] == "gold"
    assert extras["rows"] == "1440"
    assert package["num_resources"] == len(package["resources"]) == 4
    assert [r["position"] for r in package["resources"]] == [0, 1, 2, 3]
    assert all(r["package_id"] == package["id"] for r in package["resources"])


def test_only_the_csv_resource_is_a_table_and_every_address_answers(ckan: Client) -> None:
    package = ckan.result("package_show", id="air_h")
    assert [r["format"] for r in package["resources"] if r["datastore_active"]] == ["CSV"]
    assert "GeoJSON" in [r["format"] for r in package["resources"]]
    for resource in package["resources"]:
        path, _, query = resource["url"].partition("?")
        answer = ckan.portal.get(path, query)
        assert answer.status_code == 200
        assert answer.headers["content-type"].split(";")[0] == resource["mimetype"]
        assert ckan.result("resource_show", id=resource["id"]) == resource


def test_json_resource_holds_every_row(ckan: Client) -> None:
    package = ckan.result("package_show", id="air_h")
    path, _, query = next(r["url"] for r in package["resources"] if r["format"] == "JSON").partition("?")
    assert len(ckan.portal.get(path, query).json["rows"]) == ckan.search("AIR_H", limit=0)["total"]


def test_a_dataset_that_is_only_listed_has_no_resources(ckan: Client) -> None:
    package = ckan.result("package_show", id="list_p_02")
    assert package["resources"] == []
    assert package["num_resources"] == 0


def test_newest_packages_stand_first(ckan: Client) -> None:
    packages = ckan.result("current_package_list_with_resources")
    assert len(packages) == 7
    moments = [p["metadata_modified"] for p in packages]
    assert moments == sorted(moments, reverse=True)
    page = ckan.result("current_package_list_with_resources", limit=2, page=2)
    assert [p["name"] for p in page] == [p["name"] for p in packages[2:4]]


def test_autocomplete_finds_names_and_titles(ckan: Client) -> None:
    assert [p["name"] for p in ckan.result("package_autocomplete", q="mon")] == ["months_p_03"]
    assert {p["match_field"] for p in ckan.result("package_autocomplete", q="空氣")} == {"title"}


def test_resource_search_reads_field_and_text(ckan: Client) -> None:
    found = ckan.result("resource_search", query="format:csv")
    assert found["count"] == 4
    assert {r["format"] for r in found["results"]} == {"CSV"}
    assert ckan.result("resource_search", query=["name:逐月", "format:json"])["count"] == 2  # JSON and NDJSON
    assert ckan.result("resource_search", query="format:csv", limit=1, offset=3)["count"] == 4
    ckan.error("resource_search", 409, "Validation Error", query="__class__:x")


@pytest.mark.parametrize(
    ("kind", "name", "title", "count"), [("organization", "moenv", "環境部", 4), ("group", "water", "水", 3)]
)
def test_organisations_and_groups_are_listed_and_shown(
    ckan: Client, kind: str, name: str, title: str, count: int
) -> None:
    names = ckan.result(f"{kind}_list")
    assert name in names
    full = {g["name"]: g for g in ckan.result(f"{kind}_list", all_fields=True)}
    assert list(full) == names
    shown = ckan.result(f"{kind}_show", id=name)
    assert shown == full[name]
    assert (shown["title"], shown["package_count"]) == (title, count)
    assert ckan.result(f"{kind}_show", id=shown["id"])["name"] == name
    packages = ckan.result(f"{kind}_show", id=name, include_datasets="True")["packages"]
    assert len(packages) == count
    by_count = ckan.result(f"{kind}_list", sort="package_count desc", all_fields=True)
    counts = [g["package_count"] for g in by_count]
    assert counts == sorted(counts, reverse=True)
    ckan.error(f"{kind}_show", 404, "Not Found Error", id="nobody")


def test_group_package_show_lists_its_packages(ckan: Client) -> None:
    assert {p["name"] for p in ckan.result("group_package_show", id="air")} == {"air_h", "air_now"}


def test_tags_are_keywords(ckan: Client) -> None:
    assert ckan.result("tag_list") == ["檢測 結果", "水質"]
    assert ckan.result("tag_list", query="水") == ["水質"]
    assert ckan.result("tag_search", query="水")["count"] == 1
    assert ckan.result("tag_autocomplete", query="檢") == ["檢測 結果"]
    shown = ckan.result("tag_show", id="水質", include_datasets=True)
    assert [p["name"] for p in shown["packages"]] == ["months_p_03"]
    assert ckan.result("tag_list", all_fields=True)[1] == {k: v for k, v in shown.items() if k != "packages"}


def test_licences_are_listed_with_addresses(ckan: Client) -> None:
    found = {x["id"]: x for x in ckan.result("license_list")}
    assert found["OGDL-Taiwan-1.0"]["url"] == "https://data.gov.tw/license"


def test_every_action_has_its_help(ckan: Client) -> None:
    for name, action in ACTIONS.items():
        said = ckan.result("help_show", name=name)
        assert all(word in said for word in action.takes)
    ckan.error("help_show", 404, "Not Found Error", name="package_creat")


@pytest.mark.parametrize(
    ("action", "params", "status", "kind"),
    [
        ("package_show", {"id": "nobody"}, 404, "Not Found Error"),
        ("package_show", {}, 409, "Validation Error"),
        ("resource_show", {"id": "nobody"}, 404, "Not Found Error"),
        ("vocabulary_show", {"id": "x"}, 404, "Not Found Error"),
        ("tag_list", {"vocabulary_id": "x"}, 404, "Not Found Error"),
        ("package_create", {"name": "x"}, 403, "Authorization Error"),
        ("datastore_upsert", {}, 403, "Authorization Error"),
        ("datastore_delete", {}, 403, "Authorization Error"),
        ("resource_patch", {}, 403, "Authorization Error"),
        ("user_list", {}, 403, "Authorization Error"),
        ("api_token_create", {}, 403, "Authorization Error"),
        ("datastore_search_sql", {"sql": "SELECT 1"}, 403, "Authorization Error"),
        ("no_such_thing", {}, 400, "Bad Request"),
        ("package_list", {"limit": "-1"}, 409, "Validation Error"),
    ],
)
def test_errors_have_ckans_type_and_status(
    ckan: Client, action: str, params: dict[str, Any], status: int, kind: str
) -> None:
    error = ckan.error(action, status, kind, **params)
    assert error["message_zh"]
    assert error["message_en"]


def test_a_refused_write_says_where_publishing_happens(ckan: Client) -> None:
    answer = ckan.post("package_create", b"\x00\x01 never read", "multipart/form-data; boundary=x")
    assert answer.status_code == 403
    assert "/desk" in answer.json["error"]["message"]


def test_answers_are_conditional_compressed_and_in_their_own_address_space(ckan: Client) -> None:
    first = ckan.get("package_list")
    again = ckan.get("package_list", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert ckan.get("package_list", headers={"Accept-Encoding": "gzip"}).headers["content-encoding"] == "gzip"
    assert ckan.portal.get("/api/3").json == {"version": 3}
    assert ckan.portal.get("/api/action/package_list").json["result"] == first.json["result"]
    assert ckan.portal.get("/api/3/action/package_list/more").json["error"]["__type"] == "Not Found Error"
    assert ckan.portal.get("/api/3/action/package_list", method="PUT").status_code == 405


def test_a_parameter_that_changes_nothing_is_told(ckan: Client) -> None:
    answer = ckan.get("package_show", id="air_h", include_password_hash=True)
    assert answer.headers["x-ignored-parameters"] == "include_password_hash"
    assert "include_password_hash" in answer.headers["warning"]


def test_jsonp_is_not_offered(ckan: Client) -> None:
    answer = ckan.get("site_read", callback="steal")
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.text.startswith("{")
