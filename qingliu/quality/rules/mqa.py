"""The Metadata Quality Assessment of data.europa.eu: 405 points, each metric with its reason; what was not measured says so.

The table is data/mqa.yaml. A metric that could not be measured earns nothing and fails nothing: the result then has a
range, and a rating only where every outcome would give the same one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from qingliu.core.dataset import Text
from qingliu.standards.dcat.check import Violation

State = Literal["met", "unmet", "unmeasured"]
_SILENCE = Text("", "")
_TABLE = Path(__file__).parents[1] / "data" / "mqa.yaml"


@dataclass(frozen=True, slots=True)
class Metric:
    """A line of the table."""

    code: str
    dimension: str
    level: Literal["dataset", "distribution"]
    points: int
    title: Text
    missing: Text
    remedy: Text
    dqv: str


@dataclass(frozen=True, slots=True)
class Table:
    """The edition in force: metrics, classes (code, from points, name) highest first, dimensions, and where it is from."""

    edition: str
    source: Text
    reconstructed: Text
    metrics: tuple[Metric, ...]
    ratings: tuple[tuple[str, int, Text], ...]
    dimensions: tuple[tuple[str, Text], ...]

    def rating(self, points: float) -> str:
        """The class of a number of points."""
        return next(code for code, start, _ in self.ratings if points >= start)


@dataclass(frozen=True, slots=True)
class Fact:
    """What is known of one thing: it is so, it is not, or nobody could tell (None); ``said`` shows it or says why not."""

    so: bool | None
    said: Text = _SILENCE


@dataclass(frozen=True, slots=True)
class DistributionFacts:
    """Facts of one distribution by metric code."""

    iri: str
    facts: tuple[tuple[str, Fact], ...]


@dataclass(frozen=True, slots=True)
class MqaFacts:
    """Facts of one dataset by metric code, and of each of its distributions.

    ``without`` says what a dataset without distributions means: it has none (so = False) or nobody knows (None).
    """

    code: str
    facts: tuple[tuple[str, Fact], ...]
    distributions: tuple[DistributionFacts, ...]
    without: Fact = Fact(False, Text("沒有任何資源。", "It has no distribution."))
    violations: tuple[Violation, ...] = ()


@dataclass(frozen=True, slots=True)
class MetricResult:
    """One metric judged. ``where`` is the distribution that was looked at; remedy is empty where the metric is met."""

    code: str
    dimension: str
    level: str
    state: State
    points: int
    max_points: int
    title: Text
    reason: Text
    remedy: Text
    where: str = ""


@dataclass(frozen=True, slots=True)
class MqaResult:
    """A dataset's points. ``at_most`` is what they could become; ``rating`` is None while that would change the class."""

    code: str
    points: int
    at_most: int
    rating: str | None
    metrics: tuple[MetricResult, ...]
    violations: tuple[Violation, ...]
    edition: str
    rule_source: Text
    facts: MqaFacts

    @property
    def unmeasured(self) -> tuple[MetricResult, ...]:
        """Metrics of which nobody can say yet whether they are met."""
        return tuple(m for m in self.metrics if m.state == "unmeasured")


@dataclass(frozen=True, slots=True)
class CatalogueMetric:
    """A metric over a catalogue: how many of the population (datasets or distributions) meet it."""

    code: str
    dimension: str
    level: str
    met: int
    unmeasured: int
    population: int
    max_points: int

    @property
    def points(self) -> float:
        """The weight times the share that meets it."""
        return self.max_points * self.met / self.population if self.population else 0.0

    @property
    def at_most(self) -> float:
        """The same if everything unmeasured met it."""
        return self.max_points * (self.met + self.unmeasured) / self.population if self.population else 0.0


@dataclass(frozen=True, slots=True)
class CatalogueResult:
    """A catalogue's points: the sum of its metrics, each weighted by the share of those that meet it."""

    points: float
    at_most: float
    rating: str | None
    datasets: int
    distributions: int
    metrics: tuple[CatalogueMetric, ...]


def _text(row: dict[str, Any]) -> Text:
    return Text(row["zh"], row["en"])


@cache
def table() -> Table:
    """The table in force."""
    doc = yaml.safe_load(_TABLE.read_text(encoding="utf-8"))
    metrics = tuple(
        Metric(
            code=m["code"],
            dimension=m["dimension"],
            level=m["level"],
            points=m["points"],
            title=_text(m),
            missing=_text(m["missing"]),
            remedy=_text(m["remedy"]),
            dqv=m["dqv"],
        )
        for m in doc["metrics"]
    )
    ratings = sorted(((r["code"], r["from"], _text(r)) for r in doc["ratings"]), key=lambda r: -r[1])
    dimensions = tuple((d["code"], _text(d)) for d in doc["dimensions"])
    return Table(doc["edition"], _text(doc["source"]), _text(doc["reconstructed"]), metrics, tuple(ratings), dimensions)


