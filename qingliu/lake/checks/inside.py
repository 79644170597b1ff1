"""Coordinates against the county that the row names."""

from __future__ import annotations

from qingliu.lake.checks.source import Source, picked
from qingliu.lake.checks.spec import Hit, Inside, Result, Value
from qingliu.lake.names import ident

MAX_GROUPS = 300


def inside(source: Source, check: Inside) -> Result:
    """Rows whose point lies outside their county, one hit a county."""
    lon, lat, county = ident(check.lon), ident(check.lat), ident(check.county)
    named = f"left(ltrim({county}, '0123456789０１２３４５６７８９ '), 3)"
    places = source.all(
        f"SELECT {lon}, {lat}, {named} AS c, count(*) FROM src WHERE {lon} IS NOT NULL AND {lat} IS NOT NULL "
        f"AND {county} IS NOT NULL AND NOT ({lon} = 0 AND {lat} = 0) GROUP BY ALL"
    )
    away = check.areas.outside_m([(x, y, c) for x, y, c, _ in places])
    known = sum(n for (_, _, _, n), d in zip(places, away, strict=True) if d is not None)
    bad = [
        (x, y, c, d) for (x, y, c, _), d in zip(places, away, strict=True) if d is not None and d > check.tolerance_m
    ]
    if not bad:
        return Result(check, (), known)
    source.con.execute("CREATE OR REPLACE TEMP TABLE outside (x DOUBLE, y DOUBLE, c VARCHAR, d DOUBLE)")
    source.con.executemany("INSERT INTO outside VALUES (?, ?, ?, ?)", bad)
    hits: list[Hit] = []
    worst: dict[str, float] = {}
    for _, _, name, metres in bad:
        worst[name] = max(worst.get(name, 0.0), metres)
    for name, metres in sorted(worst.items(), key=lambda pair: -pair[1])[:MAX_GROUPS]:
        facts: list[tuple[str, Value]] = [("county", name), ("metres", round(metres))]
        predicate = (
            f"EXISTS (SELECT 1 FROM outside o WHERE o.c = ? AND o.c = {named} AND o.x = src.{lon} AND o.y = src.{lat})"
        )
        hits += picked(
            source, predicate, kind="outside", facts=facts, columns=[check.county, check.lon, check.lat], params=[name],
            prefer=_identities(source, check),
        )  # fmt: skip
    return Result(check, tuple(hits), known)


def _identities(source: Source, check: Inside) -> tuple[tuple[str, ...], ...]:
    """Ways to name the rows: by the station, by the point, by both."""
    ids = [f.name for f in source.record.fields if f.role in {"station", "control_number"}][:1]
    point = (check.lon, check.lat)
    return (
        *((i,) for i in ids),
        point,
        *((i, *point) for i in ids),
        (check.county, *point),
        (*ids, check.county, *point),
    )
