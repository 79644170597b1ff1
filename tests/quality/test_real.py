"""On the real files: each indicator passes and fails by a cause that was there before this test, and no mark rests on a guess."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from qingliu.catalog import actions as catalog
from qingliu.core.dataset import Frequency
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import Published
from qingliu.quality import actions, looks, queries, served
from qingliu.quality.rules import indicators, official
from qingliu.quality.rules.seen import Resource, Seen
from qingliu.standards import definition, listing
from tests.quality.cast import EDITION, OPERATOR, subject
from tests.quality.conftest import ROOT

MERGED = "catalogue/moenv_datagovtw_merged.csv"
API = "catalogue/moenv_openapi_datasets.csv"
NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)


def seen_file(path: Path, code: str, form: str = "CSV", media: str = "text/csv") -> Seen:
    """A look at a real file as a server would send it: the first bytes, with a media type."""
    data = path.read_bytes()
    head = data[: served.FIRST_BYTES]
    reply = served.Reply(200, {"content-type": media}, head, len(head), len(data) == len(head))
    record = definition.load(ROOT / "datasets" / f"{code}.yaml").dataset
    return looks.of_reply(Resource("official-1", "/x", form, "official"), reply, record, how="http", moment=NOW)


def declared(code: str) -> tuple[str, ...]:
    return tuple(f.name for f in definition.load(ROOT / "datasets" / f"{code}.yaml").dataset.fields)


def test_the_platforms_own_file_of_today_fits_its_description_and_that_of_2022_does_not(real_data: Path) -> None:
    today = seen_file(real_data / "aqx_p_432" / "20250922.csv", "AQX_P_432")
    assert indicators.fields(today, subject(declared=declared("AQX_P_432")), EDITION).state == "pass"
    old = seen_file(
        real_data / "api_samples" / "v1_envelope_aqx_p_432_2021-07.json", "AQX_P_432", "JSON", "application/json"
    )
    reading = indicators.fields(old, subject(declared=declared("AQX_P_432")), EDITION)
    assert (old.found_format, reading.state) == ("JSON", "fail")
    assert "sitename" not in reading.reason.zh  # SiteName is that column; letter case is ignored
    assert "pm2.5_avg" not in reading.reason.zh


def test_a_big5_file_fails_where_nothing_is_declared_and_passes_where_big5_is(real_data: Path) -> None:
    path = real_data / "fengyuan_2014_train_big5.csv"
    bare = indicators.encoding(seen_file(path, "AQX_FENGYUAN_H"), EDITION)
    assert (bare.state, "BIG5" in bare.reason.zh) == ("fail", True)
    assert (
        indicators.encoding(seen_file(path, "AQX_FENGYUAN_H", media="text/csv; charset=Big5"), EDITION).state == "pass"
    )
    assert indicators.encoding(seen_file(real_data / "aqx_p_488.csv", "AQX_P_488"), EDITION).state == "pass"


def test_an_archive_is_a_download_but_no_structured_file(real_data: Path) -> None:
    look = seen_file(real_data / "contaminated_sites_2024.zip", "SOIL_SITES", media="application/zip")
    assert [indicators.PER_RESOURCE[i](look, EDITION).state for i in ("link", "download", "structure")] == [
        "pass",
        "pass",
        "fail",
    ]
    look = seen_file(real_data / "ems_p_46_2020.csv", "EMS_P_46")
    assert indicators.structure(look, EDITION).state == "pass"


def test_prose_and_a_shape_file_of_json_are_told_from_tables(real_data: Path) -> None:
    prose = seen_file(real_data / "README.md", "AQX_P_07")
    assert (prose.found_format, prose.reached) == ("TEXT", False)
    assert seen_file(real_data / "reference" / "counties-10t.json", "AQX_P_07", "JSON").found_format == "JSON"


def test_real_datasets_are_gold_and_lose_platinum_by_their_age_or_for_want_of_a_measure(
    real_data: Path, portal: LakePaths, declare: Callable, deliver: Callable
) -> None:
    declare("AQX_P_488", "AQX_P_432", "AQX_P_07")
    deliver("AQX_P_488", real_data / "aqx_p_488.csv")
    deliver("AQX_P_07", real_data / "reference" / "aqx_p_07_stations.csv")
    rows = {r.code: r for r in actions.judge_all(by=OPERATOR)}
    assert {c: (r.mark, r.next_mark, r.next_state) for c, r in rows.items()} == {
        "AQX_P_488": ("gold", "platinum", "failed"),  # promised hourly, its newest row is of 2025
        "AQX_P_432": ("gold", "platinum", "failed"),
        "AQX_P_07": ("gold", "platinum", "not_measured"),  # irregular: time does not count; replies cannot be measured
    }
    by = {r.indicator: r for r in queries.result(rows["AQX_P_488"]).indicators}
    assert by["timeliness"].state == "fail"
    assert "datacreationdate" in by["timeliness"].reason.zh
    assert {r.name for r in queries.result(rows["AQX_P_432"]).resources} >= {"native-geojson", "moenv-xml"}


def test_timeliness_passes_for_the_same_file_judged_in_its_own_time(
    real_data: Path, portal: LakePaths, declare: Callable, deliver: Callable
) -> None:
    declare("AQX_P_488")
    deliver("AQX_P_488", real_data / "aqx_p_488.csv")
    entry = Published(portal.published_db).get("AQX_P_488")
    newest = looks.newest(entry, looks.Asker(lambda a, into: served.ask(a, into=into), "in_process"))
    assert newest is not None
    told = subject(frequency=Frequency(1, "hour"), updated_at=newest, newest=newest)
    assert indicators.timeliness(told, EDITION, newest).state == "pass"
    assert indicators.timeliness(told, EDITION, NOW).state == "fail"


def test_the_834_listed_entries_are_judged_in_seconds_and_none_gets_a_mark(real_data: Path, portal: LakePaths) -> None:
    entries = listing.read_listing(real_data / MERGED)
    catalog.list_entries(entries=entries, by=OPERATOR)
    began = time.monotonic()
    rows = actions.judge_all(by=OPERATOR)
    took = time.monotonic() - began
    assert len(rows) == len(entries) == 834
    assert {r.mark for r in rows} == {"not_measured"}
    assert took < 20, took
    why = [queries.result(r).indicators[0].reason.zh for r in rows]
    assert sum("金鑰" in w for w in why) == 827
    assert sum("尚未檢查" in w for w in why) == 7
    assert queries.counts(kinds=("listed",)) | {"total": 834} == queries.counts(kinds=("listed",))
    assert queries.counts(kinds=("listed",))["not_measured"] == 834


def test_834_791_and_816_are_set_against_each_other_by_code(real_data: Path) -> None:
    def read(name: str) -> list[dict[str, str]]:
        with (real_data / name).open(encoding="utf-8-sig") as file:
            return list(csv.DictReader(file))

    lines = official.reconcile(read(MERGED), read(API), 816)
    by = {line.what.en: line for line in lines}
    assert by["entries of the data.gov.tw catalogue"].count == 834
    assert by["dataset codes of the ministry's API"].count == 791
    assert by["codes that both lists have"].count == 790
    assert by["codes that only the API has"].codes == ("EPR_P_88",)
    assert by["entries without an API code"].count == len(by["entries without an API code"].codes) == 44
    assert (
        "834 − 44（無代碼）− 0（只在目錄）+ 1（只在 API）= 791，相符"
        in by["API codes that follow from the entries"].how.zh
    )
    assert "+18" in by["datasets that the award counted (official)"].how.zh
    without_one = [r for r in read(MERGED) if r["codes"] != "AQX_P_432"]
    broken = {line.what.en: line for line in official.reconcile(without_one, read(API), None)}
    assert broken["codes that only the API has"].codes == ("AQX_P_432", "EPR_P_88")


@pytest.mark.parametrize("name", ["AQX_P_02", "AQX_P_07"])
def test_every_address_of_a_real_dataset_is_what_it_says_it_is(
    real_data: Path, portal: LakePaths, declare: Callable, deliver: Callable, name: str
) -> None:
    declare(name)
    file = {"AQX_P_02": "aqx_p_02.csv", "AQX_P_07": "reference/aqx_p_07_stations.csv"}[name]
    deliver(name, real_data / file)
    entry = Published(portal.published_db).get(name)
    asker = looks.Asker(lambda a, into: served.ask(a, into=into), "in_process")
    found = [looks.look(r, entry.record, asker, NOW) for r in looks.own(entry)]
    assert all(s.reached for s in found)
    formats = {s.resource.format: s.found_format for s in found}
    assert formats == {f: f for f in formats}
    assert all(s.names is not None for s in found)