def judge(facts: MqaFacts) -> MqaResult:
    """The points of a dataset, metric by metric; distribution metrics are those of the best distribution of a dimension."""
    rules = table()
    own = dict(facts.facts)
    results: list[MetricResult] = []
    at_most = 0
    for dimension, _ in rules.dimensions:
        metrics = [m for m in rules.metrics if m.dimension == dimension]
        tried = [_tried([m for m in metrics if m.level == "distribution"], d) for d in facts.distributions]
        if not tried:
            tried = [tuple(_result(m, facts.without) for m in metrics if m.level == "distribution")]
        best = max(tried, key=lambda found: (_sum(found), _sum(found, _could)))  # the first of equals
        results += best
        mine = [_result(m, own.get(m.code, Fact(False))) for m in metrics if m.level == "dataset"]
        results += mine
        at_most += max(_sum(found, _could) for found in tried) + _sum(mine, _could)
    order = {m.code: i for i, m in enumerate(rules.metrics)}
    points = _sum(results)
    low, high = rules.rating(points), rules.rating(at_most)
    return MqaResult(
        code=facts.code,
        points=points,
        at_most=at_most,
        rating=low if low == high else None,
        metrics=tuple(sorted(results, key=lambda r: order[r.code])),
        violations=facts.violations,
        edition=rules.edition,
        rule_source=rules.reconstructed,
        facts=facts,
    )


def _tried(metrics: Iterable[Metric], distribution: DistributionFacts) -> tuple[MetricResult, ...]:
    known = dict(distribution.facts)
    return tuple(_result(m, known.get(m.code, Fact(False)), distribution.iri) for m in metrics)


def _result(metric: Metric, fact: Fact, where: str = "") -> MetricResult:
    state: State = "unmeasured" if fact.so is None else "met" if fact.so else "unmet"
    said = fact.said if fact.said.en else _SILENCE if fact.so else metric.missing
    return MetricResult(
        code=metric.code,
        dimension=metric.dimension,
        level=metric.level,
        state=state,
        points=metric.points if fact.so else 0,
        max_points=metric.points,
        title=metric.title,
        reason=said,
        remedy=_SILENCE if fact.so else metric.remedy,
        where=where,
    )


def _earned(result: MetricResult) -> int:
    return result.points


def _could(result: MetricResult) -> int:
    return 0 if result.state == "unmet" else result.max_points


def _sum(results: Iterable[MetricResult], count: Callable[[MetricResult], int] = _earned) -> int:
    return sum(map(count, results))


Tally = dict[str, tuple[int, int, int]]  # metric → met, unmeasured, population


def tally(result: MqaResult) -> Tally:
    """How many things of one dataset meet each metric: itself, or every one of its distributions."""
    own = [dict(result.facts.facts)]
    distributions = [dict(d.facts) for d in result.facts.distributions]
    found: Tally = {}
    for metric in table().metrics:
        population = distributions if metric.level == "distribution" else own
        so = [facts.get(metric.code, Fact(False)).so for facts in population]
        found[metric.code] = (so.count(True), so.count(None), len(so))
    return found


def catalogue_score(tallies: Iterable[Tally]) -> CatalogueResult:
    """A catalogue's points out of its datasets' tallies: every dataset and every distribution counts, not the best alone."""
    rules = table()
    sums = {metric.code: (0, 0, 0) for metric in rules.metrics}
    for one in tallies:
        for code, (met, unmeasured, population) in one.items():
            if code in sums:  # a tally of an older edition may name others
                a, b, c = sums[code]
                sums[code] = (a + met, b + unmeasured, c + population)
    metrics = tuple(_over(metric, sums[metric.code]) for metric in rules.metrics)
    points, at_most = sum(m.points for m in metrics), sum(m.at_most for m in metrics)
    low, high = rules.rating(points), rules.rating(at_most)
    sizes = {m.level: m.population for m in metrics}
    return CatalogueResult(
        points, at_most, low if low == high else None, sizes["dataset"], sizes["distribution"], metrics
    )


def _over(metric: Metric, counts: tuple[int, int, int]) -> CatalogueMetric:
    met, unmeasured, population = counts
    return CatalogueMetric(
        code=metric.code,
        dimension=metric.dimension,
        level=metric.level,
        met=met,
        unmeasured=unmeasured,
        population=population,
        max_points=metric.points,
    )
