"""Pages for what goes wrong outside a view: the handlers that config.urls names."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import get_template

from qingliu.core.dataset import Text
from qingliu.core.errors import Forbidden, NotFound
from qingliu.web.views.telling import error_page


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, without asking anything of the request: its Host may be a forged one."""
    return _bare(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return error_page(request, Forbidden(
        Text("您沒有權限看這個頁面。", "You may not see this page."),
        Text("請用有權限的帳號登入，或請管理者授權。", "Log in with an account that may, or ask an administrator."),
    ))


def csrf_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that did not come from our page."""
    error = Forbidden(
        Text("這個表單已過期，或不是由本站送出。", "This form has expired, or was not sent from this site."),
        Text("請回上一頁重新整理後再送一次；瀏覽器須允許本站的 Cookie。", "Go back, reload and send it again; allow cookies of this site."),
    )
    return error_page(request, error)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return error_page(request, NotFound(
        Text("找不到這個頁面。", "There is no such page."),
        Text("請檢查網址，或搜尋資料集。", "Check the address, or search the datasets."),
    ))


def server_error(request: HttpRequest) -> HttpResponse:
    """500: says sorry without touching the lake, the database or the request's data."""
    return _bare(request, 500)


def _bare(request: HttpRequest, status: int) -> HttpResponse:
    english = request.path_info.startswith("/en/")
    page = get_template("web/bare.html").render({"status": status, "english": english})
    return HttpResponse(page, status=status)


