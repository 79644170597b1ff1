"""What a question will cost, as those tell each other who estimate it, who count it and who ask: rows, bytes, seconds."""

from __future__ import annotations

import threading
from contextvars import ContextVar
from dataclasses import dataclass, replace

from qingliu.core.dataset import Text
from qingliu.core.errors import TooDear

FACTOR = 4.0  # seconds are right within this factor, above a twentieth of a second


@dataclass(frozen=True, slots=True)
class Cost:
    """``wait_s`` of the ``seconds`` pass before the first byte. ``narrow``: columns whose range would leave files out."""

    rows: int
    bytes: int
    seconds: float
    wait_s: float
    names_bytes: int = 0
    narrow: tuple[str, ...] = ()

    def header(self) -> str:
        """As a structured field."""
        return f"rows={self.rows}, bytes={self.bytes}, seconds={self.seconds:.3f}"


@dataclass(slots=True)
class Meter:
    """The costs of what one request opened, and how much its caller may have one question cost."""

    most_rows: int
    most_s: float
    costs: list[Cost]


METER: ContextVar[Meter | None] = ContextVar("qingliu_meter", default=None)


class _Learned:
    """How much slower (above 1) or faster this machine is than the figures above, from the answers so far."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.factor = 1.0

    def note(self, ratio: float) -> None:
        with self._lock:
            self.factor = min(8.0, max(0.125, self.factor * min(4.0, max(0.25, ratio)) ** 0.2))


LEARNED = _Learned()


def learn(cost: Cost, took_s: float) -> None:
    """Note what a question that was answered to its end really took."""
    if cost.seconds > 0.02 and cost.rows > 50_000:
        LEARNED.note(took_s / cost.seconds)


def told(media: str) -> Cost | None:
    """The cost of everything this request opened so far, its bytes as ``media`` writes them; None where it opened nothing."""
    meter = METER.get()
    if meter is None or not meter.costs:
        return None
    found = meter.costs
    whole = found[0] if len(found) == 1 else _sum(found)
    if media.startswith(("text/csv", "application/vnd.openxml", "application/vnd.oasis")):
        return replace(whole, bytes=max(0, whole.bytes - whole.names_bytes))
    if "parquet" in media or "arrow" in media:
        return replace(whole, bytes=max(0, whole.bytes - whole.names_bytes) // 4)
    return whole


def _sum(costs: list[Cost]) -> Cost:
    return Cost(
        sum(c.rows for c in costs), sum(c.bytes for c in costs), sum(c.seconds for c in costs),
        sum(c.wait_s for c in costs), sum(c.names_bytes for c in costs), costs[0].narrow,
    )  # fmt: skip


def too_dear(cost: Cost, limit: Meter) -> TooDear:
    """The refusal, with the columns that would make the question cheaper."""
    most = f"{limit.most_rows:,}" if cost.rows > limit.most_rows else ""
    reason = (
        Text(
            f"這個查詢要讀 {cost.rows:,} 列，超過單次上限 {most} 列。",
            f"This question would read {cost.rows:,} rows; one question may read {most}.",
        )
        if most
        else Text(
            f"這個查詢估計要 {cost.wait_s:.0f} 秒才有第一筆，超過單次上限 {limit.most_s:g} 秒。",
            f"This question would take about {cost.wait_s:.0f} s before its first row; one may take {limit.most_s:g} s.",
        )
    )
    names = cost.narrow[:3]
    remedy = (
        Text(
            f"請加上欄位 {'、'.join(names)} 的範圍條件，或下載整個資料集的檔案。",
            f"Give a range of {', '.join(names)}, or download the dataset's files.",
        )
        if names
        else Text("請以 limit 分頁，或下載整個資料集的檔案。", "Page with limit, or download the dataset's files.")
    )
    return TooDear(reason, remedy, parameter=names[0] if names else "limit")
