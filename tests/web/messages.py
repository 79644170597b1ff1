"""Every text that the package marks for translation, found by reading its sources as the translators' tools do."""

from __future__ import annotations

import io
from pathlib import Path

from babel.messages.extract import extract_python
from django.utils.translation.template import templatize

import qingliu

PACKAGE = Path(qingliu.__file__).parent
_KEYWORDS = ("_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext")


def in_context(context: str, msgid: str) -> str:
    """A message that has a context, as one key: the writing of GNU gettext's compiled catalogues."""
    return f"{context}\x04{msgid}"


def _found(source: bytes, place: str) -> list[tuple[str | tuple[str, ...], str]]:
    """(msgid or (singular, plural) or msgid in its context, place) of one Python source."""
    found: list[tuple[str | tuple[str, ...], str]] = []
    for line, call, text, _ in extract_python(io.BytesIO(source), _KEYWORDS, [], {"encoding": "utf-8"}):
        parts = tuple(p for p in text if p) if isinstance(text, tuple) else text
        if call == "pgettext" and isinstance(parts, tuple):
            parts = in_context(*parts)
        found.append((parts, f"{place}:{line}"))
    return found


def marked() -> dict[str | tuple[str, ...], str]:
    """Each msgid of the package and one place where it stands."""
    every: dict[str | tuple[str, ...], str] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        source = path.read_bytes()
        if b"gettext" in source:
            every |= {m: p for m, p in _found(source, str(path.relative_to(PACKAGE))) if m}
    for path in sorted(PACKAGE.rglob("templates/**/*.html")):
        python = templatize(path.read_text(encoding="utf-8"), origin=str(path))
        every |= {m: p for m, p in _found(python.encode(), str(path.relative_to(PACKAGE))) if m}
    return every
