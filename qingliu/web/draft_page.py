"""What a draft's page shows, arranged for its templates: lines of the form, cells with their findings, steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from qingliu.core.dataset import DatasetRecord, Definition, FieldRecord, Text
from qingliu.core.formats import written
from qingliu.core.records import CellBalance
from qingliu.lake.peek import Group, PeekCell, PeekRow
from qingliu.pipeline import editing, queries
from qingliu.pipeline.guesses import Guess
from qingliu.pipeline.looks import ColumnLook, Effect, Preview, Sample
from qingliu.pipeline.models import Draft, Proposal
from qingliu.pipeline.readable import loosely
from qingliu.pipeline.remedies import suspicions
from qingliu.pipeline.remedy import Remedy
from qingliu.web.draft_privacy import WAYS

TYPES = ("string", "integer", "number", "boolean", "date", "datetime")
ROLES = (
    "station", "station_name", "item", "item_name", "unit", "value", "county", "township", "address", "control_number",
    "facility_name", "person_name", "tax_id", "free_text",
)  # fmt: skip
LEFT_SHOWN = 40
CELLS = frozenset({"type", "format", "reading", "suffix", "unit", "range", "allow", "spelling"})  # kinds about cells
PAGE_ROWS = 50
APPLIED = "applied"  # the tag of the message that "apply all" leaves: it stands beside the findings


@dataclass(frozen=True, slots=True)
class Line:
    """One column in the form: its field, the header that carries it, its cells counted, and what was seen in it."""

    n: int
    field: FieldRecord
    header: str
    balance: CellBalance | None
    look: ColumnLook | None
    offered: tuple[Remedy, ...]
    is_key: bool
    guessed: dict[str, Text] = dataclass_field(default_factory=dict)  # part of the line -> why it was proposed

    @property
    def numbers(self) -> str:
        """The writings of numbers as the form's choice names them."""
        return ",".join(sorted(self.field.numbers))

    @property
    def sentinels(self) -> str:
        """The sentinels as the form writes them."""
        return editing.sentinel_lines(self.field, get_language() or "")

    @property
    def ways(self) -> tuple[Text, ...]:
        """How its dates are written, in words."""
        return tuple(written(f) for f in self.field.formats)

    @property
    def suspicious(self) -> bool:
        """Whether its cells look like personal data."""
        return bool(self.look and suspicions(self.look))


def standing(guesses: Sequence[Guess], record: DatasetRecord) -> dict[str, Text]:
    """Proposals that still stand in the form, with their reasons, by field; one that a person has changed is none."""
    steward = next((c for c in record.contacts if c.role == "steward"), None)
    now_said = {
        "title-zh": record.title.zh, "title-en": record.title.en, "description-zh": record.description.zh,
        "description-en": record.description.en, "category": record.category, "frequency-unit": record.frequency.unit,
        "unit-zh": record.unit.zh, "steward": steward.name.zh if steward else "",
        "steward-email": steward.email if steward else "",
        "code": record.code, "keywords": "、".join(k.zh for k in record.keywords),
        "keywords-en": ", ".join(k.en for k in record.keywords).strip(", "),
    }  # fmt: skip
    now_said |= {f"{f.name}/title-en": f.title.en for f in record.fields} | {
        f"{f.name}/unit": f.unit for f in record.fields
    }
    return {g.field: g.reason for g in guesses if g.value and now_said.get(g.field) == g.value}


def lines(
    definition: Definition, seen: Preview | None, offered: Sequence[Remedy], guessed: Mapping[str, Text]
) -> tuple[Line, ...]:
    """The lines of the form, one a declared column."""
    record = definition.dataset
    balances = {c.column: c for c in seen.cells} if seen else {}
    out = []
    for n, field in enumerate(record.fields):
        header = seen.header_of(field.name) if seen else ""
        mine = tuple(r for r in offered if r.column == field.name)
        look = seen.look(header) if seen and header else None
        why = {k.rpartition("/")[2]: v for k, v in guessed.items() if k.rpartition("/")[0] == field.name}
        out.append(Line(n, field, header, balances.get(field.name), look, mine, field.name in record.key, why))
    return tuple(out)


