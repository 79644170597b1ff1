"""What every view shares: told errors become pages, and a page unchanged since the last publication is not sent again."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import get_language
from django.views.decorators.http import condition, require_safe

from qingliu import __version__
from qingliu.core.errors import QingliuError
from qingliu.web import lakeside

View = Callable[..., HttpResponseBase]


def told(view: View) -> View:
    """A view whose QingliuErrors are shown as a page with their reason and remedy."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except QingliuError as error:
            return error_page(request, error)

    return inner


def error_page(request: HttpRequest, error: QingliuError) -> HttpResponse:
    """The page of a told error."""
    response = render(request, "web/error.html", {"error": error, "status": error.status}, status=error.status)
    if error.status == 503:
        response.headers["Retry-After"] = "5"
    return response


def _etag(request: HttpRequest, *args: Any, **kwargs: Any) -> str:
    generation = lakeside.engine().published.generation()
    return f'"{__version__}-{generation}-{get_language()}-{timezone.localdate():%Y%m%d}"'


def public(view: View) -> View:
    """A page for everyone: reads only, asks no cookie, answers 304 until something is published or a day passes."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        patch_cache_control(response, public=True, no_cache=True)
        return response

    held: View = condition(etag_func=_etag)(told(inner))

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = held(request, *args, **kwargs)
        if response.status_code not in (200, 304):
            del response.headers["ETag"]  # what failed once may succeed without a publication
            patch_cache_control(response, no_cache=True)
        return response

    safe: View = require_safe(answer)
    return safe
