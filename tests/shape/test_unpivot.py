"""Wide tables: every hour cell is a row, and the stored time is the hour's start."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from qingliu.core.dataset import ReadSpec, Sentinel, Unpivot
from qingliu.core.errors import BadSource

from .conftest import field, record

WIDE = ReadSpec(unpivot=Unpivot("[0-9]{1,2}", "日期", ("%Y/%m/%d",), "time", "value"))
OF = record(
    field("item", aliases=("測項",)),
    field("time", "datetime"),
    field("value", "number", sentinels=(Sentinel("NR", value=0, flag="no_rain"),), suffix_flags=(("x", "manual"),)),
    key=("item", "time"),
)


def table(labels: list[str], *rows: str) -> str:
    return "\n".join([",".join(["日期", "測項", *labels]), *rows]) + "\n"


@pytest.mark.parametrize(
    ("labels", "first", "last"),
    [
        ([f"{h:02d}" for h in range(1, 25)], datetime(2008, 1, 1, 0), datetime(2008, 1, 1, 23)),
        ([str(h) for h in range(1, 25)], datetime(2008, 1, 1, 0), datetime(2008, 1, 1, 23)),
        ([f"{h:02d}" for h in range(24)], datetime(2008, 1, 1, 0), datetime(2008, 1, 1, 23)),
        ([str(h) for h in range(24)], datetime(2008, 1, 1, 0), datetime(2008, 1, 1, 23)),
    ],
)
def test_hour_labels_tell_ending_from_beginning(
    shaped: Any, labels: list[str], first: datetime, last: datetime
) -> None:
    out = shaped(table(labels, "2008/1/1,CO," + ",".join(str(i) for i in range(24))), OF, WIDE)
    assert out.column("value") == [float(i) for i in range(24)]
    assert (out.column("time")[0], out.column("time")[-1]) == (first, last)
    assert out.staged.unknown == ()


def test_every_value_is_accounted_for(shaped: Any) -> None:
    labels = [f"{h:02d}" for h in range(1, 25)]
    cells = ["1", "", "NR", "2x", "oops", *["3"] * 19]
    out = shaped(table(labels, "2008/1/1,CO," + ",".join(cells), "2008/1/2,CO," + ",".join(["4"] * 24)), OF, WIDE)
    assert out.staged.rows_read == out.staged.rows == 48
    assert out.balance("value") == (45, 1, 1, 1)
    assert out.column("value")[:5] == [1.0, None, 0.0, 2.0, None]
    assert out.rows[3]["_flags"] == ";value=manual;"
    (told,) = out.quarantine
    assert (told["line"], told["record"], told["column"], told["header"], told["raw"]) == (2, 1, "value", "05", "oops")


def test_a_bad_date_sets_its_values_aside(shaped: Any) -> None:
    out = shaped(table([str(h) for h in range(24)], "2008/2/30,CO" + ",1" * 24, "2008/3/1,CO" + ",1" * 24), OF, WIDE)
    assert (out.staged.rows_read, out.staged.rows, out.staged.set_aside) == (48, 24, 24)
    assert out.quarantine[0]["raw"].startswith("2008/2/30")


def test_labels_that_do_not_tell_are_refused(shaped: Any) -> None:
    with pytest.raises(BadSource, match="hour columns cannot be told"):
        shaped(table([str(h) for h in range(1, 24)], "2008/1/1,CO" + ",1" * 23), OF, WIDE)
    with pytest.raises(BadSource, match="hour columns cannot be told"):
        shaped(table([str(h) for h in range(25)], "2008/1/1,CO" + ",1" * 25), OF, WIDE)


def test_files_of_both_kinds_form_one_table(shaped: Any) -> None:
    ending = table([f"{h:02d}" for h in range(1, 25)], "2008/1/1,CO" + ",1" * 24).encode("cp950")
    beginning = table([str(h) for h in range(24)], "2008/01/02,CO" + ",2" * 24).encode()
    out = shaped({"a.csv": ending, "b.csv": beginning}, OF, WIDE)
    assert out.column("time")[0] == datetime(2008, 1, 1)
    assert out.column("time")[24] == datetime(2008, 1, 2)
    assert out.staged.rows == 48


def test_roc_dates_in_a_wide_table(shaped: Any) -> None:
    wide = ReadSpec(unpivot=Unpivot("[0-9]{1,2}", "日期", ("roc:%Y/%m/%d",), "time", "value"))
    out = shaped(table([str(h) for h in range(24)], "97/1/1,CO" + ",1" * 24), OF, wide)
    assert out.column("time")[0] == datetime(2008, 1, 1)