def number_ways() -> tuple[tuple[str, str], ...]:
    """The choices of the form for how a column's numbers are written, each with its words."""
    return (
        ("", _("半形，沒有千分位逗號")), ("thousands", _("有千分位逗號（1,234）")), ("fullwidth", _("有全形數字（１２.３）")),
        ("fullwidth,thousands", _("兩者都有")),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Head:
    """A column of the preview: header in the file, the column that reads it, how many of its cells do not fit."""

    header: str
    field: FieldRecord | None
    bad: int


@dataclass(frozen=True, slots=True)
class Shown:
    """One cell of the preview with the reason why it does not fit."""

    cell: PeekCell
    reason: Text | None = None
    remedy: Text | None = None
    noted: Text | None = None  # what the judges of content say of it

    @property
    def state(self) -> str:
        """The kind of cell."""
        return self.cell.state

    @property
    def differs(self) -> bool:
        """Whether the value is written otherwise than the raw text."""
        return self.cell.value is not None and self.cell.state != "unmapped" and self.cell.value != self.cell.raw


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the preview, its cells, and what is said of it as a whole."""

    row: PeekRow
    cells: tuple[Shown, ...]
    noted: Text | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of the preview."""

    heads: tuple[Head, ...]
    rows: tuple[Row, ...]


def table(definition: Definition, seen: Preview | None, rows: Sequence[PeekRow]) -> Table:
    """Rows with the reason beside each cell that does not fit."""
    if seen is None or not rows:
        return Table((), ())
    bad = {c.column: c.quarantined for c in seen.cells}
    heads = tuple(Head(c.header, definition.dataset.field(c.field), bad.get(c.field, 0)) for c in seen.columns)
    why = {(g.column, g.raw): g for g in seen.groups}
    # a cell whose text is not told names no column: then it is the column that the finding is about
    notes = {(c.line, c.column or s.place): s.reason for s in reversed(seen.content) for c in s.cells}
    shown = []
    for row in rows:
        cells = []
        for column, cell in zip(seen.columns, row.cells, strict=True):
            group = why.get((column.field, cell.raw)) if cell.state == "bad" else None
            note = notes.get((row.line, column.field)) if column.field else None
            cells.append(Shown(cell, group.reason if group else None, group.remedy if group else None, note))
        shown.append(Row(row, tuple(cells), notes.get((row.line, ""))))
    return Table(heads, tuple(shown))


def left(seen: Preview | None, offered: Sequence[Remedy], definition: Definition) -> tuple[Group, ...]:
    """What does not fit and has no one-click remedy: told with its reason and what to do at the source."""
    if seen is None:
        return ()
    mended = {(r.column, v) for r in offered for v in r.values if r.kind in ("sentinel", "allow")}
    loose = {r.column for r in offered if r.kind == "reading"}
    whole = {r.column for r in offered if r.kind in ("format", "range", "suffix")}
    rest = [g for g in seen.groups if g.column and (g.column, g.raw.strip()) not in mended and g.column not in whole]
    rest = [g for g in rest if g.column not in loose or not loosely(g.raw)]
    return tuple(rest[:LEFT_SHOWN])


def one_click(seen: Preview | None, offered: Sequence[Remedy]) -> tuple[Remedy, ...]:
    """What "apply all" takes, in order; in a draft too large to be tried, what is sure and leaves no cell unread."""
    if seen and seen.plan:
        return seen.plan.steps
    return tuple(r for r in offered if r.sure and not r.unread)


def kept_out(seen: Preview | None) -> dict[str, Effect]:
    """Remedies by id that are kept out of "apply all", with what they would do."""
    return {e.remedy: e for e in seen.plan.kept_out} if seen and seen.plan else {}


def tried(seen: Preview | None, offered: Sequence[Remedy]) -> dict[str, tuple[Sample, ...]]:
    """What the first cells become, by the remedy that changes them: a mark's own text; of other remedies, what their column
    would hold."""
    out = {}
    for r in offered:
        mine = [s for s in seen.samples if s.column == r.column] if seen and r.column else []
        if r.kind == "sentinel":
            mine = [s for s in mine if s.raw.strip() == r.values[0]]
        elif r.kind not in CELLS:
            mine = []
        out[r.id] = tuple(mine)
    return out


@dataclass(frozen=True, slots=True)
class Offered:
    """What a draft offers: all remedies, those of one click, and those kept out of it with their effects."""

    all: tuple[Remedy, ...]
    sure: tuple[Remedy, ...]
    kept_out: Mapping[str, Effect]


def applied(before: Offered, after: Offered) -> SafeString:
    """What one click on "apply all" took, and what it left with the reason of each."""
    language = get_language() or ""
    took = [(r.what.get(language),) for r in before.sure]
    left = [(r.what.get(language), _why_left(r, after.kept_out)) for r in after.all if r.kind not in WAYS]
    head = ngettext("已套用 %(n)s 項修正。", "已套用 %(n)s 項修正。", len(took)) % {"n": len(took)}
    said = format_html("<p><strong>{}</strong></p><ul>{}</ul>", head, format_html_join("", "<li>{}</li>", took))
    if not left:
        return said
    rest = ngettext("留下 %(n)s 項由您決定：", "留下 %(n)s 項由您決定：", len(left)) % {"n": len(left)}
    items = format_html_join("", "<li>{} <small>{}</small></li>", left)
    return said + format_html("<p><strong>{}</strong></p><ul>{}</ul>", rest, items)


def _why_left(remedy: Remedy, kept_out: Mapping[str, Effect]) -> str:
    effect = kept_out.get(remedy.id)
    if effect:
        return _("套用後這一欄隔離的格會從 %(before)s 變成 %(after)s。") % {
            "before": effect.before,
            "after": effect.after,
        }
    if remedy.kind == "sensitive":
        return _("是不是個人資料，由您判斷。")
    if remedy.kind in ("leave_out", "key"):
        return _("會讓整列不公開或合併，由您判斷。")
    return _("原文沒有說明意義，由您判斷。")


@dataclass(frozen=True, slots=True)
class Step:
    """One change of the draft with its comparison."""

    made: Proposal
    what: Text
    lines: tuple[tuple[str, str], ...]


def steps(row: Draft) -> tuple[Step, ...]:
    """The changes that stand, in the order of their making."""
    found = queries.proposals(row)
    return tuple(Step(p, Text(p.what_zh, p.what_en), editing.difference(p.before, p.after)) for p in found)
