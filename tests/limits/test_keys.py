"""Guessing keys: wrong ones are braked by address, ever longer but never for long; whoever has the right one goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from qingliu.api.limits.quota import FREE_FAILURES, back_off
from qingliu.core.access import new_token
from tests.api.portal import Portal
from tests.limits.asking import OUTSIDE, ROWS, Asked, left
from tests.limits.conftest import plan


def guess(asked: Asked, address: str = OUTSIDE) -> int:
    """The status of a wrong key."""
    return asked.get(ROWS, "limit=1", address=address, X_API_Key=new_token()).status_code


@pytest.mark.parametrize(
    ("failures", "wait"), [(0, 0), (9, 0), (10, 30), (11, 60), (12, 120), (14, 480), (15, 900), (40, 900), (10**6, 900)]
)
def test_the_wait_grows_and_never_exceeds_a_quarter_of_an_hour(failures: int, wait: int) -> None:
    assert back_off(failures) == wait


def test_threat_24_guesses_from_one_address_are_not_even_heard_after_ten(portal: Portal, tmp_path: Path) -> None:
    asked = Asked(portal, tmp_path)
    right = asked.key()
    assert [guess(asked) for _ in range(FREE_FAILURES)] == [401] * FREE_FAILURES
    refused = asked.get(ROWS, "limit=1", X_API_Key=right)  # never used here before: cannot be told from a guess unheard
    assert refused.status_code == 429
    assert refused.json["code"] == "too-many"
    assert int(refused.headers["Retry-After"]) == 30
    assert asked.get(ROWS, "limit=1").status_code == 200  # without a key everything goes on
    asked.clock.at += 30
    assert asked.get(ROWS, "limit=1", X_API_Key=right).status_code == 200
    assert guess(asked) == 401
    assert guess(asked) == 429
    asked.clock.at += 59
    assert guess(asked) == 429
    asked.clock.at += 1
    assert guess(asked) == 401


def test_threat_24_the_owner_of_the_right_key_is_not_locked_out(portal: Portal, tmp_path: Path) -> None:
    asked = Asked(portal, tmp_path)
    right = asked.key()
    assert asked.get(ROWS, "limit=1", X_API_Key=right).status_code == 200
    for _ in range(50):
        guess(asked)
    assert guess(asked) == 429
    assert (
        asked.get(ROWS, "limit=1", X_API_Key=right).status_code == 200
    )  # at the same address, where it was right before
    assert asked.get(ROWS, "limit=1", address="198.51.100.7", X_API_Key=right).status_code == 200  # and anywhere else
    assert guess(asked, "198.51.100.7") == 401


def test_threat_24_keys_in_addresses_are_no_other_way_to_guess(portal: Portal, tmp_path: Path) -> None:
    asked = Asked(portal, tmp_path)
    for _ in range(FREE_FAILURES):
        assert asked.get("/api/v2/air_h", f"limit=1&api_key={new_token()}").status_code == 200
    assert asked.get("/api/v2/air_h", f"limit=1&api_key={new_token()}").status_code == 429
    assert guess(asked) == 429
    old = asked.get("/api/v2/air_h", "limit=1&api_key=9e565f9a-84dd-4e79-9097-d403cae1ea75")
    assert old.status_code == 200  # keys of the old platform mean nothing here, and are welcome


def test_a_wrong_key_counts_for_the_address_it_came_from(portal: Portal, tmp_path: Path) -> None:
    asked = Asked(portal, tmp_path, (plan("anonymous", per_minute=5),))
    refused = asked.get(ROWS, "limit=1", X_API_Key=new_token())
    assert (refused.status_code, left(refused)) == (401, 4)
    for _ in range(4):
        guess(asked)
    assert asked.get(ROWS, "limit=1").status_code == 429


def test_a_stopped_heart_locks_nobody_out(portal: Portal, tmp_path: Path) -> None:
    asked = Asked(portal, tmp_path)
    right = asked.key()
    whole = asked.access_db.read_bytes()
    asked.access_db.write_bytes(b"")
    for _ in range(FREE_FAILURES * 2):
        assert asked.get(ROWS, "limit=1", X_API_Key=right).status_code == 401
    asked.access_db.write_bytes(whole)
    fresh = Asked(portal, tmp_path / "other")
    assert guess(fresh) == 401
    assert guess(asked) == 401
