"""Joins the dialects into one WSGI app, and tells its addresses apart from the pages'. Django is not needed here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote_plus

import falcon

from qingliu.api import cql2
from qingliu.api.allowance import Allowance
from qingliu.api.cache import ResponseCache
from qingliu.api.ckan import errors as ckan_errors
from qingliu.api.ckan import openapi as ckan_openapi
from qingliu.api.ckan.routes import Ckan
from qingliu.api.dcat import openapi as dcat_openapi
from qingliu.api.dcat.routes import Dcat
from qingliu.api.describing import Part
from qingliu.api.http import Sender
from qingliu.api.limits.callers import networks
from qingliu.api.limits.quota import Limits
from qingliu.api.limits.tally import Tally
from qingliu.api.manners import ErrorDesk, Manners, problem
from qingliu.api.moenv import openapi as moenv_openapi
from qingliu.api.moenv import serialize as moenv_serialize
from qingliu.api.moenv.routes import Moenv
from qingliu.api.native import openapi
from qingliu.api.native.bulk import BulkFiles
from qingliu.api.native.described import Described
from qingliu.api.native.page import Page
from qingliu.api.native.routes import Native
from qingliu.api.ogc import definition as ogc_definition
from qingliu.api.ogc.routes import Ogc
from qingliu.api.places import Gate, Spools
from qingliu.core.access import AccessFile
from qingliu.core.env import Settings
from qingliu.core.errors import QingliuError
from qingliu.lake.bulk import Bulk
from qingliu.lake.engine import Engine
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import Entry

Environ = dict[str, Any]
App = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
# what clients of other portals look for outside /api: CKAN's dump, DCAT's catalogue, what crawlers and feed readers read
DATA_PLACES = ("/api/", "/datastore/", "/catalog.", "/sitemap", "/feed.atom", "/robots.txt")
CKAN_PLACES = ("/api/3", "/api/action/", "/datastore/")
HEAVY_PLACES = 2  # a process gains nothing from more of them at once
_KEY_NAMES = {"api_key", "apikey", "api-key"}
_RAW_ADDRESSES = ("REQUEST_URI", "RAW_URI")


def make_engine(settings: Settings) -> Engine:
    """The engine of one serving process."""
    return Engine(
        LakePaths(settings.home),
        threads=settings.engine_threads,
        memory_limit=settings.engine_memory,
        deadline_s=settings.deadline_s,
        parse_where=cql2.parse,
    )


def gate(threads: int) -> Gate:
    """Room for heavy answers in a process of ``threads``: two run, some queue, a third of the threads stays for light ones."""
    places = max(1, min(HEAVY_PLACES, threads - 2))
    spare = threads // 3
    return Gate(places, waiting=max(0, threads - spare - places), spare=spare // 2)


def make_data_api(settings: Settings, engine: Engine | None = None, cache: ResponseCache | None = None) -> App:
    """The whole data API as a WSGI app: native at /api, the MOENV dialect at /api/v2."""
    engine = engine or make_engine(settings)
    cache = cache or ResponseCache()
    access = AccessFile(LakePaths(settings.home).access_db)
    limits = Limits(access, Tally(settings.limits_memory), trusted=networks(settings.trusted_proxies))
    spools = Spools(engine.paths.home / "private" / "tmp", most_bytes=settings.spool_bytes)
    sender = Sender(cache, gate(settings.web_threads), limits=limits, spools=spools, life_s=settings.stream_s)
    app: falcon.App = falcon.App(middleware=[Manners(cache, engine.published.generation, limits, sender)])
    app.req_options.strip_url_path_trailing_slash = True
    description = openapi.document(
        settings.base_url, moenv_openapi.part(), ckan_openapi.part(), dcat_openapi.part(), ogc_definition.part()
    )
    Native(engine, sender, settings.base_url, description).add_to(app)
    BulkFiles(engine, sender, settings.base_url, Bulk(engine, budget=settings.bulk_bytes)).add_to(app)
    app.add_route("/api/docs", Page(description, sender))
    Described(engine, sender, settings.base_url, _beside).add_to(app)
    app.add_route("/api/limits", Allowance(limits))
    Moenv(engine, sender, access).add_to(app)
    Ckan(engine, sender, settings.base_url).add_to(app)
    Dcat(engine, sender, settings.base_url).add_to(app)
    Ogc(engine, sender, settings.base_url).add_to(app)
    desk = ErrorDesk(
        (("/api/v2/", moenv_serialize.error), *((place, ckan_errors.shape) for place in CKAN_PLACES), ("", problem))
    )
    app.add_error_handler(Exception, desk.unexpected)
    app.add_error_handler(falcon.HTTPError, desk.http)
    app.add_error_handler(QingliuError, desk.told)
    return keys_out_of_sight(app)


def _beside(entry: Entry) -> list[Part]:
    """What the other dialects say of a dataset, for its own description."""
    if entry.kind == "listed":
        return []
    parts = [moenv_openapi.part_of(entry.record), ckan_openapi.part_of(entry.record)]
    return parts + ([ogc_definition.part_of(entry.record)] if entry.record.place else [])


def keys_out_of_sight(app: App) -> App:
    """Take keys that old clients put into MOENV addresses out of the address before anything can log, keep or echo it."""

    def serve(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        query = environ.get("QUERY_STRING", "")
        if query and environ.get("PATH_INFO", "").lower().startswith("/api/v2/"):
            parts = query.split("&")
            keys = [p for p in parts if unquote_plus(p.partition("=")[0]).strip().lower() in _KEY_NAMES]
            if keys:
                environ["qingliu.address_key"] = unquote_plus(keys[0].partition("=")[2])
                environ["QUERY_STRING"] = "&".join(p for p in parts if p not in keys)
                for name in _RAW_ADDRESSES:
                    if name in environ:
                        environ[name] = environ["PATH_INFO"]
        return app(environ, start_response)

    return serve


def dispatch(data_api: App, pages: App) -> App:
    """``/api``, everything under it and the addresses of ``DATA_PLACES`` to the data API, the rest to the pages."""

    def serve(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        return (data_api if path == "/api" or path.startswith(DATA_PLACES) else pages)(environ, start_response)

    return serve
