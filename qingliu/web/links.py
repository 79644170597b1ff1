"""Addresses that pages hand out: only ones that lead where they say."""

from __future__ import annotations

import re
from urllib.parse import quote, urlencode, urlsplit

_ENGLISH = re.compile(r"^/en(?=/|\?|$)")
_CONTROLS = re.compile(r"[\x00-\x20\x7f\\]")


def safe_url(url: str) -> str:
    """``url`` where it is an http(s) address with a host; "" otherwise (javascript:, data:, //host, broken ones)."""
    if _CONTROLS.search(url):
        return ""
    try:
        parts = urlsplit(url)
        return url if parts.scheme.lower() in ("http", "https") and parts.hostname else ""
    except ValueError:
        return ""


def other_language(full_path: str) -> str:
    """The same page in the other language: /en/… and /… exchanged, query kept; never an address of another host."""
    match = _ENGLISH.match(full_path)
    rest = full_path[match.end() :] if match else "/en" + full_path
    return "/" + rest.lstrip("/\\") if not rest.startswith("?") else "/" + rest


def api_rows(code: str, pairs: tuple[tuple[str, str], ...] = ()) -> str:
    """The native API's rows of a dataset."""
    return f"/api/datasets/{quote(code, safe='')}/rows" + (f"?{urlencode(pairs)}" if pairs else "")


def api_dataset(code: str, rest: str = "") -> str:
    """A place under a dataset in the native API, e.g. ``versions``."""
    return f"/api/datasets/{quote(code, safe='')}" + (f"/{rest}" if rest else "")


def api_moenv(code: str, pairs: tuple[tuple[str, str], ...] = ()) -> str:
    """A dataset in the MOENV dialect."""
    return f"/api/v2/{quote(code.lower(), safe='')}" + (f"?{urlencode(pairs)}" if pairs else "")
