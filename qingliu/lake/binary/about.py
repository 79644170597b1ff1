"""What a file says about itself: dataset, version, licence, address and every column, in both languages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from qingliu.core.dataset import DatasetRecord, Text, VersionRecord
from qingliu.lake.answer import Plan
from qingliu.lake.query import Rendering
from qingliu.lake.render import Cell


@dataclass(frozen=True, slots=True)
class About:
    """A file's own description. ``source`` is the address that answered it, ``licence`` that of the licence, "" unknown."""

    record: DatasetRecord
    version: VersionRecord
    cells: tuple[Cell, ...]
    source: str
    licence: str

    def plain(self) -> dict[str, object]:
        """As JSON values; what nobody declared is left out."""
        record, version = self.record, self.version
        plain: dict[str, object] = {
            "dataset": record.code, "title": _both(record.title), "description": _both(record.description),
            "publisher": _both(record.agency_name), "unit": _both(record.unit), "licence": record.licence,
            "licence_address": self.licence, "version": version.number, "created_at": version.created_at,
            "timezone": record.timezone, "source": self.source, "simulated": record.simulated,
            "columns": [_column(cell) for cell in self.cells],
        }  # fmt: skip
        return {k: v for k, v in plain.items() if v not in ("", {}, False)}

    def pairs(self) -> dict[str, str]:
        """As the texts that a file's key-value metadata holds: ``qingliu`` has all as JSON, the others are for people."""
        told = {
            "title": f"{self.record.title.zh} {self.record.title.en}".strip(),
            "licence": self.record.licence,
            "version": str(self.version.number),
            "source": self.source,
        }
        whole = {"qingliu": json.dumps(self.plain(), ensure_ascii=False, separators=(",", ":"))}
        return whole | {k: v for k, v in told.items() if v}

    def lines(self) -> list[tuple[str, ...]]:
        """As lines of a sheet: facts with their names, an empty line, the data dictionary."""
        record, version = self.record, self.version
        title, made = f"{record.title.zh} {record.title.en}", "公布時間 Published at (UTC)"
        facts = [
            ("資料集 Dataset", record.code), ("名稱 Title", title.strip()),
            ("說明 Description", f"{record.description.zh} {record.description.en}".strip()),
            ("提供機關 Publisher", f"{record.agency_name.zh} {record.agency_name.en}".strip()),
            ("授權 Licence", f"{record.licence} {self.licence}".strip()),
            ("版本 Version", str(version.number)), (made, version.created_at),
            ("時區 Time zone", record.timezone), ("來源 Source", self.source),
            ("模擬資料 Simulated", "是 yes" if record.simulated else ""),
        ]  # fmt: skip
        head = ("欄位 Column", "型別 Type", "單位 Unit", "標題", "Title", "說明", "Description")
        columns = [
            (c.column.name, c.field.type, c.field.unit, c.field.title.zh, c.field.title.en, c.field.description.zh,
             c.field.description.en) for c in self.cells
        ]  # fmt: skip
        return [*(f for f in facts if f[1]), (), head, *columns]


def about(plan: Plan, cells: Sequence[Cell], rendering: Rendering) -> About:
    """What the file of an answer says about itself."""
    return About(plan.entry.record, plan.version, tuple(cells), rendering.source, rendering.licence)


def _both(text: Text) -> dict[str, str]:
    return {k: v for k, v in (("zh", text.zh), ("en", text.en)) if v}


def _column(cell: Cell) -> dict[str, object]:
    field = cell.field
    told: dict[str, object] = {
        "name": cell.column.name, "field": field.name, "type": field.type, "title": _both(field.title),
        "unit": field.unit, "description": _both(field.description), "property": field.property,
    }  # fmt: skip
    return {k: v for k, v in told.items() if v not in ("", {})}
