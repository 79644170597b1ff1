"""The compiled plan of a shaping: declared columns against the inputs' headers, as one SQL pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qingliu.core.dataset import DatasetRecord, FieldRecord, ReadSpec, Text, Unpivot
from qingliu.core.errors import BadSource
from qingliu.lake.headers import HourColumns, Match, hour_columns, match
from qingliu.lake.inputs import CsvInput, RawInput, stem_of
from qingliu.lake.names import ident
from qingliu.lake.names import literal as lit
from qingliu.lake.shape_sql import Cell, trimmed

NO_TEXT = "CAST(NULL AS VARCHAR)"


@dataclass(frozen=True, slots=True)
class Mapped:
    """One input with its headers matched."""

    source: RawInput
    match: Match
    wide: HourColumns | None


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything needed to shape ``inputs``; make it with ``plan_of``."""

    record: DatasetRecord
    read: ReadSpec
    inputs: tuple[Mapped, ...]
    cells: tuple[Cell, ...]
    found: tuple[str, ...]
    missing: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def rows_per_record(self) -> int:
        """How many rows one record of the source makes: 1, or the number of hour columns."""
        return len(self.inputs[0].wide.hours) if self.inputs and self.inputs[0].wide else 1

    @property
    def flag_fields(self) -> frozenset[str]:
        """Columns that only carry another column's flag."""
        return frozenset(f.flag_field for f in self.record.fields if f.flag_field)

    def raw_sql(self, *, with_place: bool = False) -> str:
        """All inputs one after the other: raw text r0 r1 … per declared column; with place: also input, line, record,
        the hour's header, and the whole raw row as JSON."""
        return "\nUNION ALL ".join(self._one(n, m, with_place) for n, m in enumerate(self.inputs))

    def status_sql(self, *, with_place: bool = False) -> str:
        """raw_sql with the first reading a0 a1 … and the status s0 s1 … of each typed column."""
        place = "_input, _line, _record, _header, _whole, " if with_place else ""
        raws = ", ".join(c.raw for c in self.cells)
        first = ", ".join(f"{c.first()} AS {c.first_name}" for c in self.cells)
        firsts = ", ".join(c.first_name for c in self.cells)
        status = "".join(f", {c.status()} AS {c.status_name}" for c in self.cells if not c.plain_string)
        inner = f"SELECT {place}{raws}, {first} FROM ({self.raw_sql(with_place=with_place)})"
        return f"SELECT {place}{raws}, {firsts}{status} FROM ({inner})"

    def staging_sql(self) -> str:
        """The typed rows with ``_flags``."""
        flagged = [c for c in self.cells if not c.plain_string]
        values = [f"{self._value(c)} AS {ident(c.field.name)}" for c in self.cells]
        names = ", ".join(ident(f.name) for f in self.record.fields)
        if not flagged:
            return f"SELECT {', '.join(values)}, {NO_TEXT} AS _flags FROM ({self.status_sql()})"
        flags = ", ".join(f"{c.flag(named=True)} AS f{n}" for n, c in enumerate(flagged))
        each = ", ".join(f"f{n}" for n in range(len(flagged)))
        joined = f"CASE WHEN coalesce({each}) IS NULL THEN NULL ELSE ';' || concat_ws(';', {each}) || ';' END"
        return (
            f"SELECT {names}, {joined} AS _flags FROM (SELECT {', '.join(values)}, {flags} FROM ({self.status_sql()}))"
        )

    def _value(self, cell: Cell) -> str:
        owners = [c for c in self.cells if c.field.flag_field == cell.field.name and not c.plain_string]
        if not owners:
            return cell.value()
        flags = ", ".join(c.flag(named=False) for c in owners)
        return f"coalesce({flags}, {cell.value()})"

    def _one(self, number: int, mapped: Mapped, with_place: bool) -> str:
        source = mapped.source
        columns = [f"c{i}" for i in range(len(source.columns))]
        place = ""
        if with_place:
            pairs = ", ".join(f"{lit(h or f'#{i + 1}')}, c{i}" for i, h in enumerate(source.columns))
            place = f", {number} AS _input, _line, _record, to_json(json_object({pairs}))::VARCHAR AS _whole"
        table = scan_sql(source)
        wide = mapped.wide
        if wide is None:
            texts = ", ".join(f"{self._raw(c.field, mapped)} AS {c.raw}" for c in self.cells)
            header = f"{place}, {NO_TEXT} AS _header" if with_place else ""
            return f"SELECT {texts}{header} FROM {table}"
        hours = ", ".join(str(h) for _, _, h in wide.hours)
        values = ", ".join(f"c{i}" for i, _, _ in wide.hours)
        labels = f", unnest([{', '.join(lit(h) for _, h, _ in wide.hours)}]) AS _header" if with_place else ""
        kept = ", ".join(c for i, c in enumerate(columns) if i not in {h[0] for h in wide.hours})
        long = f"SELECT {kept}{place}, unnest([{hours}]) AS _hour, unnest([{values}]) AS _value{labels} FROM {table}"
        texts = ", ".join(f"{self._raw(c.field, mapped)} AS {c.raw}" for c in self.cells)
        extra = ", _input, _line, _record, _whole, _header" if with_place else ""
        return f"SELECT {texts}{extra} FROM ({long})"

    def _raw(self, field: FieldRecord, mapped: Mapped) -> str:
        unpivot = self.read.unpivot
        if mapped.wide and unpivot and field.name == unpivot.value_to:
            return "_value"
        if mapped.wide and unpivot and field.name == unpivot.time_to:
            return _hour_text(unpivot, f"c{mapped.wide.date}", self.record.timezone)
        if field.name == self.read.file_column:
            return lit(stem_of(mapped.source.name))
        at = mapped.match.positions.get(field.name)
        return NO_TEXT if at is None else f"c{at}"


