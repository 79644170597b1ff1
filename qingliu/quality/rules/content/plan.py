"""Which checks follow from a dataset's record: from its roles, key, time, frequency, place, references and ``checks``."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta

from qingliu.core.clock import duration_s
from qingliu.core.dataset import CheckSpec, DatasetRecord, FieldRecord, Frequency, Role, Text
from qingliu.lake.checks.spec import (
    Areas,
    Bounds,
    Check,
    Dates,
    Empty,
    Flat,
    Foreign,
    Gaps,
    Inside,
    Limit,
    Misfit,
    Named,
    Newest,
    Order,
    Plan,
    SamePlace,
    Shape,
    Shift,
    Silence,
    Stale,
    Total,
    Unique,
    Unmeasured,
)  # fmt: skip
from qingliu.quality.rules.content import indices, items
from qingliu.quality.rules.seen import MEASURED
from qingliu.standards import content_rules

_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400, "week": 604_800, "month": 2_678_400, "quarter": 7_948_800,
            "year": 31_622_400}  # fmt: skip
_NUMERIC = frozenset({"integer", "number"})
_MAY_LIE_AHEAD = ("deadline", "valid", "expire", "期限", "截止", "有效", "forecast", "預報")


def plan(record: DatasetRecord, *, now: datetime, areas: Areas | None, references: Collection[str] = ()) -> Plan:
    """The checks of a dataset. ``now`` is wall time of its zone, naive; ``references`` the masters that can be read."""
    if record.view is not None:
        return Plan(())
    shape = shape_of(record)
    off = {c.rule for c in record.checks if c.option("off")}
    # the checks of series first: their summary of blocks spares others a look at the rows
    found = (
        *_series(record, shape), *_rows(record), *_values(record, shape), *_places(record, areas), *_declared(record),
        *_dates(record, now), *indices.checks(record, shape),
        *(Foreign("reference", r.fields, r.dataset, r.target) for r in record.references),
        *_timeliness(record, now),
    )  # fmt: skip
    order = list(content_rules.register())
    kept = [c for c in found if c.rule not in off]
    blocks_first = sorted(kept, key=lambda c: (not isinstance(c, (Gaps, Silence)), order.index(c.rule)))
    return Plan(tuple(blocks_first), shape)


def option(record: DatasetRecord, rule: str, name: str) -> str:
    """The declared option of a rule, or its registered default."""
    declared = next((c.option(name) for c in record.checks if c.rule == rule and c.option(name)), "")
    registered = content_rules.register()[rule].option(name)
    return declared or (registered.default if registered else "")


def with_role(record: DatasetRecord, role: Role) -> FieldRecord | None:
    """The first column of a role."""
    return next((f for f in record.fields if f.role == role), None)


def seconds(frequency: Frequency) -> int:
    """The length of a promised period; 0 where nothing is promised."""
    return _SECONDS.get(frequency.unit, 0) * max(frequency.every, 1)


def shape_of(record: DatasetRecord) -> Shape | None:
    """How the rows form series: by key without time where the time is part of it, else by station and item."""
    station = with_role(record, "station"), with_role(record, "station_name")
    names = [f.name for f in station if f is not None]
    if not record.time_field or not names:
        return None
    item_fields = [f for r in ("item", "item_name") if (f := with_role(record, r)) is not None]  # type: ignore[arg-type]
    if record.time_field in record.key:
        series = tuple(k for k in record.key if k != record.time_field)
    else:
        series = (names[0], *(f.name for f in item_fields[:1]))
    own = next((n for n in names if n in series), "")
    if not own:
        return None
    item = next((f.name for f in item_fields if f.name in series), "")
    value, unit = with_role(record, "value"), with_role(record, "unit")
    if value is not None and item:
        values: tuple[str, ...] = (value.name,)
    else:
        values = tuple(f.name for f in record.fields if _measured(record, f, series))
    labels = tuple(f.name for f in record.fields if f.name != item and (f in item_fields or f.name.startswith("item")))
    labels = tuple(n for n in labels if n != (unit.name if unit else "")) if item else ()
    return Shape(
        series, own, item, record.time_field, values, _step(record), labels, unit.name if unit and item else ""
    )


def _measured(record: DatasetRecord, field: FieldRecord, series: tuple[str, ...]) -> bool:
    place = {record.place.lon, record.place.lat} if record.place else set()
    return field.type in _NUMERIC and field.name not in place and field.name not in series


def _step(record: DatasetRecord) -> int:
    declared = option(record, "completeness", "step") or option(record, "outage", "step")
    if declared:
        return duration_s(declared)
    promised = seconds(record.frequency)
    return promised if 0 < promised <= 86_400 else 3600


def _series(record: DatasetRecord, shape: Shape | None) -> Iterator[Check]:
    if shape is None:
        return
    declared = option(record, "completeness", "step") or option(record, "outage", "step")
    if declared or 0 < seconds(record.frequency) <= 86_400:
        yield Gaps("completeness", float(option(record, "completeness", "share")))
        yield Silence("outage")
    if len(shape.values) >= 3:
        yield Stale("stale", int(option(record, "stale", "periods")), int(option(record, "stale", "values")))


def _rows(record: DatasetRecord) -> Iterator[Check]:
    yield Misfit("conformance")
    names = tuple(f.name for f in record.fields)
    declared = option(record, "key", "columns")
    columns = tuple(declared.split(",")) if declared else record.key
    if columns:
        yield Unique("key", columns)
    yield Unique("duplicate", names)
    station, name = with_role(record, "station"), with_role(record, "station_name")
    if station is not None and name is not None:
        yield Named("names", station.name, name.name)


def _values(record: DatasetRecord, shape: Shape | None) -> Iterator[Check]:
    long = shape is not None and bool(shape.item)
    for field in record.fields:
        if field.type not in _NUMERIC:
            continue
        in_shape = shape is not None and field.name in shape.values
        limits = _limits(record, field, in_shape and long)
        if limits:
            yield Bounds("range", field.name, limits)
        if shape is None or not in_shape:
            continue
        if any(x.hours for x in limits) and shape.step_s <= 3600:
            yield Flat("stuck", field.name, limits)
        if limits:
            yield Shift(
                "unit-shift", field.name, float(option(record, "unit-shift", "factor")),
                int(option(record, "unit-shift", "days")), int(option(record, "unit-shift", "values")),
            )  # fmt: skip


def _limits(record: DatasetRecord, field: FieldRecord, long: bool) -> tuple[Limit, ...]:
    specs = (*items.declared(record, "range", field.name), *items.declared(record, "stuck", field.name))
    if long:
        return tuple(items.changed(x, specs) for x in items.limits())
    known = items.of_column(field)
    if known is None and any(c.rule == "range" and c.option("field") for c in specs):
        known = Limit((items.plain(field.name),))
    return (items.changed(known, specs),) if known is not None else ()


def _places(record: DatasetRecord, areas: Areas | None) -> Iterator[Check]:
    if record.place is None:
        return
    lon, lat = record.place.lon, record.place.lat
    station = with_role(record, "station")
    if station is not None:
        yield SamePlace(
            "same-place", station.name, lon, lat, record.time_field, int(option(record, "same-place", "decimals"))
        )
    county = with_role(record, "county") or with_role(record, "address")
    if county is None:
        return
    if areas is None:
        yield Unmeasured(
            "county",
            Text("沒有安裝縣市界線。", "The outlines of the counties are not installed."),
            Text("安裝 npm 後執行 make install。", "Install npm and run make install."),
        )
    else:
        yield Inside("county", lon, lat, county.name, float(option(record, "county", "tolerance_m")), areas)


def _declared(record: DatasetRecord) -> Iterator[Check]:
    for spec in record.checks:
        if spec.option("off"):
            continue
        if spec.rule == "empty":
            for name in spec.option("field").split(","):
                yield Empty("empty", name, float(spec.option("share", "0")))
        elif spec.rule == "order":
            yield Order("order", spec.option("earlier"), spec.option("later"))
        elif spec.rule == "sum":
            yield Total("sum", _columns(spec, "parts"), spec.option("total"), float(spec.option("tolerance", "0")))


def _columns(spec: CheckSpec, name: str) -> tuple[str, ...]:
    return tuple(c for c in spec.option(name).split(",") if c)


def _dates(record: DatasetRecord, now: datetime) -> Iterator[Check]:
    first = date(int(option(record, "date", "first_year")), 1, 1)
    ahead = set(option(record, "date", "future").split(","))
    for field in record.fields:
        if field.type not in {"date", "datetime"}:
            continue
        words = f"{field.name} {field.title.zh} {field.title.en}".lower()
        may = field.name in ahead or any(w in words for w in _MAY_LIE_AHEAD)
        yield Dates("date", field.name, first, None if may else (now + timedelta(days=1)).date())


def _timeliness(record: DatasetRecord, now: datetime) -> Iterator[Check]:
    promised = seconds(record.frequency)
    if promised:
        within = int(promised * float(option(record, "timeliness", "factor")))
        events = not any(f.role in MEASURED for f in record.fields)
        yield Newest("timeliness", record.time_field, within, now, events)
