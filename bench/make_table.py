"""Makes the benchmark's table: hourly observations in long form, seeded, in time order, as one Parquet file.

usage: make_table.py OUT.parquet --hours 8000 --items 15. Rows = hours x 84 stations x items; 1.2 % of the values are null and
0.4 % the sentinel -999. Values follow a daily and a yearly course with noise that keeps its memory from hour to hour.
"""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

COUNTIES = [
    *("基隆市", "臺北市", "新北市", "桃園市", "新竹市", "新竹縣", "苗栗縣", "臺中市", "彰化縣", "南投縣", "雲林縣"),
    *("嘉義市", "嘉義縣", "臺南市", "高雄市", "屏東縣", "宜蘭縣", "花蓮縣", "臺東縣", "澎湖縣", "金門縣", "連江縣"),
]
STATIONS = 84
# id, name, English name, unit, usual level, yearly swing, daily swing, decimals
ITEMS: tuple[tuple[Any, ...], ...] = (
    (33, "細懸浮微粒", "PM2.5", "μg/m3", 17.0, 0.4, 0.2, 1),
    (1, "二氧化硫", "SO2", "ppb", 2.2, 0.2, 0.3, 1),
    (3, "臭氧", "O3", "ppb", 31.0, 0.3, 0.6, 1),
    (4, "懸浮微粒", "PM10", "μg/m3", 36.0, 0.4, 0.2, 1),
    (7, "二氧化氮", "NO2", "ppb", 11.5, 0.3, 0.4, 1),
    (2, "一氧化碳", "CO", "ppm", 0.34, 0.3, 0.3, 2),
    (5, "氮氧化物", "NOx", "ppb", 14.5, 0.3, 0.4, 1),
    (6, "一氧化氮", "NO", "ppb", 2.9, 0.3, 0.5, 1),
    (10, "風速", "WIND_SPEED", "m/sec", 2.1, 0.2, 0.4, 1),
    (11, "風向", "WIND_DIREC", "degrees", 150.0, 0.1, 0.1, 0),
    (14, "溫度", "AMB_TEMP", "℃", 23.0, -0.2, 0.1, 1),
    (38, "相對濕度", "RH", "%", 73.0, -0.1, -0.1, 0),
    (23, "雨量", "RAINFALL", "mm", 0.2, -0.5, 0.2, 1),
    (31, "總碳氫合物", "THC", "ppm", 2.1, 0.05, 0.05, 2),
    (36, "甲烷", "CH4", "ppm", 1.97, 0.02, 0.03, 2),
)
SCHEMA = pa.schema(
    [
        ("monitordate", pa.timestamp("ms")),
        ("siteid", pa.int16()),
        ("sitename", pa.string()),
        ("county", pa.string()),
        ("itemid", pa.int16()),
        ("itemname", pa.string()),
        ("itemengname", pa.string()),
        ("itemunit", pa.string()),
        ("concentration", pa.float64()),
    ]
)
BATCH_HOURS = 400


def repeated(words: list[str], places: Any) -> pa.Array:
    """Words by place, as plain strings."""
    return pa.DictionaryArray.from_arrays(pa.array(places.astype("int32")), pa.array(words)).cast(pa.string())


def values(rng: np.random.Generator, hours: Any, factor: Any, memory: Any) -> Any:
    """Rounded values, shape hours x stations x items; ``memory`` (stations x items) is carried from batch to batch."""
    items = ITEMS[: factor.shape[1]]
    level, yearly, daily = (np.array([i[k] for i in items]) for k in (4, 5, 6))
    clock = 2 * np.pi * (hours.astype("int64") % 24) / 24
    year = 2 * np.pi * (hours.astype("int64") % (24 * 365)) / (24 * 365)
    course = yearly * np.cos(year)[:, None, None] + daily * np.cos(clock - 2)[:, None, None]
    noise: Any = np.empty((len(hours), *factor.shape))
    fresh = rng.normal(0, 0.18, noise.shape)
    for hour in range(len(hours)):
        memory *= 0.85
        memory += fresh[hour]
        noise[hour] = memory
    made = level * factor * np.exp(course + noise)
    for k, item in enumerate(items):
        made[:, :, k] = np.round(made[:, :, k], item[7])
    return made


def table(rng: np.random.Generator, hours: Any, made: Any) -> pa.Table:
    """One batch of rows in time order."""
    stations, items = made.shape[1:]
    size = made.size
    site = np.tile(np.repeat(np.arange(stations), items), len(hours))
    item = np.tile(np.arange(items), len(hours) * stations)
    draw = rng.random(size)
    flat = np.where((draw >= 0.012) & (draw < 0.016), -999.0, made.ravel())
    names = [f"測站{n + 1:02}" for n in range(stations)]
    counties = [COUNTIES[n % len(COUNTIES)] for n in range(stations)]
    ids = np.array([i[0] for i in ITEMS], "int16")
    columns = [
        pa.array(np.repeat(hours, stations * items).astype("datetime64[ms]")),
        pa.array((site + 1).astype("int16")),
        repeated(names, site),
        repeated(counties, site),
        pa.array(ids[item]),
        *(repeated([i[k] for i in ITEMS], item) for k in (1, 2, 3)),
        pa.array(flat, mask=draw < 0.012),
    ]
    return pa.table(columns, schema=SCHEMA)


def main() -> None:
    """Write the table that the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("--hours", type=int, required=True)
    parser.add_argument("--items", type=int, default=15)
    parser.add_argument("--start", type=datetime.fromisoformat, default=datetime(2024, 1, 1))
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    rng = np.random.default_rng(asked.seed)
    factor = rng.lognormal(0, 0.25, (STATIONS, asked.items))
    memory = np.zeros_like(factor)
    start = np.datetime64(asked.start, "h")
    with pq.ParquetWriter(asked.out, SCHEMA, compression="zstd") as writer:
        for first in range(0, asked.hours, BATCH_HOURS):
            hours = start + np.arange(first, min(first + BATCH_HOURS, asked.hours)).astype("timedelta64[h]")
            writer.write_table(table(rng, hours, values(rng, hours, factor, memory)))


if __name__ == "__main__":
    main()
