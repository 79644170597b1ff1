"""Whole files: one a dataset, version and format, a manifest of all of them, and dumps of the catalogue."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from typing import Any

import falcon

from qingliu.api.given import Given
from qingliu.api.http import IMMUTABLE, Answer, Sender, Whole, link, pairs_of, plain_json
from qingliu.api.native import params, saved, serialize, stored
from qingliu.api.native.files import LATEST, to_pinned
from qingliu.api.native.parameters import ENDPOINTS
from qingliu.api.native.reading import Reading
from qingliu.api.values import count, shown
from qingliu.core.dataset import Text
from qingliu.core.errors import Busy, NotFound, QingliuError
from qingliu.lake.answer import Plan
from qingliu.lake.bulk import Bulk, Made, mark_of, name_of
from qingliu.lake.dumps import Dump, Dumps
from qingliu.lake.engine import Engine
from qingliu.lake.published import Entry
from qingliu.lake.query import Format, Query

WAIT_S = 15.0  # how long an asker waits for a file that is being made
MAX_LISTED = 1000
NO_CACHE = "no-cache"
DUMP_MEDIA = {"catalogue.jsonl.gz": "application/gzip", "catalogue.csv.gz": "application/gzip"}
Key = tuple[str, int | None, Format]


class Makers:
    """Makes files one after the other beside the answers: an asker who leaves does not end it, many askers share one."""

    def __init__(self, bulk: Bulk) -> None:
        self._bulk = bulk
        self._turn = threading.Lock()
        self._guard = threading.Lock()
        self._under_way: dict[Key, Future[Made]] = {}

    def made(self, key: Key, source: str, licence: str) -> Made:
        """The file, made if it has to be. Raises Busy where it takes longer than a caller should wait, else what it met."""
        with self._guard:
            future = self._under_way.get(key)
            if future is None:
                future = self._under_way[key] = Future()
                threading.Thread(
                    target=self._run, args=(key, future, source, licence), name="bulk", daemon=True
                ).start()
        try:
            return future.result(WAIT_S)
        except NotYet:
            raise Busy(
                Text("這個檔案正在製作中。", "This file is being made."),
                Text("請稍後再以同一位址下載。", "Ask for the same address again in a little while."),
                parameter="name",
            ) from None

    def _run(self, key: Key, future: Future[Made], source: str, licence: str) -> None:
        try:
            with self._turn:
                done = self._bulk.make(*key, source=source, licence=licence)
        except BaseException as error:  # an edge: whoever waits is told
            self._end(key)
            future.set_exception(error)
        else:
            self._end(key)
            future.set_result(done)

    def _end(self, key: Key) -> None:
        with self._guard:
            self._under_way.pop(key, None)


@dataclass(frozen=True, slots=True)
class _Shown:
    """A version as the manifest shows it: its plan, whether it has an address of its own, what is made of it."""

    plan: Plan
    pinned: bool
    made: dict[Format, Made]


class BulkFiles:
    """The addresses under which whole files are found."""

    def __init__(self, engine: Engine, sender: Sender, base: str, bulk: Bulk) -> None:
        self._engine = engine
        self._published = engine.published
        self._sender = sender
        self._base = base
        self._bulk = bulk
        self._makers = Makers(bulk)
        self._dumps = Dumps(engine.paths)

    def add_to(self, app: falcon.App) -> None:
        """Put every address of whole files into the app."""
        answers: dict[str, Callable[..., None]] = {
            "bulk": self.all, "bulk_dataset": self.dataset, "bulk_file": self.file,
            "bulk_catalogues": self.catalogues, "bulk_catalogue": self.catalogue,
        }  # fmt: skip
        for name, answer in answers.items():
            app.add_route(ENDPOINTS[name].path, Reading(answer))

    def _json(self, req: falcon.Request, resp: falcon.Response, value: Callable[[], Any], *identity: str) -> None:
        state = f"{self._published.generation()}.{self._bulk.changes()}"
        parts = (state, req.path, self._base, *identity)
        # what is made changes without a publication: such an answer is asked for again each time
        once = (("Qingliu-Bulk-State", state),)
        made = Answer("application/json", parts, lambda: Whole(plain_json(value())), cache_control=NO_CACHE, once=once)
        self._sender.send(req, resp, made)

    def all(self, req: falcon.Request, resp: falcon.Response) -> None:
        """/api/bulk"""
        given, offset, limit = params.listing(
            pairs_of(req.query_string), ENDPOINTS["bulk"].query, default_limit=MAX_LISTED, maximum=MAX_LISTED
        )

        def value() -> dict[str, Any]:
            entries = [e for e in self._published.all() if e.kind != "listed"]
            made, page = self._bulk.all(), entries[offset : offset + limit]
            links = [link(f"{self._base}/api/bulk", "self", "application/json")]
            links.append(link(f"{self._base}/api/bulk/catalogue", "related", "application/json"))
            if offset + len(page) < len(entries) and page:
                more = f"limit={limit}&offset={offset + len(page)}"
                links.append(link(f"{self._base}/api/bulk?{more}", "next", "application/json"))
            return {
                "numberMatched": len(entries),
                "numberReturned": len(page),
                "datasets": [self._entry(e, made) for e in page],
                "links": links,
            }

        self._json(req, resp, value, str(offset), str(limit), repr(given.echo()))

    def dataset(self, req: falcon.Request, resp: falcon.Response, code: str) -> None:
        """/api/datasets/{code}/bulk"""
        params.only_json(Given(pairs_of(req.query_string), ENDPOINTS["bulk_dataset"].query))
        entry = self._published.get(code)
        self._json(req, resp, lambda: self._entry(entry, self._bulk.all()))

    def _entry(self, entry: Entry, made: dict[tuple[str, int, str], dict[Format, Made]]) -> dict[str, Any]:
        record = entry.record
        plain: dict[str, Any] = {
            "code": entry.code, "title_zh": record.title.zh, "title_en": record.title.en, "kind": entry.kind,
            "status": entry.status, "licence": record.licence, "licence_address": saved.licence(record),
        }  # fmt: skip
        try:
            plan = self._engine.open(Query(entry.code))
        except QingliuError as error:  # held, or a view of what is held: there is nothing to have now, and it says why
            return plain | {"version": None, "reason_zh": error.reason.zh, "reason_en": error.reason.en, "files": []}
        key = (entry.code, plan.version.number, mark_of(plan))
        shown_one = _Shown(plan, _pinned(entry), made.get(key, {}))
        plain |= {
            "version": plan.version.number, "created_at": plan.version.created_at, "rows": plan.version.rows,
            "files": [self._file(shown_one, form) for form in self._bulk.offered(plan)],
        }  # fmt: skip
        if entry.kind == "table":
            plain["stored"] = [
                {
                    "name": name, "rows": f.rows, "bytes": f.bytes, "sha256": f.sha256,
                    "href": serialize.address(self._base, entry.code, "files", str(plan.version.number), name),
                    "latest": serialize.address(self._base, entry.code, "files", LATEST, f"part-{i:05d}.parquet"),
                }
                for i, (name, f) in enumerate(serialize.file_names(plan.version).items())
            ]  # fmt: skip
        return plain

    def _file(self, of: _Shown, form: Format) -> dict[str, Any]:
        code, name, made = of.plan.entry.code, name_of(of.plan.entry.code, form), of.made.get(form)
        plain: dict[str, Any] = {
            "name": name, "format": form, "type": serialize.MEDIA[form].split(";")[0],
            "bytes": made.bytes if made else None, "sha256": made.sha256 if made else None,
            "made_at": made.made_at if made else None,
            "latest": serialize.address(self._base, code, "bulk", LATEST, name),
        }  # fmt: skip
        if of.pinned:
            plain["href"] = serialize.address(self._base, code, "bulk", str(of.plan.version.number), name)
        return plain

    def file(self, req: falcon.Request, resp: falcon.Response, code: str, version: str, name: str) -> None:
        """/api/datasets/{code}/bulk/{version}/{name}"""
        Given(pairs_of(req.query_string), ())
        entry = self._published.get(code)
        as_of = None if version == LATEST else count(version, "version")
        plan = self._engine.open(Query(entry.code, as_of=as_of))
        form = self._form(plan, name)
        number = plan.version.number
        pinned = serialize.address(self._base, entry.code, "bulk", str(number), name_of(entry.code, form))
        if as_of is None and _pinned(entry):
            to_pinned(resp, pinned, number)
            return
        made = self._bulk.find(plan, form)
        if made is None:
            made = self._makers.made((entry.code, as_of, form), pinned, saved.licence(entry.record))
        resp.set_header("Qingliu-Version", str(made.number))
        kept = NO_CACHE if as_of is None else IMMUTABLE
        path, media = self._bulk.path(made), serialize.MEDIA[form]
        ending = f"-v{made.number}.{serialize.suffix(form)}"
        stored.send(req, resp, stored.StoredFile(path, made.bytes, made.sha256, media, f"{made.code}{ending}", kept))

    def _form(self, plan: Plan, name: str) -> Format:
        """The format that a name means; names are compared with those that are offered, never joined to a path."""
        code = plan.entry.code
        for form in self._bulk.offered(plan):
            if name.lower() == name_of(code, form).lower():
                return form
        offered = [name_of(code, form) for form in self._bulk.offered(plan)]
        raise NotFound(
            Text(f"「{code}」沒有整批檔「{shown(name)}」。", f"'{code}' has no whole file {shown(name)!r}."),
            Text(f"可用：{'、'.join(offered)}。", f"There are: {', '.join(offered)}."),
            parameter="name",
        )

    def catalogues(self, req: falcon.Request, resp: falcon.Response) -> None:
        """/api/bulk/catalogue"""
        params.only_json(Given(pairs_of(req.query_string), ENDPOINTS["bulk_catalogues"].query))
        dumps = self._dumps.all()

        def value() -> dict[str, Any]:
            return {
                "numberReturned": len(dumps),
                "dumps": [self._dump(d) for d in dumps],
                "links": [link(f"{self._base}/api/bulk/catalogue", "self", "application/json")],
            }

        self._json(req, resp, value, ",".join(d.day for d in dumps))

    def _dump(self, dump: Dump) -> dict[str, Any]:
        at = f"{self._base}/api/bulk/catalogue"
        files = [
            {
                "name": f.name, "bytes": f.bytes, "sha256": f.sha256, "href": f"{at}/{dump.day}/{f.name}",
                "latest": f"{at}/{LATEST}/{f.name}",
            }
            for f in dump.files
        ]  # fmt: skip
        return {"day": dump.day, "made_at": dump.made_at, "datasets": dump.datasets, "files": files}

    def catalogue(self, req: falcon.Request, resp: falcon.Response, day: str, name: str) -> None:
        """/api/bulk/catalogue/{day}/{name}"""
        Given(pairs_of(req.query_string), ())
        dumps = self._dumps.all()
        dump = next((d for d in dumps if day in {d.day, LATEST}), None)
        file = next((f for f in dump.files if f.name == name), None) if dump else None
        if dump is None or file is None:
            raise NotFound(
                Text(
                    f"沒有這份目錄傾印：{shown(day)}／{shown(name)}。",
                    f"There is no dump {shown(day)!r}/{shown(name)!r}.",
                ),
                Text("現有的列在 /api/bulk/catalogue。", "Those that are kept are listed at /api/bulk/catalogue."),
                parameter="day" if dump is None else "name",
            )
        if day == LATEST:
            resp.status = 307
            resp.set_header("Location", f"{self._base}/api/bulk/catalogue/{dump.day}/{name}")
            resp.set_header("Cache-Control", NO_CACHE)
            return
        path = self._dumps.path(dump, file)
        stored.send(
            req,
            resp,
            stored.StoredFile(path, file.bytes, file.sha256, DUMP_MEDIA[name], f"{dump.day}-{name}", IMMUTABLE),
        )


def _pinned(entry: Entry) -> bool:
    """Whether numbers name versions of an entry: a union of datasets has none."""
    return entry.record.view is None or len(entry.record.view.of) == 1
