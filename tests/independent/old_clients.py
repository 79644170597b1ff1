"""The habits of the existing platform's clients, against a running portal: python old_clients.py --base URL.

Each habit is what a real client does (the field's facts list them): nothing but the host was changed. Standard library
only, nothing of the package under test. Exit code 1 when a habit breaks.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
import traceback
import urllib.error
import urllib.request
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

KEY = "e8dd42e6-0000-old-client-key"
AQI_COLUMNS = [
    *("sitename", "county", "aqi", "pollutant", "status", "so2", "co", "o3", "o3_8hr", "pm10", "pm2.5", "no2", "nox"),
    *("no", "wind_speed", "wind_direc", "publishtime", "co_8hr", "pm2.5_avg", "pm10_avg", "so2_avg", "longitude"),
    *("latitude", "siteid"),
]
Row = dict[str, str]


class Portal:
    """Asks a portal as old clients do."""

    def __init__(self, base: str) -> None:
        self.base = base.rstrip("/")

    def get(self, path: str) -> bytes:
        """The body; spaces in the address are encoded, as every client does."""
        with urllib.request.urlopen(self.base + quote(path, safe="/?&=,|:*%"), timeout=120) as body:
            return body.read()  # type: ignore[no-any-return]

    def refusal(self, path: str) -> tuple[int, Any]:
        """Status and body of an answer that should be none."""
        try:
            body = self.get(path)
        except urllib.error.HTTPError as refused:
            return refused.code, json.load(refused)
        return 200, {"message": body[:80]}

    def json(self, path: str) -> Any:
        """The JSON of an answer."""
        return json.loads(self.get(path))

    def csv(self, path: str) -> list[Row]:
        """The rows of a CSV as Home Assistant's integration reads them: utf-8-sig and DictReader."""
        return list(csv.DictReader(io.StringIO(self.get(path).decode("utf-8-sig"), newline="")))


def bom_csv_with_sort(portal: Portal) -> str:
    """data.gov.tw's own addresses: key, limit, sort=ImportDate desc, format=CSV."""
    path = f"/api/v2/aqx_p_432?api_key={KEY}&limit=1000&sort=ImportDate desc&format=CSV"
    body = portal.get(path)
    assert body.startswith(b"\xef\xbb\xbf"), "the CSV has no byte order mark"
    assert b"\r\n" not in body, "the original ends lines with LF"
    assert KEY.encode() not in body, "the key is echoed"
    rows = portal.csv(path)
    assert list(rows[0]) == AQI_COLUMNS, f"columns {list(rows[0])}"
    line = body.decode("utf-8-sig").splitlines()[1]
    assert f'"{rows[0]["publishtime"]}"' in line, "datetimes, which hold a space, are quoted"
    assert line.count('"') == 2, "only cells with a space are quoted"
    return f"{len(rows)} rows"


def bare_list(portal: Portal) -> str:
    """Clients since January 2026: the body is a list, every value a string."""
    rows = portal.json(f"/api/v2/aqx_p_432?api_key={KEY}")
    assert isinstance(rows, list), type(rows)
    assert rows, "no rows"
    assert list(rows[0]) == AQI_COLUMNS
    assert all(isinstance(value, str) for row in rows for value in row.values()), "a value is no string"
    return f"{len(rows)} rows"


def envelope(portal: Portal) -> str:
    """Clients before January 2026: jq '.records', int(total), fields[].id."""
    body = portal.json(f"/api/v2/aqx_p_432?format=json&limit=50&api_key={KEY}&profile=envelope")
    names = [field["id"] for field in body["fields"]]
    assert names == AQI_COLUMNS, names
    assert all(field["type"] == "text" and field["info"]["label"] for field in body["fields"])
    for part in ("total", "limit", "offset"):
        assert isinstance(body[part], str), f"{part} is no string"
    assert len(body["records"]) == 50
    assert int(body["total"]) >= 50
    assert body["limit"] == "50"
    assert body["include_total"] is True
    assert "_links" in body
    assert KEY not in json.dumps(body), "the key is echoed"
    header = urllib.request.Request(f"{portal.base}/api/v2/aqx_p_432", headers={"X-Qingliu-Profile": "envelope"})
    with urllib.request.urlopen(header, timeout=60) as again:
        assert "records" in json.load(again)
    return f"total {body['total']}"


def one_row_a_station(portal: Portal) -> str:
    """A widget takes the first row of its station; two would show yesterday's air."""
    rows = portal.json("/api/v2/AQX_P_432?limit=1000")
    sites = [row["siteid"] for row in rows]
    assert len(sites) == len(set(sites)), "a station comes twice"
    assert "" not in sites
    assert len({row["publishtime"] for row in rows}) <= 24
    return f"{len(sites)} stations"


