"""What a stranger's words must be before they are kept: NFC, no control or direction characters, short enough, no robot's."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest

KINDS = ("question", "error", "data")  # the first two are about a dataset, the last asks for data that is missing
MOST = {
    "title": 80,
    "text": 2000,
    "field": 200,
    "keyword": 200,
    "author": 60,
    "email": 200,
    "dataset": 60,
    "answer": 2000,
}
LEAST = {"title": 4, "text": 10, "author": 1}
NAMES = {
    "title": Text("標題", "subject"),
    "text": Text("內容", "text"),
    "field": Text("欄位", "fields"),
    "keyword": Text("關鍵字", "keyword"),
    "author": Text("姓名", "name"),
    "email": Text("電子郵件", "e-mail"),
    "dataset": Text("資料集", "dataset"),
    "answer": Text("回復", "answer"),
}
MIN_S, MAX_S = 3.0, 12 * 3600.0  # nobody writes a request faster; an older form is stale
_EMAIL = re.compile(r"[^\s@<>\"',;:\\()\[\]]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_INVISIBLE = frozenset("\u00ad\u180e\u200b\u2028\u2029\u2060\ufeff\u3164\uffa0")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it was written. ``dataset`` is a code; it must be given unless data are asked for."""

    kind: str
    title: str
    text: str
    author: str
    email: str = ""
    dataset: str = ""
    field: str = ""
    keyword: str = ""


def clean(text: str, name: str, *, lines: bool = False) -> str:
    """``text`` in NFC without blanks around it. Raises BadRequest naming the field ``name``.

    Refused: control characters (line breaks are kept in ``lines``), characters that turn the direction of text or are not
    seen, unpaired surrogates, and what is longer than the field may be (in characters).
    """
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    for char in text:
        bad = char in _DIRECTION or char in _INVISIBLE or unicodedata.category(char) in ("Cc", "Cs", "Cn", "Co")
        if bad and not (lines and char == "\n"):
            raise wrong(
                name,
                Text(
                    f"含有不能使用的字元 U+{ord(char):04X}。",
                    f"holds a character that may not be used: U+{ord(char):04X}.",
                ),
                Text("請刪去看不見的字元再送出。", "Remove the invisible character and send it again."),
            )
    if len(text) > MOST[name]:
        raise wrong(
            name,
            Text(
                f"有 {len(text)} 字，超過上限 {MOST[name]} 字。",
                f"has {len(text)} characters; at most {MOST[name]} may stand.",
            ),
            Text("請寫短一些。", "Please shorten it."),
        )
    if len(text) < LEAST.get(name, 0):
        raise wrong(
            name,
            Text(f"至少要 {LEAST[name]} 字。", f"needs at least {LEAST[name]} characters."),
            Text("請補上。", "Please fill it in."),
        )
    return text


def wrong(name: str, what: Text, remedy: Text) -> BadRequest:
    """The error that a field is to blame for."""
    of = NAMES[name]
    return BadRequest(Text(f"「{of.zh}」{what.zh}", f"The {of.en} {what.en}"), remedy, parameter=name)


def checked(asked: Asked) -> Asked:
    """The request with its words cleaned. Raises BadRequest at the first field that cannot be taken."""
    if asked.kind not in KINDS:
        raise BadRequest(
            Text("沒有選擇意見的種類。", "No kind of request was chosen."),
            Text("請選擇問題、錯誤回報或申請新資料。", "Choose a question, an error report or a wish for data."),
            parameter="kind",
        )
    dataset = clean(asked.dataset, "dataset")
    if asked.kind != "data" and not dataset:
        raise wrong(
            "dataset",
            Text("未指明。", "is not named."),
            Text("請由資料集的頁面提問。", "Please ask from the page of a dataset."),
        )
    email = clean(asked.email, "email")
    if email and not _EMAIL.fullmatch(email):
        raise wrong(
            "email", Text("不是可用的電子郵件。", "is not a usable e-mail address."),
            Text("請更正，或留空。", "Correct it, or leave it empty."),
        )  # fmt: skip
    return Asked(
        kind=asked.kind,
        title=clean(asked.title, "title"),
        text=clean(asked.text, "text", lines=True),
        author=clean(asked.author, "author"),
        email=email,
        dataset=dataset,
        field=clean(asked.field, "field") if asked.kind == "data" else "",
        keyword=clean(asked.keyword, "keyword") if asked.kind == "data" else "",
    )


def require_human(trap: str, age_s: float | None) -> None:
    """Raise BadRequest where the form was filled in by no person: a hidden field is filled, or the form's signed age
    (seconds since it was shown; None = no valid signature) cannot be."""
    if trap:
        raise BadRequest(
            Text("這份表單不是由人填寫的。", "This form was not filled in by a person."),
            Text(
                "請把標示「請留空」的欄位清空再送出。",
                "Empty the field that says to leave it empty, and send it again.",
            ),
            parameter="website",
        )
    if age_s is None or age_s > MAX_S:
        raise BadRequest(
            Text("這份表單已經過期。", "This form has expired."),
            Text("內容仍在，請再按一次送出。", "Your words are still here; please send them again."),
            parameter="stamp",
        )
    if age_s < MIN_S:
        raise BadRequest(
            Text("送出得太快。", "That was too fast."),
            Text("請看過內容，幾秒後再送出。", "Please look it over and send it again in a few seconds."),
            parameter="stamp",
        )
