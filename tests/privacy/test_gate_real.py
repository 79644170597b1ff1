"""The real penalties leave their hold: no invented person stays anywhere, and every other cell is what the file says."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from qingliu.accounts import actions as accounts
from qingliu.catalog import actions as catalog
from qingliu.lake.engine import Engine
from qingliu.lake.paths import LakePaths
from qingliu.lake.query import Query
from qingliu.pipeline import actions, queries
from qingliu.pipeline.models import Run
from qingliu.pipeline.rules import State
from tests.api.portal import serve
from tests.privacy import town

DATASETS = Path(__file__).resolve().parents[2] / "datasets"
ADDRESSES = ("fac_address", "transgress_address")


@pytest.fixture
def hidden(real_data: Path) -> list[str]:
    """What was planted in the file: names, an identity number, a mobile number, a plate; as the data's README tells."""
    said = (real_data / "README.md").read_text(encoding="utf-8")
    found = re.search(r"invented ones \(([^)]+)\)", said)
    assert found
    words = [w.strip() for w in re.split(r"[,;]", found[1]) if w.strip()]
    assert len(words) == 13
    return words


@pytest.fixture
def published(home: LakePaths, transactional_db: None, real_data: Path) -> Run:
    """The penalties of 2020, delivered under the shipped rules."""
    accounts.seed_agencies(by=town.OPERATOR)
    town.approve_defaults()
    text = (DATASETS / "EMS_P_46.yaml").read_text(encoding="utf-8")
    catalog.register_definition(text=text, by=town.OPERATOR)
    return actions.run_delivery(code="EMS_P_46", files=[real_data / "ems_p_46_2020.csv"], by=town.OPERATOR)


def rows_of(paths: LakePaths) -> list[dict[str, Any]]:
    engine = Engine(paths, threads=1)
    try:
        return list(engine.rows(engine.open(Query("EMS_P_46"))))
    finally:
        engine.close()


def test_the_penalties_are_published_without_a_trace_of_the_people_in_them(
    published: Run, home: LakePaths, hidden: list[str], real_data: Path
) -> None:
    assert published.state == State.PUBLISHED
    balance = queries.balance(published)
    assert balance is not None
    assert balance.holds
    assert balance.read == 3238
    planted = (real_data / "ems_p_46_2020.csv").read_text(encoding="utf-8-sig")
    assert all(word in planted for word in hidden)
    everywhere = ""
    for path in home.home.rglob("*"):
        if path.suffix == ".parquet":
            file = pq.ParquetFile(path)
            everywhere += repr((file.read().to_pylist(), file.metadata.to_dict()))
        elif path.is_file():
            everywhere += path.read_bytes().decode("utf-8", "replace")
    portal = serve(home, {})
    try:
        for path, query in (
            ("/api/datasets/EMS_P_46/rows", "limit=10000&f=csv"), ("/api/datasets/EMS_P_46/rows", "limit=1000"),
            ("/api/v2/ems_p_46", "limit=1000&format=csv"), ("/api/v2/ems_p_46", "limit=1000"), ("/api/datasets/EMS_P_46", ""),
        ):  # fmt: skip
            answer = portal.get(path, query)
            assert answer.status_code == 200
            everywhere += answer.text
    finally:
        portal.engine.close()
    assert {word: everywhere.count(word) for word in hidden if word in everywhere} == {}


def test_every_row_that_is_not_withheld_keeps_its_full_address(
    published: Run, home: LakePaths, real_data: Path
) -> None:
    with (real_data / "ems_p_46_2020.csv").open(encoding="utf-8-sig", newline="") as file:
        source = {(r["COUNTY_NAME"], r["DOCUMENT_NO"], r["EMS_NO"]): r for r in csv.DictReader(file)}
    served = rows_of(home)
    assert len(served) == len(source)
    other = []
    for row in served:
        raw = source[row["county_name"], row["document_no"], row["ems_no"]]
        other += [(c, raw[c.upper()], row[c]) for c in ADDRESSES if (row[c] or "") != raw[c.upper()]]
    assert 0 < len(other) <= 10  # only natural persons' own
    assert all(
        re.fullmatch(r"\w{2}[市縣]\w{1,3}[區鄉鎮市]", shown) and raw.startswith(shown[:2]) for _, raw, shown in other
    )


def test_a_restricted_facility_of_the_real_file_shows_its_district_and_all_others_stay(
    home: LakePaths, transactional_db: None, real_data: Path
) -> None:
    with (real_data / "ems_p_46_2020.csv").open(encoding="utf-8-sig", newline="") as file:
        source = list(csv.DictReader(file))
    site = next(r for r in source if "路" in r["FAC_ADDRESS"] and r["FAC_ADDRESS"] == r["TRANSGRESS_ADDRESS"])
    accounts.seed_agencies(by=town.OPERATOR)
    town.approve_defaults()
    town.restrict(f"control_no,name,address\n,,{site['FAC_ADDRESS']}\n")
    catalog.register_definition(text=(DATASETS / "EMS_P_46.yaml").read_text(encoding="utf-8"), by=town.OPERATOR)
    run = actions.run_delivery(code="EMS_P_46", files=[real_data / "ems_p_46_2020.csv"], by=town.OPERATOR)
    assert run.state == State.PUBLISHED
    rows = rows_of(home)
    mine = [r for r in rows if r["ems_no"] == site["EMS_NO"] and r["document_no"] == site["DOCUMENT_NO"]]
    assert mine
    assert all(r[c] == site["FAC_ADDRESS"][: len(r[c])] and r[c][-1] in "區鄉鎮市" for r in mine for c in ADDRESSES)
    assert site["FAC_ADDRESS"] not in repr(rows)
    full = sum(r["fac_address"] in {s["FAC_ADDRESS"] for s in source} for r in rows if r["fac_address"])
    assert full >= sum(1 for r in rows if r["fac_address"]) - 20
