"""Handing a command over to the running worker, which has everything imported that the command needs.

The worker listens on a socket in the private folder of its home. A command that finds it there sends its words, its
environment, its folder and its output; the worker forks, and the child carries the command out as the command itself
would. A command runs by itself where no worker listens, and where the two differ in anything that could change what is
done: the user, the settings, the code, the files that they see. Nothing begins before the worker has said ``taken``.
"""

from __future__ import annotations

import array
import hashlib
import json
import os
import select
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import qingliu
from qingliu.core.env import Settings

COMMANDS = frozenset({"publish", "run", "release", "correct"})
NAME = "worker.sock"
BROKEN, INTERRUPTED = 1, 130
GREETING_S = 10.0  # how long a command waits to be taken before it runs by itself
ASKING_S = 2.0  # how long the worker waits for the words of whoever called
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_MOST = 180_000  # bytes of one message; a larger one stays with the command
_LOST = "背景工作中斷，請以 qingliu runs 查看結果。\nThe worker broke off; see qingliu runs for what became of it."


def signature(settings: Settings) -> str:
    """A hash over what a command and a worker must have in common: every setting that acts on a run, and the code."""
    common = replace(settings, host="", port=0, definitions=(), web_workers=0, web_threads=0, limits_memory="")
    package = Path(qingliu.__file__).parent
    newest = max(p.stat().st_mtime_ns for p in package.rglob("*.py"))
    return hashlib.sha256(repr((common, str(package), newest, sys.version)).encode()).hexdigest()


@contextmanager
def _near(settings: Settings) -> Iterator[str]:
    """The socket's address, short however long the path of the home is."""
    folder = os.open(settings.home / "private", os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{NAME}"
    finally:
        os.close(folder)


def _peer(connection: socket.socket) -> tuple[int, int]:
    """Process and user at the other end."""
    said = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    process, user, _ = struct.unpack("3i", said)
    return process, user


def hand_over(settings: Settings, argv: Sequence[str]) -> int | None:
    """Let the worker carry a command out; its exit code, or None where the command must run by itself."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)  # until it is known whom to pass them on to
    try:
        with _near(settings) as address, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as wire:
            wire.settimeout(GREETING_S)
            wire.connect(address)
            if _peer(wire)[1] != os.getuid():
                return None
            words = {
                "argv": list(argv), "signature": signature(settings), "environment": dict(os.environ),
                "encodings": [sys.stdout.encoding, sys.stderr.encoding],
            }  # fmt: skip
            message = json.dumps(words).encode()
            if len(message) > _MOST:
                return None
            sys.stdout.flush()
            here = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
            try:
                handles = array.array("i", [here, sys.stdout.fileno(), sys.stderr.fileno()])
                wire.sendmsg([message], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, handles)])
            finally:
                os.close(here)
            answer = wire.recv(64).decode()
            if not answer.startswith("taken "):
                return None
            return _await(wire, int(answer.removeprefix("taken ")))
    except (OSError, ValueError):  # no worker, no Linux, no output to hand over
        return None
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _await(wire: socket.socket, child: int) -> int:
    """The child's exit code; who interrupts or ends the command ends the child."""

    def forward(number: int, frame: FrameType | None) -> None:
        with suppress(OSError):
            os.kill(child, number)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)

    for number in _ENDING:
        signal.signal(number, forward)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    wire.settimeout(None)
    try:
        ended = wire.recv(64)
    except OSError:
        ended = b""
    if ended:
        return int(ended)
    print(_LOST, file=sys.stderr)
    return BROKEN


def _understood(message: bytes) -> dict[str, Any]:
    """The words of a message. Raises ValueError where it is no JSON, or not what ``hand_over`` writes."""
    try:
        words = json.loads(message)
    except RecursionError:
        raise ValueError("too deep") from None
    match words:
        case {
            "argv": [str(), *_] as argv,
            "signature": str(),
            "environment": dict() as named,
            "encodings": [str(), str()],
        }:
            if all(isinstance(one, str) for one in (*argv, *named.values())):
                return words
    raise ValueError("other words than those of a command")


