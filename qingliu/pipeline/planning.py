"""What "apply all" would do: sure remedies tried on the rows until none is left; a column that would be worse off is kept out."""

from __future__ import annotations

from collections.abc import Callable

from qingliu.core.dataset import Definition
from qingliu.pipeline import editing
from qingliu.pipeline.looks import Effect, Plan, Preview
from qingliu.pipeline.remedies import remedies
from qingliu.pipeline.remedy import Remedy

ROUNDS = 6  # a remedy may show what another one mends: marks, then writings of numbers, then types

Tried = Callable[[Definition], Preview]


def planned(definition: Definition, seen: Preview, tried: Tried) -> Plan:
    """The remedies that one click takes, in order, and what they make of the counts. ``tried`` reads the rows by a definition.

    A column with more cells in quarantine afterwards, or by which more rows are set aside, is left to a person: all its
    remedies stay out, and the effect of each is told.
    """
    steps, after = _all(definition, seen, tried, set())
    worse = _worse(definition, seen, after, steps)
    effects = tuple(_effect(r, seen, after) for r in steps if r.column in worse)
    if worse:
        steps, after = _all(definition, seen, tried, worse)
    return Plan(
        tuple(steps), effects, seen.quarantined, after.quarantined, seen.set_aside, after.set_aside,
        _marks(seen), _marks(after),
    )  # fmt: skip


def _all(definition: Definition, seen: Preview, tried: Tried, without: set[str]) -> tuple[list[Remedy], Preview]:
    steps: list[Remedy] = []
    view = seen
    for _ in range(ROUNDS):
        taken = {r.id for r in steps}
        found = remedies(view, definition)
        sure = [r for r in found if r.sure and r.column not in without and r.id not in taken]
        if not sure:
            break
        for remedy in sure:
            definition = editing.apply(definition, remedy)
        steps += sure
        view = tried(definition)
    return steps, view


def _worse(definition: Definition, seen: Preview, after: Preview, steps: list[Remedy]) -> set[str]:
    before = {c.column: c.quarantined for c in seen.cells}
    worse = {c.column for c in after.cells if c.quarantined > before.get(c.column, 0)}
    if after.set_aside > seen.set_aside:
        worse |= {r.column for r in steps if r.column in definition.dataset.key}
    return worse


def _effect(remedy: Remedy, seen: Preview, after: Preview) -> Effect:
    def bad(preview: Preview) -> int:
        return sum(c.quarantined for c in preview.cells if c.column == remedy.column)

    texts = tuple(g.raw[:40] for g in after.groups if g.column == remedy.column)[:6]
    return Effect(remedy.id, bad(seen), bad(after), texts)


def _marks(preview: Preview) -> int:
    return sum(c.sentinel for c in preview.cells)
