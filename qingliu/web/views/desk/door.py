"""The desk's door: who may come in, what of a draft they may see, and how an action answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from qingliu.accounts.queries import actor
from qingliu.accounts.rules import Actor, may, require
from qingliu.core.errors import NotFound, QingliuError
from qingliu.pipeline import queries
from qingliu.pipeline.models import Draft
from qingliu.web.views.telling import View, told


def _inside(view: View) -> View:
    """Logged in only, told errors as pages, kept by no cache."""
    shown = told(view)

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            back = request.get_full_path() if request.method in ("GET", "HEAD") else reverse("web:desk")
            response: HttpResponseBase = redirect_to_login(back, reverse("web:login"))
        else:
            response = shown(request, *args, **kwargs)
        patch_cache_control(response, private=True, no_store=True)
        return response

    return inner


def page(view: View) -> View:
    """A page of the desk: it only reads."""
    safe: View = require_safe(_inside(view))
    return safe


def action(view: View) -> View:
    """A write of the desk: by POST with our form's token."""
    posted: View = require_POST(_inside(view))
    return posted


def who(request: HttpRequest) -> Actor:
    """Who is at the desk."""
    return actor(request.user)  # type: ignore[arg-type]


def at_desk(request: HttpRequest) -> Actor:
    """Who is at the desk; raises Forbidden for a person without a role there."""
    mine = who(request)
    if agencies(mine) == []:
        require(mine, "prepare")
    return mine


def agencies(mine: Actor) -> list[str] | None:
    """The agencies whose desk this person sees; None = all."""
    if may(mine, "private"):
        return None
    return sorted({g.agency for g in mine.roles if g.agency and _may_see(mine, g.agency)})


def _may_see(mine: Actor, agency: str) -> bool:
    return may(mine, "prepare", agency=agency) or may(mine, "approve", agency=agency)


def draft_of(request: HttpRequest, draft_id: object) -> Draft:
    """The draft, where this person may see it; one of another agency is as absent as one that never was."""
    absent = queries.draft
    found = absent(str(draft_id))
    if not _may_see(who(request), found.agency.code):
        return absent("")  # raises what an unknown id raises
    return found


def answered(
    request: HttpRequest,
    to: str,
    do: Callable[[], object],
    *,
    args: tuple[object, ...] = (),
    done: str = "",
    at: str = "",
) -> HttpResponse:
    """Do it and lead to the page named ``to``; a told error is said there instead of what was ``done``."""
    try:
        do()
    except NotFound:
        raise
    except QingliuError as error:
        language = get_language() or ""
        messages.error(request, f"{error.reason.get(language)} {error.remedy.get(language)}".strip())
    else:
        if done:
            messages.success(request, done)
    return HttpResponseRedirect(reverse(to, args=list(args)) + (f"#{at}" if at else ""))
