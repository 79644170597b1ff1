"""Simulated requests of a demonstration on simulated data: each says that a program made it. A real portal has none."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from qingliu.accounts.rules import Actor
from qingliu.core.clock import TAIPEI, now
from qingliu.participation import actions, queries
from qingliu.participation.actions.submit import Origin
from qingliu.participation.models import Request
from qingliu.participation.rules.replying import Reply
from qingliu.participation.rules.words import Asked

STORIES = Path(__file__).with_name("demo_requests.yaml")
_WORDS = ("kind", "title", "text", "author", "dataset", "field", "keyword")


def tell(*, by: Actor) -> list[Request]:
    """Bring in the stories whose datasets are here, once each; what was made."""
    made = []
    for i, story in enumerate(yaml.safe_load(STORIES.read_text(encoding="utf-8"))):
        form, code = f"demonstration {i}", story.get("dataset", "")
        if not Request.objects.filter(form=form).exists() and (not code or queries.is_here(code)):
            made.append(_tell(story, form, by))
    return made


def _tell(story: dict[str, Any], form: str, by: Actor) -> Request:
    came = now() - timedelta(days=story["days_ago"])
    asked = Asked(**{n: story[n] for n in _WORDS if n in story})
    row = actions.submit(asked=asked, origin=Origin("", form, came, simulated=True))
    if "to" in story:
        why = "示範：業務相關 demonstration: its business"
        row = actions.dispatch(number=row.number, agency=story["to"], reason=why, by=by, at=came + timedelta(days=1))
    said = story.get("answer")
    if said:
        day = now().astimezone(TAIPEI).date() + timedelta(days=said["in_days"]) if "in_days" in said else None
        reply = Reply(said["way"], said["text"], said.get("link", ""), day, said.get("ground", ""))
        actions.answer(number=row.number, reply=reply, by=by, at=came + timedelta(days=said["took"]))
    return row
