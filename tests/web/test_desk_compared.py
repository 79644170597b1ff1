"""Whoever approves a draft sees what it would change: columns, rows and what is said of the dataset, old beside new."""

from __future__ import annotations

import pytest
from django.test import Client

from qingliu.core.dataset import FieldRecord, Text
from qingliu.lake.paths import LakePaths
from qingliu.pipeline import actions, comparing
from qingliu.pipeline.models import Draft
from qingliu.standards import definition as standard
from tests.web import cast

pytestmark = pytest.mark.django_db(transaction=True)
FIRST = "id,aqi,note\n" + "".join(f"A{n},{n},x\n" for n in range(10))
FORM = {"title-zh": "名稱", "description-zh": "說明。", "code": "DESK_A", "keys": "1", "c0-was": "id", "c0-key": "on"}


@pytest.fixture
def mei(home: LakePaths) -> Client:
    cast.enrol()
    return cast.client("mei")


def submitted(mei: Client, text: str, form: dict[str, str], **fields: str) -> Draft:
    draft = cast.upload(mei, cast.file(text), **fields)
    mei.post(f"/desk/drafts/{draft.pk}/change", form)
    mei.post(f"/desk/drafts/{draft.pk}/submit", {"why": "更新"})
    draft.refresh_from_db()
    assert draft.state == Draft.State.WAITING
    return draft


def published(mei: Client) -> None:
    draft = submitted(mei, FIRST, FORM)
    cast.client("hua").post(f"/desk/drafts/{draft.pk}/decide", {"decision": "approve"})


def test_a_first_publication_says_so_and_shows_what_will_be_public(mei: Client) -> None:
    draft = submitted(mei, FIRST, FORM)
    page = cast.client("hua").get(f"/desk/drafts/{draft.pk}/").content.decode()
    assert "第一次公開：會公開什麼" in page
    assert "還沒有公開過，沒有可以比較的版本" in page
    assert "將公開的列（舉例）" in page
    assert "A0" in page.split('id="compared"')[1].split("</section>")[0]
    assert 'id="compared"' not in cast.client("hua").get("/desk/").content.decode()


def test_rows_that_change_come_and_go_are_counted_with_old_and_new(mei: Client) -> None:
    published(mei)
    after = "id,aqi,note\n" + "".join(f"A{n},{n + (500 if n == 3 else 0)},x\n" for n in range(1, 10)) + "B1,7,y\n"
    draft = submitted(mei, after, {}, dataset="DESK_A")
    rows = actions.compared(draft).rows
    assert rows is not None
    counts = rows.counts
    assert (rows.before, rows.after) == (10, 10)
    assert (counts.inserted, counts.updated, counts.deleted, counts.unchanged) == (1, 1, 1, 8)
    assert rows.columns == (("aqi", 1),)
    (changed,) = [e for e in rows.examples if e.kind == "update"]
    assert [(c.column, c.before, c.after) for c in changed.cells] == [("aqi", "3", "503")]
    assert [c.after for c in changed.name] == ["A3"]
    part = cast.client("hua").get(f"/desk/drafts/{draft.pk}/").content.decode().split('id="compared"')[1]
    assert "與現行版本 1 的差異" in part
    assert "<del>3</del>" in part
    assert "<ins>503</ins>" in part
    assert "欄位沒有改變。" in part


def test_columns_and_what_is_said_of_the_dataset_are_compared(mei: Client) -> None:
    published(mei)
    form = {
        "description-zh": "新的說明。", "c1-was": "aqi", "c1-unit": "ppm", "c1-title-zh": "指標", "c2-was": "note",
        "c2-drop": "on",
    }  # fmt: skip
    draft = submitted(mei, FIRST, form, dataset="DESK_A")
    before, after = standard.loads(draft.base), standard.loads(draft.definition)
    same = lambda _record, _field: Text("", "")  # noqa: E731
    changed, removed = comparing.fields(before, after, same)
    assert (changed.kind, changed.field.name, [c.what.zh for c in changed.changes]) == (
        "changed", "aqi", ["單位", "意義"],
    )  # fmt: skip
    assert (removed.kind, removed.field.name) == ("removed", "note")
    assert [(c.what.zh, c.before.zh, c.after.zh) for c in comparing.about(before, after)] == [
        ("資料說明", "說明。", "新的說明。")
    ]
    page = cast.client("hua").get(f"/desk/drafts/{draft.pk}/").content.decode().split('id="compared"')[1]
    assert "<del>說明。</del>" in page
    assert "<ins>ppm</ins>" in page


def test_a_renamed_column_is_told_as_renamed_not_as_gone_and_new(mei: Client) -> None:
    published(mei)
    draft = submitted(mei, FIRST, {"c1-was": "aqi", "c1-name": "index"}, dataset="DESK_A")
    before, after = standard.loads(draft.base), standard.loads(draft.definition)

    def masks(_record: object, field: FieldRecord) -> Text:
        return Text(field.sensitivity, field.sensitivity)

    (one,) = comparing.fields(before, after, masks)
    assert (one.kind, one.was, one.field.name) == ("renamed", "aqi", "index")


def test_without_a_key_a_changed_row_is_one_gone_and_one_new_and_the_page_says_so(mei: Client) -> None:
    form = {k: v for k, v in FORM.items() if not k.startswith("c0")}
    first = submitted(mei, "v,aqi\n1,20\n1,30\n", form)
    cast.client("hua").post(f"/desk/drafts/{first.pk}/decide", {"decision": "approve"})
    draft = submitted(mei, "v,aqi\n1,20\n1,31\n", {}, dataset="DESK_A")
    rows = actions.compared(draft).rows
    assert rows is not None
    assert (rows.counts.inserted, rows.counts.deleted, rows.counts.unchanged) == (1, 1, 1)
    assert "認不出哪一列改了" in cast.client("hua").get(f"/desk/drafts/{draft.pk}/").content.decode()


def test_a_comparison_is_kept_until_something_it_rests_on_changes(mei: Client) -> None:
    published(mei)
    draft = submitted(mei, FIRST, {}, dataset="DESK_A")
    first = actions.compared(draft)
    assert first.against == 1
    assert actions.compared(draft) == first
    other = submitted(mei, FIRST + "C1,1,z\n", {}, dataset="DESK_A")
    cast.client("hua").post(f"/desk/drafts/{other.pk}/decide", {"decision": "approve"})
    again = actions.compared(draft)
    assert (again.against, again.rows and again.rows.counts.deleted) == (2, 1)


def test_a_key_that_published_rows_do_not_have_is_told_and_not_raised(mei: Client) -> None:
    published(mei)
    form = {"keys": "1", "c2-was": "note", "c2-key": "on"}
    draft = cast.upload(mei, cast.file("id,aqi,note\nA1,1,p\nA2,2,q\n"), dataset="DESK_A")
    mei.post(f"/desk/drafts/{draft.pk}/change", form)
    mei.post(f"/desk/drafts/{draft.pk}/submit", {})
    draft.refresh_from_db()
    kept = actions.compared(draft)
    assert kept.rows is None
    assert kept.problem is not None
    assert "資料列無法比較" in cast.client("hua").get(f"/desk/drafts/{draft.pk}/").content.decode()
