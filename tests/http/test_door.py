"""The one door to the network, against a server that answers badly on purpose."""

from __future__ import annotations

import dataclasses
import email.utils
import socket
import time
from datetime import timedelta
from pathlib import Path

import pytest

from qingliu.core import clock
from qingliu.core.errors import BadSource, Busy, Refused
from qingliu.core.http import Conditional, Door, Limits, resolve
from tests.http.replay import Asked, Replay, zipped

BODY = "測站,值\n仁武,1\n".encode()


def test_a_good_answer_lies_whole_in_its_file(replay: Replay, quick: Limits, into: Path) -> None:
    replay.body("/a.csv", BODY, ETag='"v1"', Last_Modified="Mon, 23 Nov 2026 04:00:00 GMT")
    answer = Door().get(replay.url("/a.csv"), into, limits=quick)
    assert into.read_bytes() == BODY
    assert (answer.status, answer.bytes, answer.etag, answer.unchanged) == (200, len(BODY), '"v1"', False)
    assert replay.asked[0][1]["Host"] == f"127.0.0.1:{replay.port}"


def test_an_unchanged_body_is_not_sent_again(replay: Replay, quick: Limits, into: Path) -> None:
    replay.routes["/a"] = lambda asked: asked.say(304 if asked.headers["If-None-Match"] == '"v1"' else 200, b"")
    answer = Door().get(replay.url("/a"), into, limits=quick, conditional=Conditional('"v1"', "yesterday"))
    assert (answer.unchanged, answer.path, answer.etag) == (True, None, '"v1"')
    assert replay.asked[0][1]["If-Modified-Since"] == "yesterday"
    assert not into.exists()


def test_a_304_that_nobody_asked_for_is_no_answer(replay: Replay, quick: Limits, into: Path) -> None:
    replay.routes["/a"] = lambda asked: asked.say(304)
    with pytest.raises(BadSource, match="HTTP 304"):
        Door().get(replay.url("/a"), into, limits=quick)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "0", "0.0.0.0", "10.0.0.1", "localhost"),
        *("169.254.169.254", "[fd00:ec2::254]", "[64:ff9b::7f00:1]", "100.100.100.200", "１２７.0.0.1", "127.1"),
    ],
)
def test_no_address_inside_is_ever_connected_to(replay: Replay, into: Path, host: str) -> None:
    replay.body("/", b"secret")
    with pytest.raises(Refused):
        Door().get(f"http://{host}:{replay.port}/", into, limits=Limits(attempts=1, timeout_s=3))
    assert replay.asked == []


def test_a_name_that_resolves_public_then_inside_is_resolved_once_and_pinned(
    replay: Replay, quick: Limits, into: Path
) -> None:
    answers = iter([["127.0.0.1"], ["169.254.169.254"], ["10.0.0.1"]])
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    replay.routes["/a"] = lambda a: a.say(302, b"", Location="/b")
    replay.routes["/b"] = lambda a: a.say(503) if len(replay.asked) < 4 else a.say(200, BODY)
    Door(resolver=rebinding).get(replay.url("/a", "feed.example"), into, limits=quick)
    assert asked == ["feed.example"]
    assert [headers["Host"] for _, headers in replay.asked] == [f"feed.example:{replay.port}"] * 4
    assert into.read_bytes() == BODY


def test_a_rebound_name_is_refused_before_any_connection(replay: Replay, into: Path) -> None:
    """First public, then inside: the second call resolves anew and is refused; the first never reaches inside."""
    answers = iter([["127.0.0.1"]])
    with pytest.raises(Refused, match=r"points to 127\.0\.0\.1"):
        Door(resolver=lambda host, port: next(answers)).get(replay.url("/a", "feed.example"), into)
    assert replay.asked == []


def test_one_inside_address_among_public_ones_refuses_the_name(into: Path) -> None:
    door = Door(resolver=lambda host, port: ["8.8.8.8", "127.0.0.1"])
    with pytest.raises(Refused, match=r"127\.0\.0\.1"):
        door.get("http://feed.example/", into)


@pytest.mark.parametrize(
    "location",
    ["http://169.254.169.254/latest/meta-data/", "file:///etc/passwd", "http://0.0.0.0/", "http://u:p@127.0.0.1/"],
)
def test_every_redirect_is_checked_like_the_first_address(
    replay: Replay, quick: Limits, into: Path, location: str
) -> None:
    replay.routes["/a"] = lambda asked: asked.say(302, b"", Location=location)
    with pytest.raises(Refused):
        Door().get(replay.url("/a"), into, limits=quick)
    assert not into.exists()


