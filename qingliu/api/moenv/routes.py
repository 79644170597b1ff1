"""Addresses of the MOENV dialect: ``/api/v2/{code}`` in any case, answered in full or refused, never cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import falcon

from qingliu.api import languages
from qingliu.api.cache import Headers
from qingliu.api.http import VARY, Answer, Sender, pairs_of
from qingliu.api.inherit import with_meanings
from qingliu.api.moenv import serialize
from qingliu.api.moenv.params import Asked, ask
from qingliu.core.access import AccessFile
from qingliu.core.clock import now
from qingliu.core.errors import Unauthorized
from qingliu.lake.engine import Engine, Plan
from qingliu.lake.published import not_a_table

_PROFILE_SCOPE = "profile:"


class Rows:
    """Rows of a plan in this dialect's frame; the envelope's exact total is counted before them."""

    def __init__(self, engine: Engine, plan: Plan, asked: Asked, words: languages.Words) -> None:
        self._engine = engine
        self._plan = plan
        self._asked = asked
        self._record = with_meanings(plan.entry.record, lambda code: engine.published.get(code).record)
        self._fields = tuple(self._record.field(f.name) or f for f in plan.fields)
        self._stream = engine.stream(plan, serialize.rendering(self._record, self._fields, asked.format, words))

    def __iter__(self) -> Iterator[bytes]:
        enveloped = self._asked.profile == "envelope" and self._asked.format == "json"
        total = self._engine.count(self._plan) if enveloped else None
        yield serialize.before(self._record, self._fields, self._asked, total)
        yield from self._stream
        yield serialize.after(self._asked)

    def late(self) -> Headers:
        """How many rows there are."""
        return (("Qingliu-Number-Returned", str(self._stream.returned)),)

    def close(self) -> None:
        """Free the engine's cursor."""
        self._stream.close()


class Moenv:
    """One dataset in the ministry's dialect."""

    def __init__(self, engine: Engine, sender: Sender, access: AccessFile) -> None:
        self._engine = engine
        self._sender = sender
        self._access = access

    def add_to(self, app: falcon.App) -> None:
        """Put the dialect's one address into the app."""
        app.add_route("/api/v2/{code}", self)

    def on_get(self, req: falcon.Request, resp: falcon.Response, code: str) -> None:
        """The rows."""
        entry = self._engine.published.get(code)
        if entry.kind == "listed":
            raise not_a_table(entry)
        asked = ask(
            entry.record,
            pairs_of(req.query_string),
            wished_profile=self._wished(req),
            accept_language=req.get_header("Accept-Language") or "",
        )
        plan = self._engine.open(asked.query)
        words = languages.words_of(entry, self._engine.published.get) if asked.translate else {}
        body: Callable[[], Rows] = lambda: Rows(self._engine, plan, asked, words)  # noqa: E731
        parts = (plan.etag, "v2", asked.format, asked.profile, asked.lang, repr(asked.echo), languages.mark(words))
        answer = Answer(
            media=serialize.MEDIA[asked.format],
            identity=parts,
            make=body,
            headers=(("Qingliu-Version", str(plan.version.number)),),
            once=serialize.ignored_headers(asked),
            heavy=asked.heavy,
            vary=f"{VARY}, X-Qingliu-Profile, Accept-Profile, X-API-Key, Authorization",
        )
        self._sender.send(req, resp, answer)

    on_head = on_get

    def _wished(self, req: falcon.Request) -> str:
        """The profile that a header asks for, or that the caller's key is set to; "" where neither says."""
        header = req.get_header("X-Qingliu-Profile") or ""
        for part in (req.get_header("Accept-Profile") or "").replace("<", ",").replace(">", ",").split(","):
            name = part.strip().rsplit("/", 1)[-1].rsplit(":", 1)[-1].lower()
            header = header or (name if name in {"bare", "envelope"} else "")
        if header:
            return header
        grant = req.context.grant
        token = req.env.get("qingliu.address_key")
        if grant is None and token:
            try:
                grant = self._access.check(token, now())
            except Unauthorized:
                return ""  # a key of the old platform: welcome, and without meaning here
        scopes = grant.scopes if grant else ()
        return next((s.removeprefix(_PROFILE_SCOPE) for s in scopes if s.startswith(_PROFILE_SCOPE)), "")
