"""After a crash: every run that stopped on its way is finished or thrown away, and readers see what the rows say."""

from __future__ import annotations

import shutil
import uuid
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from qingliu.accounts.rules import Actor, require
from qingliu.catalog import publication
from qingliu.core.clock import now
from qingliu.core.dataset import Text
from qingliu.core.errors import QingliuError
from qingliu.pipeline import locks, queries
from qingliu.pipeline.actions import finish
from qingliu.pipeline.rules import State

KEPT = timedelta(days=30)  # quarantine and held deliveries


@dataclass(frozen=True, slots=True)
class Mended:
    """What a reconcile did: runs finished, runs thrown away, datasets published again, datasets that were busy."""

    finished: tuple[str, ...] = ()
    discarded: tuple[str, ...] = ()
    published: tuple[str, ...] = ()
    busy: tuple[str, ...] = ()


def settle(code: str) -> tuple[list[str], list[str]]:
    """Bring every stopped run of a dataset to an end: ids (finished, discarded). Its run lock is held by the caller."""
    done, gone = [], []
    for run in queries.unfinished(code):
        by = finish.same_actor(run.by)
        if run.state == State.RECORDED:
            finish.publish(run, by=by)
            done.append(str(run.id))
        elif run.state == State.COMMITTING and finish.settle_commit(run, by=by):
            done.append(str(run.id))
        else:
            finish.close(run, State.FAILED, by=by, error=_interrupted())
            gone.append(str(run.id))
    return done, gone


def reconcile(*, by: Actor) -> Mended:
    """Finish or discard whatever a crash left, of every dataset that nobody is working on; may be repeated at will."""
    require(by, "maintain")
    done: list[str] = []
    gone: list[str] = []
    busy: list[str] = []
    for code in dict.fromkeys(queries.unfinished().values_list("dataset__code", flat=True)):
        with locks.dataset(queries.paths(), code, wait=False) as held:
            if not held:
                busy.append(code)
                continue
            finished, discarded = settle(code)
            done += finished
            gone += discarded
    late = publication.behind()
    if late:
        publication.publish(late)
    _sweep()
    return Mended(tuple(done), tuple(gone), tuple(late), tuple(busy))


def expire(*, by: Actor) -> int:
    """Remove quarantine files and held deliveries older than thirty days; how many went."""
    require(by, "maintain")
    before = now() - KEPT
    removed = 0
    for run in queries.runs().filter(started_at__lt=before).exclude(quarantine=""):
        for path in queries.paths().quarantine.glob(f"{run.id}*.parquet"):
            path.unlink()
            removed += 1
    for run in queries.runs(state=State.HELD).filter(started_at__lt=before):
        with locks.dataset(queries.paths(), run.dataset.code):
            run.refresh_from_db()
            if run.state == State.HELD:
                finish.close(run, State.REJECTED, by=by, error=_expired())
                removed += 1
    return removed


def _sweep() -> None:
    """Remove staging folders that no run needs: the run has ended, or there never was one."""
    root = queries.paths().staging
    folders = (
        [f for f in root.iterdir() if _is_run(f)] if root.is_dir() else []
    )  # listed first: a new run has its row first
    needed = {str(i) for i in queries.runs().filter(state=State.HELD).values_list("id", flat=True)}
    needed |= {str(i) for i in queries.unfinished().values_list("id", flat=True)}
    for folder in folders:
        if folder.name not in needed:
            shutil.rmtree(folder, ignore_errors=True)


def _is_run(folder: Path) -> bool:
    try:
        return folder.is_dir() and bool(uuid.UUID(folder.name))
    except ValueError:
        return False


def _interrupted() -> QingliuError:
    return QingliuError(
        Text(
            "執行中斷，沒有發布；原有版本照常提供。",
            "The run was interrupted; nothing was published, the old version stays.",
        ),
        Text("請重送。", "Send it again."),
    )


def _expired() -> QingliuError:
    return QingliuError(
        Text("暫緩超過三十天，已清除。", "Held for more than thirty days; removed."),
        Text("請重送。", "Send it again."),
    )
