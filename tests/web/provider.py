"""A stand-in for an agency's OpenID Connect provider: discovery, authorisation, token and keys, over real HTTP."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm


@dataclass
class Provider:
    """Who is logged in there, and what was asked of it."""

    person: dict[str, Any] = field(default_factory=dict)
    client: str = "qingliu"
    asked: list[tuple[str, dict[str, list[str]]]] = field(default_factory=list)
    issuer: str = ""
    key: Any = field(default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048))

    def id_token(self) -> str:
        """The signed word on who has come (OpenID Connect Core 1.0, 2)."""
        claims = {"iss": self.issuer, "aud": self.client, "iat": int(time.time()), "exp": int(time.time()) + 60}
        return jwt.encode({**claims, **self.person}, self.key, algorithm="RS256", headers={"kid": "k1"})

    def answer(self, path: str, form: dict[str, list[str]]) -> dict[str, Any]:
        """What an address says."""
        self.asked.append((path, form))
        if path.endswith("/.well-known/openid-configuration"):
            return {
                "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorise",
                "token_endpoint": f"{self.issuer}/token", "userinfo_endpoint": f"{self.issuer}/who",
                "jwks_uri": f"{self.issuer}/keys", "token_endpoint_auth_methods_supported": ["client_secret_post"],
            }  # fmt: skip
        if path == "/token":
            return {"access_token": "at", "token_type": "Bearer", "id_token": self.id_token()}
        if path == "/keys":
            public = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
            return {"keys": [{**public, "kid": "k1", "alg": "RS256", "use": "sig"}]}
        return self.person


@contextmanager
def provider() -> Iterator[Provider]:
    """A provider on a free port of this machine, ended afterwards."""
    made = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = json.dumps(made.answer(self.path, parse_qs(self.rfile.read(length).decode()))).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
