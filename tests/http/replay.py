"""A server on loopback that answers what a test tells it to, badly if asked: the stand-in for the world outside."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Route = Callable[["Asked"], None]


class Asked(BaseHTTPRequestHandler):
    """One request; ``say`` answers it well, ``raw`` writes bytes as they are."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.server.asked.append((self.path, dict(self.headers.items())))
        route = self.server.routes.get(parts.path)
        if route is None:
            self.say(404, b"no such path")
        else:
            route(self)

    def say(self, status: int, body: bytes = b"", **headers: str) -> None:
        """A whole answer; header names with _ for -."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers and status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def raw(self, *pieces: bytes) -> None:
        """Bytes as they are, then the end of the connection."""
        for piece in pieces:
            self.wfile.write(piece)
            self.wfile.flush()
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    routes: dict[str, Route]
    asked: list[tuple[str, dict[str, str]]]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves early is what these tests are about."""

    def get_request(self) -> tuple[socket.socket, Any]:
        sock, address = super().get_request()
        sock.settimeout(20)
        return sock, address


class Replay:
    """The running server: ``replay.url('/path')``; ``replay.routes`` and ``replay.asked`` may be read and changed."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._server = Server(("127.0.0.1", 0), Asked)
        self._scheme = "http"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
            self._scheme = "https"
        self.routes = self._server.routes = {}
        self.asked = self._server.asked = []
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Replay:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"{self._scheme}://{host}:{self.port}{path}"

    def body(self, path: str, body: bytes, **headers: str) -> None:
        """``path`` always answers 200 with ``body``."""
        self.routes[path] = lambda asked: asked.say(200, body, **headers)


def pages(rows: list[dict[str, str]], *, envelope: bool, cap: int = 1000, total: int | None = None) -> Route:
    """The existing platform's v2: offset and limit as strings, never more than ``cap`` rows, both shapes."""

    def answer(asked: Asked) -> None:
        offset = int(asked.query.get("offset", "0"))
        limit = min(int(asked.query.get("limit", "1000")), cap)
        page = rows[offset : offset + limit]
        body: Any = page
        if envelope:
            fields = [{"id": name, "type": "text", "info": {"label": name}} for name in (rows[0] if rows else {})]
            body = {
                "fields": fields,
                "resource_id": "c1f31192-babd-4105-b880-a4c2e23a3276",
                "__extras": {"api_key": asked.query.get("api_key", "")},
                "include_total": True,
                "total": str(len(rows) if total is None else total),
                "resource_format": "object",
                "limit": asked.query.get("limit", "1000"),
                "offset": str(offset),
                "_links": {"start": asked.path, "next": asked.path},
                "records": page,
            }
        asked.say(200, json.dumps(body, ensure_ascii=False).encode(), Content_Type="application/json")

    return answer


def zipped(body: bytes) -> bytes:
    """``body`` as a gzip encoding."""
    return gzip.compress(body, mtime=0)
