"""Reads of runs and sources, as rows and as the frozen values that rules work on."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Q, QuerySet

from qingliu.catalog.models import Dataset
from qingliu.core import codec
from qingliu.core.dataset import Text
from qingliu.core.errors import NotFound
from qingliu.core.records import Balance, Verdict
from qingliu.lake import peek
from qingliu.lake.paths import LakePaths
from qingliu.pipeline.looks import Preview
from qingliu.pipeline.models import Alarm, Draft, Proposal, Run, Source
from qingliu.pipeline.rules import SETTLED, UNFINISHED, Seen

PREVIEW_FILE, ROWS_FILE = "preview.json", "rows.parquet"
QUEUE_PATIENCE = timedelta(hours=3)  # longer than any job: a queued look that never came is asked for again


def paths() -> LakePaths:
    """The map of this portal's home."""
    return LakePaths(settings.QINGLIU.home)


def runs(*, dataset: str = "", state: str = "", agency: str = "") -> QuerySet[Run]:
    """Runs that match every given word, newest first."""
    given = {"dataset__code": dataset, "state": state, "dataset__agency__code": agency}
    return Run.objects.select_related("dataset", "dataset__agency").filter(**{k: v for k, v in given.items() if v})


def run(run_id: str) -> Run:
    """The run of that id, or the only one whose id begins so (at least four characters). Raises NotFound."""
    text = run_id.strip().lower().replace("-", "")
    if len(text) >= 4 and all(c in "0123456789abcdef" for c in text):
        exact = Run.objects.select_related("dataset", "dataset__agency")
        low = uuid.UUID(text.ljust(32, "0")[:32])
        high = uuid.UUID(text.ljust(32, "f")[:32])
        found = list(exact.filter(id__gte=low, id__lte=high)[:2])
        if len(found) == 1:
            return found[0]
    raise NotFound(
        Text(f"沒有編號為「{run_id[:40]}」的執行紀錄。", f"No run (or more than one) has the id '{run_id[:40]}'."),
        Text("以 qingliu runs 查看編號。", "See the ids with: qingliu runs."),
        parameter="run",
    )


def unfinished(dataset: str = "") -> QuerySet[Run]:
    """Runs that have not come to an end, oldest first."""
    found = runs(dataset=dataset).filter(state__in=UNFINISHED)
    return found.order_by("started_at")


def last_settled(dataset: str) -> Run | None:
    """The last run whose delivery the dataset now equals: published, or found to change nothing."""
    return runs(dataset=dataset).filter(state__in=SETTLED).exclude(fingerprint="").order_by("-finished_at").first()


def last_seen(dataset: str) -> Seen | None:
    """The shape of the last delivery that was accepted; None before the first."""
    found = runs(dataset=dataset).filter(state__in=SETTLED, seen__isnull=False).order_by("-finished_at").first()
    return codec.from_plain(Seen, found.seen) if found else None


def verdicts(row: Run) -> tuple[Verdict, ...]:
    """What the judges said of a run."""
    return tuple(codec.from_plain(Verdict, v) for v in row.verdicts)


def balance(row: Run) -> Balance | None:
    """The balance of a run; None before it was counted."""
    return codec.from_plain(Balance, row.balance)


def quarantine_file(row: Run) -> Path | None:
    """The private Parquet file of what did not fit; None where everything did, or where it has expired."""
    path = paths().quarantine / row.quarantine if row.quarantine else None
    return path if path and path.is_file() else None


def due_sources(now: datetime) -> list[Source]:
    """Sources that are to be looked at now and do not wait in the queue already, longest waiting first."""
    waiting = Source.objects.select_related("dataset").filter(due_at__lte=now)
    return list(waiting.filter(Q(queued_at=None) | Q(queued_at__lt=now - QUEUE_PATIENCE)).order_by("due_at"))


def tables() -> list[str]:
    """Codes of every dataset that has a version, by code."""
    found = Dataset.objects.filter(kind=Dataset.Kind.TABLE, current__isnull=False)
    return list(found.order_by("code").values_list("code", flat=True))


def drafts(*, agencies: Sequence[str] | None = None, state: str = "") -> QuerySet[Draft]:
    """Drafts of these agencies (None = all), newest change first."""
    found = Draft.objects.select_related("agency", "run")
    found = found if agencies is None else found.filter(agency__code__in=agencies)
    return found.filter(state=state) if state else found


def draft(draft_id: str) -> Draft:
    """The draft of that id. Raises NotFound; whoever asks checks that it may be seen."""
    try:
        found = drafts().filter(id=uuid.UUID(str(draft_id))).first()
    except ValueError:
        found = None
    if found is None:
        raise NotFound(
            Text("找不到這份草稿，或它不屬於您的機關。", "There is no such draft, or it is not of your agency."),
            Text("請從「我的資料集」選取。", "Choose one on the desk."),
            parameter="draft",
        )
    return found


def free_code(base: str) -> str:
    """``base``, or ``base`` with the first number that no dataset's code has."""
    number, code = 1, base
    while Dataset.objects.filter(code=code).exists():
        number += 1
        code = f"{base}_{number}"
    return code


def draft_folder(row: Draft) -> Path:
    """The private folder of a draft; made where it is not there yet."""
    folder = paths().drafts / str(row.id)
    for part in (folder.parent, folder):
        part.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def draft_files(row: Draft) -> list[Path]:
    """The files of a draft that are still here, in the order of their upload."""
    found = [draft_folder(row) / f["stored"] for f in row.files]
    return [f for f in found if f.is_file()]


def preview(row: Draft) -> Preview | None:
    """What was last seen of a draft; None before its first look."""
    path = draft_folder(row) / PREVIEW_FILE
    return codec.from_json(Preview, path.read_text(encoding="utf-8")) if path.is_file() else None


def draft_rows(row: Draft, seen: Preview, *, offset: int, limit: int, found_only: bool = False) -> peek.Peeked:
    """Some rows of a draft as they were last read, those with findings first."""
    path = draft_folder(row) / ROWS_FILE
    if not path.is_file():
        return peek.Peeked(0, 0, ())
    return peek.page(path, seen.columns, offset=offset, limit=limit, found_only=found_only)


def proposals(row: Draft) -> QuerySet[Proposal]:
    """The changes of a draft that stand, in their order."""
    return Proposal.objects.filter(draft=row, undone_at=None)


def alarms(*, agencies: Sequence[str] | None = None) -> QuerySet[Alarm]:
    """Alarms that are open, newest first."""
    found = Alarm.objects.filter(closed_at=None).select_related("dataset", "dataset__agency")
    return found if agencies is None else found.filter(dataset__agency__code__in=agencies)
