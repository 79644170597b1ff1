"""A watched folder: settled files once, never a link, never half a file, never a place outside the inbox."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from qingliu.core.dataset import SourceSpec
from qingliu.core.errors import BadDefinition, BadSource
from qingliu.pipeline import sources
from qingliu.pipeline.sources import Delivery, Surroundings


def put(folder: Path, name: str, text: str, *, age_s: float = 60) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    moment = time.time() - age_s
    os.utime(path, (moment, moment))
    return path


@pytest.fixture
def drop(around: Surroundings) -> Path:
    folder = around.inbox / "soil"
    folder.mkdir()
    return folder


def look(around: Surroundings, tmp_path: Path, state: object = None, **options: str) -> Delivery:
    source = SourceSpec("folder", tuple({"path": "soil", **options}.items()))
    return sources.fetch(source, workdir=tmp_path / f"w{time.monotonic_ns()}", state=state or {}, around=around)


def names(found: Delivery) -> list[str]:
    return [path.name for path in found.files]


def test_a_settled_file_is_delivered_once(around: Surroundings, drop: Path, tmp_path: Path) -> None:
    put(drop, "a.csv", "a,b\n1,2\n")
    first = look(around, tmp_path)
    assert names(first) == ["a.csv"]
    assert first.files[0].read_text() == "a,b\n1,2\n"
    assert (drop / "a.csv").exists(), "the file stays where it is"
    second = look(around, tmp_path, first.state)
    assert (second.unchanged, second.files) == (True, ())


def test_a_file_that_failed_is_seen_again(around: Surroundings, drop: Path, tmp_path: Path) -> None:
    put(drop, "a.csv", "a,b\n1,2\n")
    look(around, tmp_path)
    assert names(look(around, tmp_path, {})) == ["a.csv"]


def test_a_file_still_being_written_waits(around: Surroundings, drop: Path, tmp_path: Path) -> None:
    put(drop, "a.csv", "a,b\n1,", age_s=0)
    found = look(around, tmp_path)
    assert found.unchanged
    assert "1 files are still being written" in found.note
    put(drop, "a.csv", "a,b\n1,2\n")
    assert names(look(around, tmp_path, found.state)) == ["a.csv"]


def test_a_file_that_changes_while_it_is_copied_waits(
    around: Surroundings, drop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(drop, "a.csv", "a,b\n1,2\n")
    real, calls = os.fstat, []

    def growing(handle: int) -> os.stat_result:
        calls.append(handle)
        if len(calls) == 2:
            path.write_text("a,b\n1,2\n3,4\n")
        return real(handle)

    monkeypatch.setattr("qingliu.pipeline.sources.folder.os.fstat", growing)
    assert look(around, tmp_path).unchanged


def test_a_clock_that_jumped_does_not_stop_deliveries(around: Surroundings, drop: Path, tmp_path: Path) -> None:
    put(drop, "a.csv", "a,b\n1,2\n", age_s=-365 * 86400)
    assert names(look(around, tmp_path)) == ["a.csv"]


def test_a_changed_file_comes_again_and_a_copy_does_not(around: Surroundings, drop: Path, tmp_path: Path) -> None:
    put(drop, "a.csv", "a,b\n1,2\n")
    first = look(around, tmp_path)
    put(drop, "copy.csv", "a,b\n1,2\n")
    second = look(around, tmp_path, first.state)
    assert second.unchanged
    put(drop, "a.csv", "a,b\n1,3\n", age_s=30)
    assert names(look(around, tmp_path, second.state)) == ["a.csv"]


def test_links_and_strange_files_are_never_taken(around: Surroundings, drop: Path, tmp_path: Path) -> None:
    secret = put(tmp_path, "secret.csv", "a,b\n1,2\n")
    (drop / "link.csv").symlink_to(secret)
    (drop / "folder.csv").mkdir()
    os.mkfifo(drop / "pipe.csv")
    put(drop, ".hidden.csv", "a")
    put(drop, "~$open.xlsx", "a")
    put(drop, "half.csv.part", "a")
    put(drop, "empty.csv", "")
    put(drop, "good.csv", "a,b\n")
    assert names(look(around, tmp_path)) == ["good.csv"]


@pytest.mark.parametrize("name", [b"\xb4\xfa\xb8\xd5.csv", b"a\nb.csv"])
def test_a_name_that_cannot_be_read_is_told(around: Surroundings, drop: Path, tmp_path: Path, name: bytes) -> None:
    Path(os.fsdecode(os.fsencode(drop) + b"/" + name)).write_text("a")
    with pytest.raises(BadSource, match="name cannot be read"):
        look(around, tmp_path)


def test_a_glob_chooses(around: Surroundings, drop: Path, tmp_path: Path) -> None:
    put(drop, "a.csv", "a")
    put(drop, "b.xlsx", "b")
    assert names(look(around, tmp_path, files="*.xlsx")) == ["b.xlsx"]


def test_files_that_form_the_whole_come_together(around: Surroundings, drop: Path, tmp_path: Path) -> None:
    put(drop, "a.csv", "a")
    put(drop, "b.csv", "b")
    first = look(around, tmp_path, deliver="all")
    assert names(first) == ["a.csv", "b.csv"]
    assert look(around, tmp_path, first.state, deliver="all").unchanged
    put(drop, "b.csv", "b2", age_s=0)
    waiting = look(around, tmp_path, first.state, deliver="all")
    assert waiting.unchanged, "half of the whole would look like a loss"
    put(drop, "b.csv", "b2", age_s=30)
    assert names(look(around, tmp_path, waiting.state, deliver="all")) == ["a.csv", "b.csv"]
    (drop / "a.csv").unlink()
    assert names(look(around, tmp_path, waiting.state, deliver="all")) == ["b.csv"]


@pytest.mark.parametrize("path", ["/etc", "../private", "a/../../b", "a\\..\\b", "a\0b"])
def test_no_folder_outside_the_inbox(around: Surroundings, tmp_path: Path, path: str) -> None:
    with pytest.raises(BadDefinition, match="not below the inbox"):
        look(around, tmp_path, path=path)


def test_a_missing_folder_is_told(around: Surroundings, tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="no folder 'soil'"):
        look(around, tmp_path)


def test_a_file_over_the_limit_is_told(around: Surroundings, drop: Path, tmp_path: Path) -> None:
    put(drop, "a.csv", "a" * 2000)
    small = Surroundings(around.inbox, around.door, type(around.limits)(max_bytes=1000), {})
    with pytest.raises(BadSource, match=r"'a\.csv' is larger than the limit"):
        look(small, tmp_path)
