"""Decisions about rows in words."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from qingliu.accounts.rules import RoleGrant
from qingliu.web.places import role_name
from qingliu.web.templatetags.qingliu import in_han

register = template.Library()


@register.filter
def row_status(name: str) -> str:
    """A row's status in words."""
    names = {"provisional": _("初步"), "validated": _("已確認"), "corrected": _("已更正"), "invalid": _("無效")}
    return names.get(name, name)


@register.filter
def cell(value: Any) -> SafeString | str:
    """A cell of a decision; what is null says so."""
    return "null" if value is None else in_han(value)


@register.filter
def role_title(role: str) -> str:
    """A role in words."""
    return role_name(RoleGrant(role))
