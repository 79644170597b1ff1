"""The privacy room's pages, for named roles: rules and who approves them, reviews, linkage, the restricted list, previews.

Whoever made a rule or brought a list may not approve it; the restricted list is shown to its own role only, by a POST
that is written down, and never kept by a cache.
"""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

import yaml
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from qingliu.accounts.rules import Actor, may, require
from qingliu.core.clock import TAIPEI, now
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest
from qingliu.pipeline import actions as pipeline
from qingliu.pipeline import queries as runs
from qingliu.pipeline.rules import PRIVACY, State
from qingliu.privacy import actions, queries
from qingliu.privacy.gate.policy import State as Decided
from qingliu.privacy.gate.policy import read_rule
from qingliu.privacy.models import Assessment, ListEdition, RuleEdition
from qingliu.web.draft_privacy import proposal
from qingliu.web.views.desk import door

LONGEST = 20_000  # characters of a rule
LIST_BYTES = 5_000_000
SHOWN = 200


def _insider(request: HttpRequest) -> Actor:
    who = door.who(request)
    require(who, "privacy")
    return who


def _day(text: str, parameter: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadRequest(
            Text("日期無法辨識。", "The date cannot be read."), Text("寫成 2027-01-31。", "Write 2027-01-31."),
            parameter=parameter,
        ) from None  # fmt: skip


def _needed(text: str, parameter: str) -> date:
    found = _day(text, parameter)
    if found is None:
        raise BadRequest(
            Text("必須有複查日。", "A review date is needed."), Text("寫成 2027-01-31。", "Write 2027-01-31."),
            parameter=parameter,
        )  # fmt: skip
    return found


def _rule(row: RuleEdition, who: Actor) -> dict[str, Any]:
    """An edition with its rule, and whether this person may decide on it."""
    return {"row": row, "rule": queries.rule_of(row), "mine": row.made_by == who.name}


@door.page
def index(request: HttpRequest) -> HttpResponseBase:
    """What waits for a decision, the rules in force, what is due for review, and every edition."""
    who = _insider(request)
    today = now().astimezone(TAIPEI).date()
    held = runs.runs(state=State.HELD)[:SHOWN]
    context = {
        "nav": "desk",
        "here": "rules",
        "waiting": [_rule(r, who) for r in queries.rules(state=Decided.DRAFT)],
        "in_force": queries.policy().rules,
        "reviews": queries.reviews(today),
        "editions": [_rule(r, who) for r in queries.rules()],
        "held": [r for r in held if any(v.judge == PRIVACY for v in runs.verdicts(r))],
        "sees_list": may(who, "restricted"),
        "begun": _begun(request),
    }
    return render(request, "web/privacy/index.html", context)


def _begun(request: HttpRequest) -> str:
    """The rule for a column that a draft's page asks for, to be completed; "" where none is asked for."""
    code, column = request.GET.get("dataset", "")[:64], request.GET.get("column", "")[:63]
    return proposal(code, column, request.GET.get("kind", "")[:20]) if code and column else ""


@door.action
def decide(request: HttpRequest) -> HttpResponseBase:
    """Approve or reject a rule that another person made."""
    asked = request.POST
    return door.answered(
        request,
        "web:privacy",
        lambda: actions.decide(
            name=asked.get("name", "")[:60], approve=_verdict(request), reason=asked.get("reason", "")[:2000],
            review_on=_day(asked.get("review_on", ""), "review_on"), by=door.who(request),
        ),
        done=_("已決定；生效的規則會套用到已公開的資料。"),
    )  # fmt: skip


def _verdict(request: HttpRequest) -> bool:
    """Whether the button pressed approves. Raises BadRequest where none was."""
    pressed = request.POST.get("verdict", "")
    if pressed not in ("approve", "reject"):
        raise BadRequest(
            Text("沒有選擇決定。", "No decision was chosen."), Text("請按其中一個按鈕。", "Press one of the buttons.")
        )
    return pressed == "approve"


@door.action
def propose(request: HttpRequest) -> HttpResponseBase:
    """Put a new rule, or a new edition of one, before another person."""

    def do() -> object:
        try:
            plain = yaml.safe_load(request.POST.get("rule", "")[:LONGEST])
        except yaml.YAMLError as error:
            raise BadRequest(
                Text("規則不是 YAML。", "The rule is no YAML."), Text("請修正格式。", "Mend it."), parameter="rule"
            ) from error
        return actions.propose(rule=read_rule(plain), why=request.POST.get("why", "")[:2000], by=door.who(request))

    return door.answered(request, "web:privacy", do, done=_("已送出，待另一人核可；核可前不生效。"))


@door.action
def retire(request: HttpRequest) -> HttpResponseBase:
    """Propose that a rule no longer acts."""
    name, why = request.POST.get("name", "")[:60], request.POST.get("why", "")[:2000]
    return door.answered(
        request,
        "web:privacy",
        lambda: actions.retire(name=name, why=why, by=door.who(request)),
        done=_("廢止案待另一人核可；核可前規則照常生效。"),
    )


@door.page
def linkage(request: HttpRequest) -> HttpResponseBase:
    """Through which datasets masked rows could be joined back, and what assessors answered."""
    _insider(request)
    today = now().astimezone(TAIPEI).date()
    codes = Assessment.objects.values_list("dataset", flat=True).order_by("dataset").distinct()
    answered = [(code, list(queries.answers(code).values())) for code in codes]
    context = {"nav": "desk", "here": "linkage", "answered": answered, "today": today}
    context["answers"] = Assessment.Answer.values
    context["dataset"], context["other"] = request.GET.get("dataset", "")[:64], request.GET.get("other", "")[:64]
    return render(request, "web/privacy/linkage.html", context)


@door.action
def assess(request: HttpRequest) -> HttpResponseBase:
    """Answer whether rows can be joined back."""
    asked = {k: request.POST.get(k, "")[:2000].strip() for k in ("dataset", "other", "answer", "reason", "basis")}
    return door.answered(
        request,
        "web:privacy-linkage",
        lambda: actions.assess(
            **asked, review_on=_needed(request.POST.get("review_on", ""), "review_on"), by=door.who(request)
        ),
        done=_("評估已記下。"),
    )


@door.page
def restricted(request: HttpRequest) -> HttpResponseBase:
    """The editions of the restricted list, without a site; for those who may touch it."""
    who = door.who(request)
    require(who, "restricted")
    editions = [(e, e.made_by == who.name) for e in ListEdition.objects.all()[:SHOWN]]
    return render(request, "web/privacy/restricted.html", {"nav": "desk", "here": "list", "editions": editions})


@door.action
def bring(request: HttpRequest) -> HttpResponseBase:
    """Take a CSV as the next edition; it is sealed at once and waits for another person."""

    def do() -> object:
        require(door.who(request), "restricted")
        file = request.FILES.get("file")
        if file is None or (file.size or 0) > LIST_BYTES:
            raise BadRequest(
                Text("需要一個不大的 CSV 檔。", "A CSV file of moderate size is needed."),
                Text("請選擇檔案。", "Choose the file."),
                parameter="file",
            )
        try:
            text = file.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise BadRequest(
                Text("名單不是 UTF-8。", "The list is not UTF-8."), Text("請另存為 UTF-8。", "Save it as UTF-8."),
                parameter="file",
            ) from None  # fmt: skip
        day = _needed(request.POST.get("review_on", ""), "review_on")
        basis = request.POST.get("basis", "")[:2000]
        return actions.import_list(text=text, basis=basis, review_on=day, by=door.who(request))

    return door.answered(request, "web:privacy-restricted", do, done=_("已加密存放，待另一人核可；請銷毀來源檔。"))


@door.action
def decide_list(request: HttpRequest) -> HttpResponseBase:
    """Approve or reject an edition that another person brought."""
    number = request.POST.get("number", "")
    return door.answered(
        request,
        "web:privacy-restricted",
        lambda: actions.decide_list(
            number=int(number) if number.isascii() and number.isdigit() and len(number) < 9 else 0,
            approve=_verdict(request), by=door.who(request),
        ),
        done=_("已決定。"),
    )  # fmt: skip


@door.action
def read(request: HttpRequest, number: int) -> HttpResponseBase:
    """The sites of an edition; who looked and when is written down."""
    sites = actions.read_list(number=number, by=door.who(request))
    context = {"nav": "desk", "here": "list", "number": number, "sites": sites}
    return render(request, "web/privacy/sites.html", context)


@door.page
def preview(request: HttpRequest, run_id: uuid.UUID) -> HttpResponseBase:
    """Cells of a held delivery before and after the rules in force."""
    found = runs.run(str(run_id))
    shown = pipeline.look_masked(run_id=str(run_id), by=door.who(request), limit=SHOWN)
    context = {
        "nav": "desk",
        "here": "rules",
        "run": found,
        "shown": shown,
        "verdicts": runs.verdicts(found),
        "judge": PRIVACY,
        "sees_list": may(door.who(request), "restricted"),
    }
    return render(request, "web/privacy/preview.html", context)
