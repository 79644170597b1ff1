"""How much a delivery may ask of us; everything beyond is refused before memory or disk is used."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes. ``ratio`` is decoded:stored, looked at only above ``ratio_from_bytes``."""

    decoded_bytes: int = 4 << 30
    members: int = 10_000
    ratio: int = 150
    ratio_from_bytes: int = 64 << 20
    document_bytes: int = 512 << 20  # JSON and XML documents
    sheet_bytes: int = 512 << 20  # declared size of everything in a spreadsheet
    sheet_ratio_from_bytes: int = 32 << 20
    sheet_memory_bytes: int = 1 << 30
    sheet_cpu_s: int = 60
    sheet_cells: int = 20_000_000
    depth: int = 64


@dataclass(frozen=True, slots=True)
class Blob:
    """One stored file to be read: where it lies, and the name by which a person knows it."""

    path: Path
    name: str
