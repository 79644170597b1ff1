"""Who acts in the quality room's tests, and ways to make looks and editions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from qingliu.accounts.rules import Actor, RoleGrant, operator
from qingliu.core.dataset import Frequency
from qingliu.quality.rules import editions
from qingliu.quality.rules.seen import Resource, Seen, Subject

OPERATOR = operator("test")
OFFICE = Actor("user:office", (RoleGrant("office"),))
STEWARD = Actor("user:steward", (RoleGrant("steward", "moenv"),))
STRANGER = Actor("user:stranger", (RoleGrant("steward", "ema"),))
MEMBER = Actor("user:member", (RoleGrant("member"),))
EDITION = editions.default()


def seen(name: str = "native-csv", form: str = "CSV", **said: Any) -> Seen:
    """A look that found everything right, but for what is said otherwise."""
    good: dict[str, Any] = {
        "how": "in_process", "status": 200, "reached": True, "bytes_read": 100, "whole": True, "found_format": form,
        "encoding": "UTF-8", "names": ("a", "b"),
    }  # fmt: skip
    return Seen(Resource(name, f"/{name}", form, "native"), **(good | said))


def subject(**said: Any) -> Subject:
    """A dataset that promises nothing, but for what is said otherwise."""
    plain = Subject("X_P_01", ("a", "b"), Frequency(0, "irregular"), None, None)
    return replace(plain, **said)
