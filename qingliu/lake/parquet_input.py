"""A Parquet file from outside as raw rows: every value as the text that the shaping reads back without loss."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from qingliu.core.dataset import Text
from qingliu.core.errors import BadSource, Refused
from qingliu.lake.inputs import RowsInput
from qingliu.lake.names import ident, literal

_NESTED = ("STRUCT", "MAP", "UNION")


def parquet_rows(path: Path, name: str, target: Path, *, limit_bytes: int, memory_limit: str = "500MB") -> RowsInput:
    """``path`` as a RowsInput at ``target``. Raises BadSource (not Parquet, torn), Refused (declared size too large)."""
    connection = duckdb.connect(":memory:", config={"threads": 2, "memory_limit": memory_limit})
    connection.execute("SET TimeZone = 'UTC'")
    try:
        meta = pq.read_metadata(path)
        declared = sum(meta.row_group(i).total_byte_size for i in range(meta.num_row_groups))
        if declared > limit_bytes:
            raise Refused(
                Text(f"「{name}」解開後過大。", f"'{name}' is too large when decoded ({declared} bytes)."),
                Text("請分批提供。", "Send it in parts."),
                parameter=name,
            )
        found = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({literal(str(path))})").fetchall()
        columns = [(row[0], row[1]) for row in found]
        texts = ", ".join(f"{_text(n, t)} AS c{i}" for i, (n, t) in enumerate(columns))
        place = "file_row_number + 1 AS _line, file_row_number + 1 AS _record"
        source = f"SELECT {texts}, {place} FROM read_parquet({literal(str(path))}, file_row_number=true)"
        connection.execute(f"COPY ({source}) TO {literal(str(target))} (FORMAT parquet, COMPRESSION snappy)")
    except (duckdb.Error, OSError, ValueError) as error:
        raise BadSource(
            Text(f"「{name}」不是完整的 Parquet 檔。", f"'{name}' is no whole Parquet file: {error}"),
            Text("請重新取得檔案。", "Fetch the file again."),
            parameter=name,
        ) from error
    finally:
        connection.close()
    return RowsInput(target, name, tuple(n for n, _ in columns))


def _text(name: str, kind: str) -> str:
    column = ident(name)
    if kind.startswith(_NESTED) or kind.endswith("]"):
        return f"CAST(to_json({column}) AS VARCHAR)"
    if kind == "BLOB":
        return f"hex({column})"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"strftime({column} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')"
    return f"CAST({column} AS VARCHAR)"
