"""Two datasets of which one tells what the other withholds, whichever of them comes first."""

from __future__ import annotations

from qingliu.catalog import actions as catalog
from qingliu.lake.paths import LakePaths
from qingliu.pipeline import actions, queries
from qingliu.pipeline.rules import State
from qingliu.privacy import actions as privacy
from tests.privacy import town
from tests.privacy.conftest import Deliver

LATER = (*town.PERSON[:3], "臺中市北區三民路三段88巷6號5樓", "", "", "", "120.68", "24.15", "0")


def test_a_later_dataset_that_shows_what_is_masked_in_an_earlier_one_is_held_until_assessed(
    deliver: Deliver, portal: LakePaths
) -> None:
    town.approve_defaults()
    assert deliver([town.FIRM, town.PERSON]).state == State.PUBLISHED
    catalog.register_definition(text=town.definition("PEN_L"), by=town.OPERATOR)
    run = deliver([LATER], code="PEN_L")
    (found,) = [f for v in queries.verdicts(run) for f in v.findings if f.severity == "hold"]
    assert (run.state, found.rule, found.place, found.count) == (State.HELD, "privacy-linkage-back", "PEN_A", 1)
    assert "PEN_A PEN_L" in found.remedy.en
    assert "A1000002" not in repr(run.verdicts)
    privacy.assess(dataset="PEN_A", other="PEN_L", answer="public", reason="依法公開", basis="法",
                   review_on=town.LATER, by=town.CHECKER)  # fmt: skip
    assert actions.release(run_id=str(run.id), reason="已評估", by=town.OPERATOR).state == State.PUBLISHED


def test_a_later_dataset_without_masked_rows_of_the_earlier_one_passes(deliver: Deliver, portal: LakePaths) -> None:
    town.approve_defaults()
    deliver([town.FIRM, town.PERSON])
    catalog.register_definition(text=town.definition("PEN_L"), by=town.OPERATOR)
    assert deliver([town.FIRM], code="PEN_L").state == State.PUBLISHED
