"""What the approver of a draft is shown of it: what differs from the published version, in the definition and in the rows."""

from __future__ import annotations

from dataclasses import dataclass

from qingliu.core.dataset import Definition, FieldRecord, Text
from qingliu.lake.rehearse import Example, Rehearsed
from qingliu.pipeline import actions, comparing
from qingliu.pipeline.comparing import Change, FieldChange
from qingliu.pipeline.looks import Comparison
from qingliu.pipeline.models import Draft
from qingliu.standards import definition as standard
from qingliu.web import draft_privacy


@dataclass(frozen=True, slots=True)
class Compared:
    """The comparison: of a first publication, everything that will be public; else what differs."""

    first: bool  # nothing is published yet
    kept: Comparison
    fields: tuple[FieldChange, ...]
    about: tuple[Change, ...]
    facts: tuple[tuple[Text, Text], ...]
    public: tuple[tuple[FieldRecord, Text], ...]  # each column and how it is shown to the public
    keyed: bool

    @property
    def rows(self) -> Rehearsed | None:
        """What becomes of the rows."""
        return self.kept.rows

    @property
    def changed(self) -> tuple[Example, ...]:
        """Examples of rows that change."""
        return self._of("update")

    @property
    def added(self) -> tuple[Example, ...]:
        """Examples of rows that come."""
        return self._of("insert")

    @property
    def gone(self) -> tuple[Example, ...]:
        """Examples of rows that go."""
        return self._of("delete")

    @property
    def same(self) -> bool:
        """Whether nothing at all would be another thing afterwards."""
        return not (self.first or self.fields or self.about or (self.rows and self.rows.counts.changed))

    def _of(self, kind: str) -> tuple[Example, ...]:
        return tuple(e for e in self.rows.examples if e.kind == kind) if self.rows else ()


def compared(draft: Draft, definition: Definition) -> Compared:
    """The draft beside what is published now."""
    kept = actions.compared(draft)
    record = definition.dataset
    masks = draft_privacy.shown_as
    base = standard.loads(draft.base) if draft.base else None
    return Compared(
        first=kept.against is None,
        kept=kept,
        fields=comparing.fields(base, definition, masks) if base else (),
        about=comparing.about(base, definition) if base else (),
        facts=tuple((what, said) for what, said in comparing.facts(record) if said.zh or said.en),
        public=tuple((f, masks(record, f)) for f in record.fields),
        keyed=bool(record.key),
    )
