"""Rolling back without rewriting history: an earlier version's rows become the next version."""

from __future__ import annotations

from qingliu.accounts.rules import Actor, require
from qingliu.catalog import queries as catalogue
from qingliu.catalog.models import Dataset
from qingliu.core import codec
from qingliu.core.clock import now
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest, Conflict, NotFound
from qingliu.core.records import Balance
from qingliu.lake import earlier
from qingliu.pipeline import locks, queries
from qingliu.pipeline.actions import deliver, finish, gate, mend
from qingliu.pipeline.models import Run, Source
from qingliu.pipeline.rules import State


def reinstate(*, code: str, number: int, reason: str, by: Actor) -> Run:
    """Publish the rows of version ``number`` again, as a new version; nothing that was published changes.

    They pass the privacy gate as it stands now. Raises Forbidden, NotFound, Conflict (other columns since then; nothing
    is published now).
    """
    row = catalogue.dataset(code)
    require(by, "approve", agency=row.agency.code)
    deliver.check_table(row)
    if not reason.strip():
        raise BadRequest(
            Text("必須說明理由。", "A reason is required."), Text("請寫明為何恢復。", "Say why it is reinstated."),
            parameter="reason",
        )  # fmt: skip
    with locks.dataset(queries.paths(), row.code):
        mend.settle(row.code)
        row.refresh_from_db()
        version = next((v for v in catalogue.versions(row.code) if v.number == number), None)
        if version is None or not version.kept:
            raise NotFound(
                Text(f"沒有保留版本 {number} 的資料。", f"The data of version {number} is not kept."),
                Text("請選擇仍保留的版本。", "Choose a version that is kept."), parameter="version",
            )  # fmt: skip
        record = catalogue.definition(row).dataset
        if row.status != Dataset.Status.PUBLISHED or not earlier.same_columns(record, version):
            raise Conflict(
                Text(f"版本 {number} 不能直接恢復：資料集未公開，或欄位已不同。",
                     f"Version {number} cannot be reinstated: the dataset is not published, or its columns differ now."),
                Text("先恢復提供或改回定義，再試一次。", "Restore the dataset or its definition first."), parameter="version",
            )  # fmt: skip
        source = f"版本 {number} version {number}"
        run = deliver.intend(row, deliver.Parcel((), source, reason.strip()), by)
        try:
            staged = finish.staging(run) / "shape" / "earlier.parquet"
            rows = earlier.stage(finish.the_lake(), record, version, staged)
            run.balance = codec.to_plain(Balance(rows, awaiting=rows))
            finish.enter(run, State.JUDGING)
            screened = gate.screen(run, record, staged)
            run.verdicts = finish.plain_verdicts([screened.verdict])
            if screened.verdict.outcome != "publish":
                return finish.close(run, State.REJECTED, by=by)
            return finish.commit(run, record, screened.path, by=by, message=run.message, mode="snapshot")
        except Exception as error:  # an edge, as in deliver.carry
            return finish.fail(run, error, by=by)


def look_soon(*, code: str, by: Actor) -> None:
    """Have a dataset's source looked at with the worker's next breath. Raises NotFound where it has no schedule."""
    row = catalogue.dataset(code)
    require(by, "publish", agency=row.agency.code)
    if not Source.objects.filter(dataset=row).update(due_at=now(), queued_at=None):
        raise NotFound(
            Text("這個資料集沒有自動來源。", "This dataset has no source of its own."),
            Text("請上傳檔案。", "Upload a file."),
        )
