"""Writes about agencies, people and keys; keys reach the data API's access file as soon as the write is committed."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from importlib.resources import files

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from qingliu.accounts import queries
from qingliu.accounts.models import Agency, ApiKey, Plan, RoleAssignment, User
from qingliu.accounts.rules import AT_HOME, ROLES, SCOPES, Actor, require
from qingliu.audit import actions as audit
from qingliu.core.access import digest, new_token, write_access
from qingliu.core.clock import now
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest, Conflict, NotFound
from qingliu.core.plans import DEFAULTS, LARGEST, NUMBERS, REGISTERED
from qingliu.lake.paths import LakePaths

LONGEST_KEY = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made: ``token`` is shown now and never again."""

    key_id: str
    token: str
    expires_at: datetime


def seed_agencies(*, by: Actor) -> int:
    """Add the ministry and its agencies that are missing; how many were added. Existing rows are left alone."""
    require(by, "accounts")
    rows = json.loads((files("qingliu.accounts") / "data" / "agencies.json").read_text(encoding="utf-8"))
    added = 0
    with transaction.atomic():
        known = {a.code: a for a in Agency.objects.all()}
        for row in rows:
            if row["code"] in known:
                continue
            known[row["code"]] = Agency.objects.create(
                code=row["code"],
                parent=known.get(row["parent"]),
                name_zh=row["zh"],
                name_en=row["en"],
                valid_from=date.fromisoformat(row["valid_from"]),
            )
            added += 1
        if added:
            audit.record(by=by.name, verb="agencies.seeded", kind="agency", object_id="*", detail={"added": added})
    return added


def add_agency(*, code: str, name: Text, parent: str = "", by: Actor) -> Agency:
    """Add an agency. Raises Conflict when the code is taken."""
    require(by, "accounts")
    with transaction.atomic():
        if Agency.objects.filter(code=code).exists():
            raise Conflict(
                Text(f"機關代碼「{code}」已存在。", f"Agency code '{code}' is taken."),
                Text("請使用另一個代碼。", "Use another code."),
            )
        above = queries.agency(parent) if parent else None
        made = Agency.objects.create(code=code, parent=above, name_zh=name.zh, name_en=name.en)
        audit.record(by=by.name, verb="agency.added", kind="agency", object_id=code, agency=code)
    return made


def create_user(*, username: str, password: str, email: str = "", by: Actor) -> User:
    """Add a person without roles. Raises Conflict for a taken name, BadRequest for a weak password."""
    require(by, "accounts")
    with transaction.atomic():
        made = _create_user(username, password, email)
        audit.record(by=by.name, verb="user.created", kind="user", object_id=username)
    return made


def create_administrator(*, username: str, password: str, email: str = "", by: Actor) -> User:
    """Add a person who may do everything, log in to the admin pages included."""
    require(by, "accounts")
    with transaction.atomic():
        made = _create_user(username, password, email)
        made.is_staff = True
        made.is_superuser = True
        made.save(update_fields=["is_staff", "is_superuser"])
        RoleAssignment.objects.create(user=made, role="administrator", granted_at=now())
        audit.record(by=by.name, verb="administrator.created", kind="user", object_id=username)
    return made


def _create_user(username: str, password: str, email: str) -> User:
    if User.objects.filter(username=username).exists():
        raise Conflict(
            Text(f"使用者「{username}」已存在。", f"User '{username}' exists."),
            Text("請使用另一個名稱。", "Use another name."),
        )
    _check_password(password, User(username=username, email=email))
    return User.objects.create_user(username, email, password)


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise BadRequest(
            Text("密碼太弱。", "The password is too weak."),
            Text(" ".join(error.messages), " ".join(error.messages)),
            parameter="password",
        ) from error


