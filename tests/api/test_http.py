"""HTTP manners: conditional requests, encodings, caching, keys, ranges, and room for the light beside the heavy."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from qingliu.api.cache import ResponseCache, Stored
from qingliu.api.http import etag_matches, language, preferred, takes_gzip
from qingliu.api.native.formats import FORMATS
from qingliu.config.data_api import dispatch, make_data_api
from qingliu.core.access import Grant, digest, new_token, write_access
from qingliu.core.clock import now
from qingliu.lake.paths import LakePaths
from tests.api.portal import Portal

ROWS = "/api/datasets/AIR_H/rows"


def test_an_etag_names_version_question_format_and_encoding(portal: Portal) -> None:
    def etag(query: str, **headers: str) -> str:
        return portal.get(ROWS, query, **headers).headers["etag"]

    plain = etag("limit=5")
    assert plain.startswith('"')
    assert etag("limit=5") == plain
    assert etag("limit=5", Accept_Encoding="gzip") != plain
    different = {plain, etag("limit=6"), etag("limit=5&as_of=1"), etag("limit=5&f=csv"), etag("limit=5&sortby=aqi")}
    assert len(different) == 5


def test_a_known_etag_is_answered_304_without_a_body(portal: Portal) -> None:
    for path, query in (
        (ROWS, "limit=7"),
        (ROWS, "f=ndjson"),
        ("/api/datasets", ""),
        ("/api/v2/air_h", "limit=7"),
        ("/api/docs", ""),
    ):
        first = portal.get(path, query)
        again = portal.get(path, query, If_None_Match=f'W/"x", {first.headers["etag"]}')
        assert again.status_code == 304
        assert again.content == b""
        assert again.headers["etag"] == first.headers["etag"]
        assert again.headers["cache-control"] == first.headers["cache-control"]
        assert portal.get(path, query, If_None_Match='"other"').status_code == 200


def test_gzip_is_the_same_bytes_packed(portal: Portal) -> None:
    for query in ("limit=9", "f=csv", "f=ndjson"):
        plain = portal.get(ROWS, query)
        packed = portal.get(ROWS, query, Accept_Encoding="br;q=1, gzip;q=0.5")
        assert packed.headers["content-encoding"] == "gzip"
        assert gzip.decompress(packed.content) == plain.content
        assert "Accept-Encoding" in packed.headers["vary"]
        assert "content-encoding" not in portal.get(ROWS, query, Accept_Encoding="gzip;q=0").headers


def test_head_has_the_headers_and_no_body(portal: Portal) -> None:
    for path, query in ((ROWS, "limit=8"), ("/api/v2/air_h", "limit=8"), ("/api/datasets/AIR_H", "")):
        got = portal.get(path, query)
        head = portal.get(path, query, "HEAD")
        assert head.status_code == 200
        assert head.content == b""
        assert head.headers["etag"] == got.headers["etag"]
        assert head.headers["content-type"] == got.headers["content-type"]


def test_anyone_may_read_from_a_page_of_theirs(portal: Portal) -> None:
    asked = portal.get(ROWS, "", "OPTIONS", Origin="https://example.org", Access_Control_Request_Method="GET")
    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == "*"
    assert "X-API-Key" in asked.headers["access-control-allow-headers"]
    answer = portal.get(ROWS, "limit=1", Origin="https://example.org")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "Qingliu-Version" in answer.headers["access-control-expose-headers"]
    assert portal.get(ROWS, "limit=x").headers["access-control-allow-origin"] == "*"


def test_nobody_writes_here(portal: Portal) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for path in (ROWS, "/api/v2/air_h", "/api/datasets"):
            assert portal.get(path, "", method).status_code == 405


def test_threat_17_host_and_language_never_leak_into_anothers_answer(portal: Portal) -> None:
    evil = portal.get(
        ROWS, "limit=11", Host="evil.example", X_Forwarded_Host="evil.example", X_Forwarded_Proto="gopher"
    )
    assert "evil" not in evil.text + str(evil.headers)
    after = portal.get(ROWS, "limit=11")
    assert after.content == evil.content
    chinese = portal.get("/api/datasets/AIR_H", "").json["title"]
    english = portal.get("/api/datasets/AIR_H", "", Accept_Language="en").json["title"]
    assert (chinese, english) == ("每小時空氣品質", "Hourly air quality")
    assert portal.get("/api/datasets/AIR_H", "").json["title"] == chinese
    assert portal.get(ROWS, "limit=12", Accept="text/csv").headers["content-type"].startswith("text/csv")
    assert portal.get(ROWS, "limit=12").headers["content-type"] == "application/json"
    for name in ("Accept", "Accept-Encoding", "Accept-Language"):
        assert name in after.headers["vary"]


def test_formats_are_negotiated() -> None:
    offers = FORMATS
    assert preferred("", offers) == "json"
    assert preferred("text/html,application/xhtml+xml,*/*;q=0.8", offers) == "json"
    assert preferred("text/csv;q=0.5, application/x-ndjson", offers) == "ndjson"
    assert preferred("text/*", offers) == "csv"
    assert preferred("image/png", offers) == "json"
    assert language("", "fr, en-US;q=0.8, zh;q=0.5") == "en"
    assert language("", "") == "zh"
    assert language("zh", "en") == "zh"
    assert takes_gzip("deflate, gzip")
    assert not takes_gzip("gzip;q=0")
    assert etag_matches("*", '"a"')


@pytest.fixture
def access(portal: Portal) -> Iterator[dict[str, str]]:
    """An access file with a good, an expired and an enveloped key, and an app that has not looked for it yet."""
    before, portal.app = portal.app, make_data_api(portal.settings, portal.engine, portal.cache)
    path = LakePaths(portal.settings.home).access_db
    tokens = {name: new_token() for name in ("good", "expired", "envelope")}

    def grant(name: str, days: int, *scopes: str) -> Grant:
        return Grant(name, digest(tokens[name]), scopes, "", datetime.now(UTC) + timedelta(days=days))

    write_access(
        path, [grant("good", 1, "read"), grant("expired", -1, "read"), grant("envelope", 1, "profile:envelope")], now()
    )
    yield tokens
    path.unlink()
    portal.app = before


def test_keys_are_checked_where_they_are_sent(portal: Portal, access: dict[str, str]) -> None:
    for headers in ({"Authorization": f"Bearer {access['good']}"}, {"X_API_Key": access["good"]}):
        assert portal.get(ROWS, "limit=1", **headers).status_code == 200
    for token in (access["expired"], "qlk_nobody", "§§§".encode().hex()):
        answer = portal.get(ROWS, "limit=1", Authorization=f"Bearer {token}")
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.headers["content-type"] == "application/problem+json"
        assert token not in answer.text
    assert portal.get("/api/v2/air_h", "limit=1", X_API_Key="qlk_nobody").status_code == 401
    assert portal.get(ROWS, "limit=1").status_code == 200


def test_a_key_may_be_set_to_the_envelope(portal: Portal, access: dict[str, str]) -> None:
    assert "records" in portal.get("/api/v2/air_h", "limit=1", X_API_Key=access["envelope"]).json
    assert "records" in portal.get("/api/v2/air_h", f"limit=1&api_key={access['envelope']}").json
    assert isinstance(portal.get("/api/v2/air_h", "limit=1").json, list)
    assert isinstance(portal.get("/api/v2/air_h", f"limit=1&api_key={access['good']}").json, list)


def file_of(portal: Portal) -> dict[str, Any]:
    manifest = portal.get("/api/datasets/AIR_H/versions/2").json
    assert manifest["rows"] == sum(f["rows"] for f in manifest["files"])
    return manifest["files"][0]


def test_stored_files_come_byte_for_byte_with_their_digest(portal: Portal) -> None:
    told = file_of(portal)
    answer = portal.get(told["href"])
    assert answer.status_code == 200
    assert len(answer.content) == told["bytes"]
    assert hashlib.sha256(answer.content).hexdigest() == told["sha256"]
    expected = base64.b64encode(bytes.fromhex(told["sha256"])).decode()
    assert answer.headers["repr-digest"] == answer.headers["content-digest"] == f"sha-256=:{expected}:"
    assert "immutable" in answer.headers["cache-control"]
    assert portal.get(told["href"], If_None_Match=answer.headers["etag"]).status_code == 304
    assert portal.get(told["href"], "", "HEAD").headers["content-length"] == str(told["bytes"])


def test_ranges_of_stored_files(portal: Portal) -> None:
    told = file_of(portal)
    whole = portal.get(told["href"]).content
    size = len(whole)
    etag = f'"{told["sha256"]}"'
    for header, part, shown in (
        ("bytes=0-3", whole[:4], f"bytes 0-3/{size}"),
        ("bytes=-8", whole[-8:], f"bytes {size - 8}-{size - 1}/{size}"),
        (f"bytes={size - 4}-", whole[-4:], f"bytes {size - 4}-{size - 1}/{size}"),
        (f"bytes=4-{size * 2}", whole[4:], f"bytes 4-{size - 1}/{size}"),
    ):
        answer = portal.get(told["href"], Range=header)
        assert (answer.status_code, answer.content, answer.headers["content-range"]) == (206, part, shown)
        assert "content-digest" not in answer.headers
        assert "repr-digest" in answer.headers
    assert portal.get(told["href"], Range="bytes=0-3", If_Range=etag).status_code == 206
    assert portal.get(told["href"], Range="bytes=0-3", If_Range='"older"').content == whole
    assert portal.get(told["href"], Range="bytes=0-1,3-4").content == whole
    assert portal.get(told["href"], Range="bytes=5-2").content == whole
    outside = portal.get(told["href"], Range=f"bytes={size}-")
    assert outside.status_code == 416
    assert outside.headers["content-range"] == f"bytes */{size}"
    assert portal.get(told["href"], Range="bytes=-0").status_code == 416


@pytest.mark.parametrize(
    "name", ["..%2f..%2fcatalogue.sqlite", "../../iceberg.sqlite", "%2e%2e", "a%00b", "..\\x", "C:%5Cx", "x.parquet"]
)
def test_threat_14_only_listed_names_are_handed_out(portal: Portal, name: str) -> None:
    assert portal.get(f"/api/datasets/AIR_H/files/2/{name}").status_code == 404
    assert portal.get("/api/datasets/AIR_H/files/x/y.parquet").status_code == 400
    assert portal.get("/api/datasets/AIR_H/versions/9").status_code == 404


def test_a_repeated_request_is_answered_from_memory(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    first = portal.get(ROWS, "limit=33")
    second = portal.get("/api/v2/air_h", "limit=33&t=1")

    def never(*_: object) -> None:
        raise AssertionError("the engine was asked again")

    monkeypatch.setattr(portal.engine, "stream", never)
    assert portal.get(ROWS, "limit=33").content == first.content
    assert portal.get("/api/v2/air_h", "limit=33&t=2").content == second.content  # another cache-buster, the same rows
    monkeypatch.setattr(portal.engine, "open", never)
    assert portal.get(ROWS, "limit=33").content == first.content


def test_the_cache_is_bounded_and_bound_to_its_generation() -> None:
    cache = ResponseCache(max_bytes=10_000, max_body=4_000, max_requests=3)
    for n in range(20):
        cache.put(Stored(f'"{n}"', (), b"x" * 1_000))
        cache.remember(("path", str(n)), 1, f'"{n}"')
    assert cache.bytes <= 10_000
    assert cache.get('"0"') is None
    assert cache.recall(("path", "19"), 1) is not None
    assert cache.recall(("path", "19"), 2) is None
    assert cache.recall(("path", "1"), 1) is None
    cache.put(Stored('"big"', (), b"x" * 5_000))
    assert cache.get('"big"') is None
    cache.remember(("x" * 3_000,), 1, '"19"')
    assert cache.recall(("x" * 3_000,), 1) is None


def test_an_unforeseen_error_is_logged_by_path_and_told_without_details(
    portal: Portal, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(portal.engine, "open", fails)
    answer = portal.get(ROWS, "limit=987&county=private")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.json["detail_zh"]
    assert "county=private" not in caplog.text.replace("secret detail", "")
    assert ROWS in caplog.text


def test_paths_decide_between_data_api_and_pages() -> None:
    def named(name: str) -> Any:
        return lambda environ, start: [name.encode()]

    app = dispatch(named("data"), named("pages"))
    for path, expected in (
        ("/api", b"data"),
        ("/api/v2/x", b"data"),
        ("/apiary", b"pages"),
        ("/", b"pages"),
        ("/en/", b"pages"),
    ):
        assert list(app({"PATH_INFO": path}, lambda *_: None)) == [expected]


def test_the_data_api_never_imports_django(portal: Portal) -> None:
    import subprocess
    import sys

    code = "import sys, qingliu.config.data_api; sys.exit(any(m.split('.')[0] == 'django' for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_errors_are_json_even_for_unknown_addresses(portal: Portal) -> None:
    for path in ("/api/none", "/api/datasets/AIR_H/none", "/api/v2"):
        answer = portal.get(path)
        assert answer.status_code == 404
        assert json.loads(answer.content)
