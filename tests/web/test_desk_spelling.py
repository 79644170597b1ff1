"""台中市 beside 臺中市 in one column is read as one place by one click, and the file keeps what it said."""

from __future__ import annotations

import csv
import io

import pytest

from qingliu.lake.paths import LakePaths
from qingliu.pipeline import queries, remedies
from qingliu.pipeline.models import Draft
from qingliu.pipeline.remedy import Remedy
from qingliu.standards import definition as standard
from tests.web import cast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def people(home: LakePaths) -> None:
    cast.enrol()


def table(*places: str) -> str:
    return "編號,設置地點\n" + "".join(f"A{n},{places[n % len(places)]}第{n % 3 + 1}站\n" for n in range(30))


def offered(draft: Draft) -> list[Remedy]:
    draft.refresh_from_db()
    seen = queries.preview(draft)
    assert seen is not None
    return [r for r in remedies.remedies(seen, standard.loads(draft.definition)) if r.kind == "spelling"]


def test_two_spellings_of_a_place_become_one_by_a_click_and_the_raw_text_stays(home: LakePaths) -> None:
    mei = cast.client("mei")
    draft = cast.upload(mei, cast.file(table("臺中市西屯區", "台中市西屯區", "臺中市豊原區")))
    (remedy,) = offered(draft)
    assert remedy.sure
    assert "「台中市」讀作「臺中市」" in remedy.what.zh
    html = mei.get(f"/desk/drafts/{draft.pk}/").content.decode()
    assert "台中市西屯區第2站</code></td><td>臺中市西屯區第2站" in html  # before and after
    mei.post(f"/desk/drafts/{draft.pk}/remedies")
    assert offered(draft) == []
    field = standard.loads(draft.definition).dataset.fields[1]
    assert dict(field.spellings)["台中市"] == "臺中市"
    assert standard.loads(standard.dumps(standard.loads(draft.definition))) == standard.loads(draft.definition)
    seen = queries.preview(draft)
    assert seen is not None
    rows = queries.draft_rows(draft, seen, offset=0, limit=50).rows
    assert {c.raw[:3] for r in rows for c in r.cells[1:]} == {"臺中市", "台中市"}
    assert {c.value[:3] for r in rows for c in r.cells[1:] if c.value} == {"臺中市"}
    repaired = mei.get(f"/desk/drafts/{draft.pk}/repaired.csv").content.decode("utf-8-sig")
    assert {r[1][:3] for r in list(csv.reader(io.StringIO(repaired)))[1:]} == {"臺中市"}
    report = mei.get(f"/desk/drafts/{draft.pk}/report.csv").content.decode("utf-8-sig")
    assert "台中市西屯區第2站,臺中市西屯區第2站" in report


@pytest.mark.parametrize(
    "places", [("台中市西屯區", "台南市東區"), ("臺中市西屯區",), ("平台一", "臺北市"), ("台電大樓", "臺中市")]
)
def test_one_spelling_alone_and_words_that_are_no_places_are_left_as_they_are(places: tuple[str, ...]) -> None:
    draft = cast.upload(cast.client("mei"), cast.file(table(*places)))
    assert offered(draft) == []


def test_a_column_that_becomes_a_number_loses_its_spellings() -> None:
    mei = cast.client("mei")
    draft = cast.upload(mei, cast.file(table("臺中市西屯區", "台中市西屯區")))
    mei.post(f"/desk/drafts/{draft.pk}/remedies")
    assert mei.post(f"/desk/drafts/{draft.pk}/change", {"c1-type": "number"}).status_code == 302
    assert standard.loads(Draft.objects.get(pk=draft.pk).definition).dataset.fields[1].spellings == ()