def any_case_of_the_code(portal: Portal) -> str:
    """aqx_p_432, AQX_P_432 and Aqx_P_432 are one; so are JSON, json, CSV, csv."""
    answers = {
        portal.get(f"/api/v2/{code}?format={form}")
        for code in ("aqx_p_432", "AQX_P_432", "Aqx_P_432")
        for form in ("json", "JSON")
    }
    assert len(answers) == 1
    assert portal.get("/api/v2/aqx_p_432?format=csv") == portal.get("/api/v2/aqx_p_432?format=CSV")
    return "one answer"


def paging_until_short(portal: Portal) -> str:
    """History by offset and limit=1000 until a page is short: every row once, in the order of one big answer."""
    size, seen, pages = 1000, [], 0
    filters = "&filters=datacreationdate,GR,2025-12-29 00:00:00"
    while True:
        page = portal.json(f"/api/v2/aqx_p_488?offset={len(seen)}&limit={size}{filters}")
        seen += page
        pages += 1
        if len(page) < size:
            break
    whole = portal.json(f"/api/v2/aqx_p_488?limit=1000000{filters}")
    assert seen == whole, "pages and the whole differ"
    keys = {(row["sitename"], row["datacreationdate"]) for row in seen}
    assert len(keys) == len(seen), "a row comes twice"
    return f"{len(seen)} rows in {pages} pages"


def paging_all_history(portal: Portal) -> str:
    """The same over the whole history, as archive builders do (CSV, pages of 10,000)."""
    count, total = 0, int(portal.json("/api/v2/aqx_p_488?profile=envelope&limit=1")["total"])
    while True:
        page = portal.csv(f"/api/v2/aqx_p_488?format=csv&offset={count}&limit=10000")
        count += len(page)
        if len(page) < 10000:
            break
    assert count == total, f"{count} rows paged, the envelope says {total}"
    return f"{count} rows"


def filters_on_time(portal: Portal) -> str:
    """GR and LE on datacreationdate bound a day; EQ with several values is IN; columns in any case."""
    day = "datacreationdate,GR,2025-12-01 00:00:00|datacreationdate,LE,2025-12-02 00:00:00"
    rows = portal.json(f"/api/v2/aqx_p_488?limit=100000&filters={day}")
    times = sorted({row["datacreationdate"] for row in rows})
    assert times, "no rows"
    assert times[0] > "2025-12-01 00:00", times[0]
    assert times[-1] == "2025-12-02 00:00", times[-1]
    two = portal.json(f"/api/v2/aqx_p_488?limit=100000&filters={day}|SiteId,EQ,33,4")
    assert {row["siteid"] for row in two} == {"33", "4"}
    assert len(two) == sum(row["siteid"] in {"33", "4"} for row in rows)
    zh = portal.json(f"/api/v2/aqx_p_488?limit=100000&filters={day}|county,EQ,臺北市")
    assert {row["county"] for row in zh} == {"臺北市"}
    assert len(zh) == sum(row["county"] == "臺北市" for row in rows)
    return f"{len(rows)} rows, {len(two)} of two sites, {len(zh)} of a county"


def filters_on_the_newest(portal: Portal) -> str:
    """filters=publishtime,GR,…|publishtime,LE,… with format=csv, and a station by its name."""
    (row, *more) = portal.json("/api/v2/aqx_p_432?filters=SiteName,EQ,仁武")
    assert row["sitename"] == "仁武"
    assert not more
    last = row["publishtime"]
    rows = portal.csv(f"/api/v2/aqx_p_432?format=csv&filters=publishtime,GR,2000/01/01 00:00:00|publishtime,LE,{last}")
    assert {r["publishtime"] for r in rows} <= {r["publishtime"] for r in rows if r["publishtime"] <= last}
    assert any(r["sitename"] == "仁武" for r in rows)
    return f"{len(rows)} rows"


def sort_really_sorts(portal: Portal) -> str:
    """sort=datacreationdate desc (default descending), and ascending when asked."""
    down = [row["datacreationdate"] for row in portal.json("/api/v2/aqx_p_488?limit=500&sort=datacreationdate desc")]
    up = [row["datacreationdate"] for row in portal.json("/api/v2/aqx_p_488?limit=500&sort=datacreationdate asc")]
    assert down == sorted(down, reverse=True)
    assert up == sorted(up)
    assert up[0] < down[0]
    return f"{up[0]} … {down[0]}"


