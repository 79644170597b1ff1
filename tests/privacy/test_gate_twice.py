"""A row that is judged again after it was masked stays as it is: kept versions are judged whenever a rule changes."""

from __future__ import annotations

import random

import pytest

from qingliu.privacy.actions.policy import shipped
from qingliu.privacy.gate.masking import Gate
from qingliu.privacy.gate.outcome import Row
from qingliu.privacy.gate.policy import Approved, Policy
from qingliu.privacy.gate.restricted import Matcher
from qingliu.privacy.rules import Level, NameKind, classify_name, generalise_address
from qingliu.standards import definition
from tests.privacy import town
from tests.privacy.cast import firms, people, sentences

POLICY = Policy(tuple(Approved(r, 1, "", "") for r in shipped()))


def _gate() -> Gate:
    return Gate.of(definition.loads(town.definition(sensitive=False)).dataset, POLICY, Matcher())


def _masked(row: Row) -> Row:
    return {**row, **{column: cell.value for column, cell in _gate().judge(row).cells.items()}}


@pytest.mark.parametrize("seed", [21, 22, 23])
def test_masking_a_masked_row_changes_nothing(seed: int) -> None:
    dice = random.Random(seed)
    cells, shops, facts = [p.cell for p in people(seed)], firms(seed), [s for s, _ in sentences(seed)]
    address = "臺中市北區三民路三段88巷6號5樓"
    again = []
    for _ in range(300):
        row: Row = {
            "fac_name": dice.choice([*cells, *shops]),
            "fac_address": dice.choice(["桃園市觀音區成功路二段99號", "臺中市", address]),
            "violator_name": dice.choice([*cells, *shops]),
            "violator_address": dice.choice([address, "臺中市北區", ""]),
            "facts": dice.choice(facts),
            "lon": 120.64,
            "lat": 24.18,
        }
        once = _masked(row)
        if (twice := _masked(once)) != once:
            again.append({k: (row[k], once[k], twice[k]) for k in row if once[k] != twice[k]})
    assert not again


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("王小○", NameKind.MASKED), ("歐陽○明", NameKind.MASKED), ("集運者-王○明", NameKind.MASKED),
        ("負責人：王○明", NameKind.MASKED), ("王○明即大發商行", NameKind.SOLE), ("林○農園", NameKind.FARM),
    ],
)  # fmt: skip
def test_a_mask_in_a_cell_is_a_persons_where_a_name_begins_it(cell: str, kind: NameKind) -> None:
    assert classify_name(cell).kind is kind


@pytest.mark.parametrize("cell", ["聯悅○境", "鄉悅○新建工程"])
def test_a_mask_behind_two_characters_that_are_no_surname_makes_no_person(cell: str) -> None:
    assert classify_name(cell).kind not in {NameKind.MASKED, NameKind.PERSON}


@pytest.mark.parametrize("area", ["臺中市", "台中市", "臺中市北區"])
def test_an_address_that_tells_no_more_than_its_district_stays_as_written(area: str) -> None:
    assert generalise_address(area, Level.DISTRICT) == area


@pytest.mark.parametrize("name", ["曾中和", "賴以文", "施以文"])
def test_a_row_whose_unread_name_comes_out_masked_is_a_persons_row(name: str) -> None:
    """What masks such a cell took it for a name: the address beside it falls back at once, not at the next judgement."""
    row: Row = {"violator_name": f"集運者-{name}", "violator_address": "臺中市北區三民路三段88巷6號5樓"}
    assert classify_name(str(row["violator_name"])).kind is NameKind.UNKNOWN
    assert _masked(row) == {"violator_name": f"集運者-{name[0]}○{name[2]}", "violator_address": "臺中市北區"}


@pytest.mark.parametrize("firm", ["方大同紀念醫院股份有限公司", "方大同企業股份有限公司", "方大同食品股份有限公司"])
def test_a_company_that_bears_a_founders_name_keeps_it(firm: str) -> None:
    assert not _gate().concerns("violator_name", firm)
    assert _gate().concerns("violator_name", "方大同")
    assert _gate().concerns("facts", "行為人方大同於現場露天燃燒")
