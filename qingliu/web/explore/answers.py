"""Rows of a call, as plain values: the engine's answer to the API's own question, with what its head says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from qingliu.api.native import series
from qingliu.core.dataset import DatasetRecord, FieldRecord, Text
from qingliu.core.errors import BadRequest
from qingliu.lake.engine import Engine
from qingliu.web.explore.calls import Call

MOST_ROWS = 120_000


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of a call in its order. ``version`` is the number of the version read; times are aware."""

    call: Call
    fields: tuple[FieldRecord, ...]
    rows: tuple[dict[str, Any], ...]
    version: int
    groups: tuple[str, ...] = ()
    timed: bool = False  # whether its first column is the time of a bucket

    def column(self, name: str) -> list[Any]:
        """The cells of one column."""
        return [r[name] for r in self.rows]


def answer(engine: Engine, record: DatasetRecord, call: Call) -> Answer:
    """The rows of a call. Raises what the API would answer, and BadRequest where no chart could hold so many rows."""
    query = call.asked(record).query
    if call.tail == "series":
        series.refuse_mixture(engine, query, record)
        query = replace(query, limit=MOST_ROWS + 1)
    plan = engine.open(query)
    rows = engine.rows(plan)
    if len(rows) > MOST_ROWS:
        raise BadRequest(
            Text(
                f"結果超過 {MOST_ROWS:,} 列，畫不成一張圖。",
                f"The answer has more than {MOST_ROWS:,} rows: too many for a chart.",
            ),
            Text("請縮短期間、放大時段，或加條件；完整資料請用 API。",
                 "Shorten the period, widen the bucket or add a filter; the API gives them all."),
            parameter="bucket",
        )  # fmt: skip
    return Answer(call, plan.fields, tuple(rows), plan.version.number, query.group, bool(query.bucket))
