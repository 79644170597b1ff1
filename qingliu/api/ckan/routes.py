"""Addresses of the CKAN dialect: ``/api/3/action/*`` (and ``/api/action/*``), ``/api/3`` and ``/datastore/dump/{id}``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import falcon

from qingliu.api.ckan import datastore, params
from qingliu.api.ckan.actions import ACTIONS
from qingliu.api.ckan.args import MAX_BODY, Args, from_body, from_query, ignored_headers
from qingliu.api.ckan.catalogue import Catalogue
from qingliu.api.ckan.errors import HELP, JSON, Malformed, told_by
from qingliu.api.ckan.search import timeless
from qingliu.api.http import Answer, Sender, Whole, plain_json
from qingliu.api.values import shown
from qingliu.core.clock import iso, now
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest, Forbidden, QingliuError
from qingliu.lake.engine import Engine

_WRITES = re.compile(
    r"(^|_)(create|update|patch|delete|purge|upsert|revise|add|remove|set|reorder|invite|follow|unfollow|clear|submit"
    r"|transfer|import|reset|cancel|revoke|generate|dataset_follow|run|records_delete)(_|$)"
)
_ACCOUNTS = re.compile(
    r"^(user|api_token|member|dashboard|activity|am_following|job|config_option|task_status|sysadmin)"
)
_DATASTORE = {
    "datastore_search": params.SEARCH,
    "datastore_info": ("id", "resource_id", "include_meta", "include_fields_schema"),
    "datastore_search_sql": ("sql",),
}


class Ckan:
    """The dialect over one engine. ``base`` is the configured public address; "" keeps links relative."""

    def __init__(self, engine: Engine, sender: Sender, base: str) -> None:
        self._engine = engine
        self._sender = sender
        self._base = base
        self._catalogue = Catalogue(engine, base)

    def add_to(self, app: falcon.App) -> None:
        """Put the dialect's addresses into the app."""
        action = Called(self)
        for prefix in ("/api/3/action", "/api/action"):
            app.add_route(prefix + "/{action}", action)
        app.add_route("/api/3", Edition())
        app.add_route("/datastore/dump/{table}", Dumps(self))

    def call(self, req: falcon.Request, resp: falcon.Response, action: str) -> None:
        """Answer one action, by whatever method. Raises CkanError alone."""
        try:
            _refuse(action)
            values = _values(req)
            self._answer(req, resp, action, values)
        except QingliuError as error:
            raise told_by(action, self._base, error) from error

    def _answer(self, req: falcon.Request, resp: falcon.Response, action: str, values: dict[str, Any]) -> None:
        args = Args(values)
        takes = ACTIONS[action].takes if action in ACTIONS else _DATASTORE[action]
        ignored = tuple(n for n in values if n not in takes)
        if action == "datastore_search":
            entry = self._catalogue.table(
                args.text("resource_id").strip() or args.text("id").strip() or args.needed("resource_id")
            )
            _no_column_asked(ignored, {f.name for f in entry.record.fields})
            answer = datastore.search(self._engine, entry, args, self._base, req.path)
        elif action == "datastore_info":
            entry = self._catalogue.table(args.text("id").strip() or args.needed("resource_id"))
            answer = self._json(action, values, lambda: datastore.info(self._engine, entry))
        else:
            run = ACTIONS[action].run
            answer = self._json(action, values, lambda: run(self._catalogue, args))
        if ignored:
            answer = _telling(answer, ignored_headers(ignored))
        if action == "package_search" and not timeless(args):  # not to be remembered for this address
            answer = replace(answer, once=(("Qingliu-Asked-At", iso(now())),))
        self._sender.send(req, resp, answer)

    def _json(self, action: str, values: dict[str, Any], result: Callable[[], bytes]) -> Answer:
        """An answer about the catalogue: the same as long as nothing is published."""
        asked = json.dumps(values, sort_keys=True, ensure_ascii=False)
        moment = iso(now())[:16] if "NOW" in asked else ""
        help_url = plain_json(f"{self._base}{HELP}{action}")

        def make() -> Whole:
            return Whole(b'{"help":' + help_url + b',"success":true,"result":' + result() + b"}")

        generation = str(self._engine.published.generation())
        return Answer(JSON, ("ckan", generation, action, asked, moment, self._base), make)

    def dump(self, req: falcon.Request, resp: falcon.Response, table: str) -> None:
        """Answer a whole table. Raises CkanError alone."""
        try:
            args = Args(from_query(req.query_string))
            entry = self._catalogue.table(table)
            ignored = tuple(n for n in from_query(req.query_string) if n not in params.DUMPED)
            _no_column_asked(ignored, {f.name for f in entry.record.fields})
            answer = datastore.dump(self._engine, entry, args)
            self._sender.send(req, resp, _telling(answer, ignored_headers(ignored)) if ignored else answer)
        except QingliuError as error:
            raise told_by("", self._base, error) from error


