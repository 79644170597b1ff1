"""From readings to a mark: intersection over resources, then levels in their order. A level rests on measured readings only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from qingliu.core.dataset import Text
from qingliu.quality.rules.editions import Edition

State = Literal["pass", "fail", "unknown", "not_measured", "not_applicable", "white_listed"]
# the gravest first: over several resources the dataset takes the gravest
GRAVITY: tuple[State, ...] = ("fail", "not_measured", "white_listed", "pass", "unknown", "not_applicable")
NOTHING = Text("", "")
LevelState = Literal["reached", "failed", "not_measured"]


@dataclass(frozen=True, slots=True)
class Reading:
    """One indicator of one resource, or of the whole dataset: its state, why, and what mends it."""

    indicator: str
    state: State
    reason: Text
    remedy: Text = NOTHING


@dataclass(frozen=True, slots=True)
class ResourceReadings:
    """The readings of one resource, by its name."""

    name: str
    address: str
    format: str
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Level:
    """One mark of the ladder: reached, failed or not measured, and the indicators that keep it from being reached."""

    mark: str
    state: LevelState
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Marked:
    """A dataset's mark. ``mark`` is the highest level whose every indicator was measured and holds; ``next`` what holds it."""

    mark: str  # a mark of the edition, none, not_measured or white_listed
    levels: tuple[Level, ...]
    indicators: tuple[Reading, ...]

    @property
    def next(self) -> Level | None:
        """The first level that is not reached; None where all are, or where nothing is to be reached."""
        if self.mark == "white_listed":
            return None
        return next((level for level in self.levels if level.state != "reached"), None)


def intersect(indicator: str, resources: Sequence[ResourceReadings]) -> Reading:
    """The dataset's reading of an indicator: one resource that fails makes the dataset fail.

    "unknown" does not count against a resource that passes; "not measured" does: what was not seen is no pass.
    """
    found = [(r, reading) for r in resources for reading in r.readings if reading.indicator == indicator]
    if not found:
        return Reading(
            indicator,
            "not_measured",
            Text("沒有可檢測的資源。", "There is no resource to measure."),
            Text("先提供可下載的資料。", "Offer the data for download first."),
        )
    worst = min((reading.state for _, reading in found), key=GRAVITY.index)
    at = [(r, reading) for r, reading in found if reading.state == worst]
    first = at[0][1]
    if all(reading.reason == first.reason for _, reading in at):
        where, where_en = ("", "") if len(at) == len(found) else (_names(at, "、") + "：", _names(at, ", ") + ": ")
        return Reading(indicator, worst, Text(where + first.reason.zh, where_en + first.reason.en), first.remedy)
    if worst == "pass":
        return Reading(
            indicator, worst, Text(f"{len(at)} 個資源皆符合。", f"All {len(at)} resources hold."), first.remedy
        )
    told = at[:3]
    more = Text(f"（共 {len(at)} 個資源）", f" ({len(at)} resources in all)") if len(at) > 3 else NOTHING
    reason = Text(
        "".join(f"{r.name}：{reading.reason.zh}" for r, reading in told) + more.zh,
        " ".join(f"{r.name}: {reading.reason.en}" for r, reading in told) + more.en,
    )
    return Reading(indicator, worst, reason, first.remedy)


def _names(at: Sequence[tuple[ResourceReadings, Reading]], joint: str) -> str:
    return joint.join(r.name for r, _ in at)


def excuse(reading: Reading, excused: Mapping[str, Text]) -> Reading:
    """A failing that the office excused, as such. What was not measured stays not measured: no mark may rest on it."""
    why = excused.get(reading.indicator)
    if why is None or reading.state != "fail":
        return reading
    return Reading(
        reading.indicator,
        "white_listed",
        Text(f"{why.zh}（檢測結果：{reading.reason.zh}）", f"{why.en} (measured: {reading.reason.en})"),
        reading.remedy,
    )


def mark(readings: Sequence[Reading], edition: Edition, *, white_listed: Text | None = None) -> Marked:
    """The mark that the readings of the seven indicators give under an edition's ladder."""
    by_id = {r.indicator: r for r in readings}
    levels: list[Level] = []
    needs: tuple[str, ...] = ()
    for step in edition.marks:
        needs = (*needs, *step.needs)
        levels.append(Level(step.id, *_level(needs, by_id)))
    reached = "none"
    for level in levels:
        if level.state != "reached":
            break
        reached = level.mark
    if white_listed is not None:
        return Marked("white_listed", tuple(levels), tuple(readings))
    if reached == "none" and levels[0].state == "not_measured":
        reached = "not_measured"
    return Marked(reached, tuple(levels), tuple(readings))


def _level(needs: Iterable[str], by_id: Mapping[str, Reading]) -> tuple[LevelState, tuple[str, ...]]:
    states = {n: by_id[n].state if n in by_id else "not_measured" for n in needs}
    failed = tuple(n for n, s in states.items() if s == "fail")
    if failed:
        return "failed", failed
    unmeasured = tuple(n for n, s in states.items() if s == "not_measured")
    return ("not_measured", unmeasured) if unmeasured else ("reached", ())


def counted(marks: Iterable[str], edition: Edition) -> dict[str, int]:
    """How many datasets reach each mark, the higher ones included: platinum can never exceed gold."""
    found = list(marks)
    order = edition.order
    counts = {m: sum(1 for f in found if f in order and order.index(f) >= i) for i, m in enumerate(order) if i}
    return counts | {m: found.count(m) for m in ("none", "not_measured", "white_listed")} | {"total": len(found)}
