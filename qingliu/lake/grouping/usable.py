"""Which cells count as values: not those marked invalid; below the detection limit what the question says."""

from __future__ import annotations

from qingliu.core.dataset import DatasetRecord, FieldRecord
from qingliu.lake.names import literal
from qingliu.lake.query import Rules

BELOW = "below_detection"
_MARKS = ("instrument_check_invalid", "program_check_invalid", "manual_check_invalid", "invalid")


def is_invalid(flag: str) -> bool:
    """Whether a flag says that the number beside it is no measurement (docs/reference/series.md)."""
    return flag == "invalid" or flag.endswith("_invalid")


def flags_of(record: DatasetRecord, field: FieldRecord) -> set[str]:
    """Flags that may stand beside a value of a column. A view shows its base's flags and does not declare them."""
    declared = {flag for _, flag in field.suffix_flags} | {s.flag for s in field.sentinels if s.flag}
    return declared | ({*_MARKS, BELOW} if record.view is not None or field.flag_field else set())


def limit_declared(field: FieldRecord) -> bool | None:
    """Whether cells below detection carry their limit; None where the column declares no such cells."""
    found = [s.value is not None for s in field.sentinels if s.flag == BELOW]
    if any(flag == BELOW for _, flag in field.suffix_flags):
        found.append(True)
    return all(found) if found else None


def cell_mark(field: FieldRecord, flag: str) -> str:
    """How a flag of a column's cell stands in ``_flags``."""
    name = field.name.replace(";", "%3B").replace("=", "%3D")  # as the lake writes names there
    return f";{name}={flag};"


def _flagged(field: FieldRecord, flag: str) -> str:
    return f"contains(_flags, {literal(cell_mark(field, flag))})"


def value(record: DatasetRecord, field: FieldRecord, name: str, rules: Rules) -> str:
    """SQL for a cell as a value: null where it is none."""
    flags = flags_of(record, field)
    cases = []
    if not rules.invalid:
        cases.append("WHEN _status = 'invalid' THEN NULL")
        bad = sorted(f for f in flags if is_invalid(f))
        if bad:
            cases.append(f"WHEN _flags IS NOT NULL AND ({' OR '.join(_flagged(field, f) for f in bad)}) THEN NULL")
    if BELOW in flags:
        instead = {"half": f"{name} / 2", "zero": "0", "limit": name, "drop": "NULL"}[rules.below_detection]
        cases.append(f"WHEN _flags IS NOT NULL AND {_flagged(field, BELOW)} THEN {instead}")
    return f"CASE {' '.join(cases)} ELSE {name} END" if cases else name
