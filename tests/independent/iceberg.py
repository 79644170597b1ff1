"""Read the lake's Iceberg tables with a foreign reader: python iceberg.py --lake HOME/lake --data DIR.

Shares no code with the package under test and needs nothing of it running: the newest metadata file of each table is
read by DuckDB's iceberg extension, by Daft where that is installed, and compared to the raw files to the last cell.
In an environment of its own: pip install duckdb==1.5.5 duckdb-extension-iceberg==1.5.5 duckdb-extension-avro==1.5.5
(the extensions as signed wheels of exactly DuckDB's version), or pip install "daft[iceberg]" for Daft.
Exit code 1 on any difference, 2 where no foreign reader is installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import raw
from confirm import expected
from tally import Tally, differences

OWN = {"_flags", "_status", "_since"}  # columns of the lake that are no part of the data
Batch = tuple[Sequence[str], Sequence[Sequence[Any]]]


def newest(lake: Path, code: str) -> Path:
    """The metadata file with the newest snapshot of a table."""
    files = list((lake / "warehouse" / code.lower() / "metadata").glob("*.metadata.json"))
    if not files:
        raise SystemExit(f"{code}: no metadata file below {lake}")
    return max(files, key=lambda path: (json.loads(path.read_text("utf-8"))["last-updated-ms"], path.name))


def by_duckdb(metadata: Path) -> Iterator[Batch]:
    """Rows through DuckDB's iceberg extension, from the wheels that carry it."""
    import duckdb

    connection = duckdb.connect()
    for name in ("duckdb_extension_avro", "duckdb_extension_iceberg"):
        found = importlib.util.find_spec(name)
        if found is None or not found.submodule_search_locations:
            raise SystemExit(f"{name} is not installed")
        place = Path(next(iter(found.submodule_search_locations)))
        (extension,) = place.glob(f"extensions/v{duckdb.__version__}/*.duckdb_extension")
        connection.execute(f"LOAD '{extension}'")
    result = connection.execute("SELECT * FROM iceberg_scan(?)", [str(metadata)])
    names = [column[0] for column in result.description]
    while rows := result.fetchmany(20_000):
        yield names, rows


def by_daft(metadata: Path) -> Iterator[Batch]:
    """Rows through Daft, which opens the table by PyIceberg's static table."""
    import daft
    from pyiceberg.table import StaticTable

    frame = daft.read_iceberg(StaticTable.from_metadata(str(metadata)))
    names = frame.column_names
    for part in frame.to_arrow_iter():
        columns = [part.column(n).to_pylist() for n in range(len(names))]
        yield names, list(zip(*columns, strict=True))


READERS: dict[str, tuple[str, Callable[[Path], Iterator[Batch]]]] = {
    "duckdb": ("duckdb_extension_iceberg", by_duckdb),
    "daft": ("daft", by_daft),
}


def cell(value: Any) -> raw.Cell:
    """A value of a foreign reader as a cell."""
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    return value  # type: ignore[no-any-return]


def tally_of(table: raw.Table, batches: Iterator[Batch]) -> Tally:
    """The tally of what the foreign reader sees."""
    tally, kinds = Tally(), list(table.kinds)
    for names, rows in batches:
        strange = set(names) - OWN ^ set(kinds)
        if strange:
            raise LookupError(f"columns that should not be, or are absent: {sorted(strange)}")
        places = [names.index(name) for name in kinds]
        for row in rows:
            tally.add(kinds, [cell(row[place]) for place in places])
    return tally


def main() -> int:
    """Compare every table; 0 when all is equal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lake", required=True, type=Path, help="the lake's folder (QINGLIU_HOME/lake)")
    parser.add_argument("--data", required=True, type=Path, help="folder of the real files")
    parser.add_argument("--only", action="append", default=[], help="codes to compare (default: all)")
    asked = parser.parse_args()
    readers = {name: read for name, (module, read) in READERS.items() if importlib.util.find_spec(module)}
    if not readers:
        print(
            f"no foreign reader of Iceberg is installed; {__doc__.split(': ')[-1] if __doc__ else ''}", file=sys.stderr
        )
        return 2
    wrong = 0
    for table in raw.tables():
        if asked.only and table.code not in asked.only:
            continue
        own, metadata = expected(table, asked.data), newest(asked.lake, table.code)
        for name, read in readers.items():
            found = tally_of(table, read(metadata))
            said = differences(own, found)
            wrong += bool(said)
            print(f"{table.code:<18}{name:<8}{'DIFFERS' if said else 'equal  '}{found.rows:>12,} rows", flush=True)
            for word in said[:12]:
                print(f"    {word}")
    print("all equal" if not wrong else f"{wrong} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