def test_redirects_end(replay: Replay, quick: Limits, into: Path) -> None:
    replay.routes["/a"] = lambda asked: asked.say(302, b"", Location="/a")
    with pytest.raises(BadSource, match="redirects more than 5 times"):
        Door().get(replay.url("/a"), into, limits=quick)
    assert len(replay.asked) == 6


def test_a_key_in_a_header_does_not_follow_a_redirect_to_another_host(
    replay: Replay, quick: Limits, into: Path
) -> None:
    replay.routes["/a"] = lambda asked: asked.say(302, b"", Location=replay.url("/b", "other.example"))
    replay.body("/b", BODY)
    Door(resolver=lambda host, port: ["127.0.0.1"]).get(
        replay.url("/a"), into, limits=quick, headers={"X-Api-Key": "k-1", "Accept": "text/csv"}
    )
    first, second = (headers for _, headers in replay.asked)
    assert first["X-Api-Key"] == "k-1"
    assert "X-Api-Key" not in second
    assert second["Accept"] == "text/csv"


def test_a_gzip_body_is_decoded(replay: Replay, quick: Limits, into: Path) -> None:
    replay.body("/a", zipped(BODY) + zipped(BODY), Content_Encoding="gzip")
    answer = Door().get(replay.url("/a"), into, limits=quick)
    assert into.read_bytes() == BODY * 2
    assert answer.bytes == 2 * len(BODY)


def test_a_gzip_bomb_is_cut_at_the_decoded_limit(replay: Replay, quick: Limits, into: Path) -> None:
    bomb = zipped(b"0" * 60_000_000)
    assert len(bomb) < 70_000
    replay.body("/a", bomb, Content_Encoding="gzip")
    with pytest.raises(Refused, match="larger than the limit of 1 MiB"):
        Door().get(replay.url("/a"), into, limits=dataclasses.replace(quick, max_bytes=1024 * 1024))
    assert list(into.parent.iterdir()) == []


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_over_the_limit_is_refused(replay: Replay, quick: Limits, into: Path, announced: bool) -> None:
    def endless(asked: Asked) -> None:
        asked.raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", *(b"x" * 10_000 for _ in range(50)))

    replay.body("/a", b"x" * 500_000)
    if not announced:
        replay.routes["/a"] = endless
    with pytest.raises(Refused, match="larger than the limit"):
        Door().get(replay.url("/a"), into, limits=dataclasses.replace(quick, max_bytes=100_000))
    assert list(into.parent.iterdir()) == []


def test_half_a_file_under_a_wrong_length_is_an_error(replay: Replay, quick: Limits, into: Path) -> None:
    replay.routes["/a"] = lambda asked: asked.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", BODY)
    with pytest.raises(BadSource, match="ended before its announced end"):
        Door().get(replay.url("/a"), into, limits=quick)
    assert len(replay.asked) == quick.attempts
    assert list(into.parent.iterdir()) == []


def test_half_a_gzip_body_under_its_right_length_is_an_error(replay: Replay, quick: Limits, into: Path) -> None:
    replay.body("/a", zipped(BODY * 1000)[:-20], Content_Encoding="gzip")
    with pytest.raises(BadSource, match="ended before its announced end"):
        Door().get(replay.url("/a"), into, limits=quick)


@pytest.mark.parametrize("encoding", ["br", "gzip, br"])
def test_an_encoding_that_was_not_asked_is_named(replay: Replay, quick: Limits, into: Path, encoding: str) -> None:
    replay.body("/a", BODY, Content_Encoding=encoding)
    with pytest.raises(BadSource, match="which was not asked"):
        Door().get(replay.url("/a"), into, limits=quick)


def test_a_damaged_gzip_body_is_an_error(replay: Replay, quick: Limits, into: Path) -> None:
    replay.body("/a", BODY, Content_Encoding="gzip")
    with pytest.raises(BadSource, match="is damaged"):
        Door().get(replay.url("/a"), into, limits=quick)


@pytest.mark.parametrize("part", ["status", "headers", "body", "chunks"])
def test_a_byte_now_and_then_is_cut_at_the_deadline(replay: Replay, quick: Limits, into: Path, part: str) -> None:
    head = {
        "status": b"HTTP/1.1 ",
        "headers": b"HTTP/1.1 200 OK\r\nX-A: ",
        "body": b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
        "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n",
    }[part]

    def drip(asked: Asked) -> None:
        asked.wfile.write(head)
        for _ in range(100):
            asked.wfile.write(b"2")
            asked.wfile.flush()
            time.sleep(0.1)

    replay.routes["/a"] = drip
    begun = time.monotonic()
    with pytest.raises(BadSource, match="did not finish within 1 s"):
        Door().get(replay.url("/a"), into, limits=dataclasses.replace(quick, timeout_s=1))
    assert time.monotonic() - begun < 2.5
    assert list(into.parent.iterdir()) == []


