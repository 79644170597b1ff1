"""What the judges would say after publication is told in the draft, with the lines in which it stands."""

from __future__ import annotations

import pytest

from qingliu.lake.paths import LakePaths
from qingliu.pipeline import queries, remedies
from qingliu.pipeline.looks import Preview
from qingliu.standards import definition as standard
from tests.web import cast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(home: LakePaths) -> None:
    cast.enrol()


STATIONS = (
    ("S01", "石門水庫", "桃園市"),
    ("S02", "曾文水庫", "嘉義縣"),
    ("S03", "翡翠水庫", "新北市"),
    ("S04", "日月潭", "南投縣"),
)


def reservoir(*, odd: bool) -> str:
    out = ["某某水資源管理單位,,,,,", "測站代碼,水庫名稱,縣市,採樣日期,pH,濁度(NTU)"]
    for n in range(48):
        code, name, county = STATIONS[n % 4]
        out.append(f"{code},{name},{county},2025-{n // 4 + 1:02d}-{n % 4 // 2 + 10},{7 + n % 9 / 10:.1f},{n}.5")
    if odd:
        out[5] = out[5].replace(",7.3,", ",71.2,")  # line 6
        out[10] = out[10].replace("桃園市", "台南市")  # line 11, S01
        out.insert(20, out[19])  # lines 20 and 21
        out[30] = out[30].replace(out[30][:3], "", 1)  # no code, line 31
        out.append("合計,,,,,")
    return "\r\n".join(out) + "\r\n"


def seen_of(text: str) -> Preview:
    draft = cast.upload(cast.client("mei"), cast.file(text))
    seen = queries.preview(draft)
    assert seen is not None
    assert seen.problem is None, seen.problem
    return seen


def test_what_is_wrong_in_the_rows_is_told_before_publication_with_its_lines(people: None) -> None:
    mei = cast.client("mei")
    draft = cast.upload(mei, cast.file(reservoir(odd=True)))
    seen = queries.preview(draft)
    assert seen is not None
    found = {(s.rule, s.place): s for s in seen.content}
    ph = found["range", "pH"]
    assert [(c.line, c.column, c.text) for c in ph.cells] == [(6, "pH", "71.2")]
    assert found["duplicate", ""].lines == (20, 21)
    assert [(c.line, c.text) for c in found["county-name", "縣市"].cells] == [(11, "台南市")]
    assert "臺南市" in found["county-name", "縣市"].reason.zh
    assert found["two-counties", "測站代碼"].lines == (11,)
    page = mei.get(f"/desk/drafts/{draft.pk}/").content.decode()
    for told in ("71.2", "第 20、21 行相同", "正式名稱是「臺南市」", "出現在兩個以上的縣市"):
        assert told in page


def test_sound_rows_are_not_cried_wolf_over(people: None) -> None:
    seen = seen_of(reservoir(odd=False))
    assert seen.content == ()


def test_totals_are_left_out_and_keys_taken_by_a_click_each_and_nothing_is_lost(people: None) -> None:
    mei = cast.client("mei")
    draft = cast.upload(mei, cast.file(reservoir(odd=True) + "註：未檢出以 ND 表示,,,,,\r\n"))

    def click(kind: str, values: tuple[str, ...]) -> Preview:
        draft.refresh_from_db()
        seen = queries.preview(draft)
        assert seen is not None
        offered = remedies.remedies(seen, standard.loads(draft.definition))
        wanted = next(r for r in offered if (r.kind, r.values) == (kind, values))
        assert mei.post(f"/desk/drafts/{draft.pk}/remedy", {"remedy": wanted.id}).status_code == 302
        after = queries.preview(draft)
        assert after is not None
        return after

    before = queries.preview(draft)
    assert before is not None
    click("leave_out", ("合計",))
    after = click("leave_out", ("註：*",))
    assert (after.rows_read, after.rows, after.set_aside) == (before.rows_read, before.rows - 2, 2)
    assert {g.raw.split(",")[0] for g in after.groups if not g.column} == {"合計", "註：未檢出以 ND 表示"}
    keyed = click("key", ("測站代碼", "採樣日期"))
    assert (keyed.rows, keyed.set_aside, keyed.clashing) == (before.rows - 3, 3, 0)  # one row has no code
    draft.refresh_from_db()
    made = standard.loads(draft.definition)
    assert made.read.leave_out == ("合計", "註：*")
    assert standard.loads(standard.dumps(made)) == made


def test_what_looks_personal_is_told_with_its_kind_and_line_and_without_its_text(people: None) -> None:
    rows = "".join(f"S{n},{n}.5,\n" for n in range(20))
    seen = seen_of(f"站號,濃度,備註\n{rows}S20,3.1,採樣人員王大同 0987-654-321 協助\n")
    told = next(s for s in seen.content if s.rule == "personal")
    assert told.place == "備註"
    assert "像手機號碼" in told.reason.zh
    assert "第 22 行" in told.reason.zh
    assert "0987" not in told.reason.zh
    assert not [c.text for c in told.cells if c.text]


def test_a_count_that_happens_to_differ_in_every_row_is_no_key_and_a_running_number_is_one(people: None) -> None:
    rows = "".join(f"{n},第{n % 5}站,{1000 + n * 37}\n" for n in range(1, 41))
    for header in ("序號,站名,車流量(輛)", "項次,站名,車流量"):
        draft = cast.upload(cast.client("mei"), cast.file(f"{header}\n{rows}"))
        seen = queries.preview(draft)
        assert seen is not None
        taken = standard.loads(draft.definition).dataset.key  # proposed at once, or for a click
        assert (taken or seen.key) == (header[:2],)
    assert seen_of("站名,車流量\n" + "".join(f"第{n % 5}站,{1000 + n * 37}\n" for n in range(40))).key == ()
