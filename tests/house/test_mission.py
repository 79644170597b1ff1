"""docs/mission.md is an account, not a promise: 89 rows, and what works or partly works names a test that exists."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from qingliu.accounts.rules import operator
from qingliu.catalog import actions
from qingliu.core.errors import QingliuError
from qingliu.standards import definition
from tests.house.tree import PACKAGE, ROOT, existing_tests, read

SECTIONS = dict(zip("ABCDEFGHIJKL", (11, 17, 10, 9, 13, 3, 3, 4, 4, 3, 5, 7), strict=True))
# what the deck calls a dataset → its definition of the demo
NAMED = {
    "公告事業廢棄物清運機具資料": "WR_P_17",
    "環境保護許可管理系統(暨解除列管)對象基本資料": "EMS_S_01",
    "督察檢測環境介質數據": "FAC_P_91",
    "列管事業污染源裁處資料": "EMS_P_46",
    "空氣品質指標(AQI)": "AQX_P_432",
    "河川水質測點基本資料": "WQX_P_06",
}


def rows() -> list[list[str]]:
    """The cells of each row that stands for an item."""
    lines = (x for x in read("docs/mission.md").splitlines() if re.match(r"\| [A-L]\d+ \|", x))
    return [[c.strip() for c in line.strip("|").split("|")] for line in lines]


def test_every_item_has_its_row_and_none_is_told_twice() -> None:
    assert [r[0] for r in rows()] == [f"{s}{n}" for s, most in SECTIONS.items() for n in range(1, most + 1)]
    assert len(rows()) == 89


def test_every_row_says_works_partly_or_not_yet_and_names_its_test() -> None:
    wrong = []
    for number, _, status, place, test in rows():
        if status not in {"works", "partly", "not yet"}:
            wrong.append(f"{number}: status {status!r}")
        elif status != "not yet" and (test.strip("`") not in existing_tests() or len(place) < 5):
            wrong.append(f"{number}: {test} does not exist, or no place is named")
    assert not wrong, wrong


def test_counts_in_the_first_lines_are_those_of_the_rows() -> None:
    told = re.search(r"(\d+) items; (\d+) work, (\d+) work partly, (\d+) not yet", read("docs/mission.md"))
    assert told
    status = [r[2] for r in rows()]
    counts = (len(status), status.count("works"), status.count("partly"), status.count("not yet"))
    assert tuple(map(int, told.groups())) == counts


@pytest.mark.parametrize(("title", "code"), NAMED.items())
def test_datasets_the_deck_names_are_defined(title: str, code: str) -> None:
    made = yaml.safe_load((ROOT / "demo" / f"{code}.yaml").read_text(encoding="utf-8"))
    assert (made["code"], made["title"]["zh"]) == (code, title)
    assert made["title"]["en"]
    assert made["simulated"] is True


def test_agencies_the_deck_names_are_registered() -> None:
    agencies = json.loads((PACKAGE / "accounts" / "data" / "agencies.json").read_text(encoding="utf-8"))
    names = " ".join(a["zh"] for a in agencies)
    assert all(n in names for n in ("環境管理署", "化學物質管理署", "國家環境研究院", "資源循環署", "氣候變遷署"))
    assert {a["parent"] for a in agencies} == {"", "moenv"}
    assert all(a["valid_from"] for a in agencies)


def test_a_column_may_name_its_standard_property() -> None:
    text = (ROOT / "demo" / "WR_P_17.yaml").read_text(encoding="utf-8")
    made = yaml.safe_load(text)
    made["schema"]["fields"][0]["property"] = "https://schema.gov.tw/example"
    read_again = definition.loads(yaml.safe_dump(made, allow_unicode=True))
    assert read_again.dataset.fields[0].property == "https://schema.gov.tw/example"


@pytest.mark.django_db
def test_taking_a_dataset_down_asks_for_a_reason(home: object) -> None:
    by = operator("tester")
    made = yaml.safe_load((ROOT / "demo" / "WR_P_17.yaml").read_text(encoding="utf-8"))
    done = actions.register_definition(text=yaml.safe_dump(made, allow_unicode=True), path="x.yaml", by=by)
    with pytest.raises(QingliuError):
        actions.withdraw(code=done.code, reason=" ", by=by)
    actions.withdraw(code=done.code, reason="改由新資料集提供", by=by)
