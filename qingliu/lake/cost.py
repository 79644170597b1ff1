"""What a question will cost, told before it runs: rows read, bytes sent, seconds taken.

``rows`` is an upper bound, exact where no row group can be left out within a file: the same statistics that leave files
out of the engine's reading leave them out here. ``bytes`` and ``seconds`` are estimates; ``seconds`` learns from what
answers of this process really took. Nothing is read but footers of the few files that remain.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from qingliu.core.cost import FACTOR, LEARNED, METER, Cost, too_dear
from qingliu.core.dataset import FieldRecord, FileRecord, VersionRecord
from qingliu.lake import understood
from qingliu.lake.answer import Plan
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import Published
from qingliu.lake.relation import position_of
from qingliu.lake.where import Range

BASE_S = 0.004
SCAN, TOP, SORT, GROUP = 30e6, 12e6, 1.5e6, 8e6  # rows a second of one thread
TEXT = 100e6  # bytes of an answer a second
_REFINED_FILES = 8  # beyond so many files their footers would cost more than they tell
_KEPT = 4_096
_WIDTH = {"string": 12, "integer": 5, "number": 6, "boolean": 5, "date": 12, "datetime": 27}


_footers: OrderedDict[tuple[str, str], list[tuple[int, Any, Any]]] = OrderedDict()
_widths: OrderedDict[str, dict[str, float]] = OrderedDict()
_lock = threading.Lock()


def meter(plan: Plan, paths: LakePaths, published: Published) -> None:
    """Tell this request's meter what ``plan`` will cost. Raises TooDear where its caller may not ask so much."""
    here = METER.get()
    if here is None:
        return
    cost = estimate(plan, paths, published)
    here.costs.append(cost)
    if cost.rows > here.most_rows or cost.wait_s > here.most_s * FACTOR:
        raise too_dear(cost, here)


def estimate(plan: Plan, paths: LakePaths, published: Published) -> Cost:
    """The cost of a question that was understood."""
    query, version = plan.query, plan.version
    values, names = _row_bytes(plan, paths)
    if query.changes_since is not None:
        since = query.changes_since
        rows = sum(
            v.rows if v.changes is None else v.changes.rows
            for v in published.versions(plan.entry.code)
            if since < v.number <= version.number
        )
        sent = rows if query.limit is None else min(rows, query.limit)
        return _cost(plan, (rows, sent, rows / SCAN), (values, names), ())
    wanted = understood.wanted(plan)
    grouped = bool(query.group or query.aggregates or query.bucket)
    order = understood.order(plan)
    rows = _rows(plan, wanted, paths, plain=not order and not grouped)
    found = rows if query.where is None else int(rows * _share(plan, wanted))
    sent = found if query.limit is None else min(found, query.limit)
    if grouped:
        wait = rows / GROUP
    elif order:
        small = query.limit is not None and query.limit + query.offset <= 100_000
        wait = rows / TOP if small else rows / SORT
    elif query.where is not None and query.limit is not None:
        wait = rows / SCAN
    else:
        wait = min(rows, 300_000) / SCAN
    first = (plan.entry.record.time_field, *version.sorted_by)
    known = {c.name for c in version.columns}
    narrow = tuple(dict.fromkeys(n for n in first if n and n in known and n not in wanted))
    return _cost(plan, (rows, sent, wait), (values, names), narrow)


