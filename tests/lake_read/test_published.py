"""The published catalogue: whole or not at all, and words found in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from qingliu.core.dataset import Text
from qingliu.core.errors import Gone, NotFound
from qingliu.lake.published import Published, PublishedWriter
from tests.lake_read.small import record


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "catalogue.sqlite"
    titles = {
        "AQX_P_432": ("空氣品質指標(AQI)", "Air quality index"),
        "WQX_P_01": ("河川水質監測資料", "River water quality"),
        "DWS_P_01": ("飲用水水質抽驗", "Drinking water sampling"),
        "STAT_P_126": ("臺北市垃圾清運", "Waste collection of Taipei"),
    }
    with PublishedWriter(file).transaction() as t:
        for code, (zh, en) in titles.items():
            t.put_entry(
                record(code, title=Text(zh, en), category="water" if "水" in zh else "air"),
                kind="table", current=None, status="published", updated_at="2026",
            )  # fmt: skip
    return file


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("空氣", {"AQX_P_432"}),
        ("水質", {"WQX_P_01", "DWS_P_01"}),
        ("水质", {"WQX_P_01", "DWS_P_01"}),
        ("河川水質", {"WQX_P_01"}),
        ("飲用水水", {"DWS_P_01"}),
        ("台北", {"STAT_P_126"}),
        ("臺北", {"STAT_P_126"}),
        ("air quality", {"AQX_P_432"}),
        ("QUALITY", {"AQX_P_432", "WQX_P_01"}),
        ("sampl", {"DWS_P_01"}),
        ("aqx_p_432", {"AQX_P_432"}),
        ('"; DROP TABLE search; --', set()),
        ("核能", set()),
        ("", {"AQX_P_432", "WQX_P_01", "DWS_P_01", "STAT_P_126"}),
    ],
)
def test_words_are_found(path: Path, question: str, found: set[str]) -> None:
    assert {e.code for e in Published(path).search(question).entries} == found


def test_facets_count_what_choosing_them_would_give(path: Path) -> None:
    result = Published(path).search("", category="water")
    assert result.total == 2
    assert dict(result.facets["category"]) == {"water": 2, "air": 2}


def test_a_failed_publication_leaves_no_trace(path: Path) -> None:
    reader = Published(path)
    before = reader.generation()

    def fail_half_way() -> None:
        with PublishedWriter(path).transaction() as t:
            t.remove("AQX_P_432")
            raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="full"):
        fail_half_way()
    assert reader.get("aqx_p_432").code == "AQX_P_432"
    assert reader.generation() == before
    with PublishedWriter(path).transaction() as t:
        t.remove("AQX_P_432")
    with pytest.raises(NotFound):
        reader.get("AQX_P_432")
    assert reader.generation() > before


def test_a_missing_catalogue_is_empty_and_a_restored_one_is_seen(tmp_path: Path, path: Path) -> None:
    reader = Published(tmp_path / "later.sqlite")
    assert reader.all() == ()
    path.rename(tmp_path / "later.sqlite")
    assert len(reader.all()) == 4


def test_a_version_without_data_says_which_one_is_kept(path: Path) -> None:
    from qingliu.core.dataset import VersionRecord

    old = VersionRecord(
        "AQX_P_432", 1, "2026-01-01T00:00:00.000Z", 1, "", "r", "a", "m", 1, "h", (), (), kept=False, nearest_kept=2
    )
    with PublishedWriter(path).transaction() as t:
        t.put_version(old)
    with pytest.raises(Gone, match="2"):
        Published(path).version("AQX_P_432", 1)
