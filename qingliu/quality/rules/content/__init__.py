"""Content quality: which checks follow from a record (``plan``), and what their results say (``findings``). Pure.

The rows are read in between, by ``qingliu.lake.checks.run``.
"""

from __future__ import annotations

from collections.abc import Iterable

from qingliu.core.dataset import DatasetRecord, Text
from qingliu.core.records import Finding
from qingliu.lake.checks.spec import Bounds, Hit, Result
from qingliu.lake.checks.text import cql2
from qingliu.quality.rules.content.plan import plan
from qingliu.quality.rules.content.tell import told
from qingliu.standards import content_rules

__all__ = ["findings", "measured", "plan", "unmeasured"]

SHOWN = 30  # findings of one rule that are told one by one
NOT_MEASURED = "not measured"


def findings(record: DatasetRecord, results: Iterable[Result]) -> tuple[Finding, ...]:
    """Findings in the register's order, the largest of a rule first; what is not told one by one is counted in a last one.

    A rule that could not be measured is told as such, at the place ``not measured``.
    """
    by_rule: dict[str, list[Finding]] = {}
    for result in results:
        mine = by_rule.setdefault(result.check.rule, [])
        if result.unmeasured is not None:
            reason, remedy = result.unmeasured
            mine.append(Finding(result.check.rule, NOT_MEASURED, reason, remedy, "info", 0))
        mine += [_finding(result, hit) for hit in result.hits]
    out: list[Finding] = []
    for rule in content_rules.register():
        out += _limited(rule, by_rule.get(rule, []))
    return tuple(out)


def measured(results: Iterable[Result]) -> tuple[str, ...]:
    """Codes of the rules that looked at the rows."""
    return tuple(dict.fromkeys(r.check.rule for r in results if r.unmeasured is None))


def unmeasured(results: Iterable[Result]) -> tuple[str, ...]:
    """Codes of the rules that apply and could not be measured."""
    return tuple(dict.fromkeys(r.check.rule for r in results if r.unmeasured is not None))


def _finding(result: Result, hit: Hit) -> Finding:
    place, reason, remedy, severity = told(result.check, hit)
    rows = cql2(hit.rows) if hit.rows is not None else ""
    if hit.part[1] > 1:
        place = f"{place} ({hit.part[0]}/{hit.part[1]})".strip()
    if isinstance(result.check, Bounds) and not place:
        place = result.check.field
    return Finding(result.check.rule, place, reason, remedy, severity, hit.count, rows, hit.columns)


def _limited(rule: str, found: list[Finding]) -> list[Finding]:
    first = [f for f in found if f.rule == rule]
    grave = sorted(first, key=lambda f: (f.severity == "info", -f.count))
    shown, rest = grave[:SHOWN], grave[SHOWN:]
    if rest:
        count = sum(f.count for f in rest)
        reason = Text(f"其餘 {len(rest)} 項，共 {count:,} 筆。", f"{len(rest)} more, {count:,} in all.")
        remedy = Text("先處理前列各項。", "Mend those above first.")
        grave_rest = "warning" if any(f.severity == "warning" for f in rest) else "info"
        shown.append(Finding(rule, "…", reason, remedy, grave_rest, count))  # type: ignore[arg-type]
    return shown
