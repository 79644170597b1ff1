"""What a command prints: Chinese first with English beside it, steps of a run, and the balance as a table."""

from __future__ import annotations

import sys
import time
import unicodedata
from collections.abc import Iterable, Sequence

from qingliu.core.errors import QingliuError
from qingliu.core.events import RunStep
from qingliu.core.records import Balance
from qingliu.core.redact import redact
from qingliu.pipeline import queries
from qingliu.pipeline.models import Run
from qingliu.pipeline.rules import State

DONE, FAILED, USAGE, HELD = 0, 1, 2, 3
_EXIT = {State.PUBLISHED: DONE, State.UNCHANGED: DONE, State.HELD: HELD}
_STATES = {
    "reading": ("讀取", "reading"),
    "shaping": ("整形", "shaping"),
    "judging": ("檢核", "judging"),
    "committing": ("寫入資料湖", "writing to the lake"),
    "recorded": ("登錄版本", "recording the version"),
    "published": ("已發布", "published"),
    "unchanged": ("內容無變動，沒有新版本", "unchanged, no new version"),
    "held": ("暫緩：需要人決定", "held: a person must decide"),
    "rejected": ("退回", "rejected"),
    "failed": ("失敗", "failed"),
}
_ROWS = (
    ("讀入 read", "read"),
    ("新增 inserted", "inserted"),
    ("更新 updated", "updated"),
    ("相同 unchanged", "unchanged"),
    ("重複 duplicate", "duplicate"),
    ("擱置 set aside", "set_aside"),
    ("待決 awaiting", "awaiting"),
    ("刪除 deleted", "deleted"),
)


def say(text: str = "") -> None:
    """A line for the person, at once."""
    print(text, flush=True)


def error(told: QingliuError) -> None:
    """What is wrong and what mends it, in both languages, to standard error; no key is ever shown."""
    lines = (f"錯誤：{told.reason.zh}{told.remedy.zh}", f"Error: {told.reason.en} {told.remedy.en}".rstrip())
    print("\n".join(redact(line) for line in lines), file=sys.stderr, flush=True)


def width(text: str) -> int:
    """Columns that a text takes on a terminal: full-width characters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def table(head: Sequence[str], rows: Iterable[Sequence[object]], *, right: frozenset[int] = frozenset()) -> None:
    """A plain table; the columns in ``right`` are aligned to the right."""
    cells = [list(head), *([f"{c:,}" if isinstance(c, int) else str(c) for c in row] for row in rows)]
    widths = [max(width(row[i]) for row in cells) for i in range(len(head))]
    for row in cells:
        padded = []
        for i, (cell, wide) in enumerate(zip(row, widths, strict=True)):
            space = " " * (wide - width(cell))
            padded.append(space + cell if i in right else cell + space)
        say("  " + "  ".join(padded).rstrip())


class Progress:
    """Prints each step of the runs of this process, with the seconds since it began."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __call__(self, step: RunStep) -> None:
        """One line for one step."""
        zh, en = _STATES[step.step]
        note = f"（{step.note}）" if step.note else ""
        say(f"[{time.monotonic() - self._began:7.1f}s] {step.code}: {zh} {en}{note}")


def balance(counted: Balance) -> None:
    """The rows and cells of a run: everything that was read is somewhere."""
    table(("列 rows", ""), [(name, getattr(counted, field)) for name, field in _ROWS], right=frozenset({1}))
    head = ("欄位 column", "讀入 read", "有值 typed", "空白 empty", "代碼 sentinel", "隔離 quarantined", "遮罩 masked")
    rows = [(c.column, c.read, c.typed, c.empty, c.sentinel, c.quarantined, c.masked) for c in counted.cells]
    if rows:
        table(head, rows, right=frozenset(range(1, 7)))


def outcome(run: Run, *, brief: bool = False) -> int:
    """Print how a run ended, what the judges found and (unless brief) the balance; answers the exit code."""
    zh, en = _STATES[run.state]
    say(f"{run.dataset.code}: {zh} {en}" + (f" → v{run.version}" if run.version else "") + f"  (run {run.id})")
    counted = queries.balance(run)
    if counted is not None and not brief:
        balance(counted)
    for verdict in queries.verdicts(run):
        for found in verdict.findings:
            say(f"  [{found.severity}] {found.reason.zh} {found.remedy.zh}")
            say(f"  {' ' * len(found.severity)}   {found.reason.en} {found.remedy.en}")
    kept = queries.quarantine_file(run)
    if kept:
        say(f"  隔離資料 quarantine: {kept}（{run.quarantined_cells:,}）")
    if run.error_zh:
        print(f"錯誤：{run.error_zh}\nError: {run.error_en}", file=sys.stderr, flush=True)
    return _EXIT.get(State(run.state), FAILED)
