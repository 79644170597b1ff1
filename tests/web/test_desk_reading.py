"""What the desk understands of a file before anybody publishes it: kinds of files, numbers in other writings, marks."""

from __future__ import annotations

import io
import re
import zipfile

import pytest

from qingliu.core.dataset import DatasetRecord, Definition, FieldRecord, Text
from qingliu.core.errors import BadRequest
from qingliu.core.formats import written
from qingliu.lake.paths import LakePaths
from qingliu.pipeline import editing, queries
from qingliu.pipeline.models import Draft
from qingliu.standards import definition as standard
from tests.web import cast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(home: LakePaths) -> None:
    cast.enrol()


def _word() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)) * 9, "是 JPEG 圖片，不是表格"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "是 PNG 圖片，不是表格"),
        (b"%PDF-1.7\n%\xe2\xe3", "是 PDF 文件，不是表格"),
        (_word(), "是 Word 文件，不是表格"),
        (b"", "是空檔"),
    ],
)
def test_what_is_no_table_is_told_as_what_it_is_and_makes_no_draft(people: None, body: bytes, told: str) -> None:
    mei = cast.client("mei")
    answer = mei.post("/desk/upload/take", {"files": [cast.file(body, "照片.csv")], "agency": "moenv"})
    page = answer.content.decode()
    assert answer.status_code >= 400
    assert told in page
    assert "解碼" not in page
    assert not Draft.objects.exists()


def _water() -> str:
    rows = "\n".join(f"S{n % 5},114/01/{n + 1:02d},{20 + n}.5,{1000 + n},{n}.2" for n in range(25))
    return f'站,日期,水溫,蓄水量,濁度\n{rows}\nS1,114/02/01,２３．５,"12,340",<0.5\nS2,114/02/02,19.5,"9,020",3.1\n'


def test_numbers_in_other_writings_and_below_the_limit_are_rules_of_their_columns_in_one_click(people: None) -> None:
    mei = cast.client("mei")
    draft = cast.upload(mei, cast.file(_water()))
    page = mei.get(f"/desk/drafts/{draft.pk}/").content.decode()
    first = {f.name: f.numbers for f in standard.loads(draft.definition).dataset.fields}
    assert (first["蓄水量"], first["水溫"]) == (("thousands",), ("fullwidth",))  # read so at once, and the form says so
    assert '<option value="thousands" selected>' in page
    assert '<option value="fullwidth" selected>' in page
    mei.post(f"/desk/drafts/{draft.pk}/remedies")
    draft.refresh_from_db()
    seen = queries.preview(draft)
    assert seen is not None
    assert (seen.quarantined, seen.set_aside) == (0, 0)
    fields = {f.name: f for f in standard.loads(draft.definition).dataset.fields}
    assert (fields["蓄水量"].numbers, fields["蓄水量"].sentinels) == (("thousands",), ())
    assert (fields["水溫"].numbers, fields["水溫"].sentinels) == (("fullwidth",), ())
    assert {c.column: c.sentinel for c in seen.cells}["蓄水量"] == 0
    assert [(s.text, s.value, s.flag) for s in fields["濁度"].sentinels] == [("<0.5", None, "below_detection")]


@pytest.mark.parametrize(
    ("fmt", "zh", "en"),
    [
        ("roc:%Y/%m/%d", "民國 年/月/日", "ROC year YYY/MM/DD"),
        ("%Y-%m-%d %H:%M", "西元 年-月-日 時:分", "YYYY-MM-DD hh:mm"),
        ("%d.%m", "日.月", "DD.MM"),
    ],
)
def test_a_way_of_writing_dates_is_told_in_words(fmt: str, zh: str, en: str) -> None:
    assert (written(fmt).zh, written(fmt).en) == (zh, en)


def test_pages_of_stewards_speak_plainly(people: None) -> None:
    mei = cast.client("mei")
    draft = cast.upload(mei, cast.file(cast.defective()))
    for language, plain in (("", "缺值與特殊記號"), ("/en", "Marks for missing or special values")):
        page = mei.get(f"{language}/desk/drafts/{draft.pk}/").content.decode()
        assert plain in page
        said = re.sub(r"<[^>]*>", " ", page.split('id="live"')[1])
        assert not re.search(r"(?i)sentinel|\bnull\b|CQL|regex|\bhash|%[YmdHM]", said)


def _marked(lines: str) -> FieldRecord:
    return editing.edited(Definition(_record()), {"c0-sentinels": lines}).dataset.fields[0]


def _record() -> DatasetRecord:
    empty = Text("", "")
    return DatasetRecord(
        "A_B", empty, empty, "moenv", empty, empty, "air", (FieldRecord("v", "number", Text("值", "")),)
    )


def test_a_mark_written_wrongly_is_refused_with_the_right_form() -> None:
    for wrong in ("<0.5 低於偵測極限", "ND below_detection", "<0.5 = 太低了"):
        with pytest.raises(BadRequest) as refused:
            _marked(wrong)
        assert "原文 = 意義" in refused.value.remedy.zh
    assert [(s.text, s.flag) for s in _marked("<0.5 = 低於偵測極限\nND\n- = no_data\n1,234 = 1234").sentinels] == [
        ("<0.5", "below_detection"), ("ND", "below_detection"), ("-", "no_data"), ("1,234", None)
    ]  # fmt: skip


def test_a_proposal_is_marked_with_its_reason_until_a_person_changes_it(people: None) -> None:
    mei = cast.client("mei")
    draft = cast.upload(mei, cast.file("臺南市河川水質監測月報\n\n測站,溶氧(mg/L)\nA,7.1\nB,6.9\n", "河川.csv"))
    before = mei.get(f"/desk/drafts/{draft.pk}/").content.decode()
    assert 'value="臺南市河川水質監測月報"' in before
    assert "推定：檔案標題上方的文字。" in before
    assert (draft.code, "推定：由英文名稱寫成。" in before) == ("TAINAN_CITY_RIVER_WATER_QUALITY_MONITORING", True)
    mei.post(f"/desk/drafts/{draft.pk}/change", {"title-zh": "河川水質"})
    after = mei.get(f"/desk/drafts/{draft.pk}/").content.decode()
    assert 'value="河川水質"' in after
    assert "推定：檔案標題上方的文字。" not in after
    assert "推定：由英文名稱寫成。" in after
