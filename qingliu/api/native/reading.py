"""A falcon resource that only reads."""

from __future__ import annotations

from collections.abc import Callable

import falcon


class Reading:
    """A falcon resource that only reads: GET and HEAD by one function."""

    def __init__(self, answer: Callable[..., None]) -> None:
        self._answer = answer

    def on_get(self, req: falcon.Request, resp: falcon.Response, **parts: str) -> None:
        """The answer."""
        self._answer(req, resp, **parts)

    on_head = on_get
