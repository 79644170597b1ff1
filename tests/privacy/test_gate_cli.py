"""``qingliu privacy``: what a shell may do, and that nothing of a site is ever printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from qingliu.config import cli
from qingliu.lake.paths import LakePaths
from qingliu.pipeline.rules import State
from tests.privacy import town
from tests.privacy.conftest import Deliver

RULE = """name: petitions
title: {zh: 訴願中之違規人, en: Violators under appeal}
rows: stage
stage_field: appeal
stage_values: ["1"]
fields: [violator_name]
names: hide
basis: {zh: 第 18 條, en: art. 18}
"""


def test_a_rule_is_proposed_at_the_shell_and_needs_another_person(
    portal: LakePaths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rule.yaml"
    file.write_text(RULE, encoding="utf-8")
    assert cli.main(["privacy", "propose", str(file), "--reason", "訴願期間"]) == 0
    assert cli.main(["privacy", "approve", "petitions", "--reason", "我自己"]) == 1
    assert "Whoever changed a rule may not approve it" in capsys.readouterr().err
    assert cli.main(["privacy", "rules"]) == 0
    assert "petitions" in capsys.readouterr().out
    file.write_text("rows: stage", encoding="utf-8")
    assert cli.main(["privacy", "propose", str(file), "--reason", "壞的"]) == 1


def test_the_list_is_imported_without_a_word_of_it_on_the_screen(
    portal: LakePaths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "sites.csv"
    file.write_text(town.SITES, encoding="utf-8")
    asked = ["--basis", "第 18 條", "--review-on", str(town.LATER)]
    assert cli.main(["privacy", "restricted", "import", str(file), *asked]) == 0
    assert cli.main(["privacy", "restricted", "approve", "1"]) == 1
    assert cli.main(["privacy", "restricted", "editions"]) == 0
    said = "".join(capsys.readouterr())
    assert "4" in said
    assert not [w for w in ("海角油料庫", town.SITE_ADDRESS, "S1234567") if w in said]


def test_scan_tells_what_the_rules_would_still_change_and_reviews_their_days(
    deliver: Deliver, capsys: pytest.CaptureFixture[str]
) -> None:
    town.approve_defaults()
    assert deliver([town.FIRM, town.PERSON, town.SITE]).state == State.PUBLISHED
    assert cli.main(["privacy", "scan", "PEN_A"]) == 0
    assert "to be masked 0" in capsys.readouterr().out
    town.restrict()
    cli.main(["privacy", "scan", "PEN_A"])
    said = capsys.readouterr().out
    assert "to be masked 5" in said
    assert "石門" not in said
    assert cli.main(["privacy", "reviews"]) == 0
    assert "restricted-sites" in capsys.readouterr().out
