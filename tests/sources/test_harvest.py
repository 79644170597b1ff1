"""The harvester pages to the end, in both shapes, and believes nothing that contradicts itself."""

from __future__ import annotations

import csv
import io
import json
import logging
import traceback
from pathlib import Path
from typing import Any

import pytest

from qingliu.core.dataset import SourceSpec
from qingliu.core.errors import BadSource, QingliuError
from qingliu.core.http import Door, Limits
from qingliu.pipeline import sources
from qingliu.pipeline.sources import Delivery, Surroundings
from tests.http.replay import Asked, Replay, pages
from tests.sources.conftest import KEY

CODE = "/api/v2/aqx_p_488"


def rows_of(count: int) -> list[dict[str, str]]:
    return [
        {"siteid": str(n % 85), "sitename": "仁武", "aqi": "-" if n % 7 == 0 else str(n), "n": str(n)}
        for n in range(count)
    ]


def harvest(replay: Replay, around: Surroundings, tmp_path: Path, state: Any = None, **options: str) -> Delivery:
    given = {"url": replay.url("/api/v2"), "code": "aqx_p_488", "key_env": "MOENV_KEY", "pause_s": "0.001", **options}
    fresh = Surroundings(around.inbox, Door(), around.limits, around.environ)
    source = SourceSpec("harvest", tuple(given.items()))
    return sources.fetch(source, workdir=tmp_path / "w", state=state or {}, around=fresh)


def read(found: Delivery) -> list[dict[str, Any]]:
    (path,) = found.files
    assert path.name == "aqx_p_488.ndjson"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("envelope", [True, False])
@pytest.mark.parametrize("count", [1, 999, 1000, 1001, 2500])
def test_every_record_comes_once_and_as_it_was(
    replay: Replay, around: Surroundings, tmp_path: Path, envelope: bool, count: int
) -> None:
    rows = rows_of(count)
    replay.routes[CODE] = pages(rows, envelope=envelope)
    found = harvest(replay, around, tmp_path)
    assert read(found) == rows
    assert f"{count} records" in found.note
    assert "silently" not in found.note
    assert "limit=1000" in replay.asked[0][0]


@pytest.mark.parametrize("envelope", [True, False])
def test_a_silent_cap_below_what_was_asked_is_noticed_and_paged_through(
    replay: Replay, around: Surroundings, tmp_path: Path, envelope: bool
) -> None:
    rows = rows_of(730)
    replay.routes[CODE] = pages(rows, envelope=envelope, cap=100)
    found = harvest(replay, around, tmp_path)
    assert read(found) == rows
    assert "silently cut pages of 1000 to 100" in found.note


def test_records_that_slide_from_page_to_page_are_noted(replay: Replay, around: Surroundings, tmp_path: Path) -> None:
    """New rows at the front push two records onto the next page: they come twice, and the note says so."""
    replay.routes[CODE] = lambda asked: asked.say(
        200, json.dumps(rows_of(2000)[max(0, int(asked.query["offset"]) - 2) :][:1000]).encode()
    )
    assert "2 records came on two pages" in harvest(replay, around, tmp_path).note
    replay.routes[CODE] = pages(rows_of(2000), envelope=False)
    assert "two pages" not in harvest(replay, around, tmp_path).note


def test_a_service_that_ignores_the_offset_is_noticed(replay: Replay, around: Surroundings, tmp_path: Path) -> None:
    replay.body(CODE, json.dumps(rows_of(1000)).encode())
    with pytest.raises(BadSource, match="Page 2 repeats an earlier one"):
        harvest(replay, around, tmp_path)


def test_a_service_that_ignores_the_limit_is_noticed(replay: Replay, around: Surroundings, tmp_path: Path) -> None:
    replay.body(CODE, json.dumps(rows_of(1001)).encode())
    with pytest.raises(BadSource, match="the limit is ignored"):
        harvest(replay, around, tmp_path)


@pytest.mark.parametrize(("claimed", "count"), [(2500, 2400), (900, 1000)])
def test_a_total_that_disagrees_is_noticed(
    replay: Replay, around: Surroundings, tmp_path: Path, claimed: int, count: int
) -> None:
    replay.routes[CODE] = pages(rows_of(count), envelope=True, total=claimed)
    with pytest.raises(BadSource, match=f"claims {claimed} records, but there are {count}"):
        harvest(replay, around, tmp_path)


def test_data_that_grows_while_it_is_paged_is_harvested_anew(
    replay: Replay, around: Surroundings, tmp_path: Path
) -> None:
    before, after = pages(rows_of(1500), envelope=True), pages(rows_of(1700), envelope=True)
    replay.routes[CODE] = lambda asked: (before if len(replay.asked) < 2 else after)(asked)
    found = harvest(replay, around, tmp_path)
    assert len(read(found)) == 1700


def test_columns_that_change_between_pages_are_noticed(replay: Replay, around: Surroundings, tmp_path: Path) -> None:
    rows = [*rows_of(1000), {"SiteId": "1"}]
    replay.routes[CODE] = pages(rows, envelope=False)
    with pytest.raises(BadSource, match="columns change between pages: SiteId、aqi、n、siteid、sitename"):
        harvest(replay, around, tmp_path)


