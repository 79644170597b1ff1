"""One line of the published catalogue: whole as ``Entry``, or as a ``Line`` whose record is read when it is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from sys import intern
from typing import Any, Literal

from qingliu.core.dataset import DatasetRecord, Text, VersionRecord

Kind = Literal["table", "view", "listed"]
Status = Literal["published", "held", "listed"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the catalogue: a table, a view of tables, or a dataset that is only listed so far.

    ``notes`` is what judges say in public about it, by topic (quality, standards, privacy, bilingual).
    """

    code: str
    kind: Kind
    status: Status
    record: DatasetRecord
    current: VersionRecord | None
    updated_at: str
    extra: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def title(self) -> Text:
        """The dataset's title."""
        return self.record.title

    @property
    def agency(self) -> str:
        """The agency's code."""
        return self.record.agency

    @property
    def category(self) -> str:
        """The category's code."""
        return self.record.category

    @property
    def simulated(self) -> bool:
        """Whether the rows are made up."""
        return self.record.simulated

    @property
    def of(self) -> tuple[str, ...]:
        """Codes of what a view shows; of anything else none."""
        return self.record.view.of if self.record.view else ()

    @property
    def issued(self) -> str:
        """The ISO date on which the dataset was first issued; "" where that is unknown."""
        return self.record.issued.isoformat() if self.record.issued else ""


LINE = (
    "e.code, e.kind, e.status, e.updated_at, coalesce((SELECT seen FROM touched WHERE code=e.code), 0),"
    " json_extract(e.record, '$.title.zh', '$.title.en', '$.agency', '$.category', '$.simulated', '$.view.of', '$.issued')"
)  # the columns of which a Line is made


class Line(Entry):
    """An entry of which only what lists need lies in memory; the rest is read from the catalogue at each asking.

    ``seen`` is the generation in which anything about the dataset last changed. Asking for the record of a dataset that
    was taken out since raises NotFound.
    """

    __slots__ = ("_find", "_told", "seen")

    seen: int
    _find: Callable[[str], Entry]
    _told: tuple[Text, str, str, bool, tuple[str, ...], str]

    def __new__(cls, *args: Any, **named: Any) -> Any:
        """A line with something replaced (``dataclasses.replace``) is a whole entry."""
        return Entry(*args, **named)

    @classmethod
    def made(cls, row: tuple[Any, ...], find: Callable[[str], Entry]) -> Line:
        """The line of a row of ``LINE``; ``find`` reads the whole entry of a code."""
        code, kind, status, updated_at, seen, told = row
        zh, en, agency, category, simulated, of, issued = json.loads(told)
        line: Line = object.__new__(cls)
        for name, value in (
            ("code", code), ("kind", intern(kind)), ("status", intern(status)), ("updated_at", updated_at),
            ("seen", seen), ("_find", find),
            ("_told", (Text(zh or "", en or ""), intern(agency or ""), intern(category or ""), bool(simulated),
                       tuple(of or ()), issued or "")),
        ):  # fmt: skip
            object.__setattr__(line, name, value)
        return line

    @property
    def record(self) -> DatasetRecord:  # type: ignore[override]
        """The whole record."""
        return self._find(self.code).record

    @property
    def current(self) -> VersionRecord | None:  # type: ignore[override]
        """The version whose rows are served."""
        return self._find(self.code).current

    @property
    def extra(self) -> dict[str, Any]:  # type: ignore[override]
        """What a list says beside."""
        return self._find(self.code).extra

    @property
    def notes(self) -> dict[str, dict[str, Any]]:  # type: ignore[override]
        """What judges say."""
        return self._find(self.code).notes

    @property
    def title(self) -> Text:
        """The dataset's title."""
        return self._told[0]

    @property
    def agency(self) -> str:
        """The agency's code."""
        return self._told[1]

    @property
    def category(self) -> str:
        """The category's code."""
        return self._told[2]

    @property
    def simulated(self) -> bool:
        """Whether the rows are made up."""
        return self._told[3]

    @property
    def of(self) -> tuple[str, ...]:
        """Codes of what a view shows; of anything else none."""
        return self._told[4]

    @property
    def issued(self) -> str:
        """The ISO date on which the dataset was first issued; "" where that is unknown."""
        return self._told[5]
