"""Log-in with a brake: after five failures a name from one address waits, longer each time, at most 15 minutes."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest

from qingliu.accounts import throttle
from qingliu.accounts.models import User
from qingliu.audit import actions as audit


class ThrottledBackend(ModelBackend):
    """Checks a password unless the pair (name, address) is waiting; guessing elsewhere never locks a person out."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        """The person, or None. Raises PermissionDenied while the pair is waiting."""
        if request is None or not username or password is None:
            return super().authenticate(request, username=username, password=password, **kwargs)
        subject = throttle.subject(username, str(request.META.get("REMOTE_ADDR", "")))
        if throttle.waiting(subject):
            raise PermissionDenied
        user = super().authenticate(request, username=username, password=password, **kwargs)
        with transaction.atomic():
            if user is not None:
                throttle.passed(subject)
            else:
                throttle.failed(subject)
            verb = "login.refused" if user is None else "login.accepted"
            audit.record(
                by="anonymous" if user is None else f"user:{username}", verb=verb, kind="user", object_id=username[:150]
            )
        return user
