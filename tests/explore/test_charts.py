"""Charts as pure functions: whatever the values, coordinates are numbers, scales monotone, gaps gaps, texts escaped."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qingliu.web.charts import axes, bars, boxes, calendars, line, maps, roses, scales, times
from qingliu.web.charts.envelope import envelope, segments
from qingliu.web.charts.marks import Drawing, whole

NUMBERS = st.one_of(st.floats(), st.floats(-1e6, 1e6), st.integers(-500, 500).map(float))
SOME = st.lists(st.one_of(st.none(), NUMBERS), max_size=60)
MOMENTS = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31))
TEXT = st.text(max_size=30)
EVIL = '<script>alert("1")</script>&\x00\x1b'


def document(drawing: Drawing) -> ElementTree.Element:
    """The picture, which must be XML, hold no coordinate that is none, and no attribute that the CSP forbids."""
    text = whole(drawing, EVIL, EVIL, ident="x", head=(EVIL,), foot=(EVIL,))
    assert "<script" not in text
    root = ElementTree.fromstring(text)
    for element in root.iter():
        for name, value in element.attrib.items():
            assert name != "style"
            assert not name.startswith("on")
            if name in {
                "d",
                "x",
                "y",
                "x1",
                "x2",
                "y1",
                "y2",
                "cx",
                "cy",
                "r",
                "width",
                "height",
                "transform",
                "points",
            }:
                assert not re.search("nan|inf", value, re.I), (name, value)
            if name in {"width", "height", "r"}:
                assert float(value) >= 0
    return root


def coordinates(d: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", d)]


@given(SOME, st.booleans(), st.integers(1, 12))
def test_ticks_hold_all_values_at_equal_round_steps(values: list[float | None], zero: bool, most: int) -> None:
    found = scales.ticks(values, most, zero=zero)
    known = scales.finite(values)
    assert len(found.values) >= 2
    assert list(found.values) == sorted(set(found.values))
    assert len(found.values) <= 2 * most + 4
    if known:
        slack = found.step * 1e-6
        assert found.low <= min(known) + slack
        assert found.high >= max(known) - slack
    assert all(found.label(v) and "nan" not in found.label(v) for v in found.values)
    if zero:
        assert found.low <= 0 <= found.high


@given(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300), st.floats(-1e300, 1e300), st.floats(-1e300, 1e300))
def test_a_scale_never_turns_round_and_never_leaves_its_range(low: float, high: float, a: float, b: float) -> None:
    scale = scales.Linear(min(low, high), max(low, high), 0, 100)
    assert 0 <= scale.at(a) <= 100
    if a <= b:
        assert scale.at(a) <= scale.at(b)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=50), st.integers(2, 60))
def test_every_value_lies_in_a_bin(values: list[float], most: int) -> None:
    edges = scales.bin_edges(values, most)
    assert list(edges) == sorted(set(edges))
    assert len(edges) <= 3 * most + 3
    slack = (edges[1] - edges[0]) * 1e-6
    assert edges[0] <= min(values) + slack
    assert edges[-1] >= max(values) - slack


@given(MOMENTS, MOMENTS, st.integers(2, 14), st.sampled_from(["zh", "en"]))
def test_time_ticks_lie_within_the_period_in_order(a: datetime, b: datetime, most: int, lang: str) -> None:
    low, high = min(a, b), max(a, b)
    found = times.ticks(low, high, most, lang)
    assert 1 <= len(found) <= most
    assert all(low <= t.at <= high for t in found)
    assert [t.at for t in found] == sorted({t.at for t in found})


def test_years_of_the_republic_stand_only_where_there_are_some() -> None:
    assert times.year_told(2025, "zh") == "2025（114年）"
    assert times.year_told(1911, "zh") == "1911"
    assert times.year_told(2025, "en") == "2025"
    early = times.ticks(datetime(1890, 1, 1), datetime(1925, 1, 1), 8, "zh")
    assert [t.below for t in early if t.at.year < 1912] == [""] * sum(t.at.year < 1912 for t in early)


@given(st.lists(st.tuples(st.floats(0, 800), st.floats(-1e5, 1e5)), max_size=400))
def test_an_envelope_keeps_both_ends_and_every_peak(spots: list[tuple[float, float]]) -> None:
    spots.sort(key=lambda s: s[0])
    kept = envelope(spots)
    assert set(kept) <= set(spots)
    if spots:
        assert kept[0] == spots[0]
        assert kept[-1] == spots[-1]
        for pixel in {int(x) for x, _ in spots}:
            whole_pixel = [y for x, y in spots if int(x) == pixel]
            left = [y for x, y in kept if int(x) == pixel]
            assert min(left) == min(whole_pixel)
            assert max(left) == max(whole_pixel)
            assert len(left) <= 4 or len(spots) < 3


@given(st.lists(st.one_of(st.none(), st.floats(-1e5, 1e5), st.just(math.nan)), max_size=60))
def test_runs_break_at_every_missing_value(values: list[float | None]) -> None:
    runs = segments([float(i) for i in range(len(values))], values, 1e9)
    known = {i for i, v in enumerate(values) if v is not None and not math.isnan(v)}
    assert {int(x) for run in runs for x, _ in run} == known
    for run in runs:
        assert [x for x, _ in run] == list(range(int(run[0][0]), int(run[0][0]) + len(run)))


def test_a_line_is_not_drawn_over_a_gap() -> None:
    start = datetime(2025, 1, 1)
    hours = tuple(start + timedelta(hours=h) for h in range(10))
    values = (1.0, 2.0, 3.0, None, None, 4.0, 5.0, None, 6.0, None)
    root = document(line.draw(line.Lines((line.Line("a", hours, values),), "µg")))
    (path,) = [e for e in root.iter() if (e.get("class") or "").startswith("line s1")]
    assert [len(coordinates(part)) for part in re.findall("M[^M]+", path.get("d") or "")] == [3, 2]
    assert sum(e.tag.endswith("circle") for e in root.iter()) == 1  # the value that stands alone


def test_values_further_apart_than_promised_are_not_joined() -> None:
    moments = (datetime(2025, 1, 1), datetime(2025, 1, 2), datetime(2025, 1, 9), datetime(2025, 1, 10))
    root = document(
        line.draw(line.Lines((line.Line("a", moments, (1.0, 2.0, 3.0, 4.0)),), "", furthest_s=1.5 * 86_400))
    )
    (path,) = [e for e in root.iter() if (e.get("class") or "").startswith("line s1")]
    assert (path.get("d") or "").count("M") == 2


@given(
    st.lists(st.tuples(TEXT, st.lists(st.tuples(MOMENTS, st.one_of(st.none(), NUMBERS)), max_size=12)), max_size=7),
    TEXT,
)
def test_any_lines_make_a_sound_picture(
    lines: list[tuple[str, list[tuple[datetime, float | None]]]], unit: str
) -> None:
    made = []
    for label, pairs in lines:
        pairs.sort(key=lambda p: p[0])
        made.append(line.Line(label, tuple(t for t, _ in pairs), tuple(v for _, v in pairs)))
    for paper in (axes.WIDE, axes.NARROW):
        document(line.draw(line.Lines(tuple(made), unit, "en", 3600.0), paper))


@given(st.lists(st.tuples(TEXT, st.one_of(st.none(), NUMBERS)), max_size=21), TEXT)
def test_any_bars_make_a_sound_picture(pairs: list[tuple[str, float | None]], unit: str) -> None:
    chart = bars.Bars(tuple(bars.Bar(n, v, n) for n, v in pairs), unit)
    for paper in (axes.WIDE, axes.NARROW):
        document(bars.draw(chart, paper))


@given(st.lists(NUMBERS, max_size=30), st.lists(st.one_of(st.none(), NUMBERS), min_size=30, max_size=30))
def test_any_distribution_makes_a_sound_picture(values: list[float], heights: list[float | None]) -> None:
    edges = scales.bin_edges(values, 12)[:30]
    n = max(0, len(edges) - 1)
    chart = bars.Columns(edges[:-1], edges[1:], tuple(heights[:n]), tuple("h" for _ in range(n)), "n", "x")
    document(bars.columns(chart, axes.NARROW))


@given(st.lists(st.tuples(TEXT, st.lists(st.one_of(st.none(), NUMBERS), min_size=7, max_size=7)), max_size=6))
def test_any_boxes_make_a_sound_picture(found: list[tuple[str, list[float | None]]]) -> None:
    document(boxes.draw(boxes.Boxes(tuple(boxes.Box(n, tuple(v)) for n, v in found), "µg")))


@given(st.lists(st.tuples(st.dates(date(1, 1, 1), date(9999, 12, 31)), st.one_of(st.none(), NUMBERS)), max_size=3))
def test_any_calendar_makes_a_sound_picture(days: list[tuple[date, float | None]]) -> None:
    steps = calendars.steps_of([v for _, v in days if v is not None])
    chart = calendars.Calendar((("a", tuple(days)),), steps, tuple("n" for _ in range(len(steps) + 1)), "µg", "zh")
    for paper in (axes.WIDE, axes.NARROW):
        document(calendars.draw(chart, paper))


@pytest.mark.parametrize(
    ("degrees", "sector"), [(0, 0), (360, 0), (11.2, 0), (11.3, 1), (348.7, 15), (348.8, 0), (90, 4)]
)
def test_sectors_of_the_wind_rose_are_centred_on_their_names(degrees: float, sector: int) -> None:
    assert roses.sector(degrees) == sector


@given(st.lists(st.lists(st.floats(0, 100), min_size=5, max_size=5), min_size=16, max_size=16), st.floats(0, 100))
def test_any_rose_makes_a_sound_picture(shares: list[list[float]], calm: float) -> None:
    chart = roses.Rose(tuple(map(tuple, shares)), ("a",) * 5, ("N",) * 16, calm, "calm")
    for paper in (axes.WIDE, axes.NARROW):
        document(roses.draw(chart, paper))


SPOTS = st.lists(st.tuples(st.floats(100, 130), st.floats(10, 40), st.one_of(st.none(), NUMBERS)), max_size=8)


@given(SPOTS, st.booleans())
def test_any_map_makes_a_sound_picture_and_leaves_out_what_lies_off_it(
    found: list[tuple[float, float, float | None]], shaded: bool
) -> None:
    area = maps.Area(
        EVIL, (((110.0, 23.0), (111.0, 23.0), (110.5, 25.0), (110.0, 23.0)),), found[0][2] if found else None, EVIL
    )
    spots = tuple(maps.Spot(x, y, v, EVIL) for x, y, v in found)
    for paper in (axes.WIDE, axes.NARROW):
        root = document(maps.draw(maps.Map((area,), spots, (1.0, 2.0), ("a", "b", "c"), "n", shaded), paper))
        assert sum(e.tag.endswith("circle") for e in root.iter()) == sum(maps.within(s) for s in spots)


def test_the_colours_of_the_index_are_never_the_only_sign() -> None:
    days = tuple((date(2025, 1, 1 + i), v) for i, v in enumerate((20.0, 80.0, 120.0, 180.0, 250.0, 400.0)))
    chart = calendars.Calendar((("", days),), (50, 100, 150, 200, 300), tuple("abcdef"), "AQI", index=True)
    root = document(calendars.draw(chart))
    told = [e.text for e in root.iter() if (e.get("class") or "").startswith("on")]
    assert sorted(told) == sorted("123456" * 2)  # once in the days, once in the key
    bands = (line.Band(0, 50, "good", 1), line.Band(50, 100, "moderate", 2))
    lines = line.Lines(
        (line.Line("a", (datetime(2025, 1, 1), datetime(2025, 1, 2)), (10.0, 90.0)),), "AQI", bands=bands
    )
    assert {"good", "moderate"} <= set(document(line.draw(lines)).itertext())


def test_very_many_points_are_one_path_a_colour() -> None:
    spots = tuple(maps.Spot(109 + i / 1e4, 23 + i / 1e4, float(i % 3)) for i in range(maps.FEW + 1))
    root = document(maps.draw(maps.Map((), spots, (0.5, 1.5), ("a", "b", "c"), "n")))
    drawn = [e.get("d") or "" for e in root.iter() if (e.get("class") or "").startswith("many-")]
    assert len(drawn) == 3
    assert sum(d.count("h0") for d in drawn) == len(spots)
