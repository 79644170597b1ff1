"""The decisions about a dataset's rows, for everyone: who is named by role or rule only, and no value that is not public."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from qingliu.web import decided, lakeside, links
from qingliu.web.page import Pages, page_number
from qingliu.web.views.telling import public

SHOWN = 50


@public
def decisions(request: HttpRequest, code: str) -> HttpResponseBase:
    """Each decision with the row, the status, the cells before and after, and why; newest first."""
    engine = lakeside.engine()
    entry = engine.published.get(code)
    base = engine.published.get(decided.base_code(entry))
    total = engine.published.decisions(base.code, limit=1)[0]
    pages = Pages(page_number(request.GET), SHOWN, total, {})
    context = {
        "nav": "catalogue",
        "entry": entry,
        "base": base,
        "decided": decided.decided(engine, entry),
        "lines": decided.lines(engine, base.code, base.record, offset=pages.offset, limit=SHOWN),
        "pages": pages,
        "total": total,
        "api": links.api_dataset(base.code, "decisions"),
    }
    return render(request, "web/decisions.html", context)
