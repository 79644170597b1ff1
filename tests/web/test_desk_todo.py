"""What a newcomer is told of a draft: what is missing, where it is mended, how the rows add up, what the mark wants."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest
from qingliu.lake.paths import LakePaths
from qingliu.pipeline import queries
from qingliu.pipeline.models import Draft
from qingliu.standards import definition as standard
from qingliu.web import draft_errors
from tests.web import cast

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = "".join(f"W{n},2026/01/{n % 28 + 1:02d},{n}.5\n" for n in range(40))
TABLE = f"井號,採樣日期,導電度(μS/cm)\n{ROWS}W39,2026/01/12,39.5\n合計,60\n,2026/01/05,1.5\n"


@pytest.fixture
def mei(home: LakePaths) -> Client:
    cast.enrol()
    return cast.client("mei")


def page_of(who: Client, draft: Draft, language: str = "") -> str:
    return who.get(f"{language}/desk/drafts/{draft.pk}/").content.decode()


def top(html: str) -> str:
    return html.split('id="todo"')[1].split("</aside>")[0]


def ids(html: str) -> set[str]:
    return set(re.findall(r'\bid="([^"]+)"', html))


def test_what_is_required_stands_together_above_the_rows_and_each_entry_of_the_summary_leads_to_its_field(
    mei: Client,
) -> None:
    draft = cast.upload(mei, cast.file(TABLE, "data.csv"))
    html = page_of(mei, draft)
    assert html.index('id="todo"') < html.index('id="basics"') < html.index('id="gold"') < html.index('id="read"')
    basics = html.split('id="basics"')[1].split("</section>")[0]
    for name in (
        "title-zh",
        "description-zh",
        "category",
        "frequency-unit",
        "licence",
        "unit-zh",
        "steward",
        "steward-email",
    ):
        assert f'id="{name}"' in basics
    assert basics.count('form="definition-form"') == 10  # nine fields and their button: one form with the columns below
    for language in ("", "/en"):
        shown = page_of(mei, draft, language)
        links = re.findall(r'href="#([^"]+)"', top(shown))
        assert "description-zh" in links
        assert set(links) <= ids(shown)
    assert "送核前還差 1 項" in cast.words(html)
    mei.post(f"/desk/drafts/{draft.pk}/change", {"description-zh": "每週一次的井水監測。", "at": "basics"})
    after = top(page_of(mei, draft))
    assert "必填的都有了" in after
    assert 'href="#approval"' in after


def test_a_save_at_the_top_leads_back_to_the_top(mei: Client) -> None:
    draft = cast.upload(mei, cast.file(TABLE))
    answer = mei.post(f"/desk/drafts/{draft.pk}/change", {"title-zh": "井水", "at": "basics"})
    assert answer.headers["Location"].endswith("#basics")


def test_the_rows_add_up_in_one_line_of_which_each_part_leads_to_its_rows(mei: Client) -> None:
    draft = cast.upload(mei, cast.file(TABLE))
    mei.post(f"/desk/drafts/{draft.pk}/remedies")
    mei.post(f"/desk/drafts/{draft.pk}/change", {"keys": "1", "c0-key": "on", "c1-key": "on"})
    seen = queries.preview(Draft.objects.get(pk=draft.pk))
    assert seen is not None
    assert (seen.rows_read, seen.published, seen.unfit, seen.left_out) == (43, 40, 1, 2)
    assert seen.rows_read == seen.published + seen.unfit + seen.left_out
    html = page_of(mei, draft)
    assert "讀入 43 列 = 公開 40 + 隔離 1 + 不列入 2" in cast.words(html)
    line = html.split('class="balance"')[1].split("</p>")[0]
    assert set(re.findall(r'href="#([^"]+)"', line)) == {"rows", "rows-quarantined", "rows-left"}
    assert {"rows", "rows-quarantined", "rows-left"} <= ids(html)
    kept = html.split('id="rows-quarantined"')[1].split('id="rows-left"')[0]
    assert "鍵值欄位" in kept
    assert "2026/01/05" in kept
    left = html.split('id="rows-left"')[1].split("</details>")[0]
    assert "合計" in left
    assert "完全重複 1 列" in left
    assert "Read 43 rows = Published 40 + Quarantined 1 + Left out 2" in cast.words(page_of(mei, draft, "/en"))


def test_what_is_wrong_is_said_beside_its_field_and_in_the_summary_that_leads_there(mei: Client) -> None:
    draft = cast.upload(mei, cast.file(TABLE))
    at = f"/desk/drafts/{draft.pk}/change"
    for form, field in (
        ({"title-zh": ""}, "title-zh"), ({"code": "9 x"}, "code"), ({"c2-minimum": "x"}, "c2-minimum"),
        ({"c1-title-zh": ""}, "c1-title-zh"), ({"c1-formats": "%Q"}, "c1-formats"), ({"c2-sentinels": "ND low"}, "c2-sentinels"),
        ({"c2-minimum": "9", "c2-maximum": "2"}, "c2-minimum"), ({"steward": "王", "steward-email": "none"}, "steward-email"),
    ):  # fmt: skip
        form = {**form} if "c2-sentinels" not in form else {"c2-sentinels": "ND =x= y = low"}
        html = mei.post(at, form).content.decode()
        assert f'href="#{field}"' in html.split('id="error"')[1].split("</div>")[0], form
        box = re.search(rf'<(?:input|textarea)[^>]* name="{field}"[^>]*>', html)
        assert box is not None
        assert f'aria-invalid="true" aria-describedby="wrong-{field}"' in box.group(0), form
        assert f'id="wrong-{field}"' in html
        if field.startswith("c") and field not in ("code", "c1-title-zh"):  # folded away otherwise
            assert "<details open>" in html[: box.start()].rsplit("<li", 1)[1], form


def test_a_place_in_a_definition_is_a_field_of_the_form() -> None:
    places = {
        "schema.fields[3].constraints (line 9)": "c3-minimum", "(text):title.zh (line 2)": "title-zh", "unheard (line 1)": "",
        "contacts[0].email (line 8)": "steward-email", "schema.fields[0].description.en (line 4)": "c0-description-en",
    }  # fmt: skip
    assert {p: draft_errors.field_of(p) for p in places} == places
    plain = BadRequest(Text("壞", "bad"), Text("", ""), parameter="c1-minimum")
    assert [w.field for w in draft_errors.told(plain)] == ["c1-minimum"]


def test_gold_and_platinum_say_what_they_lack_with_the_place_where_it_is_mended(mei: Client) -> None:
    draft = cast.upload(mei, cast.file(TABLE.replace("2026/01", "2019/01")))
    mei.post(f"/desk/drafts/{draft.pk}/remedies")
    mei.post(f"/desk/drafts/{draft.pk}/change", {"frequency-every": "1", "frequency-unit": "month", "c2-role": "value"})
    html = page_of(mei, draft).split('id="gold"')[1].split("</section>")[0]
    gold, platinum = html.split('class="rung')[2:4]
    assert "金標章" in gold
    assert "公開前看得出的條件都符合" in gold
    assert "白金標章" in platinum
    assert 'href="#frequency-unit"' in platinum
    row = Draft.objects.get(pk=draft.pk)
    row.definition = row.definition.replace("name: 井號", "name: 坑口")
    row.save()
    mei.post(f"/desk/drafts/{draft.pk}/change", {"title-en": "Wells"})
    html = page_of(mei, draft)
    assert '<a href="#definition">' in html.split('id="gold"')[1].split('class="rung')[2]
    assert "金標章還差" in top(html)


def test_privacy_is_told_in_one_sentence_at_one_place(mei: Client) -> None:
    rows = "".join(f"S{n},王小明,{n}\n" for n in range(9))
    draft = cast.upload(mei, cast.file(f"站號,負責人,數\n{rows}"))
    mei.post(f"/desk/drafts/{draft.pk}/change", {"c1-sensitivity": "personal"})
    html = page_of(mei, draft)
    assert html.count("敏感欄位只在核可的遮罩規則處理後公開") == 1
    for gone in ("隱私審查決定遮罩後才公開", "敏感欄位由已核可的遮罩規則處理後公開"):
        assert gone not in html
    assert "取消敏感標示" in html.split('id="privacy"')[1].split("</section>")[0]
    assert "取消敏感標示" not in html.split('id="findings"')[1].split("</section>")[0]


def test_words_stand_where_codes_stood(mei: Client) -> None:
    draft = cast.upload(
        mei, cast.file("id,aqi\nA,ND\nB,20\nC,30\nD,40\nE,50\nF,60\nG,70\nH,80\nI,90\nJ,95\nK,96\nL,97\n")
    )
    mei.post(f"/desk/drafts/{draft.pk}/remedies")
    html = page_of(mei, draft)
    assert "ND = 低於偵測極限" in html
    assert "ND = Below detection limit" in page_of(mei, draft, "/en")
    assert "資料管理者（環境部）" in html
    form = {"c1-sentinels": "ND = Below detection limit"}
    assert mei.post(f"/desk/drafts/{draft.pk}/change", form).status_code == 302
    field = standard.loads(Draft.objects.get(pk=draft.pk).definition).dataset.fields[1]
    assert [(s.text, s.flag) for s in field.sentinels] == [("ND", "below_detection")]
