"""The worker process: a heart that keeps API keys current, a schedule of sources, and the queue that runs them."""

from __future__ import annotations

import gc
import logging
import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date
from types import FrameType

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connections
from django_q.cluster import Cluster
from django_q.tasks import async_task, fetch

from qingliu.accounts import actions as accounts
from qingliu.accounts.rules import WORKER
from qingliu.catalog import queries as catalogue
from qingliu.config import handing, nightly, wiring
from qingliu.config import judging as registers
from qingliu.core.clock import TAIPEI, now
from qingliu.core.errors import QingliuError
from qingliu.lake import iceberg
from qingliu.lake.search import normalise
from qingliu.lake.storage import Storage
from qingliu.pipeline import actions, jobs, queries
from qingliu.privacy import jobs as privacy
from qingliu.quality import jobs as judging
from qingliu.quality import queries as quality
from qingliu.standards.content_rules import register

log = logging.getLogger("qingliu.worker")
BEAT_S = 10.0
LOOK_S = 1.0
REGISTER_S = 60.0  # the same of the register of standards and of both languages
JUDGE_S = 20.0  # how often it is asked whether something is due to be judged
WATCH_S = 60.0  # how often alarms are looked for
AGAIN_S = 600.0  # an approved draft that was queued and did not come to its end is queued again
RECENT = 16  # deliveries whose datasets are kept in mind
TIDY_HOUR = 3  # Asia/Taipei, when few look


class Schedule:
    """What is due when. Time is passed in, so that a test can turn the clock."""

    def __init__(self) -> None:
        self._beat_at = 0.0
        self._tidied: date | None = None
        self._watched_at = 0.0
        self._judged_at = 0.0
        self._judging = ""
        self._registered_at = 0.0
        self._registering = ""
        self._drafts: dict[str, float] = {}

    def tick(self, monotonic_s: float) -> None:
        """Beat if it is time, and put what is due into the queue."""
        if monotonic_s - self._beat_at >= BEAT_S or not self._beat_at:
            accounts.export_keys()
            actions.watch_sources()
            know_recent()
            self._beat_at = monotonic_s
        for source in queries.due_sources(now()):
            actions.note_queued(code=source.dataset.code)
            async_task(jobs.look, source.dataset.code, task_name=f"look {source.dataset.code}"[:100])
        self._desk(monotonic_s)
        self._judges(monotonic_s)
        self._registers(monotonic_s)
        local = now().astimezone(TAIPEI)
        if local.hour == TIDY_HOUR and self._tidied != local.date():
            self._tidied = local.date()
            async_task(jobs.tidy, task_name="tidy")
            async_task(jobs.maintain, task_name="maintain")
            async_task(privacy.remind, task_name="reviews")
            async_task(nightly.bulk, task_name="bulk")
            if settings.QINGLIU.check_links:
                async_task(judging.check_links, task_name="check links")

    def _judges(self, monotonic_s: float) -> None:
        """What was published, declared anew or not judged for long; one job at a time."""
        if self._judged_at and monotonic_s - self._judged_at < JUDGE_S:
            return
        if self._judging and fetch(self._judging) is None and monotonic_s - self._judged_at < AGAIN_S:
            return
        self._judged_at = monotonic_s
        self._judging = async_task(judging.judge_due, task_name="judge") if quality.due(now()) else ""

    def _registers(self, monotonic_s: float) -> None:
        """What is to be judged by the register of standards and in both languages; one job at a time."""
        if self._registered_at and monotonic_s - self._registered_at < REGISTER_S:
            return
        if self._registering and fetch(self._registering) is None and monotonic_s - self._registered_at < AGAIN_S:
            return
        self._registered_at = monotonic_s
        self._registering = async_task(registers.judge_due, task_name="registers") if registers.due() else ""

    def _desk(self, monotonic_s: float) -> None:
        """Alarms, mask rules that came later, and approved drafts that no page carries out."""
        # not with the first breath, when sources have yet to be asked
        self._watched_at = self._watched_at or monotonic_s
        if monotonic_s - self._watched_at >= WATCH_S:
            self._watched_at = monotonic_s
            async_task(jobs.watch, task_name="watch")
            if actions.overdue():
                async_task(jobs.withhold, task_name="withhold")
        waiting = [str(d.id) for d in queries.drafts(state="approved")]
        self._drafts = {d: t for d, t in self._drafts.items() if d in waiting and monotonic_s - t < AGAIN_S}
        for draft in waiting:
            if draft not in self._drafts:
                self._drafts[draft] = monotonic_s
                async_task(jobs.carry_out, draft, task_name=f"draft {draft}"[:100])


def warm() -> None:
    """Read beforehand what every delivery reads: commands that are handed over, and the jobs, are forked from here."""
    try:
        iceberg.load(Storage(queries.paths()))
        register()
        normalise("臺")
        know_recent()
    except Exception:  # an edge: what is broken here is told by the delivery that needs it
        log.exception("not everything could be read beforehand; deliveries read it themselves")


def know_recent() -> None:
    """Know the definitions of what was delivered last, as it is what comes next."""
    for run in queries.runs()[:RECENT]:
        with suppress(QingliuError):  # a delivery of it says why
            catalogue.definition(run.dataset)


def work(parent: int, perform: Callable[[Sequence[str]], int]) -> int:
    """Run until told to stop, or until the process ``parent`` (0 = nobody) is no longer ours.

    ``perform`` carries out the commands that are handed over to this process.
    """
    wiring.connect()
    wiring.connect_judges(settings.QINGLIU)
    mended = actions.reconcile(by=WORKER)
    if any((mended.finished, mended.discarded, mended.published, mended.busy)):
        log.info("reconciled: %s", mended)
    stopping: list[int] = []
    warm()
    connections.close_all()
    gc.collect()
    gc.freeze()  # the processes below share what is loaded by now: a collector that visited it would copy it for each
    cluster = Cluster()
    cluster.start()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.append(number)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    schedule = Schedule()
    door = handing.Door(settings.QINGLIU, lambda argv: _handed(perform, argv), connections.close_all)
    while not stopping and (not parent or os.getppid() == parent):
        close_old_connections()
        try:
            schedule.tick(time.monotonic())
        except (DatabaseError, OSError):  # an edge: a full disk or a busy database must not stop the heart for good
            log.exception("the schedule could not go on; trying again")
        door.wait(LOOK_S)
    door.close()
    cluster.stop()
    return 0


def _handed(perform: Callable[[Sequence[str]], int], argv: Sequence[str]) -> int:
    """Carry out a command that was handed over. It tells its steps itself: they are no lines of the worker's log."""
    logging.getLogger("qingliu.runs").setLevel(logging.WARNING)
    return perform(argv)
