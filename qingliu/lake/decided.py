"""Rows about which somebody decided: a source that delivers them again does not undo it in silence.

A decision rests on what the source had delivered. Delivered again like that, or as corrected, the row keeps what was
decided; delivered otherwise it is contested: the published row stays and the delivered one is set aside, in plain words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

CORRECTED = "corrected"  # the flag of a corrected cell
Cells = tuple[tuple[str, str | None], ...]
Row = dict[str, str | None]  # every stored column of a row as the engine writes it, `_flags` and `_status` too


@dataclass(frozen=True, slots=True)
class Decided:
    """A decided row by the texts of its key (as the engine writes them; None is an empty cell).

    ``source`` is what the source had delivered in the columns on which the decision rests, ``ours`` what stands in the
    corrected ones instead, ``status`` what the row is now.
    """

    key: tuple[str, ...]
    source: Cells
    ours: Cells
    status: str


def flag_name(column: str) -> str:
    """A column's name as it stands in ``_flags``."""
    return column.replace(";", "%3B").replace("=", "%3D")


def strip_pattern(columns: Sequence[str]) -> str:
    """RE2 for the flags of these columns, to be taken out of a row's ``_flags``."""
    return f";(?:{'|'.join(re.escape(flag_name(c)) for c in columns)})=[^;]*" if columns else ""


def marks(columns: Sequence[str]) -> str:
    """The flags that say that these cells were corrected."""
    return "".join(f"{flag_name(c)}={CORRECTED};" for c in columns)
