"""An HTTP feed: what is new, what is unchanged, and what is no data although it came with 200."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

import pytest

from qingliu.core.dataset import SourceSpec
from qingliu.core.errors import BadDefinition, BadSource, QingliuError, Refused
from qingliu.pipeline import sources
from qingliu.pipeline.sources import Surroundings
from tests.http.replay import Replay
from tests.sources.conftest import KEY

BODY = "﻿sitename,aqi\n基隆,31\n".encode()


def spec(url: str, **options: str) -> SourceSpec:
    return SourceSpec("http", (("url", url), *options.items()))


def test_a_first_look_delivers_the_body_under_a_plain_name(
    replay: Replay, around: Surroundings, tmp_path: Path
) -> None:
    replay.body("/api/v2/aqx_p_432", BODY, ETag='"v1"')
    source = spec(replay.url("/api/v2/aqx_p_432?format=csv"))
    found = sources.fetch(source, workdir=tmp_path / "w", state={}, around=around)
    assert [path.name for path in found.files] == ["aqx_p_432.csv"]
    assert found.files[0].read_bytes() == BODY
    assert found.state["etag"] == '"v1"'
    assert "bytes" in found.note


def test_the_next_look_is_conditional(replay: Replay, around: Surroundings, tmp_path: Path) -> None:
    replay.routes["/a.csv"] = lambda asked: (
        asked.say(304) if asked.headers["If-None-Match"] == '"v1"' else asked.say(200, BODY, ETag='"v1"')
    )
    source = spec(replay.url("/a.csv"))
    first = sources.fetch(source, workdir=tmp_path / "w", state={}, around=around)
    second = sources.fetch(source, workdir=tmp_path / "w2", state=first.state, around=around)
    assert (second.unchanged, second.files, second.state) == (True, (), first.state)


def test_the_same_bytes_are_unchanged_even_without_marks(replay: Replay, around: Surroundings, tmp_path: Path) -> None:
    replay.body("/a.csv", BODY)
    source = spec(replay.url("/a.csv"))
    first = sources.fetch(source, workdir=tmp_path / "w", state={}, around=around)
    second = sources.fetch(source, workdir=tmp_path / "w2", state=first.state, around=around)
    assert (first.unchanged, second.unchanged) == (False, True)
    replay.body("/a.csv", BODY + "淡水,37\n".encode())
    assert not sources.fetch(source, workdir=tmp_path / "w3", state=second.state, around=around).unchanged


def test_another_address_is_not_asked_with_old_marks(replay: Replay, around: Surroundings, tmp_path: Path) -> None:
    for path in ("/a.csv", "/b.csv"):
        replay.body(path, BODY, ETag='"v1"')
    first = sources.fetch(spec(replay.url("/a.csv")), workdir=tmp_path / "w", state={}, around=around)
    other = sources.fetch(spec(replay.url("/b.csv")), workdir=tmp_path / "w2", state=first.state, around=around)
    assert not other.unchanged
    assert "If-None-Match" not in replay.asked[1][1]


@pytest.mark.parametrize(
    "body", [b"", "<!doctype html><p>維護中</p>".encode(), b'{"message":"no"}', b"[]", b'[{"a":1},{"a"']
)
def test_a_200_that_is_no_data_fails_the_look(
    replay: Replay, around: Surroundings, tmp_path: Path, body: bytes
) -> None:
    replay.body("/a.json", body)
    with pytest.raises(BadSource):
        sources.fetch(spec(replay.url("/a.json")), workdir=tmp_path / "w", state={}, around=around)


@pytest.mark.parametrize("how", [{}, {"key_param": "CK"}, {"key_header": "X-Access"}])
def test_the_key_comes_from_the_environment_and_is_never_stored_or_told(
    replay: Replay,
    around: Surroundings,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    how: dict[str, str],
) -> None:
    caplog.set_level(logging.DEBUG)
    source = spec(replay.url("/a?format=csv"), key_env="MOENV_KEY", **how)
    replay.body("/a", BODY)
    found = sources.fetch(source, workdir=tmp_path / "w", state={}, around=around)
    assert KEY in "".join([replay.asked[0][0], *replay.asked[0][1].values()]), "the test must send the key"
    said = repr(found)
    for status, body in [(200, f"api_key {KEY} 不存在"), (401, KEY), (500, KEY), (302, "")]:
        replay.routes["/a"] = lambda asked, status=status, body=body: asked.say(
            status, body.encode(), Location=f"ftp://{KEY}"
        )
        with pytest.raises(QingliuError) as told:
            sources.fetch(
                source,
                workdir=tmp_path / "w",
                state={},
                around=Surroundings(around.inbox, type(around.door)(), around.limits, around.environ),
            )
        said += "".join(traceback.format_exception(told.value)) + told.value.reason.zh
    assert KEY not in said
    assert KEY not in caplog.text
    assert not [path for path in tmp_path.rglob("*") if KEY in path.name]


def test_a_key_written_into_a_definition_is_refused(around: Surroundings, tmp_path: Path) -> None:
    with pytest.raises(BadDefinition, match="holds a key") as told:
        sources.fetch(spec("https://a.tw/x?api_key=abc"), workdir=tmp_path / "w", state={}, around=around)
    assert "abc" not in str(told.value)
    with pytest.raises(BadDefinition, match="holds a key"):
        sources.fetch(spec("https://a.tw/x", api_key="abc"), workdir=tmp_path / "w", state={}, around=around)


def test_a_key_is_not_sent_in_the_clear(replay: Replay, around: Surroundings, tmp_path: Path) -> None:
    outside = type(around)(around.inbox, around.door, type(around.limits)(), around.environ)
    source = spec(replay.url("/a"), key_env="MOENV_KEY")
    with pytest.raises(BadDefinition, match="unencrypted"):
        sources.fetch(source, workdir=tmp_path / "w", state={}, around=outside)
    assert replay.asked == []


@pytest.mark.parametrize("name", ["EMPTY_KEY", "NO_SUCH_KEY"])
def test_an_absent_key_is_named(around: Surroundings, tmp_path: Path, name: str) -> None:
    with pytest.raises(BadSource, match=f"variable {name} holds no key"):
        sources.fetch(spec("https://a.tw/x", key_env=name), workdir=tmp_path / "w", state={}, around=around)


def test_a_definition_cannot_raise_the_byte_limit(replay: Replay, around: Surroundings, tmp_path: Path) -> None:
    replay.body("/a.csv", b"a,b\n" + b"1,2\n" * 400_000)
    source = spec(replay.url("/a.csv"), max_mb="1")
    with pytest.raises(Refused, match="limit of 1 MiB"):
        sources.fetch(source, workdir=tmp_path / "w", state={}, around=around)
    narrow = type(around)(around.inbox, around.door, type(around.limits)(max_bytes=1000, allow_private=True))
    source = spec(replay.url("/a.csv"), max_mb="1000")
    with pytest.raises(Refused, match="larger than the limit"):
        sources.fetch(source, workdir=tmp_path / "w", state={}, around=narrow)


@pytest.mark.parametrize(("name", "value"), [("timeout_s", "soon"), ("timeout_s", "-1"), ("max_mb", "nan")])
def test_a_bad_option_is_named(around: Surroundings, tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(BadDefinition, match=name):
        sources.fetch(spec("https://a.tw/x", **{name: value}), workdir=tmp_path / "w", state={}, around=around)


def test_a_misspelt_option_is_not_passed_over(around: Surroundings, tmp_path: Path) -> None:
    with pytest.raises(BadDefinition, match="has no 'time_out'"):
        sources.fetch(spec("https://a.tw/x", time_out="9"), workdir=tmp_path / "w", state={}, around=around)


def test_a_missing_address_and_an_unknown_kind_are_told(around: Surroundings, tmp_path: Path) -> None:
    with pytest.raises(BadDefinition, match="lacks the option url"):
        sources.fetch(SourceSpec("http"), workdir=tmp_path / "w", state={}, around=around)
    with pytest.raises(BadDefinition, match="no source of kind 'ftp'"):
        sources.fetch(SourceSpec("ftp"), workdir=tmp_path / "w", state={}, around=around)


def test_without_leave_a_feed_inside_is_refused(
    replay: Replay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The settings' own surroundings: QINGLIU_ALLOW_PRIVATE_SOURCES is off unless set."""
    monkeypatch.delenv("QINGLIU_ALLOW_PRIVATE_SOURCES", raising=False)
    monkeypatch.setenv("QINGLIU_HOME", str(tmp_path))
    replay.body("/a.csv", BODY)
    with pytest.raises(Refused):
        sources.fetch(spec(replay.url("/a.csv")), workdir=tmp_path / "w", state={})
    assert replay.asked == []
