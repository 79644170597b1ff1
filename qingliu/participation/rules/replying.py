"""The three ways of an answer, and what each must carry: a link, a date, or the article of law with a reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest

WAYS = ("available", "expected", "refused")
MOST_TEXT, LEAST_REASON = 2000, 10
FARTHEST = timedelta(days=3 * 366)
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")
_BLANKS = re.compile(r"[\x00-\x20\x7f\\]")
_SHIPPED = Path(__file__).parents[1] / "data" / "grounds.yaml"


@dataclass(frozen=True, slots=True)
class Ground:
    """A ground on which an answer may be refused: an article of law, its name and what it says."""

    code: str
    article: Text
    says: Text


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it was written: one way, with what that way needs. ``link`` is a dataset's code or a web address."""

    way: str
    text: str = ""
    link: str = ""
    expected_on: date | None = None
    ground: str = ""


@cache
def shipped() -> tuple[Ground, ...]:
    """The grounds that come with the program."""
    plain = yaml.safe_load(_SHIPPED.read_text(encoding="utf-8"))
    return tuple(
        Ground(g["code"], Text(g["article"]["zh"], g["article"]["en"]), Text(g["says"]["zh"], g["says"]["en"]))
        for g in plain["grounds"]
    )


def is_code(link: str) -> bool:
    """Whether a link names a dataset by its code."""
    return bool(_CODE.fullmatch(link))


def checked(reply: Reply, grounds: Mapping[str, Ground], today: date) -> Reply:
    """The answer with only what its way needs. Raises BadRequest naming what is missing.

    Whether a linked dataset or address exists is for the action to see.
    """
    if reply.way == "available":
        _require_link(reply.link)
        return Reply("available", reply.text, reply.link)
    if reply.way == "expected":
        _require_date(reply.expected_on, today)
        return Reply("expected", reply.text, expected_on=reply.expected_on)
    if reply.way == "refused":
        if reply.ground not in grounds:
            raise BadRequest(
                Text("不提供必須引用條文。", "A refusal must cite the article of law."),
                Text("請由清單選一條。", "Choose one from the list."),
                parameter="ground",
            )
        if len(reply.text) < LEAST_REASON:
            raise BadRequest(
                Text("不提供必須說明理由。", "A refusal must give its reason."),
                Text(
                    f"請寫至少 {LEAST_REASON} 字；理由會公開。",
                    f"Write at least {LEAST_REASON} characters; it is published.",
                ),
                parameter="text",
            )
        return Reply("refused", reply.text, ground=reply.ground)
    raise BadRequest(
        Text("沒有選擇回復的方式。", "No way of answering was chosen."),
        Text("請選：已可取得、預計開放、不提供。", "Choose: available, expected, or refused."),
        parameter="way",
    )


def _require_link(link: str) -> None:
    if is_code(link):
        return
    try:
        parts = urlsplit(link)
        good = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and not parts.username
    except ValueError:
        good = False
    if not good or _BLANKS.search(link) or len(link) > 500:
        raise BadRequest(
            Text(
                "「已可取得」必須附資料集代碼或 http(s) 網址。",
                "An available answer needs a dataset's code or an http(s) address.",
            ),
            Text("例如 AQX_P_432。", "For example AQX_P_432."),
            parameter="link",
        )


def _require_date(day: date | None, today: date) -> None:
    if day is None or not today < day <= today + FARTHEST:
        raise BadRequest(
            Text(
                "「預計開放」必須寫明日後的日期（三年內）。",
                "An expected answer needs a date to come, within three years.",
            ),
            Text(
                "寫成 YYYY-MM-DD；日期會公開，過期會顯示逾期。",
                "Write YYYY-MM-DD; it is published and shown as overdue once it passes.",
            ),
            parameter="expected_on",
        )