def grant_role(*, username: str, role: str, agency: str = "", by: Actor) -> None:
    """Give a person a role; a steward's or approver's names its agency. Giving it twice changes nothing."""
    require(by, "accounts")
    if role not in ROLES:
        raise BadRequest(
            Text(f"沒有角色「{role}」。", f"No role '{role}'."),
            Text(f"可用的角色：{'、'.join(ROLES)}。", f"The roles are: {', '.join(ROLES)}."),
            parameter="role",
        )
    if (role in AT_HOME) != bool(agency):
        raise BadRequest(
            Text(
                "承辦（steward）與核定（approver）必須屬於一個機關，其他角色則否。",
                "A steward or approver belongs to one agency; other roles do not.",
            ),
            Text("請以 --agency 指定機關代碼。", "Give the agency's code with --agency."),
            parameter="agency",
        )
    with transaction.atomic():
        user = queries.user(username)
        bound = queries.agency(agency) if agency else None
        _, made = RoleAssignment.objects.get_or_create(
            user=user, role=role, agency=bound, defaults={"granted_at": now()}
        )
        if made:
            detail = {"role": role}
            audit.record(by=by.name, verb="role.granted", kind="user", object_id=username, agency=agency, detail=detail)


def revoke_role(*, username: str, role: str, agency: str = "", by: Actor) -> None:
    """Take a role away. Raises NotFound where the person does not hold it."""
    require(by, "accounts")
    with transaction.atomic():
        held = RoleAssignment.objects.filter(user__username=username, role=role)
        held = held.filter(agency__code=agency) if agency else held.filter(agency=None)
        if not held.delete()[0]:
            raise NotFound(
                Text(
                    f"使用者「{username}」沒有角色「{role}」。", f"User '{username}' does not hold the role '{role}'."
                ),
                Text("請確認名稱與機關。", "Check the name and the agency."),
            )
        detail = {"role": role}
        audit.record(by=by.name, verb="role.revoked", kind="user", object_id=username, agency=agency, detail=detail)


def create_key(
    *, label: str, scopes: tuple[str, ...], days: int = 365, agency: str = "", plan: str = REGISTERED, by: Actor
) -> NewKey:
    """Make an API key that lives ``days`` days (at most 366). Its token is in the answer and nowhere else."""
    require(by, "keys", agency=agency)
    if plan != REGISTERED:
        require(by, "keys")  # more than the ordinary is the office's to give
        queries.plan(plan)
    unknown = [s for s in scopes if s not in SCOPES]
    if unknown or not scopes:
        raise BadRequest(
            Text(
                f"不認得的範圍：{'、'.join(unknown) or '（空白）'}。",
                f"Unknown scopes: {', '.join(unknown) or '(none)'}.",
            ),
            Text(f"可用的範圍：{'、'.join(SCOPES)}。", f"The scopes are: {', '.join(SCOPES)}."),
            parameter="scopes",
        )
    if not 1 <= days <= LONGEST_KEY.days:
        raise BadRequest(
            Text("金鑰的有效期必須是 1 到 366 天。", "A key lives between 1 and 366 days."),
            Text("請改用此範圍內的天數。", "Give a number of days in that range."),
            parameter="days",
        )
    token, moment = new_token(), now()
    with transaction.atomic():
        key = ApiKey.objects.create(
            key_id=secrets.token_hex(6),
            digest=digest(token),
            label=label,
            agency=queries.agency(agency) if agency else None,
            scopes=sorted(set(scopes)),
            created_at=moment,
            created_by=by.name,
            expires_at=moment + timedelta(days=days),
            plan=plan,
        )
        detail: dict[str, str | int] = {"label": label, "scopes": ",".join(key.scopes), "days": days}
        audit.record(by=by.name, verb="key.created", kind="key", object_id=key.key_id, agency=agency, detail=detail)
        transaction.on_commit(export_keys)
    return NewKey(key.key_id, token, key.expires_at)


def revoke_key(*, key_id: str, by: Actor) -> None:
    """Revoke a key; the data API refuses it within five seconds. Raises NotFound; revoking twice changes nothing."""
    key = ApiKey.objects.select_related("agency").filter(key_id=key_id).first()
    agency = key.agency.code if key and key.agency else ""
    require(by, "keys", agency=agency)
    if key is None:
        raise NotFound(
            Text(f"沒有編號為「{key_id}」的金鑰。", f"No key has the number '{key_id}'."),
            Text("以 qingliu key list 查看金鑰編號。", "See the numbers with: qingliu key list."),
        )
    with transaction.atomic():
        if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now()):
            audit.record(by=by.name, verb="key.revoked", kind="key", object_id=key_id, agency=agency)
        transaction.on_commit(export_keys)


