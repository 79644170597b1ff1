"""Run by the clients' own Python, never by ours: calls a portal through ckanapi, unmodified, and prints what it got.

python ckan_calls.py URL
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
from typing import Any

from ckanapi import RemoteCKAN
from ckanapi.errors import CKANAPIError, NotAuthorized, NotFound, ValidationError

PAGE = 32_000


def canonical(rows: Any) -> str:
    """The SHA-256 of rows without their number, each as JSON with sorted keys."""
    digest = hashlib.sha256()
    for row in rows:
        plain = {k: v for k, v in row.items() if k != "_id"}
        digest.update(json.dumps(plain, sort_keys=True, ensure_ascii=False).encode())
    return digest.hexdigest()


def by_next_page(portal: RemoteCKAN, table: str) -> Any:
    """Every row by CKAN 2.12's keyset pages."""
    filters: dict[str, Any] = {}
    while True:
        asked = {"resource_id": table, "limit": PAGE, "include_next_page": True, "filters": filters}
        page = portal.call_action("datastore_search", asked)
        yield from page["records"]
        if "next_page" not in page:
            return
        filters = page["next_page"]


def by_offset(portal: RemoteCKAN, table: str) -> int:
    """How many rows pages by offset hold, until one is empty."""
    seen = 0
    while True:
        page = portal.action.datastore_search(
            resource_id=table, limit=PAGE, offset=seen, include_total=False, fields="_id"
        )
        if not page["records"]:
            return seen
        seen += len(page["records"])


def harvest(portal: RemoteCKAN, filters: str) -> list[str]:
    """Dataset ids as CKAN's harvester gathers them: pages of a thousand by id until one comes back empty."""
    found: list[str] = []
    while True:
        page = portal.action.package_search(fq=filters, sort="id asc", rows=1000, start=len(found))
        if not page["results"]:
            return found
        found += [p["id"] for p in page["results"]]


def refusal(call: Any) -> str:
    """The exception by which a refusal reaches a program."""
    try:
        call()
    except (NotFound, NotAuthorized, ValidationError) as error:
        return type(error).__name__
    except CKANAPIError as error:
        return f"other {error}"
    return "none"


def main(url: str) -> None:
    portal, getting = RemoteCKAN(url), RemoteCKAN(url, get_only=True)
    names = portal.action.package_list()
    shown = {n: portal.action.package_show(id=n) for n in names if n in names[:5] + names[-5:]}
    packages: list[Any] = []
    while page := portal.action.package_search(q="*:*", rows=1000, start=len(packages))["results"]:
        packages += page
    tables = {
        next(e["value"] for e in p["extras"] if e["key"] == "code"): r["id"]
        for p in packages
        for r in p["resources"]
        if r["datastore_active"]
    }
    rows: dict[str, Any] = {}
    for code, table in tables.items():
        every = list(by_next_page(portal, table))
        rows[code] = {
            "total": getting.action.datastore_search(resource_id=table, limit=0)["total"],
            "info": portal.action.datastore_info(id=table)["meta"]["count"],
            "keyset": len(every),
            "offset": by_offset(getting, table),
            "sha256": canonical(every),
            "ids": every == [] or [r["_id"] for r in every] == list(range(1, len(every) + 1)),
        }
    facets = portal.action.package_search(**{"facet.field": ["organization", "res_format"], "rows": 0})
    told = {
        "site_read": portal.action.site_read(),
        "names": names,
        "packages": sorted(p["name"] for p in packages),
        "shown_equals_search": all(p == next(q for q in packages if q["name"] == n) for n, p in shown.items()),
        "harvested": len(set(harvest(portal, "+state:active"))),
        "changed": len(harvest(portal, "metadata_modified:[2024-01-01T00:00:00Z TO *]")),
        "changed_later": len(harvest(portal, "metadata_modified:[2200-01-01T00:00:00Z TO *]")),
        "organizations": {o["name"]: o["package_count"] for o in portal.action.organization_list(all_fields=True)},
        "facets": facets["facets"],
        "tables": rows,
        "refusals": {
            "unknown": refusal(lambda: portal.action.package_show(id="no-such-dataset")),
            "write": refusal(lambda: portal.action.package_create(name="x")),
            "upload": refusal(lambda: portal.action.resource_create(package_id="x", upload=io.BytesIO(b"x"))),
            "filter": refusal(
                lambda: portal.action.datastore_search(resource_id=next(iter(tables)), filters={"nope": 1})
            ),
            "sql": refusal(lambda: portal.action.datastore_search_sql(sql="SELECT 1")),
        },
    }
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
