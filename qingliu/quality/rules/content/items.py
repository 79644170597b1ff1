"""What limits hold for which item: read from ``items.yaml``, overridden by a definition's ``checks``."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import yaml

from qingliu.core.dataset import CheckSpec, DatasetRecord, FieldRecord
from qingliu.lake.checks.spec import Limit

_FILE = Path(__file__).with_name("items.yaml")


def plain(text: str) -> str:
    """A name or unit as limits spell it: lower case, letters, digits, dots, % and ℃ only."""
    low = text.lower().replace("μ", "u").replace("µ", "u").replace("³", "3")
    return "".join(c for c in low if c.isalnum() or c in ".%℃")


@cache
def limits() -> tuple[Limit, ...]:
    """Every limit of the file."""
    rows = yaml.safe_load(_FILE.read_text(encoding="utf-8"))["items"]
    return tuple(
        Limit(
            tuple(plain(n) for n in r["names"]),
            tuple(plain(u) for u in r.get("units", ())),
            r.get("minimum"),
            r.get("maximum"),
            float(r.get("hours", 0)),
            r.get("zeros", False),
            float(r.get("noise", 0)),
        )
        for r in rows
    )


@cache
def _alike() -> tuple[tuple[re.Pattern[str], Limit], ...]:
    """Limits that hold for columns by how their names end."""
    rows = yaml.safe_load(_FILE.read_text(encoding="utf-8"))["items"]
    return tuple((re.compile(r["like"]), limit) for r, limit in zip(rows, limits(), strict=True) if "like" in r)


def of_column(field: FieldRecord) -> Limit | None:
    """The limit of a column that is one item, by its name and unit."""
    unit = plain(field.unit)
    called = {field.name.strip().lower(), field.title.zh.strip().lower()}
    fitting = [x for x in limits() if plain(field.name) in x.names] or [
        x for pattern, x in _alike() if any(pattern.search(name) for name in called)
    ]
    return next((x for x in fitting if not unit or not x.units or unit in x.units), None)


def declared(record: DatasetRecord, rule: str, field: str) -> tuple[CheckSpec, ...]:
    """The checks of a rule that a definition declares for a column (or for all)."""
    return tuple(
        c for c in record.checks
        if c.rule == rule and (not c.option("field") or field in c.option("field").split(","))
    )  # fmt: skip


def changed(limit: Limit, specs: tuple[CheckSpec, ...]) -> Limit:
    """A limit with what ``checks`` declare for it (an item, or the column)."""
    for spec in specs:
        if spec.option("item") and plain(spec.option("item")) not in limit.names:
            continue
        numbers = {n: float(spec.option(n)) for n in ("minimum", "maximum", "hours") if spec.option(n)}
        limit = replace(limit, **numbers)  # type: ignore[arg-type]
    return limit
