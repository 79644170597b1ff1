"""Mask rules: which fields, which rows, how far, on what legal ground. Rules are data; this says what they mean."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from qingliu.core import codec
from qingliu.core.dataset import DatasetRecord, FieldRecord, Text
from qingliu.core.errors import BadRequest
from qingliu.privacy.gate.columns import role_of
from qingliu.privacy.rules import Kind, Level

Rows = Literal["all", "persons", "restricted", "stage"]
Treatment = Literal["keep", "mask", "hide"]
ROWS: tuple[str, ...] = ("all", "persons", "restricted", "stage")
TREATMENTS: tuple[str, ...] = ("keep", "mask", "hide")
# found where no rule speaks of it, these hold a delivery; an address or a telephone of a desk is only told
HOLDING = frozenset(
    {
        Kind.NAME,
        Kind.NATIONAL_ID,
        Kind.RESIDENT_NUMBER,
        Kind.PASSPORT,
        Kind.MOBILE,
        Kind.EMAIL,
        Kind.PLATE,
        Kind.BIRTH_DATE,
    }
)


class State(StrEnum):
    """draft: waits for somebody other than its maker; approved: was made to act; rejected: never acted."""

    DRAFT = "draft"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class MaskRule:
    """One rule. Fields: named ones, or all of a role or sensitivity, or (nothing given) every one; in ``datasets`` or all.

    ``level`` is how far addresses and coordinates fall back (0 full, 1 road, 2 district, 3 county, 4 hidden); ``names``
    what happens to cells that name a person; ``text`` what happens to personal data of ``kinds`` (none given: all but
    addresses and coordinates) inside a cell. ``rows`` "stage" means rows whose ``stage_field`` is one of
    ``stage_values``. A rule that keeps everything says that somebody looked and decided so.
    """

    name: str
    title: Text
    rows: Rows
    basis: Text
    datasets: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    sensitivities: tuple[str, ...] = ()
    level: int = 0
    names: Treatment = "keep"
    text: Treatment = "keep"
    kinds: tuple[str, ...] = ()
    stage_field: str = ""
    stage_values: tuple[str, ...] = ()
    review_months: int = 12
    reconstruction: bool = False

    def meant(self) -> frozenset[Kind]:
        """The kinds of personal data that the rule speaks of."""
        if self.kinds:
            return frozenset(Kind(k) for k in self.kinds)
        return frozenset(Kind) - {Kind.ADDRESS, Kind.COORDINATES}

    def speaks_of(self, record: DatasetRecord, field: FieldRecord) -> bool:
        """Whether the rule is about this column of this dataset."""
        if self.datasets and record.code.upper() not in {d.upper() for d in self.datasets}:
            return False
        if self.fields:
            return field.name in self.fields
        if self.roles or self.sensitivities:
            return role_of(field) in self.roles or field.sensitivity in self.sensitivities
        return True


@dataclass(frozen=True, slots=True)
class Approved:
    """A rule that acts: its edition, and when it is to be looked at again (ISO dates)."""

    rule: MaskRule
    edition: int
    approved_on: str
    review_on: str


@dataclass(frozen=True, slots=True)
class Policy:
    """Every rule in force."""

    rules: tuple[Approved, ...] = ()

    def of(self, record: DatasetRecord, field: FieldRecord) -> tuple[Approved, ...]:
        """The rules about one column."""
        return tuple(a for a in self.rules if a.rule.speaks_of(record, field))

    def decided(self, record: DatasetRecord, field: FieldRecord) -> bool:
        """Whether a column marked sensitive has a rule that was made for such columns."""
        return any(a.rule.rows != "restricted" for a in self.of(record, field))

    def level_of_homes(self, record: DatasetRecord) -> int:
        """How far rules let natural persons' own places fall back, in a dataset as a whole."""
        about = (a.rule for a in self.rules if a.rule.rows == "persons" and not a.rule.fields)
        return max(
            (r.level for r in about if not r.datasets or record.code.upper() in map(str.upper, r.datasets)), default=0
        )

    def undecided(self, record: DatasetRecord) -> tuple[FieldRecord, ...]:
        """Columns marked sensitive of which no approved rule speaks."""
        return tuple(f for f in record.fields if f.sensitivity != "none" and not self.decided(record, f))

    def signature(self, restricted: int = 0) -> str:
        """A hash of everything that decides: the same rows under another signature may come out otherwise."""
        body = [(a.rule.name, a.edition) for a in self.rules]
        return hashlib.sha256(repr((sorted(body), restricted)).encode()).hexdigest()[:16]


def check(rule: MaskRule) -> None:
    """Raise BadRequest for a rule that cannot mean anything."""
    problems = []
    if not rule.name or not rule.name.replace("-", "").isascii() or not rule.name.replace("-", "").isalnum():
        problems.append("name")
    if not (rule.basis.zh and rule.basis.en):
        problems.append("basis")
    if not (rule.title.zh and rule.title.en):
        problems.append("title")
    problems += [n for n, v, known in _words(rule) if v not in known]
    if rule.level not in set(map(int, Level)):
        problems.append("level")
    if [k for k in rule.kinds if k not in set(Kind)]:
        problems.append("kinds")
    if (rule.rows == "stage") != bool(rule.stage_field and rule.stage_values):
        problems.append("stage_field")
    if not 1 <= rule.review_months <= 36:
        problems.append("review_months")
    if problems:
        raise BadRequest(
            Text(f"遮罩規則有誤：{'、'.join(problems)}。", f"The mask rule is wrong at: {', '.join(problems)}."),
            Text("請依隱私指南修正。", "See docs/guide/privacy.md."),
            parameter=problems[0],
        )


def _words(rule: MaskRule) -> Iterable[tuple[str, str, tuple[str, ...]]]:
    yield "rows", rule.rows, ROWS
    yield "names", rule.names, TREATMENTS
    yield "text", rule.text, TREATMENTS


def read_rule(plain: object) -> MaskRule:
    """A rule from what a YAML or JSON file holds. Raises BadRequest."""
    try:
        rule: MaskRule = codec.from_plain(MaskRule, plain)
        check(rule)
    except (TypeError, KeyError, ValueError, AttributeError):
        raise BadRequest(
            Text("這不是一條遮罩規則。", "This is no mask rule."),
            Text("需要 name、title、rows、basis。", "It needs name, title, rows and basis."),
            parameter="rule",
        ) from None
    return rule
