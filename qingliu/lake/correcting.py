"""What a correction needs of the lake: the rows that it speaks of as they stand, and its own rows ready to be committed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from qingliu.core.dataset import DatasetRecord, VersionRecord
from qingliu.lake.decided import Row
from qingliu.lake.files import rows_of, scalar
from qingliu.lake.heeding import columns_of
from qingliu.lake.layout import layout_of, same
from qingliu.lake.names import ident, literal
from qingliu.lake.sound import check_whole
from qingliu.lake.store import Lake


def present(
    lake: Lake, record: DatasetRecord, base: VersionRecord, keys: Sequence[tuple[str, ...]], workdir: Path
) -> list[Row | None]:
    """The published rows of these keys, in their order; None where there is none."""
    layout = layout_of(record)
    check_whole(record.code, lake.paths.root, base.files)
    asked = {f"k{i}": pa.array([k[i] for k in keys], pa.string()) for i in range(len(layout.key))}
    on = " AND ".join(f"r.{ident(k)} = TRY_CAST(a.k{i} AS {layout.sql_type(k)})" for i, k in enumerate(layout.key))
    rows = rows_of([lake.paths.root / f.path for f in base.files], layout, base.columns, strict=False)
    with lake.engine(workdir) as con:
        con.register("asked", pa.table({"place": pa.array(range(len(keys)), pa.int64()), **asked}))
        found = con.execute(f"SELECT place, {columns_of(layout)} FROM {rows} r JOIN asked a ON {on}").to_arrow_table()
    by_place = {row.pop("place"): row for row in found.to_pylist()}
    return [by_place.get(i) for i in range(len(keys))]


def stage(lake: Lake, record: DatasetRecord, rows: Sequence[Mapping[str, str | None]], target: Path) -> Path:
    """Write corrected rows, with the flags and the status that they bring, as a delivery that may be committed."""
    layout = layout_of(record)
    names = (*layout.names, "_status")
    given = pa.table({n: pa.array([r[n] for r in rows], pa.string()) for n in names})
    typed = [
        f"CAST({ident(c.physical)} AS {layout.sql_type(c.physical)}) AS {ident(c.physical)}" for c in layout.columns
    ]
    target.parent.mkdir(parents=True, exist_ok=True)
    with lake.engine(target.parent / "engine") as con:
        con.register("given", given)
        con.execute(
            f"COPY (SELECT {', '.join(typed)}, _flags, _status FROM given) TO {literal(str(target))} (FORMAT parquet)"
        )
    return target


def agree(lake: Lake, record: DatasetRecord, one: Path, other: Path) -> bool:
    """Whether two staged files hold the same declared cells in the same order."""
    if one == other:
        return True
    layout = layout_of(record)
    columns = tuple(c.physical for c in layout.columns)
    left, right = (f"read_parquet({literal(str(p))}, file_row_number=true)" for p in (one, other))
    with lake.engine(one.parent / "engine") as con:
        unlike = f"NOT ({same('a', 'b', columns)})"
        return not scalar(
            con, f"SELECT count(*) FROM {left} a FULL JOIN {right} b USING (file_row_number) WHERE {unlike}"
        )
