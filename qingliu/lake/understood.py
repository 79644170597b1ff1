"""What follows from a plan alone, each worked out once: what its names mean, its ranges, its files."""

from __future__ import annotations

from qingliu.lake.answer import Plan
from qingliu.lake.compiler import effective_order, scope_of
from qingliu.lake.query import Order
from qingliu.lake.relation import candidates
from qingliu.lake.where import Range, Scope, ranges


def scope(plan: Plan) -> Scope:
    """What names mean in the version that answers."""
    return plan.once("scope", lambda: scope_of(plan.entry.record, plan.version))


def wanted(plan: Plan) -> dict[str, Range]:
    """Ranges that every matching row lies in, by column; not to be changed."""
    return plan.once("wanted", lambda: ranges(plan.query.where, scope(plan)))


def order(plan: Plan) -> tuple[Order, ...]:
    """The order still to be made. Raises UnknownField."""
    return plan.once("order", lambda: effective_order(plan.query, plan.version, scope(plan)))


def chosen(plan: Plan, first: int = 0) -> list[int]:
    """The files from number ``first`` on that may hold a matching row."""
    return plan.once(("chosen", first), lambda: candidates(plan.version, wanted(plan), first))
