"""405 points through the product: a real table defined, published, served and judged; and what each lack of it takes off."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qingliu.lake.paths import LakePaths
from qingliu.lake.published import Published
from qingliu.quality import actions
from tests.quality.cast import OPERATOR
from tests.quality.conftest import ROOT

FULL = (ROOT / "datasets/AQX_P_488.yaml").read_text(encoding="utf-8").replace("OGDL-Taiwan-1.0", "CC-BY-4.0")
LACKS: dict[str, tuple[Callable[[str], str], dict[str, int]]] = {
    "nothing": (str, {}),
    "keywords": (lambda t: re.sub(r"^keywords:\n(  - .*\n)+", "", t, flags=re.M), {"keyword": 30}),
    "a contact": (lambda t: re.sub(r"^contacts:\n(  - .*\n)+", "", t, flags=re.M), {"contact_point": 20}),
    "a licence that Europe knows": (lambda t: t.replace("CC-BY-4.0", "OGDL-Taiwan-1.0"), {"licence_known": 10}),
}
Told = tuple[dict[str, int], int]


@pytest.fixture
def judged(
    declare: Callable[..., None], deliver: Callable[..., Any], note: Callable[[str], dict[str, Any]], real_data: Path
) -> Callable[[str], Told]:
    """Define, publish and judge; the points that each metric lacks, and those earned."""

    def judge(text: str, code: str = "AQX_P_488", file: str = "aqx_p_488.csv") -> Told:
        declare(text)
        if file:
            deliver(code, real_data / file)
        actions.judge(code=code, by=OPERATOR)
        said = note(code)["mqa"]
        assert said["points"] == sum(m["points"] for m in said["metrics"])
        return {m["code"]: m["max"] for m in said["metrics"] if m["state"] != "met"}, said["points"]

    return judge


@pytest.mark.parametrize("lack", LACKS)
def test_a_real_table_reaches_405_points_and_each_lack_takes_its_own_off(
    judged: Callable[..., Told], lack: str
) -> None:
    change, lost = LACKS[lack]
    assert judged(change(FULL)) == (lost, 405 - sum(lost.values()))


def test_a_table_without_readable_times_has_no_period(judged: Callable[..., Told]) -> None:
    stations = (ROOT / "datasets/AQX_P_07.yaml").read_text(encoding="utf-8").replace("OGDL-Taiwan-1.0", "CC-BY-4.0")
    assert judged(stations, "AQX_P_07", "reference/aqx_p_07_stations.csv") == ({"temporal": 20}, 385)


def test_addresses_that_a_torn_file_silences_cost_80_points(judged: Callable[..., Told], portal: LakePaths) -> None:
    assert judged(FULL)[1] == 405
    torn = portal.resolve(Published(portal.published_db).version("AQX_P_488").files[0].path)
    torn.write_bytes(torn.read_bytes()[:-50])
    lost, points = judged(FULL, file="")
    assert {c: lost[c] for c in ("access_url_ok", "download_url_ok")} == {"access_url_ok": 50, "download_url_ok": 30}
    assert points == 405 - sum(lost.values())
