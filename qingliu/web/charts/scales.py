"""Numbers to places: linear scales, ticks at round values, and numbers as readers write them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

HUGE = 1e150


@dataclass(frozen=True, slots=True)
class Linear:
    """A straight line from low…high to start…end; a domain without extent lies in the middle."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """The place of a value, never outside the range."""
        if self.high == self.low:
            return (self.start + self.end) / 2
        span = self.high / 2 - self.low / 2  # halves: the span of two huge ends is finite
        share = (value / 2 - self.low / 2) / span if span else 0.5
        return self.start + min(1.0, max(0.0, share)) * (self.end - self.start)


def finite(values: Iterable[float | None]) -> list[float]:
    """The values that can be drawn: numbers, of a size at which sums of them are numbers too."""
    return [float(v) for v in values if v is not None and math.isfinite(v) and abs(v) < HUGE]


def step_of(span: float, most: int) -> float:
    """The smallest of 1, 2, 5 × 10^n that cuts a span into at most ``most`` parts."""
    if not span > 1e-290 or not math.isfinite(span):
        return 1.0
    rough = max(span / max(1, most), 1e-300)
    power = 10.0 ** math.floor(math.log10(rough))
    return next((m * power for m in (1, 2, 5, 10) if m * power >= rough * (1 - 1e-9)), 10 * power)


@dataclass(frozen=True, slots=True)
class Ticks:
    """Round values from the first below all to the first above all data."""

    values: tuple[float, ...]
    step: float

    @property
    def low(self) -> float:
        """The first of them."""
        return self.values[0]

    @property
    def high(self) -> float:
        """The last of them."""
        return self.values[-1]

    def label(self, value: float) -> str:
        """A tick as text: as many decimals as the step needs."""
        return told(value, self.step)


def ticks(values: Iterable[float | None], most: int = 6, *, zero: bool = False, whole: bool = False) -> Ticks:
    """Ticks around all values; ``zero``: zero among them, else only where the data come near it. ``whole``: no fractions."""
    found = finite(values) or [0.0, 1.0]
    low, high = min(found), max(found)
    if low == high:
        margin = abs(low) / 2 or 1.0
        low, high = (0.0, high) if high > 0 else (low, 0.0) if high < 0 else (0.0, margin)
    if zero or (low > 0 and low <= 0.5 * high):
        low = min(low, 0.0)
    if zero or (high < 0 and high >= 0.5 * low):
        high = max(high, 0.0)
    step = max(step_of(high - low, most), max(abs(low), abs(high)) * 1e-12)  # finer steps would be one number
    step = max(1.0, step) if whole else step
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return Ticks(
        tuple(round(i * step, 12) if step > 1e-9 else i * step for i in range(first, max(last, first + 1) + 1)), step
    )


def told(value: float, step: float) -> str:
    """A number with the decimals of its step, thousands apart, a true minus; powers of ten where digits would not help."""
    if value and (abs(value) >= 1e12 or abs(value) < 1e-6):
        return f"{value:.3g}".replace("-", "−")
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step > 0 else 0
    text = f"{value:,.{min(decimals, 9)}f}"
    return text.replace("-", "−") if float(text.replace(",", "")) else text.lstrip("-")


def short(value: float | None) -> str:
    """A value for words and hints: four significant digits, whole numbers in full; — for none."""
    if value is None or not math.isfinite(value):
        return "—"
    if float(value).is_integer() and abs(value) < 1e12:
        return f"{int(value):,}".replace("-", "−")
    digits = max(0, 3 - math.floor(math.log10(abs(value)))) if value else 0
    if digits > 9 or abs(value) >= 1e12:
        return f"{value:.4g}".replace("-", "−")
    text = f"{value:,.{digits}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "−")


def bin_edges(values: Iterable[float], most: int) -> tuple[float, ...]:
    """Edges of equal bins of a round width that hold all values; the last bin ends behind the largest value."""
    found = finite(values)
    if not found:
        return ()
    low, high = min(found), max(found)
    if low == high:
        half = abs(low) * 0.05 or 0.5
        return (low - half, low + half)
    step = max(step_of(high - low, max(1, most - 1)), max(abs(low), abs(high)) * 1e-12)
    first = math.floor(low / step + 1e-9)
    count = max(1, math.floor(high / step + 1e-9) - first + 1)
    return tuple(round((first + i) * step, 12) if step > 1e-9 else (first + i) * step for i in range(count + 1))


def text_width(text: str, size: float) -> float:
    """About how wide a text stands: Chinese one em, Latin a little more than half."""
    return sum(1.0 if ord(c) > 0x2E7F else 0.78 if c in "mwMW%@—" else 0.57 for c in text) * size


def clipped(text: str, size: float, room: float) -> str:
    """The text, cut with … where it would be wider than ``room``."""
    if text_width(text, size) <= room:
        return text
    kept = ""
    for c in text:
        if text_width(kept + c + "…", size) > room:
            break
        kept += c
    return kept.rstrip() + "…"
