"""Has the rows of a dataset's current version checked: the engine looks, the content rules say what it means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from qingliu.core.dataset import DatasetRecord, Text, VersionRecord
from qingliu.core.errors import Damaged, NotFound
from qingliu.core.records import Finding
from qingliu.lake import checks
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import Entry, Published
from qingliu.lake.sound import Soundness
from qingliu.quality.rules import content
from qingliu.standards import content_rules, outlines

VIEW = Text("這是檢視表，內容品質見其來源資料集。", "This is a view; see the contents of the dataset that it shows.")


@dataclass(frozen=True, slots=True)
class Means:
    """What a look may use. Memory as the engine writes it ("900MB")."""

    paths: LakePaths
    published: Published
    memory: str
    threads: int


@dataclass(frozen=True, slots=True)
class Looked:
    """The findings, and what could not be looked at."""

    findings: tuple[Finding, ...] = ()
    skipped: tuple[Text, ...] = ()


def look(entry: Entry, means: Means, moment: datetime) -> Looked:
    """The findings in the rows of a published dataset; a view has none of its own, a damaged file is told as such."""
    record, version = entry.record, entry.current
    if record.view is not None:
        return Looked(skipped=(VIEW,))
    if version is None or not version.kept:
        return Looked()
    masters = {e.code: (e.record, e.current) for e in _masters(record, means.published) if e.current is not None}
    wall = moment.astimezone(ZoneInfo(record.timezone)).replace(tzinfo=None)
    plan = content.plan(record, now=wall, areas=outlines.counties(), references=tuple(masters))
    try:
        sound = Soundness(means.paths.root)
        for one in (version, *(v for _, v in masters.values())):
            sound.check(one.code, one.files)
    except Damaged as error:
        return Looked(skipped=(Text(f"內容未檢查：{error.reason.zh}", f"Contents not checked: {error.reason.en}"),))
    subject = checks.subject(means.paths, record, version, _quarantine(record, means))
    results = checks.run(
        subject, plan, masters={code: checks.subject(means.paths, r, v) for code, (r, v) in masters.items()},
        workdir=means.paths.staging, memory_limit=means.memory, threads=means.threads,
    )  # fmt: skip
    return Looked(content.findings(record, results), tuple(_unmeasured(content.unmeasured(results))))


def _masters(record: DatasetRecord, published: Published) -> Iterable[Entry]:
    for code in dict.fromkeys(r.dataset for r in record.references):
        try:
            entry = published.get(code)
        except NotFound:
            continue
        if entry.status == "published":
            yield entry


def _quarantine(record: DatasetRecord, means: Means) -> tuple[Path, ...]:
    """Quarantine files of the runs that made the kept versions, where they are still kept."""
    versions: tuple[VersionRecord, ...] = means.published.versions(record.code)
    made = versions[:1] if record.mode == "snapshot" else versions
    found = (means.paths.quarantine / f"{v.run_id}.parquet" for v in made)
    return tuple(p for p in found if p.is_file())


def _unmeasured(rules: Iterable[str]) -> Iterable[Text]:
    known = content_rules.register()
    for rule in dict.fromkeys(rules):
        title = known[rule].title if rule in known else Text(rule, rule)
        yield Text(f"內容規則「{title.zh}」無法檢測。", f"The content rule '{title.en}' could not be measured.")
