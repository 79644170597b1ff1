"""What the columns of a dataset are to the gate: by their declared role, and by their titles where none was declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import re2

from qingliu.core.dataset import DatasetRecord, FieldRecord, Text

_TITLES = (
    ("control_number", re2.compile(r"管制(事業)?編號")),
    ("tax_id", re2.compile(r"統一編號|統編")),
    ("address", re2.compile(r"地址|住址|違反地點|座落|坐落")),
    ("person_name", re2.compile(r"姓名|違規人|負責人|申請人|所有人|行為人|受處分人")),
    ("facility_name", re2.compile(r"(事業|公司|機構|廠商|工廠|業者|商號)(名稱|$)")),
)
_DETAIL = re2.compile(r"村里|地號|地段|門牌|路名|路段|街道")
_FORMER_ADDRESS = re2.compile(r"(?i)addr|地址|住址")
_FORMER_POINT = re2.compile(r"(?i)^(?:lon|lng|lat|x|y)(?:$|_|gitude|itude)|twd97|wgs84|coord|經度|緯度|座標|坐標")
_POINT = re2.compile(r"經度|緯度|座標|坐標|(?i)twd97|(?i)longitude|(?i)latitude")


def role_of(field: FieldRecord) -> str:
    """The declared role; where none is, the one that the title tells (only those that the gate acts on)."""
    if field.role:
        return field.role
    if field.type != "string":
        return ""
    return next((role for role, pattern in _TITLES if pattern.search(field.title.zh)), "")


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that the gate looks at. ``owners`` pairs an address with the columns that name whose it is."""

    texts: tuple[str, ...]  # every column that holds free strings
    names: tuple[str, ...]
    addresses: tuple[str, ...]
    details: tuple[str, ...]  # parts of an address in columns of their own
    controls: tuple[str, ...]
    facilities: tuple[str, ...]
    counties: tuple[str, ...]
    townships: tuple[str, ...]
    lon: str
    lat: str
    points: tuple[str, ...]  # every coordinate column, the pair above among them
    owners: tuple[tuple[str, tuple[str, ...]], ...]

    def owners_of(self, address: str) -> tuple[str, ...]:
        """The columns that say whose address it is."""
        return dict(self.owners).get(address, self.names)


@lru_cache(maxsize=256)
def columns_of(record: DatasetRecord) -> Columns:
    """Sort the columns of a dataset."""
    roles = {f.name: role_of(f) for f in record.fields}

    def having(*wanted: str) -> tuple[str, ...]:
        return tuple(n for n, role in roles.items() if role in wanted)

    flags = {f.flag_field for f in record.fields}
    strings = [f for f in record.fields if f.type == "string" and f.name not in flags]
    names = tuple(f.name for f in strings if _names_someone(f, roles[f.name]))
    addresses = tuple(f.name for f in strings if roles[f.name] == "address" or f.sensitivity == "address")
    place = (record.place.lon, record.place.lat) if record.place else ("", "")
    points = [f.name for f in record.fields if f.type in {"number", "integer"} and _POINT.search(f.title.zh)]
    return Columns(
        texts=tuple(f.name for f in strings if not f.enum),
        names=names,
        addresses=addresses,
        details=tuple(f.name for f in strings if _DETAIL.search(f.title.zh) and f.name not in addresses),
        controls=having("control_number"),
        facilities=having("facility_name", "person_name"),
        counties=having("county"),
        townships=having("township"),
        lon=place[0],
        lat=place[1],
        points=tuple(dict.fromkeys([*(p for p in place if p), *points])),
        owners=tuple((a, _owners(a, names)) for a in addresses),
    )


def with_former(record: DatasetRecord, types: Mapping[str, str]) -> DatasetRecord:
    """A record that also tells of columns which files from before still hold and which it does not know any more.

    What they were declared as is gone with the definition that said so: text is taken to be somebody's, a number named
    like a coordinate for one.
    """
    known = {f.name for f in record.fields}
    former = [_former(n, kind) for n, kind in types.items() if n not in known and not n.startswith("_")]
    return replace(record, fields=(*record.fields, *(f for f in former if f is not None))) if any(former) else record


def _former(name: str, kind: str) -> FieldRecord | None:
    if kind == "VARCHAR":
        address = bool(_FORMER_ADDRESS.search(name))
        return FieldRecord(
            name, "string", Text(name, name), role="address" if address else "",
            sensitivity="address" if address else "personal",
        )  # fmt: skip
    if kind in {"DOUBLE", "FLOAT", "BIGINT"} and _FORMER_POINT.search(name):
        return FieldRecord(name, "number", Text("座標", name))
    return None


def _names_someone(field: FieldRecord, role: str) -> bool:
    """Whether whole cells of the column may be names: declared so, or personal and not declared as anything else."""
    return role in {"person_name", "facility_name"} or (field.sensitivity == "personal" and not role)


def _owners(address: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Name columns that share the address column's first word (fac_address: fac_name); all of them where none does."""
    first = address.split("_", maxsplit=1)[0]
    alike = tuple(n for n in names if "_" in address and n.split("_")[0] == first)
    return alike or names
