"""Writes of the pipeline: publish a delivery, fetch a source, release or reject what is held, mend after a crash."""

from qingliu.pipeline.actions.alarms import mail_alarms, watch_alarms
from qingliu.pipeline.actions.approve import (
    PLACEHOLDER,
    alone,
    approve,
    carry_out,
    lacking,
    may_be_decided_by,
    submit,
    take_back,
    turn_down,
)
from qingliu.pipeline.actions.compare import compared
from qingliu.pipeline.actions.correct import correct
from qingliu.pipeline.actions.deliver import run_delivery
from qingliu.pipeline.actions.draft import (
    Upload,
    begin,
    change,
    drop,
    expire_drafts,
    keep_note,
    remedy,
    replace_files,
    reread,
    take_all,
    undo,
)
from qingliu.pipeline.actions.gate import look as look_masked
from qingliu.pipeline.actions.gate import scan
from qingliu.pipeline.actions.gate import tell_all as tell_masking
from qingliu.pipeline.actions.guessing import guesses
from qingliu.pipeline.actions.hold import may_release, reject, release
from qingliu.pipeline.actions.mend import expire, reconcile
from qingliu.pipeline.actions.preview import current as current_preview
from qingliu.pipeline.actions.redact import Withheld, overdue, search, withhold
from qingliu.pipeline.actions.reinstate import look_soon, reinstate
from qingliu.pipeline.actions.repair import repaired_copy
from qingliu.pipeline.actions.source import note_queued, run_source, watch_sources
from qingliu.pipeline.actions.upkeep import backup, maintain, verify

__all__ = [
    "PLACEHOLDER",
    "Upload",
    "Withheld",
    "alone",
    "approve",
    "backup",
    "begin",
    "carry_out",
    "change",
    "compared",
    "correct",
    "current_preview",
    "drop",
    "expire",
    "expire_drafts",
    "guesses",
    "keep_note",
    "lacking",
    "look_masked",
    "look_soon",
    "mail_alarms",
    "maintain",
    "may_be_decided_by",
    "may_release",
    "note_queued",
    "overdue",
    "reconcile",
    "reinstate",
    "reject",
    "release",
    "remedy",
    "repaired_copy",
    "replace_files",
    "reread",
    "run_delivery",
    "run_source",
    "scan",
    "search",
    "submit",
    "take_all",
    "take_back",
    "tell_masking",
    "turn_down",
    "undo",
    "verify",
    "watch_alarms",
    "watch_sources",
    "withhold",
]
