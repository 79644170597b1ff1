"""A published index recomputed: piecewise linear sub-indices of which the greatest counts, or points of which the mean does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from qingliu.lake.checks.source import Source, picked
from qingliu.lake.checks.spec import Band, Edition, Hit, Index, Result, Value
from qingliu.lake.names import ident, literal


def index(source: Source, check: Index) -> Result:
    """Counts of equal, different and unmeasured rows; the different ones by reason, with the rows."""
    time = ident(source.record.time_field)
    hits: list[Hit] = []
    looked = 0
    if check.item:
        _widen(source, check)
    for edition, until in _spans(check.editions):
        when = f"{time} >= DATE {literal(edition.since.isoformat())}" + (
            f" AND {time} < DATE {literal(until.isoformat())}" if until else ""
        )
        if not source.one(f"SELECT count(*) FROM {'wide' if check.item else 'src'} WHERE {when}"):
            continue
        _judge(source, check, edition, when)
        groups = source.all("SELECT kind, coalesce(lead, ''), count(*) FROM judged GROUP BY ALL ORDER BY 3 DESC")
        looked += sum(n for kind, _, n in groups if kind not in {"missing", "unpublished"})
        hits += _summary(edition, groups)
        for kind, lead, _ in groups:
            if kind not in {"equal", "missing", "unpublished"}:
                hits += _rows(source, check, edition, kind=kind, lead=lead)
        hits += _words(source, check, edition)
    return Result(check, tuple(hits), looked)


def _widen(source: Source, check: Index) -> None:
    """Make ``wide`` of a long table: a row a sample, its items as columns."""
    shape = source.shape
    assert shape is not None
    keys = _keys(source, check)
    names = dict.fromkeys([check.field, *(b.column for e in check.editions for b in e.bands)])
    value, item = ident(shape.values[0]), ident(check.item)
    columns = ", ".join(f"max({value}) FILTER (WHERE {item} = {literal(n)}) AS {ident(n)}" for n in names)
    listed = ", ".join(ident(k) for k in keys)
    among = ", ".join(literal(n) for n in names)
    source.con.execute(
        f"CREATE OR REPLACE TEMP TABLE wide AS SELECT {listed}, {columns} FROM src WHERE {item} IN ({among}) GROUP BY {listed}"
    )


def _keys(source: Source, check: Index) -> tuple[str, ...]:
    """The columns that tell the judged rows apart."""
    shape = source.shape
    if not check.item or shape is None:
        return source.record.key
    return (*(c for c in shape.series if c != shape.item), shape.time)


def _odd(source: Source, check: Index) -> str:
    """The condition that a row of ``src`` is one of the table ``odd``."""
    same = " AND ".join(f"j.{ident(k)} IS NOT DISTINCT FROM src.{ident(k)}" for k in _keys(source, check))
    only = f" AND src.{ident(check.item)} = {literal(check.field)}" if check.item else ""
    return f"EXISTS (SELECT 1 FROM odd j WHERE {same}){only}"


def _spans(editions: Sequence[Edition]) -> list[tuple[Edition, date | None]]:
    ordered = sorted(editions, key=lambda e: e.since)
    return [(e, after.since if after else None) for e, after in zip(ordered, [*ordered[1:], None], strict=True)]


def sub_index(band: Band, units: str) -> str:
    """The SQL of one input's sub-index at so many whole units; null where it takes no part."""
    parts = []
    for low, high, first, last in band.steps:
        slope = 0.0 if high == low else (last - first) / (high - low)
        point = f"{first!r} + ({units} - {low!r}) * {slope!r}" if slope else f"{first!r}"
        parts.append(f"WHEN {units} >= {low!r} AND {units} <= {high!r} THEN {point}")
    beyond = f" WHEN {units} > {band.steps[-1][1]!r} THEN {band.beyond!r}" if band.beyond is not None else ""
    return f"CASE {' '.join(parts)}{beyond} END"


def _units(band: Band) -> str:
    value = f"{ident(band.column)} * {band.scale!r}"
    return f"floor({value} + 1e-6)" if band.cut else f"round({value} + 1e-9)"


def _judge(source: Source, check: Index, edition: Edition, when: str) -> None:
    """Make ``judged``: rows with their computed index, the inputs that lead, and what the comparison says.

    In steps that are kept, so that no expression holds another one many times.
    """
    wanted = (*_keys(source, check), check.field, check.pollutant, check.status)
    kept = ", ".join(ident(c) for c in dict.fromkeys(wanted) if c)
    units = ", ".join(f"{_units(b)} AS u{n}" for n, b in enumerate(edition.bands))
    missing = " OR ".join(f"{ident(b.column)} IS NULL" for b in edition.bands if b.needed)
    table = "wide" if check.item else "src"
    make = "CREATE OR REPLACE TEMP TABLE"
    source.con.execute(f"{make} cut AS SELECT {kept}, {missing} AS missing, {units} FROM {table} WHERE {when}")
    found = _found(edition, [f"u{n}" for n in range(len(edition.bands))])
    subs = ", ".join(f"{sub_index(b, f'u{n}')} AS i{n}" for n, b in enumerate(edition.bands))
    source.con.execute(f"{make} sub AS SELECT *, {found} AS found, {subs} FROM cut")
    leading = [f"CASE WHEN round_even(i{n}, 0) = found THEN {literal(b.name)} END" for n, b in enumerate(edition.bands)]
    lead = "NULL::VARCHAR" if edition.mean else f"coalesce({', '.join(leading)})"
    leads = "''" if edition.mean else f"concat_ws('|', {', '.join(leading)})"
    published = ident(check.field)
    kind = (
        f"CASE WHEN {published} IS NULL THEN 'unpublished' WHEN missing THEN 'missing' "
        f"WHEN abs({published} - found) < 1e-6 THEN 'equal' WHEN {published} > found THEN 'higher' ELSE 'lower' END"
    )
    source.con.execute(f"{make} judged AS SELECT *, {kind} AS kind, {lead} AS lead, {leads} AS leads FROM sub")
    source.con.execute(
        f"UPDATE judged SET kind = 'rounding' WHERE kind IN ('higher', 'lower') AND ({_rounding(check, edition)})"
    )


