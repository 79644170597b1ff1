"""An answer that breaks off half way is never taken for a whole one; what is refused leaves nothing behind."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from qingliu.lake.binary import columnar
from tests.api.portal import Portal
from tests.bulk import reading

ROWS = "/api/datasets/TRAP_1/rows"


@pytest.fixture
def breaking(fresh: Portal, monkeypatch: pytest.MonkeyPatch) -> Portal:
    """A portal whose disk fails after the second piece of every answer, none of which is small enough to be held back."""
    monkeypatch.setattr(fresh.cache, "max_body", 0)
    monkeypatch.setattr(columnar, "GROUP_ROWS", 2048)
    real = fresh.engine.stream

    def stream(plan: Any, rendering: Any) -> Any:
        made = real(plan, rendering)
        chunks = iter(made._chunks)

        def failing() -> Iterator[bytes]:
            yield next(chunks)
            raise OSError(5, "Input/output error")

        made._chunks = failing()
        return made

    monkeypatch.setattr(fresh.engine, "stream", stream)
    return fresh


READERS: dict[str, Callable[[bytes], Any]] = {
    "parquet": reading.parquet,
    "geoparquet": reading.parquet,
    "arrow": reading.arrow,
    "csv.gz": gzip.decompress,
}


@pytest.mark.parametrize("form", READERS)
def test_no_reader_takes_half_a_file_for_a_whole_one(breaking: Portal, form: str) -> None:
    answer = breaking.get(ROWS, f"f={form}")
    assert answer.status_code == 200  # the status had left
    with pytest.raises((pa.ArrowInvalid, OSError, EOFError, zlib.error)):
        READERS[form](bytes(answer.content))


@pytest.mark.parametrize("form", ["xlsx", "ods"])
def test_a_workbook_that_cannot_be_made_is_an_error_before_its_first_byte(
    fresh: Portal, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("qingliu.lake.binary.sheets.text_bytes", broken)
    assert fresh.get(ROWS, f"f={form}").status_code == 500


@pytest.mark.parametrize("form", ["csv.gz", "parquet", "arrow", "xlsx", "ods"])
def test_changes_come_in_every_format_that_needs_no_place(fresh: Portal, form: str) -> None:
    answer = fresh.get("/api/datasets/TRAP_1/changes", f"since=2&f={form}")
    assert answer.status_code == 200, answer.text
    body = bytes(answer.content)
    expected = csv.reader(
        io.StringIO(fresh.get("/api/datasets/TRAP_1/changes", "since=2&f=csv").content.decode(), newline="")
    )
    wanted = [row[:3] for row in expected]
    match form:
        case "csv.gz":
            found = [row[:3] for row in reading.packed_csv(body)]
        case "xlsx":
            found = [[cells.get(c, ("", ""))[1] for c in "ABC"] for cells in reading.xlsx_types(body)]
        case "ods":
            found = [[text for _, text in row[:3]] for row in reading.ods(body)]
        case _:
            table = (reading.arrow if form == "arrow" else reading.parquet)(body)
            columns = [table.column(i).to_pylist() for i in range(3)]
            found = [table.schema.names[:3], *([str(c) for c in row] for row in zip(*columns, strict=True))]
    assert found == wanted
    assert len(found) == 61


def test_accept_chooses_a_workbook(fresh: Portal) -> None:
    media = "application/vnd.oasis.opendocument.spreadsheet"
    answer = fresh.get(ROWS, "limit=1", Accept=media)
    assert answer.headers["content-type"] == media
    assert len(reading.ods(bytes(answer.content))) == 2


def test_old_versions_are_answered_in_every_format(fresh: Portal) -> None:
    for form in ("parquet", "geoparquet", "arrow"):
        body = bytes(fresh.get(ROWS, f"as_of=2&f={form}").content)
        assert (reading.arrow if form == "arrow" else reading.parquet)(body).num_rows == 20
    assert fresh.get(ROWS, "as_of=1&f=xlsx").status_code == 410
    assert fresh.get("/api/datasets/TRAP_9/rows", "f=ods").status_code == 404


def test_nothing_rests_on_the_disk_after_answers(fresh: Portal) -> None:
    for form in ("parquet", "geoparquet", "arrow", "csv.gz", "xlsx", "ods"):
        assert fresh.get(ROWS, f"f={form}").status_code == 200
    folder: Path = fresh.settings.home / "private" / "tmp"
    assert [p for p in folder.rglob("*") if p.is_file()] == []
