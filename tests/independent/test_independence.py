"""The independent readers are independent, and would notice a difference."""

from __future__ import annotations

import ast
import io
import json
import sys
from datetime import datetime
from pathlib import Path

import old_clients
import pytest
import raw
import served
from tally import Tally, differences

HERE = Path(__file__).parent
SCRIPTS = sorted(path for path in HERE.glob("*.py") if not path.name.startswith(("test_", "conftest")))
FOREIGN = {"pyarrow", "duckdb", "daft", "pyiceberg"}  # readers made by others, each only where it is asked for


def tally(*rows: tuple[raw.Cell, ...]) -> Tally:
    found = Tally()
    for row in rows:
        found.add(("site", "aqi", "at"), row)
    return found


NOON, ONE = datetime(2025, 12, 1, 12), datetime(2025, 12, 1, 13)
WHOLE = tally(("仁武", 31.0, NOON), ("前金", 0.1, ONE), ("小港", None, ONE))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_shares_no_code_with_the_package(script: Path) -> None:
    own = {path.stem for path in SCRIPTS}
    for node in ast.walk(ast.parse(script.read_text("utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in (name.partition(".")[0] for name in names):
            assert name in sys.stdlib_module_names | own | FOREIGN, f"{script.name} imports {name}"


def test_the_same_rows_in_another_order_are_equal() -> None:
    again = tally(("小港", None, ONE), ("仁武", 31.0, NOON), ("前金", 0.1, ONE))
    assert differences(WHOLE, again) == []


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("仁武", 31.0, NOON), ("前金", 0.1, ONE)], "rows 3 expected, 2 served"),
        ([("仁武", 31.0, NOON), ("前金", 0.1, ONE), ("小港", 0.0, ONE)], "aqi: 2 filled expected, 3 served"),
        ([("仁武", 31.0, NOON), ("前金", 0.10000000000000002, ONE), ("小港", None, ONE)], "aqi: sum"),
        ([("仁武", 30.0, NOON), ("前金", 1.1, ONE), ("小港", None, ONE)], "aqi: "),
        ([("仁武 ", 31.0, NOON), ("前金", 0.1, ONE), ("小港", None, ONE)], "site: same count and sum, but other cells"),
        ([("仁武", 31.0, ONE), ("前金", 0.1, NOON), ("小港", None, ONE)], "cells stand in other rows"),
    ],
)
def test_one_changed_cell_is_noticed(rows: list[tuple[raw.Cell, ...]], said: str) -> None:
    assert said in " ".join(differences(WHOLE, tally(*rows)))


def test_every_raw_file_of_the_demo_is_read(tmp_path: Path) -> None:
    """A wide file of two eras, marks glued to numbers, and a row that is no number."""
    (tmp_path / "w.csv").write_bytes("日期,測站,測項,01,02,24\n2011/1/1,仁武,PM10,13#,NR,-\n".encode("cp950"))
    (tmp_path / "n.csv").write_text("日期,測站,測項,0,1,23\n2012/01/01,仁武,PM10,x,1.5,\n", "utf-8-sig")
    table = next(t for t in raw.tables() if t.code == "AQX_RENWU_H")
    wide = raw.Table("W", table.kinds, table.key, ("w.csv", "n.csv"), wide=True)
    rows = list(wide.rows(tmp_path))
    assert [row["monitordate"] for row in rows] == [
        datetime(y, 1, 1, h) for y, h in [(2011, 0), (2011, 1), (2011, 23), (2012, 0), (2012, 1), (2012, 23)]
    ]
    assert [row["concentration"] for row in rows] == [13.0, 0.0, None, None, 1.5, None]
    assert [row["concentration_flag"] for row in rows][:3] == ["instrument_check_invalid", "no_rain", None]
    assert (wide.read, wide.refused) == (6, 2)


def test_a_served_list_is_read_across_pieces() -> None:
    rows = [{"a": "[{" * 1000, "n": n} for n in range(1200)]
    for body in (json.dumps(rows), json.dumps({"dataset": "X", "rows": rows, "links": [{}]})):
        assert list(served.MOENV["json"](io.BytesIO(body.encode()))) == rows


def test_old_clients_have_thirteen_habits_or_more() -> None:
    assert len({habit.__name__ for habit in old_clients.HABITS}) >= 13
