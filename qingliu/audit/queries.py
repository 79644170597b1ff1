"""Reads of the audit trail."""

from __future__ import annotations

from django.db.models import QuerySet

from qingliu.audit.models import Event


def events(*, kind: str = "", object_id: str = "", verb: str = "", agency: str = "") -> QuerySet[Event]:
    """Events that match every given word, newest first."""
    given = {"kind": kind, "object_id": object_id, "verb": verb, "agency": agency}
    return Event.objects.filter(**{name: value for name, value in given.items() if value})
