"""Who comes to the desk in the tests, and the files they bring."""

from __future__ import annotations

import io
import re
from functools import cache

from django.contrib.auth.hashers import make_password
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from qingliu.accounts import actions as accounts
from qingliu.accounts import queries
from qingliu.accounts.models import RoleAssignment, User
from qingliu.accounts.rules import operator
from qingliu.pipeline.models import Draft

PEOPLE = {
    "mei": ("steward", "moenv"),
    "hua": ("approver", "moenv"),
    "rival": ("steward", "ema"),
    "judge": ("approver", "ema"),
    "office": ("office", ""),
    "member": ("member", ""),
    "nobody": ("", ""),
}
XSS = "<script>alert(1)</script>"
PASSWORD = "long and winding 17"
_hashed = cache(make_password)  # slow by intent: once a process


def client(name: str = "", **how: bool) -> Client:
    """A browser in which ``name`` has logged in; "" nobody."""
    made = Client(raise_request_exception=False, headers={"host": "localhost"}, **how)  # type: ignore[arg-type]
    if name:
        made.force_login(User.objects.get(username=name), backend="qingliu.accounts.backends.ThrottledBackend")
    return made


def enrol(*names: str) -> None:
    """Make these people (all by default) with their roles."""
    accounts.seed_agencies(by=operator("test"))
    for name in names or PEOPLE:
        role, agency = PEOPLE[name]
        user = User.objects.create(username=name, email=f"{name}@example.org", password=_hashed(PASSWORD))
        if role:
            bound = queries.agency(agency) if agency else None
            RoleAssignment.objects.create(user=user, role=role, agency=bound, granted_at=timezone.now())


def file(text: str | bytes, name: str = "readings.csv", encoding: str = "utf-8") -> SimpleUploadedFile:
    """An upload."""
    return SimpleUploadedFile(name, text if isinstance(text, bytes) else text.encode(encoding))


def words(html: str) -> str:
    """What a page says, without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", html))


def upload(who: Client, *files: SimpleUploadedFile, **fields: str) -> Draft:
    """Upload and take the draft that the desk leads to."""
    answer = who.post("/desk/upload/take", {"files": list(files), "agency": "moenv", **fields})
    assert answer.status_code == 302, answer.content.decode()
    return Draft.objects.get(pk=answer.headers["Location"].strip("/").split("/")[-1])


def defective() -> bytes:
    """Big5, a title above the header, units in headers, ROC years with one AD among them, marks, suffixes, a thousands
    separator, full-width digits, a day that does not exist, a row repeated and a row cut short."""
    stations = [("基隆", "001"), ("汐止", "002"), ("萬里", "003"), ("新店", "004"), ("土城", "005")]
    out = io.StringIO()
    out.write("空氣品質監測紀錄表,,,,\r\n測站名稱,測站代碼,監測日期,PM2.5(μg/m3),雨量(mm)\r\n")
    odd = {7: "-", 13: "ND", 17: '"1,234"', 23: "１２．３", 29: "35.2x"}
    rows = []
    for n in range(100):
        name, code = stations[n % 5]
        day = {41: "115/02/30", 37: "2026-01-08"}.get(n, f"115/01/{n // 5 + 1:02d}")
        rows.append(f"{name},{code},{day},{odd.get(n, f'{10 + n % 37}.5')},{'NR' if n % 4 else '2.5'}")
    rows += [rows[3], "土城,005,115/01/30"]
    out.write("\r\n".join(rows) + "\r\n")
    return out.getvalue().encode("cp950", "replace")
