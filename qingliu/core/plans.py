"""Plans: how much each class of callers may ask. The office changes them as data; these are what holds until it does."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType

from qingliu.core.dataset import Text

ANONYMOUS, REGISTERED, LOCAL = "anonymous", "registered", "local"
LARGEST = 10**12


@dataclass(frozen=True, slots=True)
class Plan:
    """A class of callers. Requests are counted by the minute and the day, points (what answers cost) by the day;
    ``streams`` large answers may run or wait at once; one question may read ``query_rows`` rows and take ``query_s`` s."""

    name: str
    title: Text
    per_minute: int
    per_day: int
    points_per_day: int
    streams: int
    query_rows: int
    query_s: int


NUMBERS: tuple[str, ...] = ("per_minute", "per_day", "points_per_day", "streams", "query_rows", "query_s")
_GIVEN = (
    Plan(ANONYMOUS, Text("不帶金鑰", "Without a key"), 600, 100_000, 500_000, 3, 1_000_000_000, 20),
    Plan(REGISTERED, Text("帶金鑰", "With a key"), 3_000, 1_000_000, 5_000_000, 6, 5_000_000_000, 60),
    Plan("partner", Text("合作機關", "Partner agencies"), 12_000, 5_000_000, 50_000_000, 12, 5_000_000_000, 60),
    Plan(LOCAL, Text("本機", "This machine"), 6_000_000, 10**10, 10**11, 64, LARGEST, 3_600),
)
DEFAULTS: Mapping[str, Plan] = MappingProxyType({p.name: p for p in _GIVEN})


def dump(plan: Plan) -> str:
    """A plan as JSON."""
    return json.dumps(asdict(plan), ensure_ascii=False)


def load(texts: Iterable[str]) -> Mapping[str, Plan]:
    """The default plans with those of ``texts`` (as ``dump`` writes them) over them. Raises ValueError, TypeError, KeyError."""
    plans = dict(DEFAULTS)
    for text in texts:
        data = json.loads(text)
        plans[data["name"]] = Plan(**{**data, "title": Text(**data["title"])})
    return plans
