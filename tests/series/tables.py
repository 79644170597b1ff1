"""Small published tables whose every cell is known: wide, long, in a zone with daylight time, and all invalid."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from qingliu.core.dataset import DatasetRecord, Frequency, Sentinel, Wind
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import PublishedWriter
from tests.api.portal import AGENCY, NOTHING, Portal, field, publish, serve

AT = "2026-11-22T00:00:00.000Z"
STAMP = "%Y-%m-%d %H:%M"
WIDE = DatasetRecord(
    code="SER_W",
    title=field("x", "string").title,
    description=NOTHING,
    agency="moenv",
    agency_name=AGENCY,
    unit=NOTHING,
    category="air",
    fields=(
        field("site", "string", role="station"),
        field("county", "string", role="county"),
        field("pm", "number", unit="μg/m3", suffix_flags=(("x", "manual_check_invalid"),),
              sentinels=(Sentinel("ND", 0.5, "below_detection"),)),
        field("o3", "number", unit="ppb", sentinels=(Sentinel("<MDL", None, "below_detection"),)),
        field("n", "integer"),
        field("wd", "number", unit="degrees"),
        field("ws", "number", unit="m/sec"),
        field("at", "datetime", formats=(STAMP,)),
    ),
    mode="upsert",
    key=("site", "at"),
    time_field="at",
    order=("site", "at"),
    frequency=Frequency(1, "hour"),
    wind=(Wind("wd", "ws"),),
)  # fmt: skip
LONG = replace(
    WIDE,
    code="SER_L",
    fields=(
        field("item", "string", role="item"),
        field("site", "string", role="station"),
        field("at", "datetime", formats=(STAMP,)),
        field("unit", "string", role="unit"),
        field("value", "number", role="value"),
    ),
    key=("item", "site", "at"),
    order=("item", "site", "at"),
    wind=(Wind("WIND_DIREC", "WIND_SPEED"),),
)
BERLIN = replace(WIDE, code="SER_B", timezone="Europe/Berlin")
INVALID = replace(WIDE, code="SER_I", row_status="invalid")
DAILY = replace(
    WIDE,
    code="SER_D",
    fields=tuple(replace(f, type="date", formats=("%Y-%m-%d",)) if f.name == "at" else f for f in WIDE.fields),
    frequency=Frequency(1, "day"),
)
LOOSE = replace(WIDE, code="SER_N", frequency=Frequency(0, "irregular"))


@dataclass
class Series:
    """A served home with its rows as plain values."""

    portal: Portal
    rows: dict[str, list[dict[str, Any]]]

    def get(self, code: str, **asked: Any) -> Any:
        """The whole JSON of a question that is answered."""
        from urllib.parse import urlencode

        answer = self.portal.get(f"/api/datasets/{code}/series", urlencode(asked, doseq=True))
        assert answer.status_code == 200, answer.text
        assert answer.json["numberMatched"] == len(answer.json["rows"]) == answer.json["numberReturned"]
        return answer.json


def wide_rows(rng: random.Random, start: datetime, hours: int) -> Iterator[tuple[list[str], dict[str, Any]]]:
    """(cells as delivered, their values): four stations that come and go, gaps, marks, calms, values that repeat."""
    stations = (("a", "北", 0, hours), ("b", "北", hours // 3, hours), ("c", "南", 0, hours // 2), ("d", "", 0, hours))
    for site, county, first, last in stations:
        for h in range(first, last):
            if rng.random() < 0.15 or 100 < h % 240 < 112:
                continue
            at = start + timedelta(hours=h, minutes=rng.choice((0, 0, 0, 30)) if site == "d" else 0)
            pm, o3, n = (
                round(rng.gauss(20, 9), 1),
                round(rng.uniform(0, 90), rng.choice((0, 1, 3))),
                rng.randint(-5, 200),
            )
            wd, ws = float(rng.randrange(0, 360)), rng.choice((0.0, 0.5, 1.5, 3.2))
            row: dict[str, Any] = {"site": site, "county": county or None, "at": at, "n": n, "wd": wd, "ws": ws}
            kind = rng.random()
            text = f"{pm}x" if kind < 0.05 else "ND" if kind < 0.12 else "" if kind < 0.2 else f"{pm}"
            row |= {"pm": None if kind < 0.05 or 0.12 <= kind < 0.2 else 0.25 if kind < 0.12 else pm}
            below = rng.random() < 0.1
            row |= {"o3": None if below else o3}
            if rng.random() < 0.03:
                row["wd"] = None
            cells = [site, county, text, "<MDL" if below else f"{o3}", str(n), "" if row["wd"] is None else f"{wd:.0f}"]
            yield [*cells, f"{ws}", at.strftime(STAMP)], row


def build(home: LakePaths) -> Series:
    """Publish and serve everything."""
    home.make()
    rng = random.Random(20241027)
    rows: dict[str, list[dict[str, Any]]] = {}
    versions = {}
    taken = (
        (WIDE, datetime(2024, 1, 30), 24 * 70), (BERLIN, datetime(2024, 10, 20), 24 * 12), (INVALID, datetime(2024, 1, 1), 48),
        (LOOSE, datetime(2024, 1, 1), 48),
    )  # fmt: skip
    for record, start, hours in taken:
        made = list(wide_rows(rng, start, hours))
        rows[record.code] = [r for _, r in made]
        versions[record.code] = [publish(home, record, [c for c, _ in made], None)]
    days = [["a", "北", f"{d}", "1", "1", "90", "2", f"2024-02-{d:02d}"] for d in range(1, 29) if d not in {5, 6}]
    versions["SER_D"] = [publish(home, DAILY, days, None)]
    long_rows = list(_long(rng))
    rows["SER_L"] = [r for _, r in long_rows]
    versions["SER_L"] = [publish(home, LONG, [c for c, _ in long_rows], None)]
    with PublishedWriter(home.published_db).transaction() as t:
        for record in (WIDE, BERLIN, INVALID, LOOSE, DAILY, LONG):
            t.put_version(versions[record.code][0])
            t.put_entry(record, kind="table", current=1, status="published", updated_at=AT)
    return Series(serve(home, versions), rows)


def _long(rng: random.Random) -> Iterator[tuple[list[str], dict[str, Any]]]:
    units = {"O3": "ppb", "PM2.5": "μg/m3", "WIND_DIREC": "degrees", "WIND_SPEED": "m/sec"}
    for item, unit in units.items():
        for site in "ab":
            for h in range(24 * 20):
                if rng.random() < 0.1:
                    continue
                at = datetime(2024, 5, 25) + timedelta(hours=h)
                value = float(rng.randrange(360)) if unit == "degrees" else round(rng.uniform(0, 80), 2)
                value = 999.0 if unit == "degrees" and rng.random() < 0.02 else value
                row = {"item": item, "site": site, "at": at, "unit": unit, "value": value}
                yield [item, site, at.strftime(STAMP), unit, f"{value}"], row