def test_broken_json_is_replaced_by_csv(replay: Replay, around: Surroundings, tmp_path: Path) -> None:
    rows = rows_of(1200)
    good = pages(rows, envelope=True)

    def answer(asked: Asked) -> None:
        offset = int(asked.query["offset"])
        if asked.query["format"] == "csv":
            out = io.StringIO(newline="")
            writer = csv.DictWriter(out, rows[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows[offset : offset + 1000])
            asked.say(200, b"\xef\xbb\xbf" + out.getvalue().encode())
        elif offset:
            asked.say(200, b'{"records":[{"siteid":"1"},{"sit')
        else:
            good(asked)

    replay.routes[CODE] = answer
    found = harvest(replay, around, tmp_path)
    assert read(found) == rows
    assert "CSV was read instead" in found.note


def test_broken_json_and_broken_csv_are_half_a_file(replay: Replay, around: Surroundings, tmp_path: Path) -> None:
    replay.routes[CODE] = lambda asked: asked.say(
        200, b'[{"a":"1"},{' if asked.query["format"] == "json" else b"a,b\n1,2\n3"
    )
    with pytest.raises(BadSource, match="breaks off"):
        harvest(replay, around, tmp_path)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "is empty"),
        (b"[]", "no records at all"),
        (b'{"records":[],"total":"0","limit":"1000"}', "no records at all"),
        ("<html>維護</html>".encode(), "a web page"),
        ("api_key 不存在".encode(), "api_key 不存在"),
        (b'{"message":"api_key is not valid"}', "api_key is not valid"),
    ],
)
def test_a_200_that_is_no_page_fails(
    replay: Replay, around: Surroundings, tmp_path: Path, body: bytes, said: str
) -> None:
    replay.body(CODE, body)
    with pytest.raises(BadSource, match=said) as told:
        harvest(replay, around, tmp_path)
    assert ("valid for one year" in told.value.remedy.en) == ("api_key" in said)


def test_a_failing_page_in_the_middle_fails_the_whole(replay: Replay, around: Surroundings, tmp_path: Path) -> None:
    good = pages(rows_of(3000), envelope=False)
    replay.routes[CODE] = lambda asked: asked.say(500) if asked.query["offset"] == "2000" else good(asked)
    with pytest.raises(BadSource, match="HTTP 500"):
        harvest(replay, around, tmp_path)


def test_the_same_records_are_unchanged(replay: Replay, around: Surroundings, tmp_path: Path) -> None:
    replay.routes[CODE] = pages(rows_of(50), envelope=True)
    first = harvest(replay, around, tmp_path)
    replay.routes[CODE] = pages(rows_of(50), envelope=False)
    second = harvest(replay, around, tmp_path, state=first.state)
    assert (second.unchanged, second.files) == (True, ())


def test_the_key_is_sent_and_never_kept_or_told(
    replay: Replay, around: Surroundings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    replay.routes[CODE] = pages(rows_of(1200), envelope=True)  # the envelope echoes the key, as the real one does
    found = harvest(replay, around, tmp_path)
    assert f"api_key={KEY}" in replay.asked[0][0]
    said = repr(found) + found.files[0].read_text("utf-8")
    for body in (f'{{"message":"{KEY} 過期"}}', f"{KEY} 無效", KEY):
        replay.body(CODE, body.encode())
        with pytest.raises(QingliuError) as told:
            harvest(replay, around, tmp_path)
        said += "".join(traceback.format_exception(told.value)) + told.value.reason.zh
    assert KEY not in said
    assert KEY not in caplog.text


def test_endless_pages_end(replay: Replay, around: Surroundings, tmp_path: Path) -> None:
    replay.routes[CODE] = lambda asked: asked.say(200, json.dumps([{"n": asked.query["offset"]}]).encode())
    with pytest.raises(BadSource, match="No end after 5 pages"):
        harvest(replay, around, tmp_path, max_pages="5")


@pytest.mark.parametrize(
    "name",
    [
        *("v1_envelope_aqx_p_432_2021-07", "v2_envelope_PascalCase_aqx_p_432_2022-06"),
        *("v2_envelope_lowercase_aqx_p_432_2024-01", "v2_barelist_aqx_p_432_2026-09-06_excerpt"),
        *("v2_wqx_p_01_2026-09_excerpt", "v2_wqx_p_03_nolang_english_excerpt"),
    ],
)
def test_the_platforms_real_answers_of_five_eras_are_harvested(
    replay: Replay, around: Surroundings, tmp_path: Path, samples: Path, name: str
) -> None:
    body = (samples / f"{name}.json").read_bytes()
    empty = b"[]" if body.lstrip().startswith(b"[") else b'{"records":[]}'
    replay.routes[CODE] = lambda asked: asked.say(200, body if asked.query["offset"] == "0" else empty)
    stored = json.loads(body)
    stored = stored["records"] if isinstance(stored, dict) else stored
    assert read(harvest(replay, around, tmp_path)) == stored


@pytest.mark.verification
@pytest.mark.parametrize("envelope", [True, False])
def test_the_stand_in_answers_like_the_platform(replay: Replay, samples: Path, tmp_path: Path, envelope: bool) -> None:
    """The stand-in's envelope has every name, and each value the type, of the stored answers; so has its bare list."""
    name = (
        "v2_envelope_lowercase_aqx_p_432_2024-01.json" if envelope else "v2_barelist_aqx_p_432_2026-09-06_excerpt.json"
    )
    real = json.loads((samples / name).read_text("utf-8-sig"))
    records = real["records"] if envelope else real
    replay.routes[CODE] = pages(records, envelope=envelope)
    path = tmp_path / "answer"
    Door().get(replay.url(f"{CODE}?limit=1000"), path, limits=Limits(allow_private=True))
    ours = json.loads(path.read_text("utf-8"))
    assert type(ours) is type(real)
    if not envelope:
        assert ours == real
        return
    assert ours["records"] == real["records"]
    for part in (
        "total",
        "limit",
        "offset",
        "include_total",
        "fields",
        "records",
        "_links",
        "__extras",
        "resource_format",
    ):
        assert type(ours[part]) is type(real[part]), part
    assert (ours["total"], ours["limit"]) == (real["total"], real["limit"])
    assert set(real) == set(ours)
