"""Puts a dataset's requests into its public note, so that its page needs no database."""

from __future__ import annotations

from typing import Any

from qingliu.catalog import publication
from qingliu.participation import queries
from qingliu.participation.models import Request

TOPIC = "requests"
SHOWN = 5


def publish_note(code: str) -> None:
    """Bring the public note about the requests on a dataset up to date."""
    if code:
        publication.note(TOPIC, {code: _body(code)})


def _body(code: str) -> dict[str, Any] | None:
    rows = list(queries.requests(queries.Wish(dataset=code)).filter(hidden_at=None))
    if not rows:
        return None
    return {"total": len(rows), "days": queries.reply_days(), "items": [_item(r) for r in rows[:SHOWN]]}


def _item(row: Request) -> dict[str, Any]:
    return {
        "number": row.number,
        "kind": row.kind,
        "state": row.state,
        "title": row.shown_title,
        "received_on": row.received_on.isoformat(),
        "answered_on": row.answered_on.isoformat() if row.answered_on else None,
        "promised_on": row.promised_on.isoformat() if row.promised_on else None,
        "simulated": row.simulated,
    }
