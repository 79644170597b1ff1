"""From a Big5 file with ten defects to a published dataset: what the desk shows, what each click mends, who decides."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from django.test import Client

from qingliu.audit.models import Event
from qingliu.catalog.models import Dataset
from qingliu.lake.engine import Engine
from qingliu.lake.paths import LakePaths
from qingliu.lake.query import Query
from qingliu.pipeline import actions, queries, remedies
from qingliu.pipeline.actions import preview
from qingliu.pipeline.models import Draft, Proposal
from qingliu.standards import definition as standard
from tests.web import cast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(home: LakePaths) -> None:
    cast.enrol()


def rows(home: LakePaths, code: str) -> list[dict[str, object]]:
    engine = Engine(home, threads=1)
    return engine.rows(engine.open(Query(code, limit=1000, flags=True)))


def dated(mei: Client, draft: Draft) -> None:
    """Make the column of days a date although one cell does not fit."""
    draft.refresh_from_db()
    seen = queries.preview(draft)
    assert seen is not None
    offered = remedies.remedies(seen, standard.loads(draft.definition))
    wanted = next(r for r in offered if r.kind == "type" and r.values[0] == "date")
    assert mei.post(f"/desk/drafts/{draft.pk}/remedy", {"remedy": wanted.id}).status_code == 302


def test_ten_defects_are_understood_mended_approved_and_published_in_six_clicks(people: None, home: LakePaths) -> None:
    mei, hua = cast.client("mei"), cast.client("hua")
    draft = cast.upload(mei, cast.file(cast.defective(), "監測紀錄.csv"))  # 1
    page = mei.get(f"/desk/drafts/{draft.pk}/").content.decode()
    assert "Big5 (CP950)" in page
    assert "標題在第 2 行" in page
    assert "此行的欄數少於標題列" in page
    assert mei.post(f"/desk/drafts/{draft.pk}/remedies").status_code == 302  # 2
    page = mei.get(f"/desk/drafts/{draft.pk}/").content.decode()
    assert "不在「套用全部」內" in page  # one day does not exist: a person decides
    dated(mei, draft)  # 3
    seen = queries.preview(draft)
    assert seen is not None
    assert (seen.rows_read, seen.rows, seen.set_aside, seen.quarantined) == (102, 101, 1, 1)
    page = mei.get(f"/desk/drafts/{draft.pk}/").content.decode()
    for told in ("不是存在的日期時間", "完全重複 1 列"):
        assert told in page
    form = {"title-zh": "空品紀錄", "description-zh": "每日監測。", "code": "AIR_TEN", "category": "air"}
    assert mei.post(f"/desk/drafts/{draft.pk}/change", form).status_code == 302  # 4
    assert mei.post(f"/desk/drafts/{draft.pk}/submit", {"why": "首次公開"}).status_code == 302  # 5
    assert hua.post(f"/desk/drafts/{draft.pk}/decide", {"decision": "approve"}).status_code == 302  # 6
    draft.refresh_from_db()
    assert (draft.state, draft.run and draft.run.state) == (Draft.State.DONE, "published"), draft.error_en
    published = {(r["測站代碼"], str(r["監測日期"])): r for r in rows(home, "AIR_TEN")}
    assert len(published) == 100
    assert published["003", "2026-01-02"]["PM2.5"] is None  # the mark
    assert published["003", "2026-01-04"]["PM2.5"] == 1234.0  # by the column's rule of thousands
    assert published["005", "2026-01-06"]["PM2.5"] == 35.2  # its suffix is a flag
    assert "manual_check_invalid" in str(published["005", "2026-01-06"]["_flags"])
    assert published["003", "2026-01-08"]["雨量"] == 0.0  # NR is no rain; an AD date among ROC ones
    made, approved = Event.objects.get(verb="draft.submitted"), Event.objects.get(verb="draft.approved")
    assert (made.actor, approved.actor) == ("user:mei", "user:hua")
    assert Dataset.objects.get(code="AIR_TEN").current == 1


def test_each_remedy_is_a_change_that_can_be_reviewed_and_taken_back(people: None) -> None:
    mei = cast.client("mei")
    draft = cast.upload(mei, cast.file(cast.defective()))
    mei.post(f"/desk/drafts/{draft.pk}/remedies")
    steps = list(Proposal.objects.filter(draft=draft))
    assert {s.kind for s in steps} >= {"type", "suffix"}
    assert all(s.by == "user:mei" and s.why and s.before != s.after for s in steps)
    page = mei.get(f"/desk/drafts/{draft.pk}/").content.decode()
    assert '<span class="new">+ ' in page
    assert '<span class="gone">- ' in page
    mei.post(f"/desk/drafts/{draft.pk}/undo")
    draft.refresh_from_db()
    assert draft.definition == steps[-1].before
    assert Proposal.objects.get(pk=steps[-1].pk).undone_by == "user:mei"


def test_the_form_and_its_errors_keep_what_was_written(people: None) -> None:
    mei = cast.client("mei")
    draft = cast.upload(mei, cast.file("id,aqi\n1,20\n2,30\n"))
    answer = mei.post(f"/desk/drafts/{draft.pk}/change", {"title-zh": "我的標題", "c1-minimum": "x"})
    assert answer.status_code == 400
    assert "不是可用的數" in answer.content.decode()
    answer = mei.post(
        f"/desk/drafts/{draft.pk}/change", {"title-zh": "我的標題", "c1-formats": "%Q", "c1-type": "date"}
    )
    assert answer.status_code == 422
    assert "不支援 %Q" in answer.content.decode()
    assert 'value="我的標題"' in answer.content.decode()
    draft.refresh_from_db()
    assert "我的標題" not in draft.definition
    mei.post(f"/desk/drafts/{draft.pk}/change", {"c1-minimum": "25", "c1-unit": "ppb", "c0-title-en": "Number"})
    seen = queries.preview(Draft.objects.get(pk=draft.pk))
    assert seen is not None
    assert seen.quarantined == 1
    page = mei.get(f"/desk/drafts/{draft.pk}/").content.decode()
    assert "超出宣告的範圍" in page
    assert "的範圍放寬為" in page


def test_a_file_that_cannot_be_read_says_why_and_how_to_try_again(people: None) -> None:
    mei = cast.client("mei")
    draft = cast.upload(mei, cast.file("<!doctype html><title>404</title>", "data.csv"))
    page = mei.get(f"/desk/drafts/{draft.pk}/").content.decode()
    assert "是網頁" in page
    assert "指定讀法" in page
    assert mei.post(f"/desk/drafts/{draft.pk}/submit").status_code == 302
    draft.refresh_from_db()
    assert draft.state == Draft.State.OPEN


def test_too_large_and_too_many_are_told_with_the_remedy(people: None, settings: object, home: LakePaths) -> None:
    from dataclasses import replace

    settings.QINGLIU = replace(settings.QINGLIU, max_upload_bytes=2_000_000)  # type: ignore[attr-defined]
    mei = cast.client("mei")
    answer = mei.post("/desk/upload/take", {"files": [cast.file(b"x" * 4_000_000)], "agency": "moenv"})
    assert answer.status_code == 400
    assert "ZIP" in answer.content.decode()
    answer = mei.post("/desk/upload/take", {"files": [cast.file(b"x" * 2_500_000)], "agency": "moenv"})
    assert answer.status_code == 400
    assert mei.post("/desk/upload/take", {"agency": "moenv"}).status_code == 400
    assert not Draft.objects.exists()
    assert list((home.drafts / "incoming").iterdir()) == []


def test_a_draft_lies_in_a_private_folder_and_nothing_of_a_row_in_the_database(people: None, home: LakePaths) -> None:
    mei = cast.client("mei")
    draft = cast.upload(mei, cast.file("name,aqi\nSECRETNAME,-secretmark-\nB,3\nC,4\nD,5\n"))
    folder = home.drafts / str(draft.pk)
    assert home.drafts.stat().st_mode & 0o777 == 0o700
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(p.stat().st_mode & 0o077 == 0 for p in folder.rglob("*") if p.is_file())
    said = [str(vars(row)) for model in (Draft, Proposal, Event) for row in model.objects.all()]
    assert not [s for s in said if "SECRETNAME" in s]
    mei.post(f"/desk/drafts/{draft.pk}/drop")
    assert not folder.exists()


def test_old_drafts_and_their_files_go(people: None, home: LakePaths) -> None:
    mei = cast.client("mei")
    draft = cast.upload(mei, cast.file("id,aqi\n1,20\n"))
    assert actions.expire_drafts() == 0
    Draft.objects.update(expires_at="2020-01-01T00:00:00Z")
    assert actions.expire_drafts() == 1
    assert not (home.drafts / str(draft.pk)).exists()
    assert Draft.objects.get(pk=draft.pk).state == Draft.State.DROPPED


def _csv(body: bytes) -> list[list[str]]:
    assert body.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))


def test_the_repaired_file_read_again_is_sound_and_the_report_names_every_place(people: None) -> None:
    mei = cast.client("mei")
    draft = cast.upload(mei, cast.file(cast.defective()))
    mei.post(f"/desk/drafts/{draft.pk}/remedies")
    dated(mei, draft)
    body = mei.get(f"/desk/drafts/{draft.pk}/repaired.csv").content
    repaired = _csv(body)
    assert repaired[0] == ["測站名稱", "測站代碼", "監測日期", "PM2.5", "雨量"]
    assert len(repaired) == 1 + 101
    by_key = {(r[1], r[2]): r for r in repaired[1:]}
    assert by_key["003", "2026-01-02"][3] == "-"  # a mark stays the mark
    assert by_key["005", "2026-01-06"][3] == "35.2x"
    assert by_key["003", "2026-01-04"][3] == "1234"  # by the column's rule
    report = _csv(mei.get(f"/en/desk/drafts/{draft.pk}/report.csv").content)
    assert report[0][:5] == ["file", "line", "column", "header", "raw text"]
    places = {(r[1], r[2]): r for r in report[1:]}
    assert places["20", "PM2.5"][4:6] == ["1,234", "1234"]
    assert places["3", "監測日期"][4:6] == ["115/01/01", "2026-01-01"]
    again = cast.upload(mei, cast.file(body, "again.csv"))
    Draft.objects.filter(pk=again.pk).update(definition=Draft.objects.get(pk=draft.pk).definition)
    seen = preview.refresh(Draft.objects.get(pk=again.pk))
    assert (seen.quarantined, seen.set_aside, seen.rows) == (0, 0, 101)


def test_threat_5_formulas_are_guarded_in_the_repaired_file_and_its_report(people: None) -> None:
    mei = cast.client("mei")
    formulas = [
        "=1+1",
        "+cmd|' /C calc'!A0",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "＝1+1",
        "＋1+1",
        "－２+3",
        "＠SUM(A1)",
        "-1+cmd",
    ]
    text = (
        "id,note,=cmd()\n" + "".join(f'{n},"{f}",{n}\n' for n, f in enumerate(formulas)) + "98,-5.5,--\n99,-5.5,=7+7\n"
    )
    draft = cast.upload(mei, cast.file(text))
    repaired = _csv(mei.get(f"/desk/drafts/{draft.pk}/repaired.csv").content)
    assert [r[1] for r in repaired[1:]] == [*("'" + f for f in formulas), "-5.5", "-5.5"]
    assert not [c for r in repaired for c in r if re.match(r"^[=+@\t\r＝＋＠]", c)]
    mei.post(f"/desk/drafts/{draft.pk}/change", {"c1-name": "@note"})
    assert _csv(mei.get(f"/desk/drafts/{draft.pk}/repaired.csv").content)[0][1] == "'@note"
    report = _csv(mei.get(f"/desk/drafts/{draft.pk}/report.csv").content)
    assert not [c for r in report for c in r if re.match(r"^[=+@\t\r＝＋＠]", c)]
    assert "'=7+7" in {r[4] for r in report}  # a cell that does not fit, as it was written
    assert len([r for r in report if "試算表不會執行" in r[6]]) >= len(formulas)


def test_an_excel_and_a_zip_and_a_geojson_are_taken_too(people: None, tmp_path: Path) -> None:
    import zipfile

    import xlsxwriter

    mei = cast.client("mei")
    book = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(book) as made:
        sheet = made.add_worksheet("表")
        for n, row in enumerate([("站號", "數值"), ("A1", 1.5), ("A2", 2.5)]):
            sheet.write_row(n, 0, row)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("甲.csv", "站號,數值\nA1,1\n")
        archive.writestr("乙.csv", "站號,數值\nA2,2\n")
    geo = '{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[121.5,25]},'
    geo += '"properties":{"站號":"A1"}}]}'
    for name, body, count in (
        ("a.xlsx", book.read_bytes(), 2),
        ("b.zip", packed.getvalue(), 2),
        ("c.geojson", geo.encode(), 1),
    ):
        seen = queries.preview(cast.upload(mei, cast.file(body, name)))
        assert seen is not None
        assert seen.problem is None, seen.problem
        assert seen.rows == count, name
