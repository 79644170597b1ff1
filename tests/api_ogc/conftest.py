"""A portal with places: keyed rows with signs that addresses fear, rows without a key, and a view; real facilities apart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest

from qingliu.core.dataset import DatasetRecord, Place
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import PublishedWriter
from tests.api.portal import AGENCY, HOURLY, NEWEST, NOTHING, ODD, Portal, Text, field, hourly_rows, publish, serve

AT = "2026-11-22T00:00:00.000Z"
NAMES = (
    "A/B",
    "臺北 測站",
    "~n",
    "~z",
    ".",
    "..",
    "a.b",
    "100%",
    "x~~y",
    "'quoted'",
    "<b>",
    '"',
    "?q=1#f",
    "plain",
    "a&b",
    "+1",
)
SITES = DatasetRecord(
    code="SITES",
    title=Text("測點", "Sites"),
    description=Text("沒有時間的測點", "Sites without a time"),
    agency="moenv",
    agency_name=AGENCY,
    unit=NOTHING,
    category="other",
    fields=(
        field("name", "string", "名稱", "Name"),
        field("number", "number", "編號", "Number"),
        field("kind", "string", "種類", "Kind", enum=("a", "b", "µg")),
        field("since", "date", "起日", "Since", formats=("%Y-%m-%d",)),
        field("lon", "number", "經度", "Longitude", unit="degrees"),
        field("lat", "number", "緯度", "Latitude", unit="degrees"),
    ),
    mode="snapshot",
    key=("name", "number"),
    place=Place("lon", "lat"),
)
LOOSE = replace(SITES, code="LOOSE", title=Text("沒有鍵的測點", "Sites without a key"), key=())
SITE_ROWS = [
    [name, str(n / 2), ("a", "b", "µg")[n % 3], f"2020-01-{n + 1:02}", f"{120 + n / 16}", f"{22 + n / 8}"]
    for n, name in enumerate(NAMES)
]
LOOSE_ROWS = [*SITE_ROWS, ["", "8", "a", "2020-02-01", "121.5", "25"], ["no place", "9", "a", "2020-02-01", "", ""]]


@pytest.fixture(scope="session")
def ogc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """The served home."""
    paths = LakePaths(tmp_path_factory.mktemp("ogc") / "home")
    paths.make()
    air = publish(paths, HOURLY, hourly_rows(30, 40), None)
    sites, odd = publish(paths, SITES, SITE_ROWS, None), publish(paths, ODD, [["x"] * len(ODD.fields)], None)
    first = publish(paths, LOOSE, LOOSE_ROWS, None)
    second = publish(paths, LOOSE, LOOSE_ROWS[1:], first)
    with PublishedWriter(paths.published_db).transaction() as t:
        for version in (air, sites, odd, first, second):
            t.put_version(version)
        for record, current in ((HOURLY, 1), (SITES, 1), (ODD, 1), (LOOSE, 2)):
            t.put_entry(record, kind="table", current=current, status="published", updated_at=AT)
        t.put_entry(NEWEST, kind="view", current=None, status="published", updated_at=AT)
    made = serve(paths, {"AIR_H": [air], "SITES": [sites], "LOOSE": [first, second]})
    yield made
    made.engine.close()


def items(portal: Portal, code: str, **query: Any) -> dict[str, Any]:
    """A page of features; underscores in names are hyphens."""
    named = {k.replace("_", "-") if k != "as_of" else k: v for k, v in query.items()}
    answer = portal.get(f"/api/ogc/collections/{code}/items", urlencode(named))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = json.loads(answer.text)
    assert found["numberReturned"] == len(found["features"])
    return found


def every(portal: Portal, code: str, **query: Any) -> list[dict[str, Any]]:
    """All features of a question, by following next links."""
    found = items(portal, code, **query)
    features, total = found["features"], found["numberMatched"]
    while True:
        following = [x["href"] for x in found["links"] if x["rel"] == "next"]
        if not following:
            break
        path, _, rest = following[0].partition("?")
        found = json.loads(portal.get(path, rest).text)
        assert found["numberMatched"] == total
        features += found["features"]
    assert len(features) == total
    return features
