"""Real definitions with versions such as a publication leaves them, and a listed entry such as the official list gives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import rdflib

from qingliu.core.dataset import DatasetRecord, FileRecord, Text, VersionRecord
from qingliu.standards.dcat import write
from qingliu.standards.dcat.dataset import Described, describe
from qingliu.standards.dcat.served import Listing, Served
from qingliu.standards.dcat.terms import Resource
from qingliu.standards.definition import load

DEFINITIONS = Path(__file__).resolve().parents[2] / "datasets"
BASE = "https://data.example.tw"
HOUR = ("datacreationdate", "2025-10-01 11:00:00", "2025-12-31 23:00:00")


def record(code: str) -> DatasetRecord:
    """A dataset as its definition in datasets/ declares it."""
    return load(DEFINITIONS / f"{code}.yaml").dataset


def version(code: str, *files: FileRecord, number: int = 1, created_at: str = "2026-01-02T03:04:05Z") -> VersionRecord:
    """A published version with these files."""
    return VersionRecord(
        code=code,
        number=number,
        created_at=created_at,
        snapshot_id=1,
        metadata_path="m.json",
        run_id="r",
        author="a",
        message="",
        rows=10,
        content_hash="c" * 64,
        columns=(),
        files=files,
    )


def file(name: str = "part-0.parquet", size: int = 2048, *stats: tuple[str, str, str]) -> FileRecord:
    """A stored file with its statistics."""
    return FileRecord(f"data/{name}", 10, size, "ab" * 32, stats)


def table(code: str, *stats: tuple[str, str, str]) -> tuple[DatasetRecord, tuple[VersionRecord, ...], Served]:
    """A published table with one file."""
    return record(code), (version(code, file("part-0.parquet", 2048, *stats)),), Served(BASE, "table", version=1)


def listed(code: str = "AQX_P_10", formats: tuple[str, ...] = ("CSV", "JSON", "XML")) -> tuple[DatasetRecord, Served]:
    """An entry of the official list whose data is not here."""
    known = DatasetRecord(
        code,
        Text("手動監測", ""),
        Text("只列目錄。", "Listed only."),
        "moenv",
        Text("環境部", "MOENV"),
        Text("", ""),
        "air",
        (),
    )
    return known, Served(BASE, "listed", listing=Listing("6343", formats, True))


def complete() -> tuple[DatasetRecord, tuple[VersionRecord, ...], Served]:
    """AQX_P_488 as published, under a licence that the EU table has (data.gov.tw accepts it too)."""
    known, versions, served = table("AQX_P_488", HOUR)
    return replace(known, licence="CC-BY-4.0"), versions, served


def described(code: str, *stats: tuple[str, str, str]) -> Described:
    """The description of a published table."""
    return describe(*table(code, *stats))


def as_rdflib(resources: tuple[Resource, ...] | list[Resource]) -> rdflib.Graph:
    """The resources in a graph of rdflib."""
    return rdflib.Graph().parse(data="".join(write.ntriples(resources)), format="nt")
