"""Answering a request in one of three ways; the first answer stops its clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.db import transaction

from qingliu.accounts.rules import Actor, require
from qingliu.audit import actions as audit
from qingliu.catalog import queries as catalogue
from qingliu.core.clock import TAIPEI, now
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest, Conflict
from qingliu.core.http import Door
from qingliu.participation import queries
from qingliu.participation.actions.publish import publish_note
from qingliu.participation.models import Answer, Request
from qingliu.participation.rules import replying, showing, words
from qingliu.quality import served

Look = Callable[[str], int]


def ask_outside(url: str) -> int:
    """The status with which an address outside answers; 0 where it does not."""
    reply = served.fetch(Door(), url)
    return 0 if reply.error else reply.status


def answer(
    *, number: str, reply: replying.Reply, by: Actor, look: Look = ask_outside, at: datetime | None = None
) -> Answer:
    """Answer a request. After a promised date it may be answered anew: kept, put off, or refused; then it is closed.

    A linked dataset must be published or listed here; an address outside is asked where QINGLIU_CHECK_LINKS is on.
    ``at`` is for a demonstration, whose answers came earlier.
    """
    row = queries.request(number)
    require(by, "answer", agency=row.agency.code if row.agency else "")
    moment = at or now()
    day = moment.astimezone(TAIPEI).date()
    known = queries.grounds()
    said = replace(reply, text=words.clean(reply.text, "answer", lines=True))
    said = replying.checked(replace(said, link=said.link.strip()), known, day)
    if said.way == "available":
        said = replace(said, link=_found(said.link, look))
    ground = known.get(said.ground)
    with transaction.atomic():
        row = Request.objects.select_for_update().get(pk=row.pk)
        if row.answered_on is not None and row.state != Request.State.EXPECTED:
            raise Conflict(
                Text(f"意見 {number} 已回復。", f"Request {number} is answered."),
                Text("只有預計開放的可以再回復。", "Only a promised date may be answered anew."),
            )
        made = Answer.objects.create(
            request=row, way=said.way, text=showing.replied(said.text, row.author, row.email), link=said.link,
            expected_on=said.expected_on, ground=said.ground,
            article_zh=ground.article.zh if ground else "", article_en=ground.article.en if ground else "",
            says_zh=ground.says.zh if ground else "", says_en=ground.says.en if ground else "",
            agency=row.agency.code if row.agency else "", at=moment, by=by.name,
        )  # fmt: skip
        row.state, row.promised_on, row.changed_at = said.way, said.expected_on, moment
        row.answered_on = row.answered_on or day
        row.save(update_fields=["state", "promised_on", "changed_at", "answered_on"])
        detail: audit.Detail = {
            "way": said.way, "link": said.link, "ground": said.ground,
            "expected_on": said.expected_on.isoformat() if said.expected_on else None,
        }  # fmt: skip
        audit.record(
            by=by.name, verb="request.answered", kind="request", object_id=row.number, agency=made.agency, detail=detail
        )
        transaction.on_commit(lambda: publish_note(row.dataset))
    return made


def _found(link: str, look: Look) -> str:
    """The link as it is kept. Raises BadRequest where nothing is there."""
    if replying.is_code(link):
        own = catalogue.datasets().filter(code=link, status="published").first()
        listed = own or catalogue.listed().filter(code=link).first()
        if listed is None:
            raise _dead(f"沒有已發布的資料集「{link}」。", f"No dataset '{link}' is published.")
        return str(listed.code)
    if settings.QINGLIU.check_links:
        status = look(link)
        if not 200 <= status < 400:
            raise _dead(f"連結沒有回應資料（{status}）。", f"The address does not answer with data ({status}).")
    return link


def _dead(zh: str, en: str) -> BadRequest:
    return BadRequest(Text(zh, en), Text("請更正連結。", "Correct the link."), parameter="link")
