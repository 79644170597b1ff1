"""A dataset described for programs (its OpenAPI) and for people who program (its console): addresses of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import falcon

from qingliu.api import languages
from qingliu.api.describing import MEDIA, Part
from qingliu.api.given import LANGUAGES, Caller, Given
from qingliu.api.http import Answer, Sender, Whole, language, pairs_of, plain_json
from qingliu.api.inherit import with_meanings
from qingliu.api.native import console, params, typed
from qingliu.api.native.page import policy
from qingliu.api.native.parameters import ENDPOINTS
from qingliu.api.native.reading import Reading
from qingliu.core.dataset import DatasetRecord
from qingliu.core.errors import QingliuError
from qingliu.lake.engine import Engine
from qingliu.lake.published import Entry
from qingliu.lake.query import Query, Rendering

EXAMPLES = 2
SHOWN = 20  # rows of the console's answer
Beside = Callable[[Entry], Sequence[Part]]


class Described:
    """/api/datasets/{code}/openapi.json and /api/docs/{code}. ``more`` gives other dialects' parts for a dataset."""

    def __init__(self, engine: Engine, sender: Sender, base: str, more: Beside) -> None:
        self._engine = engine
        self._published = engine.published
        self._sender = sender
        self._base = base
        self._more = more

    def add_to(self, app: falcon.App) -> None:
        """Put both addresses into the app."""
        app.add_route(ENDPOINTS["dataset_openapi"].path, Reading(self.openapi))
        app.add_route(ENDPOINTS["console"].path, Reading(self.page))

    def _entry(self, code: str) -> Entry:
        entry = self._published.get(code)
        return replace(entry, record=with_meanings(entry.record, lambda base: self._published.get(base).record))

    def openapi(self, req: falcon.Request, resp: falcon.Response, code: str) -> None:
        """The dataset's OpenAPI document."""
        Given(pairs_of(req.query_string), ENDPOINTS["dataset_openapi"].query)
        entry = self._entry(code)

        def make() -> Whole:
            parts = self._more(entry)
            return Whole(plain_json(typed.typed(entry.record, entry.kind, self._base, self._examples(entry), parts)))

        identity = ("openapi", str(self._published.generation()), entry.code)
        self._sender.send(req, resp, Answer(MEDIA, identity, make))

    def _examples(self, entry: Entry) -> list[dict[str, Any]]:
        if entry.kind == "listed":
            return []
        plan = self._engine.open(Query(entry.code, limit=EXAMPLES))
        text = b"".join(self._engine.stream(plan, Rendering("json", languages.columns(plan.fields, {}))))
        found: list[dict[str, Any]] = json.loads(b"[" + text + b"]")
        return found

    def page(self, req: falcon.Request, resp: falcon.Response, code: str) -> None:
        """The dataset's console: a form, the address it makes, programs that ask it, and the answer."""
        entry = self._entry(code)
        pairs = pairs_of(req.query_string)
        asked = next((v for n, v in pairs if n == "lang"), "")
        lang = language(asked if asked in LANGUAGES else "", req.get_header("Accept-Language") or "")
        given = [(n, v) for n, v in pairs if n != "lang" and v != ""]

        def make() -> Whole:
            tried = self._tried(entry.record, given) if entry.kind != "listed" else None
            return Whole(console.html(entry, self._base, lang, given, tried))

        identity = ("console", str(self._published.generation()), entry.code, lang, repr(given), self._base)
        headers = (
            ("Content-Security-Policy", policy(form_action="'self'")),
            ("Content-Language", {"zh": "zh-Hant", "en": "en"}[lang]),
        )
        self._sender.send(req, resp, Answer("text/html; charset=utf-8", identity, make, headers))

    def _tried(self, record: DatasetRecord, given: list[tuple[str, str]]) -> console.Tried:
        """What the question answers, at most SHOWN rows; an error is shown as the caller would meet it."""
        tail, own = console.split(given)
        ask = {"rows": params.rows, "latest": lambda r, p, c: params.rows(r, p, c, latest=True)}[tail]
        try:
            asked = ask(record, own, Caller())
            limit = SHOWN if asked.query.limit is None else min(SHOWN, asked.query.limit)
            plan = self._engine.open(replace(asked.query, limit=limit))
            stream = self._engine.stream(plan, Rendering("json", languages.columns(plan.fields, {})))
            rows = json.loads(b"[" + b"".join(stream) + b"]")
            return console.Tried(
                tuple(f.name for f in plan.fields), rows, more=stream.more, version=plan.version.number
            )
        except QingliuError as error:
            return console.Tried((), [], error=error)
