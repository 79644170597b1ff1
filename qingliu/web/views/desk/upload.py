"""Files come in: one page, one form; into the private folder at once, never into a folder that others read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from qingliu.accounts import queries as accounts
from qingliu.accounts.models import Agency
from qingliu.accounts.rules import Actor, may
from qingliu.catalog import queries as catalogue
from qingliu.catalog.models import Dataset
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest, QingliuError
from qingliu.pipeline import actions, queries
from qingliu.standards.areas import standard_name
from qingliu.web.uploads import PrivateHandler
from qingliu.web.views.desk import door

_HEAD = 4_096  # bytes of a file that may name its agency


def choices(mine: Actor) -> tuple[list[Any], list[Dataset]]:
    """(agencies that this person prepares for, their datasets that take files)."""
    homes = [a for a in accounts.agencies() if may(mine, "prepare", agency=a.code)]
    tables = catalogue.datasets().filter(kind=Dataset.Kind.TABLE, agency__in=homes)
    return homes, list(tables.exclude(status=Dataset.Status.WITHDRAWN))


@door.page
def upload(request: HttpRequest) -> HttpResponseBase:
    """The form."""
    return _form(request, request.GET.get("dataset", "")[:64])


def _form(request: HttpRequest, code: str, error: QingliuError | None = None) -> HttpResponse:
    mine = door.at_desk(request)
    homes, tables = choices(mine)
    context = {
        "nav": "desk", "here": "upload", "homes": homes, "tables": tables, "code": code, "error": error,
        "limit": _limit(), "home": _home(mine, homes),
    }  # fmt: skip
    return render(request, "web/desk/upload.html", context, status=error.status if error else 200)


def _home(mine: Actor, homes: Sequence[Agency]) -> str:
    """The agency that a new dataset most likely is of: where the person holds a desk's role, else that of their last draft."""
    own = {g.agency for g in mine.roles if g.agency and may(mine, "prepare", agency=g.agency)}
    if len(own) == 1:
        return own.pop()
    last = queries.drafts().filter(made_by=mine.name, agency__in=homes).order_by("-made_at").first()
    return last.agency.code if last else ""


def _named(uploads: Sequence[actions.Upload], homes: Sequence[Agency]) -> str:
    """The one agency that the files name, in their names or first lines; "" where they name none or several."""
    said = ""
    for upload in uploads:
        with upload.path.open("rb") as file:
            head = file.read(_HEAD)
        said += upload.name + "".join(head.decode(e, "ignore") for e in ("utf-8", "cp950"))
    plain = standard_name(said)
    found = []
    for home in sorted(homes, key=lambda a: -len(a.name_zh)):  # a longer name may hold a shorter one
        name = standard_name(home.name_zh)
        if len(name) > 2 and name in plain:
            found.append(home.code)
            plain = plain.replace(name, "")
    return found[0] if len(found) == 1 else ""


@csrf_exempt  # the token lies behind the files in the request: who asks is looked at first, then _take asks for the token
@door.action
def take(request: HttpRequest) -> HttpResponseBase:
    """Take files and lead to their draft."""
    door.at_desk(request)
    limit = settings.QINGLIU.max_upload_bytes
    folder = queries.paths().drafts / "incoming"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > limit + (1 << 20):
        return _form(request, "", _too_large())
    handler = PrivateHandler(folder, limit)
    request.upload_handlers = [handler]  # type: ignore[assignment]
    answer: HttpResponseBase = _take(request, handler=handler)
    return answer


@csrf_protect
def _take(request: HttpRequest, handler: PrivateHandler) -> HttpResponseBase:
    files = request.FILES.getlist("files")
    code, agency = request.POST.get("dataset", "")[:64], request.POST.get("agency", "")[:64]
    if handler.too_large:
        return _form(request, code, _too_large())
    mine = door.who(request)
    again = request.POST.get("draft", "")
    uploads = [actions.Upload(f.name or "file", Path(f.file.name)) for f in files]
    if again:
        return _again(request, again, uploads)
    try:
        if code:
            agency = catalogue.dataset(code).agency.code
        elif not agency:
            homes = choices(mine)[0]
            agency = homes[0].code if len(homes) == 1 else _named(uploads, homes)
        if not agency:
            raise _no_agency()
        made = actions.begin(agency=agency, uploads=uploads, code=code, by=mine)
    except QingliuError as error:
        return _form(request, code, error)
    return HttpResponseRedirect(reverse("web:desk-draft", args=[made.id]))


def _again(request: HttpRequest, draft_id: str, uploads: list[actions.Upload]) -> HttpResponse:
    """Corrected files for a draft that stands."""
    row = door.draft_of(request, draft_id)

    def do() -> None:
        actions.replace_files(draft=row, uploads=uploads, by=door.who(request))

    done = _("已換成更正後的檔案，定義照舊。")
    return door.answered(request, "web:desk-draft", do, args=(row.id,), done=done, at="read")


def _no_agency() -> BadRequest:
    return BadRequest(
        Text("看不出這是哪個機關的資料。", "The files do not tell of which agency they are."),
        Text("請在「機關」選擇後再上傳。", "Choose the agency and upload again."), parameter="agency",
    )  # fmt: skip


def _too_large() -> BadRequest:
    size = _limit()
    return BadRequest(
        Text(f"檔案合計超過 {size}。", f"The files are larger than {size} together."),
        Text("請壓縮成 ZIP、分批上傳，或請維運者用資料夾或介接匯入。", "Zip them, send them in parts, or have them come by a "
             "folder or a feed."), parameter="files",
    )  # fmt: skip


def _limit() -> str:
    return f"{settings.QINGLIU.max_upload_bytes // (1 << 20)} MiB"
