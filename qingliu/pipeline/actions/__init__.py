"""Writes of the pipeline: publish a delivery, fetch a source, release or reject what is held, mend after a crash."""

from qingliu.pipeline.actions.deliver import run_delivery
from qingliu.pipeline.actions.hold import reject, release
from qingliu.pipeline.actions.mend import expire, reconcile
from qingliu.pipeline.actions.source import note_queued, run_source, watch_sources
from qingliu.pipeline.actions.upkeep import backup, maintain, verify

__all__ = [
    "backup",
    "expire",
    "maintain",
    "note_queued",
    "reconcile",
    "reject",
    "release",
    "run_delivery",
    "run_source",
    "verify",
    "watch_sources",
]
