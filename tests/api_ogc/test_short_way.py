"""Features by the short way are those of the engine, byte for byte: identifiers, axes, pages."""

from __future__ import annotations

from typing import Any

import pytest

from qingliu.lake.query import Compare, Feature, Query, Rendering
from tests.api.portal import Portal

QUERIES: list[dict[str, Any]] = [
    {"limit": 5000},
    {"limit": 7},
    {"limit": 6, "offset": 3},
    {"limit": 4, "fields": ("lat",)},
    {"limit": 50, "where": Compare("lat", "gt", 23.0)},
]


@pytest.mark.parametrize("shape", [Feature(), Feature(4326, True)], ids=["lon-lat", "lat-lon"])
@pytest.mark.parametrize("asked", QUERIES, ids=str)
@pytest.mark.parametrize("code", ["SITES", "LOOSE"])
def test_both_ways_write_the_same_bytes(
    ogc: Portal, monkeypatch: pytest.MonkeyPatch, code: str, asked: dict[str, Any], shape: Feature
) -> None:
    engine = ogc.engine
    plan, rendering = engine.open(Query(code, **asked)), Rendering("geojson", feature=shape)
    assert engine.short.knows(plan, rendering)
    short = engine.stream(plan, rendering)
    written = b"".join(short)
    monkeypatch.setattr(engine.short, "knows", lambda *_: False)
    long = engine.stream(plan, rendering)
    assert written == b"".join(long)
    assert written.count(b'"id":') == short.returned > 0
    assert (short.returned, short.more, short.next_cursor) == (long.returned, long.more, long.next_cursor)


def test_metres_and_views_go_the_long_way(ogc: Portal) -> None:
    for code, shape in (("SITES", Feature(3826)), ("AIR_NOW", Feature())):
        plan = ogc.engine.open(Query(code, limit=5))
        assert not ogc.engine.short.knows(plan, Rendering("geojson", feature=shape))
