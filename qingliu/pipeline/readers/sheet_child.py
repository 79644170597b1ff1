"""Runs alone in a limited process: one spreadsheet → lines of JSON, one per row. Imports nothing of ours.

usage: sheet_child.py FILE PATTERN MEMORY_BYTES CPU_S MAX_CELLS; a sheet starts with {"sheet": name}, a row is
[row number, [cells…]]. A hostile file may abort or exhaust this process; the parent lives.
"""

from __future__ import annotations

import datetime
import fnmatch
import json
import resource
import sys
from typing import Any


def text_of(value: Any) -> str | None:
    """A cell as text: whole numbers without ``.0``, dates as ISO 8601, nothing as None."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ", timespec="seconds" if not value.microsecond else "microseconds")
    return str(value)


def chosen(book: Any, pattern: str) -> list[str]:
    """Sheets by name, glob or number from 1; without a pattern all visible ones."""
    names = list(book.sheet_names)
    if not pattern:
        return [m.name for m in book.sheets_metadata if str(m.visible).endswith("Visible")]
    if pattern in names:
        return [pattern]
    if pattern.isdigit() and 1 <= int(pattern) <= len(names):
        return [names[int(pattern) - 1]]
    return [n for n in names if fnmatch.fnmatchcase(n, pattern)]


def main(path: str, pattern: str, memory: int, cpu_s: int, max_cells: int) -> int:
    """Print the sheets; exit code 3 for a file that is no spreadsheet, 4 for one that is too large."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from python_calamine import CalamineError, CalamineWorkbook  # after the limits, on purpose

    out = sys.stdout
    try:
        book = CalamineWorkbook.from_path(path)
        for name in chosen(book, pattern):
            sheet = book.get_sheet_by_name(name)
            if sheet.height * sheet.width > max_cells:
                return 4
            start = sheet.start or (0, 0)
            out.write(json.dumps({"sheet": name}, ensure_ascii=False) + "\n")
            for number, cells in enumerate(sheet.to_python(skip_empty_area=True), start=start[0] + 1):
                out.write(json.dumps([number, [text_of(c) for c in cells]], ensure_ascii=False) + "\n")
    except MemoryError:
        return 4
    except (CalamineError, OSError, ValueError) as error:
        sys.stderr.write(str(error)[:300])
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])))
