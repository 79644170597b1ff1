"""Functions over a column as SQL, in parts that add up over finer groups, or over whole groups where they do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from qingliu.lake.query import Aggregate

DIGITS = 9  # decimals of means and sums: fewer than the order of adding can disturb, so that bytes repeat
ANGLE_DIGITS = 6
STATISTICS = frozenset({"avg", "sum", "min", "max", "median", "percentile", "sd", "vdir", "vspeed"})
NUMBERS_ONLY = STATISTICS - {"min", "max"} | {"over", "valid"}
ON_A_CIRCLE = frozenset({"count", "valid", "avg", "first", "last", "vdir", "vspeed"})


@dataclass(frozen=True, slots=True)
class Form:
    """``parts``: (SQL over rows, function that joins parts of finer groups, "" where none can). ``final``: SQL over {0}, {1}…"""

    parts: tuple[tuple[str, str], ...]
    final: str

    @property
    def whole(self) -> bool:
        """Whether it needs all rows of its group at once."""
        return any(not join for _, join in self.parts)

    def over(self, name: Callable[[int], str]) -> str:
        """The final SQL over parts called by ``name``."""
        return self.final.format(*(name(i) for i in range(len(self.parts))))


def _rounded(sql: str, digits: int = DIGITS) -> str:
    return f"round(CAST({sql} AS DOUBLE), {digits})"


def form(aggregate: Aggregate, at: int, *, integer: bool, circular: str, order: str) -> Form:
    """The SQL of one function. ``circular``: "yes", "no", or "item" where _d tells it by row.

    ``at`` numbers its columns: r raw, _x value, u and w the unit vector, _p and _q the vector times speed; o lies over a
    limit. ``order`` sorts first and last.
    """
    x = f"_x{at}"
    add = "sum" if integer else "fsum"
    match aggregate.fn:
        case "count":
            return Form((("count(*)" if aggregate.field == "*" else f"count(r{at})", "sum"),), "CAST({0} AS BIGINT)")
        case "valid":
            return Form(((f"count({x})", "sum"),), "CAST({0} AS BIGINT)")
        case "over":
            return Form(((f"count(*) FILTER (o{aggregate_mark(aggregate)})", "sum"),), "CAST({0} AS BIGINT)")
        case "first" | "last":
            chosen = "arg_min" if aggregate.fn == "first" else "arg_max"
            return Form(((f"{chosen}({x}, {order}) FILTER ({x} IS NOT NULL)", ""),), "{0}")
        case "vdir":
            return Form(_sums(f"_p{at}", f"_q{at}"), _direction("{0}", "{1}", "{2}"))
        case "vspeed":
            return Form(_sums(f"_p{at}", f"_q{at}"), _rounded("sqrt({0} * {0} + {1} * {1}) / nullif({2}, 0)"))
    mean = Form(((f"{add}({x})", add), (f"count({x})", "sum")), _rounded("{0} / nullif({1}, 0)"))
    plain = {
        "avg": mean,
        "sum": Form(((f"{add}({x})", add),), _rounded("{0}")),
        "min": Form(((f"min({x})", "min"),), "{0}"),
        "max": Form(((f"max({x})", "max"),), "{0}"),
        "sd": Form(((f"stddev_samp({x})", ""),), _rounded("{0}")),
        "median": Form(((f"quantile_cont({x}, 0.5)", ""),), _rounded("{0}")),
        "percentile": Form(((f"quantile_cont({x}, {(aggregate.number or 0) / 100!r})", ""),), _rounded("{0}")),
    }[aggregate.fn]
    if circular == "no":
        return plain
    turned = Form(_sums(f"u{at}", f"w{at}"), _direction("{0}", "{1}", "{2}"))
    if circular == "yes":
        return turned
    marked = (*plain.parts, ("bool_or(_d)", "bool_or"))
    n = len(plain.parts)
    if aggregate.fn != "avg":
        return Form(marked, f"CASE WHEN NOT coalesce({{{n}}}, false) THEN {plain.final} END")
    both = (*marked, *turned.parts)
    vector = turned.final.replace("{0}", "{a}").replace("{1}", "{b}").replace("{2}", "{c}")
    vector = vector.replace("{a}", f"{{{n + 1}}}").replace("{b}", f"{{{n + 2}}}").replace("{c}", f"{{{n + 3}}}")
    return Form(both, f"CASE WHEN coalesce({{{n}}}, false) THEN {vector} ELSE {plain.final} END")


def aggregate_mark(aggregate: Aggregate) -> str:
    """What tells the column of a limit from those of others."""
    return aggregate.name.encode().hex()


def _sums(one: str, two: str) -> tuple[tuple[str, str], ...]:
    return ((f"fsum({one})", "fsum"), (f"fsum({two})", "fsum"), (f"count({one})", "sum"))


def _direction(east: str, north: str, count: str) -> str:
    """Degrees from north, clockwise, 0 up to 360; null where the vectors cancel out."""
    angle = f"round(round(degrees(atan2({east}, {north})) + 360, {ANGLE_DIGITS}) % 360, {ANGLE_DIGITS})"
    length = f"sqrt({east} * {east} + {north} * {north})"
    return f"CASE WHEN {length} > 1e-9 * {count} THEN {angle} END"
