"""Answers as files that programs and spreadsheets read: Parquet and GeoParquet, Arrow, XLSX, ODS.

Columnar files and Arrow leave while they are made, one batch of rows after the other, and need no disk. A sheet is made whole
first, so that an answer that does not fit is a told error and never half a workbook.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qingliu.lake.answer import Stream
from qingliu.lake.binary import columnar, sheets
from qingliu.lake.binary.about import about
from qingliu.lake.binary.making import Making
from qingliu.lake.query import Rendering
from qingliu.lake.render import Cell

__all__ = ["FORMATS", "Making", "stream"]

FORMATS = columnar.FORMATS | sheets.FORMATS


def stream(making: Making, cells: Sequence[Cell], rendering: Rendering, *, folder: Path) -> Stream:
    """The answer in one of ``FORMATS``. ``folder`` holds a sheet until it is sent, and nothing after that.

    Raises BadRequest for GeoParquet without a place, TooDear where rows do not fit into a sheet or the deadline passes,
    Busy where the disk has no room for a sheet.
    """
    told = about(making.plan, cells, rendering)
    if rendering.format in columnar.FORMATS:
        return columnar.stream(making, told, rendering.format)
    return sheets.stream(making, told, rendering, folder)
