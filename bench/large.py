"""What ten times the rows cost: time-bounded questions on 100 million rows against the same on 10 million."""

from __future__ import annotations

import itertools
import random
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench import publish, servers
from bench.client import Peer, one_by_one
from bench.questions import HOURS, Asked, daily_means, month_of_one_station, wide_csv

LARGE_HOURS = 80_000
WARM = 3
BOUNDED: dict[str, Callable[[random.Random, int], Asked]] = {
    "a: one station, one item, 1,000 rows as JSON": month_of_one_station,
    "b: one item, 1,200 hours, 100,800 rows as CSV": wide_csv,
    "s: daily mean of 8,000 hours, one station and item": lambda rng, hours: _same_span(rng, hours),
}


@dataclass(frozen=True, slots=True)
class Bounded:
    """Medians in ms on either table."""

    name: str
    small_ms: float
    large_ms: float


def _same_span(rng: random.Random, hours: int) -> Asked:
    """The daily mean of as many hours on both tables, those of the first 333 days."""
    return daily_means(rng, HOURS)


def prepare(folder: Path, script: str, python: Path, say: Callable[[str], None]) -> tuple[Path, publish.Cost | None]:
    """The home with the large table, published once from Parquet by the ordinary command; what it took, if it was made now."""
    home = folder / "large" / "home"
    if (folder / "large" / "published").exists():
        return home, None
    parquet = folder / "large" / "tables" / Path(script).stem / "t.parquet"
    if not parquet.exists():
        say("making the large table")
        parquet.parent.mkdir(parents=True, exist_ok=True)
        draft = parquet.with_name("draft.parquet")
        command = [str(python), script, str(draft), "--hours", str(LARGE_HOURS), "--items", "15"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        draft.rename(parquet)
    say("publishing the large table")
    cost = publish.publish(home, parquet)
    (folder / "large" / "published").touch()
    return home, cost


def measure(small: Path, large: Path, *, times: int, say: Callable[[str], None]) -> list[Bounded]:
    """Both served in turn, the same questions with distinct keys over the whole time of either table."""
    took: dict[str, list[float]] = {name: [] for name in BOUNDED}
    for home, hours in ((small, HOURS), (large, LARGE_HOURS)):
        with servers.portal(home) as (ours, _):
            for name, make in BOUNDED.items():
                took[name].append(_median_ms(ours, name, make, hours, times))
                say(f"  {hours:,} hours, {name}: {took[name][-1]:.1f} ms")
    return [Bounded(name, *pair) for name, pair in took.items()]


def _median_ms(ours: Peer, name: str, make: Callable[[random.Random, int], Asked], hours: int, times: int) -> float:
    rng = random.Random(name)
    paths = [make(rng, hours).path for _ in itertools.repeat(None, times + WARM)]
    return median(one_by_one(ours, paths)[WARM:]) * 1000
