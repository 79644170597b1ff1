"""Who may do what: one table of roles, asked before every write."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from qingliu.core.dataset import Text
from qingliu.core.errors import Forbidden

Role = Literal["administrator", "office", "steward", "approver", "privacy", "member"]
Doing = Literal[
    "accounts",
    "keys",
    "prepare",
    "approve",
    "define",
    "publish",
    "release",
    "withdraw",
    "listing",
    "private",
    "maintain",
    "judge",
    "contest",
    "decide",
    "privacy",
    "restricted",
    "answer",
    "dispatch",
]
Scope = Literal["read", "publish", "profile:bare", "profile:envelope"]
ROLES: tuple[str, ...] = get_args(Role)
SCOPES: tuple[str, ...] = get_args(Scope)

_EVERYWHERE: dict[str, frozenset[str]] = {
    "administrator": frozenset(get_args(Doing)),
    "office": frozenset(
        {
            "keys",
            "prepare",
            "approve",
            "define",
            "publish",
            "release",
            "withdraw",
            "listing",
            "private",
            "judge",
            "decide",
            "privacy",
            "answer",
            "dispatch",
        }
    ),
    "privacy": frozenset({"private", "privacy", "restricted"}),
    "steward": frozenset(),
    "approver": frozenset(),
    "member": frozenset(),
}
_AT_HOME: dict[str, frozenset[str]] = {
    "steward": frozenset({"keys", "prepare", "define", "publish", "release", "private", "judge", "contest", "answer"}),
    "approver": frozenset(
        {"approve", "define", "publish", "release", "withdraw", "private", "judge", "contest", "answer"}
    ),
}
AT_HOME: tuple[str, ...] = tuple(_AT_HOME)  # roles that are bound to one agency
_NAMES: dict[str, Text] = {
    "accounts": Text("管理帳號", "manage accounts"),
    "keys": Text("管理金鑰", "manage keys"),
    "prepare": Text("承辦資料集的草稿", "prepare drafts"),
    "approve": Text("核定提案", "approve proposals"),
    "define": Text("登錄資料集定義", "register definitions"),
    "publish": Text("發布資料", "publish data"),
    "release": Text("放行暫緩的資料", "release held data"),
    "withdraw": Text("下架資料集", "withdraw datasets"),
    "listing": Text("登錄目錄項目", "list catalogue entries"),
    "private": Text("檢視隔離資料與執行紀錄", "see quarantine and runs"),
    "maintain": Text("維護資料湖", "maintain the lake"),
    "privacy": Text("訂定或核可遮罩規則", "make or approve mask rules"),
    "restricted": Text("接觸限制名單", "touch the restricted list"),
    "judge": Text("檢測資料品質", "have datasets judged"),
    "contest": Text("對檢測結果提出異議", "contest a judgement"),
    "decide": Text(
        "決定異議、白名單、標章規則與官方數字", "decide contests, the white list, mark rules and official figures"
    ),
    "answer": Text("回復民眾意見", "answer requests"),
    "dispatch": Text("分派民眾意見", "dispatch requests"),
}
FREE_ATTEMPTS = 5
LONGEST_LOCK = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """A role, and for a steward or approver the agency it is bound to."""

    role: str
    agency: str = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """Someone who acts: the name that audit rows carry, and the roles held at this moment."""

    name: str
    roles: tuple[RoleGrant, ...] = ()


def same_person(one: str, other: str) -> bool:
    """Whether two actors' names are one person's: at a shell (``cli:``) or on the pages (``user:``), in any case of letters."""
    return _person(one) == _person(other)


def _person(name: str) -> tuple[bool, str]:
    where, _, who = name.partition(":")
    return (True, who.casefold()) if where in {"cli", "user"} and who else (False, name)


ANONYMOUS = Actor("anonymous")


def operator(name: str) -> Actor:
    """Whoever holds a shell on the machine: an administrator by that fact, named in every audit row."""
    return Actor(f"cli:{name}", (RoleGrant("administrator"),))


WORKER = Actor("worker", (RoleGrant("office"), RoleGrant("administrator")))


def may(actor: Actor, doing: Doing, *, agency: str = "") -> bool:
    """Whether ``actor`` may do it to what belongs to ``agency``; a steward or approver only at home."""
    for grant in actor.roles:
        if doing in _EVERYWHERE.get(grant.role, frozenset()):
            return True
        if agency and grant.agency == agency and doing in _AT_HOME.get(grant.role, frozenset()):
            return True
    return False


def require(actor: Actor, doing: Doing, *, agency: str = "") -> None:
    """Raise Forbidden unless ``actor`` may do it."""
    if may(actor, doing, agency=agency):
        return
    what = _NAMES[doing]
    at_zh, at_en = (f"（機關：{agency}）", f" of agency {agency}") if agency else ("", "")
    raise Forbidden(
        Text(f"「{actor.name}」沒有權限{what.zh}{at_zh}。", f"'{actor.name}' may not {what.en}{at_en}."),
        Text("請管理者授予所需角色。", "Ask an administrator for the role it takes."),
    )


def may_decide(actor: Actor, *, agency: str, maker: str, others: int, alone_ok: bool) -> bool:
    """Whether ``actor`` may decide on what ``maker`` prepared: another person who may approve; or the maker, where the
    agency has no other steward or approver (``others``) and the portal lets such agencies decide alone."""
    if not same_person(actor.name, maker):
        return may(actor, "approve", agency=agency)
    return alone_ok and others == 0 and (may(actor, "approve", agency=agency) or may(actor, "prepare", agency=agency))


def lock_after(failures: int) -> timedelta:
    """How long further attempts are refused after this many failures in a row: 5 are free, then 1, 2, 4 … 15 min."""
    if failures < FREE_ATTEMPTS:
        return timedelta(0)
    return min(timedelta(minutes=2 ** min(failures - FREE_ATTEMPTS, 10)), LONGEST_LOCK)


def locked(failures: int, last: datetime | None, now: datetime) -> bool:
    """Whether an attempt at ``now`` is refused unheard; a clock that jumped never locks for longer."""
    if last is None:
        return False
    return abs(now - last) < lock_after(failures)
