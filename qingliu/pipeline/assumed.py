"""What columns of a draft most likely are to the judges of content, by their names, where nobody has declared it. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

from qingliu.core.dataset import DatasetRecord, FieldRecord, Role

_NAMES: tuple[tuple[Role, str], ...] = (
    ("station", r"(測站|站點|監測站)?(代碼|編號|代號)|站號|站碼|測站|site_?id|station_?id|site_?no"),
    ("station_name", r"測站名稱|站名|測站中文名稱|site_?name|station_?name"),
    ("county", r"縣市(別|名稱)?|所在縣市|county(_?name)?|city"),
    ("control_number", r"管制編號|事業管制編號|ems_?no|controlno"),
)
_STATION = re.compile(r"測站|站點|監測站|站號|站碼|site|station", re.I)


def assumed(record: DatasetRecord) -> DatasetRecord:
    """The record with the roles that its columns' names plainly say, for looking only; declared roles stand."""
    taken = {f.role for f in record.fields if f.role}
    fields: list[FieldRecord] = []
    for field in record.fields:
        role = field.role or _role(field)
        if not field.role and (role in taken or field.type not in ("string", "integer")):
            role = ""
        taken |= {role} if role else set()
        fields.append(replace(field, role=role) if role != field.role else field)
    stations = [n for n, f in enumerate(fields) if f.role == "station"]
    if stations and "station_name" not in taken and stations[0] + 1 < len(fields):
        beside = fields[stations[0] + 1]
        if not beside.role and beside.type == "string" and re.search(r"(名稱|站名)$|name$", beside.name, re.I):
            fields[stations[0] + 1] = replace(beside, role="station_name")
    return replace(record, fields=tuple(fields))


def _role(field: FieldRecord) -> Role:
    names = {
        unicodedata.normalize("NFKC", n).strip().lower() for n in (field.name, field.title.zh, *field.aliases) if n
    }
    for role, pattern in _NAMES:
        if any(re.fullmatch(pattern, n) and (role != "station" or _STATION.search(n)) for n in names):
            return role
    return ""
