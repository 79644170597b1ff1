"""Cells are counted exactly, their rows can be opened by the filter, and a fault of the standard is not blamed on the data."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qingliu.api import cql2
from qingliu.catalog import conformance
from qingliu.lake import conform
from qingliu.lake.engine import Engine
from qingliu.lake.query import Query
from qingliu.standards.register import functions, report
from tests.standards_register.conftest import definition

Publish = Callable[..., str]


def rows(engine: Engine, code: str, text: str) -> list[dict[str, object]]:
    """The rows that a finding's filter shows."""
    record = engine.published.get(code).record
    return engine.rows(engine.open(Query(code, where=cql2.parse(text, record))))


def column(judged: conformance.Judged, name: str) -> report.ColumnReport:
    """The report of one column."""
    return next(c for c in judged.report.columns if c.field == name)


def test_a_negative_temperature_is_the_standards_fault_and_a_negative_gas_is_the_datas(
    publish: Publish, engine: Engine
) -> None:
    judged = conformance.judge(publish(), engine)
    found = column(judged, "concentration")
    assert (found.cells, found.failing, found.excused, found.faulty) == (5, 2, 1, 1)
    assert [r["item"] for r in rows(engine, "TEST_STD", found.rows)] == ["CO"]
    assert [r["item"] for r in rows(engine, "TEST_STD", found.excused_rows)] == ["AMB_TEMP"]
    by_rule = {f.rule: f for f in judged.findings if f.columns == ("concentration",)}
    assert by_rule["standards/cells"].count == 1
    assert by_rule["standards/fault-of-standard"].severity == "info"
    assert "sign" in by_rule["standards/fault-of-standard"].reason.en


def test_a_unit_that_the_standard_lacks_is_told_apart_from_a_wrong_one(publish: Publish, engine: Engine) -> None:
    found = column(conformance.judge(publish(), engine), "unit")
    assert {v.value: v.fault is not None for v in found.values} == {"mm": True, "ppt": False}
    assert [r["unit"] for r in rows(engine, "TEST_STD", found.rows)] == ["ppt"]


def test_days_and_tiny_numbers_are_read_as_the_standard_writes_them(publish: Publish, engine: Engine) -> None:
    judged = conformance.judge(publish(), engine)
    assert column(judged, "day").failing == 0
    assert not any("e-" in v.value for v in column(judged, "concentration").values)


def test_old_county_names_are_cells_to_clean_with_their_names_of_today(publish: Publish, engine: Engine) -> None:
    judged = conformance.judge(publish(), engine)
    found = column(judged, "county")
    assert {v.value: v.count for v in found.values} == {"台北市": 1, "臺南縣": 1}
    clean = next(c for c in judged.changes if (c.doing, c.field) == ("clean", "county"))
    assert set(clean.after.split("、")) == {"台北市→臺北市", "臺南縣→臺南市"}
    assert clean.cells == 2


def test_what_was_found_is_published_as_the_note_and_only_while_it_is_current(publish: Publish, engine: Engine) -> None:
    code = publish()
    assert conformance.due(engine.published, "standards") == [code]
    conformance.publish([code], engine)
    said = engine.published.get(code).notes["standards"]
    assert (said["mapped"], said["unmapped"], said["version"]) == (6, 0, 1)
    assert said["failing"] == sum(f["count"] for f in said["findings"] if f["rule"] == "standards/cells")
    assert conformance.due(engine.published, "standards") == []
    publish(rows=[("松山", "臺北市", "SO2", "ppb", "2026-01-01", "2")])
    assert conformance.due(engine.published, "standards") == [code]


def test_cells_that_may_name_people_are_counted_and_never_quoted(publish: Publish, engine: Engine) -> None:
    text = definition().replace("role: county", "role: person_name")
    judged = conformance.judge(publish(text), engine)
    found = column(judged, "county")
    assert (found.failing, found.values, found.rows) == (2, (), "")
    assert "臺南縣" not in str(conformance.note(judged))


def test_a_catastrophic_pattern_of_a_standard_does_not_slow_the_engine(publish: Publish, engine: Engine) -> None:
    code = publish(rows=[("a" * 5000 + f"!{n}", "臺北市", "SO2", "ppb", "2026-01-01", "1") for n in range(300)])
    entry = engine.published.get(code)
    assert entry.current
    rules = (conform.CellRule("sitename", "^(a+)+$"), conform.CellRule("county", "(?=x)"))
    began = time.monotonic()
    slow, refused = conform.run(engine.paths, entry.record, entry.current, rules, engine.paths.home / "private" / "tmp")
    assert time.monotonic() - began < 3
    assert (slow.cells, slow.failing) == (300, 300)
    assert refused.error
    assert refused.failing == 0


CELLS = st.one_of(
    st.from_regex(r"[A-Z][1289][0-9]{8}", fullmatch=True),
    st.from_regex(r"[0-9]{8}", fullmatch=True),
    st.from_regex(r"[1-9][0-9]{1,6}-[0-9]{2}-[0-9]", fullmatch=True),
    st.text(alphabet="A1289-: ０甲", max_size=10),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(CELLS, min_size=1, max_size=60))
def test_the_engine_and_our_functions_say_the_same_of_every_cell(cells: list[str]) -> None:
    con = duckdb.connect()
    try:
        con.execute("CREATE TABLE t (x VARCHAR)")
        con.executemany("INSERT INTO t VALUES (?)", [[c] for c in cells])
        for name, check in functions.CHECKS.items():
            sql = conform.FUNCTIONS[name].replace("{x}", "x")
            said = [r[0] for r in con.execute(f"SELECT {sql} FROM t").fetchall()]
            assert said == [check(c) for c in cells], name
    finally:
        con.close()


def test_real_fengyuan_has_fifteen_temperatures_that_the_standard_cannot_say(
    real_data: Path, publish: Publish, engine: Engine
) -> None:
    from qingliu.catalog import actions as catalog
    from qingliu.pipeline import actions
    from tests.pipeline import town

    text = (Path(__file__).parents[2] / "datasets" / "AQX_FENGYUAN_H.yaml").read_text(encoding="utf-8")
    catalog.register_definition(text=text, by=town.OPERATOR)
    file = real_data / "fengyuan_2014_train_big5.csv"
    actions.run_delivery(code="AQX_FENGYUAN_H", files=[file], by=town.OPERATOR)
    judged = conformance.judge("AQX_FENGYUAN_H", engine)
    found = column(judged, "concentration")
    assert (found.excused, found.faulty) == (15, 98)
    shown = rows(engine, "AQX_FENGYUAN_H", found.excused_rows)
    assert {r["itemengname"] for r in shown} == {"AMB_TEMP"}
    assert len(shown) == 15
    assert len(rows(engine, "AQX_FENGYUAN_H", found.rows)) == 98


@pytest.mark.parametrize("count", [1, 60])
def test_a_filter_names_at_most_fifty_values(count: int) -> None:
    text = report.condition("x", tuple(f"值{n}" for n in range(count)), text=True)
    assert text.count("值") == min(count, 50)
    assert len(text.encode()) < 10_000
