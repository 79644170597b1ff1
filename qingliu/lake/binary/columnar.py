"""Parquet, GeoParquet and Arrow: batches of the engine, written while the engine reads on. Nothing rests on a disk."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest
from qingliu.lake.answer import Plan, Stream
from qingliu.lake.binary.about import About
from qingliu.lake.binary.making import Making
from qingliu.lake.binary.points import Points
from qingliu.lake.names import ident

FORMATS = {"parquet", "geoparquet", "arrow"}
GROUP_ROWS = 61_440  # rows of a Parquet row group: 30 of the engine's vectors
BATCH_ROWS = 20_480  # rows of an Arrow record batch


class _Sink(io.RawIOBase):
    """Takes what a writer writes and gives it to whoever sends it."""

    def __init__(self) -> None:
        super().__init__()
        self._held: list[bytes] = []

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data: Any) -> int:
        """Keep the bytes until they are taken."""
        self._held.append(bytes(data))
        return len(self._held[-1])

    def taken(self) -> bytes:
        """Everything written since the last time."""
        data = b"".join(self._held)
        self._held.clear()
        return data


def stream(making: Making, told: About, form: str) -> Stream:
    """The answer's bytes, a row group or record batch at a time."""
    points = _points(making.plan, told) if form == "geoparquet" else None
    names = [f"{cell.sql} AS {ident(cell.column.name)}" for cell in told.cells]
    names += ["CAST(_lon AS DOUBLE)", "CAST(_lat AS DOUBLE)"] if points else []
    sql = f"SELECT {', '.join(names)} FROM ({making.compiled.sql})"
    session = making.session
    cursor = session.cursor()
    answer: Stream

    def chunks() -> Iterator[bytes]:
        with session.running(cursor, making.deadline_s):
            rows = BATCH_ROWS if form == "arrow" else GROUP_ROWS
            reader = cursor.execute(sql, making.compiled.params).to_arrow_reader(rows)
        sink = _Sink()
        schema = _schema(reader.schema, told, points)
        with _writer(form, sink, schema) as writer:
            while True:
                with session.running(cursor, making.deadline_s):
                    batch = next(reader, None)
                if batch is None:
                    break
                answer.returned += batch.num_rows
                writer.write_batch(_shaped(batch, schema, points))
                if data := sink.taken():
                    yield data
            if points:
                writer.add_key_value_metadata({"geo": points.footer()})
        yield sink.taken()

    answer = Stream(chunks(), cursor.close)
    return answer


def _points(plan: Plan, told: About) -> Points:
    query, place = plan.query, plan.entry.record.place
    known = {c.name for c in plan.version.columns}
    grouped = query.group or query.aggregates or query.bucket or query.changes_since is not None
    if place is None or grouped or place.lon not in known or place.lat not in known:
        raise BadRequest(
            Text(
                "這個回答沒有位置，無法輸出 GeoParquet。",
                "This answer has no place, so there is no GeoParquet.",
            ),
            Text("請改用 f=parquet。", "Use f=parquet."),
            parameter="f",
        )
    return Points([cell.column.name for cell in told.cells])


def _schema(found: pa.Schema, told: About, points: Points | None) -> pa.Schema:
    fields = []
    for at, cell in enumerate(told.cells):
        words = {
            "title_zh": cell.field.title.zh, "title_en": cell.field.title.en, "unit": cell.field.unit,
            "timezone": told.record.timezone if cell.field.type == "datetime" else "",
        }  # fmt: skip
        fields.append(found.field(at).with_metadata({k: v for k, v in words.items() if v}))
    return pa.schema([*fields, *(points.fields if points else ())], metadata=told.pairs())


def _writer(form: str, sink: _Sink, schema: pa.Schema) -> Any:
    if form == "arrow":
        return pa.ipc.new_stream(sink, schema)
    return pq.ParquetWriter(sink, schema, compression="zstd", write_page_index=True)


def _shaped(batch: pa.RecordBatch, schema: pa.Schema, points: Points | None) -> pa.RecordBatch:
    columns = batch.columns
    if points:
        *columns, lon, lat = columns
        columns = [*columns, *points.columns(lon, lat)]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
