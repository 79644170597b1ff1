"""Errors as CKAN's clients know them: the envelope, ``__type`` by which they choose an exception, CKAN's status codes."""

from __future__ import annotations

from typing import Any

from qingliu.api.http import plain_json
from qingliu.core.dataset import Text
from qingliu.core.errors import (
    BadRequest,
    Forbidden,
    Gone,
    NotFound,
    QingliuError,
    TooDear,
    Unauthorized,
)

JSON = "application/json;charset=utf-8"
HELP = "/api/3/action/help_show?name="
VALIDATION = "Validation Error"
NOT_FOUND = "Not Found Error"
AUTHORIZATION = "Authorization Error"
SEARCH_QUERY = "Search Query Error"
BAD = "Bad Request"
_OWN_KEYS = {"__type", "message", "message_zh", "message_en"}
_ACTION_PATH = "/action/"


class CkanError(QingliuError):
    """A told error on its way out of an action, with CKAN's type and status."""

    code = "ckan"

    def __init__(self, kind: str, status: int, told: QingliuError, help_url: str = "") -> None:
        super().__init__(told.reason, told.remedy, parameter=told.parameter)
        self.kind = kind
        self.status = status
        self.help_url = help_url


class QueryError(BadRequest):
    """A search text that cannot be read (CKAN's Search Query Error)."""

    code = "search-query"


class Malformed(BadRequest):
    """A request whose body is no set of parameters at all."""

    code = "malformed"


def kind_of(error: QingliuError) -> tuple[str, int]:
    """CKAN's type and status for an error of ours."""
    if isinstance(error, CkanError):
        return error.kind, error.status
    if isinstance(error, QueryError):
        return SEARCH_QUERY, 400
    if isinstance(error, Malformed):
        return BAD, 400
    if isinstance(error, BadRequest):
        return VALIDATION, 409
    if isinstance(error, TooDear):
        return VALIDATION, error.status
    if isinstance(error, (NotFound, Gone)) or error.status == 404:
        return NOT_FOUND, error.status
    if isinstance(error, Forbidden):
        return AUTHORIZATION, 403
    if isinstance(error, Unauthorized):
        return AUTHORIZATION, error.status
    return {405: BAD, 400: BAD, 429: "Too Many Requests", 503: "Service Unavailable"}.get(
        error.status, "Internal Server Error"
    ), error.status


def told_by(action: str, base: str, error: QingliuError) -> CkanError:
    """``error`` as the action ``action`` tells it."""
    kind, status = kind_of(error)
    return CkanError(kind, status, error, f"{base}{HELP}{action}" if action else "")


def shape(error: QingliuError, lang: str) -> tuple[str, bytes]:
    """An error as (media type, body): ``{"help", "success": false, "error": {"__type", …}}``.

    A Validation Error names the parameter with a list of texts, as CKAN does; every error has ``message`` in the asked
    language and in both.
    """
    kind, _ = kind_of(error)
    both = Text(f"{error.reason.zh}{error.remedy.zh}", f"{error.reason.en} {error.remedy.en}".strip())
    message = both.get(lang)
    if kind == NOT_FOUND:
        message = f"Not found: {message}"  # clients show what stands behind the first colon and space
    elif kind == AUTHORIZATION:
        message = f"Access denied: {message}"
    body: dict[str, Any] = {"__type": kind, "message": message}
    if kind == VALIDATION:
        name = error.parameter or "query"
        body[name if name not in _OWN_KEYS else "parameter"] = [both.get(lang)]
    body |= {"message_zh": both.zh, "message_en": both.en}
    help_url = error.help_url if isinstance(error, CkanError) else ""
    return JSON, plain_json({"help": help_url or HELP.removesuffix("?name="), "success": False, "error": body})
