"""Connects rooms that must not know each other: who listens to which event, and which engine the pages read through."""

from __future__ import annotations

import logging

from qingliu.api.cache import ResponseCache
from qingliu.config.data_api import App, make_data_api
from qingliu.core import events
from qingliu.core.env import Settings
from qingliu.lake.engine import Engine
from qingliu.participation import queries as requests
from qingliu.quality import replies, served
from qingliu.web import lakeside

log = logging.getLogger("qingliu.runs")


def log_step(step: events.RunStep) -> None:
    """One line in the log for each step of a run."""
    log.info("run %s of %s: %s %s", step.run_id, step.code, step.step, step.note)


def connect() -> None:
    """Connect the listeners of a worker process; may be called twice."""
    events.listen(events.RunStep, log_step)


def connect_judges(settings: Settings) -> None:
    """Let the judges of this process ask its own data API, which opens at the first judgement and keeps no answers, and
    how requests were answered."""
    opened: list[App] = []

    def give() -> App:
        if not opened:
            opened.append(make_data_api(settings, cache=ResponseCache(max_bytes=0)))
        return opened[0]

    served.use(give)
    connect_requests()


def connect_pages(engine: Engine) -> None:
    """Let the pages of this process read through the engine that its data API uses."""
    lakeside.use(lambda: engine)
    connect_requests()  # what a draft may expect of the seventh indicator


def connect_requests() -> None:
    """Let the judges of this process know how requests from the public were answered."""
    replies.use(requests.feedback)
