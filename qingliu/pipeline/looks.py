"""What a steward is shown of files that are not published yet: values, kept in the draft's private folder as JSON."""

from __future__ import annotations

from dataclasses import dataclass

from qingliu.core.dataset import Text
from qingliu.core.records import CellBalance, Finding
from qingliu.lake.asides import Aside
from qingliu.lake.disclosed import Disclosed
from qingliu.lake.peek import Group, PeekColumn
from qingliu.lake.profile import ColumnProfile
from qingliu.lake.rehearse import Rehearsed
from qingliu.pipeline.remedy import Remedy

SENSITIVE = ("national_id", "mobile", "email", "plate", "masked_name", "person_name", "address")
KEPT_CLASSES = (*SENSITIVE, "loose_number", "number", "integer", "leading_zero", "thousands", "full_width", "suffixed")


@dataclass(frozen=True, slots=True)
class FileLook:
    """One table of the upload: its name, rows and columns, how it was read (encoding, delimiter, header line; 0 = none)."""

    name: str
    columns: int
    encoding: str = ""
    delimiter: str = ""
    header_row: int = 0


@dataclass(frozen=True, slots=True)
class ColumnLook:
    """What the raw text under one header looks like: cells by class, by (type, format), and the odd ones out."""

    header: str
    rows: int
    filled: int
    distinct: int
    counts: tuple[tuple[str, int], ...]
    dates: tuple[tuple[str, str, int], ...]
    odd: tuple[tuple[str, int], ...]
    lowest: float | None = None
    highest: float | None = None

    def count(self, name: str) -> int:
        """Cells of a class of text."""
        return dict(self.counts).get(name, 0)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell that is spoken of: its file, line and record, its column and what stands in it ("" where it is not told)."""

    file: str
    line: int
    record: int
    column: str
    text: str


@dataclass(frozen=True, slots=True)
class Spotted:
    """What the judges of content see in the rows of a draft, and in which cells."""

    rule: str
    place: str
    reason: Text
    remedy: Text
    severity: str
    count: int
    cells: tuple[Cell, ...] = ()

    @property
    def lines(self) -> tuple[int, ...]:
        """The lines of the file, each once."""
        return tuple(dict.fromkeys(c.line for c in self.cells))


def column_look(header: str, p: ColumnProfile) -> ColumnLook:
    """The part of a profile that a draft keeps."""
    counts = tuple((n, p.classes[n]) for n in KEPT_CLASSES if p.classes.get(n))
    dates = tuple((t, f, n) for (t, f), n in p.dates.items() if n)
    return ColumnLook(header, p.rows, p.filled, p.distinct, counts, dates, p.odd, p.lowest, p.highest)


@dataclass(frozen=True, slots=True)
class Masked:
    """One cell as it stands in the file and as it would be shown to the public."""

    row: int
    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the privacy gate would say of a draft's rows now (sealed lists left out), and how masked cells would look."""

    findings: tuple[Finding, ...] = ()
    columns: tuple[tuple[str, int], ...] = ()  # (column, cells that would be masked)
    cells: tuple[Masked, ...] = ()
    signature: str = ""  # of the rules by which it was looked at
    texts: tuple[Disclosed, ...] = ()  # of each text column that is marked or masked: what changes, and what stays

    @property
    def holds(self) -> tuple[Finding, ...]:
        """What would keep the rows from the public."""
        return tuple(f for f in self.findings if f.severity == "hold")


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a draft's rows would make of the published ones. ``made_of`` names everything that was compared.

    ``against`` is the version (None: nothing is published yet). Without ``rows`` the draft brings none, there are too
    many to be compared while somebody waits (``large``), or they cannot be (``problem``).
    """

    made_of: str
    against: int | None = None
    rows: Rehearsed | None = None
    problem: Finding | None = None
    large: bool = False


@dataclass(frozen=True, slots=True)
class Spelled:
    """A column in which places stand under official names and under variants: (variant, official name) pairs, and the cells
    with a variant."""

    column: str
    pairs: tuple[tuple[str, str], ...]
    count: int
    first: int  # the first line with a variant


@dataclass(frozen=True, slots=True)
class Sample:
    """One cell as it is read now and as it would be with the remedies of its column: its line, its text, and what it
    becomes (None: an empty cell). ``state`` is the kind of cell it would be."""

    column: str
    line: int
    raw: str
    before: str | None
    after: str | None
    state: str


@dataclass(frozen=True, slots=True)
class Effect:
    """A remedy that would leave its column worse off: cells in quarantine before and after, and some of their texts."""

    remedy: str
    before: int
    after: int
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What one click on "apply all" does: its remedies in order, those kept out of it, and the counts before and after."""

    steps: tuple[Remedy, ...] = ()
    kept_out: tuple[Effect, ...] = ()
    quarantined: int = 0
    quarantined_after: int = 0
    set_aside: int = 0
    set_aside_after: int = 0
    marks: int = 0
    marks_after: int = 0  # cells that are no value but a flag

    @property
    def marked(self) -> int:
        """Cells whose text becomes an empty cell with a flag."""
        return max(0, self.marks_after - self.marks)


