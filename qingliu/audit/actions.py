"""The one way to write an audit row; called inside the transaction of the write it speaks of."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from qingliu.audit.models import Event
from qingliu.core.clock import now
from qingliu.core.redact import redact

Detail = Mapping[str, str | int | float | bool | list[str] | list[int] | None]


def record(*, by: str, verb: str, kind: str, object_id: str, agency: str = "", detail: Detail | None = None) -> Event:
    """Add one row, keys hidden. Raises RuntimeError outside a transaction: the row stands or falls with its write."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("an audit row is written inside the transaction of its write")
    clean = {k: redact(v) if isinstance(v, str) else v for k, v in (detail or {}).items()}
    return Event.objects.create(
        at=now(), actor=by, verb=verb, kind=kind, object_id=object_id, agency=agency, detail=clean
    )