def _telling(answer: Answer, more: tuple[tuple[str, str], ...]) -> Answer:
    """The answer with headers beside its own, several warnings as one."""
    told = [*answer.headers, *more]
    warnings = ", ".join(v for n, v in told if n == "Warning")
    others = [(n, v) for n, v in told if n != "Warning"]
    headers = (*others, *((("Warning", warnings),) if warnings else ()))
    return replace(answer, headers=headers, identity=(*answer.identity, repr(more)))


class Called:
    """An action by GET, HEAD or POST."""

    def __init__(self, ckan: Ckan) -> None:
        self._ckan = ckan

    def on_get(self, req: falcon.Request, resp: falcon.Response, action: str) -> None:
        """The answer."""
        self._ckan.call(req, resp, action)

    on_head = on_get
    on_post = on_get


class Dumps:
    """Whole tables."""

    def __init__(self, ckan: Ckan) -> None:
        self._ckan = ckan

    def on_get(self, req: falcon.Request, resp: falcon.Response, table: str) -> None:
        """The file."""
        self._ckan.dump(req, resp, table)

    on_head = on_get


class Edition:
    """Which edition of the API stands at this address."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """``{"version": 3}``."""
        resp.data = b'{"version":3}'
        resp.content_type = JSON

    on_head = on_get


def _refuse(action: str) -> None:
    """Raise for an action that this portal does not have, saying where it is done instead."""
    if action in ACTIONS or action in {"datastore_search", "datastore_info"}:
        return
    if action == "datastore_search_sql":
        raise Forbidden(
            Text("不接受 SQL。", "SQL of callers is not run here."),
            Text(
                "請用 datastore_search 的 filters、q、distinct，或 /api/datasets/{code}/series 分組統計。",
                "Use filters, q and distinct of datastore_search, or /api/datasets/{code}/series for groups.",
            ),
            parameter="sql",
        )
    if _WRITES.search(action) or _ACCOUNTS.match(action):
        raise Forbidden(
            Text("這個介面只能讀取。", "This interface only reads."),
            Text(
                "發布與維護請登入本站的工作臺 /desk。", "Publishing happens at the portal's desk, /desk, after log-in."
            ),
        )
    raise Malformed(
        Text(f"沒有動作「{shown(action)}」。", f"Action name not known: {shown(action)}."),
        Text("動作列表見 docs/reference/ckan-dialect.md。", f"The actions are: {', '.join([*ACTIONS, *_DATASTORE])}."),
        parameter="action",
    )


def _values(req: falcon.Request) -> dict[str, Any]:
    """What a call says: its query string, and over it the body of a POST. Raises Malformed."""
    found = from_query(req.query_string) if req.query_string else {}
    if req.method != "POST":
        return found
    if (req.get_header("Content-Encoding") or "identity").lower() != "identity":
        raise Malformed(
            Text("不接受壓縮的請求內容。", "A compressed body is not read."),
            Text("請送出未壓縮的內容。", "Send it uncompressed."),
            parameter="body",
        )
    if (req.content_type or "").startswith("multipart/"):
        raise Malformed(
            Text("不接受檔案。", "Files are not taken here."), Text("請送出 JSON。", "Send JSON."), parameter="body"
        )
    body = req.bounded_stream.read(MAX_BODY + 1)
    if len(body) > MAX_BODY:
        raise Malformed(
            Text(f"請求內容超過 {MAX_BODY} 位元組。", f"The body is longer than {MAX_BODY} bytes."),
            Text("請縮短條件。", "Shorten the conditions."),
            parameter="body",
        )
    return found | from_body(body)


def _no_column_asked(ignored: tuple[str, ...], columns: set[str]) -> None:
    """Refuse a column given as a parameter of its own: ignoring it would answer another question."""
    for name in ignored:
        if name in columns:
            raise BadRequest(
                Text(f"欄位「{name}」不能直接當參數。", f"The column {name!r} is no parameter."),
                Text(f'請寫成 filters={{"{name}": …}}。', f'Write filters={{"{name}": …}}.'),
                parameter=name,
            )
