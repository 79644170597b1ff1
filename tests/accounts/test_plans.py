"""Plans: classes of callers as data that the office changes, and that the data API reads within five seconds."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from qingliu.accounts import actions, queries
from qingliu.accounts.models import ApiKey
from qingliu.accounts.rules import Actor, RoleGrant, operator
from qingliu.audit.models import Event
from qingliu.core.access import AccessFile
from qingliu.core.clock import now
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest, Forbidden, NotFound
from qingliu.core.plans import DEFAULTS
from qingliu.lake.paths import LakePaths

ROOT = operator("test")
STEWARD = Actor("user:s", (RoleGrant("steward", "moenv"),))
pytestmark = pytest.mark.django_db(transaction=True)


def test_the_given_plans_hold_until_the_office_changes_them(home: LakePaths) -> None:
    assert queries.plans() == dict(DEFAULTS)
    actions.set_plan(name="anonymous", numbers={"per_minute": 7}, by=ROOT)
    served = AccessFile(home.access_db).plans()["anonymous"]
    assert (served.per_minute, served.per_day) == (7, DEFAULTS["anonymous"].per_day)
    assert Event.objects.get(verb="plan.set").object_id == "anonymous"
    actions.forget_plan(name="anonymous", by=ROOT)
    assert AccessFile(home.access_db).plans() == DEFAULTS


def test_a_plan_that_was_added_is_what_its_keys_are_counted_under(home: LakePaths) -> None:
    actions.seed_agencies(by=ROOT)
    actions.set_plan(name="school", title=Text("學校", "Schools"), numbers={"streams": 2}, by=ROOT)
    key = actions.create_key(label="x", scopes=("read",), plan="school", by=ROOT)
    access = AccessFile(home.access_db)
    assert access.check(key.token, now()).plan == "school"
    assert access.plans()["school"].title == Text("學校", "Schools")
    actions.set_key_plan(key_id=key.key_id, plan="partner", by=ROOT)
    assert AccessFile(home.access_db).check(key.token, now()).plan == "partner"
    actions.set_key_plan(key_id=key.key_id, plan="school", by=ROOT)
    actions.forget_plan(name="school", by=ROOT)
    assert ApiKey.objects.get(key_id=key.key_id).plan == "registered"


def test_only_the_office_gives_more_than_the_ordinary(home: LakePaths) -> None:
    actions.seed_agencies(by=ROOT)
    with pytest.raises(Forbidden):
        actions.create_key(label="x", scopes=("read",), agency="moenv", plan="partner", by=STEWARD)
    with pytest.raises(Forbidden):
        actions.set_plan(name="anonymous", numbers={"per_minute": 7}, by=STEWARD)
    key = actions.create_key(label="x", scopes=("read",), agency="moenv", by=STEWARD)
    with pytest.raises(Forbidden):
        actions.set_key_plan(key_id=key.key_id, plan="partner", by=STEWARD)


@pytest.mark.parametrize("numbers", [{"per_minute": 0}, {"per_day": -1}, {"streams": 10**13}, {"nothing": 5}])
def test_a_number_that_cannot_be_meant_is_told_by_name(home: LakePaths, numbers: dict[str, int]) -> None:
    with pytest.raises(BadRequest) as told:
        actions.set_plan(name="anonymous", numbers=numbers, by=ROOT)
    assert told.value.parameter == next(iter(numbers))


def test_unknown_plans_and_keys_are_told(home: LakePaths) -> None:
    with pytest.raises(NotFound):
        actions.create_key(label="x", scopes=("read",), plan="gold", by=ROOT)
    with pytest.raises(NotFound):
        actions.set_key_plan(key_id="nobody", plan="partner", by=ROOT)
    with pytest.raises(NotFound):
        actions.forget_plan(name="partner", by=ROOT)  # nobody changed it
    with pytest.raises(BadRequest):
        actions.set_plan(name="Gold Plan", numbers={}, by=ROOT)


def test_an_access_file_from_before_there_were_plans_is_read_on(home: LakePaths) -> None:
    actions.export_keys()
    with closing(sqlite3.connect(home.access_db)) as db, db:
        db.execute("DROP TABLE plan")
    assert AccessFile(home.access_db).plans() == DEFAULTS
