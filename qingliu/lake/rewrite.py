"""Which files a change touches, and writing the ones that replace them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath

import duckdb

from qingliu.core.dataset import FileRecord, VersionRecord
from qingliu.lake.files import (
    FILE_ROWS,
    SPLIT_ROWS,
    Part,
    Source,
    describe,
    has_twins,
    plan_parts,
    rows_of,
    scalar,
    write_part,
)
from qingliu.lake.layout import NO_MONTH, Layout, between, listed, matches
from qingliu.lake.merge import Delivery
from qingliu.lake.names import literal

LOOSE_FILES = 24  # a month takes this many files before a change merges them


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that are written together: the files they replace, the condition on changed rows, where they go in the list.

    ``place`` counts the base files that stand before the group's new files.
    """

    name: str
    replaces: tuple[FileRecord, ...]
    where: str
    params: tuple[object, ...]
    place: int


@dataclass(frozen=True, slots=True)
class Written:
    """The files of a version in order, new ones and kept ones, and whether the whole is sorted."""

    files: tuple[FileRecord, ...]
    sorted_whole: bool


@dataclass(frozen=True, slots=True)
class Desk:
    """What a writer of files works with: engine, layout, the lake's root, the run's own data folder, column ids."""

    con: duckdb.DuckDBPyConnection
    layout: Layout
    root: Path
    folder: Path
    field_ids: Mapping[str, int]


def first_version(desk: Desk, delivery: Delivery) -> Written:
    """Write a whole delivery; rows that lose against another of the delivery are found in the sorted files."""
    if not desk.layout.neighbours:
        delivery.settle()
    files: list[FileRecord] = []
    for name, where in _months(desk, delivery.relation):
        relation = f"(SELECT * FROM {delivery.relation} WHERE {where})"
        rows = scalar(desk.con, f"SELECT count(*) FROM {relation}") if desk.layout.monthly else delivery.rows
        parts = plan_parts(desk.con, Source(relation), desk.layout, rows=rows, folder=desk.folder, name=name)
        for part in parts:
            _write_settled(desk, delivery, Part(part.path, f"{where} AND {part.where}", part.params))
        files += describe(desk.con, [p.path for p in parts], desk.root, desk.layout.stats)
    return Written(tuple(files), _in_sequence(files, desk.layout, _pairs(files)))


def _write_settled(desk: Desk, delivery: Delivery, part: Part) -> None:
    write_part(desk.con, Source(delivery.relation), desk.layout, part, desk.field_ids)
    if (
        desk.layout.neighbours
        and has_twins(desk.con, part.path, desk.layout)
        and delivery.settle(part.where, part.params)
    ):
        write_part(desk.con, Source(delivery.relation), desk.layout, part, desk.field_ids)


def _months(desk: Desk, relation: str) -> list[tuple[str, str]]:
    if not desk.layout.monthly:
        return [("all", "true")]
    found = desk.con.execute(f"SELECT DISTINCT {desk.layout.month_sql} AS m FROM {relation} ORDER BY m").fetchall()
    return [(str(m), month_where(desk.layout, str(m))) for (m,) in found]


def month_where(layout: Layout, month: str) -> str:
    """The condition that a row lies in ``month`` (YYYY-MM or none), by range so that files can be skipped."""
    column = listed((layout.time,))
    if month == NO_MONTH:
        return f"{column} IS NULL"
    kind = layout.sql_type(layout.time)
    return f"({column} >= {kind} '{month}-01' AND {column} < CAST({kind} '{month}-01' + INTERVAL 1 MONTH AS {kind}))"


def next_version(desk: Desk, base: VersionRecord, delta: Path, *, whole: bool, strict: bool) -> Written:
    """Write the files that ``delta`` makes necessary and keep the rest of ``base``; ``whole`` rewrites all of it."""
    return write_groups(
        desk, base, delta, _everything(desk, base, delta) if whole else _touched(desk, base, delta), strict
    )


def write_groups(desk: Desk, base: VersionRecord, delta: Path | None, groups: Sequence[Group], strict: bool) -> Written:
    """Write each group's rows after the change (None: no row changes) and put the new files in their places."""
    kept_after: dict[int, list[FileRecord]] = {}
    together: set[tuple[str, str]] = set()
    replaced = {f.path for g in groups for f in g.replaces}
    for group in groups:
        source, rows = _content(desk, base, delta, group, strict=strict)
        parts = plan_parts(desk.con, source, desk.layout, rows=rows, folder=desk.folder, name=group.name)
        for part in parts:
            write_part(desk.con, source, desk.layout, part, desk.field_ids)
        new = describe(desk.con, [p.path for p in parts], desk.root, desk.layout.stats)
        together |= _pairs(new)
        kept_after.setdefault(group.place, []).extend(new)
    files: list[FileRecord] = []
    for i, file in enumerate((*base.files, None)):
        files += kept_after.get(i, [])
        if file is not None and file.path not in replaced:
            files.append(file)
    if base.sorted_by:
        together |= _pairs(base.files)
    return Written(tuple(files), _in_sequence(files, desk.layout, together))


def _pairs(files: Sequence[FileRecord]) -> set[tuple[str, str]]:
    return {(a.path, b.path) for a, b in pairwise(files)}


def _in_sequence(files: Sequence[FileRecord], layout: Layout, together: set[tuple[str, str]]) -> bool:
    """Whether the files, read in this order, are sorted as a whole.

    Without months they are by construction: files hold disjoint ranges of the sort order. With months the order must
    begin with the time, and files of one month must have been written together or follow each other strictly.
    """
    if not layout.monthly:
        return True
    if layout.order[:1] != (layout.time,):
        return False
    return all(
        month_of(a) != month_of(b) or (a.path, b.path) in together or _ends_before(a, b, layout.time)
        for a, b in pairwise(files)
    )


