"""The judges' way to how requests from the public were answered; a higher room knows, and config.wiring gives it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from qingliu.quality.rules.editions import Edition
from qingliu.quality.rules.seen import Feedback

Give = Callable[[int, int], Mapping[str, Feedback]]
_given: list[Give] = []


def use(give: Give | None) -> None:
    """Let the judges of this process ask ``give`` (days for an answer, days of requests that count); None takes it back."""
    _given[:] = [give] if give else []


def told(edition: Edition) -> Mapping[str, Feedback] | None:
    """How requests on each dataset (code in capitals) were answered; None where no channel for requests is wired."""
    return _given[0](edition.feedback_days, edition.feedback_window_days) if _given else None


def of(code: str, every: Mapping[str, Feedback] | None) -> Feedback | None:
    """The replies on one dataset: none asked where there is a channel, None where there is no channel."""
    return None if every is None else every.get(code.upper(), Feedback(0, 0))
