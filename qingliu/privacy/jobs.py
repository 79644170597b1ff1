"""What the queue runs for the privacy room."""

from __future__ import annotations

import logging

from qingliu.accounts.rules import WORKER
from qingliu.core.clock import TAIPEI, now
from qingliu.privacy import actions

log = logging.getLogger(__name__)


def remind() -> int:
    """Once a day: raise the alarm about reviews that are due; how many are new."""
    fresh = actions.alarm(today=now().astimezone(TAIPEI).date(), by=WORKER)
    for review in fresh:
        log.warning("privacy review due since %s: %s %s", review.review_on, review.kind, review.name)
    return len(fresh)
