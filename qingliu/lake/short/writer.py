"""Cuts as the bytes of an answer: which columns are needed, and what stands beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.compute as pc

from qingliu.lake import understood
from qingliu.lake.answer import Plan
from qingliu.lake.query import Rendering
from qingliu.lake.render import Cell, offset_text
from qingliu.lake.rownumbers import ROW, starts
from qingliu.lake.short import features, text
from qingliu.lake.short.cut import Cut, one


class Writer:
    """Writes cuts as the bytes of one answer. ``names`` are the physical columns it needs."""

    def __init__(self, plan: Plan, cells: Sequence[Cell], rendering: Rendering) -> None:
        self._version = plan.version
        scope = understood.scope(plan)
        separator = {"json": ",", "geojson": ",\n", "ndjson": "\n", "csv": ""}[rendering.format]
        offset = offset_text(ZoneInfo(plan.entry.record.timezone))
        self._text = text.RowText(cells, rendering, offset=offset, separator=separator)
        self._columns = [scope.physical(c.field.name) for c in cells]
        self._flags = any(c.column.null_by_flag or c.column.suffix_by_flag for c in cells)
        place = plan.entry.record.place if rendering.format == "geojson" else None
        self._place = (scope.physical(place.lon), scope.physical(place.lat)) if place else None
        if place and rendering.feature and rendering.feature.lat_first:
            self._place = (scope.physical(place.lat), scope.physical(place.lon))
        self._named = rendering.feature is not None
        self._key = features.keyed(plan) if self._named else ()
        self._key_columns = [scope.physical(f.name) for f in self._key]
        self._numbered = ROW.name in self._columns
        self.drop_last = len(separator.encode()) if rendering.format in {"json", "geojson"} else 0
        wanted = [*self._columns, *(self._place or ()), *self._key_columns, *(["_flags"] if self._flags else [])]
        self.names = [n for n in dict.fromkeys(wanted) if n != ROW.name]

    def write(self, piece: Cut) -> bytes:
        """The rows of a piece, which has some, a separator behind each."""
        table = piece.table
        if self._numbered:
            before = starts(self._version.files, [piece.file])[0]
            table = table.append_column(ROW.name, pc.add(piece.places(), before + 1))
        columns = [one(table.column(n)) for n in self._columns]
        flags = one(table.column("_flags")) if self._flags else None
        place: tuple[Any, ...] | None = None
        if self._place:
            place = (one(table.column(self._place[0])), one(table.column(self._place[1])))
        if place and self._named:
            place = (*place, self._identifiers(table, piece))
        return self._text.write(columns, flags, place)

    def _identifiers(self, table: Any, piece: Cut) -> Any:
        if self._key:
            return features.by_key(self._key, [one(table.column(n)) for n in self._key_columns])
        return features.by_place(self._version, piece.file, piece.places())
