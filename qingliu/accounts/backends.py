"""Log-in with a brake: after five failures a name from one address waits, longer each time, at most 15 minutes."""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest

from qingliu.accounts.models import LoginFailures, User
from qingliu.accounts.rules import locked
from qingliu.audit import actions as audit
from qingliu.core.clock import now


class ThrottledBackend(ModelBackend):
    """Checks a password unless the pair (name, address) is waiting; guessing elsewhere never locks a person out."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        """The person, or None. Raises PermissionDenied while the pair is waiting."""
        if request is None or not username or password is None:
            return super().authenticate(request, username=username, password=password, **kwargs)
        subject = _subject(username, str(request.META.get("REMOTE_ADDR", "")))
        known = LoginFailures.objects.filter(subject=subject).first()
        if known and locked(known.failures, known.last_at, now()):
            raise PermissionDenied
        user = super().authenticate(request, username=username, password=password, **kwargs)
        with transaction.atomic():
            if user is not None:
                LoginFailures.objects.filter(subject=subject).delete()
            else:
                _count(subject)
            verb = "login.refused" if user is None else "login.accepted"
            audit.record(
                by="anonymous" if user is None else f"user:{username}", verb=verb, kind="user", object_id=username[:150]
            )
        return user


def _subject(username: str, address: str) -> str:
    return hashlib.blake2b(f"{username.casefold()}\0{address}".encode(), digest_size=32).hexdigest()


def _count(subject: str) -> None:
    row, made = LoginFailures.objects.get_or_create(subject=subject, defaults={"failures": 1, "last_at": now()})
    if not made:
        LoginFailures.objects.filter(pk=row.pk).update(failures=F("failures") + 1, last_at=now())
