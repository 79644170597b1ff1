"""Comparing a draft with what is published, for the person who is to approve it: kept beside the draft, made anew when stale."""

from __future__ import annotations

import hashlib
import logging
import shutil
import tempfile
from pathlib import Path

from django.conf import settings

from qingliu.catalog import queries as catalogue
from qingliu.catalog.models import Dataset
from qingliu.catalog.rules import as_decided
from qingliu.core import codec
from qingliu.core.dataset import Definition, VersionRecord
from qingliu.core.errors import QingliuError
from qingliu.core.records import Finding
from qingliu.lake import ingest
from qingliu.lake.rehearse import Rehearsed, rehearse
from qingliu.pipeline import queries, readers
from qingliu.pipeline.actions import content, finish
from qingliu.pipeline.looks import Comparison
from qingliu.pipeline.models import Draft
from qingliu.privacy import actions as privacy
from qingliu.privacy import queries as privacy_queries
from qingliu.standards import definition as standard

log = logging.getLogger(__name__)
FILE = "comparison.json"


def compared(draft: Draft) -> Comparison:
    """What the draft's rows would make of the newest version. What cannot be compared is told, not raised."""
    definition = standard.loads(draft.definition)
    base = catalogue.newest_version(draft.code) if Dataset.objects.filter(code=draft.code).exists() else None
    made_of = _made_of(draft, definition, base)
    path = queries.draft_folder(draft) / FILE
    kept = codec.from_json(Comparison, path.read_text(encoding="utf-8")) if path.is_file() else None
    if kept and kept.made_of == made_of:
        return kept
    made = _made(draft, definition, base, made_of)
    path.touch(mode=0o600)
    path.write_text(codec.to_json(made), encoding="utf-8")
    return made


def _made_of(draft: Draft, definition: Definition, base: VersionRecord | None) -> str:
    """Everything on which the comparison rests: definition, files, version, and the rules by which cells are masked."""
    parts = (
        draft.definition,
        draft.files,
        base.content_hash if base else "",
        privacy_queries.signature(definition.dataset),
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _made(draft: Draft, definition: Definition, base: VersionRecord | None, made_of: str) -> Comparison:
    number = base.number if base else None
    files = queries.draft_files(draft)
    if not files:
        return Comparison(made_of, number)
    work = Path(tempfile.mkdtemp(prefix="compare-", dir=queries.draft_folder(draft)))
    try:
        rows = _rows(draft, definition, base, work)
        return Comparison(made_of, number, rows, large=rows is None)
    except Exception as error:  # an edge: the draft can be decided on without the comparison, which says what failed
        if not isinstance(error, QingliuError):
            log.error("draft %s cannot be compared: %s", draft.id, type(error).__name__)
        told = error if isinstance(error, QingliuError) else finish.as_told(error)
        problem = Finding(told.code, told.parameter, told.reason, told.remedy, "warning")
        return Comparison(made_of, number, problem=problem)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _rows(draft: Draft, definition: Definition, base: VersionRecord | None, work: Path) -> Rehearsed | None:
    """The rows as they would be published, against those that are; None where there are too many to wait for."""
    record, mine = definition.dataset, settings.QINGLIU
    inputs = readers.read(queries.draft_files(draft), definition.read, work / "read")
    staged = ingest.shape(
        record, definition.read, inputs, work / "shape",
        memory_limit=mine.publish_memory, threads=mine.engine_threads,
    )  # fmt: skip
    if staged.rows > content.ROWS:
        return None
    screened, _ = privacy.foresee(record=record, staged=staged.path, workdir=work / "mask")
    return rehearse(
        record, screened.path, base=base, root=queries.paths().root, workdir=work / "rehearse",
        decided=as_decided(catalogue.standing(draft.code, record)) if base else (),
    )  # fmt: skip
