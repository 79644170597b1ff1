"""Tables that pass the privacy gate: every cell is as in the files, or is flagged as masked; nothing else differs."""

from __future__ import annotations

import json
import re
import urllib.error
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import raw
import served
from tally import Tally, text

MASKED = ("PRTR_FACILITIES",)  # compared with the files, cell by cell
SEARCHED = ("EMS_P_46", "PRTR_PENALTIES", "PRTR_FACILITIES")
Say = Callable[[str], None]


def _flagged(base: str, code: str) -> Iterator[served.Raw]:
    with served.open_url(base, f"/api/datasets/{code}/rows", {"f": "ndjson", "include_flags": "true"}) as body:
        for line in body:
            yield json.loads(line)


def compare(table: raw.Table, own: Tally, data: Path, base: str, say: Say) -> tuple[int, Tally]:
    """Differences that no flag explains, and the tally of what is served, to hold the other formats against."""
    names = list(table.kinds)
    theirs: dict[str, Counter[str]] = {n: Counter() for n in names}
    masked: Counter[str] = Counter()
    tally = Tally()
    for row in _flagged(base, table.code):
        flags = row.pop("_flags") or {}
        row.pop("_status", None)
        cells = []
        for name, kind in table.kinds.items():
            value = row.get(name)
            if isinstance(kind, raw.Number):
                cells.append(served.number(value, kind.none, kind.glued))
            elif isinstance(kind, raw.Time):
                cells.append(served.moment(value))
            else:
                cells.append(served.words(value, kind.none, is_csv=False))
            if flags.get(name) == "masked":
                masked[name] += 1
            else:
                theirs[name][text(cells[-1])] += 1
        tally.add(names, cells)
    ours: dict[str, Counter[str]] = {n: Counter() for n in names}
    keep = Tally()
    again = next(t for t in raw.tables() if t.code == table.code)  # a table counts while it is read: once each
    for row in again.rows(data):
        for name in names:
            ours[name][text(row[name])] += 1
        keep.add(names, [row[name] for name in names])
    wrong = int(keep.rows != tally.rows)
    for name in names:
        unexplained = sum((theirs[name] - ours[name]).values())
        withheld = sum((ours[name] - theirs[name]).values())
        if unexplained or withheld != masked[name]:
            wrong += 1
            say(f"      {name}: {withheld:,} cells of the files are not served, {masked[name]:,} are flagged masked, "
                f"{unexplained:,} served cells are not in the files")  # fmt: skip
    said = "DIFFERS" if wrong else "equal"
    say(f"  flagged         {said}  {tally.rows:>9,} rows, {sum(masked.values()):,} cells masked: {dict(masked)}")
    return wrong, tally


def planted(data: Path) -> list[str]:
    """The invented names and numbers, read from the data's own description."""
    told = (data / "README.md").read_text("utf-8")
    names = re.search(r"invented ones \(([^;)]*);([^)]*)\)", told)
    if names is None:
        raise SystemExit("the description of the data no longer names the invented persons")
    return [w.strip() for w in re.split("[,;]", f"{names[1]},{names[2]}") if w.strip()]


def search(data: Path, base: str, say: Say) -> int:
    """Ask every format and page of the datasets that held planted words; the number of answers that hold one."""
    words, wrong, asked = planted(data), 0, 0
    for code in SEARCHED:
        low = code.lower()
        for path, query in (
            *((f"/api/datasets/{code}/rows", {"f": f, "limit": "1000000"}) for f in ("csv", "json", "ndjson")),
            *((f"/api/v2/{low}", {"format": f, "limit": "1000000"}) for f in ("csv", "json", "xml")),
            (f"/api/datasets/{code}", {}), (f"/api/datasets/{code}/decisions", {}),
            (f"/dataset/detail/{code}", {}), (f"/en/dataset/detail/{code}", {}),
        ):  # fmt: skip
            try:
                with served.open_url(base, path, query) as body:
                    answer = body.read().decode("utf-8", "replace")
            except urllib.error.HTTPError as refused:
                say(f"  {path} answers {refused.code}")
                wrong += 1
                continue
            asked += 1
            hits = sum(word in answer for word in words)
            if hits:
                wrong += 1
                say(f"  {path} {query}: {hits} of the {len(words)} planted words")
    say(f"\nplanted: {len(words)} words looked for in {asked} answers → {'FOUND' if wrong else 'none found'}")
    return wrong
