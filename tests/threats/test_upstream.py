"""Threats 8, 12, 13, 20 and 30 through a scheduled look: whatever the other side sends, readers see what they saw."""

from __future__ import annotations

import gzip
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from qingliu.accounts.rules import WORKER
from qingliu.audit.models import Event
from qingliu.core.errors import QingliuError
from qingliu.core.http import Door, Limits, tls_context
from qingliu.pipeline import actions, jobs, sources
from qingliu.pipeline.models import Source
from qingliu.pipeline.rules import State
from qingliu.pipeline.sources import Surroundings
from tests.http.replay import Asked, Replay
from tests.http.test_tls import certificate, pinned, serving
from tests.pipeline import town
from tests.threats.scene import CHINESE, CODE, Scene

KEY = "9f1c-THE-TEST-KEY"
ROWS = town.rows(30, value=2.0)
BODY = ("\n".join(",".join(line) for line in [town.COLUMNS, *ROWS]) + "\n").encode()
Look = Callable[..., None]


@pytest.fixture
def replay() -> Iterator[Replay]:
    with Replay() as server:
        yield server


class Upstream:
    """TEST_A fed by one address; looks are made as the worker makes them, with short waits."""

    def __init__(self, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        self.scene = scene
        self._patch = monkeypatch
        self.around(Door())

    def around(self, door: Door, *, private: bool = True) -> None:
        """What surrounds the next looks: the door, and whether inside addresses are allowed (else loopback is refused)."""
        limits = Limits(
            allow_private=private, timeout_s=1.5, read_s=0.5, connect_s=1, attempts=2, wait_first_s=0.01, wait_max_s=0.05,
            max_bytes=1 << 20,
        )  # fmt: skip
        made = Surroundings(self.scene.folder, door, limits, {"FEED_KEY": KEY})
        self._patch.setattr(sources, "surroundings", lambda settings: made)

    def at(self, url: str, **options: str) -> None:
        """The dataset's source from now on."""
        listed = "".join(f", {k}: {v}" for k, v in options.items())
        source = f"source: {{kind: http, every: PT1H, options: {{url: '{url}'{listed}}}}}\n"
        self.scene.define(town.definition(mode="snapshot", source=source))

    def look(self) -> str:
        """One look by the queue's job."""
        return jobs.look(CODE)

    def fails(self, says: str) -> None:
        """A look that must fail: told in both languages, remembered, one audit row, no trace in what is served."""
        before = self.scene.seen()
        rows = Event.objects.count()
        with pytest.raises(QingliuError, match=says) as told:
            actions.run_source(code=CODE, by=WORKER)
        assert CHINESE.search(told.value.reason.zh)
        assert CHINESE.search(told.value.remedy.zh)
        assert told.value.remedy.en
        memory = Source.objects.get(dataset__code=CODE)
        assert memory.failures >= 1
        assert re.search(says, memory.error_en)
        assert CHINESE.search(memory.error_zh)
        (row,) = Event.objects.order_by("id")[rows:]
        assert (row.verb, row.object_id) == ("source.failed", CODE)
        assert self.scene.seen() == before
        assert self.scene.staged() == []


@pytest.fixture
def upstream(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Upstream:
    return Upstream(scene, monkeypatch)


def test_a_good_answer_is_published_and_the_same_again_is_not(upstream: Upstream, replay: Replay) -> None:
    """The scene itself: what follows fails for what is sent."""
    replay.body("/a.csv", BODY, ETag='"v1"')
    upstream.at(replay.url("/a.csv"))
    assert upstream.look().endswith(State.PUBLISHED)
    before = upstream.scene.seen()
    assert upstream.look().endswith("unchanged")
    assert upstream.scene.seen() == before


def raw(*pieces: bytes) -> Callable[[Asked], None]:
    return lambda asked: asked.raw(*pieces)


def said(status: int, body: bytes = b"", **headers: str) -> Callable[[Asked], None]:
    return lambda asked: asked.say(status, body, **headers)


HALF = BODY[: len(BODY) // 2]
BAD: Sequence[tuple[str, Callable[[Asked], None], str]] = [
    ("500", said(500, "系統忙碌".encode()), "HTTP 500"),
    ("429 with a long Retry-After", said(429, b"", Retry_After="600"), "in (600|59.) s"),
    ("403", said(403, b"no"), "HTTP 403"),
    ("silence", lambda asked: time.sleep(1), "did not answer in time"),
    ("empty 200", said(200), "is empty"),
    ("HTML with 200", said(200, "<!DOCTYPE html><title>維護中</title>".encode()), "web page"),
    ("JSON message with 200", said(200, b'{"message":"api_key is not valid"}'), "api_key is not valid"),
    (
        "half a file, wrong length",
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", HALF),
        "before its announced end",
    ),
    ("half a file, right length", said(200, HALF), "breaks off in the middle"),
    ("a gzip bomb", said(200, gzip.compress(b"0" * 60_000_000), Content_Encoding="gzip"), "larger than the limit"),
    ("a redirect inside", said(302, b"", Location="http://169.254.169.254/latest/"), "169.254.169.254"),
    ("a redirect to a file", said(302, b"", Location="file:///etc/passwd"), "kind 'file' are refused"),
]


@pytest.mark.parametrize(("route", "says"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_a_bad_answer_fails_the_look_and_changes_nothing(
    upstream: Upstream, replay: Replay, route: Callable[[Asked], None], says: str
) -> None:
    replay.routes["/a.csv"] = route
    upstream.at(replay.url("/a.csv"))
    upstream.fails(says)


def test_one_byte_now_and_then_is_cut_at_the_deadline(upstream: Upstream, replay: Replay) -> None:
    def drip(asked: Asked) -> None:
        asked.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
        for _ in range(40):
            asked.wfile.write(b"s")
            asked.wfile.flush()
            time.sleep(0.1)

    replay.routes["/a.csv"] = drip
    upstream.at(replay.url("/a.csv"))
    begun = time.monotonic()
    upstream.fails("did not finish within")
    assert time.monotonic() - begun < 4


def test_an_expired_certificate_is_named(upstream: Upstream, tmp_path: Path) -> None:
    cert, key = certificate(tmp_path / "old", expired=True)
    with serving(cert, key) as replay:
        replay.body("/a.csv", BODY)
        upstream.around(Door(resolver=pinned, tls=tls_context(str(cert))))
        upstream.at(replay.url("/a.csv", "feed.example"))
        upstream.fails("certificate has expired")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "0", "169.254.169.254", "[fe80::1]", "localhost"],
)
def test_threat_12_no_address_inside_is_asked(upstream: Upstream, replay: Replay, host: str) -> None:
    replay.body("/a.csv", BODY)
    upstream.around(Door(), private=False)
    upstream.at(f"http://{host}:{replay.port}/a.csv")
    upstream.fails("sources may not reach|address in disguise")
    assert replay.asked == []


def test_threat_13_a_name_that_turns_inside_is_refused_at_the_look(upstream: Upstream, replay: Replay) -> None:
    replay.body("/a.csv", BODY)
    answers = iter([["8.8.8.8", "127.0.0.1"], ["127.0.0.1"]])
    upstream.around(Door(resolver=lambda host, port: next(answers)), private=False)
    upstream.at(replay.url("/a.csv", "feed.example"))
    for _ in range(2):
        upstream.fails(r"127\.0\.0\.1")
    assert replay.asked == []


def test_threat_20_the_key_of_a_feed_is_in_no_row_file_or_log(
    upstream: Upstream, replay: Replay, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    upstream.at(replay.url("/a"), key_env="FEED_KEY")
    replay.routes["/a"] = said(200, f"api_key {KEY} 不存在".encode())
    upstream.fails("api_key")
    replay.routes["/a"] = said(401, KEY.encode())
    upstream.fails("HTTP 401")
    replay.body("/a", BODY)
    assert upstream.look().endswith(State.PUBLISHED)
    assert any(KEY in path for path, _ in replay.asked), "the test must send the key"
    assert KEY not in caplog.text
    held = [p for p in upstream.scene.home.home.rglob("*") if p.is_file() and KEY.encode() in p.read_bytes()]
    assert held == []
    assert KEY not in repr([*Event.objects.values_list(), *Source.objects.values_list()])
    assert not list(tmp_path.rglob(f"*{KEY}*"))


def test_a_failing_source_waits_longer_each_time_and_recovers(upstream: Upstream, replay: Replay) -> None:
    upstream.at(replay.url("/a.csv"))
    replay.routes["/a.csv"] = said(403)
    waits = []
    for _ in range(3):
        upstream.look()
        memory = Source.objects.get(dataset__code=CODE)
        assert memory.due_at
        assert memory.checked_at
        waits.append(memory.due_at - memory.checked_at)
    assert waits == sorted(set(waits))
    replay.body("/a.csv", BODY)
    assert upstream.look().endswith(State.PUBLISHED)
    assert Source.objects.get(dataset__code=CODE).failures == 0