def test_a_body_without_length_cut_by_the_deadline_is_not_taken_for_whole(
    replay: Replay, quick: Limits, into: Path
) -> None:
    def drip(asked: Asked) -> None:
        asked.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nsitename\n")
        asked.wfile.flush()
        time.sleep(1.5)

    replay.routes["/a"] = drip
    with pytest.raises(BadSource, match="did not finish"):
        Door().get(replay.url("/a"), into, limits=dataclasses.replace(quick, timeout_s=0.7))
    assert not into.exists()


def test_silence_is_a_time_out(replay: Replay, quick: Limits, into: Path) -> None:
    replay.routes["/a"] = lambda asked: time.sleep(0.6)
    with pytest.raises(BadSource, match="did not answer in time"):
        Door().get(replay.url("/a"), into, limits=dataclasses.replace(quick, read_s=0.2, attempts=2))


def test_a_server_error_that_passes_is_tried_again(replay: Replay, quick: Limits, into: Path) -> None:
    replay.routes["/a"] = lambda asked: asked.say(500) if len(replay.asked) < 3 else asked.say(200, BODY)
    assert Door().get(replay.url("/a"), into, limits=quick).bytes == len(BODY)
    assert len(replay.asked) == 3


def test_a_server_error_that_stays_names_the_host_and_rests_it(replay: Replay, quick: Limits, into: Path) -> None:
    replay.routes["/a"] = lambda asked: asked.say(500, "系統忙碌".encode())
    door = Door()
    with pytest.raises(BadSource, match=r"127\.0\.0\.1 answered HTTP 500 and said: '系統忙碌'"):
        door.get(replay.url("/a"), into, limits=quick)
    asked = len(replay.asked)
    assert asked == quick.attempts
    with pytest.raises(Busy, match="Try again in"):
        door.get(replay.url("/a"), into, limits=quick)
    assert len(replay.asked) == asked, "a resting host must not be asked"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418])
def test_a_client_error_is_not_tried_again(replay: Replay, quick: Limits, into: Path, status: int) -> None:
    replay.routes["/a"] = lambda asked: asked.say(status, b"no")
    with pytest.raises(BadSource, match=f"HTTP {status}") as told:
        Door().get(replay.url("/a"), into, limits=quick)
    assert len(replay.asked) == 1
    assert ("key_env" in told.value.remedy.zh) == (status in {401, 403})


def test_too_many_requests_waits_as_long_as_it_is_told(replay: Replay, quick: Limits, into: Path) -> None:
    replay.routes["/a"] = lambda a: a.say(429, b"", Retry_After="1") if len(replay.asked) < 2 else a.say(200, BODY)
    begun = time.monotonic()
    Door().get(replay.url("/a"), into, limits=quick)
    assert 1 <= time.monotonic() - begun < 3


@pytest.mark.parametrize("as_date", [False, True])
def test_a_long_retry_after_is_not_slept_but_kept(replay: Replay, quick: Limits, into: Path, as_date: bool) -> None:
    later = email.utils.format_datetime(clock.now() + timedelta(seconds=600), usegmt=True) if as_date else "600"
    replay.routes["/a"] = lambda asked: asked.say(429, b"", Retry_After=later)
    door = Door()
    begun = time.monotonic()
    with pytest.raises(Busy, match=r"in (600|59\d) s"):
        door.get(replay.url("/a"), into, limits=quick)
    with pytest.raises(Busy, match=r"in (600|59\d) s"):
        door.get(replay.url("/a"), into, limits=quick)
    assert time.monotonic() - begun < 2
    assert len(replay.asked) == 1


def test_a_host_that_is_down_is_told_as_such(quick: Limits, into: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(BadSource, match=r"No connection to 127\.0\.0\.1"):
            Door().get(f"http://127.0.0.1:{taken.getsockname()[1]}/", into, limits=quick)


def test_an_unknown_name_is_told_as_such(quick: Limits, into: Path) -> None:
    def nowhere(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    with pytest.raises(BadSource, match="cannot be resolved"):
        Door(resolver=nowhere).get("http://nowhere.example/", into, limits=quick)


def test_the_systems_resolver_gives_each_address_once() -> None:
    found = resolve("127.0.0.1", 80)
    assert found == ["127.0.0.1"]