def _found(edition: Edition, units: list[str]) -> str:
    """The SQL of the index itself."""
    subs = [sub_index(b, u) for b, u in zip(edition.bands, units, strict=True)]
    if edition.mean:
        return f"round(({' + '.join(subs)}) / {len(subs)}.0 + 1e-9, {edition.digits})"
    return f"round_even(greatest({', '.join(subs)}), {edition.digits})"


def _rounding(check: Index, edition: Edition) -> str:
    """The condition that a difference follows from inputs that were rounded before they were published.

    An input that is whole in units ten times the table's may have been up to nine units more, or five less.
    """
    published = ident(check.field)
    if edition.mean:
        return f"abs({published} - found) <= 0.05"
    least, most = [], []
    for n, band in enumerate(edition.bands):
        whole = f"u{n} % 10 = 0" if band.scale == 10 else "false"
        least.append(f"greatest(u{n} - CASE WHEN {whole} THEN 5 ELSE 1 END, 0)")
        most.append(f"(u{n} + CASE WHEN {whole} THEN 9 ELSE 0 END)")
    return f"{published} BETWEEN {_found(edition, least)} AND {_found(edition, most)}"


def _summary(edition: Edition, groups: list[tuple[str, str, int]]) -> list[Hit]:
    sums: dict[str, int] = {}
    for kind, _, n in groups:
        sums[kind] = sums.get(kind, 0) + n
    compared = sum(n for kind, n in sums.items() if kind not in {"missing", "unpublished"})
    if not sums:
        return []
    facts: tuple[tuple[str, Value], ...] = (
        ("edition", edition.name), ("compared", compared), ("equal", sums.get("equal", 0)),
        ("missing", sums.get("missing", 0)), ("unpublished", sums.get("unpublished", 0)),
    )  # fmt: skip
    return [Hit("summary", compared - sums.get("equal", 0), facts)]


def _rows(source: Source, check: Index, edition: Edition, *, kind: str, lead: str) -> list[Hit]:
    example = source.all(
        f"SELECT CAST({ident(check.field)} AS DOUBLE), CAST(found AS DOUBLE) FROM judged "
        "WHERE kind = ? AND coalesce(lead, '') = ? ORDER BY 1 LIMIT 1", [kind, lead],
    )[0]  # fmt: skip
    facts: list[tuple[str, Value]] = [
        ("edition", edition.name), ("lead", lead), ("published", example[0]), ("computed", example[1]),
    ]  # fmt: skip
    columns = (
        [check.field, *(b.column for b in edition.bands)]
        if not check.item
        else [source.shape.values[0] if source.shape else ""]
    )
    source.con.execute(
        "CREATE OR REPLACE TEMP TABLE odd AS SELECT * FROM judged "
        f"WHERE kind = {literal(kind)} AND coalesce(lead, '') = {literal(lead)}"
    )
    return picked(source, _odd(source, check), kind=kind, facts=facts, columns=columns)


def _words(source: Source, check: Index, edition: Edition) -> list[Hit]:
    """Where the published pollutant or class does not fit: the class to the published index, the pollutant to ours."""
    hits: list[Hit] = []
    published = ident(check.field)
    tests: list[tuple[str, str, str]] = []
    if check.pollutant:
        text = ident(check.pollutant)
        least = check.classes[0][0] if check.classes else 50
        tests.append(
            ("pollutant", check.pollutant,
             f"kind = 'equal' AND {published} > {least!r} AND {text} IS NOT NULL "
             f"AND NOT list_contains(string_split(leads, '|'), {text})")
        )  # fmt: skip
        tests.append(
            ("no-pollutant", check.pollutant, f"kind = 'equal' AND {published} > {least!r} AND {text} IS NULL")
        )
    if check.status and check.classes:
        text = ident(check.status)
        wanted = (
            "CASE "
            + " ".join(f"WHEN {published} <= {upper!r} THEN {literal(n)}" for upper, n in check.classes)
            + " END"
        )
        tests.append(("status", check.status, f"{published} IS NOT NULL AND {text} IS NOT NULL AND {text} <> {wanted}"))
        tests.append(("status-alone", check.status, f"{published} IS NULL AND {text} IS NOT NULL"))
    for kind, column, condition in tests:
        source.con.execute(f"CREATE OR REPLACE TEMP TABLE odd AS SELECT * FROM judged WHERE {condition}")
        facts: list[tuple[str, Value]] = [("edition", edition.name), ("field", column)]
        hits += picked(source, _odd(source, check), kind=kind, facts=facts, columns=[check.field, column])
    return hits
