"""Files that a person names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from qingliu.core.dataset import SourceSpec
from qingliu.core.errors import BadSource
from qingliu.pipeline import sources
from qingliu.pipeline.sources import Surroundings, files


def test_named_files_are_taken_in_their_order(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("b.csv", "a.csv")]
    for path in paths:
        path.write_text("a,b\n")
    assert files.given(paths, max_bytes=100).files == tuple(paths)


def test_what_cannot_be_taken_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    (tmp_path / "big.csv").write_text("a" * 200)
    (tmp_path / "good.csv").write_text("a")
    os.link(tmp_path / "good.csv", tmp_path / "again.csv")
    cases = {
        "no file was given": [],
        "'none.csv' cannot be opened": ["none.csv"],
        "'empty.csv' is empty": ["empty.csv"],
        "'big.csv' is larger": ["big.csv"],
        "'again.csv' was given twice": ["good.csv", "again.csv"],
    }
    for said, given in cases.items():
        with pytest.raises(BadSource, match=f"(?i){said}"):
            files.given([tmp_path / name for name in given], max_bytes=100)
    with pytest.raises(BadSource):
        files.given([tmp_path], max_bytes=100)


def test_a_dataset_of_files_never_fetches(around: Surroundings, tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="no source of its own"):
        sources.fetch(SourceSpec("files"), workdir=tmp_path / "w", state={}, around=around)
