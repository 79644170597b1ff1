"""The command ``qingliu`` as a person uses it: words in both languages, remedies, exit codes, no key on the screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from qingliu.accounts.models import ApiKey, User
from qingliu.config import cli
from qingliu.lake.paths import LakePaths
from qingliu.pipeline.models import Run
from tests.pipeline import town

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def files(home: LakePaths, tmp_path: Path) -> Path:
    """A definition and a delivery for it."""
    (tmp_path / "TEST_A.yaml").write_text(town.definition(mode="snapshot"), encoding="utf-8")
    town.csv(tmp_path / "a.csv", town.rows(30))
    town.csv(tmp_path / "small.csv", town.rows(2, value=2))
    return tmp_path


def test_a_file_is_published_in_two_commands_with_its_balance(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["define", str(files / "TEST_A.yaml")]) == 0
    assert cli.main(["publish", str(files / "a.csv"), "--dataset", "test_a", "--message", "首次"]) == 0
    out = capsys.readouterr().out
    assert "已發布 published → v1" in out
    assert "讀入 read" in out
    assert cli.main(["publish", str(files / "a.csv"), "--dataset", "TEST_A"]) == 0
    assert "unchanged" in capsys.readouterr().out


def test_a_held_delivery_ends_with_its_own_exit_code_and_is_released_by_the_start_of_its_id(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["define", str(files / "TEST_A.yaml")])
    cli.main(["publish", str(files / "a.csv"), "--dataset", "TEST_A"])
    assert cli.main(["publish", str(files / "small.csv"), "--dataset", "TEST_A"]) == 3
    held = Run.objects.get(state="held")
    assert cli.main(["runs", "--state", "held"]) == 0
    assert str(held.id)[:8] in capsys.readouterr().out
    assert cli.main(["release", str(held.id)[:8], "--reason", "已確認"]) == 0
    assert "→ v2" in capsys.readouterr().out
    assert cli.main(["runs", str(held.id)]) == 0


def test_errors_name_the_remedy_in_both_languages_and_fail(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["publish", str(files / "a.csv"), "--dataset", "NOWHERE"]) == 1
    error = capsys.readouterr().err
    assert "qingliu define" in error
    assert "沒有登錄" in error
    assert "No dataset 'NOWHERE'" in error
    assert cli.main(["define", str(files / "absent.yaml")]) == 1
    assert cli.main(["release", "0000", "--reason", "x"]) == 1


def test_wrong_use_and_bad_settings_end_with_two(
    files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as wrong:
        cli.main(["publish"])
    assert wrong.value.code == 2
    monkeypatch.setenv("QINGLIU_PORT", "many")
    assert cli.main(["runs"]) == 2
    assert "QINGLIU_PORT" in capsys.readouterr().err


def test_a_key_is_shown_once_and_listed_without_itself(home: LakePaths, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["key", "create", "研究", "--days", "7"]) == 0
    token = capsys.readouterr().out.strip().splitlines()[-1]
    assert token.startswith("qlk_")
    assert cli.main(["key", "list"]) == 0
    assert token not in capsys.readouterr().out
    number = ApiKey.objects.get().key_id
    assert cli.main(["key", "revoke", number]) == 0
    assert ApiKey.objects.get().revoked_at is not None


def test_the_first_administrator_is_made_with_a_password_that_is_no_argument(
    home: LakePaths, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QINGLIU_PASSWORD", "a long enough passphrase")
    assert cli.main(["createadmin", "root"]) == 0
    assert "passphrase" not in capsys.readouterr().out
    assert User.objects.get(username="root").check_password("a long enough passphrase")
    assert cli.main(["createadmin", "root2", "--generate"]) == 0
    shown = capsys.readouterr().out.strip().split()[-1]
    assert User.objects.get(username="root2").check_password(shown)


def test_verify_and_maintain_say_that_all_is_sound_and_find_a_flipped_byte(
    files: Path, home: LakePaths, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["define", str(files / "TEST_A.yaml")])
    cli.main(["publish", str(files / "a.csv"), "--dataset", "TEST_A"])
    assert cli.main(["verify"]) == 0
    assert "完好 sound" in capsys.readouterr().out
    assert cli.main(["maintain", "TEST_A"]) == 0
    victim = next((home.root / "warehouse").rglob("*.parquet"))
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 0xFF
    victim.write_bytes(bytes(content))
    assert cli.main(["verify", "TEST_A"]) == 1


def test_reconcile_republish_and_agencies_can_be_asked_for(home: LakePaths, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["reconcile"]) == 0
    assert cli.main(["republish"]) == 0
    assert cli.main(["agency", "add", "tpe", "臺北市政府環境保護局"]) == 0
    assert cli.main(["agency", "list"]) == 0
    assert "臺北市政府環境保護局" in capsys.readouterr().out


def test_a_draft_definition_is_written_for_a_person_to_check(files: Path) -> None:
    assert cli.main(["infer", str(files / "a.csv"), "--code", "TEST_I", "-o", str(files / "TEST_I.yaml")]) == 0
    assert "code: TEST_I" in (files / "TEST_I.yaml").read_text(encoding="utf-8")


def test_a_file_of_corrections_becomes_one_version(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["define", str(files / "TEST_A.yaml")])
    cli.main(["publish", str(files / "a.csv"), "--dataset", "TEST_A"])
    fixes = files / "fixes.csv"
    fixes.write_text(
        "siteid,time,pm25,_status\n1,2026-01-01 00:00,9.5,\n2,2026-01-01 00:00,,invalid\n", encoding="utf-8"
    )
    assert cli.main(["correct", "TEST_A", str(fixes), "--reason", "儀器校正"]) == 0
    assert "→ v2" in capsys.readouterr().out
    assert cli.main(["correct", "TEST_A", str(files / "absent.csv"), "--reason", "x"]) == 1
    fixes.write_text("siteid,value\n1,2\n", encoding="utf-8")
    assert cli.main(["correct", "TEST_A", str(fixes), "--reason", "x"]) == 1
    assert "需要主鍵" in capsys.readouterr().err
