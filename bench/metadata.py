"""Judging metadata measured: 800 full datasets described, checked by SHACL and judged by MQA, and the catalogue written.

usage: python -m bench.metadata [N]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
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


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long it took."""
    begun = time.perf_counter()
    yield
    print(f"| {what} | {time.perf_counter() - begun:.2f} s |", flush=True)


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


def main() -> int:
    """Measure each step over N datasets, the real definitions over and over under other codes."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 800
    records = [load(path).dataset for path in sorted(DEFINITIONS.glob("*.yaml"))]
    many = [replace(records[i % len(records)], code=f"{records[i % len(records)].code}_{i}") for i in range(wanted)]
    served = Served(SITE.root, "table", version=1)
    given = [(r, (version(r.code),), served) for r in many]
    print(f"| {wanted} datasets | time |\n|---|---|")
    with timed("shapes read"):
        shapes = load_shapes()
    links = {address: True for one in given for address in addresses_of(*one)}
    with timed("described, checked by SHACL and judged by MQA"):
        results = [mqa_of(*one, shapes, links) for one in given]
    with timed("the catalogue's points"):
        catalogue_score(map(tally, results))
    for form, writer in write.WRITERS.items():
        with timed(f"the catalogue written as {form}"):
            size = sum(len(part) for part in writer(catalogue(SITE, (describe(*one) for one in given))))
        assert size
    return 0


if __name__ == "__main__":
    sys.exit(main())
