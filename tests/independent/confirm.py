"""Confirm that a portal serves the real files to the last cell: python confirm.py --base URL --data DIR.

Shares no code with the package under test. For each dataset of ``make demo REAL=DIR`` the raw files are read again, and
the row count, each column's number of filled cells, the exact sum of each numeric column and a checksum over all cells
and rows are compared with what the portal answers in every format of both dialects. Of tables that pass the privacy gate
(masked.py) every cell must be as in the files or flagged masked. Exit code 1 on any difference.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
import urllib.error
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import masked
import raw
import served
from tally import Tally, differences

NATIVE, MOENV = tuple(served.NATIVE), tuple(served.MOENV)
FORMS = tuple(f"native:{f}" for f in NATIVE) + tuple(f"moenv:{f}" for f in MOENV)
Cells = list[raw.Cell]


def expected(table: raw.Table, data: Path) -> Tally:
    """The files' own tally. A row without its key is set aside."""
    tally, names = Tally(), list(table.kinds)
    seen: set[int] = set()
    for row in table.rows(data):
        if table.key:
            key = tuple(row[name] for name in table.key)
            if None in key:
                continue
            mark = hash(key)
            if mark in seen:
                raise SystemExit(
                    f"{table.code}: the key {key} comes twice; this script must be taught which one counts"
                )
            seen.add(mark)
        tally.add(names, [row[name] for name in names])
    return tally


def cells_of(table: raw.Table, row: served.Raw, *, is_csv: bool) -> Cells:
    """A served row as cells, in the table's order of columns."""
    cells: Cells = []
    for name, kind in table.kinds.items():
        value = row.get(name)
        if isinstance(kind, raw.Number):
            cells.append(served.number(value, kind.none, kind.glued))
        elif isinstance(kind, raw.Time):
            cells.append(served.moment(value))
        else:
            cells.append(served.words(value, kind.none, is_csv=is_csv))
    return cells


def found(table: raw.Table, rows: Iterator[served.Raw], *, is_csv: bool) -> tuple[Tally, dict[str, dict[str, int]]]:
    """The tally of what is served, and the texts for "nothing" that it holds."""
    tally, missing = Tally(), {name: {} for name in table.missing}  # type: dict[str, dict[str, int]]
    names = list(table.kinds)
    names_set = set(names)
    for row in rows:
        if row.keys() != names_set:
            raise LookupError(f"columns that should not be, or are absent: {sorted(row.keys() ^ names_set)}")
        tally.add(names, cells_of(table, row, is_csv=is_csv))
        for name in missing:
            word = served.unguarded(row.get(name), is_csv=is_csv)
            if word in table.missing[name]:
                missing[name][word] = missing[name].get(word, 0) + 1
    return tally, missing


def confirm(table: raw.Table, data: Path, base: str, forms: list[str], say: Callable[[str], None]) -> int:
    """Compare one dataset in the formats asked; the number of formats that differ."""
    begun = time.monotonic()
    own = expected(table, data)
    set_aside = table.read - own.rows
    why = "without key" if table.key else "repeated wholly"
    note = f" and {set_aside:,} {why}" if set_aside else ""
    note += f", {table.refused:,} cells out of bounds" if table.refused else ""
    say(f"\n{table.code}: {own.rows:,} rows in the files{note} ({time.monotonic() - begun:.1f} s)")
    wrong = 0
    if table.code in masked.MASKED:  # what differs must be flagged; the formats are then held against one another
        wrong, own = masked.compare(table, own, data, base, say)
    counts: dict[str, Tally] = {}
    for form in forms:
        dialect, name = form.split(":")
        source = served.native if dialect == "native" else served.moenv
        begun = time.monotonic()
        try:
            tally, missing = found(table, source(base, table.code, name), is_csv=name == "csv")
        except (urllib.error.URLError, ValueError, LookupError) as exc:
            say(f"  {form:<15} FAILED   {exc!r}")
            wrong += 1
            continue
        said = differences(own, tally)
        if dialect == "moenv":
            said += [
                f"{column}: {counts_} raw texts for nothing, {missing[column]} served"
                for column, counts_ in table.missing.items()
                if missing[column] != counts_ and sum(missing[column].values()) != sum(counts_.values())
            ]
        counts[form] = tally
        say(
            f"  {form:<15} {'DIFFERS' if said else 'equal  '}  {tally.rows:>9,} rows  {time.monotonic() - begun:6.1f} s"
        )
        for word in said[:12]:
            say(f"      {word}")
        wrong += bool(said)
    say(f"    {'column':<24}{'filled':>11}  {'sum of numbers':<24}")
    for name, column in own.columns.items():
        total = repr(column.total) if isinstance(table.kinds[name], raw.Number) else ""
        say(f"    {name:<24}{column.filled:>11,}  {total:<24}")
    return wrong


