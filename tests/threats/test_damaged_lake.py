"""Threat 27: a torn, flipped or missing file under a published version is told before a byte leaves, and never copied on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from qingliu.api.native import serialize
from qingliu.config.commands import portal as commands
from qingliu.core.dataset import VersionRecord
from qingliu.lake.engine import Engine
from qingliu.pipeline import actions, jobs
from qingliu.pipeline.rules import State
from tests.pipeline import town
from tests.threats.scene import CODE, Scene

ROWS = f"/api/datasets/{CODE}/rows"
QUESTIONS = ["limit=10", "f=csv", "f=ndjson", "f=parquet", "limit=5&offset=3&sortby=-pm25", "pm25=2", "pm25=2&limit=0"]


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-50])


def flipped(path: Path) -> None:
    """One bit in the middle of the data: the engine decodes it without a word."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def garbled(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[40] ^= 0xFF
    path.write_bytes(bytes(data))


HARMS = [(torn, "lake.size"), (flipped, "lake.hash"), (garbled, "lake.hash"), (Path.unlink, "lake.missing")]
each_harm = pytest.mark.parametrize(("harm", "rule"), HARMS, ids=["torn", "flipped", "garbled", "missing"])


@pytest.fixture
def second(scene: Scene) -> VersionRecord:
    """Version 2 of TEST_A, value 2; version 1 has files of its own."""
    scene.good(town.rows(30, value=2.0))
    return scene.engine.published.versions(CODE)[0]


def data_file(scene: Scene, version: VersionRecord) -> Path:
    return scene.home.resolve(version.files[0].path)


@each_harm
@pytest.mark.parametrize("warm", [True, False], ids=["read before", "never read"])
def test_no_answer_comes_from_a_damaged_file_and_the_version_before_still_answers(
    scene: Scene, second: VersionRecord, harm: Callable[[Path], object], rule: str, warm: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    if warm:
        assert scene.rows("limit=2")[0]["pm25"] == 2
    harm(data_file(scene, second))
    for question in QUESTIONS:
        answer = scene.ask(ROWS, question)
        assert (answer.status_code, answer.json["code"]) == (500, "damaged"), question
        assert second.files[0].path in answer.json["detail_zh"]
        assert "as_of" in answer.json["detail_en"]
        assert answer.headers["content-type"] == "application/problem+json"
        assert "no-store" in answer.headers["cache-control"]
    old = scene.ask(f"/api/v2/{CODE.lower()}", "format=csv")
    assert old.status_code == 500
    assert "siteid" not in old.text
    name = next(iter(serialize.file_names(second)))
    assert scene.ask(f"/api/datasets/{CODE}/files/2/{name}").status_code == 500
    assert {row["pm25"] for row in scene.rows("as_of=1&limit=100")} == {1}
    assert any(r.levelno == logging.ERROR and "restore it from a backup" in r.getMessage() for r in caplog.records)


@each_harm
def test_verify_and_the_daily_maintenance_name_the_file_and_never_merge_it(
    scene: Scene, second: VersionRecord, harm: Callable[[Path], object], rule: str,
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    harm(data_file(scene, second))
    (found,) = actions.verify(code=CODE, by=town.OPERATOR)
    assert (found.rule, found.severity) == (rule, "reject")
    assert second.files[0].path in found.place
    assert found.remedy.zh
    assert found.remedy.en
    before = scene.lake()
    assert jobs.maintain() == 1
    assert any(second.files[0].path in r.getMessage() for r in caplog.records if r.levelno == logging.ERROR)
    assert scene.lake() == before
    arguments = commands.argparse.Namespace(codes=[CODE])
    assert commands.do_verify(arguments, town.OPERATOR) != 0
    assert second.files[0].path in capsys.readouterr().out


@each_harm
def test_a_publish_onto_a_damaged_version_is_told_and_writes_nothing(
    scene: Scene, second: VersionRecord, harm: Callable[[Path], object], rule: str
) -> None:
    """Its unchanged rows would be written anew, and look sound under a new hash."""
    harm(data_file(scene, second))
    before = scene.lake()
    run = scene.publish(town.csv(scene.folder / "next.csv", town.rows(31, value=2.0)))
    assert run.state == State.FAILED
    assert second.files[0].path in run.error_zh
    assert "restore" in run.error_en
    assert scene.lake() == before
    assert scene.staged() == []
    scene.check_told_once(run)


@each_harm
def test_a_restored_file_answers_again(
    scene: Scene, second: VersionRecord, harm: Callable[[Path], object], rule: str
) -> None:
    path = data_file(scene, second)
    whole = path.read_bytes()
    before = scene.seen()
    harm(path)
    assert scene.ask(ROWS, "limit=3").status_code == 500
    path.write_bytes(whole)
    assert scene.seen() == before
    assert actions.verify(code=CODE, by=town.OPERATOR) == ()


def test_a_view_of_a_damaged_dataset_is_not_made(scene: Scene, second: VersionRecord) -> None:
    scene.define(town.definition("TEST_V", view=f"{{of: [{CODE}], newest_by: [siteid]}}"))
    flipped(data_file(scene, second))
    answer = scene.ask("/api/datasets/TEST_V/rows", "limit=3")
    assert (answer.status_code, answer.json["code"]) == (500, "damaged")


def test_a_file_is_hashed_once_and_again_when_it_changed(
    scene: Scene, second: VersionRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qingliu.lake import sound

    hashed: list[str] = []
    monkeypatch.setattr(sound, "_check_hash", lambda code, file, path: hashed.append(file.path))
    engine: Engine = scene.engine
    for _ in range(3):
        engine.sound.check(CODE, second.files)
    assert hashed == [second.files[0].path]
    path = data_file(scene, second)
    path.write_bytes(path.read_bytes())
    engine.sound.check(CODE, second.files)
    assert len(hashed) == 2