def _ends_before(first: FileRecord, second: FileRecord, column: str) -> bool:
    last = next((high for name, _, high in first.stats if name == column), None)
    start = next((low for name, low, _ in second.stats if name == column), None)
    return last is not None and start is not None and last < start  # ISO text sorts as time does


def _content(desk: Desk, base: VersionRecord, delta: Path | None, group: Group, *, strict: bool) -> tuple[Source, int]:
    """The rows of a group after the change, and how many they are at most."""
    columns = listed(desk.layout.stored)
    paths = [desk.root / f.path for f in group.replaces]
    old = rows_of(paths, desk.layout, base.columns, strict=strict)
    held = scalar(desk.con, f"SELECT count(*) FROM {old} WHERE {group.where}", group.params)
    if delta is None:
        return Source(f"(SELECT * FROM {old} WHERE {group.where})", group.params), held
    changes = f"read_parquet({literal(str(delta))})"
    new = Source(
        f"(SELECT {columns} FROM {changes} WHERE _change IN ('insert', 'update') AND {group.where})", group.params
    )
    fresh = scalar(desk.con, f"SELECT count(*) FROM {new.sql}", new.params)
    if not group.replaces:
        return new, fresh
    gone = f"(SELECT {columns} FROM {changes} WHERE _change IN ('update', 'delete'))"
    kept = (
        f"(SELECT {columns} FROM {old} b WHERE {group.where} "
        f"AND NOT EXISTS (SELECT 1 FROM {gone} d WHERE {matches('b', 'd', desk.layout)}))"
    )
    both = Source(f"(SELECT * FROM {kept} UNION ALL SELECT * FROM {new.sql})", (*group.params, *group.params))
    return both, fresh + held


def _everything(desk: Desk, base: VersionRecord, delta: Path) -> list[Group]:
    if not desk.layout.monthly:
        return [Group("all", base.files, "true", (), 0)]
    old = rows_of([desk.root / f.path for f in base.files], desk.layout, base.columns, strict=False)
    months = (
        f"SELECT {desk.layout.month_sql} AS m FROM {old} UNION "
        f"SELECT {desk.layout.month_sql} FROM read_parquet({literal(str(delta))})"
    )
    found = desk.con.execute(f"SELECT DISTINCT m FROM ({months}) ORDER BY m").fetchall()
    return [Group(str(m), base.files, month_where(desk.layout, str(m)), (), 0) for (m,) in found]


def month_of(file: FileRecord) -> str:
    """The month that a file of a monthly dataset holds; its name begins with it."""
    return PurePosixPath(file.path).name.rsplit("-", 1)[0]


def _touched(desk: Desk, base: VersionRecord, delta: Path) -> list[Group]:
    if desk.layout.monthly:
        return _touched_months(desk, base, delta)
    routable = base.sorted_by and desk.layout.neighbours and desk.layout.key
    if not routable or base.rows <= SPLIT_ROWS or len(base.files) == 1:
        return [Group("all", base.files, "true", (), 0)]
    return _touched_ranges(desk, base, delta)


def loose_groups(desk: Desk, base: VersionRecord) -> list[Group]:
    """Groups worth merging: months in several files of which one is small; without months, a table in many pieces."""
    if not desk.layout.monthly:
        many = len(base.files) > 1 + 2 * (base.rows // FILE_ROWS)
        return [Group("all", base.files, "true", (), 0)] if many else []
    groups = []
    for month in dict.fromkeys(month_of(f) for f in base.files):
        files = tuple(f for f in base.files if month_of(f) == month)
        if len(files) > 1 and min(f.rows for f in files) < FILE_ROWS // 2:
            place = next(i for i, f in enumerate(base.files) if f is files[0])
            groups.append(Group(month, files, month_where(desk.layout, month), (), place))
    return groups


def _touched_months(desk: Desk, base: VersionRecord, delta: Path) -> list[Group]:
    changes = f"read_parquet({literal(str(delta))})"
    found = desk.con.execute(
        f"SELECT m, bool_or(old) FROM (SELECT {desk.layout.month_sql} AS m, _change <> 'insert' AS old FROM {changes} "
        f"WHERE _change <> 'conflict' UNION ALL SELECT _was, true FROM {changes} WHERE _change IN ('update', 'delete')) "
        "GROUP BY m ORDER BY m"
    ).fetchall()
    groups = []
    for month, rewrites in found:
        held = tuple(f for f in base.files if month_of(f) == month)
        place = sum(1 for f in base.files if month_of(f) <= month)
        merge = rewrites or len(held) >= LOOSE_FILES
        groups.append(Group(str(month), held if merge else (), month_where(desk.layout, month), (), place))
    return groups


def _touched_ranges(desk: Desk, base: VersionRecord, delta: Path) -> list[Group]:
    """One group for each file whose range of the sort order holds a changed row."""
    sort = desk.layout.sort
    starts = [
        desk.con.execute(
            f"SELECT {listed(sort)} FROM read_parquet({literal(str(desk.root / f.path))}) LIMIT 1"
        ).fetchone()
        for f in base.files
    ]
    edges = [None, *starts[1:], None]
    groups = []
    for i, file in enumerate(base.files):
        where, params = between(sort, edges[i], edges[i + 1])
        count = f"SELECT count(*) FROM read_parquet({literal(str(delta))}) WHERE _change <> 'conflict' AND {where}"
        if scalar(desk.con, count, params):
            groups.append(Group(f"r{i:05d}", (file,), where, tuple(params), i))
    return groups
