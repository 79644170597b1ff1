"""Name columns: people are told from sole traders, farms, companies and agencies, and only people are masked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qingliu.privacy.rules import NameKind, classify_name, mask_name, mask_person
from tests.privacy.cast import firms, people

SEEDS = (11, 12, 13)
FIRM_KINDS = {NameKind.COMPANY, NameKind.FARM, NameKind.AGENCY}
LEAST = 0.95


@pytest.mark.parametrize("seed", SEEDS)
def test_300_people_and_300_firms_are_told_apart(seed: int) -> None:
    cells, shops = people(seed), firms(seed)
    right = [p for p in cells if [p.cell[s:e] for s, e in classify_name(p.cell).people] == [p.name]]
    wrong = [f for f in shops if classify_name(f).people or classify_name(f).kind is NameKind.PERSON]
    assert len(right) / len(cells) >= LEAST, [p.cell for p in cells if p not in right]
    assert len(right) / (len(right) + len(wrong)) >= LEAST, wrong
    firm = [f for f in shops if classify_name(f).kind in FIRM_KINDS]
    taken = [p for p in cells if classify_name(p.cell).kind in FIRM_KINDS]
    assert len(firm) / len(shops) >= LEAST, set(shops) - set(firm)
    assert len(firm) / (len(firm) + len(taken)) >= LEAST, taken


@pytest.mark.parametrize("seed", SEEDS)
def test_no_generated_name_survives_its_mask_and_no_firm_changes(seed: int) -> None:
    found = [p for p in people(seed) if classify_name(p.cell).people]
    assert not [p.cell for p in found if p.name in mask_name(p.cell)]
    assert not [f for f in firms(seed) if mask_name(f) != f]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_masked_cell_says_what_it_said_before_of_person_and_trader(seed: int) -> None:
    """A kept version is judged again when a rule changes, and its names are masked by then."""
    traders = {NameKind.SOLE, NameKind.FARM, NameKind.COMPANY}
    kinds = [(p.cell, classify_name(p.cell).kind, classify_name(mask_name(p.cell)).kind) for p in people(seed)]
    assert sum(before in traders for _, before, _ in kinds) > 20
    assert [k for k in kinds if (k[1] in traders) != (k[2] in traders)] == []


@pytest.mark.parametrize(
    ("cell", "kind", "masked"),
    [
        ("方大同", "person", "方○同"),
        ("鄭明", "person", "鄭○"),
        ("歐陽大同", "person", "歐陽○同"),
        ("歐陽明", "person", "歐陽○"),
        ("張簡大同", "person", "張簡○同"),
        ("阮氏秋香", "person", "阮○○香"),
        ("林鄭玉蘭", "person", "林○○蘭"),
        ("瓦旦‧尤命", "person", "瓦○‧○○"),
        ("瓦旦・尤命", "person", "瓦○‧○○"),
        ("Maria Santos", "person", "M. S."),
        ("SANTOS, MARIA", "person", "S. M."),
        ("方大同、鄭文山", "person", "方○同、鄭○山"),
        ("方大同 先生", "person", "方○同 先生"),
        ("張宜君君", "person", "張○君君"),
        ("張宜平君", "person", "張○平君"),
        ("張宜君", "person", "張○君"),
        ("歐陽宜君", "person", "歐陽○君"),
        ("方大同等3人", "person", "方○同等3人"),
        ("違規人：方大同", "person", "違規人：方○同"),
        ("方○同等2名-某某段集合住宅新建工程", "sole", "方○同等2名-某某段集合住宅新建工程"),
        ("方○同等2名", "masked", "方○同等2名"),
        ("方大同即某畜牧場", "sole", "方○同即某畜牧場"),
        ("方大同（即某企業社）", "sole", "方○同（即某企業社）"),
        ("某企業社即方大同", "sole", "某企業社即方○同"),
        ("某企業社（方大同）", "sole", "某企業社（方○同）"),
        ("方大同即方大同畜牧場", "sole", "方○同即方○同畜牧場"),
        ("永某有限公司(代表人：方大同)", "company", "永某有限公司(代表人：方○同)"),
        ("方大同畜牧場", "farm", "方大同畜牧場"),
        ("高興牧場", "farm", "高興牧場"),
        ("黃金海岸大飯店", "company", "黃金海岸大飯店"),
        ("高雄市政府環境保護局", "agency", "高雄市政府環境保護局"),
        ("方○同", "masked", "方○同"),
        ("方○○即某畜牧場", "sole", "方○○即某畜牧場"),
        ("", "empty", ""),
        ("石門水庫", "unknown", "石門水庫"),
    ],
)
def test_each_kind_of_cell_is_masked_by_its_rule(cell: str, kind: str, masked: str) -> None:
    assert (classify_name(cell).kind, mask_name(cell)) == (kind, masked)


def test_a_number_beside_a_name_is_masked_with_it() -> None:
    number = "F" + "131232216"
    assert mask_name(f"方大同({number})") == "方○同(F13*****16)"


def test_a_farm_gives_up_the_name_it_bears_only_when_asked() -> None:
    assert classify_name("方大同畜牧場").named_after == ((0, 3),)
    assert mask_name("方大同畜牧場", also_named_after=True) == "方○同畜牧場"


def test_every_verdict_says_why_in_both_languages() -> None:
    for cell in ("方大同", "某企業社", "方大同即某企業社", "方○同", "", "某牧場", "某某鄉公所", "石門水庫"):
        reason = classify_name(cell).reason
        assert reason.zh
        assert reason.en


@given(st.text(max_size=40))
def test_any_text_has_a_verdict_whose_people_lie_in_it(cell: str) -> None:
    for start, end in classify_name(cell).people:
        assert 0 <= start < end <= len(cell)
    mask_name(cell)


@given(st.text(min_size=1, max_size=12))
def test_a_masked_person_is_never_the_whole_name(name: str) -> None:
    assert mask_person(name) != name or "○" in name or len(name.strip()) <= 2 or name.endswith(".")
