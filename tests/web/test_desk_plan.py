"""One click on "apply all" does what it says: tried on the rows first, taken to its end, and nothing is worse off for it."""

from __future__ import annotations

import pytest

from qingliu.lake.paths import LakePaths
from qingliu.pipeline import queries, remedies, titles
from qingliu.pipeline.looks import Preview
from qingliu.pipeline.models import Draft
from qingliu.standards import definition as standard
from tests.web import cast

pytestmark = pytest.mark.django_db(transaction=True)
ODD = {3: '"1,813"', 5: "７.２", 7: "ND", 9: "-", 11: "維修", 13: "<0.01"}


@pytest.fixture(autouse=True)
def people(home: LakePaths) -> None:
    cast.enrol()


def wells(odd: dict[int, str], key: dict[int, str] | None = None, extra: str = "") -> str:
    rows = "".join(
        f"{(key or {}).get(n, f'W{n}')},113/{n % 3 + 1}/{n % 5 + 1},{odd.get(n, f'{n}.5')}\n" for n in range(60)
    )
    return f"井號,採樣日期,導電度(μS/cm)\n{rows}{extra}"


def seen_of(draft: Draft) -> Preview:
    draft.refresh_from_db()
    seen = queries.preview(draft)
    assert seen is not None
    assert seen.problem is None, seen.problem
    return seen


def test_one_click_takes_marks_writings_and_types_to_the_end_and_says_before_what_becomes_of_the_cells() -> None:
    mei = cast.client("mei")
    draft = cast.upload(mei, cast.file(wells(ODD)))
    plan = seen_of(draft).plan
    assert plan is not None
    assert (plan.quarantined, plan.quarantined_after, plan.set_aside_after, plan.marked) == (0, 0, 0, 4)
    html = mei.get(f"/desk/drafts/{draft.pk}/").content.decode()
    assert "隔離的儲存格 0 → 0" in html
    assert "成為空值加註記的格 4" in html
    mei.post(f"/desk/drafts/{draft.pk}/remedies")
    after = seen_of(draft)
    assert (after.quarantined, after.set_aside, sum(c.sentinel for c in after.cells)) == (0, 0, 4)
    fields = {f.name: f for f in standard.loads(draft.definition).dataset.fields}
    assert (fields["導電度"].type, fields["導電度"].unit) == ("number", "μS/cm")
    assert set(fields["導電度"].numbers) == {"thousands", "fullwidth"}
    assert fields["採樣日期"].type == "date"
    assert after.plan is not None
    assert after.plan.steps == ()  # no second round


def test_a_column_that_would_lose_cells_stays_out_of_it_and_the_page_says_which() -> None:
    mei = cast.client("mei")
    draft = cast.upload(mei, cast.file(wells({**ODD, 15: "約三成"})))
    html = mei.get(f"/desk/drafts/{draft.pk}/").content.decode()
    assert "不在「套用全部」內：這一欄隔離的格會從 0 變成 1" in html
    assert "約三成" in html.split("不在「套用全部」內")[1].split("</small>")[0]
    mei.post(f"/desk/drafts/{draft.pk}/remedies")
    after = seen_of(draft)
    fields = {f.name: f.type for f in standard.loads(draft.definition).dataset.fields}
    assert (after.quarantined, fields["導電度"], fields["採樣日期"]) == (0, "string", "date")


def test_the_suggested_key_tells_its_cost_with_the_lines_before_it_is_taken() -> None:
    mei = cast.client("mei")
    draft = cast.upload(mei, cast.file(wells({}, key={9: ""})))
    mei.post(f"/desk/drafts/{draft.pk}/remedies")
    seen = seen_of(draft)
    key = next(r for r in remedies.remedies(seen, standard.loads(draft.definition)) if r.kind == "key")
    assert "1 列的鍵值空白或無法判讀，會整列隔離（第 11 行）" in key.why.zh
    mei.post(f"/desk/drafts/{draft.pk}/remedy", {"remedy": key.id})
    assert seen_of(draft).set_aside == 1


def test_the_mark_foreseen_knows_the_newest_day_of_a_time_column_in_roc_dates() -> None:
    mei = cast.client("mei")
    draft = cast.upload(mei, cast.file(wells({})))
    mei.post(f"/desk/drafts/{draft.pk}/remedies")
    mei.post(f"/desk/drafts/{draft.pk}/change", {"frequency-every": "1", "frequency-unit": "month"})
    assert seen_of(draft).newest.startswith("2024-03-05")
    html = mei.get(f"/desk/drafts/{draft.pk}/").content.decode()
    assert "沒有可讀的時間欄位" not in html
    assert "資料最新到 2024-03-05" in html


def test_totals_and_notes_need_nothing_done() -> None:
    mei = cast.client("mei")
    draft = cast.upload(mei, cast.file(wells({}, extra="合計,60\n註：ND 為未檢出\n")))
    html = mei.get(f"/desk/drafts/{draft.pk}/").content.decode()
    assert "看起來是合計或註解" in html
    assert "欄數少於標題列" not in html


def test_rows_add_up_on_the_draft_and_the_frequency_comes_from_the_title() -> None:
    mei = cast.client("mei")
    draft = cast.upload(mei, cast.file(wells({}, extra="W59,113/3/5,59.5\n合計,60\n"), "地下水水質監測月報.csv"))
    html = mei.get(f"/desk/drafts/{draft.pk}/").content.decode()
    assert "讀入 62 列 = 公開 60 + 隔離 0 + 不列入 2" in cast.words(html)
    assert (standard.loads(draft.definition).dataset.frequency.unit) == "month"


@pytest.mark.parametrize(
    ("title", "unit"),
    [
        ("監測月報", "month"),
        ("廢水日報", "day"),
        ("空品逐時值", "hour"),
        ("統計年報", "year"),
        ("每週通報", "week"),
        ("名冊", None),
    ],
)
def test_the_words_of_a_title_tell_its_frequency(title: str, unit: str | None) -> None:
    found = titles.frequency(title)
    assert (found and found.unit) == unit
