"""Every error that a person may meet: what is wrong, where, and what mends it, in both languages.

Dialects map ``status`` and ``code`` to their own shapes; nobody formats these texts elsewhere.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from qingliu.core.dataset import Text


class QingliuError(Exception):
    """Base of all told errors. ``parameter`` names the request parameter or file place that is to blame."""

    status = 500
    code = "error"

    def __init__(self, reason: Text, remedy: Text = Text("", ""), *, parameter: str = "") -> None:
        super().__init__(f"{reason.en} {remedy.en}".strip())
        self.reason = reason
        self.remedy = remedy
        self.parameter = parameter


class NotFound(QingliuError):
    """Nothing of that name is published."""

    status = 404
    code = "not-found"


class Gone(QingliuError):
    """It was here; its data is no longer kept."""

    status = 410
    code = "gone"


class BadRequest(QingliuError):
    """The question cannot be understood."""

    status = 400
    code = "bad-request"


class TooDear(QingliuError):
    """The question would cost more than one answer may."""

    status = 422
    code = "too-dear"


class TooMany(QingliuError):
    """This caller asked more than its plan allows; ``retry_after_s`` says when there is room again."""

    status = 429
    code = "too-many"

    def __init__(self, reason: Text, remedy: Text, *, retry_after_s: int, parameter: str = "") -> None:
        super().__init__(reason, remedy, parameter=parameter)
        self.retry_after_s = max(1, retry_after_s)


class Busy(QingliuError):
    """No room for this now; ask again shortly."""

    status = 503
    code = "busy"


class Unauthorized(QingliuError):
    """The key is unknown, expired or revoked."""

    status = 401
    code = "unauthorized"


class Forbidden(QingliuError):
    """This caller may not do this."""

    status = 403
    code = "forbidden"


class Conflict(QingliuError):
    """Something else happened first."""

    status = 409
    code = "conflict"


class BadDefinition(QingliuError):
    """A definition file is wrong at a place."""

    status = 422
    code = "bad-definition"


class BadSource(QingliuError):
    """A delivery cannot be read as what it should be."""

    status = 422
    code = "bad-source"


class Refused(QingliuError):
    """We will not do this: it would harm (an address inside, a bomb, an entity)."""

    status = 422
    code = "refused"


class Damaged(QingliuError):
    """A stored file is not what was published."""

    status = 500
    code = "damaged"


class UnknownField(BadRequest):
    """No column of that name; says the nearest one."""

    code = "unknown-field"

    def __init__(self, name: str, known: Iterable[str], *, parameter: str = "") -> None:
        known = list(known)
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        shown = "、".join(known[:40])
        shown_en = ", ".join(known[:40])
        hint_zh = f"您是否要找「{near[0]}」？" if near else ""
        hint_en = f"Did you mean '{near[0]}'? " if near else ""
        super().__init__(
            Text(f"沒有欄位「{name[:80]}」。", f"No field '{name[:80]}'."),
            Text(f"{hint_zh}可用的欄位：{shown}。", f"{hint_en}The fields are: {shown_en}."),
            parameter=parameter,
        )
