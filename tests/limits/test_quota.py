"""Quotas: told on every answer, counted for each caller alone, refused with the second from which there is room."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from qingliu.core.plans import DEFAULTS
from tests.api.portal import Portal
from tests.limits.asking import OUTSIDE, ROWS, Asked, left
from tests.limits.conftest import plan

ITEM = r'"[a-z]+"(;[a-z]+=\d+)+'
LIST = re.compile(rf"{ITEM}(, {ITEM})*")


@pytest.fixture
def few(portal: Portal, tmp_path: Path) -> Asked:
    """Four requests a minute without a key."""
    return Asked(portal, tmp_path, (plan("anonymous", per_minute=4),))


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        (ROWS, "limit=1", 200),
        ("/api", "", 200),
        ("/api/health", "", 200),
        ("/api/limits", "", 200),
        ("/api/v2/air_h", "limit=1", 200),
        ("/api/datasets/NOBODY", "", 404),
        ("/api/v2/nobody", "", 404),
        (ROWS, "nothing=1", 400),
        ("/api/nowhere", "", 404),
    ],
)
def test_every_answer_tells_the_plan_and_what_is_left(
    portal: Portal, tmp_path: Path, path: str, query: str, status: int
) -> None:
    answer = Asked(portal, tmp_path).get(path, query)
    assert answer.status_code == status
    assert LIST.fullmatch(answer.headers["RateLimit"])
    assert LIST.fullmatch(answer.headers["RateLimit-Policy"])
    assert f'"minute";q={DEFAULTS["anonymous"].per_minute};w=60' in answer.headers["RateLimit-Policy"]
    assert "RateLimit" in answer.headers["Access-Control-Expose-Headers"]


def test_kept_answers_and_304_tell_this_callers_rest_and_nobody_elses(portal: Portal, tmp_path: Path) -> None:
    asked = Asked(portal, tmp_path)
    first = asked.get(ROWS, "limit=3")
    second = asked.get(ROWS, "limit=3")
    other = asked.get(ROWS, "limit=3", address="198.51.100.7")
    unchanged = asked.get(ROWS, "limit=3", If_None_Match=first.headers["ETag"])
    quota = DEFAULTS["anonymous"].per_minute
    assert [left(a) for a in (first, second, other, unchanged)] == [quota - 1, quota - 2, quota - 1, quota - 3]
    assert unchanged.status_code == 304
    assert first.content == second.content == other.content


def test_a_kept_answer_and_a_304_cost_one_point_and_a_computed_one_more(portal: Portal, tmp_path: Path) -> None:
    asked = Asked(portal, tmp_path)
    quota = DEFAULTS["anonymous"].points_per_day
    computed = asked.get(ROWS, "limit=5")
    assert left(computed, "points") == quota - 2
    assert left(asked.get(ROWS, "limit=5"), "points") == quota - 3
    assert left(asked.get(ROWS, "limit=5", If_None_Match=computed.headers["ETag"]), "points") == quota - 4


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_above_the_quota_429_says_when_in_both_languages(few: Asked, lang: str) -> None:
    assert [few.get(ROWS, "limit=1").status_code for _ in range(4)] == [200] * 4
    refused = few.get(ROWS, "limit=1", Accept_Language=lang)
    assert refused.status_code == 429
    body = refused.json
    assert (body["code"], body["status"]) == ("too-many", 429)
    assert refused.headers["Content-Type"].startswith("application/problem+json")
    wait = int(refused.headers["Retry-After"])
    assert 1 <= wait <= 60
    assert f'"minute";r=0;t={wait}' in refused.headers["RateLimit"]
    assert refused.headers["Cache-Control"] == "no-store"
    assert str(wait) in body["detail"]
    told = str(body)
    assert re.search(r"[一-鿿]", told)
    assert "used up" in told
    few.clock.at += wait
    assert few.get(ROWS, "limit=1").status_code == 200


def test_a_refused_request_costs_nothing_and_its_kept_answer_is_refused_too(few: Asked) -> None:
    for _ in range(4):
        few.get(ROWS, "limit=1")
    points = left(few.get("/api/limits"), "points")
    for _ in range(20):
        assert few.get(ROWS, "limit=1").status_code == 429
    assert left(few.get("/api/limits"), "points") == points


def test_other_callers_go_on_while_one_is_refused(few: Asked) -> None:
    for _ in range(9):
        few.get(ROWS, "limit=1")
    assert few.get(ROWS, "limit=1").status_code == 429
    assert few.get(ROWS, "limit=1", address="198.51.100.7").status_code == 200
    key = few.key()
    few.portal.engine.published.generation()
    assert Asked(few.portal, few.home, few.plans).get(ROWS, "limit=1", X_API_Key="").status_code == 200
    assert few.get("/api/health").status_code == 200
    assert few.get("/api/limits").json["quotas"][0]["left"] == 0
    assert key


def test_an_ipv6_caller_is_its_64_and_a_mapped_address_its_ipv4(few: Asked) -> None:
    for n in range(4):
        assert few.get(ROWS, "limit=1", address=f"2001:db8:1:2::{n}").status_code == 200
    assert few.get(ROWS, "limit=1", address="2001:db8:1:2:ffff::1").status_code == 429
    assert few.get(ROWS, "limit=1", address="2001:db8:1:3::1").status_code == 200
    assert left(few.get("/api", address="::ffff:203.0.113.9")) == left(few.get("/api", address=OUTSIDE)) + 1


def test_a_forwarded_address_is_believed_from_a_declared_proxy_only(portal: Portal, tmp_path: Path) -> None:
    plans = (plan("anonymous", per_minute=4),)
    bare = Asked(portal, tmp_path / "bare", plans)
    for n in range(4):
        bare.get(ROWS, "limit=1", X_Forwarded_For=f"198.51.100.{n}")
    assert bare.get(ROWS, "limit=1", X_Forwarded_For="198.51.100.99").status_code == 429
    behind = Asked(portal, tmp_path / "behind", plans, {"trusted_proxies": ("203.0.113.0/24",)})
    for n in range(8):
        answer = behind.get(ROWS, "limit=1", X_Forwarded_For=f"198.51.100.{n}, 203.0.113.77")
        assert (answer.status_code, left(answer)) == (200, 3)
    for n in range(3):  # what a caller wrote itself stands to the left of what our proxy saw
        assert behind.get(ROWS, "limit=1", X_Forwarded_For=f"9.9.9.{n}, 198.51.100.1").status_code == 200
    assert behind.get(ROWS, "limit=1", X_Forwarded_For="9.9.9.9, 198.51.100.1").status_code == 429


@pytest.mark.parametrize("written", ["", "nonsense", "198.51.100.4:443", '"[2001:db8::1]:99"', ",,,", "x" * 5000])
def test_odd_forwarded_addresses_are_no_way_out(portal: Portal, tmp_path: Path, written: str) -> None:
    behind = Asked(portal, tmp_path, (plan("anonymous", per_minute=1),), {"trusted_proxies": (OUTSIDE,)})
    assert behind.get(ROWS, "limit=1", X_Forwarded_For=written).status_code == 200
    assert behind.get(ROWS, "limit=1", X_Forwarded_For=written).status_code == 429


def test_a_key_is_counted_under_its_plan_wherever_it_is_used(portal: Portal, tmp_path: Path) -> None:
    asked = Asked(portal, tmp_path, (plan("partner", per_minute=3),))
    key = asked.key("partner")
    fresh = asked.get(ROWS, "limit=1", X_API_Key=key)
    assert '"minute";q=3;w=60' in fresh.headers["RateLimit-Policy"]
    assert asked.get(ROWS, "limit=1", Authorization=f"Bearer {key}", address="198.51.100.7").status_code == 200
    assert asked.get("/api/v2/air_h", f"limit=1&api_key={key}").status_code == 200
    assert asked.get(ROWS, "limit=1", X_API_Key=key).status_code == 429
    assert asked.get(ROWS, "limit=1").status_code == 200  # the same address without the key has its own quota


def test_days_begin_at_midnight_in_taipei_and_points_run_out(portal: Portal, tmp_path: Path) -> None:
    asked = Asked(portal, tmp_path, (plan("anonymous", points_per_day=3, per_day=100),))
    assert asked.get(ROWS, "limit=1").status_code == 200
    asked.get(ROWS, "limit=1")
    refused = asked.get(ROWS, "limit=1")
    assert refused.status_code == 429
    wait = int(refused.headers["Retry-After"])
    ends = asked.clock.at + wait
    assert (ends + 8 * 3600) % 86_400 == 0
    asked.clock.at = ends
    assert asked.get(ROWS, "limit=1").status_code == 200


def test_limits_are_told_in_both_languages_and_cost_nothing(portal: Portal, tmp_path: Path) -> None:
    asked = Asked(portal, tmp_path)
    asked.get(ROWS, "limit=1")
    told = asked.get("/api/limits")
    again = asked.get("/api/limits")
    assert told.json["plan"] == {"name": "anonymous", "title": "不帶金鑰", "title_en": "Without a key"}
    quotas = {q["name"]: q for q in again.json["quotas"]}
    given = DEFAULTS["anonymous"]
    assert (quotas["minute"]["quota"], quotas["minute"]["left"]) == (given.per_minute, given.per_minute - 1)
    assert quotas["points"]["left"] == given.points_per_day - 2
    assert {t["name"]: t["points"] for t in told.json["tariff"]} == {
        "kept": 1,
        "computed": 2,
        "rows": 1,
        "bytes": 1,
        "files": 1,
    }
    everything = [
        *told.json["quotas"],
        *told.json["tariff"],
        *told.json["question"],
        told.json["streams"],
        told.json["estimate"],
    ]
    assert all(re.search(r"[一-鿿]", e["title"]) and re.search(r"[A-Za-z]{3}", e["title_en"]) for e in everything)
    assert told.headers["Cache-Control"] == "no-store"
    assert asked.get("/api/limits", method="HEAD").status_code == 200


def test_each_dialect_refuses_in_its_own_shape(portal: Portal, tmp_path: Path) -> None:
    asked = Asked(portal, tmp_path, (plan("anonymous", per_minute=1),))
    asked.get("/api")
    moenv = asked.get("/api/v2/air_h", "limit=1")
    assert moenv.status_code == 429
    assert "Retry-After" in moenv.headers
    assert moenv.content != asked.get(ROWS, "limit=1").content
    ckan = asked.get("/api/3/action/package_list")
    if ckan.status_code != 404:
        assert ckan.status_code == 429
        assert ckan.json["success"] is False
