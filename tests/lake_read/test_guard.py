"""Which cells get an apostrophe before them in files for spreadsheets: by every hand that writes such files the same."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest

from qingliu.lake import guard
from qingliu.lake.binary import parts
from qingliu.lake.query import Rendering
from qingliu.lake.short.text import csv_text
from qingliu.standards import datapackage

RUN = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-1+2",
    "@SUM(A1)",
    "\t=1",
    "－１＋１",
    "＝SUM(A1)",
    "-無資料-A1",
    "-無(資料)",
    "-無!A1",
]
PLAIN = ["", "-5", "+3,000.5", "-", "---", "－", "-無資料-", "－無資料－", "-未檢測", "無=有", "Ａ＝１"]


@pytest.mark.parametrize("text", [*RUN, *PLAIN])
def test_a_cell_is_guarded_by_every_hand_alike(text: str) -> None:
    wanted = "'" + text if text in RUN else text
    assert guard.guarded(text) == wanted
    table = pa.table({"t": [text]})
    con = duckdb.connect()
    con.register("cells", table)
    rendering = Rendering("csv")
    for sql in (guard.guarded_sql("t"), parts.guarded_sql("t", rendering)):
        assert con.execute(f"SELECT {sql} FROM cells").fetchall() == [(wanted,)]
    assert csv_text(text, ";", spaces=False, guard=True) == wanted
    assert datapackage.guarded(text) == wanted