def _cost(plan: Plan, work: tuple[int, int, float], width: tuple[float, float], narrow: tuple[str, ...]) -> Cost:
    """``work``: rows read, rows sent, seconds before the first byte by the figures above."""
    rows, sent, wait = work
    wait_s = (BASE_S + wait) * LEARNED.factor
    values, names = width
    grouped = bool(plan.query.group or plan.query.aggregates or plan.query.bucket)
    written = min(sent, sent // 50 + 100) if grouped else sent  # bytes are told as a bound, seconds as they likely are
    whole = wait_s + (max(rows / SCAN - wait, 0.0) + written * (values + names) / TEXT) * LEARNED.factor
    return Cost(rows, int(sent * (values + names)) + 200, whole, wait_s, int(sent * names), narrow)


def _rows(plan: Plan, wanted: dict[str, Range], paths: LakePaths, *, plain: bool) -> int:
    """Rows of the row groups that the engine cannot leave out, and no more than a plain page reaches."""
    query, version = plan.query, plan.version
    start_file = start_row = 0
    if plain and plan.cursor is not None:
        start_file, start_row = plan.cursor.file, plan.cursor.row + 1
    elif plain and query.where is None and query.offset:
        position = position_of(version.files, query.offset)
        start_file, start_row = position.file, position.row
    chosen = [version.files[i] for i in understood.chosen(plan, start_file)]
    rows = sum(f.rows for f in chosen)
    if chosen and version.files[start_file:] and chosen[0] is version.files[start_file]:
        rows -= min(start_row, chosen[0].rows)
    if plain and query.where is None and query.limit is not None:
        return min(rows, query.limit + 1)
    if wanted and len(chosen) <= _REFINED_FILES and plan.cursor is None:
        physical = {c.name: c.physical for c in version.columns}
        usable = {physical[n]: r for n, r in wanted.items() if n in physical}
        return sum(_in_file(f, usable, paths) for f in chosen)
    return rows


def _in_file(file: FileRecord, wanted: dict[str, Range], paths: LakePaths) -> int:
    groups: list[list[tuple[int, Any, Any]]] = [_groups(file, column, paths) for column in wanted]
    if not all(groups):
        return file.rows
    return sum(
        one[0][0]
        for one in zip(*groups, strict=True)
        if all(_may(low, high, want) for (_, low, high), want in zip(one, wanted.values(), strict=True))
    )


def _may(low: Any, high: Any, want: Range) -> bool:
    try:
        return not (
            (want.low is not None and high is not None and high < want.low)
            or (want.high is not None and low is not None and low > want.high)
        )
    except TypeError:
        return True


def _groups(file: FileRecord, column: str, paths: LakePaths) -> list[tuple[int, Any, Any]]:
    """(rows, min, max) of a column in each row group, from the file's footer; kept, as files never change."""
    key = (file.path, column)
    with _lock:
        if key in _footers:
            _footers.move_to_end(key)
            return _footers[key]
    found = []
    try:
        meta = pq.read_metadata(paths.resolve(file.path))
        at = meta.schema.names.index(column)
        for n in range(meta.num_row_groups):
            group = meta.row_group(n)
            stats = group.column(at).statistics
            known = stats is not None and stats.has_min_max
            found.append((group.num_rows, stats.min if known else None, stats.max if known else None))
    except (OSError, ValueError, pa.ArrowInvalid):
        found = []  # damaged or gone: the engine will tell; here it only costs the estimate
    with _lock:
        _footers[key] = found
        while len(_footers) > _KEPT:
            _footers.popitem(last=False)
    return found


def _share(plan: Plan, wanted: dict[str, Range]) -> float:
    """About which part of the rows that are read will match, rather too many than too few."""
    leading = set(plan.version.sorted_by[:1])
    share = 1.0
    for name, want in wanted.items():
        equal = want.low is not None and want.low == want.high
        share *= 0.1 if equal and name not in leading else 1.0
    return share


def _row_bytes(plan: Plan, paths: LakePaths) -> tuple[float, float]:
    """(bytes of a row's values, bytes of the names that JSON repeats)."""
    sampled = _sampled(plan.version, paths) if (plan.query.limit or 1_000_000) > 10_000 else {}
    values = sum(_value(f, sampled) for f in plan.fields)
    return values, float(sum(len(f.name.encode()) + 3 for f in plan.fields))


def _value(field: FieldRecord, sampled: dict[str, float]) -> float:
    return sampled.get(field.name, float(_WIDTH.get(field.type, 12))) + (3 if field.type == "string" else 1)


def _sampled(version: VersionRecord, paths: LakePaths) -> dict[str, float]:
    """Mean bytes of each text column, from the first rows of the version's first file; kept for each version."""
    if not version.files:
        return {}
    first = version.files[0].path
    with _lock:
        if first in _widths:
            return _widths[first]
    found: dict[str, float] = {}
    try:
        names = {c.physical: c.name for c in version.columns if c.type == "string"}
        with pq.ParquetFile(paths.resolve(first)) as file:
            batch = next(file.iter_batches(batch_size=500, columns=list(names)), None)
        if batch is not None and batch.num_rows:
            for column, values in zip(batch.schema.names, batch.columns, strict=True):
                texts = [v for v in values.to_pylist() if isinstance(v, str)]
                found[names[column]] = sum(len(t.encode()) for t in texts) / batch.num_rows
    except (OSError, ValueError, pa.ArrowInvalid, pa.ArrowNotImplementedError):
        found = {}
    with _lock:
        _widths[first] = found
        while len(_widths) > 512:
            _widths.popitem(last=False)
    return found
