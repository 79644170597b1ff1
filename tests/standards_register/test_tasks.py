"""A change task is a list to review: renames keep the old name as an alias, units change only by a declared rule."""

from __future__ import annotations

from collections.abc import Callable

from qingliu.catalog import conformance
from qingliu.lake.engine import Engine
from qingliu.standards import definition as standard
from qingliu.standards.register import tasks
from tests.standards_register.conftest import definition

Publish = Callable[..., str]
RENAMED = ("site", "county", "item", "unit", "day", "concentration")


def applied(text: str, diff: str) -> str:
    """The text with a unified diff applied, line by line."""
    lines, out, at = text.splitlines(), [], 0
    for line in diff.splitlines()[2:]:
        if line.startswith("@@"):
            start = int(line.split("-")[1].split(",")[0]) - 1
            out += lines[at:start]
            at = start
        elif line.startswith("+"):
            out.append(line[1:])
        else:
            assert lines[at] == line[1:]
            out += [] if line.startswith("-") else [line[1:]]
            at += 1
    return "\n".join([*out, *lines[at:]]) + "\n"


def test_the_proposed_definition_is_sound_and_takes_the_same_deliveries(publish: Publish, engine: Engine) -> None:
    text = definition(name="site")
    judged = conformance.judge(publish(text, columns=RENAMED), engine)
    assert judged.proposal
    proposed = applied(text, judged.proposal)
    record = standard.loads(proposed).dataset
    field = record.field("sitename")
    assert field
    assert field.aliases == ("site",)
    assert record.key == ("sitename", "itemengname", "day")
    assert record.order == record.key


def test_nothing_is_applied_and_renames_are_optional(publish: Publish, engine: Engine) -> None:
    judged = conformance.judge(publish(definition(name="site"), columns=RENAMED), engine)
    renames = [c for c in judged.changes if c.doing == "rename"]
    assert {c.before: c.after for c in renames} == {"site": "sitename", "item": "itemengname"}
    assert all(c.optional for c in renames)
    assert engine.published.get("TEST_STD").record.field("site")


def test_a_unit_is_converted_by_its_rule_or_left_as_a_question() -> None:
    for unit, told in (("ppm", "ppb = ppm"), ("μg/m3", "molar mass")):
        text = definition(unit=f"      unit: {unit}\n").replace("/Concentration", "/SO2")
        record = standard.loads(text).dataset
        judged = conformance.judged(None, record, None, text)  # type: ignore[arg-type]
        convert = next(c for c in judged.changes if c.doing == "convert")
        assert (convert.before, convert.after) == (unit, "ppb")
        assert told in convert.why.en


def test_columns_without_the_required_property_are_told_at_the_mapping() -> None:
    text = definition().replace("      property: Environment/Air/ObservationData/SiteName\n", "")
    judged = conformance.judged(None, standard.loads(text).dataset, None, text)  # type: ignore[arg-type]
    (gap,) = [m for m in judged.report.missing if m.required]
    assert gap.name == "SiteName"
    assert [c.after for c in judged.changes if c.doing == "add" and not c.optional] == [
        "Environment/Air/ObservationData/SiteName"
    ]


def test_a_proposal_that_would_not_load_is_left_to_a_person() -> None:
    text = definition()
    clash = tasks.Change("rename", "sitename", "sitename", "county", standard.loads(text).dataset.title)
    assert tasks.proposal(text, (clash,)) == ""
