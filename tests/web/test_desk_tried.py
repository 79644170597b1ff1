"""Before a remedy is taken, its first cells are shown as they would be; after "apply all", what it took and what it left."""

from __future__ import annotations

import pytest
from django.test import Client

from qingliu.lake.paths import LakePaths
from qingliu.pipeline import queries, remedies
from qingliu.pipeline.models import Draft
from qingliu.standards import definition as standard
from qingliu.web import draft_page
from tests.web import cast

pytestmark = pytest.mark.django_db(transaction=True)
ODD = {2: "ND", 4: "６２.３", 6: "-", 8: '"1,234"'}
ROWS = "".join(f"W{n},{f'113/02/{30 if n == 9 else n % 27 + 1:02d}'},{ODD.get(n, f'{n}.5')}\n" for n in range(40))


@pytest.fixture
def mei(home: LakePaths) -> Client:
    cast.enrol()
    return cast.client("mei")


def upload(mei: Client) -> Draft:
    return cast.upload(mei, cast.file(f"井號,採樣日期,導電度(μS/cm)\n{ROWS}"))


def cells(draft: Draft) -> dict[str, dict[str, tuple[str | None, str]]]:
    draft.refresh_from_db()
    seen = queries.preview(draft)
    assert seen is not None
    offered = remedies.remedies(seen, standard.loads(draft.definition))
    tried = draft_page.tried(seen, offered)
    return {r.what.zh: {s.raw: (s.after, s.state) for s in tried[r.id]} for r in offered if tried[r.id]}


def test_each_remedy_shows_its_first_cells_before_and_after(mei: Client) -> None:
    draft = upload(mei)
    shown = cells(draft)
    dates = next(v for k, v in shown.items() if "採樣日期" in k)
    assert dates["113/02/01"] == ("2024-02-01", "value")
    assert dates["113/02/30"] == (None, "bad")
    numbers = next(v for k, v in shown.items() if "導電度」改為" in k)
    assert numbers["ND"] == (None, "sentinel")
    html = mei.get(f"/desk/drafts/{draft.pk}/").content.decode().split('id="findings"')[1]
    words = cast.words(html)
    assert "113/02/01</code></td><td>2024-02-01" in html
    assert "隔離" in words.split("113/02/30")[1][:20]
    assert "空值，加註記" in words.split("ND")[1][:20] or "空值，加註記" in words


def test_what_is_shown_before_is_what_the_rows_hold_afterwards(mei: Client) -> None:
    draft = upload(mei)
    before = {raw: after for column in cells(draft).values() for raw, (after, _state) in column.items()}
    for _ in range(4):
        found = remedies.remedies(queries.preview(draft), standard.loads(draft.definition))  # type: ignore[arg-type]
        wanted = next((r for r in found if r.kind in ("type", "reading", "format", "sentinel")), None)
        if wanted is None:
            break
        mei.post(f"/desk/drafts/{draft.pk}/remedy", {"remedy": wanted.id})
        draft.refresh_from_db()
    seen = queries.preview(draft)
    assert seen is not None
    rows = queries.draft_rows(draft, seen, offset=0, limit=50).rows
    held = {c.raw: c.value for r in rows for c in r.cells}
    assert len(before) >= 6
    assert {raw: held[raw] for raw in before} == before


def test_apply_all_says_what_it_took_and_what_it_left_with_the_reasons(mei: Client) -> None:
    draft = upload(mei)
    html = mei.post(f"/desk/drafts/{draft.pk}/remedies", follow=True).content.decode()
    assert "callout applied" not in html.split('id="findings"')[0]
    told = html.split("callout applied")[1].split("</div>")[0]
    took, left = told.split("由您決定")
    assert "導電度" in took
    assert "採樣日期" not in took
    assert "套用後這一欄隔離的格會從 0 變成 1" in left.split("採樣日期")[1]
    assert "callout applied" not in mei.get(f"/desk/drafts/{draft.pk}/").content.decode()  # said once
    again = upload(mei)
    english = mei.post(f"/en/desk/drafts/{again.pk}/remedies", follow=True).content.decode()
    assert "left for you to decide" in english.split("callout applied")[1]


def test_a_name_of_a_column_in_what_was_applied_is_text_and_no_markup(mei: Client) -> None:
    rows = "".join(f"{n},{'1,5' if n == 3 else n}\n" for n in range(9)).replace("1,5", '"1,500"')
    draft = cast.upload(mei, cast.file(f"id,{cast.XSS}\n{rows}"))
    html = mei.post(f"/desk/drafts/{draft.pk}/remedies", follow=True).content.decode()
    assert cast.XSS not in html
