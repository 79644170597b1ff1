"""The simulated ministry: the same files for the same seed and hour, untidy as real ones, and read by its definitions."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from qingliu.core.dataset import Definition, SourceSpec
from qingliu.core.errors import BadDefinition
from qingliu.lake.ingest import Staged, shape
from qingliu.pipeline import sources
from qingliu.pipeline.readers import read
from qingliu.pipeline.simulation.feeds import FEEDS, first_hour, last_hour
from qingliu.pipeline.simulation.network import COUNTIES, points, stations
from qingliu.pipeline.simulation.water import rpi
from qingliu.pipeline.sources import simulator
from qingliu.pipeline.sources.base import Delivery
from qingliu.standards.aqi import index_of
from qingliu.standards.definition import load_all

DEMO = load_all([Path(__file__).resolve().parents[2] / "demo"])
TABLES = {code: d for code, d in DEMO.items() if d.dataset.view is None}
NOON = "2026-08-15T12:34"
PLANTED = {"WQX_P_03": ("itemvalue", {"1.2.3"}), "WR_P_17": ("registerdate", {"114/02/30"})}
ROW_LIMIT = 400_000


def source(code: str, **options: str) -> SourceSpec:
    """The demo source of a dataset, standing still at NOON, with some options changed."""
    declared = DEMO[code].source
    return replace(declared, options=tuple((dict(declared.options) | {"until": NOON} | options).items()))


def fetched(code: str, folder: Path, state: dict[str, str] | None = None, **options: str) -> Delivery:
    return simulator.fetch(source(code, **options), workdir=folder, state=state or {})


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


# The long histories are tested by shorter ones; the demo itself publishes them whole.
SHORT = {"AQX_P_488": "96", "AQX_P_434": "3", "AQX_P_02": "24", "AQX_P_13": "2"}


def shaped(definition: Definition, delivery: Delivery, work: Path) -> Staged:
    inputs = read(delivery.files, definition.read, work / "read")
    return shape(definition.dataset, definition.read, inputs, work / "shape")


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Staged]:
    """Every simulated dataset, through the readers and its definition."""
    out = {}
    for code, definition in TABLES.items():
        work = tmp_path_factory.mktemp(code)
        options = {"back": SHORT[code]} if code in SHORT else {}
        out[code] = shaped(definition, fetched(code, work / "in", **options), work)
    return out


@pytest.mark.parametrize("code", TABLES)
def test_every_simulated_file_fits_its_definition(code: str, staged: dict[str, Staged]) -> None:
    s = staged[code]
    assert s.rows == s.rows_read > 0
    assert s.unknown == ()
    assert set(s.missing) <= ({"unit"} if code == "AQX_P_488" else set())
    assert all(cell.holds for cell in s.cells)


@pytest.mark.parametrize("code", TABLES)
def test_nothing_goes_to_quarantine_but_what_was_planted(code: str, staged: dict[str, Staged]) -> None:
    s = staged[code]
    if code not in PLANTED:
        assert s.quarantined_cells == 0
        return
    found = duckdb.sql(f"SELECT DISTINCT \"column\", raw FROM '{s.quarantine}'").fetchall()
    column, raw = PLANTED[code]
    assert set(found) == {(column, text) for text in raw}
    page = (Path(__file__).resolve().parents[2] / "demo" / "README.md").read_text(encoding="utf-8")
    assert all(text in page for text in raw)


@pytest.mark.parametrize("code", [c for c, d in TABLES.items() if d.dataset.key])
def test_the_declared_key_tells_simulated_rows_apart(code: str, staged: dict[str, Staged]) -> None:
    key = ", ".join(f'"{c}"' for c in TABLES[code].dataset.key)
    assert duckdb.sql(f"SELECT count(*) FROM (SELECT DISTINCT {key} FROM '{staged[code].path}')").fetchone() == (
        staged[code].rows,
    )


def test_the_whole_demo_stays_small() -> None:
    per_period = {"aqi_hourly": 84, "pm25_hourly": 84, "items_wide": 84 * 7 * 24, "aqi_daily": 84, "forecasts": 3, "rivers": 270,
                  "complaints": 132, "facilities": 1500, "vehicles": 1200, "contaminated_sites": 400, "penalties": 400,
                  "inspections": 500, "eco_products": 300}  # fmt: skip
    assert sum(feed.back * per_period.get(name, 80) for name, feed in FEEDS.items()) < ROW_LIMIT


def test_every_feed_is_used_and_no_other(staged: dict[str, Staged]) -> None:
    assert Counter(d.source.option("feed") for d in TABLES.values()) == Counter(dict.fromkeys(FEEDS, 1))


def test_the_same_seed_and_hour_give_the_same_bytes(tmp_path: Path) -> None:
    one, two = (fetched("AQX_P_488", tmp_path / n, back="5") for n in "ab")
    assert [f.read_bytes() for f in one.files] == [f.read_bytes() for f in two.files]
    other = fetched("AQX_P_488", tmp_path / "c", back="5", seed="8")
    assert one.files[0].read_bytes() != other.files[0].read_bytes()


def test_an_hour_is_the_same_whether_told_alone_or_within_a_history(tmp_path: Path) -> None:
    alone = fetched("AQX_P_488", tmp_path / "a", back="1").files[0]
    history = fetched("AQX_P_488", tmp_path / "b", back="40").files[0]
    assert rows(history)[-84:] == rows(alone)


def test_an_old_hour_is_pinned_so_that_no_change_of_the_physics_slips_in(tmp_path: Path) -> None:
    line = fetched("AQX_P_488", tmp_path, back="1").files[0].read_text(encoding="utf-8-sig").splitlines()[1]
    assert line == (
        '基隆,基隆市,41,,良好,1.7,0.17,65.8,44,19,8,3.3,3.3,0,3.4,15,"2026/08/15 12:00:00",0.2,8.3,19,1,121.7601,25.1292,1'
    )


def test_only_new_hours_come_after_the_first_delivery(tmp_path: Path) -> None:
    first = fetched("AQX_P_488", tmp_path / "1", back="3")
    still = fetched("AQX_P_488", tmp_path / "2", dict(first.state), back="3")
    assert still.unchanged, "the source stands still"
    assert still.files == ()


def test_the_clock_moves_the_feed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = SourceSpec("simulator", (("feed", "pm25_hourly"), ("style", "csv"), ("back", "2")))
    moment = datetime.fromisoformat("2026-08-15T12:05+08:00")
    monkeypatch.setattr(simulator.clock, "now", lambda: moment)
    first = sources.fetch(spec, workdir=tmp_path / "1", state={})
    assert {r["datacreationdate"] for r in rows(first.files[0])} == {"2026/8/15 11:00", "2026/8/15 12:00"}
    moment += timedelta(minutes=30)
    assert sources.fetch(spec, workdir=tmp_path / "2", state=first.state).unchanged
    moment += timedelta(minutes=30)
    later = sources.fetch(spec, workdir=tmp_path / "3", state=first.state)
    assert {r["datacreationdate"] for r in rows(later.files[0])} == {"2026/8/15 13:00"}
    moment += timedelta(days=30)
    caught_up = sources.fetch(spec, workdir=tmp_path / "4", state=later.state)
    assert len({r["datacreationdate"] for r in rows(caught_up.files[0])}) == 2, "no more than the history it keeps"


def test_a_register_is_sent_once(tmp_path: Path) -> None:
    first = fetched("AQX_P_07", tmp_path / "1")
    assert len(rows(first.files[0])) == 84
    assert fetched("AQX_P_07", tmp_path / "2", dict(first.state)).unchanged


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"feed": "sky"}, "feed"),
        ({"style": "pdf"}, "style"),
        ({"seed": "x"}, "seed"),
        ({"until": "noon"}, "until"),
        ({"back": "-1"}, "back"),
    ],
)
def test_a_wrong_option_is_told_with_its_place(tmp_path: Path, options: dict[str, str], place: str) -> None:
    with pytest.raises(BadDefinition) as caught:
        fetched("AQX_P_07", tmp_path, **options)
    assert caught.value.parameter == f"source.options.{place}"
    assert caught.value.remedy.zh


def test_files_are_as_untidy_as_the_real_ones(tmp_path: Path) -> None:
    aqi = fetched("AQX_P_488", tmp_path, back="2").files[0].read_bytes()
    assert aqi.startswith(b"\xef\xbb\xbf")
    assert b'"2026/08/15 12:00:00"' in aqi
    assert b",-,-," in aqi
    vehicles = fetched("WR_P_17", tmp_path).files[0].read_bytes()
    assert vehicles.decode("cp950").startswith("管制編號,")
    with pytest.raises(UnicodeDecodeError):
        vehicles.decode("utf-8")
    wide = fetched("AQX_P_13", tmp_path, back="1").files[0].read_text(encoding="utf-8")
    assert wide.splitlines()[0].endswith(",22,23")
    assert ",NR," in wide
    assert re.search(r",[0-9.]+#,", wide)
    assert re.search(r",[0-9.]+x,", wide)
    body = json.loads(fetched("AQX_P_02", tmp_path, back="1").files[0].read_bytes())
    assert (body["total"], len(body["records"])) == ("84", 84)
    assert fetched("WR_P_13", tmp_path).files[0].read_bytes()[:2] in {b"\xff\xfe", b"\xfe\xff"}


def test_the_index_follows_from_the_concentrations_beside_it(tmp_path: Path) -> None:
    for row in rows(fetched("AQX_P_488", tmp_path, back="12").files[0]):
        parts = {
            k: float(row[k]) if row[k] else None for k in ("pm2.5_avg", "pm10_avg", "co_8hr", "so2", "no2", "o3_8hr")
        }
        ozone = parts["o3_8hr"]
        found = index_of(parts | {"o3_8hr": None if ozone is None else ozone / 1000})
        assert (found.value, found.pollutant.zh, found.status.zh) == (int(row["aqi"]), row["pollutant"], row["status"])  # type: ignore[union-attr]
        if row["nox"]:
            assert float(row["nox"]) == pytest.approx(float(row["no"]) + float(row["no2"]), abs=0.06)


def test_winter_is_dirtier_than_summer_and_ozone_peaks_at_noon(tmp_path: Path) -> None:
    def mean(column: str, chosen: list[dict[str, str]]) -> float:
        values = [float(r[column]) for r in chosen if r[column] not in {"", "-"}]
        return sum(values) / len(values)

    winter = rows(fetched("AQX_P_488", tmp_path / "w", back="96", until="2026-01-20T12:00").files[0])
    summer = rows(fetched("AQX_P_488", tmp_path / "s", back="96", until="2026-07-20T12:00").files[0])
    assert mean("pm2.5", winter) > 1.3 * mean("pm2.5", summer)
    by_hour = {h: [r for r in summer if f" {h}:00:00" in r["publishtime"]] for h in ("05", "13")}
    assert mean("o3", by_hour["13"]) > 1.5 * mean("o3", by_hour["05"])


def test_the_network_is_the_real_one() -> None:
    assert len(stations()) == len({s.siteid for s in stations()}) == len({s.name for s in stations()}) == 84
    assert {s.county for s in stations()} == set(COUNTIES)
    assert all(118 < s.lon < 122.1 and 21.8 < s.lat < 26.3 for s in stations())
    assert all(
        118 < p.lon < 122.1 and 21.8 < p.lat < 26.3
        for kind in ("river", "reservoir", "well", "plant")
        for p in points(kind)
    )


def test_the_river_pollution_index_takes_its_points_from_the_table() -> None:
    assert rpi({"DO": 6.5, "BOD": 3.0, "SS": 20.0, "NH3-N": 0.50}) == 1
    assert rpi({"DO": 4.6, "BOD": 4.9, "SS": 49.9, "NH3-N": 0.99}) == 3
    assert rpi({"DO": 2.0, "BOD": 15.0, "SS": 100.0, "NH3-N": 3.0}) == 6
    assert rpi({"DO": 1.9, "BOD": 15.1, "SS": 101.0, "NH3-N": 3.01}) == 10


def test_listed_chemicals_carry_cas_numbers_whose_check_digit_holds(tmp_path: Path) -> None:
    for row in rows(fetched("TOXIC_S_01", tmp_path).files[0]):
        digits, check = row["casno"].replace("-", "")[:-1], int(row["casno"][-1])
        assert sum(int(d) * n for n, d in enumerate(reversed(digits), start=1)) % 10 == check, row["casno"]


@pytest.mark.parametrize(
    ("cadence", "end", "first"),
    [
        ("hour", "2026-03-01T00:00", "2026-02-28T23:00"),
        ("day", "2026-02-28T23:00", "2026-02-27T00:00"),
        ("month", "2026-02-28T23:00", "2026-01-01T00:00"),
        ("year", "2025-12-31T23:00", "2024-01-01T00:00"),
        ("snapshot", "2026-03-01T00:00", "2026-03-01T00:00"),
    ],
)
def test_a_period_is_delivered_only_when_it_is_over(cadence: str, end: str, first: str) -> None:
    now = datetime.fromisoformat("2026-03-01T00:40")
    found = last_hour(cadence, now)  # type: ignore[arg-type]
    assert found == datetime.fromisoformat(end)
    assert first_hour(cadence, found, 2) == datetime.fromisoformat(first)  # type: ignore[arg-type]
