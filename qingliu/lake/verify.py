"""Checking that a version's files are what was published: present, whole, unchanged."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pyarrow.parquet as pq

from qingliu.core.dataset import FileRecord, Text, VersionRecord
from qingliu.core.records import Finding
from qingliu.lake import manifest
from qingliu.lake.files import digest
from qingliu.lake.paths import LakePaths

_RESTORE = Text("請自備份還原這個檔案。", "Restore this file from a backup.")


def content_hash(files: Sequence[FileRecord]) -> str:
    """sha256 over the sorted sha256 of the files."""
    return hashlib.sha256("".join(sorted(f.sha256 for f in files)).encode()).hexdigest()


def verify(paths: LakePaths, version: VersionRecord) -> list[Finding]:
    """Recompute size, row count and sha256 of every file of a kept version; empty where all is as recorded."""
    if not version.kept:
        return []
    findings = [f for file in manifest.files_of(version) for f in _check(paths, version, file)]
    if version.rows != sum(f.rows for f in version.files) or version.content_hash != content_hash(version.files):
        findings.append(
            _finding(
                version,
                version.code,
                "version",
                "版本紀錄與檔案清單不符。",
                "The version does not agree with its files.",
            )
        )
    if not paths.resolve(version.metadata_path).is_file():
        findings.append(_finding(version, version.metadata_path, "missing", "檔案不見了。", "The file is missing."))
    return findings


def _check(paths: LakePaths, version: VersionRecord, file: FileRecord) -> list[Finding]:
    path = paths.resolve(file.path)
    if not path.is_file():
        return [_finding(version, file.path, "missing", "檔案不見了。", "The file is missing.")]
    size = path.stat().st_size
    if size != file.bytes:
        zh, en = f"檔案有 {size} 位元組，應為 {file.bytes}。", f"The file has {size} bytes instead of {file.bytes}."
        return [_finding(version, file.path, "size", zh, en)]
    if digest(path) != file.sha256:
        return [_finding(version, file.path, "hash", "檔案內容已被改動。", "The file's content has changed.")]
    rows = pq.read_metadata(path).num_rows
    if rows != file.rows:
        zh, en = f"檔案有 {rows} 列，應為 {file.rows}。", f"The file has {rows} rows instead of {file.rows}."
        return [_finding(version, file.path, "rows", zh, en)]
    return []


def _finding(version: VersionRecord, place: str, rule: str, zh: str, en: str) -> Finding:
    return Finding(f"lake.{rule}", f"{version.code}@{version.number}: {place}", Text(zh, en), _RESTORE, "reject")


def verified(paths: LakePaths, versions: Sequence[VersionRecord]) -> tuple[Finding, ...]:
    """Findings over every version that keeps its data."""
    return tuple(f for v in versions for f in verify(paths, v))
