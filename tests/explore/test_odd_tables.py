"""Tables nobody drew before: empty columns, one row, old dates, negative values, thousands of categories, words that bite."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from django.test import Client

from qingliu.core.dataset import DatasetRecord, Frequency, Place, Text
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import PublishedWriter
from qingliu.web import lakeside
from tests.api.portal import AGENCY, NOTHING, field, publish, serve
from tests.web.test_hostile import Markup

BARE = DatasetRecord(
    code="ODD", title=field("x", "string").title, description=NOTHING, agency="moenv", agency_name=AGENCY, unit=NOTHING,
    category="air", fields=(), frequency=Frequency(0, "irregular"),
)  # fmt: skip
NULLS = replace(BARE, code="ODD_NULL", fields=(field("名稱", "string"), field("值", "number"), field("at", "datetime")),
                time_field="at", key=("名稱", "at"), frequency=Frequency(1, "hour"))  # fmt: skip
ONE = replace(BARE, code="ODD_ONE", fields=(field("limit", "string"), field("a,b", "number", unit="°C"),
              field("day", "date", formats=("%Y-%m-%d",))), time_field="day", key=("limit", "day"),
              frequency=Frequency(1, "day"))  # fmt: skip
OLD = replace(BARE, code="ODD_OLD", fields=(field("site", "string"), field("v", "number", unit="m"),
              field("day", "date", formats=("%Y-%m-%d",))), time_field="day", key=("site", "day"),
              frequency=Frequency(1, "year"))  # fmt: skip
MANY = replace(BARE, code="ODD_MANY", fields=(field("name", "string"), field("n", "integer")))
TEXTS = replace(BARE, code="ODD_TEXT", fields=(field("what", "string"), field("=1+1", "string")))
EVIL = "<script>alert(1)</script>"
MARKDOWN = '[點我](javascript:alert(1)) ![圖](x" onerror="alert(1)) <img src=x onerror=alert(1)>'
SPOTS = replace(BARE, code="ODD_SPOT", title=Text(EVIL, EVIL), description=Text(MARKDOWN, MARKDOWN), place=Place("lon", "lat"),
                fields=(replace(field(f"站{EVIL}", "string"), role="station_name"), field("lon", "number"),
                        field("lat", "number"), field("v", "number", unit=EVIL)))  # fmt: skip


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    paths = LakePaths(tmp_path_factory.mktemp("odd") / "home")
    paths.make()
    rows: dict[str, list[list[str]]] = {
        "ODD_NULL": [["甲", "", f"2025-01-01 {h:02d}:00"] for h in range(5)],
        "ODD_ONE": [["f", "-3.5", "2025-02-28"]],
        "ODD_OLD": [["a", str(v), f"{1890 + v}-07-01"] for v in range(60) if v != 30],
        "ODD_MANY": [[f"類別{i:04d}" if i < 5_000 else "常見", str(i - 2_700)] for i in range(5_400)],
        "ODD_TEXT": [[EVIL, "=cmd()"], [EVIL, "+1"], ["b", "c"]],
        "ODD_SPOT": [[f'{EVIL}"{n}', f"{120.5 + n / 10}", "23.5", str(n)] for n in range(9)],
    }
    records = {r.code: r for r in (NULLS, ONE, OLD, MANY, TEXTS, SPOTS)}
    versions = {code: [publish(paths, records[code], made, None)] for code, made in rows.items()}
    with PublishedWriter(paths.published_db).transaction() as t:
        for code, (version,) in versions.items():
            t.put_version(version)
            t.put_entry(
                records[code], kind="table", current=1, status="published", updated_at="2026-11-22T00:00:00.000Z"
            )
    portal = serve(paths, versions)
    before = list(lakeside._given)
    lakeside.use(lambda: portal.engine)
    yield
    lakeside._given[:] = before
    portal.engine.close()


@pytest.fixture
def reader(odd: None, pages: None) -> Iterator[Client]:
    return Client(raise_request_exception=False, headers={"host": "localhost"})


@pytest.fixture
def pages() -> None:
    """This module has a portal of its own."""


def shown(reader: Client, code: str, query: str = "") -> str:
    answer = reader.get(f"/dataset/detail/{code}/explore{query}")
    assert answer.status_code == 200, answer.content.decode()[-2000:]
    text = answer.content.decode()
    for svg in re.findall(r"<svg.*?</svg>", text, re.S):
        assert not re.search(r"\b(nan|inf)\b", svg, re.I)
        ElementTree.fromstring(svg)
    return text


def numbers(reader: Client, code: str, query: str = "") -> list[dict[str, str]]:
    told = reader.get(f"/dataset/detail/{code}/explore/chart.csv{query}")
    assert told.status_code == 200
    return list(csv.DictReader(io.StringIO(told.content.decode("utf-8-sig"))))


@pytest.mark.parametrize("code", ["ODD_NULL", "ODD_ONE", "ODD_OLD", "ODD_MANY", "ODD_TEXT"])
def test_every_kind_that_a_table_offers_is_a_sound_page(reader: Client, code: str) -> None:
    text = shown(reader, code)
    kinds = set(re.findall(r'href="\?chart=([a-z]+)', text))
    assert {"bar", "pivot", "table"} <= kinds
    for kind in kinds:
        shown(reader, code, f"?chart={kind}")


def test_a_column_without_any_value_is_said_to_have_none(reader: Client) -> None:
    assert "沒有可畫的值" in shown(reader, "ODD_NULL", "?chart=line&of=值&only=甲")


def test_names_that_are_parameters_or_hold_commas_are_asked_for_rightly(reader: Client) -> None:
    (row,) = [r for r in numbers(reader, "ODD_ONE", "?chart=line&of=a,b&by=limit&only=f") if r["limit"] == "f"]
    assert row["avg_a,b"] == "-3.5"


def test_dates_before_the_republic_have_no_year_of_it(reader: Client) -> None:
    text = shown(reader, "ODD_OLD", "?chart=line&of=v&from=1890-01-01&to=1949-12-31")
    assert "1890" in text
    assert "（-" not in text
    assert {int(y) for y in re.findall(r">(-?\d+)年<", text)} == {9, 19, 29}


def test_a_missing_year_breaks_the_line(reader: Client) -> None:
    text = shown(reader, "ODD_OLD", "?chart=line&of=v&from=1890-01-01&to=1949-12-31")
    (wide, *_) = re.findall(r'<path[^>]*class="line s1"[^>]*>', text)
    assert wide.count("M") == 2


def test_of_thousands_of_categories_twenty_are_drawn_and_the_rest_is_one_bar(reader: Client) -> None:
    text = shown(reader, "ODD_MANY", "?chart=bar&stat=count&by=name")
    rows = numbers(reader, "ODD_MANY", "?chart=bar&stat=count&by=name")
    assert "5,001" in text
    assert len(rows) == 21
    assert rows[0] == {"name": "常見", "count": "400"}
    assert sum(int(r["count"]) for r in rows) == 5_400


def test_a_mean_has_no_rest(reader: Client) -> None:
    assert len(numbers(reader, "ODD_MANY", "?chart=bar&of=n&stat=avg&by=name")) == 20


def test_cells_that_bite_stay_text(reader: Client) -> None:
    assert EVIL not in shown(reader, "ODD_TEXT", "?chart=bar&by=what")
    rows = reader.get("/dataset/detail/ODD_TEXT/explore/chart.csv?chart=table").content.decode()
    assert "'=cmd()" in rows
    assert "'=1+1" in rows


def test_a_series_that_is_not_there_is_said_to_be_empty(reader: Client) -> None:
    assert "nowhere：沒有可畫的值" in shown(reader, "ODD_OLD", "?chart=line&of=v&only=a&only=nowhere")


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize("kind", ["", "map", "bar", "histogram", "pivot", "table"])
def test_threat_15_names_of_stations_and_units_are_text_in_maps_charts_and_their_tables(
    reader: Client, kind: str, prefix: str
) -> None:
    query = f"?chart={kind}" if kind else ""
    answer = reader.get(f"{prefix}/dataset/detail/ODD_SPOT/explore{query}")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "&lt;script&gt;alert(1)" in text
    assert [d for d in Markup.of(text).dangers() if d[0] != "svg"] == []
    for svg in re.findall(r"<svg.*?</svg>", text, re.S):
        assert "script" not in {e.tag.rpartition("}")[2] for e in ElementTree.fromstring(svg).iter()}
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("kind", ["map", "bar"])
def test_threat_15_a_chart_by_itself_is_drawn_text(reader: Client, kind: str) -> None:
    answer = reader.get(f"/dataset/detail/ODD_SPOT/explore/chart.svg?chart={kind}")
    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    drawn = ElementTree.fromstring(answer.content)
    assert EVIL in "".join(drawn.itertext())
    assert not {e.tag.rpartition("}")[2] for e in drawn.iter()} & {"script", "foreignObject", "a", "use", "image"}
    assert not [a for e in drawn.iter() for a in e.attrib if a.startswith("on") or "href" in a]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_threat_15_markdown_in_descriptions_stays_the_text_that_it_is(reader: Client, prefix: str) -> None:
    text = reader.get(f"{prefix}/dataset/detail/ODD_SPOT").content.decode()
    page = Markup.of(text)
    assert "(javascript:alert(1))" in text
    assert "&lt;img src=x" in text
    assert page.dangers() == [] or {d[0] for d in page.dangers()} == {"svg"}
    assert not [a for tag, a in page.tags if tag == "img" and not a.get("src", "").startswith("/static/")]
