"""值域 notation read into a check: ``[00000-99999]``, ``[A-Z][1-2][00-99]``, ``[0、1]``, ``浮點數``, ``整數``.

Of a text, a range of digits means as many digits as it is written with; of a number, a range of values.
"""

from __future__ import annotations

from dataclasses import dataclass

import re2

from qingliu.core.dataset import Text
from qingliu.standards.register import patterns
from qingliu.standards.register.records import Kind

_FLOAT = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_WHOLE = r"^[+-]?[0-9]+(\.0*)?$"
_NAMED = {
    "浮點數": _FLOAT,
    "數字": _FLOAT,
    "整數": _WHOLE,
    "正整數": r"^\+?0*[1-9][0-9]*$",
    "布林值": r"^(?i)(0|1|true|false|是|否|Y|N)$",
}


@dataclass(frozen=True, slots=True)
class Domain:
    """What a 值域 asks of a cell: an RE2 pattern over its whole text, and bounds of its value; ``told`` where unreadable."""

    source: str
    re2: str = ""
    low: float | None = None
    high: float | None = None
    values: tuple[str, ...] = ()
    told: Text | None = None


def read(text: str, kind: Kind) -> Domain:
    """The meaning of a 值域 for a property of that 型別; an empty one asks nothing."""
    bare = text.strip()
    if not bare:
        return Domain(text)
    if bare in _NAMED:
        return Domain(text, re2=_NAMED[bare])
    parts = _parts(bare)
    if parts is None or "…" in bare:  # a list cut short says what some values are, not what none may be
        return Domain(
            text,
            told=Text(
                f"看不懂值域「{bare[:60]}」，未執行。", f"The domain '{bare[:60]}' cannot be read; it was not run."
            ),
        )
    if len(parts) == 1:
        listed = _listed(parts[0])
        if listed:
            words = "|".join(re2.escape(v) for v in listed)
            return Domain(text, re2=f"^({words})$", values=listed)
        edges = _edges(parts[0])
        if edges and kind == "數字":
            return Domain(text, re2=_FLOAT, low=float(edges[0]), high=float(edges[1]))
    pieces = [_piece(p) for p in parts]
    if any(p is None for p in pieces):
        return Domain(
            text,
            told=Text(
                f"看不懂值域「{bare[:60]}」，未執行。", f"The domain '{bare[:60]}' cannot be read; it was not run."
            ),
        )
    return Domain(text, re2="^" + "".join(p or "" for p in pieces) + "$")


def _parts(text: str) -> list[str] | None:
    """The insides of ``[…][…]``; None where anything stands between or no bracket does."""
    parts, at = [], 0
    while at < len(text):
        end = text.find("]", at)
        if text[at] != "[" or end < 0:
            return None
        parts.append(text[at + 1 : end])
        at = end + 1
    return parts


def _listed(part: str) -> tuple[str, ...]:
    for comma in ("、", "，", ","):
        if comma in part:
            return tuple(v.strip() for v in part.split(comma) if v.strip())
    return ()


def _edges(part: str) -> tuple[str, str] | None:
    low, dash, high = part.partition("-")
    return (low, high) if dash and low.isdecimal() and high.isdecimal() and int(low) <= int(high) else None


def _piece(part: str) -> str | None:
    edges = _edges(part)
    if edges is not None:
        low, high = edges
        if len(low) == len(high):
            return _between(low, high)
        widths = [
            (w, max(int(low), 10 ** (w - 1) if w > 1 else 0), min(int(high), 10**w - 1))
            for w in range(len(low), len(high) + 1)
        ]
        return "(" + "|".join(_between(str(a).zfill(w), str(b).zfill(w)) for w, a, b in widths if a <= b) + ")"
    if len(part) == 3 and part[1] == "-" and part[0] <= part[2]:
        return f"[{re2.escape(part[0])}-{re2.escape(part[2])}]"
    return f"({'|'.join(re2.escape(v) for v in _listed(part))})" if _listed(part) else None


def _between(low: str, high: str) -> str:
    """A pattern for the numbers low..high written with as many digits as both have."""
    if not low:
        return ""
    if low == high:
        return low
    if set(low) == {"0"} and set(high) == {"9"}:
        return "[0-9]" + (f"{{{len(low)}}}" if len(low) > 1 else "")
    if low[0] == high[0]:
        return low[0] + _between(low[1:], high[1:])
    rest = len(low) - 1
    first, last = int(low[0]), int(high[0])
    options = []
    if set(low[1:]) - {"0"}:
        options.append(low[0] + _between(low[1:], "9" * rest))
        first += 1
    tail = ""
    if set(high[1:]) - {"9"}:
        tail = high[0] + _between("0" * rest, high[1:])
        last -= 1
    if first <= last:
        middle = f"[{first}-{last}]" if first < last else str(first)
        options.append(middle + (_between("0" * rest, "9" * rest)))
    if tail:
        options.append(tail)
    return options[0] if len(options) == 1 else "(" + "|".join(options) + ")"


def pattern_holds(domain: Domain) -> bool:
    """Whether RE2 takes the pattern made of a domain."""
    return not domain.re2 or not patterns.compile_error(domain.re2)
