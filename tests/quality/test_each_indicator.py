"""The seven indicators on real files: each passes, and fails once something happened that does happen to open data.

A real entry of the catalogue is served by a server of this machine (its host alone is another one); a dataset of the real files
is published by the ordinary way. Between passing and failing lies an event: the server stops, a page stands in the file's
place, the file comes packed or in Big5, an answer of years ago stands at the public
address, time goes by, nobody answers.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from qingliu.catalog import actions as catalog
from qingliu.config import wiring
from qingliu.core import clock
from qingliu.lake.engine import Engine
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import Published
from qingliu.participation import actions as participation
from qingliu.participation import queries as requests
from qingliu.participation.models import Request
from qingliu.participation.rules.replying import Reply
from qingliu.quality import actions, jobs, looks, replies, served
from qingliu.standards import listing
from qingliu.web import lakeside
from tests.participation.cast import asked, origin
from tests.quality.cast import OFFICE, OPERATOR
from tests.quality.test_links import Server, host, turn_back

__all__ = ["host"]
LISTED = "29005"  # 土壤及地下水污染場址清冊, of whose address the list says no format
MERGED = "catalogue/moenv_datagovtw_merged.csv"
Note = Callable[[str], dict[str, Any]]


@pytest.fixture
def entry(portal: LakePaths, host: Server, settings: Any, real_data: Path) -> str:
    """The code of the real entry, whose host is ours and whose path is as the catalogue has it."""
    settings.QINGLIU = replace(settings.QINGLIU, allow_private_sources=True)
    (real,) = [e for e in listing.read_listing(real_data / MERGED) if e.datagovtw_id == LISTED]
    path = urlsplit(real.url).path
    catalog.list_entries(entries=[replace(real, url=f"http://127.0.0.1:{host.server_port}{path}")], by=OPERATOR)
    host.answers[path] = (404, {}, b"")
    return real.code


def serve(host: Server, body: bytes, media: str = "text/csv") -> None:
    """From now on the entry's address gives this."""
    (path,) = host.answers
    host.answers[path] = (200, {"Content-Type": media}, body)


def looked(code: str, note: Note, times: int = 1) -> dict[str, str]:
    """Look at the address (as often as it takes to be sure), judge, and read each indicator's state in public."""
    for _ in range(times):
        turn_back(13)
        actions.check_links(by=OFFICE, pause=lambda _: None)
    actions.judge(code=code, by=OPERATOR)
    return states(note(code))


def states(said: dict[str, Any]) -> dict[str, str]:
    """Each indicator's state, and the mark's id under ``mark``."""
    return {i["id"]: i["state"] for i in said["indicators"]} | {"mark": said["mark"]["id"]}


def test_the_link_passes_and_fails_once_its_server_has_stopped(
    entry: str, host: Server, note: Note, real_data: Path
) -> None:
    serve(host, (real_data / "aqx_p_488.csv").read_bytes())
    found = looked(entry, note)
    assert (found["link"], found["mark"]) == ("pass", "gold")
    host.shutdown()
    host.server_close()
    assert looked(entry, note, times=2)["link"] == "not_measured"  # one evening is no verdict
    found = looked(entry, note)
    assert (found["link"], found["mark"]) == ("fail", "none")


def test_the_download_passes_and_fails_once_a_page_about_the_file_stands_in_its_place(
    entry: str, host: Server, note: Note, real_data: Path, portal: LakePaths
) -> None:
    serve(host, (real_data / "aqx_p_488.csv").read_bytes())
    assert looked(entry, note)["download"] == "pass"
    before, engine = list(lakeside._given), Engine(portal, threads=1)
    lakeside.use(lambda: engine)
    try:
        page = Client(headers={"host": "localhost"}).get(f"/dataset/detail/{entry}")
    finally:
        lakeside._given[:] = before
        engine.close()
    assert page.status_code == 200
    serve(host, page.content, "text/html; charset=utf-8")
    found = looked(entry, note)
    assert (found["link"], found["download"], found["mark"]) == ("pass", "fail", "none")


def test_the_structure_passes_for_a_table_and_fails_for_the_real_archive(
    entry: str, host: Server, note: Note, real_data: Path
) -> None:
    serve(host, (real_data / "reference/aqx_p_07_stations.csv").read_bytes())
    assert looked(entry, note)["structure"] == "pass"
    serve(host, (real_data / "contaminated_sites_2024.zip").read_bytes(), "application/zip")
    found = looked(entry, note)
    assert (found["download"], found["structure"], found["mark"]) == ("pass", "fail", "bronze")


