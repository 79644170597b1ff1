"""Before publication a person sees every text that a mask rule changes, and every one that it leaves as it is."""

from __future__ import annotations

import pytest
from django.test import Client

from qingliu.lake.paths import LakePaths
from qingliu.pipeline import queries
from qingliu.pipeline.models import Draft
from qingliu.privacy import actions as privacy
from qingliu.standards import definition as standard
from tests.privacy import town
from tests.web import cast

pytestmark = pytest.mark.django_db(transaction=True)

NOTES = {
    3: "洽林淑芬小姐 0928-331-774",
    5: "井口上鎖，電話04-7771234轉12",
    7: "採樣時下雨",
    9: "洽林淑芬小姐 0928-331-774",
}


@pytest.fixture
def mei(home: LakePaths) -> Client:
    cast.enrol()
    privacy.seed()
    for name in ("natural-persons", "own-address", "free-text"):
        privacy.decide(name=name, approve=True, reason="可", by=town.OPERATOR)
    return cast.client("mei")


def marked(mei: Client, notes: dict[int, str]) -> Draft:
    text = "井號,濃度,備註\n" + "".join(f"W{n},{n}.5,{notes.get(n, '')}\n" for n in range(max(notes) + 2))
    draft = cast.upload(mei, cast.file(text))
    mei.post(f"/desk/drafts/{draft.pk}/change", {"c2-was": "備註", "c2-sensitivity": "text"})
    draft.refresh_from_db()
    return draft


def section(mei: Client, draft: Draft) -> str:
    html = mei.get(f"/desk/drafts/{draft.pk}/").content.decode()
    return html.split('id="privacy"')[1].split("</section>")[0]


def test_every_changed_and_every_unchanged_text_is_shown_once_with_its_lines(mei: Client) -> None:
    draft = marked(mei, NOTES)
    seen = queries.preview(draft)
    assert seen is not None
    assert seen.privacy is not None
    (texts,) = seen.privacy.texts
    assert [(d.before, d.count, d.lines) for d in texts.changed] == [(NOTES[3], 2, (5, 11)), (NOTES[5], 1, (7,))]
    assert "0928-331-774" not in "".join(d.after for d in texts.changed)
    assert [(d.before, d.count, d.lines) for d in texts.kept] == [("採樣時下雨", 1, (9,))]
    html = section(mei, draft)
    assert html.count(f"<td>{NOTES[3]}</td>") == 1
    assert "採樣時下雨" in html.split("照原文公開的文字：1 種")[1]
    assert "一半到四分之三" in html


def test_what_is_masked_is_among_the_findings_too(mei: Client) -> None:
    seen = queries.preview(marked(mei, {5: "井口上鎖，電話04-7771234轉12", 7: "採樣時下雨"}))
    assert seen is not None
    told = next(s for s in seen.content if s.rule == "personal")
    assert "像電話號碼" in told.reason.zh
    assert told.lines == (7,)


def test_more_than_twenty_texts_are_folded_and_none_is_lost(mei: Client) -> None:
    html = section(mei, marked(mei, {n: f"洽林淑芬小姐 0928-331-7{n:02d}" for n in range(10, 40)}))
    assert html.count("洽林淑芬小姐") == 30
    assert html.split("看其餘會改變的文字")[1].count("洽林淑芬小姐") == 10


def test_the_whole_column_is_left_out_in_one_click(mei: Client) -> None:
    draft = marked(mei, NOTES)
    form = section(mei, draft).split("整欄不公開「備註」")[0].rsplit('name="remedy" value="', 1)[1]
    assert mei.post(f"/desk/drafts/{draft.pk}/remedy", {"remedy": form.split('"')[0]}).status_code == 302
    draft.refresh_from_db()
    assert [f.name for f in standard.loads(draft.definition).dataset.fields] == ["井號", "濃度"]
