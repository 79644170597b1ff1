"""What is said where a question was cancelled at its deadline."""

from __future__ import annotations

from qingliu.core.dataset import Text
from qingliu.core.errors import TooDear


def too_slow(deadline_s: float) -> TooDear:
    """The error for a question that was cancelled at the deadline."""
    return TooDear(
        Text(
            f"查詢超過 {deadline_s:g} 秒，已取消。", f"The question took more than {deadline_s:g} s and was cancelled."
        ),
        Text(
            "請以時間、測站等條件縮小範圍，或下載 Parquet 檔。",
            "Narrow it by time or key columns, or download the Parquet files.",
        ),
        parameter="filter",
    )
