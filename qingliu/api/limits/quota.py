"""Quotas: what a caller has left, what an answer costs it, and the refusal that says when to come back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from qingliu.api.limits.callers import Network, address, is_here
from qingliu.api.limits.tally import Tally
from qingliu.core.access import PREFIX, AccessFile, CannotTell, Grant, digest
from qingliu.core.clock import now
from qingliu.core.dataset import Text
from qingliu.core.errors import TooMany, Unauthorized
from qingliu.core.plans import ANONYMOUS, LOCAL, REGISTERED, Plan

DAY_S, TAIPEI_S = 86_400, 8 * 3_600  # the day of a quota begins at midnight in Taipei
FREE_FAILURES, FIRST_WAIT_S, LONGEST_WAIT_S, FORGET_S = 10, 30, 900, 3_600
# The tariff, in points. A kept answer or a 304 costs the least; a computed one by what it reads and sends.
KEPT, COMPUTED, ROWS_A_POINT, BYTES_A_POINT, FILE_BYTES_A_POINT = 1, 2, 100_000, 1 << 20, 16 << 20


def points_of(rows: int, size: int) -> int:
    """Points of a computed answer that reads ``rows`` rows and sends ``size`` bytes, above those of a kept one."""
    return COMPUTED - KEPT + rows // ROWS_A_POINT + size // BYTES_A_POINT


def back_off(failures: int) -> int:
    """Seconds for which keys from one address are not heard after so many wrong ones: 10 are free, then 30, 60 … 900."""
    if failures < FREE_FAILURES:
        return 0
    return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(failures - FREE_FAILURES, 10))


class Visit:
    """One request's caller: its plan, its key if it has one, and what was counted when it came in."""

    __slots__ = ("at", "grant", "key", "keyed", "moment", "plan", "spent")

    def __init__(self, key: int, plan: Plan, at: int, grant: Grant | None = None, *, keyed: bool = False) -> None:
        self.key = key
        self.plan = plan
        self.at = at  # Unix seconds
        # The minute and the day in which this caller is counted, by number; not everybody's minute begins at once.
        self.moment = (at + key % 60) // 60, (at + TAIPEI_S) // DAY_S
        self.grant = grant
        self.keyed = keyed
        self.spent = (0, 0, 0)  # requests of the minute and of the day, points of the day, this one included

    @property
    def minute_left_s(self) -> int:
        """Seconds until the caller's minute ends."""
        return 60 - (self.at + self.key) % 60

    @property
    def day_left_s(self) -> int:
        """Seconds until the day ends."""
        return DAY_S - (self.at + TAIPEI_S) % DAY_S

    @property
    def left(self) -> tuple[int, int, int]:
        """Requests of the minute, requests of the day and points of the day that are left, never below 0."""
        plan, (minute, day, points) = self.plan, self.spent
        return max(0, plan.per_minute - minute), max(0, plan.per_day - day), max(0, plan.points_per_day - points)

    @property
    def alone(self) -> bool:
        """Whether this caller may hold every place at once: on this machine nobody is pushed aside by it."""
        return self.plan.name == LOCAL

    def headers(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """RateLimit and RateLimit-Policy as draft-ietf-httpapi-ratelimit-headers-10 writes them."""
        plan, (minute, day, points) = self.plan, self.spent
        minute, day, points = plan.per_minute - minute, plan.per_day - day, plan.points_per_day - points
        if minute < 0 or day < 0 or points < 0:
            minute, day, points = self.left
        ends = DAY_S - (self.at + TAIPEI_S) % DAY_S
        told = f'"minute";r={minute};t={60 - (self.at + self.key) % 60}, "day";r={day};t={ends}, "points";r={points};t={ends}'
        return ("RateLimit-Policy", _policy(plan)), ("RateLimit", told)


_policies: dict[str, tuple[Plan, str]] = {}


def _policy(plan: Plan) -> str:
    known = _policies.get(plan.name)
    if known is None or known[0] is not plan:
        day = f';w={DAY_S}, "points";q={plan.points_per_day};w={DAY_S}'
        known = _policies[plan.name] = (plan, f'"minute";q={plan.per_minute};w=60, "day";q={plan.per_day}{day}')
    return known[1]


class Limits:
    """Counts callers. ``clock`` gives Unix seconds."""

    def __init__(
        self,
        access: AccessFile,
        tally: Tally,
        *,
        trusted: tuple[Network, ...] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._access = access
        self._tally = tally
        self._trusted = trusted
        self._clock = clock

    def visit(self, environ: Mapping[str, Any], token: str, address_key: str = "") -> Visit:
        """Who asks. Raises Unauthorized for a wrong key in a header and TooMany for a further one after too many."""
        told = address(environ, self._trusted)
        grant: Grant | None = None
        if token:
            grant = self._grant(told, token)
        elif address_key.startswith(PREFIX):
            try:
                grant = self._grant(told, address_key)
            except Unauthorized:
                grant = None  # keys in addresses came with the old platform: a wrong one there means nothing
        plans = self._access.plans()
        if grant is not None:
            plan, key = plans.get(grant.plan) or plans[REGISTERED], self._tally.key(b"key ", grant.key_id.encode())
        else:
            name = LOCAL if is_here(told) else ANONYMOUS
            plan, key = plans[name], self._tally.key(b"address ", told.encode())
        visit = Visit(key, plan, int(self._clock()), grant if token else None, keyed=grant is not None)
        visit.spent = self._tally.sums(key, *visit.moment)
        return visit

    def _grant(self, told: str, token: str) -> Grant:
        where = self._tally.key(b"keys from ", told.encode())
        known = self._tally.key(b"right from ", f"{told} {digest(token)}".encode())
        failures, last = self._tally.failures(where)
        at = int(self._clock())
        wait = last + back_off(failures) - at
        if wait > 0 and at - self._tally.seen(known) > DAY_S:  # a key that was right here today is always heard
            raise TooMany(
                Text(
                    "這個位址送來太多錯誤的金鑰，暫時不再核對新的金鑰。",
                    "Too many wrong keys came from this address; further keys are not checked for a while.",
                ),
                Text(
                    f"請於 {wait} 秒後再試，或不帶金鑰讀取公開資料。",
                    f"Try again in {wait} s, or read public data without a key.",
                ),
                retry_after_s=min(wait, LONGEST_WAIT_S),
            )
        try:
            grant = self._access.check(token, now())
        except CannotTell:
            raise
        except Unauthorized:
            self._tally.fail(where, at, forget_s=FORGET_S)
            raise
        if at - self._tally.seen(known) > 60:
            self._tally.see(known, at)
        return grant

    def admit(self, visit: Visit) -> None:
        """Count a request and its least cost. Raises TooMany where the caller's minute, day or points are used up."""
        (minute, day, points), plan = visit.spent, visit.plan
        if minute >= plan.per_minute:
            raise _used_up(Text("本分鐘的請求數", "requests of this minute"), plan.per_minute, visit.minute_left_s)
        if day >= plan.per_day:
            raise _used_up(Text("今日的請求數", "requests of today"), plan.per_day, visit.day_left_s)
        if points >= plan.points_per_day:
            raise _used_up(Text("今日的點數", "points of today"), plan.points_per_day, visit.day_left_s)
        self._tally.add(visit.key, visit.moment, 1, KEPT)
        visit.spent = minute + 1, day + 1, points + KEPT

    def charge(self, visit: Visit, points: int) -> None:
        """Count what an answer costs above the least."""
        self._tally.add(visit.key, visit.moment, 0, points)
        minute, day, before = visit.spent
        visit.spent = minute, day, before + points

    def stream(self, visit: Visit) -> Callable[[], None]:
        """Count a large answer from its waiting on; the function that ends it (once). Raises TooMany above the plan's."""
        running = self._tally.streams(visit.key)
        if running >= visit.plan.streams:
            raise TooMany(
                Text(f"您已有 {running} 個大型下載進行或等候中。", f"{running} large answers of yours run or wait."),
                Text(
                    "請等其中一個完成，或加上 limit 分頁讀取。", "Wait until one of them is done, or page with limit."
                ),
                retry_after_s=5,
            )
        self._tally.stream(visit.key, 1)
        ended: list[bool] = []

        def end() -> None:
            if not ended:
                ended.append(True)
                self._tally.stream(visit.key, -1)

        return end

    def running(self, visit: Visit) -> int:
        """Large answers of this caller that run or wait."""
        return self._tally.streams(visit.key)


def _used_up(what: Text, quota: int, left_s: int) -> TooMany:
    return TooMany(
        Text(f"{what.zh}已用完（{quota:,}）。", f"The {what.en} are used up ({quota:,})."),
        Text(
            f"請於 {left_s} 秒後再試；用量見 /api/limits，大量取用請下載整檔或申請金鑰。",
            f"Try again in {left_s} s; /api/limits tells what is left. For much data take whole files, or ask for a key.",
        ),
        retry_after_s=left_s,
    )
