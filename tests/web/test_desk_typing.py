"""What is typed into a draft is kept: by whatever is asked next, in whatever order, and whatever stops it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.test import Client

from qingliu.core.dataset import CheckSpec, Definition, Reference
from qingliu.lake.paths import LakePaths
from qingliu.pipeline import actions, editing, queries
from qingliu.pipeline.models import Draft
from qingliu.standards import definition as standard
from tests.web import cast

pytestmark = pytest.mark.django_db(transaction=True)
TEXT = "id,蓄水量(萬噸),日期,電話\nA1,20,2026-01-01,0912-345-671\nA2,30,2026-01-02,0912-345-672\n"


@pytest.fixture
def mei(home: LakePaths) -> Client:
    cast.enrol()
    return cast.client("mei")


def now(draft: Draft) -> Definition:
    return standard.loads(Draft.objects.get(pk=draft.pk).definition)


def was(draft: Draft) -> dict[str, str]:
    """What each line of the form says of the column it was made for, as the page sends it along."""
    return {f"d.c{n}-was": f.name for n, f in enumerate(now(draft).dataset.fields)}


def removal(mei: Client, draft: Draft) -> str:
    page = mei.get(f"/desk/drafts/{draft.pk}/").content.decode()
    return next(p for p in page.split('name="remedy" value="')[1:] if "整欄不公開" in p.split("</li>")[0])[:16]


def test_the_sequence_that_lost_what_was_typed(mei: Client) -> None:
    """A save stopped by an empty name, then values, then a remedy: the page after it shows them, and a late save of the
    page before it, made for other columns, changes none of them."""
    draft = cast.upload(mei, cast.file(TEXT))
    at = f"/desk/drafts/{draft.pk}"
    before = was(draft)
    shown = mei.get(f"{at}/").content.decode()
    assert all(f'name="{k.removeprefix("d.")}" value="{v}"' in shown for k, v in before.items())
    stopped = mei.post(f"{at}/change", {**before, "d.title-zh": "", "d.title-en": "Kept in view"})
    assert stopped.status_code == 422
    assert 'value="Kept in view"' in stopped.content.decode()
    wanted = {"remedy": removal(mei, draft), "d.title-zh": "重測X", "d.description-zh": "說明X", "d.note": "給核定者"}
    assert mei.post(f"{at}/remedy", {**before, **wanted}).status_code == 302
    page = mei.get(f"{at}/").content.decode()
    assert 'value="重測X"' in page
    assert "說明X</textarea>" in page
    assert "給核定者</textarea>" in page
    gone = next(n for n, name in enumerate(before.values()) if name not in {f.name for f in now(draft).dataset.fields})
    names = [f.name for f in now(draft).dataset.fields]
    late = {**before, "d.title-en": "English X", f"d.c{gone}-title-zh": "錯", "d.c0-title-zh": "編號"}
    mei.post(f"{at}/change", late)
    record = now(draft).dataset
    assert (record.title.zh, record.title.en, record.description.zh) == ("重測X", "English X", "說明X")
    assert [f.name for f in record.fields] == names
    assert record.fields[0].title.zh == "編號"
    assert "錯" not in [f.title.zh for f in record.fields]


@pytest.mark.parametrize("asked", ["remedies", "undo", "submit", "read"])
def test_every_action_first_keeps_what_stands_in_the_form(mei: Client, asked: str) -> None:
    draft = cast.upload(mei, cast.file("id,aqi\nA1,20\nA2,30\n"))
    at = f"/desk/drafts/{draft.pk}"
    mei.post(f"{at}/change", {"description-zh": "說明。", "c1-unit": "ppb"})
    assert mei.post(f"{at}/{asked}", {**was(draft), "d.title-zh": "剛打的", "d.note": "請看"}).status_code == 302
    row = Draft.objects.get(pk=draft.pk)
    kept = [p.after for p in row.proposals.all()]
    assert any("剛打的" in k for k in kept)
    assert row.why == "請看"
    assert row.state == ("waiting" if asked == "submit" else "open")
    assert asked != "submit" or now(draft).dataset.title.zh == "剛打的"


def test_nothing_is_done_while_something_typed_cannot_be_kept(mei: Client) -> None:
    draft = cast.upload(mei, cast.file("id,aqi\nA1,20\n"))
    at = f"/desk/drafts/{draft.pk}"
    mei.post(f"{at}/change", {"description-zh": "說明。"})
    stopped = mei.post(f"{at}/submit", {**was(draft), "d.c1-minimum": "x", "d.title-zh": "也打了這個"})
    assert stopped.status_code == 400
    assert 'value="也打了這個"' in stopped.content.decode()
    assert Draft.objects.get(pk=draft.pk).state == "open"


def test_what_is_missing_is_named_as_the_form_names_it_and_leads_there(mei: Client) -> None:
    draft = cast.upload(mei, cast.file("id,aqi\nA1,20\n"))
    page = mei.get(f"/desk/drafts/{draft.pk}/").content.decode()
    assert '<a href="#description-zh">請填寫「資料說明」。</a>' in page
    assert 'id="description-zh"' in page
    assert 'disabled aria-describedby="lacking"' in page


def test_a_return_without_a_reason_is_told_beside_its_box(mei: Client) -> None:
    draft, hua = cast.upload(mei, cast.file("id,aqi\nA1,20\n")), cast.client("hua")
    mei.post(f"/desk/drafts/{draft.pk}/change", {"description-zh": "說明。"})
    mei.post(f"/desk/drafts/{draft.pk}/submit")
    answer = hua.post(f"/desk/drafts/{draft.pk}/decide", {"decision": "return", "reason": " "})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert page.index('aria-invalid="true" aria-describedby="reason-error" autofocus') < page.index('id="reason-error"')
    assert page.count("退回必須寫明理由。") == 1


def test_a_renamed_column_keeps_its_file_and_everything_that_names_it(mei: Client) -> None:
    draft = cast.upload(mei, cast.file(TEXT))
    at = f"/desk/drafts/{draft.pk}"
    mei.post(f"{at}/remedies")
    first = now(draft)
    day, water = first.dataset.fields[2], first.dataset.fields[1]
    form = {f"c{n}-was": f.name for n, f in enumerate(first.dataset.fields)}
    mei.post(f"{at}/change", {**form, "keys": "1", "c0-key": "on", "c2-key": "on", "time": day.name})
    renaming = {"c2-name": "觀測日", "c1-name": "蓄水", "time": day.name}  # the choice of the time as it stood before
    mei.post(f"{at}/change", {**form, **renaming})
    mei.post(f"{at}/change", {**form, **renaming, "c1-aliases": ""})  # the same form again, from before its own saving
    record, seen = now(draft).dataset, queries.preview(Draft.objects.get(pk=draft.pk))
    assert (record.key, record.order, record.time_field) == (("id", "觀測日"), ("id",), "觀測日")
    assert seen is not None
    assert (seen.missing, seen.header_of("觀測日"), seen.header_of("蓄水")) == ((), day.name, "蓄水量(萬噸)")
    assert water.name in record.fields[1].aliases


def test_roles_checks_and_foreign_keys_follow_a_renaming() -> None:
    text = "code: AB\ntitle: {zh: 甲}\ndescription: {zh: 乙}\nagency: {code: moenv, zh: 環境部}\ncategory: air\n"
    text += "schema:\n  fields:\n  - {name: id, type: string, title: {zh: 號}, role: station}\n"
    text += "  - {name: n, type: number, title: {zh: 數}}\n"
    made = standard.loads(text)
    checks = (CheckSpec("empty", (("field", "id,n"), ("share", "0.1"))),)
    record = replace(made.dataset, references=(Reference(("id",), "B", ("id",)),), checks=checks)
    after = editing.edited(replace(made, dataset=record), {"c0-name": "站號"}).dataset
    assert after.fields[0].role == "station"
    assert after.references[0].fields == ("站號",)
    assert after.checks[0].options == (("field", "站號,n"), ("share", "0.1"))


def test_a_declared_column_that_the_file_lacks_is_not_submitted(mei: Client) -> None:
    draft = cast.upload(mei, cast.file("id,aqi\nA1,20\n"))
    row = Draft.objects.get(pk=draft.pk)
    mei.post(f"/desk/drafts/{draft.pk}/change", {"description-zh": "說明。"})
    record = now(draft)
    row.refresh_from_db()
    row.definition = standard.dumps(record).replace("name: aqi", "name: pm25")
    row.save()
    actions.change(
        draft=row, after=editing.edited(standard.loads(row.definition), {"title-en": "x"}), what=record.dataset.title,
        by=actions_actor("mei"),
    )  # fmt: skip
    mei.post(f"/desk/drafts/{draft.pk}/submit")
    row.refresh_from_db()
    assert row.state == "open"
    assert "檔案中沒有「pm25」這一欄" in mei.get(f"/desk/drafts/{draft.pk}/").content.decode()


def actions_actor(name: str):  # type: ignore[no-untyped-def]
    from qingliu.accounts.models import User
    from qingliu.accounts.queries import actor

    return actor(User.objects.get(username=name))


def test_english_for_unit_steward_and_keywords_is_written_in_the_form(mei: Client) -> None:
    draft = cast.upload(mei, cast.file("id,aqi\nA1,20\n"))
    form = {
        "unit-zh": "監資司",
        "unit-en": "Monitoring",
        "steward": "王科員",
        "steward-en": "Officer Wang",
        "steward-email": "a@example.org",
    }
    mei.post(
        f"/desk/drafts/{draft.pk}/change", {**form, "keywords": "水庫、水質", "keywords-en": "reservoir, water quality"}
    )
    record = now(draft).dataset
    assert (record.unit.en, record.contacts[0].name.en) == ("Monitoring", "Officer Wang")
    assert [k.en for k in record.keywords] == ["reservoir", "water quality"]
    page = mei.get(f"/desk/drafts/{draft.pk}/").content.decode()
    assert 'name="keywords-en" value="reservoir, water quality"' in page
