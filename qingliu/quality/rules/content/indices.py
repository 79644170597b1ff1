"""AQI and RPI as checks: which datasets publish one, and the editions' tables in the form that the lake computes with."""

from __future__ import annotations

from collections.abc import Iterator

from qingliu.core.dataset import DatasetRecord
from qingliu.lake.checks.spec import Band, Edition, Index, Shape
from qingliu.standards import indices


def checks(record: DatasetRecord, shape: Shape | None) -> Iterator[Index]:
    """The index checks of a dataset: an AQI with its inputs in columns, an RPI among the items of a long table."""
    names = {f.name for f in record.fields}
    if shape is None:
        return
    needed = {s.column for s in indices.aqi()[-1].scales if s.needed}
    if "aqi" in names and needed <= names and record.key:
        classes = tuple((upper, name.zh) for upper, name in indices.classes("aqi"))
        editions = tuple(_aqi(table, names) for table in indices.aqi())
        pollutant, status = ("pollutant" if "pollutant" in names else ""), ("status" if "status" in names else "")
        yield Index("aqi", "aqi", editions, pollutant, status, classes)
    column = next((f.name for f in record.fields if f.role == "item"), "")
    if column and shape.item and "river" in names:
        yield Index("rpi", "RPI", tuple(_rpi(table) for table in indices.rpi()), item=column)


def _aqi(table: indices.AqiTable, names: set[str]) -> Edition:
    bands = []
    for scale in table.scales:
        if scale.column not in names:
            continue
        steps = tuple(
            (round(low / scale.unit), round(high / scale.unit), first, last) for low, high, first, last in scale.steps
        )
        factor = scale.factor / scale.unit
        bands.append(Band(scale.column, scale.name.zh, factor, steps, scale.beyond, scale.needed))
    return Edition(table.name, table.since, tuple(bands))


def _rpi(table: indices.RpiTable) -> Edition:
    bands = []
    for item in table.items:
        units = [round(limit * 10**item.digits) for limit in item.limits]
        if item.at_least:
            good, fair, poor = units
            steps = ((0, poor - 1, 10, 10), (poor, fair - 1, 6, 6), (fair, good - 1, 3, 3), (good, 10**9, 1, 1))
        else:
            good, fair, poor = units
            steps = ((0, good, 1, 1), (good + 1, fair, 3, 3), (fair + 1, poor, 6, 6), (poor + 1, 10**9, 10, 10))
        numbers = tuple((float(a), float(b), float(c), float(d)) for a, b, c, d in steps)
        bands.append(Band(item.item, item.item, float(10**item.digits), numbers, cut=False))
    return Edition(table.name, table.since, tuple(bands), mean=True, digits=2)
