"""What the queue runs. Each job may be delivered twice: a run is idempotent, and its lock lets one go at a time."""

from __future__ import annotations

import logging

from qingliu.accounts.rules import WORKER
from qingliu.core.errors import QingliuError
from qingliu.pipeline import actions, queries

log = logging.getLogger(__name__)


def look(code: str) -> str:
    """Look at a dataset's source; answers how it ended. A source's told error is kept with it and fails no job."""
    try:
        run = actions.run_source(code=code, by=WORKER)
    except QingliuError as error:
        return f"{code}: {error.code}"
    return f"{code}: {run.state if run else 'unchanged'}"


def tidy() -> int:
    """Once a day: remove expired quarantine and held deliveries, mend what a crash left."""
    actions.reconcile(by=WORKER)
    removed = actions.expire(by=WORKER) + actions.expire_drafts()
    log.info("removed %d expired private files", removed)
    return removed


def watch() -> int:
    """Open and close alarms and mail what is new; answers how many mails went."""
    actions.watch_alarms(by=WORKER)
    return actions.mail_alarms(by=WORKER)


def withhold() -> int:
    """Bring under the mask rules in force what was published under others; answers how many datasets."""
    late = actions.overdue()
    for code in late:
        try:
            done = actions.withhold(code=code, reason="policy", by=WORKER)
        except QingliuError as error:
            log.error("%s could not be brought under the mask rules: %s", code, error)
            continue
        log.info("%s: %d cells withheld in %d versions", code, done.cells, len(done.versions))
    return len(late)


def carry_out(draft_id: str) -> str:
    """Carry out an approved draft that was too large for the page that approved it, or that a crash left."""
    return str(actions.carry_out(queries.draft(draft_id)).state)


def maintain() -> int:
    """Once a day: compact, expire and verify every dataset; answers how many findings there were, each in the log."""
    count = 0
    for code in queries.tables():
        try:
            kept = actions.maintain(code=code, by=WORKER)
        except QingliuError as error:  # one dataset's trouble must not keep the others from being looked after
            log.error("maintenance of %s stopped: %s", code, error)
            count += 1
            continue
        for found in kept.findings:
            log.error("maintenance of %s: %s %s", code, found.place, found.reason.en)
        count += len(kept.findings)
    return count