def newest_hour(data: Path) -> tuple[raw.Table, Tally]:
    """AQX_P_432 recomputed: the newest row of each site id within a day of the newest hour of all."""
    history = next(t for t in raw.tables() if t.code == "AQX_P_488")
    newest: dict[str, raw.Row] = {}
    for row in history.rows(data):
        site, hour = row["siteid"], row["datacreationdate"]
        if isinstance(site, str) and (site not in newest or newest[site]["datacreationdate"] < hour):  # type: ignore[operator]
            newest[site] = row
    last = max(row["datacreationdate"] for row in newest.values())  # type: ignore[type-var]
    names = {"windspeed": "wind_speed", "winddirec": "wind_direc", "datacreationdate": "publishtime"}
    kinds = {names.get(name, name): kind for name, kind in history.kinds.items() if name != "unit"}
    table, tally = raw.Table("AQX_P_432", kinds, ("siteid",), ()), Tally()
    for row in newest.values():
        if row["datacreationdate"] >= last - timedelta(days=1):  # type: ignore[operator]
            tally.add(kinds, [cell for name, cell in row.items() if name != "unit"])
    return table, tally


def confirm_view(data: Path, base: str, forms: list[str], say: Callable[[str], None]) -> int:
    """AQX_P_432 against the history it is a view of."""
    table, own = newest_hour(data)
    say(f"\nAQX_P_432: {own.rows} site ids in the newest hours")
    wrong = 0
    for form in forms:
        dialect, name = form.split(":")
        source = served.native if dialect == "native" else served.moenv
        tally, _ = found(table, source(base, table.code, name), is_csv=name == "csv")
        said = differences(own, tally)
        say(f"  {form:<15} {'DIFFERS' if said else 'equal  '}  {tally.rows:>9,} rows")
        for word in said[:12]:
            say(f"      {word}")
        wrong += bool(said)
    return wrong


def confirm_listing(data: Path, base: str, say: Callable[[str], None]) -> int:
    """Every catalogue entry with a code is found in the portal's catalogue; entries without code are counted, too."""
    with (data / "catalogue" / "moenv_datagovtw_merged.csv").open(encoding="utf-8-sig", newline="") as lines:
        entries = list(csv.DictReader(lines))
    codes = {code.strip().upper() for entry in entries for code in entry["codes"].split("|") if code.strip()}
    listed: dict[str, dict[str, object]] = {}
    offset = 0
    while True:
        with served.open_url(base, "/api/datasets", {"limit": "500", "offset": str(offset), "f": "json"}) as body:
            page = json.load(body)
        listed |= {entry["code"]: entry for entry in page["datasets"]}
        if not page["datasets"]:
            break
        offset += len(page["datasets"])
    absent = sorted(code for code in codes if code not in {c.upper() for c in listed})
    titles = {str(entry["title_zh"]) for entry in listed.values()}
    own = {entry["code"] for entry in listed.values() if entry["kind"] != "listed"}
    unnamed = [e["title"] for e in entries if e["codes"].upper() not in own and e["title"].strip() not in titles]
    only = sum(entry["kind"] == "listed" for entry in listed.values())
    replaced = sum(e["codes"].strip().upper() in own for e in entries)
    wrong = bool(absent or unnamed) or only + replaced != len(entries)
    say(
        f"\nlisting: {len(entries)} entries, {len(codes)} codes in the file; {only} listed and {replaced} published or held "
        f"in the portal; {len(absent)} codes absent {absent[:10]}, {len(unnamed)} titles absent {unnamed[:5]} "
        f"→ {'DIFFERS' if wrong else 'equal'}"
    )
    return int(wrong)


def main() -> int:
    """Confirm everything asked for; 0 when all is equal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", required=True, help="address of the running portal")
    parser.add_argument("--data", required=True, type=Path, help="folder of the real files")
    parser.add_argument("--only", action="append", default=[], help="codes to confirm (default: all)")
    parser.add_argument("--formats", default=",".join(FORMS), help="such as native:csv,moenv:xml")
    asked = parser.parse_args()
    forms = asked.formats.split(",")
    tables = [table for table in raw.tables() if not asked.only or table.code in asked.only]

    def say(line: str) -> None:
        print(line, flush=True)

    wrong = sum(confirm(table, asked.data, asked.base, forms, say) for table in tables)
    if not asked.only:
        wrong += confirm_view(asked.data, asked.base, forms, say)
        wrong += confirm_listing(asked.data, asked.base, say)
        wrong += masked.search(asked.data, asked.base, say)
    say(f"\n{'all equal' if not wrong else f'{wrong} differences'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:
        sys.exit(1)
