"""Counting failures in a row of one subject (a name at an address, a person's second factor) over all processes."""

from __future__ import annotations

import hashlib

from django.db.models import F

from qingliu.accounts.models import LoginFailures
from qingliu.accounts.rules import locked
from qingliu.core.clock import now


def subject(*parts: str) -> str:
    """The hash by which a subject is remembered: what it was made of is not kept."""
    return hashlib.blake2b("\0".join(p.casefold() for p in parts).encode(), digest_size=32).hexdigest()


def waiting(of: str) -> bool:
    """Whether a further attempt is refused unheard."""
    known = LoginFailures.objects.filter(subject=of).first()
    return bool(known and locked(known.failures, known.last_at, now()))


def failed(of: str) -> None:
    """One more failure."""
    row, made = LoginFailures.objects.get_or_create(subject=of, defaults={"failures": 1, "last_at": now()})
    if not made:
        LoginFailures.objects.filter(pk=row.pk).update(failures=F("failures") + 1, last_at=now())


def passed(of: str) -> None:
    """Forget the failures before a success."""
    LoginFailures.objects.filter(subject=of).delete()
