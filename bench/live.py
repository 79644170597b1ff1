"""Appending one hour while sixteen clients read: how soon it is seen everywhere, what it costs them, which ETags change."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import duckdb

from bench import servers
from bench.client import BadAnswer, Crowd, Peer, Wire, crowd
from bench.dialects import LIVE, ckan
from bench.publish import DEFINITION, environment
from bench.questions import CODE, COLUMNS, HOURS, ITEM_IDS, QUESTIONS, STATIONS, hour, stream

CLIENTS = 16
APPENDED = STATIONS * len(ITEM_IDS)
STILL = tuple(f"OBS_STILL_{n}" for n in range(1, 5))  # small tables that nothing is appended to
CONNECTIONS = 8  # fresh ones asked at each address, so that every process of the server is heard
PLACES = "120 + (siteid * 37 % 100) / 50.0 AS lon, 22 + (siteid * 61 % 100) / 33.0 AS lat"


@dataclass(slots=True)
class Seen:
    """What one run of appending saw."""

    visible_s: list[float] = field(default_factory=list)  # from the command's start until every address shows the hour
    dialects: dict[str, list[float]] = field(default_factory=dict)  # the same of each dialect alone
    command_s: list[float] = field(default_factory=list)
    idle: Crowd = field(default_factory=Crowd)
    busy: Crowd = field(default_factory=Crowd)
    moved: int = 0  # ETags that changed, of the addresses of the table appended to
    of_moved: int = 0
    kept: int = 0  # ETags that stayed, of the addresses of other tables
    of_kept: int = 0
    wrong: list[str] = field(default_factory=list)


def define_and_publish(home: Path, source: Path, say: Callable[[str], None]) -> None:
    """The table that grows and the small ones that do not, where this home has none yet."""
    qingliu = str(Path(sys.executable).with_name("qingliu"))
    env = environment(home)
    listed = subprocess.run([qingliu, "runs"], env=env, capture_output=True, text=True, check=True).stdout
    template = DEFINITION.with_name(f"{LIVE}.yaml").read_text(encoding="utf-8")
    for code in (LIVE, *STILL):
        if code in listed:
            continue
        say(f"publishing {code}")
        plain, definition = source.with_name("live.csv"), source.with_name(f"{code}.yaml")
        _hours(source, plain, "true" if code == LIVE else f"monitordate = TIMESTAMP '{hour(0)}'")
        definition.write_text(template.replace(LIVE, code), encoding="utf-8")
        subprocess.run([qingliu, "define", str(definition)], env=env, check=True, capture_output=True)
        subprocess.run([qingliu, "publish", str(plain), "--dataset", code], env=env, check=True, capture_output=True)
        plain.unlink()


def _hours(parquet: Path, to: Path, where: str, shift: timedelta = timedelta()) -> None:
    """Rows of ``where`` with places as CSV, their time moved by ``shift``."""
    names = COLUMNS.replace("monitordate", f"monitordate + INTERVAL {int(shift.total_seconds())} SECOND AS monitordate")
    with duckdb.connect() as con:
        con.execute(
            f"COPY (SELECT {names}, {PLACES} FROM read_parquet(?) WHERE {where}) TO '{to}' (FORMAT csv, HEADER)",
            [str(parquet)],
        )


def addresses(moment: str) -> dict[str, str]:
    """Where an hour of the table that grows must be seen, in each dialect."""
    filters = json.dumps({"monitordate": moment})
    ckan_asked = {"resource_id": LIVE, "limit": 0, "filters": filters}
    return {
        "native rows": f"/api/datasets/{LIVE}/rows?" + urlencode({"datetime": moment.replace(" ", "T"), "limit": 1}),
        "moenv": f"/api/v2/{LIVE}?"
        + urlencode({"filters": f"monitordate,EQ,{moment}", "limit": 1, "profile": "envelope"}),
        "ckan": "/api/3/action/datastore_search?" + urlencode(ckan_asked),
        "ogc": f"/api/ogc/collections/{LIVE}/items?"
        + urlencode({"datetime": moment.replace(" ", "T") + "+08:00", "limit": 1}),
        "series": f"/api/datasets/{LIVE}/series?"
        + urlencode({"aggregate": "count(*)", "datetime": moment.replace(" ", "T")}),
    }


TOLD = {"DCAT modified": f"/api/dcat/datasets/{LIVE}", "Atom": f"/api/dcat/datasets/{LIVE}/feed.atom"}
_STAMP = re.compile(rb'(?:dct:modified "|<updated>)([^"<]+)')


def matched(body: bytes) -> int:
    """How many rows an answer says there are, whatever its dialect."""
    found = re.search(rb'"count":(\d+)\}', body) or re.search(rb'"(?:numberMatched|total)"\s*:\s*"?(\d+)', body)
    return int(found.group(1)) if found else 0


def stamp(body: bytes) -> bytes:
    """When a description or feed says that the table was last changed. Raises BadAnswer where it does not."""
    found = _STAMP.search(body)
    if not found:
        raise BadAnswer("no time of change is told")
    return found.group(1)


def _shows(peer: Peer, path: str, new: Callable[[bytes], bool]) -> bool:
    """Whether each of several fresh connections is given the new state."""
    for _ in range(CONNECTIONS):
        wire = Wire(peer)
        try:
            if not new(wire.get(path)):
                return False
        except (BadAnswer, OSError):  # turned away for a moment, as any reader may be
            return False
        finally:
            wire.close()
    return True


def _signs(ours: Peer, moment: str) -> dict[str, tuple[str, Callable[[bytes], bool]]]:
    """For each dialect the address to ask and what tells the new state from the present one."""
    signs: dict[str, tuple[str, Callable[[bytes], bool]]] = {
        name: (path, lambda body: matched(body) == APPENDED) for name, path in addresses(moment).items()
    }
    for name, path in TOLD.items():
        wire = Wire(ours)
        before = stamp(wire.get(path))
        wire.close()
        signs[name] = (path, lambda body, before=before: stamp(body) != before)  # type: ignore[misc]
    return signs


def _marked() -> tuple[list[str], list[str]]:
    """Addresses of rows of the table that grows, and of the one that does not."""
    one = next(stream(QUESTIONS[0], 9))
    count = urlencode({"aggregate": "count(*)"})
    grows = [f"/api/datasets/{LIVE}/rows?limit=10", f"/api/datasets/{LIVE}/series?{count}", f"/api/v2/{LIVE}?limit=10"]
    grows += [
        f"/api/3/action/datastore_search?resource_id={LIVE}&limit=10",
        f"/api/ogc/collections/{LIVE}/items?limit=10",
    ]
    grows += [f"/api/datasets/{LIVE}/latest?limit=10"]
    stays = [one.path, f"/api/datasets/{CODE}/series?{count}", f"/api/v2/{CODE}?limit=10", ckan(one)]
    stays += [f"/api/datasets/{CODE}/latest?limit=10"]
    grows += list(TOLD.values())
    for code in (CODE, *STILL):
        stays += [path.replace(LIVE, code) for path in (f"/api/datasets/{LIVE}/rows?limit=5", *TOLD.values())]
    return grows, stays


def readers() -> list[str]:
    """What the sixteen read: distinct months of stations of both tables, and the newest hours of the one that grows."""
    paths = []
    for number, asked in zip(range(4000), stream(QUESTIONS[0], 11), strict=False):
        if number % 2:
            paths.append(asked.path)
        elif number % 4:
            paths.append(asked.path.replace(CODE, LIVE))
        else:
            low = hour(HOURS - 24 - number % 300).isoformat()
            paths.append(
                f"/api/datasets/{LIVE}/rows?" + urlencode({"itemid": 33, "datetime": low, "limit": 84 + number})
            )
    return paths


def measure(home: Path, parquet: Path, ours: Peer, seconds: float, times: int) -> Seen:
    """Read alone, then read while one hour after another is published by the ordinary command."""
    seen = Seen()
    paths = readers()
    crowd(ours, paths, clients=CLIENTS, seconds=min(2.0, seconds))
    seen.idle = crowd(ours, paths[1000:], clients=CLIENTS, seconds=seconds)
    wire = Wire(ours)
    newest = json.loads(wire.get(f"/api/datasets/{LIVE}/rows?sortby=-monitordate&limit=1"))["rows"][0]["monitordate"]
    first = round((_local(newest) - hour(0)).total_seconds() / 3600) + 1
    grows, stays = _marked()
    before = {path: servers.etag(ours, path) for path in (*grows, *stays)}
    told: list[Crowd] = []
    until = seconds + times * 3.0
    reading = threading.Thread(target=lambda: told.append(crowd(ours, paths[2000:], clients=CLIENTS, seconds=until)))
    reading.start()
    for number in range(times):
        time.sleep(1.0)
        _append(home, parquet, ours, first + number, seen)
    reading.join()
    seen.busy = told[0]
    after = {path: servers.etag(ours, path) for path in (*grows, *stays)}
    seen.of_moved, seen.of_kept = len(grows), len(stays)
    seen.moved = sum(before[p] != after[p] for p in grows)
    seen.kept = sum(before[p] == after[p] for p in stays)
    seen.wrong += [f"ETag stayed: {p}" for p in grows if before[p] == after[p]]
    seen.wrong += [f"ETag changed: {p}" for p in stays if before[p] != after[p]]
    wire.close()
    return seen


def _local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)


def _append(home: Path, parquet: Path, ours: Peer, number: int, seen: Seen) -> None:
    """Publish the hour of that number; its values are those of an hour of the first year."""
    source = home.parent / "hour.csv"
    _hours(parquet, source, f"monitordate = TIMESTAMP '{hour(number % HOURS)}'", hour(number) - hour(number % HOURS))
    command = [str(Path(sys.executable).with_name("qingliu")), "publish", str(source), "--dataset", LIVE]
    signs = _signs(ours, str(hour(number)))
    found: dict[str, float] = {}
    begin = time.monotonic()

    def look(name: str) -> None:
        path, new = signs[name]
        while time.monotonic() < begin + 30:
            if _shows(ours, path, new):
                found[name] = time.monotonic() - begin
                return
            time.sleep(0.1)
        seen.wrong.append(f"not seen within 30 s: {name}")

    lookers = [threading.Thread(target=look, args=(name,)) for name in signs]
    with subprocess.Popen(command, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        for looker in lookers:
            looker.start()
        said = process.stdout.read().decode() if process.stdout else ""  # to its end
        if process.wait(30):
            raise SystemExit(f"publishing an hour failed: {said}")
        seen.command_s.append(time.monotonic() - begin)
    for looker in lookers:
        looker.join()
    seen.visible_s.append(max(found.values(), default=30.0))
    for name, took in found.items():
        seen.dialects.setdefault(name, []).append(took)
