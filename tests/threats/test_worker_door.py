"""What stands at the worker's socket: garbage, too much, half a message, handles in wrong numbers, other users."""

from __future__ import annotations

import array
import json
import os
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from qingliu.config import handing
from qingliu.core import env

STRANGER = 65534
SETTINGS_KEYS = ("PATH", "LANG")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "private").mkdir(mode=0o700)
    return tmp_path


@pytest.fixture
def door(home: Path) -> Iterator[handing.Door]:
    """A worker's door; what is taken ends at once in its own child."""
    made = handing.Door(env.load({"QINGLIU_HOME": str(home)}), lambda argv: 7, lambda: None)
    yield made
    made.close()


def proper(home: Path, **other: Any) -> bytes:
    """What a command sends, some of it replaced."""
    settings = env.load({"QINGLIU_HOME": str(home)})
    words = {
        "argv": ["publish", "a.csv"], "signature": handing.signature(settings),
        "environment": {n: os.environ.get(n, "") for n in SETTINGS_KEYS}, "encodings": ["utf-8", "utf-8"],
    }  # fmt: skip
    return json.dumps(words | other).encode()


def knocked(home: Path, door: handing.Door, message: bytes, handles: int = 3) -> list[bytes]:
    """Everything that the worker says to a message with so many open files."""
    with open(os.devnull, "w") as nothing, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as wire:
        folder = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
        wire.settimeout(20)
        wire.connect(str(home / "private" / handing.NAME))
        numbers = array.array("i", [folder, *[nothing.fileno()] * 9][:handles])
        wire.sendmsg([message], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, numbers)] if handles else [])
        os.close(folder)
        door.wait(5)
        said = []
        while piece := _received(wire):
            said.append(piece)
        return said


def _received(wire: socket.socket) -> bytes:
    try:
        return wire.recv(64)
    except ConnectionResetError:
        return b""


def taken(said: Sequence[bytes]) -> bool:
    return len(said) == 2 and said[0].startswith(b"taken ") and said[1] == b"7"


GARBAGE = {
    "no text": b"\xff\x00\xfe" * 100,
    "no JSON": b"publish a.csv",
    "half a message": b'{"argv": ["publish"',
    "too deep": b"[" * 150_000,
    "a list": b"[]",
    "nothing in it": b"{}",
    "null": b"null",
}
WRONG: dict[str, dict[str, Any]] = {
    "no words": {"argv": []},
    "words that are no list": {"argv": "publish"},
    "words that are no texts": {"argv": ["publish", 1]},
    "a list as command": {"argv": [["publish"]]},
    "a command that is not handed over": {"argv": ["manage", "shell"]},
    "an option as command": {"argv": ["--help"]},
    "another code or setting": {"signature": "0" * 64},
    "a signature that is no text": {"signature": None},
    "an environment that is no texts": {"environment": {"PATH": 1}},
    "an environment that is none": {"environment": ["PATH"]},
    "one encoding": {"encodings": ["utf-8"]},
    "encodings that are no texts": {"encodings": [1, 2]},
}


@pytest.mark.parametrize("what", [*GARBAGE, *WRONG, "too long", "no files", "two files", "nine files"])
def test_what_is_no_command_of_ours_is_turned_away_and_the_worker_goes_on(
    home: Path, door: handing.Door, what: str
) -> None:
    handles = {"no files": 0, "two files": 2, "nine files": 9}.get(what, 3)
    message = GARBAGE.get(what) or proper(home, **WRONG.get(what, {}))
    if what == "too long":  # its first part alone would be a whole command
        message = message.ljust(handing._MOST + 10_000)[:-1] + b"x"
    before = os.listdir("/proc/self/fd")
    assert knocked(home, door, message, handles) in ([], [b"no"])
    assert not door._children
    assert len(os.listdir("/proc/self/fd")) == len(before)
    assert taken(knocked(home, door, proper(home)))


def test_whoever_says_nothing_holds_the_worker_for_a_moment_only(
    home: Path, door: handing.Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handing, "ASKING_S", 0.2)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as silent:
        silent.connect(str(home / "private" / handing.NAME))
        door.wait(5)
        assert taken(knocked(home, door, proper(home)))


def test_nothing_that_another_user_sends_is_read(
    home: Path, door: handing.Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(message: bytes) -> dict[str, Any]:
        raise AssertionError("it was read")

    with monkeypatch.context() as other:
        other.setattr(handing, "_peer", lambda connection: (os.getpid(), os.getuid() + 1))
        other.setattr(handing, "_understood", read)
        assert knocked(home, door, proper(home)) == []
    assert taken(knocked(home, door, proper(home)))


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be another user")
@pytest.mark.parametrize("opened", [False, True])
def test_another_user_reaches_the_socket_at_no_time_and_is_not_heard_where_somebody_opened_it(
    home: Path, door: handing.Door, opened: bool
) -> None:
    """Exit codes of a child that is another user: 1 it may not connect, 2 it was not answered, 3 it was."""
    message = proper(home)
    if opened:
        (home / "private").chmod(0o711)
        (home / "private" / handing.NAME).chmod(0o666)
    child = os.fork()
    if child == 0:
        code = 9
        try:
            os.chdir(home / "private")
            os.setgroups([])
            os.setgid(STRANGER)
            os.setuid(STRANGER)
            code = _as_stranger(message)
        finally:
            os._exit(code)
    door.wait(5 if opened else 0.5)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == (2 if opened else 1)
    assert not door._children


def _as_stranger(message: bytes) -> int:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as wire:
        wire.settimeout(10)
        try:
            wire.connect(handing.NAME)
        except PermissionError:
            return 1
        here = os.open("/", os.O_RDONLY)
        wire.sendmsg([message], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [here, here, here]))])
        return 3 if _received(wire) else 2
