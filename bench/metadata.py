"""Judging metadata measured: 800 full datasets described, checked by SHACL and judged by MQA, and the catalogue written.

usage: python -m bench.metadata [N] [--into docs/bench/results.md]
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from qingliu.core.dataset import FileRecord, Text, VersionRecord
from qingliu.quality.rules.mqa import catalogue_score, tally
from qingliu.quality.rules.mqa_facts import addresses_of, mqa_of
from qingliu.standards.dcat import write
from qingliu.standards.dcat.catalogue import Site, catalogue
from qingliu.standards.dcat.dataset import describe
from qingliu.standards.dcat.served import Served
from qingliu.standards.dcat.shapes import load_shapes
from qingliu.standards.definition import load

DEFINITIONS = Path(__file__).resolve().parents[1] / "datasets"
SITE = Site("https://data.example.tw", Text("目錄", "Catalogue"), Text("環境資料", "Data"), Text("環境部", "Ministry"))


TITLE = "## Judging the metadata"
LIMIT_S = 10.0  # "takes seconds"
JUDGED = "described, checked by SHACL and judged by MQA"


@dataclass(slots=True)
class Seen:
    """How long each step took over so many datasets, in order."""

    datasets: int
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Note how long it took."""
        begun = time.perf_counter()
        yield
        self.seconds[what] = time.perf_counter() - begun


def version(code: str) -> VersionRecord:
    """A version of one file, as a publication leaves it."""
    file = FileRecord("d/part-0.parquet", 10, 4096, "ab" * 32)
    known = dict.fromkeys(("metadata_path", "run_id", "author", "message", "content_hash"), "x")
    return VersionRecord(
        code=code,
        number=1,
        created_at="2026-01-01T00:00:00Z",
        snapshot_id=1,
        rows=10,
        columns=(),
        files=(file,),
        **known,
    )


def measure(wanted: int = 800) -> Seen:
    """Each step over so many datasets: the real definitions over and over under other codes."""
    seen = Seen(wanted)
    records = [load(path).dataset for path in sorted(DEFINITIONS.glob("*.yaml"))]
    many = [replace(records[i % len(records)], code=f"{records[i % len(records)].code}_{i}") for i in range(wanted)]
    served = Served(SITE.root, "table", version=1)
    given = [(r, (version(r.code),), served) for r in many]
    with seen.timed("shapes read"):
        shapes = load_shapes()
    links = {address: True for one in given for address in addresses_of(*one)}
    with seen.timed(JUDGED):
        results = [mqa_of(*one, shapes, links) for one in given]
    with seen.timed("the catalogue's points"):
        catalogue_score(map(tally, results))
    for form, writer in write.WRITERS.items():
        with seen.timed(f"the catalogue written as {form}"):
            size = sum(len(part) for part in writer(catalogue(SITE, (describe(*one) for one in given))))
        assert size
    return seen


def section(seen: Seen | None) -> str:
    """The section of the page of results; "" where nothing was measured."""
    if seen is None:
        return ""
    met = "met" if seen.seconds[JUDGED] <= LIMIT_S else "**missed**"
    rows = [
        f"| {what} | {seconds:.2f} | {f'≤ {LIMIT_S:.0f} s' if what == JUDGED else ''} | {met if what == JUDGED else ''} |"
        for what, seconds in seen.seconds.items()
    ]
    head = f"| {seen.datasets:,} datasets | seconds | target | |\n|---|---|---|---|"
    told = "The definitions of the real datasets over and over under other codes, one process; every address is taken to answer."
    return "\n".join([TITLE, "", head, *rows, "", told])


def put(page: Path, text: str) -> None:
    """Write the section into a page of results, in the place of the one before or at its end."""
    parts = [p for p in re.split(r"(?m)^(?=## )", page.read_text(encoding="utf-8")) if not p.startswith(TITLE)]
    page.write_text("".join(parts).rstrip("\n") + f"\n\n{text}\n", encoding="utf-8")


def main() -> int:
    """Measure each step over N datasets; print the section, and put it into the page that is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datasets", nargs="?", type=int, default=800)
    parser.add_argument("--into", type=Path, help="page of results whose section is replaced")
    args = parser.parse_args()
    text = section(measure(args.datasets))
    print(text)
    if args.into:
        own = f"From a run of its own, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC; load of the machine {os.getloadavg()[0]:.1f}."
        put(args.into, f"{text} {own}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
