"""What a draft's people may take home: the repaired file, the report of every cell changed, the definition."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import get_language

from qingliu.pipeline import actions
from qingliu.web.views.desk import door


def _file(body: bytes | str, name: str, kind: str) -> HttpResponse:
    response = HttpResponse(body, content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _copy(request: HttpRequest, draft_id: object, part: str) -> HttpResponseBase:
    row = door.draft_of(request, draft_id)
    body = actions.repaired_copy(draft=row, part=part, lang=get_language() or "zh", by=door.who(request))
    return _file(body, f"{row.code}-{'repaired' if part == 'rows' else 'report'}.csv", "text/csv; charset=utf-8")


@door.page
def repaired(request: HttpRequest, draft_id: object) -> HttpResponseBase:
    """The files as the definition reads them, formulas guarded."""
    return _copy(request, draft_id, "rows")


@door.page
def report(request: HttpRequest, draft_id: object) -> HttpResponseBase:
    """Every cell that the repaired file has otherwise than the upload: place, raw text, reason."""
    return _copy(request, draft_id, "report")


@door.page
def definition(request: HttpRequest, draft_id: object) -> HttpResponseBase:
    """The definition as a file."""
    row = door.draft_of(request, draft_id)
    return _file(row.definition, f"{row.code}.yaml", "application/yaml; charset=utf-8")
