"""People, roles, agencies and the brake on guessing passwords."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from qingliu.accounts import actions, queries
from qingliu.accounts.models import Agency, LoginFailures, User
from qingliu.accounts.rules import (
    AT_HOME,
    LONGEST_LOCK,
    Actor,
    RoleGrant,
    lock_after,
    locked,
    may,
    may_decide,
    operator,
)
from qingliu.audit.models import Event
from qingliu.config import demo_people
from qingliu.core.clock import now
from qingliu.core.errors import BadRequest, Conflict, Forbidden, NotFound

ROOT = operator("test")
GOOD = "correct horse battery staple"


@pytest.mark.parametrize(
    ("role", "doing", "agency", "allowed"),
    [
        ("administrator", "accounts", "", True),
        ("administrator", "publish", "ema", True),
        ("office", "release", "ema", True),
        ("office", "accounts", "", False),
        ("steward", "publish", "moenv", True),
        ("steward", "release", "moenv", True),
        ("steward", "publish", "ema", False),
        ("steward", "publish", "", False),
        ("steward", "withdraw", "moenv", False),
        ("steward", "accounts", "moenv", False),
        ("steward", "prepare", "moenv", True),
        ("steward", "approve", "moenv", False),
        ("approver", "approve", "moenv", True),
        ("approver", "approve", "ema", False),
        ("approver", "withdraw", "moenv", True),
        ("approver", "prepare", "moenv", False),
        ("member", "publish", "moenv", False),
        ("member", "private", "moenv", False),
    ],
)
def test_what_a_role_may_do(role: str, doing: str, agency: str, allowed: bool) -> None:
    someone = Actor("x", (RoleGrant(role, "moenv" if role in AT_HOME else ""),))
    assert may(someone, doing, agency=agency) is allowed  # type: ignore[arg-type]


@given(
    st.sampled_from(["accounts", "keys", "define", "publish", "release", "withdraw", "listing", "private", "maintain"])
)
def test_nobody_anonymous_may_do_anything(doing: str) -> None:
    assert not may(Actor("anonymous"), doing, agency="moenv")  # type: ignore[arg-type]


@given(st.integers(0, 10_000))
def test_a_lock_never_lasts_longer_than_a_quarter_of_an_hour(failures: int) -> None:
    assert lock_after(failures) <= LONGEST_LOCK
    assert not locked(failures, now(), now() + LONGEST_LOCK)


@pytest.mark.django_db
def test_the_agencies_are_seeded_once_with_their_parent() -> None:
    assert actions.seed_agencies(by=ROOT) == 6
    assert actions.seed_agencies(by=ROOT) == 0
    nera = Agency.objects.get(code="nera")
    assert (nera.name_zh, nera.parent.code if nera.parent else "") == ("國家環境研究院", "moenv")


@pytest.mark.django_db
def test_the_first_administrator_may_do_everything_and_is_audited() -> None:
    made = actions.create_administrator(username="root", password=GOOD, by=ROOT)
    assert may(queries.actor(made), "accounts")
    assert Event.objects.get(verb="administrator.created").object_id == "root"
    assert GOOD not in str(list(Event.objects.values()))
    with pytest.raises(Conflict):
        actions.create_administrator(username="root", password=GOOD, by=ROOT)


@pytest.mark.django_db
@pytest.mark.parametrize("weak", ["password", "1234567890123", "short", "qingliu-root"])
def test_a_weak_password_is_refused(weak: str) -> None:
    with pytest.raises(BadRequest):
        actions.create_user(username="qingliu-root", password=weak, by=ROOT)


@pytest.mark.parametrize(
    ("actor", "others", "alone_ok", "allowed"),
    [
        (("user:b", "approver", "moenv"), 1, False, True),
        (("user:b", "approver", "ema"), 1, True, False),
        (("user:b", "steward", "moenv"), 1, True, False),
        (("user:a", "approver", "moenv"), 1, True, False),
        (("user:a", "steward", "moenv"), 0, True, True),
        (("user:a", "steward", "moenv"), 0, False, False),
        (("user:a", "administrator", ""), 1, True, False),
    ],
)
def test_maker_and_checker_are_two_people_unless_there_is_only_one(
    actor: tuple[str, str, str], others: int, alone_ok: bool, allowed: bool
) -> None:
    name, role, agency = actor
    someone = Actor(name, (RoleGrant(role, agency),))
    assert may_decide(someone, agency="moenv", maker="user:a", others=others, alone_ok=alone_ok) is allowed


@pytest.mark.django_db
def test_a_steward_is_bound_to_an_agency_until_the_role_is_taken_away() -> None:
    actions.seed_agencies(by=ROOT)
    user = actions.create_user(username="mei", password=GOOD, by=ROOT)
    with pytest.raises(BadRequest):
        actions.grant_role(username="mei", role="steward", by=ROOT)
    with pytest.raises(NotFound):
        actions.grant_role(username="mei", role="steward", agency="nowhere", by=ROOT)
    actions.grant_role(username="mei", role="steward", agency="ema", by=ROOT)
    actions.grant_role(username="mei", role="steward", agency="ema", by=ROOT)
    assert Event.objects.filter(verb="role.granted").count() == 1
    assert may(queries.actor(user), "publish", agency="ema")
    assert not may(queries.actor(user), "publish", agency="moenv")
    actions.revoke_role(username="mei", role="steward", agency="ema", by=ROOT)
    assert not may(queries.actor(user), "publish", agency="ema")


@pytest.mark.django_db
def test_a_person_who_was_switched_off_may_do_nothing() -> None:
    made = actions.create_administrator(username="root", password=GOOD, by=ROOT)
    made.is_active = False
    assert queries.actor(made).roles == ()


@pytest.mark.django_db
def test_outsiders_change_no_account() -> None:
    outsider = Actor("user:x", (RoleGrant("office"),))
    with pytest.raises(Forbidden):
        actions.create_user(username="friend", password=GOOD, by=outsider)
    with pytest.raises(Forbidden):
        actions.grant_role(username="friend", role="administrator", by=outsider)
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_guessing_is_braked_from_one_address_and_the_person_elsewhere_is_not_locked_out() -> None:
    actions.create_user(username="mei", password=GOOD, by=ROOT)
    here, elsewhere = (RequestFactory(REMOTE_ADDR=a).post("/login/") for a in ("192.0.2.1", "192.0.2.2"))
    for _ in range(5):
        assert authenticate(here, username="mei", password="wrong") is None
    assert authenticate(here, username="mei", password=GOOD) is None
    assert authenticate(elsewhere, username="mei", password=GOOD) is not None
    LoginFailures.objects.update(last_at=now() - timedelta(minutes=2))
    assert authenticate(here, username="mei", password=GOOD) is not None
    assert not LoginFailures.objects.exists()


@pytest.mark.django_db
def test_a_password_is_set_anew_and_a_weak_one_refused() -> None:
    actions.create_user(username="someone", password="first long password", by=operator("test"))
    actions.set_password(username="someone", password="second long password", by=operator("test"))
    assert User.objects.get(username="someone").check_password("second long password")
    assert Event.objects.filter(verb="password.set", object_id="someone").exists()
    with pytest.raises(BadRequest):
        actions.set_password(username="someone", password="12345678", by=operator("test"))
    with pytest.raises(NotFound):
        actions.set_password(username="nobody", password="second long password", by=operator("test"))


@pytest.mark.django_db
def test_a_demonstration_brings_people_for_each_side_of_the_desk() -> None:
    actions.seed_agencies(by=operator("test"))
    first = demo_people.welcome(by=operator("test"))
    again = demo_people.welcome(by=operator("test"))
    assert [n for n, _, _ in first] == [n for n, _, _ in again] == [p[0] for p in demo_people.PEOPLE]
    assert all(User.objects.get(username=n).check_password(p) for n, p, _ in again)
    assert not any(User.objects.get(username=n).check_password(p) for n, p, _ in first)