def set_key_plan(*, key_id: str, plan: str, by: Actor) -> None:
    """Count a key's requests under another plan from now on. Raises NotFound for an unknown key or plan."""
    require(by, "keys")
    queries.plan(plan)
    with transaction.atomic():
        if not ApiKey.objects.filter(key_id=key_id).update(plan=plan):
            raise NotFound(
                Text(f"沒有編號為「{key_id}」的金鑰。", f"No key has the number '{key_id}'."),
                Text("以 qingliu key list 查看金鑰編號。", "See the numbers with: qingliu key list."),
            )
        audit.record(by=by.name, verb="key.plan", kind="key", object_id=key_id, detail={"plan": plan})
        transaction.on_commit(export_keys)


def set_plan(*, name: str, title: Text | None = None, numbers: Mapping[str, int], by: Actor) -> None:
    """Change a plan, or add one (it begins as a copy of the plan for keys); served within five seconds.

    ``numbers``: any of ``core.plans.NUMBERS``, each from 1 to a million million. Raises BadRequest.
    """
    require(by, "keys")
    wrong = [n for n, v in numbers.items() if n not in NUMBERS or not 1 <= v <= LARGEST]
    if wrong or not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", name):
        raise BadRequest(
            Text(
                f"方案名稱或數字不合用：{'、'.join(wrong) or name}。",
                f"The plan's name or a number cannot be used: {', '.join(wrong) or name}.",
            ),
            Text(
                "名稱用小寫英文、數字、- 與 _；數字由 1 起。",
                "A name is lower-case letters, digits, - and _; a number is 1 or more.",
            ),
            parameter=wrong[0] if wrong else "name",
        )
    with transaction.atomic():
        before = queries.plans().get(name) or replace(queries.plan(REGISTERED), name=name, title=Text(name, name))
        called = title or before.title
        values = {n: numbers.get(n, getattr(before, n)) for n in NUMBERS}
        Plan.objects.update_or_create(name=name, defaults={"title_zh": called.zh, "title_en": called.en, **values})
        audit.record(by=by.name, verb="plan.set", kind="plan", object_id=name, detail=dict(values))
        transaction.on_commit(export_keys)


def forget_plan(*, name: str, by: Actor) -> None:
    """Take the office's plan away: a built-in one is as it was made again, another's keys come under ``registered``."""
    require(by, "keys")
    with transaction.atomic():
        if not Plan.objects.filter(name=name).delete()[0]:
            raise NotFound(
                Text(f"沒有改過的用量方案「{name}」。", f"No plan '{name}' was changed or added."),
                Text("以 qingliu plan list 查看方案。", "See the plans with: qingliu plan list."),
            )
        if name not in DEFAULTS:
            ApiKey.objects.filter(plan=name).update(plan=REGISTERED)
        audit.record(by=by.name, verb="plan.forgotten", kind="plan", object_id=name)
        transaction.on_commit(export_keys)


def export_keys() -> None:
    """Write the live keys' hashes for the data API and beat the heart: after each change, and every 10 s."""
    moment = now()
    with transaction.atomic():  # under the write lock: an older reading never overwrites a newer one
        path = LakePaths(settings.QINGLIU.home).access_db
        write_access(path, queries.live_grants(moment), moment, queries.plans().values())


def set_password(*, username: str, password: str, by: Actor) -> None:
    """Give a person another password. Raises Forbidden, NotFound, and BadRequest for a weak one."""
    require(by, "accounts")
    user = queries.user(username)
    _check_password(password, user)
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        audit.record(by=by.name, verb="password.set", kind="user", object_id=username)


def forget_second_factor(*, username: str, by: Actor) -> int:
    """Let a person whose phone is lost set the second factor up anew; how many proofs were forgotten.

    Raises Forbidden and NotFound. The person must have been recognised by other means before.
    """
    require(by, "accounts")
    user = queries.user(username)
    with transaction.atomic():
        forgotten, _ = Authenticator.objects.filter(user=user).delete()
        audit.record(by=by.name, verb="second-factor.forgotten", kind="user", object_id=username)
    return forgotten
