"""Asks a data API as a caller from some address would, with a clock that the test moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from falcon.testing import Result, simulate_request

from qingliu.api.cache import ResponseCache
from qingliu.config import data_api
from qingliu.core.access import Grant, digest, new_token, write_access
from qingliu.core.clock import now
from qingliu.core.plans import Plan
from qingliu.lake.paths import LakePaths
from tests.api.portal import Portal

OUTSIDE = "203.0.113.9"
ROWS = "/api/datasets/AIR_H/rows"


@dataclass
class Clock:
    """Seconds that pass only when told."""

    at: float = 1_763_800_000.0

    def __call__(self) -> float:
        return self.at


@dataclass
class Asked:
    """A data API of its own over a portal's lake, with keys and plans of its own."""

    portal: Portal
    home: Path
    plans: Sequence[Plan] = ()
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = Clock()
        self.keys: dict[str, Grant] = {}
        paths = LakePaths(self.home)
        paths.home.mkdir(parents=True, exist_ok=True)
        self.access_db = paths.access_db
        self.write()
        settings = replace(self.portal.settings, home=self.home, **self.settings)
        made = data_api.Limits
        clock = self.clock

        def limits(*args: Any, **more: Any) -> Any:
            return made(*args, **more, clock=clock)

        data_api.Limits = limits  # type: ignore[misc,assignment]
        try:
            self.app = data_api.make_data_api(settings, self.portal.engine, ResponseCache())
        finally:
            data_api.Limits = made  # type: ignore[misc]

    def write(self) -> None:
        """Keys and plans into the access file."""
        write_access(self.access_db, self.keys.values(), now(), self.plans)

    def key(self, plan: str = "registered") -> str:
        """A fresh key; the app knows it, as nothing was read yet or five seconds passed."""
        token = new_token()
        self.keys[token] = Grant(f"k{len(self.keys)}", digest(token), ("read",), "", now() + timedelta(days=1), plan)
        self.write()
        return token

    def get(self, path: str, query: str = "", *, address: str = OUTSIDE, method: str = "GET", **headers: str) -> Result:
        """One request; header names are written with underscores."""
        named = {k.replace("_", "-"): v for k, v in headers.items()}
        return simulate_request(self.app, method, path, query_string=query, headers=named, remote_addr=address)


def left(answer: Result, policy: str = "minute") -> int:
    """What RateLimit says is left of a policy."""
    items = dict(part.strip().split(";", 1) for part in answer.headers["RateLimit"].split(","))
    return int(items[f'"{policy}"'].split(";")[0].removeprefix("r="))
