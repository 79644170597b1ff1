"""One finding of a judge, opened down to its rows; for everyone, out of the published notes and the lake."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.urls import reverse

from qingliu.core.dataset import Text
from qingliu.core.errors import NotFound, QingliuError
from qingliu.lake.published import Entry
from qingliu.standards import content_rules
from qingliu.web import judged, lakeside
from qingliu.web.finding_rows import Rows, rows
from qingliu.web.views.telling import public
from qingliu.web.wordings import words


def found_in(entry: Entry, fingerprint: str) -> judged.Found:
    """The finding of that id. Raises NotFound: findings go as rows are mended."""
    one = next((f for f in judged.found(entry) if f.id == fingerprint), None)
    if one is None:
        raise NotFound(
            Text("最近的檢測沒有這一項；可能已經改善。", "The newest judgement has no such finding; it may be mended."),
            Text("請到資料集的品質一節看現有的發現。", "See the present findings in the dataset's quality section."),
            parameter="finding",
        )
    return one


@public
def finding(request: HttpRequest, code: str, fingerprint: str) -> HttpResponseBase:
    """What was found, why, what mends it, and the rows themselves at the version that was judged."""
    engine = lakeside.engine()
    entry = engine.published.get(code)
    if code != entry.code:
        return HttpResponsePermanentRedirect(reverse("web:finding", args=[entry.code, fingerprint]))
    found = found_in(entry, fingerprint)
    shown: Rows | None = None
    error: QingliuError | None = None
    try:
        shown = rows(engine, entry, found)
    except QingliuError as told:
        error = told
    target = f"finding:{found.id}"
    rule = content_rules.register().get(found.finding.rule)
    context = {
        "nav": "catalogue",
        "entry": entry,
        "found": found,
        "rows": shown,
        "words": words(engine, entry, found),
        "error": error,
        "target": target,
        "contests": [c for c in judged.open_contests(entry) if c["target"] == target],
        "measures": rule.measures if rule else None,
    }
    return render(request, "web/quality/finding.html", context, status=error.status if error else 200)
