"""API keys as the data API sees them: a small private file of key hashes, written by accounts, read without Django.

A key is 32 random bytes, so a keyed hash of it cannot be turned back by guessing; the file never holds a key.
Readers look again at most every five seconds. When the writer's heartbeat is older than 30 seconds a revocation might
have been missed, so keyed requests are refused until it beats again; anonymous reads go on.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from qingliu.core.clock import iso, now
from qingliu.core.dataset import Text
from qingliu.core.errors import Unauthorized
from qingliu.core.plans import DEFAULTS, REGISTERED, Plan, dump, load

PREFIX = "qlk_"
REREAD_S = 5.0
STALE_S = 30.0
_PERSON = b"qingliu-api-key"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a key may do: its scopes, the agency it is bound to ("" = none), until when, and under which plan."""

    key_id: str
    digest: str
    scopes: tuple[str, ...]
    agency: str
    expires_at: datetime
    plan: str = REGISTERED


def new_token() -> str:
    """A fresh key with 256 random bits; shown once, stored nowhere."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """The hash under which a key is kept and looked up."""
    return hashlib.blake2b(token.encode(), digest_size=32, person=_PERSON).hexdigest()


def write_access(path: Path, grants: Iterable[Grant], at: datetime, plans: Iterable[Plan] = ()) -> None:
    """Replace the file's grants and plans and beat its heart, in one transaction; the file is the owner's alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        db.execute("CREATE TABLE IF NOT EXISTS key (digest TEXT PRIMARY KEY, grant_json TEXT NOT NULL) STRICT")
        db.execute(
            "CREATE TABLE IF NOT EXISTS heart (one INTEGER PRIMARY KEY CHECK (one = 1), beat TEXT NOT NULL) STRICT"
        )
        db.execute("CREATE TABLE IF NOT EXISTS plan (plan_json TEXT NOT NULL) STRICT")
        db.execute("DELETE FROM key")
        db.execute("DELETE FROM plan")
        db.executemany("INSERT INTO plan VALUES (?)", [(dump(p),) for p in plans])
        db.executemany("INSERT INTO key VALUES (?, ?)", [(g.digest, _grant_json(g)) for g in grants])
        db.execute("INSERT INTO heart VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET beat = excluded.beat", (iso(at),))
        db.execute("COMMIT")


def _grant_json(grant: Grant) -> str:
    return json.dumps(
        {
            "id": grant.key_id,
            "scopes": grant.scopes,
            "agency": grant.agency,
            "expires_at": iso(grant.expires_at),
            "plan": grant.plan,
        }
    )


def _grant(key_digest: str, text: str) -> Grant:
    data = json.loads(text)
    expires = datetime.fromisoformat(data["expires_at"])
    plan = data.get("plan", REGISTERED)
    return Grant(data["id"], key_digest, tuple(data["scopes"]), data["agency"], expires, plan)


class CannotTell(Unauthorized):
    """Whether a key is valid cannot be known at this moment: no fault of whoever sent it."""


class AccessFile:
    """A reader's view of the access file, shared by the threads of one process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._read_at: datetime | None = None
        self._beat: datetime | None = None
        self._grants: dict[str, Grant] = {}
        self._plans: Mapping[str, Plan] = DEFAULTS
        self._next_look = 0.0

    def plans(self) -> Mapping[str, Plan]:
        """The plans by name, read again at most every five seconds; those of ``core.plans`` where none was written."""
        if time.monotonic() >= self._next_look:
            with self._lock:
                self._read(now())
        return self._plans

    def check(self, token: str, at: datetime) -> Grant:
        """The grant of a key. Raises Unauthorized when it is unknown, expired, revoked, or cannot be known for sure."""
        with self._lock:
            if self._read_at is None or not timedelta(0) <= at - self._read_at < timedelta(seconds=REREAD_S):
                self._read(at)
            beat, grant = self._beat, self._grants.get(digest(token))
        if beat is None or abs(at - beat) > timedelta(seconds=STALE_S):
            raise CannotTell(
                Text("目前無法確認金鑰是否仍有效。", "Whether this key is still valid cannot be checked right now."),
                Text(
                    "請稍後再試，或不帶金鑰讀取公開資料。",
                    "Try again shortly, or read public data without a key.",
                ),
            )
        if grant is None or grant.expires_at <= at:
            raise Unauthorized(
                Text("金鑰不存在、已過期或已撤銷。", "The key is unknown, expired or revoked."),
                Text("請向資料開放窗口申請新的金鑰。", "Ask the open-data office for a new key."),
            )
        return grant

    def _read(self, at: datetime) -> None:
        try:
            with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=5)) as db:
                db.execute("BEGIN")
                beat = db.execute("SELECT beat FROM heart").fetchone()
                rows = db.execute("SELECT digest, grant_json FROM key").fetchall()
                plans = [text for (text,) in _plan_rows(db)]
        except sqlite3.Error:
            self._beat, self._grants = None, {}  # unreadable is the same as stale: fail closed
        else:
            self._plans = load(plans)
            self._beat = datetime.fromisoformat(beat[0]) if beat else None
            self._grants = {d: _grant(d, text) for d, text in rows}
        self._read_at = at
        self._next_look = time.monotonic() + REREAD_S


def _plan_rows(db: sqlite3.Connection) -> list[tuple[str]]:
    try:
        return db.execute("SELECT plan_json FROM plan").fetchall()
    except sqlite3.OperationalError:
        return []  # written before there were plans: those of ``core.plans`` hold
