"""Mask rules and the restricted list: two people for every change, editions, and no withheld text in what is written down."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from qingliu.accounts.rules import Actor, RoleGrant, operator, same_person
from qingliu.audit.models import Event
from qingliu.catalog import actions as catalog
from qingliu.config import cli
from qingliu.core import events
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest, Conflict, Damaged, Forbidden
from qingliu.lake.paths import LakePaths
from qingliu.privacy import actions, queries
from qingliu.privacy.actions.policy import shipped
from qingliu.privacy.gate.policy import MaskRule, check
from tests.privacy import town
from tests.privacy.town import RULE


def test_the_shipped_rules_can_be_read_say_their_ground_and_act_only_once_approved(portal: LakePaths) -> None:
    assert {r.name for r in shipped()} == set(town.DEFAULTS)
    assert all(r.reconstruction and "18" in r.basis.zh for r in shipped())
    assert actions.seed() == 4
    assert actions.seed() == 0
    assert queries.policy().rules == ()


def test_whoever_made_a_rule_may_not_approve_it_and_another_may(portal: LakePaths) -> None:
    actions.propose(rule=RULE, why="訴願期間", by=town.MAKER)
    with pytest.raises(Forbidden):
        actions.decide(name="petitions", approve=True, reason="好", by=town.MAKER)
    assert queries.policy().rules == ()
    told: list[str] = []
    with events.listening(events.PolicyChanged, lambda e: told.append(e.name)):
        actions.decide(name="petitions", approve=True, reason="好", by=town.CHECKER)
    assert [a.rule for a in queries.policy().rules] == [RULE]
    assert told == ["petitions"]
    assert list(Event.objects.filter(kind="mask-rule").order_by("id").values_list("verb", "actor")) == [
        ("rule.proposed", "user:maker"), ("rule.approved", "user:checker"),
    ]  # fmt: skip


def test_a_changed_rule_is_a_new_edition_and_the_old_one_acts_until_it_is_approved(portal: LakePaths) -> None:
    for edition, names in enumerate(("hide", "mask"), start=1):
        actions.propose(rule=replace(RULE, names=names), why="修正", by=town.MAKER)  # type: ignore[arg-type]
        assert len(queries.policy().rules) == edition - 1
        actions.decide(name="petitions", approve=True, reason="好", by=town.CHECKER)
    (acting,) = queries.policy().rules
    assert (acting.edition, acting.rule.names) == (2, "mask")
    actions.retire(name="petitions", why="不需要", by=town.CHECKER)
    assert len(queries.policy().rules) == 1
    actions.decide(name="petitions", approve=True, reason="好", by=town.MAKER)
    assert queries.policy().rules == ()


def test_one_edition_waits_at_a_time_and_a_rejected_one_never_acts(portal: LakePaths) -> None:
    actions.propose(rule=RULE, why="一", by=town.MAKER)
    with pytest.raises(Conflict):
        actions.propose(rule=RULE, why="二", by=town.CHECKER)
    actions.decide(name="petitions", approve=False, reason="不必", by=town.CHECKER)
    assert queries.policy().rules == ()


@pytest.mark.parametrize("by", [town.STEWARD, town.STRANGER])
def test_an_outsider_makes_and_approves_no_rule(portal: LakePaths, by: object) -> None:
    with pytest.raises(Forbidden):
        actions.propose(rule=RULE, why="我要", by=by)  # type: ignore[arg-type]
    actions.propose(rule=RULE, why="一", by=town.MAKER)
    with pytest.raises(Forbidden):
        actions.decide(name="petitions", approve=True, reason="我要", by=by)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        replace(RULE, stage_field=""),
        replace(RULE, name="有空 白"),
        replace(RULE, level=9),
        replace(RULE, kinds=("shoe-size",)),
        replace(RULE, basis=Text("", "")),
        replace(RULE, review_months=0),
    ],
)
def test_a_rule_that_cannot_mean_anything_is_refused(wrong: MaskRule) -> None:
    with pytest.raises(BadRequest):
        check(wrong)


def test_the_restricted_list_is_touched_by_named_roles_and_acts_once_another_person_approves(portal: LakePaths) -> None:
    for by in (town.STEWARD, town.OFFICE, town.STRANGER):
        with pytest.raises(Forbidden):
            actions.import_list(text=town.SITES, basis="法", review_on=town.LATER, by=by)
    row = actions.import_list(text=town.SITES, basis="法", review_on=town.LATER, by=town.MAKER)
    assert not queries.matcher()
    with pytest.raises(Forbidden):
        actions.decide_list(number=row.number, approve=True, by=town.MAKER)
    actions.decide_list(number=row.number, approve=True, by=town.CHECKER)
    assert len(queries.matcher().sites) == 4
    with pytest.raises(Forbidden):
        actions.read_list(number=1, by=town.OFFICE)
    assert actions.read_list(number=1, by=town.CHECKER)[2].address == town.SITE_ADDRESS
    assert Event.objects.filter(verb="restricted.read", actor="user:checker").count() == 1


def test_the_list_at_rest_says_nothing_and_without_its_key_nothing_is_read(portal: LakePaths) -> None:
    town.restrict()
    secret = [town.SITE_ADDRESS, "海角油料庫", "S1234567", "121.7"]
    for path in portal.home.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [s for s in secret if s.encode() in content], path
    assert oct(portal.restricted.stat().st_mode & 0o777) == "0o700"
    assert oct((portal.restricted / "1.sealed").stat().st_mode & 0o777) == "0o600"
    assert not [e for e in Event.objects.all() if any(s in json.dumps(e.detail, ensure_ascii=False) for s in secret)]
    assert "海角" not in repr(queries.matcher())
    portal.restricted_key.unlink()
    with pytest.raises(Damaged):
        queries.matcher()


def test_a_new_edition_of_the_list_destroys_the_old_file_and_a_wrong_one_is_refused_without_quoting_it(
    portal: LakePaths,
) -> None:
    town.restrict()
    town.restrict(town.SITE_HEADS + "T7654321,,,,,\n")
    assert [s.control for s in queries.matcher().sites] == ["T7654321"]
    assert [p.name for p in portal.restricted.iterdir()] == ["2.sealed"]
    with pytest.raises(BadRequest) as caught:
        actions.import_list(
            text=town.SITE_HEADS + "X9,機密庫,,abc,1,\n", basis="法", review_on=town.LATER, by=town.MAKER
        )
    assert "機密庫" not in str(caught.value)
    assert "2" in str(caught.value)


def test_reviews_alarm_once_when_they_are_due(portal: LakePaths) -> None:
    town.approve_defaults()
    town.restrict()
    catalog.register_definition(text=town.definition("PEN_B"), by=town.OPERATOR)
    actions.assess(dataset="PEN_A", other="PEN_B", answer="no-linkage", reason="無", basis="法", review_on=town.LATER,
                   by=town.CHECKER)  # fmt: skip
    today = town.LATER - timedelta(days=199)
    assert actions.alarm(today=today, by=town.OPERATOR) == []
    late = town.LATER + timedelta(days=400)
    assert {r.kind for r in actions.alarm(today=late, by=town.OPERATOR)} == {"rule", "list", "assessment"}
    assert actions.alarm(today=late, by=town.OPERATOR) == []
    assert Event.objects.filter(verb="review.due").count() == 6


def test_one_person_at_a_shell_and_on_the_pages_is_one_person(portal: LakePaths) -> None:
    shell, pages = operator("Chen"), Actor("user:chen", (RoleGrant("privacy"),))
    for maker, again in ((shell, pages), (pages, shell)):
        row = actions.propose(rule=RULE, why="一", by=maker)
        with pytest.raises(Forbidden):
            actions.decide(name=row.name, approve=True, reason="我自己", by=again)
        actions.decide(name=row.name, approve=False, reason="不必", by=town.CHECKER)
        made = actions.import_list(text=town.SITES, basis="法", review_on=town.LATER, by=maker)
        with pytest.raises(Forbidden):
            actions.decide_list(number=made.number, approve=True, by=again)
    assert not same_person("qingliu", "cli:qingliu")  # the maker of the shipped rules is no account of the machine


def test_the_shell_is_whoever_the_machine_says_and_not_what_a_variable_says(monkeypatch: pytest.MonkeyPatch) -> None:
    before = cli._who()
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    assert cli._who() == before != "somebody-else"
