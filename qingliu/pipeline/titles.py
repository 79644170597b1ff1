"""What the words of a title say of its dataset. Pure."""

from __future__ import annotations

from qingliu.core.dataset import Frequency

_OFTEN = (
    (("逐時", "時報", "每小時", "hourly"), Frequency(1, "hour")),
    (("逐日", "日報", "每日", "daily"), Frequency(1, "day")),
    (("每週", "每周", "週報", "周報", "weekly"), Frequency(1, "week")),
    (("月報", "逐月", "每月", "monthly"), Frequency(1, "month")),
    (("季報", "每季", "quarterly"), Frequency(1, "quarter")),
    (("年報", "逐年", "每年", "annual", "yearly"), Frequency(1, "year")),
)


def frequency(title: str) -> Frequency | None:
    """How often a title says that it appears (月報: every month); None where it does not say."""
    low = title.lower()
    return next((often for words, often in _OFTEN if any(w in low for w in words)), None)
