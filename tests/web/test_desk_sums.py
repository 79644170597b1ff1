"""What the desk finds by adding up and by scale: totals that disagree with their parts, and a pH without its point."""

from __future__ import annotations

import pytest

from qingliu.core.dataset import FieldRecord, Text
from qingliu.lake.paths import LakePaths
from qingliu.pipeline import queries, remedies
from qingliu.pipeline.looks import Preview
from qingliu.pipeline.models import Draft
from qingliu.quality.rules.content import items
from qingliu.standards import definition as standard
from tests.web import cast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def people(home: LakePaths) -> None:
    cast.enrol()


def looked(draft: Draft) -> Preview:
    seen = queries.preview(draft)
    assert seen is not None
    assert seen.problem is None, seen.problem
    return seen


def found(text: str, rule: str) -> list[tuple[str, str]]:
    seen = looked(cast.upload(cast.client("mei"), cast.file(text)))
    return [(s.place, s.reason.zh) for s in seen.content if s.rule == rule]


def fines(total: str) -> str:
    return (
        "序號,裁處日期,罰鍰\n" + "".join(f"{n},2026-01-{n:02d},{n * 100}\n" for n in range(1, 21)) + f"合計,,{total}\n"
    )


def test_a_total_row_that_disagrees_with_its_rows_is_told_with_both_numbers_and_still_when_it_is_left_out() -> None:
    mei = cast.client("mei")
    draft = cast.upload(mei, cast.file(fines("21500")))
    told = next(s for s in looked(draft).content if s.rule == "total-row")
    assert (told.place, told.lines) == ("罰鍰", (22,))
    assert "寫 21,500，各列相加是 21,000，差 +500" in told.reason.zh
    left = next(r for r in remedies.remedies(looked(draft), standard.loads(draft.definition)) if r.kind == "leave_out")
    mei.post(f"/desk/drafts/{draft.pk}/remedy", {"remedy": left.id})
    seen = looked(Draft.objects.get(pk=draft.pk))
    assert (seen.no_data, seen.published) == (1, 20)
    assert [s.rule for s in seen.content if s.rule == "total-row"] == ["total-row"]
    assert "各列相加是 21,000" in mei.get(f"/desk/drafts/{draft.pk}/").content.decode()


def test_a_total_row_far_beyond_its_rows_is_told_too() -> None:
    ((place, reason),) = found(fines("99999"), "total-row")
    assert place == "罰鍰"
    assert "寫 99,999，各列相加是 21,000" in reason


@pytest.mark.parametrize("total", ["21000", "", "1050"])  # right; not told; the mean
def test_a_total_row_that_agrees_or_is_none_is_not_told(total: str) -> None:
    assert found(fines(total), "total-row") == []


def test_a_total_row_is_offered_for_leaving_out_whatever_the_type_of_the_first_column() -> None:
    mei = cast.client("mei")
    draft = cast.upload(mei, cast.file(fines("21000")))
    mei.post(f"/desk/drafts/{draft.pk}/change", {"c0-type": "integer"})
    draft.refresh_from_db()
    kinds = {r.kind for r in remedies.remedies(looked(draft), standard.loads(draft.definition))}
    assert "leave_out" in kinds


def test_a_column_of_sums_that_disagrees_in_few_rows_is_told_with_their_lines() -> None:
    rows = "".join(f"A{n},{n},{n * 2},{n * 3 + (5 if n in (4, 9) else 0)}\n" for n in range(1, 31))
    mei = cast.client("mei")
    seen = looked(cast.upload(mei, cast.file(f"鄉鎮,甲,乙,合計\n{rows}")))
    told = next(s for s in seen.content if s.rule == "total-column")
    assert (told.place, told.count, told.lines) == ("合計", 2, (5, 10))
    assert [c.text for c in told.cells] == ["17", "32"]


def test_a_column_called_a_sum_that_never_adds_up_is_no_sum_of_its_neighbours() -> None:
    rows = "".join(f"A{n},{n},{n * 2},{n * 7 + 3}\n" for n in range(1, 31))
    assert found(f"鄉鎮,甲,乙,合計\n{rows}", "total-column") == []


def test_a_ph_beyond_the_scale_is_told_with_the_number_it_most_likely_is() -> None:
    rows = "".join(f"A{n},2026-01-{n:02d},{81 if n == 7 else round(7.1 + n / 10, 1)}\n" for n in range(1, 21))
    seen = looked(cast.upload(cast.client("mei"), cast.file(f"廠別,日期,放流水pH\n{rows}")))
    told = next(s for s in seen.content if s.rule == "range")
    assert [(c.line, c.text) for c in told.cells] == [(8, "81.0")]
    assert "可能漏了小數點（8.1）" in told.reason.zh
    assert "8.1" in told.reason.en


@pytest.mark.parametrize(
    ("name", "judged"),
    [
        ("pH", True),
        ("放流水pH", True),
        ("water_ph", True),
        ("水質酸鹼值", True),
        ("pH值", True),
        ("graph", False),
        ("kmph", False),
    ],
)
def test_columns_of_ph_are_known_by_how_their_names_end(name: str, judged: bool) -> None:
    limit = items.of_column(FieldRecord(name, "number", Text(name, "")))
    assert (limit is not None and limit.maximum == 14) == judged
