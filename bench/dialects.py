"""The same questions through the portal's other dialects, and as the statements that CKAN's datastore issues."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from bench.questions import CODE, Asked

LIVE = "OBS_LIVE"
ALL_ROWS = 1_000_000
_RANGES = {"GE": "gte", "LE": "lte", "GT": "gt"}
_SQL = {"EQ": "=", "GE": ">=", "LE": "<=", "GT": ">"}
_NUMBERS = {"siteid", "itemid", "concentration"}


def moenv(asked: Asked) -> str:
    """The address under /api/v2; a count is the envelope's exact total."""
    told: dict[str, object] = {"limit": asked.limit or ALL_ROWS, "sort": "monitordate asc"}
    if asked.offset:
        told |= {"offset": asked.offset, "sort": "itemid asc,siteid asc,monitordate asc"}
    if asked.counted:
        told = {"limit": 1, "profile": "envelope"}
    if asked.form == "csv":
        told |= {"format": "csv", "sort": "itemid asc,siteid asc,monitordate asc"}
    if asked.conditions:
        told["filters"] = "|".join(",".join(c) for c in asked.conditions)
    return f"/api/v2/{CODE}?{urlencode(told)}"


def _value(column: str, value: str) -> object:
    return value if column not in _NUMBERS else float(value) if "." in value else int(value)


def ckan(asked: Asked) -> str:
    """The address of datastore_search, or of the dump where CSV is asked for."""
    filters: dict[str, Any] = {}
    for column, operator, value in asked.conditions:
        if operator == "EQ":
            filters[column] = _value(column, value)
        else:
            filters.setdefault(column, {})[_RANGES[operator]] = _value(column, value)
    if asked.after is not None:
        filters = {"_id": {"gt": asked.after}}
    told: dict[str, object] = {"filters": json.dumps(filters)} if filters else {}
    if asked.form == "csv":
        return f"/datastore/dump/{CODE}?{urlencode(told)}"
    told |= {"resource_id": CODE, "limit": 0 if asked.counted else asked.limit}
    if asked.offset:
        told["offset"] = asked.offset
    if asked.conditions and not asked.counted:
        told["sort"] = "monitordate asc"
    if asked.after is not None:
        told["include_total"] = "false"
    return f"/api/3/action/datastore_search?{urlencode(told)}"


def ogc(asked: Asked) -> str:
    """The address of the items of the table that has a place."""
    equal = {column: value for column, operator, value in asked.conditions if operator == "EQ"}
    times = [value.replace(" ", "T") for column, _, value in asked.conditions if column == "monitordate"]
    told = equal | {"datetime": "/".join(t + "+08:00" for t in times), "limit": asked.limit}
    return f"/api/ogc/collections/{LIVE}/items?{urlencode(told)}"


PATHS: dict[str, Callable[[Asked], str]] = {"moenv": moenv, "ckan": ckan, "ogc": ogc}
NAMES = {
    "moenv": "MOENV v2",
    "ckan": "CKAN action API and dump",
    "ogc": "OGC API Features (the table with places)",
}


def datastore(asked: Asked) -> dict[str, Any]:
    """What CKAN issues: a page as JSON text and then its count; pages of the dump; or SQL of the caller."""
    where = " AND ".join(f"\"{c}\" {_SQL[o]} '{v}'" for c, o, v in asked.conditions) or "true"
    if asked.form == "csv":
        return {"dump": where}
    count = f"SELECT count(*) AS n FROM (SELECT * FROM obs WHERE {where}) AS t"
    if asked.datastore or asked.counted:
        return {"sql": [_text(asked.datastore or count)]}
    where = f"_id > {asked.after}" if asked.after is not None else where
    order = "monitordate" if asked.conditions else "_id"
    page = f"SELECT * FROM obs WHERE {where} ORDER BY {order} LIMIT {asked.limit} OFFSET {asked.offset}"
    names = "_id, monitordate, siteid, sitename, county, itemid, itemname, itemengname, itemunit, concentration"
    told = [_text(f"SELECT {names} FROM ({page}) AS z")]
    # CKAN 2.12 keeps the total of a whole table and can leave it out of a page after a key: that is not counted against it
    return {"sql": [*told, count] if asked.conditions else told}


def _text(sql: str) -> str:
    return f"SELECT array_to_json(array_agg(j))::text FROM ({sql}) AS j"


def rows_of(body: bytes, form: str) -> list[dict[str, Any]]:
    """The rows of an answer in any of the tongues; a count is one row."""
    if form == "csv":
        return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
    found = json.loads(body)
    if isinstance(found, list):
        return found
    if "features" in found:
        return [one["properties"] for one in found["features"]]
    if "rows" in found:
        return list(found["rows"])
    inner = found.get("result", found)
    return list(inner["records"]) if len(inner["records"]) > 1 else [{"n": inner["total"]}]
