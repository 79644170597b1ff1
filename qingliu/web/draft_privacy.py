"""What a draft's page says of personal data: which rule shows each column how, what would hold the publication, who mends it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import yaml

from qingliu.core.dataset import DatasetRecord, Definition, FieldRecord, Text
from qingliu.core.records import Finding
from qingliu.lake.disclosed import Disclosed
from qingliu.pipeline.looks import Masked, Outlook
from qingliu.pipeline.remedy import Remedy
from qingliu.privacy import queries as privacy
from qingliu.privacy.gate import findings
from qingliu.privacy.gate.policy import Approved, MaskRule
from qingliu.privacy.gate.policy import State as Decided

UNCOVERED = ("privacy-undecided", "privacy-found")  # what a rule, or a mark of the column, would settle
WAYS = ("drop", "public")  # remedies about a column that is marked: they stand beside what its rule does
NO_MASK = Text("照原文", "as it stands")


@dataclass(frozen=True, slots=True)
class Guarded:
    """One column with personal data: the rules in force about it, those that wait for approval, and how its cells look."""

    field: FieldRecord
    rules: tuple[Approved, ...]
    waiting: tuple[MaskRule, ...]
    cells: tuple[Masked, ...]
    count: int  # cells that would be masked
    holds: tuple[Finding, ...]
    texts: Disclosed | None = None  # which of its texts change, and which stay as they are

    @property
    def lacks_rule(self) -> bool:
        """Whether only a rule lets the rows pass: the column is marked already, and no rule speaks of it."""
        return any(f.rule in UNCOVERED for f in self.holds)

    @property
    def unmarked(self) -> bool:
        """Whether marking the column as sensitive may be enough."""
        return self.lacks_rule and self.field.sensitivity == "none"


@dataclass(frozen=True, slots=True)
class Guards:
    """All of it: the columns, and what else would hold the publication."""

    columns: tuple[Guarded, ...] = ()
    others: tuple[Finding, ...] = ()
    known: bool = True  # whether the rows were looked through

    @property
    def holds(self) -> int:
        """How many things would hold the publication: columns, and what is about no single one."""
        return len(self.others) + sum(bool(c.holds) for c in self.columns)


def guards(definition: Definition, outlook: Outlook | None) -> Guards:
    """What the gate would do with a draft's rows, column by column."""
    record, policy = definition.dataset, privacy.policy()
    waiting = [privacy.rule_of(r) for r in privacy.rules(state=Decided.DRAFT) if not r.retires]
    seen = outlook or Outlook(tuple(findings.undecided(f) for f in policy.undecided(record)))
    masked = dict(seen.columns)
    texts = {t.column: t for t in seen.texts}
    columns = []
    for field in record.fields:
        holds = tuple(f for f in seen.holds if f.place == field.name)
        if field.sensitivity == "none" and not holds and not masked.get(field.name):
            continue
        spoken = tuple(a for a in policy.of(record, field) if a.rule.rows != "restricted")
        asked = tuple(r for r in waiting if r.rows != "restricted" and r.speaks_of(record, field))
        cells = tuple(c for c in seen.cells if c.column == field.name)
        columns.append(Guarded(field, spoken, asked, cells, masked.get(field.name, 0), holds, texts.get(field.name)))
    names = {c.field.name for c in columns}
    others = tuple(f for f in seen.holds if f.place not in names)
    return Guards(tuple(columns), others, outlook is not None)


def ways(offered: Iterable[Remedy]) -> dict[str, dict[str, Remedy]]:
    """What may be done with each marked column: column -> kind -> remedy."""
    out: dict[str, dict[str, Remedy]] = {}
    for r in offered:
        if r.kind in WAYS:
            out.setdefault(r.column, {})[r.kind] = r
    return out


def shown_as(record: DatasetRecord, field: FieldRecord) -> Text:
    """How a column is shown to the public: the titles of the rules about it."""
    spoken = [a.rule.title for a in privacy.policy().of(record, field) if a.rule.rows != "restricted"]
    return Text("、".join(t.zh for t in spoken), ", ".join(t.en for t in spoken)) if spoken else NO_MASK


def proposal(code: str, column: str, kind: str = "personal") -> str:
    """A mask rule for one column, as the privacy room takes it, for a person to complete: the legal basis is theirs to say."""
    plain: dict[str, object] = {
        "name": f"{_plain(code)}-{_plain(column) or 'column'}"[:60].strip("-"),
        "title": {"zh": f"{code} {column} 遮罩", "en": f"{code}: column {column} masked"},
        "rows": "persons" if kind == "address" else "all",
        "datasets": [code],
        "fields": [column],
        **({"level": 2} if kind == "address" else {"names": "mask", "text": "mask"}),
        "basis": {"zh": "", "en": ""},
        "review_months": 12,
    }
    return yaml.safe_dump(plain, allow_unicode=True, sort_keys=False)


def _plain(text: str) -> str:
    kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in text.lower())
    return "-".join(part for part in kept.split("-") if part)
