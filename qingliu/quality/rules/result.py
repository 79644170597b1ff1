"""The whole of a judgement as one frozen value: what is kept, shown and published."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from qingliu.core.dataset import Text
from qingliu.core.records import Finding
from qingliu.quality.rules.editions import Edition
from qingliu.quality.rules.marks import Level, Reading, ResourceReadings


@dataclass(frozen=True, slots=True)
class Result:
    """What the judges say of a dataset. ``mqa`` is the note of the MQA judge; ``skipped`` says what could not be judged."""

    code: str
    agency: str
    kind: str
    version: int | None
    edition: str
    mark: str
    levels: tuple[Level, ...]
    indicators: tuple[Reading, ...]
    resources: tuple[ResourceReadings, ...]
    white_listed: Text | None = None
    mqa: dict[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    skipped: tuple[Text, ...] = ()

    @property
    def next(self) -> Level | None:
        """The first level that is not reached."""
        if self.mark == "white_listed":
            return None
        return next((level for level in self.levels if level.state != "reached"), None)


def fingerprint(code: str, finding: Finding) -> str:
    """The same for the same thing found again: dataset, rule, columns and place."""
    where = "、".join((*finding.columns, finding.place))
    return hashlib.sha256(f"{code.upper()}\0{finding.rule}\0{where}".encode()).hexdigest()[:16]


def digest(result: Result) -> str:
    """Changes where a mark, a state, the points or a kind of finding changes: that is what history keeps."""
    parts = {
        "edition": result.edition,
        "mark": result.mark,
        "levels": [(level.mark, level.state, level.by) for level in result.levels],
        "indicators": [(r.indicator, r.state) for r in result.indicators],
        "resources": [(r.name, [(x.indicator, x.state) for x in r.readings]) for r in result.resources],
        "mqa": [result.mqa.get("points"), result.mqa.get("rating")],
        "findings": sorted({(f.severity, f.rule, f.columns) for f in result.findings}),  # a place may move every hour
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def severities(code: str, findings: tuple[Finding, ...], upheld: frozenset[str] = frozenset()) -> dict[str, int]:
    """How many findings of each severity, without those against which a contest was ``upheld`` (fingerprints)."""
    counts: dict[str, int] = {}
    for f in findings:
        if fingerprint(code, f) in upheld:
            continue
        counts[f.severity] = counts.get(f.severity, 0) + 1
    return counts


def note(result: Result, edition: Edition, *, judged_at: str, confirmed_at: str) -> dict[str, Any]:
    """The public words about a dataset, in both languages; ``beside`` and ``contests`` are put in by the action."""

    def both(text: Text) -> dict[str, str]:
        return {"zh": text.zh, "en": text.en}

    def reading(r: Reading) -> dict[str, Any]:
        return {"id": r.indicator, "state": r.state, "reason": both(r.reason), "remedy": both(r.remedy)}

    held, listed = result.next, result.kind == "listed"
    known = {i.id: i for i in edition.indicators}
    return {
        "whose": "ours",
        "edition": {
            "name": edition.name, "date": edition.date.isoformat(), "reconstruction": edition.reconstruction,
            "source": both(edition.source), "note": both(edition.note),
        },
        "mark": {"id": result.mark, **both(edition.title(result.mark))},
        "next": None if held is None else {
            "id": held.mark, **both(edition.title(held.mark)), "state": held.state, "by": list(held.by),
        },
        "levels": [{"id": level.mark, "state": level.state, "by": list(level.by)} for level in result.levels],
        "indicators": [
            reading(r) | {"title": both(known[r.indicator].title), "dimension": both(known[r.indicator].dimension)}
            for r in result.indicators
        ],
        "resources": [] if listed else [
            {"name": r.name, "address": r.address, "format": r.format, "readings": [reading(x) for x in r.readings]}
            for r in result.resources
        ],
        "white_listed": both(result.white_listed) if result.white_listed else None,
        "mqa": _slim(result.mqa) if listed else result.mqa or None,
        "findings": [
            {
                "id": fingerprint(result.code, f), "rule": f.rule, "severity": f.severity, "place": f.place,
                "columns": list(f.columns), "count": f.count, "rows": f.rows, "reason": both(f.reason), "remedy": both(f.remedy),
            }
            for f in result.findings
        ],
        "skipped": [both(t) for t in result.skipped],
        "version": result.version,
        "judged_at": judged_at,
        "confirmed_at": confirmed_at,
    }  # fmt: skip


def _slim(mqa: dict[str, Any]) -> dict[str, Any] | None:
    """The points without the words of each metric: hundreds of listed entries would say the same ones."""
    return {k: v for k, v in mqa.items() if k not in {"metrics", "violations", "source"}} or None