class Door:
    """The worker's end. ``before`` closes what a fork must not share; ``perform`` carries the words of a command out."""

    def __init__(self, settings: Settings, perform: Callable[[Sequence[str]], int], before: Callable[[], None]) -> None:
        self._settings = settings
        self._perform = perform
        self._before = before
        self._signature = signature(settings)
        self._children: set[int] = set()
        self._socket: socket.socket | None = None
        self._inode = 0
        if sys.platform == "linux":
            self._open()

    def _open(self) -> None:
        (self._settings.home / "private").mkdir(parents=True, exist_ok=True, mode=0o700)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with _near(self._settings) as address:
            with suppress(FileNotFoundError):
                os.unlink(address)
            self._socket.bind(address)
            os.chmod(address, 0o600)
            self._inode = os.stat(address).st_ino
        self._socket.listen(16)

    def wait(self, seconds: float) -> None:
        """Wait so long, or until a command was taken."""
        ready, _, _ = select.select([self._socket] if self._socket else [], [], [], seconds)
        self._children = {c for c in self._children if not _reaped(c)}
        if ready and self._socket:
            with suppress(OSError, ValueError):  # whoever called is gone or speaks otherwise; it runs by itself
                connection, _ = self._socket.accept()
                with connection:
                    self._answer(connection)

    def close(self) -> None:
        """Take no more commands; those that were taken go on."""
        if self._socket is None:
            return
        self._socket.close()
        self._socket = None
        with suppress(OSError), _near(self._settings) as address:
            if os.stat(address).st_ino == self._inode:
                os.unlink(address)

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(ASKING_S)
        if _peer(connection)[1] != os.getuid():
            return  # nothing that another user sends is read
        message, ancillary, flags, _ = connection.recvmsg(_MOST, socket.CMSG_SPACE(3 * array.array("i").itemsize))
        handles = array.array("i")
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                handles.frombytes(data[: len(data) - len(data) % handles.itemsize])
        try:
            words = _understood(message)
            whole = not flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC)
            if whole and len(handles) == 3 and self._alike(connection, words):
                self._before()
                child = os.fork()
                if child == 0:
                    self._child(connection, words, handles)
                self._children.add(child)
            else:
                connection.send(b"no")
        finally:
            for handle in handles:
                os.close(handle)

    def _alike(self, connection: socket.socket, words: dict[str, Any]) -> bool:
        process = _peer(connection)[0]
        if words["argv"][0] not in COMMANDS:
            return False
        same_files = os.readlink(f"/proc/{process}/ns/mnt") == os.readlink("/proc/self/ns/mnt")
        return same_files and words["signature"] == self._signature == signature(self._settings)

    def _child(self, connection: socket.socket, words: dict[str, Any], handles: Sequence[int]) -> None:
        """Be the command; ends the process."""
        code = BROKEN
        try:
            os.setsid()
            for number in (signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            if self._socket:
                self._socket.close()
            os.fchdir(handles[0])
            for out, (handle, encoding) in enumerate(zip(handles[1:], words["encodings"], strict=True), start=1):
                os.dup2(handle, out)
                # a stream keeps whether it could be sought in, so that the worker's own cannot be taken over
                stream = os.fdopen(out, "w", 1, encoding=encoding, errors="backslashreplace", closefd=False)
                setattr(sys, ("stdout", "stderr")[out - 1], stream)
            os.environ.clear()
            os.environ.update(words["environment"])
            connection.settimeout(None)
            connection.send(f"taken {os.getpid()}".encode())
            code = _performed(self._perform, words["argv"])
            sys.stdout.flush()
            sys.stderr.flush()
            connection.send(str(code).encode())
        finally:
            os._exit(code)


def _performed(perform: Callable[[Sequence[str]], int], argv: Sequence[str]) -> int:
    try:
        return perform(argv)
    except SystemExit as ended:  # a wrong use, or a question for help
        return ended.code if isinstance(ended.code, int) else 0 if ended.code is None else BROKEN
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return BROKEN
    except Exception:  # an edge: the command would have shown it so
        traceback.print_exc()
        return BROKEN


def _reaped(child: int) -> bool:
    try:
        return os.waitpid(child, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return True