@dataclass(frozen=True, slots=True)
class Preview:
    """A draft as its definition reads it now. ``problem`` is set where it cannot be read at all."""

    made_at: str
    definition_hash: str
    files: tuple[FileLook, ...] = ()
    problem: Finding | None = None
    rows_read: int = 0
    rows: int = 0
    set_aside: int = 0
    quarantined: int = 0
    repeated: int = 0  # rows that repeat another whole
    clashing: int = 0  # rows whose key another row has, with other content
    cells: tuple[CellBalance, ...] = ()
    columns: tuple[PeekColumn, ...] = ()
    groups: tuple[Group, ...] = ()
    missing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    looks: tuple[ColumnLook, ...] = ()
    key: tuple[str, ...] = ()  # columns that would tell the rows apart, where the definition names none
    lonely: tuple[tuple[str, int, int], ...] = ()  # (text, rows, first line): rows with nothing but a first cell
    totals: tuple[tuple[str, int, int], ...] = ()  # the same of rows with a word of sums there and figures beside it
    content: tuple[Spotted, ...] = ()  # what the judges of content see in the rows
    findings: tuple[Finding, ...] = ()  # what the judges of a delivery would say of it now
    plan: Plan | None = None  # None: too many rows to be tried while somebody waits
    newest: str = ""  # the last moment in the time column; "" without one, or where no cell of it can be read
    key_lacking: int = 0  # rows that ``key`` would set aside: a part of it is empty or unreadable
    key_lines: tuple[int, ...] = ()
    privacy: Outlook | None = None  # None: too many rows to be looked at while somebody waits
    no_data: int = 0  # of ``set_aside``: rows that are totals or notes
    spelled: tuple[Spelled, ...] = ()  # columns in which a place stands under two spellings
    samples: tuple[Sample, ...] = ()  # what the remedies of a column make of its first cells
    asides: tuple[
        Aside, ...
    ] = ()  # the first rows that are set aside, those that do not fit before those that are no data

    def look(self, header: str) -> ColumnLook | None:
        """The look at the column under a header."""
        return next((c for c in self.looks if c.header == header), None)

    def header_of(self, field: str) -> str:
        """The header that carries a declared column; "" where none does."""
        return next((c.header for c in self.columns if c.field == field), "")

    @property
    def published(self) -> int:
        """Rows that would be public: of rows that repeat another one, or its key, one stays."""
        return self.rows - self.repeated - self.clashing

    @property
    def unfit(self) -> int:
        """Rows that go to quarantine whole: without a key, with cells too few or too many, with a key that another row has."""
        return self.set_aside - self.no_data + self.clashing

    @property
    def left_out(self) -> int:
        """Rows that are not taken although nothing is wrong with them: totals, notes, and repeats of another row."""
        return self.no_data + self.repeated

    @property
    def balanced(self) -> bool:
        """Whether every row that was read is accounted for."""
        return self.rows_read == self.rows + self.set_aside

    @property
    def sound(self) -> bool:
        """Whether every row and cell fits."""
        return self.problem is None and not (self.quarantined or self.set_aside)
