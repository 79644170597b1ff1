"""What waits: a held delivery is released or rejected by a second person, with a reason."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from qingliu.accounts.rules import may
from qingliu.core.dataset import Text
from qingliu.core.errors import NotFound
from qingliu.pipeline import actions, queries
from qingliu.pipeline.models import Run
from qingliu.web.views.desk import door


def _run(request: HttpRequest, run_id: uuid.UUID) -> Run:
    absent = NotFound(
        Text("找不到這次執行，或它不屬於您的機關。", "There is no such run, or it is not of your agency."),
        Text("請從執行紀錄選取。", "Choose one in the run history."), parameter="run",
    )  # fmt: skip
    try:
        found = queries.run(str(run_id))
    except NotFound:
        raise absent from None
    if not may(door.who(request), "private", agency=found.dataset.agency.code):
        raise absent
    return found


@door.action
def decide(request: HttpRequest, run_id: uuid.UUID) -> HttpResponseBase:
    """Release or reject a held delivery."""
    found = _run(request, run_id)
    mine, reason = door.who(request), request.POST.get("reason", "")
    release = request.POST.get("decision") == "release"

    def do() -> None:
        if release:
            actions.release(run_id=str(found.pk), reason=reason, by=mine)
        else:
            actions.reject(run_id=str(found.pk), reason=reason, by=mine)

    done = _("已放行。") if release else _("已退回，舊版本照常提供。")
    return door.answered(request, "web:run", do, args=(found.pk,), done=done)
