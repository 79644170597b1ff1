"""Who acts in the tests of requests, and a request as somebody may write it. Persons and numbers are made up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from qingliu.accounts.rules import Actor, RoleGrant
from qingliu.participation.actions.submit import Origin
from qingliu.participation.rules.words import Asked

OFFICE = Actor("user:office", (RoleGrant("office"),))
STEWARD = Actor("user:steward", (RoleGrant("steward", "MOENV"),))
STRANGER = Actor("user:stranger", (RoleGrant("steward", "CHA"),))
MEMBER = Actor("user:member", (RoleGrant("member"),))
PLAIN = Asked(
    "question", "單位是什麼？", "請問這個欄位的單位是什麼，說明裡找不到。", "王大同", "asker@example.org", "TEST_A"
)


def asked(**said: Any) -> Asked:
    """A question on TEST_A, but for what is said otherwise."""
    return replace(PLAIN, **said)


def origin(form: str, address: str = "192.0.2.7", **said: Any) -> Origin:
    """One form of one sender."""
    return Origin(address, form, **said)
