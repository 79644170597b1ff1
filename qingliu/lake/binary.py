"""Answers in formats that are made as a whole file before their first byte can leave (Parquet: its footer names every part)."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from qingliu.lake.answer import Stream
from qingliu.lake.compiler import Compiled
from qingliu.lake.names import ident, literal
from qingliu.lake.query import Rendering
from qingliu.lake.render import Cell
from qingliu.lake.session import Session

FORMATS = {"parquet"}
CHUNK_BYTES = 256 * 1024


def stream(
    session: Session,
    compiled: Compiled,
    cells: Sequence[Cell],
    rendering: Rendering,
    *,
    folder: Path,
    deadline_s: float,
) -> Stream:
    """The file of ``compiled`` in a binary format, made in ``folder`` and gone however the answer ends. Raises TooDear."""
    names = ", ".join(f"{cell.sql} AS {ident(cell.column.name)}" for cell in cells)
    handle, name = tempfile.mkstemp(suffix=f".{rendering.format}", dir=folder)
    os.close(handle)
    path = Path(name)
    cursor = session.cursor()

    def chunks() -> Iterator[bytes]:
        try:
            with session.running(cursor, deadline_s):
                cursor.execute(
                    f"COPY (SELECT {names} FROM ({compiled.sql})) TO {literal(name)} (FORMAT parquet, COMPRESSION zstd)",
                    compiled.params,
                )
            with path.open("rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    yield chunk
        finally:
            path.unlink(missing_ok=True)

    def close() -> None:
        cursor.close()
        with suppress(OSError):
            path.unlink(missing_ok=True)

    return Stream(chunks(), close)
