"""The audit trail: a row stands or falls with its write, is never changed, and never holds a key."""

from __future__ import annotations

import logging

import pytest
from django.db import transaction

from qingliu.audit import actions, queries
from qingliu.audit.models import Event
from qingliu.core.redact import RedactingFormatter, redact

KEY = "9e0f1c2d-secret-key-4b3a"


def write(**more: str) -> Event:
    """A row."""
    return actions.record(by="user:x", verb="thing.done", kind="thing", object_id="1", **more)  # type: ignore[arg-type]


@pytest.mark.django_db(transaction=True)
def test_a_row_outside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError):
        write()


@pytest.mark.django_db(transaction=True)
def test_a_row_falls_with_its_write() -> None:
    def fail() -> None:
        with transaction.atomic():
            write()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not queries.events(kind="thing").exists()


@pytest.mark.django_db
def test_a_row_is_never_changed_or_deleted() -> None:
    row = write()
    row.verb = "thing.undone"
    with pytest.raises(TypeError):
        row.save()
    with pytest.raises(TypeError):
        row.delete()


@pytest.mark.django_db
def test_keys_are_hidden_in_details() -> None:
    with transaction.atomic():
        actions.record(by="x", verb="v", kind="k", object_id="1", detail={"url": f"https://a/b?api_key={KEY}&limit=1"})
    detail = queries.events(verb="v").get().detail
    assert KEY not in str(detail)
    assert "limit=1" in detail["url"]


@pytest.mark.parametrize(
    "text",
    [
        f"GET /api/v2/aqx_p_432?api_key={KEY}&limit=1",
        f"GET /api/v2/aqx_p_432?limit=1&API_KEY={KEY}",
        f"url=https%3A%2F%2Fa%3Fapi_key%3D{KEY}",
        f"Authorization: Bearer {KEY}",
        f"authorization: {KEY}",
        f"{{'X-API-Key': '{KEY}', 'Accept': '*/*'}}",
        f"[('Authorization', 'Basic {KEY}')]",
        f'{{"api_key": "{KEY}"}}',
        f"apikey={KEY}",
        f"token={KEY}",
        "qlk_" + KEY.replace("-", "_"),
    ],
)
def test_no_log_line_shows_a_key(text: str) -> None:
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "asked %s", (text,), None)
    line = RedactingFormatter("%(message)s").format(record)
    assert KEY not in line
    assert KEY.replace("-", "_") not in line


def test_a_traceback_shows_no_key() -> None:
    try:
        raise ValueError(f"cannot open https://a/?api_key={KEY}")
    except ValueError:
        import sys

        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed", (), sys.exc_info())
    assert KEY not in RedactingFormatter("%(message)s").format(record)


def test_words_that_are_no_keys_stay() -> None:
    text = "monkey=banana&limit=1000 siteid=12 key: [siteid, time]"
    assert redact(text) == text
