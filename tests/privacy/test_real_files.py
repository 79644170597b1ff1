"""The recognisers on real files: everybody who was hidden there is found, and hardly anybody else."""

from __future__ import annotations

import csv
import io
import os
import re
import time
import zipfile
from functools import cache
from pathlib import Path

import pytest

from qingliu.privacy.rules import NameKind, classify_name, mask_name, mask_text, parse_addresses, recognise
from tests.house.tree import ROOT, read, tracked

REAL = Path(os.environ.get("QINGLIU_REAL_DATA", ROOT.parent / "shared" / "data"))
pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason=f"no real files at {REAL}: set QINGLIU_REAL_DATA")
TEXTS = ("OPENINFOR", "GIST_DEFINE", "SUBJECT", "INSPECTION_CONDITION", "APPEAL_OR_RESCIND", "FAC_UNIFORMNO")
NAMES = ("FAC_NAME", "TRANSGRESS_NAME")


@cache
def penalties() -> list[dict[str, str]]:
    with (REAL / "ems_p_46_2020.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@cache
def zipped(name: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(REAL / name) as archive:
        files = [archive.read(n).decode("utf-8-sig") for n in archive.namelist() if n.endswith(".csv")]
    return [row for text in files for row in csv.DictReader(io.StringIO(text))]


@cache
def invented() -> tuple[list[str], list[str]]:
    """The persons, and the numbers and plates, that the files' own description says were put in."""
    told = (REAL / "README.md").read_text(encoding="utf-8")
    persons, numbers = re.search(r"replaced by invented ones\s*\(([^;]*);([^)]*)\)", told).groups()  # type: ignore[union-attr]
    return re.split(r"[,\s]+", persons.strip()), [n.strip() for n in numbers.split(";")]


def test_none_of_the_hidden_words_stands_in_the_code() -> None:
    persons, numbers = invented()
    assert (len(persons), len(numbers)) == (10, 3)
    code = [p for p in tracked() if p.startswith(("qingliu/", "tests/privacy/")) and not p.endswith((".po", ".mo"))]
    texts = {p: read(p) for p in code if p.endswith((".py", ".yaml", ".csv", ".json", ".txt", ".md"))}
    assert not [(p, w) for p, text in texts.items() for w in (*persons, *numbers) if w in text]


def test_every_hidden_person_and_number_is_found_in_every_place() -> None:
    persons, numbers = invented()
    missed, places = [], dict.fromkeys((*persons, *numbers), 0)
    for row in penalties():
        for column in (*NAMES, *TEXTS):
            value = row[column] or ""
            words = [w for w in places if w in value]
            if not words:
                continue
            if column in NAMES:
                verdict = classify_name(value)
                covered = [*verdict.people, *verdict.named_after]
            else:
                covered = [(s.start, s.end) for s in recognise(value)]
            for word in words:
                for at in (m.start() for m in re.finditer(re.escape(word), value)):
                    places[word] += 1
                    if not any(s <= at and at + len(word) <= e for s, e in covered):
                        missed.append((column, word))
    assert min(places.values()) > 0
    assert not missed


def test_no_hidden_person_survives_masking_but_in_a_farms_own_name() -> None:
    persons, _ = invented()
    for row in penalties():
        for column in NAMES:
            left = [p for p in persons if p in mask_name(row[column] or "")]
            assert not left or classify_name(row[column]).kind is NameKind.FARM
        for column in TEXTS:
            text = row[column] or ""
            assert not [p for p in persons if p in mask_text(text, recognise(text))]


def test_free_text_gives_few_names_besides() -> None:
    persons, _ = invented()
    texts = {row[c] for row in penalties() for c in TEXTS if row[c]}
    besides = [t[s.start : s.end] for t in texts for s in recognise(t) if s.kind == "name" and s.confidence >= 0.5]
    besides = [n for n in besides if n not in persons]
    assert len(texts) > 5000
    assert (
        30 < len(besides) < 46
    )  # each was read: all but one (a quarter's name, misspelt) are persons that the file names


def test_name_columns_of_the_registers_hold_mostly_firms() -> None:
    names = {r["name"] for r in zipped("prtr_facilities_2017.zip")}
    kinds = [classify_name(n).kind for n in names]
    assert kinds.count(NameKind.UNKNOWN) / len(names) < 0.01
    assert 200 < kinds.count(NameKind.PERSON) < 500
    firms = [n for n in names if re.search(r"(公司|企業社|商行|畜牧場)$", n) and not re.search(r"[(（即:：]", n)]
    assert len(firms) > 25_000
    assert not [n for n in firms if mask_name(n) != n]


@pytest.mark.parametrize(
    ("file", "column", "least"),
    [
        ("prtr_facilities_2017.zip", "地址", 0.99),
        ("contaminated_sites_2024.zip", "場址地號", 0.985),
        ("ems_p_46_2020.csv", "FAC_ADDRESS", 0.995),
    ],
)
def test_real_addresses_are_read(file: str, column: str, least: float) -> None:
    rows = penalties() if file.endswith(".csv") else zipped(file)
    cells = [r[column] for r in rows if r[column].strip()]
    cells = cells[:: max(1, len(cells) // 10_000)]
    read_whole = [bool(a) and a[0].complete for a in map(parse_addresses, cells)]
    assert sum(read_whole) / len(cells) >= least


def test_distinct_names_are_classified_fast() -> None:
    names = [f"{n} " for n in {r["name"] for r in zipped("prtr_facilities_2017.zip")}][:20_000]
    started = time.process_time()
    for name in names:
        classify_name(name)
    assert len(names) / (time.process_time() - started) > 5_000
