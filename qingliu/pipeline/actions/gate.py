"""A run before the privacy gate: staged rows are masked or held, and what the gate did stands with the run."""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

from qingliu.accounts.rules import Actor, require
from qingliu.catalog import queries as catalogue
from qingliu.catalog.models import Dataset
from qingliu.core import codec
from qingliu.core.clock import TAIPEI
from qingliu.core.dataset import DatasetRecord, Text
from qingliu.core.errors import Conflict
from qingliu.core.records import Balance, CellBalance, Finding, Verdict
from qingliu.lake.disclosed import disclosed
from qingliu.pipeline import queries, rules
from qingliu.pipeline.looks import Masked, Outlook
from qingliu.pipeline.models import Run
from qingliu.pipeline.rules import State
from qingliu.privacy import actions as privacy
from qingliu.privacy import queries as privacy_queries

HELD_FILE = "held.parquet"
log = logging.getLogger(__name__)


def withholds(row: Dataset) -> bool:
    """Whether anything of a dataset's rows may be withheld: it is held, has sensitive columns, or sites are restricted."""
    sensitive = any(f.sensitivity != "none" for f in catalogue.definition(row).dataset.fields)
    return row.status == Dataset.Status.HELD or sensitive or privacy_queries.list_in_force() is not None


def screen(run: Run, record: DatasetRecord, staged: Path) -> privacy.Screened:
    """Let the gate look through staged rows; what it did stands in the run and in its balance."""
    screened = privacy.screen(record=record, staged=staged, run_id=str(run.id))
    run.masking = codec.to_plain(screened.masking)
    before = queries.balance(run) or Balance(0)
    counted = replace(before, cells=rules.masked(before.cells, dict(screened.masking.columns)))
    run.balance = codec.to_plain(counted)
    return screened


def passed(run: Run, record: DatasetRecord, staged: Path) -> Path:
    """The staged rows as they may be published. Raises Conflict where the gate holds them, and the run says why."""
    screened = screen(run, record, staged)
    others = tuple(v for v in queries.verdicts(run) if v.judge != rules.PRIVACY)
    run.verdicts = [codec.to_plain(v) for v in (*others, screened.verdict)]
    run.save()
    if screened.verdict.outcome == "publish":
        return screened.path
    raise _held(screened.verdict)


def outlook(record: DatasetRecord, staged: Path, work: Path, located: Path | None = None) -> Outlook | None:
    """What the gate would say of a draft's rows, and how their masked cells would look; None where it cannot be told.

    ``located``: the rows with their lines, for saying where a text stands.
    """
    try:
        screened, cells = privacy.foresee(record=record, staged=staged, workdir=work)
        wanted = {f.name for f in record.fields if f.sensitivity != "none"} | {c for c, _ in screened.masking.columns}
        texts = disclosed(record, staged, screened.path, tuple(wanted), located)
    except (
        Exception
    ) as error:  # an edge: a preview without the gate's words is still a preview; the gate itself is not passed
        log.error("privacy of a draft of %s cannot be foreseen: %s", record.code, type(error).__name__)
        return None
    shown = tuple(Masked(c.row, c.column, c.before, c.after) for c in cells)
    return Outlook(screened.verdict.findings, screened.masking.columns, shown, screened.masking.signature, texts)


def _held(verdict: Verdict) -> Conflict:
    first = next(f for f in verdict.findings if f.severity in {"hold", "reject"})
    return Conflict(first.reason, first.remedy, parameter=first.place)


def cells(run: Run) -> tuple[CellBalance, ...]:
    """The cell balance of a run as it stands."""
    counted = queries.balance(run)
    return counted.cells if counted else ()


def masking(run: Run) -> privacy.Masking:
    """What the gate did to a run's rows."""
    return codec.from_plain(privacy.Masking, run.masking) or privacy.Masking()


def tell(run: Run) -> None:
    """Say in public what is masked in the dataset that a run brought up to date."""
    record = catalogue.published_record(catalogue.dataset(run.dataset.code))  # the run's own row is older than this
    version = catalogue.newest_version(run.dataset.code)
    if record is not None and version is not None and run.finished_at is not None:
        day = run.finished_at.astimezone(TAIPEI).date().isoformat()
        privacy.tell(record=record, version=version, rules=masking(run).rules, passed_on=day)


def tell_all() -> None:
    """The same for every published dataset, after the published catalogue was built from nothing."""
    for code in queries.tables():
        newest = queries.runs(dataset=code, state=State.PUBLISHED).exclude(version=None).first()
        if newest is not None:
            tell(newest)


def scan(*, code: str, by: Actor, earlier: bool = False) -> tuple[Verdict, privacy.Masking]:
    """What the rules in force would still mask or hold in the rows that are published now (``earlier``: in every kept
    version). Nothing is changed."""
    row = catalogue.dataset(code)
    require(by, "private", agency=row.agency.code)
    version = catalogue.newest_version(row.code)
    record = catalogue.definition(row).dataset
    if version is None:
        return Verdict(rules.PRIVACY), privacy.Masking()
    found: list[Finding] = []
    columns: Counter[str] = Counter()
    rows = 0
    versions = [v for v in catalogue.versions(row.code) if v.kept] if earlier else [version]
    files = {f.path: f for v in versions for f in v.files}
    for number, file in enumerate(files.values()):
        run_id = f"scan-{row.code.lower()}-{number}"
        try:
            seen = privacy.screen(record=record, staged=queries.paths().resolve(file.path), run_id=run_id)
        finally:
            shutil.rmtree(queries.paths().staging / run_id, ignore_errors=True)
        found += seen.verdict.findings
        columns.update(dict(seen.masking.columns))
        rows += seen.masking.rows
    masking = privacy.Masking(rows=rows, cells=sum(columns.values()), columns=tuple(sorted(columns.items())))
    return Verdict(rules.PRIVACY, tuple(found)), masking


def look(*, run_id: str, by: Actor, limit: int = 100) -> tuple[privacy.Shown, ...]:
    """Cells of a held delivery before and after the rules in force, for those who may see them. Raises Conflict where
    nothing is held any more."""
    run = queries.run(run_id)
    require(by, "private", agency=run.dataset.agency.code)
    staged = queries.paths().staging / str(run.id) / HELD_FILE
    if run.state != State.HELD or not staged.is_file():
        raise Conflict(
            Text("此次執行沒有暫緩的資料。", "This run holds no rows."),
            Text("以 qingliu runs 查看暫緩的執行。", "See what is held with: qingliu runs --state held."),
        )
    try:
        return privacy.look(
            record=catalogue.definition(run.dataset).dataset, staged=staged, run_id=str(run.id),
            agency=run.dataset.agency.code, by=by, limit=limit,
        )  # fmt: skip
    finally:
        shutil.rmtree(queries.paths().staging / str(run.id) / "mask", ignore_errors=True)
