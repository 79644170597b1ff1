"""Keeps API keys out of everything that is written down: log lines, error texts, audit details."""

from __future__ import annotations

import logging
import re

HIDDEN = "[key]"
_QUERY = re.compile(r"(?i)((?:api[_-]?key|apikey|token|password|secret)(?:=|%3d))[^\s&#\"'<>;,)\]}]+")
_HEADER = re.compile(
    r"(?i)((?:proxy-)?authorization|x-api-key|api-key|cookie|set-cookie)(['\"]?\s*[:=,]\s*['\"]?)(?:(?:bearer|basic|token)\s+)?[^\s,'\"\]})]+"
)
_JSON = re.compile(r"(?i)(['\"](?:api[_-]?key|apikey|password|secret|token)['\"]\s*:\s*['\"])[^'\"]*")
_OWN = re.compile(r"\bqlk_[A-Za-z0-9_-]{8,}")


def redact(text: str) -> str:
    """The text with the values of keys, authorization headers and cookies replaced by ``[key]``."""
    text = _QUERY.sub(rf"\1{HIDDEN}", text)
    text = _HEADER.sub(rf"\1\2{HIDDEN}", text)
    text = _JSON.sub(rf"\1{HIDDEN}", text)
    return _OWN.sub(HIDDEN, text)


class RedactingFormatter(logging.Formatter):
    """Formats a record, traceback included, and then hides every key in it."""

    def format(self, record: logging.LogRecord) -> str:
        """The whole text of the record without keys."""
        return redact(super().format(record))
