"""Searching a large catalogue measured: N entries published, asked through CKAN's package_search and the native list.

usage: python -m bench.catalogue [N]
"""

from __future__ import annotations

import json
import sqlite3
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
from qingliu.core import codec
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
    """Publish ``wanted`` entries: the real definitions under other codes, titles, agencies, categories and keywords.

    Written straight into the catalogue's tables, in one go: record by record each would first be looked for in the index.
    """
    dice = Random(7)
    bases = [json.loads(codec.to_json(replace(load(p).dataset, view=None))) for p in sorted(DEFINITIONS.glob("*.yaml"))]
    groups = list(categories())
    rows, texts = [], []
    for i in range(wanted):
        base = bases[i % len(bases)]
        words = dice.sample(WORDS, 4)
        keywords = [w + dice.choice(WORDS) for w in words]
        code, title = f"{base['code']}_{i}", "".join(words) + f"第{i % 97}號"
        record = base | {
            "code": code,
            "title": {"zh": title, "en": f"{base['title']['en']} {i}"},
            "agency": f"agency{dice.randrange(AGENCIES)}",
            "category": dice.choice(groups),
            "keywords": [{"zh": k, "en": ""} for k in keywords],
        }
        at = f"{2010 + i % 16}-0{1 + i % 9}-01T00:00:00.{i % 1000:03}Z"
        kind = "table" if i % 3 else "listed"
        rows.append((code, kind, "published", None, at, json.dumps(record, ensure_ascii=False), "{}"))
        body = " ".join([base["description"]["zh"], base["description"]["en"], *keywords])
        texts.append((code, terms(f"{code} {title} {base['title']['en']}"), terms(body)))
    with PublishedWriter(path).transaction():
        pass  # makes the tables
    with sqlite3.connect(path) as con:
        con.executemany("INSERT INTO entry VALUES (?,?,?,?,?,?,?)", rows)
        con.executemany("INSERT INTO search VALUES (?,?,?)", texts)
        con.execute("INSERT INTO search_row SELECT rowid, code FROM search")
        con.execute("UPDATE meta SET value=value+1 WHERE name='generation'")
    con.close()


def terms(text: str) -> str:
    """The terms of a text that is traditional already; turning 50,000 of them into it takes minutes."""
    normalise, search.normalise = search.normalise, str.lower
    try:
        return search.index_terms(text)
    finally:
        search.normalise = normalise


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
        spent, _ = timed(lambda: fill(engine.paths.published_db, wanted))
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
