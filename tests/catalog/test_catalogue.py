"""The catalogue: definitions, listed entries, withdrawals, and a published copy that can always be rebuilt."""

from __future__ import annotations

from pathlib import Path

import pytest

from qingliu.accounts import actions as accounts
from qingliu.accounts.models import Agency
from qingliu.audit.models import Event
from qingliu.catalog import actions, publication, queries
from qingliu.catalog.models import Dataset
from qingliu.core.dataset import Text
from qingliu.core.errors import BadDefinition, BadRequest, Conflict, Forbidden, NotFound
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import Published
from qingliu.pipeline import actions as pipeline
from qingliu.standards.listing import ListedEntry, read_listing
from tests.pipeline import town

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _agencies(home: LakePaths) -> None:
    accounts.seed_agencies(by=town.OPERATOR)


def publish(home: LakePaths, code: str = "TEST_A", value: float = 1.0) -> None:
    """A version of three rows."""
    file = town.csv(home.home / f"{code}.csv", town.rows(3, value=value))
    run = pipeline.run_delivery(code=code, files=[file], by=town.OPERATOR)
    assert run.state == "published"


def entry(code: str, title: str = "清單中的資料集") -> ListedEntry:
    """A line of an official list."""
    return ListedEntry(
        code=code, datagovtw_id="1", title=Text(title, ""), provider="環境部", formats=("CSV",), tag="水",
        category="water", url="https://example.invalid/", provenance=Text("清單", "a list"), has_api=True,
    )  # fmt: skip


def test_a_definition_is_registered_once_and_the_same_text_changes_nothing() -> None:
    first = actions.register_definition(text=town.definition(), by=town.OPERATOR)
    again = actions.register_definition(text=town.definition(), by=town.OPERATOR)
    assert (first.new, first.status, again.changed) == (True, "draft", False)
    assert Event.objects.filter(verb__startswith="definition").count() == 1


def test_a_wrong_definition_is_told_and_registers_nothing() -> None:
    with pytest.raises(BadDefinition):
        actions.register_definition(text=town.definition().replace("type: number", "type: figure"), by=town.OPERATOR)
    assert not Dataset.objects.exists()


def test_a_dataset_is_found_in_any_case_of_its_code_and_named_only_once() -> None:
    actions.register_definition(text=town.definition(), by=town.OPERATOR)
    assert queries.dataset("test_a").code == "TEST_A"
    with pytest.raises(NotFound):
        queries.dataset("TEST_B")


def test_a_steward_defines_at_home_only_and_cannot_move_a_dataset_away() -> None:
    actions.register_definition(text=town.definition(), by=town.STEWARD)
    with pytest.raises(Forbidden):
        actions.register_definition(text=town.definition(title="我的"), by=town.STRANGER)
    moved = town.definition().replace("code: moenv", "code: ema")
    with pytest.raises(Forbidden):
        actions.register_definition(text=moved, by=town.STRANGER)
    with pytest.raises(Forbidden):
        actions.register_definition(text=moved, by=town.STEWARD)


def test_an_agency_that_a_definition_names_is_added_by_those_who_may() -> None:
    text = town.definition().replace("code: moenv, zh: 環境部", "code: kepb, zh: 高雄市政府環境保護局")
    with pytest.raises(Forbidden):
        actions.register_definition(text=text, by=town.STEWARD)
    actions.register_definition(text=text, by=town.OPERATOR)
    assert Agency.objects.get(code="kepb").name_zh == "高雄市政府環境保護局"


def test_a_table_cannot_become_a_view() -> None:
    actions.register_definition(text=town.definition("TEST_B"), by=town.OPERATOR)
    actions.register_definition(text=town.definition(), by=town.OPERATOR)
    with pytest.raises(Conflict):
        actions.register_definition(text=town.definition(view="{of: [TEST_B]}"), by=town.OPERATOR)


