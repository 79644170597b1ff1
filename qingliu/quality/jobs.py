"""What the queue runs for quality. Each job may be delivered twice: judging again what is judged only confirms it."""

from __future__ import annotations

import logging

from qingliu.accounts.rules import WORKER
from qingliu.catalog import queries as catalogue
from qingliu.core.clock import now
from qingliu.core.errors import QingliuError
from qingliu.quality import actions, queries

log = logging.getLogger(__name__)
AT_ONCE = 50  # datasets of one job, so that sources are not kept waiting in the queue


def judge_due() -> int:
    """Judge what is due: newly published, differently declared, under a new edition, or not looked at for long."""
    codes = queries.due(now())
    listed = set(catalogue.listed().values_list("code", flat=True))
    own = [c for c in codes if c not in listed or catalogue.datasets().filter(code=c).exists()][:AT_ONCE]
    judged = 0
    rest = [c for c in codes if c in listed and c not in own]
    for part in (*([c] for c in own), rest):
        try:
            judged += len(actions.judge_all(codes=part, by=WORKER)) if part else 0
        except QingliuError as error:  # gone since it was found due: the others go on
            log.error("judging %s stopped: %s", ", ".join(part[:3]), error)
    return judged


def check_links() -> int:
    """Look at the addresses outside that are due; how many."""
    return len(actions.check_links(by=WORKER))
