"""Moving a lake to another place: Iceberg names its files by absolute address, so its metadata is written anew."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from pyiceberg.avro.file import AvroFile, AvroOutputFile
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.typedef import Record

from qingliu.lake.paths import LakePaths


def relocate(paths: LakePaths, old_root: str, new_root: str) -> None:
    """Rewrite every Iceberg address under ``old_root`` in the lake at ``paths`` so that it is found at ``new_root``.

    Rows, file names, snapshot ids and version numbers stay. The lake must be at rest.
    """
    if old_root == new_root:
        return
    old, new = f"file://{old_root}/", f"file://{new_root}/"

    def moved(text: str) -> str:
        return new + text.removeprefix(old) if text.startswith(old) else text

    for folder in sorted(paths.warehouse.glob("*/metadata")):
        for path in sorted(folder.glob("*.avro")):
            if not path.name.startswith("snap-"):
                _rewrite_avro(path, moved, {})
        sizes = {p.name: p.stat().st_size for p in folder.glob("*.avro")}
        for path in sorted(folder.glob("snap-*.avro")):
            _rewrite_avro(path, moved, sizes)
        for path in sorted(folder.glob("*.metadata.json")):
            _replace(path, json.dumps(_walk(json.loads(path.read_text(encoding="utf-8")), moved)).encode())
    if paths.iceberg_db.exists():
        _rewrite_catalogue(paths.iceberg_db, moved)


def _walk(value: Any, moved: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {k: _walk(v, moved) for k, v in value.items()}
    if isinstance(value, list):
        return [_walk(v, moved) for v in value]
    return moved(value) if isinstance(value, str) else value


def _rewrite_avro(path: Path, moved: Callable[[str], str], sizes: Mapping[str, int]) -> None:
    """Rewrite addresses in a manifest or manifest list; in a list the length stated beside the address follows."""
    io = PyArrowFileIO()
    with AvroFile[Record](io.new_input(f"file://{path}")) as source:
        records, schema, meta = list(source), source.schema, dict(source.header.meta)
    name = str(json.loads(meta.pop("avro.schema"))["name"])
    lengths = name == "manifest_file"
    for record in records:
        _move_record(record, moved)
        if lengths:
            record[1] = sizes[str(record[0]).rsplit("/", 1)[-1]]
    draft = path.with_name(path.name + ".moved")
    with AvroOutputFile[Record](io.new_output(f"file://{draft}"), schema, name, metadata=meta) as target:
        target.write_block(records)
    os.replace(draft, path)


def _move_record(record: Record, moved: Callable[[str], str]) -> None:
    for i in range(len(record)):
        value = record[i]
        if isinstance(value, Record):
            _move_record(value, moved)
        elif isinstance(value, str):
            record[i] = moved(value)


def _replace(path: Path, content: bytes) -> None:
    draft = path.with_name(path.name + ".moved")
    draft.write_bytes(content)
    os.replace(draft, path)


def _rewrite_catalogue(database: Path, moved: Callable[[str], str]) -> None:
    with closing(sqlite3.connect(database)) as con, con:
        rows = con.execute("SELECT rowid, metadata_location, previous_metadata_location FROM iceberg_tables").fetchall()
        for row, current, previous in rows:
            con.execute(
                "UPDATE iceberg_tables SET metadata_location=?, previous_metadata_location=? WHERE rowid=?",
                (moved(current), previous and moved(previous), row),
            )