def test_a_withdrawn_dataset_is_served_no_more_until_it_is_restored(home: LakePaths) -> None:
    actions.register_definition(text=town.definition(), by=town.OPERATOR)
    publish(home)
    with pytest.raises(BadRequest):
        actions.withdraw(code="TEST_A", reason="", by=town.OPERATOR)
    with pytest.raises(Forbidden):
        actions.withdraw(code="TEST_A", reason="mine", by=town.STEWARD)
    actions.withdraw(code="TEST_A", reason="座標有誤", by=town.OPERATOR)
    published = Published(home.published_db)
    with pytest.raises(NotFound):
        published.get("TEST_A")
    publish(home, value=2.0)
    with pytest.raises(NotFound):
        published.get("TEST_A")
    actions.restore(code="TEST_A", reason="已更正", by=town.OPERATOR)
    current = published.get("TEST_A").current
    assert current is not None
    assert current.number == 2


def test_listed_entries_say_what_is_unknown_and_give_way_to_published_data(home: LakePaths) -> None:
    assert actions.list_entries(entries=[entry("TEST_A"), entry("TEST_Z")], by=town.OPERATOR) == 2
    assert actions.list_entries(entries=[entry("TEST_A"), entry("TEST_Z", "新名稱")], by=town.OPERATOR) == 0
    published = Published(home.published_db)
    line = published.get("test_z")
    assert (line.kind, line.status, line.record.title.zh) == ("listed", "listed", "新名稱")
    assert (line.extra["views"], line.extra["downloads"], line.extra["mark"]) == (None, None, None)
    actions.register_definition(text=town.definition(), by=town.OPERATOR)
    assert published.get("TEST_A").kind == "listed"
    publish(home)
    assert published.get("TEST_A").kind == "table"
    actions.withdraw(code="TEST_A", reason="x", by=town.OPERATOR)
    assert published.get("TEST_A").kind == "listed"


def test_a_list_with_an_unknown_provider_is_refused_whole() -> None:
    wrong = entry("TEST_Z")
    object.__setattr__(wrong, "provider", "不存在的機關")
    with pytest.raises(NotFound):
        actions.list_entries(entries=[entry("TEST_Y"), wrong], by=town.OPERATOR)
    assert not queries.listed().exists()


def test_the_published_catalogue_rebuilt_from_nothing_says_the_same(home: LakePaths) -> None:
    actions.register_definition(text=town.definition(), by=town.OPERATOR)
    actions.register_definition(
        text=town.definition("TEST_V", view="{of: [TEST_A], newest_by: [siteid]}"), by=town.OPERATOR
    )
    actions.list_entries(entries=[entry("TEST_Z")], by=town.OPERATOR)
    publish(home)
    publish(home, value=2.0)
    before = Published(home.published_db)
    said = (before.all(), before.versions("TEST_A"))
    home.published_db.unlink()
    assert publication.publish_all() == 3
    after = Published(home.published_db)
    assert (after.all(), after.versions("TEST_A")) == said
    assert publication.behind() == []


def test_a_publication_that_a_crash_left_out_is_noticed(home: LakePaths) -> None:
    actions.register_definition(text=town.definition(), by=town.OPERATOR)
    publish(home)
    Dataset.objects.filter(code="TEST_A").update(status=Dataset.Status.WITHDRAWN)
    assert publication.behind() == ["TEST_A"]
    publication.publish(publication.behind())
    assert publication.behind() == []


def test_a_view_is_as_new_as_what_it_shows(home: LakePaths) -> None:
    actions.register_definition(text=town.definition(), by=town.OPERATOR)
    actions.register_definition(
        text=town.definition("TEST_V", view="{of: [TEST_A], newest_by: [siteid]}"), by=town.OPERATOR
    )
    publish(home)
    published = Published(home.published_db)
    assert published.get("TEST_V").updated_at == published.get("TEST_A").updated_at


def test_the_official_list_of_834_is_taken_in_whole(home: LakePaths, real_data: Path) -> None:
    entries = read_listing(real_data / "catalogue" / "moenv_datagovtw_merged.csv")
    assert actions.list_entries(entries=entries, by=town.OPERATOR) == 834
    assert len(Published(home.published_db).all()) == 834