def _hour_text(unpivot: Unpivot, raw: str, timezone: str) -> str:
    """The hour's start as ISO text; where the date cannot be read, the raw date and hour, to be quarantined."""
    day = Cell(FieldRecord("date", "date", Text("", ""), formats=unpivot.date_formats), 0, timezone)
    start = f"{day.careful(trimmed(raw))} + to_hours(_hour)"
    return f"coalesce(strftime({start}, '%Y-%m-%d %H:%M:%S'), {raw} || ' +' || _hour || 'h')"


def scan_sql(source: RawInput) -> str:
    """The table function that reads an input as c0 c1 … (and _line, _record for rows)."""
    if not isinstance(source, CsvInput):
        return f"read_parquet({lit(str(source.path))})"
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(source.columns)))
    quote = lit(source.quote)
    return (
        f"read_csv({lit(str(source.path))}, auto_detect=false, header=false, skip={source.header_row}, "
        f"columns={{{columns}}}, delim={lit(source.delimiter)}, quote={quote}, escape={quote}, nullstr='', "
        f"strict_mode=true, null_padding=false, max_line_size=4194304)"
    )


def plan_of(record: DatasetRecord, read: ReadSpec, inputs: Sequence[RawInput]) -> Plan:
    """Match every input's headers and compile. Raises BadSource (headers), BadDefinition (rules that clash)."""
    mapped = tuple(_mapped(record, read, source) for source in inputs)
    if len({len(m.wide.hours) for m in mapped if m.wide}) > 1:
        raise BadSource(
            Text("各檔案的小時欄數不同。", "The files have different numbers of hour columns."),
            Text("請分批發布。", "Publish them apart."),
        )
    flag_fields = {f.flag_field for f in record.fields if f.flag_field}
    missing = [f.name for f in record.fields if any(f.name in m.match.missing for m in mapped)]
    return Plan(
        record=record,
        read=read,
        inputs=mapped,
        cells=tuple(Cell(f, n, record.timezone) for n, f in enumerate(record.fields)),
        found=tuple(dict.fromkeys(h for m in mapped for h in m.source.columns)),
        missing=tuple(m for m in missing if m not in flag_fields),
        unknown=tuple(dict.fromkeys(u for m in mapped for u in m.match.unknown)),
    )


def _mapped(record: DatasetRecord, read: ReadSpec, source: RawInput) -> Mapped:
    headers = list(source.columns)
    wide = None
    derived = {read.file_column} if read.file_column else set()
    if read.unpivot:
        wide = hour_columns(read.unpivot, headers, source.name)
        derived |= {read.unpivot.time_to, read.unpivot.value_to}
    found = match(record, headers, derived=frozenset(derived), name=source.name)
    if not found.positions:
        raise _strange(record, source)
    if wide:
        used = {headers[i] for i, _, _ in wide.hours} | {headers[wide.date]}
        found = Match(found.positions, found.missing, tuple(u for u in found.unknown if u not in used))
    return Mapped(source, found, wide)


def _strange(record: DatasetRecord, source: RawInput) -> BadSource:
    shown = "、".join(h[:40] for h in source.columns[:20])
    wanted = "、".join(f.name for f in record.fields[:20])
    return BadSource(
        Text(
            f"「{source.name}」沒有任何宣告的欄位；標題為：{shown}。",
            f"'{source.name}' has none of the columns; it has: {shown}.",
        ),
        Text(
            f"請確認是否為正確的檔案；應有欄位：{wanted}。",
            f"Check that it is the right file; the columns are: {wanted}.",
        ),
        parameter=source.name,
    )
