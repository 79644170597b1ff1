"""Where a person who is logged in may go, for the navigation of the pages behind the log-in."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from qingliu.accounts.queries import agencies
from qingliu.accounts.rules import Actor, RoleGrant, may
from qingliu.core.dataset import Text


@dataclass(frozen=True, slots=True)
class Place:
    """A link of the navigation, and whether the reader is there."""

    name: str
    address: str
    here: bool


def places(who: Actor, path: str) -> tuple[Place, ...]:
    """The places that ``who`` may enter, with the one that ``path`` lies in."""
    prepares, approves, sees = (_anywhere(who, d) for d in ("prepare", "approve", "private"))
    offered = (
        (prepares or approves or sees, "desk", _("我的資料集")),
        (prepares, "desk-upload", _("上傳檔案")),
        (sees, "runs", _("執行紀錄")),
        (_anywhere(who, "answer"), "desk-requests", _("民眾意見")),
        (may(who, "privacy"), "privacy", _("隱私")),
    )
    open_to = [(name, reverse(f"web:{target}")) for allowed, target, name in offered if allowed]
    nearest = max((a for _n, a in open_to if path.startswith(a)), key=len, default="")
    return tuple(Place(name, address, address == nearest) for name, address in open_to)


def _anywhere(who: Actor, doing: str) -> bool:
    """Whether ``who`` may do it everywhere or at one of their agencies."""
    return any(may(who, doing, agency=g.agency) for g in (*who.roles, RoleGrant("")))  # type: ignore[arg-type]


def role_name(grant: RoleGrant) -> str:
    """A role in words, with the agency that it is bound to."""
    names = {
        "administrator": _("平臺管理員"),
        "office": _("資料開放推動單位"),
        "steward": _("資料管理者"),
        "approver": _("核定者"),
        "privacy": _("隱私承辦"),
        "member": _("一般帳號"),
    }
    name = names.get(grant.role, grant.role)
    return _("%(role)s（%(agency)s）") % {"role": name, "agency": _agency(grant.agency)} if grant.agency else name


def _agency(code: str) -> str:
    found = next((a for a in agencies() if a.code == code), None)
    return Text(found.name_zh, found.name_en).get(get_language() or "") if found else code
