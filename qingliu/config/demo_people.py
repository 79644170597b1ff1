"""People of a demonstration: one for each side of the desk, with passwords that are made anew and shown once.

A real portal has none of them: `qingliu createuser` makes people there.
"""

from __future__ import annotations

import secrets

from qingliu.accounts import actions
from qingliu.accounts.models import User
from qingliu.accounts.rules import Actor

AGENCY = "moenv"
PEOPLE = (
    ("demo-steward", "steward", AGENCY, "承辦 prepares and uploads"),
    ("demo-approver", "approver", AGENCY, "核定 approves what another prepared"),
    ("demo-office", "office", "", "推動單位 decides contests, keeps rules and official figures"),
    ("demo-privacy", "privacy", "", "隱私 proposes or approves mask rules"),
)


def welcome(*, by: Actor) -> list[tuple[str, str, str]]:
    """Make sure that they exist and give each a new password: (name, password, what they do)."""
    rows = []
    for name, role, agency, does in PEOPLE:
        password = secrets.token_urlsafe(9)
        if not User.objects.filter(username=name).exists():
            actions.create_user(username=name, password=secrets.token_urlsafe(18), by=by)
        actions.grant_role(username=name, role=role, agency=agency, by=by)
        actions.set_password(username=name, password=password, by=by)
        rows.append((name, password, does))
    return rows
