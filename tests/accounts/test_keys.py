"""API keys: shown once, kept as hashes, known to the data API at once, refused soon after they are revoked."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest

from qingliu.accounts import actions, queries
from qingliu.accounts.models import ApiKey
from qingliu.accounts.rules import Actor, RoleGrant, operator
from qingliu.audit.models import Event
from qingliu.core.access import AccessFile, digest, write_access
from qingliu.core.clock import now
from qingliu.core.errors import BadRequest, Forbidden, NotFound, Unauthorized
from qingliu.lake.paths import LakePaths

ROOT = operator("test")
STEWARD = Actor("user:s", (RoleGrant("steward", "moenv"),))
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _agencies(home: LakePaths) -> None:
    actions.seed_agencies(by=ROOT)


def test_a_key_is_stored_as_a_hash_only_and_its_audit_row_does_not_hold_it(home: LakePaths) -> None:
    key = actions.create_key(label="研究", scopes=("read",), by=ROOT)
    row = ApiKey.objects.get(key_id=key.key_id)
    assert row.digest == digest(key.token)
    assert key.token not in str(list(ApiKey.objects.values()))
    assert key.token not in str(list(Event.objects.values()))
    assert key.token.encode() not in home.access_db.read_bytes()
    assert home.access_db.stat().st_mode & 0o077 == 0


def test_a_key_opens_the_data_api_at_once_with_its_scopes_and_agency(home: LakePaths) -> None:
    key = actions.create_key(label="上傳", scopes=("publish", "read"), agency="moenv", by=STEWARD)
    grant = AccessFile(home.access_db).check(key.token, now())
    assert (grant.key_id, grant.scopes, grant.agency) == (key.key_id, ("publish", "read"), "moenv")


def test_a_revoked_key_is_refused_within_five_seconds(home: LakePaths) -> None:
    key = actions.create_key(label="x", scopes=("read",), by=ROOT)
    access, moment = AccessFile(home.access_db), now()
    access.check(key.token, moment)
    actions.revoke_key(key_id=key.key_id, by=ROOT)
    with pytest.raises(Unauthorized):
        access.check(key.token, moment + timedelta(seconds=5))


def test_an_expired_key_is_refused_at_its_moment_without_any_write(home: LakePaths) -> None:
    key = actions.create_key(label="x", scopes=("read",), days=1, by=ROOT)
    write_access(home.access_db, queries.live_grants(now()), key.expires_at)
    with pytest.raises(Unauthorized):
        AccessFile(home.access_db).check(key.token, key.expires_at)


def test_keyed_requests_are_refused_when_the_heart_has_stopped(home: LakePaths) -> None:
    key = actions.create_key(label="x", scopes=("read",), by=ROOT)
    access = AccessFile(home.access_db)
    access.check(key.token, now() + timedelta(seconds=29))
    with pytest.raises(Unauthorized):
        access.check(key.token, now() + timedelta(seconds=40))
    actions.export_keys()
    assert access.check(key.token, now()).key_id == key.key_id


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(days=365)])
def test_a_clock_that_jumps_closes_keyed_requests_rather_than_opening_them(home: LakePaths, jump: timedelta) -> None:
    key = actions.create_key(label="x", scopes=("read",), by=ROOT)
    with pytest.raises(Unauthorized):
        AccessFile(home.access_db).check(key.token, now() + jump)


@pytest.mark.parametrize("content", [None, b"", b"no database at all, no database at all"])
def test_a_missing_or_broken_access_file_refuses_every_key(home: LakePaths, content: bytes | None) -> None:
    home.access_db.unlink(missing_ok=True)
    if content is not None:
        home.access_db.write_bytes(content)
    with pytest.raises(Unauthorized):
        AccessFile(home.access_db).check("qlk_something", now())


def test_an_unknown_key_and_a_hash_used_as_a_key_are_refused(home: LakePaths) -> None:
    key = actions.create_key(label="x", scopes=("read",), by=ROOT)
    with sqlite3.connect(home.access_db) as db:
        (stored,) = db.execute("SELECT digest FROM key").fetchone()
    db.close()
    access = AccessFile(home.access_db)
    for wrong in ("", "qlk_", key.token + "x", key.token.upper(), stored):
        with pytest.raises(Unauthorized):
            access.check(wrong, now())


def test_only_those_who_may_make_keys(home: LakePaths) -> None:
    for outsider in (Actor("anonymous"), Actor("user:m", (RoleGrant("member"),))):
        with pytest.raises(Forbidden):
            actions.create_key(label="x", scopes=("read",), by=outsider)
    with pytest.raises(Forbidden):
        actions.create_key(label="x", scopes=("read",), agency="ema", by=STEWARD)
    key = actions.create_key(label="x", scopes=("read",), agency="ema", by=ROOT)
    with pytest.raises(Forbidden):
        actions.revoke_key(key_id=key.key_id, by=STEWARD)


def test_wrong_scopes_and_lives_are_told(home: LakePaths) -> None:
    for wrong in (
        {"scopes": ()},
        {"scopes": ("everything",)},
        {"scopes": ("read",), "days": 0},
        {"scopes": ("read",), "days": 9999},
    ):
        with pytest.raises(BadRequest):
            actions.create_key(label="x", by=ROOT, **wrong)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        actions.revoke_key(key_id="nobody", by=ROOT)