def test_the_encoding_fails_for_a_real_big5_file_until_its_server_says_so(
    entry: str, host: Server, note: Note, real_data: Path
) -> None:
    serve(host, (real_data / "fengyuan_2014_train_big5.csv").read_bytes())
    found = looked(entry, note)
    assert (found["structure"], found["encoding"], found["mark"]) == ("pass", "fail", "silver")
    serve(host, (real_data / "fengyuan_2014_train_big5.csv").read_bytes(), "text/csv; charset=Big5")
    found = looked(entry, note)
    assert (found["encoding"], found["mark"]) == ("pass", "gold")


def test_the_fields_pass_and_fail_once_the_public_address_gives_the_platforms_answer_of_2021(
    declare: Callable[..., None], deliver: Callable[..., Any], note: Note, real_data: Path, host: Server, settings: Any,
    portal: LakePaths,
) -> None:  # fmt: skip
    declare("AQX_P_488", "AQX_P_432")
    deliver("AQX_P_488", real_data / "aqx_p_488.csv")
    settings.QINGLIU = replace(settings.QINGLIU, base_url=f"http://127.0.0.1:{host.server_port}")
    entry = Published(portal.published_db).get("AQX_P_432")
    newest = "/api/datasets/AQX_P_432/rows?sortby=-publishtime&limit=1&properties=publishtime"
    for address in (*(r.address for r in looks.own(entry)), newest):
        with tempfile.TemporaryDirectory() as folder:
            reply = served.ask(address, into=Path(folder) / "body")
            host.answers[address] = (reply.status, dict(reply.headers), (Path(folder) / "body").read_bytes())
    actions.judge(code="AQX_P_432", by=OPERATOR)
    assert (states(note("AQX_P_432"))["fields"], states(note("AQX_P_432"))["mark"]) == ("pass", "gold")
    old = (real_data / "api_samples/v1_envelope_aqx_p_432_2021-07.json").read_bytes()
    host.answers["/api/v2/aqx_p_432?format=json"] = (200, {"Content-Type": "application/json"}, old)
    actions.judge(code="AQX_P_432", by=OPERATOR)
    said = note("AQX_P_432")
    assert (states(said)["structure"], states(said)["fields"], states(said)["mark"]) == ("pass", "fail", "silver")
    reason = next(i["reason"]["zh"] for i in said["indicators"] if i["id"] == "fields")
    assert reason.endswith("所描述的欄位：wind_speed、wind_direc。")  # of 2021: WindSpeed, WindDirec


def test_a_real_hourly_table_is_in_time_when_it_comes_and_late_as_the_clock_goes_on(
    declare: Callable[..., None],
    deliver: Callable[..., Any],
    note: Note,
    real_data: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    declare("AQX_P_488")
    deliver("AQX_P_488", real_data / "aqx_p_488.csv")
    answer = served.ask("/api/datasets/AQX_P_488/rows?sortby=-datacreationdate&limit=1&properties=datacreationdate")
    newest = datetime.fromisoformat(json.loads(answer.head)["rows"][0]["datacreationdate"])
    for hours, state in ((1, "pass"), (3, "pass"), (4, "fail")):
        monkeypatch.setattr(
            sys.modules[actions.judge.__module__], "now", lambda hours=hours: newest + timedelta(hours=hours)
        )
        actions.judge(code="AQX_P_488", by=OPERATOR)
        assert states(note("AQX_P_488"))["timeliness"] == state
    monkeypatch.undo()
    actions.judge(code="AQX_P_488", by=OPERATOR)
    assert states(note("AQX_P_488"))["timeliness"] == "fail"  # it came today, and its newest hour is of another year


@pytest.fixture
def channel(portal: LakePaths) -> Iterator[None]:
    """Requests from the public reach the judges, as in the portal."""
    wiring.connect_requests()
    yield
    replies.use(None)


def test_replies_pass_when_given_and_fail_once_a_real_datasets_request_is_overdue(
    declare: Callable[..., None], deliver: Callable[..., Any], channel: None, note: Note, real_data: Path
) -> None:
    declare("AQX_P_07")
    deliver("AQX_P_07", real_data / "reference/aqx_p_07_stations.csv")
    first = participation.submit(asked=replace(asked(), dataset="AQX_P_07"), origin=origin("r1"))
    participation.answer(number=first.number, reply=Reply("available", link="AQX_P_07"), by=OPERATOR)
    jobs.judge_due()
    assert (states(note("AQX_P_07"))["feedback"], states(note("AQX_P_07"))["mark"]) == ("pass", "platinum")
    second = participation.submit(asked=replace(asked(), dataset="AQX_P_07"), origin=origin("r2"))
    past = timedelta(days=15)
    Request.objects.filter(pk=second.pk).update(
        received_on=requests.today() - past, received_at=clock.now() - past, changed_at=clock.now() - past
    )
    actions.judge(code="AQX_P_07", by=OPERATOR)
    assert (states(note("AQX_P_07"))["feedback"], states(note("AQX_P_07"))["mark"]) == ("fail", "gold")
