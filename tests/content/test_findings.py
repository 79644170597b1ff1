"""Each rule finds what it is for, tells where it is with a condition that selects just that, and is silent on sound rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from qingliu.core.dataset import DatasetRecord, Reference
from qingliu.lake import checks
from qingliu.quality.rules import content
from qingliu.standards import content_rules
from tests.content import desk
from tests.content.desk import NOW, Row, air, air_rows, declared, field, judge


class Boxes:
    """Counties as boxes half a degree around each station of the desk."""

    def outside_m(self, places: list[tuple[float, float, str]]) -> list[float | None]:
        known = {county: (lon, lat) for _, _, county, lon, lat in desk.SITES}
        return [
            None if c not in known else 0.0 if max(abs(x - known[c][0]), abs(y - known[c][1])) < 0.5 else 50_000.0
            for x, y, c in places
        ]


def test_sound_rows_have_no_finding(tmp_path: Path) -> None:
    assert judge(air(), air_rows(), tmp_path, areas=Boxes()).findings == ()


def of(rows: list[Row], siteid: str, first: int = 0, last: int = 10_000) -> list[Row]:
    """The rows of a station from one hour to another, counted from the first."""
    return [r for r in rows if r["siteid"] == siteid][first:last]


def stuck(rows: list[Row]) -> None:
    for row in of(rows, "2", 100, 180):
        row["o3"] = 31.4


def beyond(rows: list[Row]) -> None:
    of(rows, "1")[5]["pm2.5"] = 4000.0
    of(rows, "1")[9]["pm2.5"] = 1500.0


def below(rows: list[Row]) -> None:
    of(rows, "3")[7]["so2"] = -99.0


def other_unit(rows: list[Row]) -> None:
    for row in of(rows, "1", 400):
        row["o3"] = row["o3"] / 1000


def stale(rows: list[Row]) -> None:
    source = of(rows, "3")[50]
    for row in of(rows, "3", 51, 56):
        row.update({n: source[n] for n in ("so2", "co", "o3", "pm2.5")})


def moved(rows: list[Row]) -> None:
    for row in of(rows, "2", 10, 14):
        row["lon"] = 122.9


def two_names(rows: list[Row]) -> None:
    for row in of(rows, "2", 600):
        row["sitename"] = "豐原（新）"


def one_place(rows: list[Row]) -> None:
    for row in of(rows, "2"):
        row.update(lon=desk.SITES[0][3], lat=desk.SITES[0][4], county="基隆市")


def empty_column(rows: list[Row]) -> None:
    for row in of(rows, "1", 0, 300):
        row["co"] = None


def future(rows: list[Row]) -> None:
    rows.append({**rows[-1], "at": NOW + timedelta(days=300)})


@pytest.mark.parametrize(
    ("rule", "spoil", "count"),
    [
        ("stuck", stuck, 80),
        ("range", beyond, 2),
        ("range", below, 1),
        ("unit-shift", other_unit, 28 * 24 - 400),
        ("stale", stale, 5),
        ("county", moved, 4),
        ("names", two_names, 28 * 24),
        ("same-place", one_place, 2 * 28 * 24),
        ("completeness", empty_column, 300),
        ("date", future, 1),
    ],
    ids=lambda v: v.__name__ if callable(v) else str(v),
)
def test_a_fault_is_found_counted_and_selected(
    rule: str, spoil: Callable[[list[Row]], None], count: int, tmp_path: Path
) -> None:
    rows = air_rows()
    spoil(rows)
    judged = judge(air(), rows, tmp_path, areas=Boxes())
    found = judged.of(rule)
    near = 12 if rule == "unit-shift" else 0  # a shift is placed within a block of twelve hours
    assert [f.count for f in found] == [pytest.approx(count, abs=near)], judged.findings
    assert all(judged.selected(f) == f.count for f in judged.findings if f.rows)
    assert found[0].rows
    others = {f.rule for f in judged.findings} - {rule}
    assert others <= {"outage"}, "one fault raised another rule's alarm"


def test_holes_are_told_as_ranges_and_a_silent_network_as_one_outage(tmp_path: Path) -> None:
    rows = air_rows()
    silent = {r["at"] for r in of(rows, "1", 200, 230)}
    missed = {r["at"] for r in of(rows, "2", 300, 305)} | {of(rows, "2")[400]["at"]}
    rows = [r for r in rows if r["at"] not in silent and not (r["siteid"] == "2" and r["at"] in missed)]
    judged = judge(air(), rows, tmp_path)
    (hole,) = judged.of("completeness")
    assert (hole.place, hole.count, hole.severity) == ("2", 6, "info")
    assert f"{min(missed):%Y-%m-%d %H:%M} – {min(missed) + timedelta(hours=4):%Y-%m-%d %H:%M}" in hole.reason.en
    (outage,) = judged.of("outage")
    assert outage.count == 30
    assert outage.place == f"{min(silent):%Y-%m-%d %H:%M} – {max(silent):%Y-%m-%d %H:%M}"


def test_a_station_that_fell_silent_is_told_with_its_last_row(tmp_path: Path) -> None:
    rows = [r for r in air_rows() if not (r["siteid"] == "3" and r["at"] > NOW - timedelta(days=4))]
    judged = judge(air(), rows, tmp_path)
    (ended,) = judged.of("completeness")
    assert (ended.place, judged.selected(ended)) == ("3", 1)


def test_a_late_dataset_says_how_late(tmp_path: Path) -> None:
    judged = judge(air(), air_rows(until=NOW - timedelta(days=3)), tmp_path)
    (late,) = judged.of("timeliness")
    assert "3 days ago" in late.reason.en
    assert judged.selected(late) == late.count == 3


@pytest.mark.parametrize(("away", "told"), [(25, False), (31, True), (400, True)])
def test_events_are_late_once_they_stay_away_three_times_as_long_as_before(
    away: int, told: bool, tmp_path: Path
) -> None:
    fields = (field("id", "string"), field("at", "datetime"), field("fine"))
    record = replace(air(), fields=fields, key=("id",), place=None, frequency=desk.Frequency(1, "day"))
    last = NOW - timedelta(days=away)
    rows = [{"id": str(n), "at": last - timedelta(days=10 * n), "fine": 1.0} for n in range(300)]
    rows.append({"id": "mistyped", "at": last - timedelta(days=20_000), "fine": 1.0})
    found = judge(record, rows, tmp_path).of("timeliness")
    assert bool(found) is told
    if found:
        assert "within 10 days" in found[0].reason.en


@pytest.mark.parametrize(("value", "told"), [(0.0, False), (2.0, True)])
def test_a_flat_line_of_rain_is_no_fault_while_it_is_zero(value: float, told: bool, tmp_path: Path) -> None:
    record = air(fields=(*air().fields, field("rainfall", unit="mm")))
    rows = air_rows()
    for i, row in enumerate(rows):
        row["rainfall"] = value if 300 <= i // 3 < 500 else i % 7 / 2
    assert bool(judge(record, rows, tmp_path).of("stuck")) is told


def test_a_flat_line_in_coarse_numbers_is_no_fault(tmp_path: Path) -> None:
    rows = air_rows()
    for i, row in enumerate(rows):
        row["o3"] = 31.0 if i // 3 % 200 < 150 else 32.0
    assert judge(air(), rows, tmp_path).of("stuck") == []


def test_flagged_values_are_not_judged_again(tmp_path: Path) -> None:
    rows = air_rows()
    of(rows, "1")[5].update({"pm2.5": 4000.0, "_flags": ";pm2.5=instrument_check_invalid;"})
    assert judge(air(), rows, tmp_path).of("range") == []


def test_a_declared_limit_an_order_a_sum_and_an_empty_share(tmp_path: Path) -> None:
    fields = (field("id", "string"), field("seen", "date"), field("told", "date"), field("a"), field("b"), field("all"))
    record = replace(
        air(), fields=fields, key=("id",), time_field="", place=None, frequency=desk.Frequency(0, "irregular")
    )
    for rule, options in (
        ("range", {"field": "a", "maximum": "50"}), ("order", {"earlier": "seen", "later": "told"}),
        ("sum", {"parts": "a,b", "total": "all"}), ("empty", {"field": "told", "share": "0.1"}),
    ):  # fmt: skip
        record = declared(record, rule, **options)
    rows = [
        {"id": str(i), "seen": date(2024, 1, 1), "told": date(2024, 1, 2), "a": i, "b": 1, "all": i + 1}
        for i in range(40)
    ]
    rows[3]["a"], rows[3]["all"] = 60, 61
    rows[4]["told"] = date(2023, 1, 1)
    rows[5]["all"] = 99
    for row in rows[20:30]:
        row["told"] = None
    judged = judge(record, rows, tmp_path)
    assert {(f.rule, f.count) for f in judged.findings} == {("range", 1), ("order", 1), ("sum", 1), ("empty", 10)}
    assert all(judged.selected(f) == f.count for f in judged.findings)


def test_a_rule_is_switched_off_with_a_reason(tmp_path: Path) -> None:
    record = declared(air(), "timeliness", off="一次性 one-off")
    assert judge(record, air_rows(), tmp_path, now=datetime(2030, 1, 1)).of("timeliness") == []


@pytest.mark.parametrize("differ", [True, False])
def test_rows_that_share_a_key_are_duplicates_or_contradict_each_other(differ: bool, tmp_path: Path) -> None:
    rows = air_rows()
    rows.append({**rows[10], **({"so2": 9.9} if differ else {})})
    judged = judge(air(), rows, tmp_path)
    (found,) = judged.of("key" if differ else "duplicate")
    assert judged.of("duplicate" if differ else "key") == []
    assert judged.selected(found) == found.count == 2


def test_a_station_that_the_master_lacks_is_a_hole_and_a_missing_master_is_not_measured(tmp_path: Path) -> None:
    record: DatasetRecord = replace(air(), references=(Reference(("siteid",), "SITES", ("id",)),))
    master = replace(air(), code="SITES", fields=(field("id", "string"),), key=("id",), time_field="", place=None)
    path = desk.written(master, [{"id": "1"}, {"id": "2"}], tmp_path / "master.parquet")
    judged = judge(record, air_rows(), tmp_path, masters={"SITES": checks.staged(master, path, 2)})
    (hole,) = judged.of("reference")
    assert judged.selected(hole) == hole.count == 28 * 24
    plan = content.plan(record, now=NOW, areas=None)
    rows = desk.written(record, air_rows(), tmp_path / "again.parquet")
    results = checks.run(checks.staged(record, rows, 3 * 28 * 24), plan, workdir=tmp_path)
    assert set(content.unmeasured(results)) == {"reference", "county"}
    told = [f for f in content.findings(record, results) if f.place == "not measured"]
    assert {f.rule for f in told} == {"reference", "county"}


def test_every_rule_of_the_register_has_words_and_every_word_a_rule() -> None:
    from qingliu.quality.rules.content import tell

    assert {rule for rule, _ in tell._words()} - {""} <= set(content_rules.register())
    for row in tell._words().values():
        assert row["remedy"]["zh"]
        assert row["remedy"]["en"]
