"""An MQA result as others read it: a plain note for the published catalogue, and triples of the Data Quality Vocabulary."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from qingliu.core.clock import iso
from qingliu.core.dataset import Text
from qingliu.quality.rules.mqa import CatalogueResult, Metric, MqaResult, catalogue_score, table, tally
from qingliu.standards.dcat.check import Violation
from qingliu.standards.dcat.terms import DQV, SKOS, Resource, resource, said, typed

VOCABULARY = "https://piveau.eu/ns/voc#"  # the metrics' IRIs as data.europa.eu publishes them


def note(result: MqaResult) -> dict[str, Any]:
    """The result as plain JSON values."""
    return {
        "edition": result.edition,
        "points": result.points,
        "at_most": result.at_most,
        "max": sum(m.points for m in table().metrics),
        "rating": result.rating,
        "dimensions": [_dimension(code, name, result) for code, name in table().dimensions],
        "metrics": [
            {
                "code": m.code,
                "dimension": m.dimension,
                "level": m.level,
                "state": m.state,
                "points": m.points,
                "max": m.max_points,
                "title": _plain(m.title),
                "reason": _plain(m.reason),
                "remedy": _plain(m.remedy),
                "where": m.where,
            }
            for m in result.metrics
        ],
        "violations": [_violation(v) for v in result.violations],
        "tally": {code: list(counts) for code, counts in tally(result).items()},
        "reconstruction": _plain(result.rule_source),
        "source": _plain(table().source),
    }


def catalogue_of_notes(notes: Iterable[Mapping[str, Any]]) -> CatalogueResult:
    """A catalogue's points out of the notes of its datasets, without judging them again; a note without tally is left out."""
    return catalogue_score({k: (m, u, p) for k, (m, u, p) in n["tally"].items()} for n in notes if n.get("tally"))


def catalogue_note(result: CatalogueResult) -> dict[str, Any]:
    """A catalogue's result as plain JSON values, points to one decimal."""
    return {
        "points": round(result.points, 1),
        "at_most": round(result.at_most, 1),
        "max": sum(m.max_points for m in result.metrics),
        "rating": result.rating,
        "datasets": result.datasets,
        "distributions": result.distributions,
        "metrics": [
            {
                "code": m.code,
                "dimension": m.dimension,
                "level": m.level,
                "met": m.met,
                "unmeasured": m.unmeasured,
                "population": m.population,
                "points": round(m.points, 1),
                "at_most": round(m.at_most, 1),
                "max": m.max_points,
            }
            for m in result.metrics
        ],
    }


def _dimension(code: str, name: Text, result: MqaResult) -> dict[str, Any]:
    metrics = [m for m in result.metrics if m.dimension == code]
    return {
        "code": code,
        "title": _plain(name),
        "points": sum(m.points for m in metrics),
        "max": sum(m.max_points for m in metrics),
        "unmeasured": sum(m.max_points for m in metrics if m.state == "unmeasured"),
    }


def _violation(found: Violation) -> dict[str, Any]:
    return {
        "focus": found.focus,
        "path": found.path,
        "constraint": found.kind,
        "value": found.value,
        "message": _plain(found.message),
        "severity": found.severity,
    }


def _plain(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def dqv(result: MqaResult, dataset_iri: str, computed_on: datetime) -> tuple[Resource, ...]:
    """The measurements as triples. What was not measured has no measurement; a total that is not settled is not told."""
    return tuple(_measurements(result, dataset_iri, computed_on))


def _measurements(result: MqaResult, dataset_iri: str, computed_on: datetime) -> Iterator[Resource]:
    rules = {m.code: m for m in table().metrics}
    page = dataset_iri.partition("#")[0]
    moment = typed(iso(computed_on), "dateTime")
    for found in result.metrics:
        if found.state == "unmeasured":
            continue
        metric = rules[found.code]
        yield resource(
            f"{page}#mqa-{found.code}",
            (DQV + "QualityMeasurement",),
            (DQV + "computedOn", found.where or dataset_iri),
            (DQV + "isMeasurementOf", VOCABULARY + metric.dqv),
            (DQV + "value", typed("true" if found.state == "met" else "false", "boolean")),
            ("http://www.w3.org/ns/prov#generatedAtTime", moment),
        )
        yield _metric(metric)
    if result.points == result.at_most:
        yield resource(
            f"{page}#mqa-scoring",
            (DQV + "QualityMeasurement",),
            (DQV + "computedOn", dataset_iri),
            (DQV + "isMeasurementOf", VOCABULARY + "scoring"),
            (DQV + "value", typed(str(result.points), "integer")),
            ("http://www.w3.org/ns/prov#generatedAtTime", moment),
        )


def _metric(metric: Metric) -> Resource:
    pairs = (*said(SKOS + "prefLabel", metric.title), (DQV + "inDimension", VOCABULARY + metric.dimension))
    return resource(VOCABULARY + metric.dqv, (DQV + "Metric",), *pairs)