def same_numbers_in_every_format(portal: Portal) -> str:
    """JSON, CSV and XML carry the same counts and sums."""
    by_json = portal.json("/api/v2/aqx_p_432?limit=1000")
    by_csv = portal.csv("/api/v2/aqx_p_432?limit=1000&format=csv")
    root = ElementTree.fromstring(portal.get("/api/v2/aqx_p_432?limit=1000&format=XML"))
    by_xml = [{cell.tag.lower(): cell.text or "" for cell in row} for row in root]
    assert all(cell.tag.isupper() for row in root for cell in row), "tags are upper case in v2"
    assert by_json == by_csv == by_xml
    total = sum(float(row["pm2.5"]) for row in by_json if row["pm2.5"] not in ("", "-"))
    return f"{len(by_json)} rows, pm2.5 sums to {total:g}"


def cache_busters_and_strangers(portal: Portal) -> str:
    """?1699999999, siteid=, county=: ignored as today, but named in a warning."""
    address = f"{portal.base}/api/v2/aqx_p_432?1699999999&siteid=1&county={quote('臺北市')}&api_key={KEY}"
    with urllib.request.urlopen(address, timeout=60) as answer:
        rows, named = json.load(answer), answer.headers.get("X-Ignored-Parameters", "")
        said = str(answer.headers)
    assert len(rows) > 50, "a bare siteid= is ignored today"
    assert "siteid" in named, f"no warning: {named!r}"
    assert KEY not in said
    return named


def bad_questions_are_told(portal: Portal) -> str:
    """An unknown column in filters, a broken limit: 400 with {message}, never a silent wrong answer."""
    bad = ("?filters=nosuch,EQ,1", "?filters=aqi,XX,1", "?limit=-1", "?limit=1e9", "?sort=id;drop table", "?format=pdf")
    for path in bad:
        code, body = portal.refusal(f"/api/v2/aqx_p_432{path}")
        assert code == 400, (path, code)
        assert body["message"], path
    code, body = portal.refusal("/api/v2/no_such_p_1")
    assert code == 404, code
    assert body["message"]
    return "400 and 404 with a message"


def published_addresses(portal: Portal, data: Path) -> str:
    """Every address that data.gov.tw lists for an API code answers once its host is replaced and its dataset has rows."""
    with (data / "catalogue" / "moenv_datagovtw_merged.csv").open(encoding="utf-8-sig", newline="") as lines:
        listed = [entry["first_url"] for entry in csv.DictReader(lines) if "/api/v2/" in entry["first_url"]]
    answered = waiting = 0
    wrong: list[tuple[str, int, str]] = []
    for address in listed:
        path = "/api/v2/" + address.partition("/api/v2/")[2]
        code = path.partition("?")[0].rpartition("/")[2]
        if portal.json(f"/api/datasets/{code}?f=json")["status"] != "published":
            status, body = portal.refusal(path)
            waiting += 1
            if status != 404 or code.upper() not in body["message"]:
                wrong.append((path, status, body["message"]))
            continue
        rows = portal.csv(path) if "format=csv" in path.lower() else portal.json(path)
        assert 0 < len(rows) <= 1000, (path, len(rows))
        answered += 1
    assert answered
    assert not wrong, f"{len(wrong)} of {waiting} listed datasets do not say so, such as {wrong[:3]}"
    return f"{answered} of {len(listed)} have rows and answer; {waiting} say that they are only listed"


HABITS: tuple[Callable[[Portal], str], ...] = (
    *(bom_csv_with_sort, bare_list, envelope, one_row_a_station, any_case_of_the_code, paging_until_short),
    *(paging_all_history, filters_on_time, filters_on_the_newest, sort_really_sorts, same_numbers_in_every_format),
    *(cache_busters_and_strangers, bad_questions_are_told),
)


def partial_of(data: Path) -> Callable[[Portal], str]:
    """The published addresses as a habit."""

    def published(portal: Portal) -> str:
        return published_addresses(portal, data)

    return published


def main() -> int:
    """Try every habit; 0 when all work."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", required=True, help="address of the running portal")
    parser.add_argument("--data", type=Path, help="folder of the real files: also try every published address")
    asked = parser.parse_args()
    portal = Portal(asked.base)
    habits = [*HABITS, *([partial_of(asked.data)] if asked.data else [])]
    broken = 0
    for habit in habits:
        try:
            print(f"works   {habit.__name__:<32}{habit(portal)}", flush=True)
        except (AssertionError, urllib.error.URLError, LookupError, ValueError, TypeError) as exc:
            broken += 1
            last = traceback.extract_tb(exc.__traceback__)[-1]
            print(f"BROKEN  {habit.__name__:<32}line {last.lineno}: {exc!r} {last.line}", flush=True)
    print("all habits work" if not broken else f"{broken} broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
