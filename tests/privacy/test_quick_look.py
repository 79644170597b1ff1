"""The quick look before the recognisers and the name classifier saves their work and never their finds."""

from __future__ import annotations

import pytest

from qingliu.privacy.rules import Kind, NameKind, classify_name, may_hold
from qingliu.privacy.rules.folding import Pattern, fold, pattern
from qingliu.privacy.rules.name_fields import plainly_a_firm
from qingliu.privacy.rules.recognising import _RECOGNISERS
from tests.privacy import cast


def sentences() -> list[str]:
    """Each kind of personal data in each way in which a sentence may lead to it."""
    people = [p.name for p in cast.people(11, 80)]
    ways = (
        "負責人{}未到場",
        "查獲{}於現場焚燒",
        "{}君表示",
        "{}先生在場",
        "會同{}、王大同稽查",
        "「{}自用農舍」新建",
        "{}",
        "所有人：{}",
    )
    return [w.format(p) for p in people for w in ways]


def test_what_the_quick_look_lets_go_holds_nothing() -> None:
    texts = [*sentences(), *(t for t, _ in cast.sentences(14)), "電話 02-2311-7722", "車號ＸＹＺ－９８７６",
             "service@firm.example", "護照號碼 312345678", "民國60年1月2日出生",
             "(121.512345,25.012345)", "臺北市中正區某路8號"]  # fmt: skip
    assert len([t for t in texts if may_hold(t, frozenset(Kind))]) > len(texts) / 2
    for text in texts:
        every = {s.kind for _, finds in _RECOGNISERS for s in finds(fold(text))}
        assert not every or may_hold(text, frozenset(every)), text


def test_a_firm_at_first_sight_is_one_at_second_sight_too() -> None:
    firms = [
        "大川化學工業股份有限公司",
        "東隆汽車修理廠",
        "某某企業社",
        "某某即某某公司",
        "某某公司負責人蔡旭昇",
        "大川公司(王大同)",
    ]
    assert [plainly_a_firm(f) for f in firms] == [True, True, True, False, False, False]
    for name in [*firms, *(p.cell for p in cast.people(12)), *cast.firms(13)]:
        if plainly_a_firm(name):
            verdict = classify_name(name)
            assert verdict.kind not in {NameKind.PERSON, NameKind.MASKED, NameKind.UNKNOWN}, name
            assert verdict.people == (), name


@pytest.mark.parametrize("text", ["a1b22", "", "王大同１２"])
def test_the_quick_expression_answers_as_the_slow_one(text: str) -> None:
    for expression in (r"\d+", r"\p{Han}", r"^$"):
        slow = pattern(expression)._whole
        quick = Pattern(expression)
        assert quick.found(text) == (slow.search(text) is not None)
        assert [m.span() for m in quick.finditer(text)] == [m.span() for m in slow.finditer(text)]
        assert quick.sub("x", text) == slow.sub("x", text)
