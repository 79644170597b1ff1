"""Reads of agencies, people and keys."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from qingliu.accounts.models import Agency, ApiKey, Plan, User
from qingliu.accounts.rules import ANONYMOUS, AT_HOME, Actor, RoleGrant
from qingliu.core import plans as plans_of
from qingliu.core.access import Grant
from qingliu.core.dataset import Text
from qingliu.core.errors import NotFound


def actor(user: User | AnonymousUser) -> Actor:
    """The frozen actor of a person: nobody when not logged in or switched off."""
    if not isinstance(user, User) or not user.is_active:
        return ANONYMOUS
    held = user.assignments.select_related("agency")
    return Actor(f"user:{user.username}", tuple(RoleGrant(a.role, a.agency.code if a.agency else "") for a in held))


def agencies() -> QuerySet[Agency]:
    """Every agency, by code."""
    return Agency.objects.select_related("parent")


def agency(code: str) -> Agency:
    """The agency of that code. Raises NotFound naming those that there are."""
    found = Agency.objects.filter(code=code).first()
    if found is None:
        known = ", ".join(Agency.objects.values_list("code", flat=True))
        raise NotFound(
            Text(f"沒有代碼為「{code}」的機關。", f"No agency has the code '{code}'."),
            Text(
                f"可用的代碼：{known}。或以 qingliu agency add 新增。",
                f"Known codes: {known}. Or add it with: qingliu agency add.",
            ),
        )
    return found


def user(username: str) -> User:
    """The person of that name. Raises NotFound."""
    found = User.objects.filter(username=username).first()
    if found is None:
        raise NotFound(
            Text(f"沒有使用者「{username}」。", f"No user '{username}'."),
            Text("請先以 qingliu createadmin 或管理頁建立。", "Create the user first: qingliu createadmin."),
        )
    return found


def desk_people(agency: str) -> QuerySet[User]:
    """The living people of an agency's desk: active stewards and approvers."""
    held = User.objects.filter(is_active=True, assignments__role__in=AT_HOME, assignments__agency__code=agency)
    return held.distinct().order_by("username")


def live_grants(now: datetime) -> list[Grant]:
    """What every key that is neither revoked nor expired may do."""
    keys = ApiKey.objects.filter(revoked_at=None, expires_at__gt=now).select_related("agency")
    return [
        Grant(k.key_id, k.digest, tuple(k.scopes), k.agency.code if k.agency else "", k.expires_at, k.plan)
        for k in keys
    ]


def plans() -> dict[str, plans_of.Plan]:
    """Every plan by name: those of ``core.plans``, with what the office changed or added."""
    own = {
        p.name: plans_of.Plan(p.name, Text(p.title_zh, p.title_en), *(getattr(p, n) for n in plans_of.NUMBERS))
        for p in Plan.objects.all()
    }
    return {**plans_of.DEFAULTS, **own}


def plan(name: str) -> plans_of.Plan:
    """The plan of that name. Raises NotFound naming those that there are."""
    known = plans()
    if name not in known:
        raise NotFound(
            Text(f"沒有用量方案「{name}」。", f"No plan '{name}'."),
            Text(f"可用的方案：{'、'.join(known)}。", f"The plans are: {', '.join(known)}."),
            parameter="plan",
        )
    return known[name]
