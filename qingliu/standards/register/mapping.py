"""How a dataset's columns stand to the register: which property each carries, and what its cells must be. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from qingliu.core.dataset import DatasetRecord, FieldRecord, Text
from qingliu.standards import register, units
from qingliu.standards.register import domains, patterns
from qingliu.standards.register.records import Fault, Property, Subject

_TYPES = {"字串": {"string"}, "數字": {"integer", "number"}, "日期": {"date", "datetime"}, "布林值": {"boolean"}}
_UNQUOTED = {"address", "person_name", "facility_name", "tax_id", "control_number", "free_text"}


@dataclass(frozen=True, slots=True)
class CellCheck:
    """What a property asks of each filled cell. 驗證 goes before 值域; ``told`` says what could not be run and why."""

    pattern: str = ""
    function: str = ""
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    told: Text | None = None

    @property
    def asks(self) -> bool:
        """Whether there is anything to run."""
        return bool(self.pattern or self.function or self.values or self.low is not None or self.high is not None)


@dataclass(frozen=True, slots=True)
class Mapped:
    """A column and the property that it says it carries; ``asked`` None where the register has no such one."""

    field: FieldRecord
    named: str
    asked: Property | None
    check: CellCheck
    problems: tuple[Text, ...]  # of the declaration, not of cells: type, unit

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Known faults of the property."""
        return self.asked.faults if self.asked else ()


def quotable(field: FieldRecord) -> bool:
    """Whether a judge may quote cells of a column: not where persons, homes or restricted sites could stand in them."""
    return field.sensitivity == "none" and field.role not in _UNQUOTED


def cell_check(asked: Property) -> CellCheck:
    """The check of one cell: its 驗證; where that is empty or RE2 cannot run it, its 值域; then its code list."""
    told = None
    if asked.regexp:
        pattern = patterns.read(asked.regexp)
        if pattern.runs:
            return CellCheck(pattern=pattern.re2, function=pattern.function)
        told = pattern.told
    if asked.domain:
        domain = domains.read(asked.domain, asked.kind)
        if domain.told is None:
            return CellCheck(pattern=domain.re2, low=domain.low, high=domain.high, told=told)
        told = told or domain.told
    if asked.lists:
        return CellCheck(values=register.code_list(asked.lists).values(), told=told)
    return CellCheck(told=told)


def mapped(record: DatasetRecord) -> tuple[Mapped, ...]:
    """Every column that names a property."""
    return tuple(_one(field) for field in record.fields if field.property)


def _one(field: FieldRecord) -> Mapped:
    found = register.find(field.property)
    if found is None:
        return Mapped(field, field.property, None, CellCheck(), ())
    wrong_type = _wrong_type(field, found)
    check = CellCheck() if wrong_type and field.type in {"datetime", "boolean"} else cell_check(found)
    return Mapped(field, field.property, found, check, tuple(p for p in (wrong_type, _wrong_unit(field, found)) if p))


def _wrong_type(field: FieldRecord, asked: Property) -> Text | None:
    allowed = set(_TYPES[asked.kind])
    if asked.kind == "日期":
        day = asked.name in {"Date", "PenaltyDate", "TransgressDate"} or asked.regexp == "validateDate"
        allowed = {"date"} if day else {"datetime"} if asked.regexp else {"integer", "string"}
    if asked.kind == "布林值":
        allowed |= {"string"}  # a list of two codes
    if field.type in allowed:
        return None
    names = "、".join(sorted(allowed))
    return Text(
        f"型別為 {field.type}，標準為{asked.kind}（{names}）。", f"Its type is {field.type}; the standard's is {names}."
    )


def _wrong_unit(field: FieldRecord, asked: Property) -> Text | None:
    allowed = register.code_list("air-units").values() if asked.name == "Concentration" else (asked.unit,)
    if not field.unit or not any(allowed) or any(u == field.unit or units.same(u, field.unit) for u in allowed):
        return None
    listed = "、".join(allowed)
    return Text(f"單位為 {field.unit}，標準為 {listed}。", f"Its unit is {field.unit}; the standard's is {listed}.")


@dataclass(frozen=True, slots=True)
class Missing:
    """A property that a dataset of this subject ought to carry and does not."""

    subject: str
    name: str
    required: bool


def missing(found: tuple[Mapped, ...]) -> tuple[Missing, ...]:
    """What the subjects that a dataset maps to ask for and it lacks. A subject counts from two mapped columns on."""
    named = {m.asked.code for m in found if m.asked}
    carried = named | {m.asked.same_as for m in found if m.asked and m.asked.same_as}
    gaps = []
    for subject in register.subjects().values():
        if len({c for c in named if c.rsplit("/", 1)[0] == subject.code}) >= 2:
            gaps += [Missing(subject.code, n, True) for n in subject.required if not _carries(subject, n, carried)]
            gaps += [Missing(subject.code, n, False) for n in subject.recommended if not _carries(subject, n, carried)]
    return tuple(gaps)


def _carries(subject: Subject, name: str, carried: set[str]) -> bool:
    asked = next(p for p in subject.properties if p.name == name)
    if asked.code in carried or (asked.same_as and asked.same_as in carried):
        return True
    category = subject.code.rsplit("/", 1)[0]  # a sister subject's property of the same name does as well
    return any(c.startswith(f"{category}/") and c.endswith(f"/{name}") for c in carried)
