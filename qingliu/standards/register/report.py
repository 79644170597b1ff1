"""What a conformance run found, in frozen values: exact cells, their rows as CQL2 text, and whose fault they are. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from qingliu.core.dataset import Text
from qingliu.core.records import Finding
from qingliu.standards.register.mapping import Mapped, Missing

LISTED = 50  # values named in the filter of a column's failing rows: texts stay under the filter's limit of bytes
_FILTER_BYTES = 8_000
_CLEAN = Text(
    "更正來源，或在定義檔宣告換算、代碼或別名。", "Mend the source, or declare a conversion, sentinel or alias."
)
_PROPOSE = Text(
    "向標準主管機關建議可由 RE2 執行的寫法。", "Propose a pattern that RE2 can run to the keeper of the standard."
)


@dataclass(frozen=True, slots=True)
class Value:
    """One failing value of a column: its cells, the filter that shows their rows, and the standard's fault if it is one."""

    value: str
    count: int
    rows: str
    fault: Text | None = None


@dataclass(frozen=True, slots=True)
class ColumnReport:
    """One mapped column. ``failing`` counts cells; ``excused`` of them fail by a fault of the standard."""

    field: str
    standard: str
    uri: str
    draft: bool
    known: bool
    cells: int
    failing: int
    excused: int
    distinct: int
    values: tuple[Value, ...]
    rows: str  # CQL2 text: the rows that the data have wrong, of the values listed
    excused_rows: str  # CQL2 text: the rows that fail by a fault of the standard
    problems: tuple[Text, ...] = ()
    told: Text | None = None

    @property
    def faulty(self) -> int:
        """Cells that the data, not the standard, have wrong."""
        return self.failing - self.excused


@dataclass(frozen=True, slots=True)
class Report:
    """Conformance of one version of a dataset to the register."""

    code: str
    version: int | None
    rows: int
    columns: tuple[ColumnReport, ...]
    unmapped: tuple[str, ...]
    missing: tuple[Missing, ...]
    spatial: str = ""

    @property
    def cells(self) -> int:
        """Checked cells."""
        return sum(c.cells for c in self.columns)

    @property
    def faulty(self) -> int:
        """Cells that the data have wrong."""
        return sum(c.faulty for c in self.columns)


def condition(field: str, values: tuple[str, ...], *, text: bool) -> str:
    """CQL2 text for the rows in which ``field`` is one of ``values``; shortened to what a filter may be long."""
    name = '"' + field.replace('"', '""') + '"'
    spelled: list[str] = []
    size = len(name)
    for value in values[:LISTED]:
        literal = "'" + value.replace("'", "''") + "'" if text else value
        size += len(literal.encode()) + 1
        if size > _FILTER_BYTES:
            break
        spelled.append(literal)
    if not spelled:
        return ""
    return f"{name} = {spelled[0]}" if len(spelled) == 1 else f"{name} IN ({','.join(spelled)})"


def not_run(reason: str) -> Text:
    """What is said of a check that the engine would not run."""
    return Text(f"檢查未執行：{reason}", f"The check was not run: {reason}")


def findings(report: Report, mapped: tuple[Mapped, ...]) -> tuple[Finding, ...]:
    """The report as findings: cells first, then faults of the standard, declarations, and what is missing."""
    by_field = {m.field.name: m for m in mapped}
    found: list[Finding] = []
    for column in report.columns:
        found += _of_column(column, by_field[column.field])
    for gap in report.missing:
        found.append(
            Finding(
                "standards/missing-property", gap.subject,
                Text(f"缺少屬性「{gap.name}」。", f"It carries no property '{gap.name}'."),
                Text("在定義檔以 property 標示載有它的欄位，或於來源增列。", "Name it in a column's property, or add it."),
                severity="warning" if gap.required else "info",
            )
        )  # fmt: skip
    return tuple(found)


def _some(column: ColumnReport) -> str:
    """The most frequent wrong values, and how many more there are."""
    wrong = [v for v in column.values if v.fault is None]
    if not wrong:
        return "—"
    rest = column.distinct - (len(column.values) - len(wrong)) - len(wrong[:12])
    shown = "、".join(f"「{v.value[:40]}」×{v.count}" for v in wrong[:12])
    return shown + (f"…（+{rest}）" if rest > 0 else "")


def _of_column(column: ColumnReport, mapped: Mapped) -> list[Finding]:
    place, found = f"{column.field} → {column.standard}", []
    word = Text("（草案）" if column.draft else "", " (draft)" if column.draft else "")
    if not column.known:
        found.append(
            Finding(
                "standards/unknown-property", place,
                Text(f"標準登錄沒有「{column.standard}」。", f"The register has no '{column.standard}'."),
                Text("以 qingliu standards list 查詢代碼。", "Look its code up with: qingliu standards list."),
            )
        )  # fmt: skip
    if column.faulty:
        some = _some(column)
        found.append(
            Finding(
                "standards/cells", place,
                Text(
                    f"{column.faulty} 格不合標準{word.zh}：{some}。",
                    f"{column.faulty} cells do not conform to the standard{word.en}: {some}.",
                ),
                _CLEAN,
                severity="info" if column.draft else "warning", count=column.faulty, rows=column.rows,
                columns=(column.field,),
            )
        )  # fmt: skip
    if column.excused:
        known = next((v.fault for v in column.values if v.fault), None) or mapped.faults[0].reason
        found.append(
            Finding(
                "standards/fault-of-standard", place,
                Text(
                    f"{column.excused} 格因標準本身而不合：{known.zh}",
                    f"{column.excused} cells fail by the standard itself: {known.en}",
                ),
                mapped.faults[0].remedy, severity="info", count=column.excused, rows=column.excused_rows, columns=(column.field,),
            )
        )  # fmt: skip
    for problem in column.problems:
        found.append(
            Finding("standards/declaration", place, problem, Text("見變更工作單。", "See the change task."), "info")
        )
    if column.told:
        found.append(
            Finding(
                "standards/not-run", place, column.told,
                _PROPOSE, "info",
            )
        )  # fmt: skip
    return found
