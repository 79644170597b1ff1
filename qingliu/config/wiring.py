"""Connects rooms that must not know each other: who listens to which event in a process without a terminal."""

from __future__ import annotations

import logging

from qingliu.core import events

log = logging.getLogger("qingliu.runs")


def log_step(step: events.RunStep) -> None:
    """One line in the log for each step of a run."""
    log.info("run %s of %s: %s %s", step.run_id, step.code, step.step, step.note)


def connect() -> None:
    """Connect the listeners of a worker process; may be called twice."""
    events.listen(events.RunStep, log_step)
