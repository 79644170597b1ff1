"""The office keeps the list of articles by which an answer may be refused."""

from __future__ import annotations

import re

from django.db import transaction

from qingliu.accounts.rules import Actor, require
from qingliu.audit import actions as audit
from qingliu.core.clock import now
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest, NotFound
from qingliu.participation import queries
from qingliu.participation.models import Ground
from qingliu.participation.rules import replying

_CODE = re.compile(r"[a-z0-9][a-z0-9-]{1,59}")


def put_ground(*, ground: replying.Ground, by: Actor) -> Ground:
    """Add a ground, or put it in the place of the one of that code. Answers keep the words that they cited."""
    require(by, "dispatch")
    texts = (ground.article.zh, ground.article.en, ground.says.zh, ground.says.en)
    if not _CODE.fullmatch(ground.code) or not all(t.strip() and len(t) <= 300 for t in texts):
        raise BadRequest(
            Text(
                "條文需有代碼，以及中英文的條文名稱與內容。",
                "A ground needs a code, its article and its words in both languages.",
            ),
            Text(
                "代碼用小寫英數與連字號；各欄 300 字以內。",
                "Code: small letters, digits, hyphens; each text up to 300.",
            ),
            parameter="code",
        )
    article_zh, article_en, says_zh, says_en = (t.strip() for t in texts)
    return _kept(
        ground.code, by, "ground.put",
        {"article_zh": article_zh[:200], "article_en": article_en, "says_zh": says_zh, "says_en": says_en, "retired": False},
    )  # fmt: skip


def retire_ground(*, code: str, by: Actor) -> Ground:
    """Take a ground out of use; answers that cited it stay as they are."""
    require(by, "dispatch")
    known = queries.grounds().get(code)
    if known is None:
        raise NotFound(
            Text(f"沒有使用中的依據「{code[:60]}」。", f"No ground '{code[:60]}' is in use."),
            Text("請由清單選取。", "Choose one from the list."),
            parameter="code",
        )
    return _kept(
        code, by, "ground.retired",
        {"article_zh": known.article.zh, "article_en": known.article.en, "says_zh": known.says.zh, "says_en": known.says.en,
         "retired": True},
    )  # fmt: skip


def _kept(code: str, by: Actor, verb: str, values: dict[str, str | bool]) -> Ground:
    with transaction.atomic():
        row, _made = Ground.objects.update_or_create(
            code=code, defaults={**values, "changed_at": now(), "changed_by": by.name}
        )
        audit.record(by=by.name, verb=verb, kind="ground", object_id=code, detail=values)
    return row
