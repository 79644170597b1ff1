"""Searching a large catalogue measured: N entries published, asked through CKAN's package_search and the native list.

usage: python -m bench.catalogue [N]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode

from falcon.testing import simulate_request

from qingliu.config.data_api import make_data_api, make_engine
from qingliu.core.dataset import Text
from qingliu.core.env import load as settings_of
from qingliu.lake import search
from qingliu.lake.published import PublishedWriter
from qingliu.standards.definition import load
from qingliu.standards.vocabularies import categories

DEFINITIONS = Path(__file__).resolve().parents[1] / "datasets"
AGENCIES = 200
WORDS = (
    "空氣", "水質", "土壤", "噪音", "廢棄物", "毒物", "氣候", "監測", "統計", "許可", "稽查", "裁處", "名單", "年報", "即時",
    "歷史", "縣市", "河川", "地下水", "酸雨", "輻射", "檢測", "機構", "設施", "排放",
)  # fmt: skip


def fill(path: Path, wanted: int) -> None:
    """Publish ``wanted`` entries: the real definitions under other codes, titles, agencies, categories and keywords."""
    dice = Random(7)
    search.normalise = str.lower  # all of it is traditional already; converting 50,000 entries takes minutes
    records = [load(p).dataset for p in sorted(DEFINITIONS.glob("*.yaml"))]
    groups = list(categories())
    with PublishedWriter(path).transaction() as t:
        for i in range(wanted):
            base = records[i % len(records)]
            words = dice.sample(WORDS, 4)
            record = replace(
                base,
                code=f"{base.code}_{i}",
                title=Text("".join(words) + f"第{i % 97}號", f"{base.title.en} {i}"),
                agency=f"agency{dice.randrange(AGENCIES)}",
                category=dice.choice(groups),
                keywords=tuple(Text(w + dice.choice(WORDS), "") for w in words),
                view=None,
                fields=base.fields[:4],  # enough words to search; all of them take minutes to write
            )
            at = f"{2010 + i % 16}-0{1 + i % 9}-01T00:00:00.{i % 1000:03}Z"
            t.put_entry(record, kind="table" if i % 3 else "listed", current=None, status="published", updated_at=at)


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Milliseconds and the answer."""
    begun = time.perf_counter()
    found = call()
    return (time.perf_counter() - begun) * 1000, found


def main() -> int:
    """Fill, ask, print a table of medians over distinct questions."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_of({"QINGLIU_HOME": folder})
        engine = make_engine(settings)
        normalise = search.normalise
        spent, _ = timed(lambda: fill(engine.paths.published_db, wanted))
        search.normalise = normalise
        app = make_data_api(settings, engine)

        def ask(path: str, **params: str) -> float:
            spent, answer = timed(lambda: simulate_request(app, "GET", path, query_string=urlencode(params)))
            assert answer.status_code == 200, answer.text[:500]
            return spent

        empty = statistics.median(ask("/api/3/action/site_read", n=str(i)) for i in range(50))
        print(f"| {wanted} entries | ms |\n|---|---|\n| published (s) | {spent / 1000:.1f} |")
        print(f"| first read of the catalogue | {ask('/api/datasets', limit='1'):.0f} |")
        print(f"| first faceted search | {ask('/api/3/action/package_search', rows='0'):.0f} |")
        print(f"| an empty answer | {empty:.2f} |")
        place = "/api/3/action/package_search"
        facets = {"facet.field": '["organization","groups","tags","res_format","license_id"]'}
        pairs = [a + " " + b for a in WORDS for b in WORDS if a < b][:60]
        cases: dict[str, Callable[[int], float]] = {
            "one word, 5 facets, 10 packages": lambda i: ask(
                place, q=WORDS[i % len(WORDS)], start=str(i // 25), **facets
            ),
            "two words, 5 facets, 10 packages": lambda i: ask(place, q=pairs[i], **facets),
            "fq of agency and group, 5 facets": lambda i: ask(place, fq=f"organization:agency{i} groups:air", **facets),
            "everything by title, 5 facets": lambda i: ask(
                place, sort="title_string asc", start=str(i * 500), **facets
            ),
            "everything changed since, by id, 1,000 packages": lambda i: ask(
                place, fq=f"metadata_modified:[20{10 + i % 10}-01-01T00:00:00Z TO *]", sort="id asc", rows="1000"
            ),
            "no package found": lambda i: ask(place, q=f"無此詞{i}", **facets),
            "native list, one word": lambda i: ask(
                "/api/datasets", q=WORDS[i % len(WORDS)], offset=str(i // 25), limit="10"
            ),
        }
        for name, one in cases.items():
            took = [one(i) for i in range(10 if "1,000" in name else 40)]
            print(f"| {name} | {statistics.median(took):.2f} (first {took[0]:.1f}) |")
        with PublishedWriter(engine.paths.published_db).transaction():
            pass
        print(f"| first search after a publication of rows | {ask(place, q='水質', **facets):.0f} |")
        engine.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
