"""The description as a page: plain HTML of our own, nothing fetched from anywhere, no script."""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from importlib.resources import files
from typing import Any

import falcon

from qingliu.api.given import LANGUAGES, Given
from qingliu.api.http import Answer, Sender, Whole, language, pairs_of
from qingliu.api.manners import TITLES
from qingliu.api.native.parameters import ENDPOINTS
from qingliu.core.dataset import Text

STYLE = (files("qingliu.api.native") / "docs.css").read_text(encoding="utf-8")
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()


def policy(form_action: str = "'none'") -> str:
    """The page's Content-Security-Policy; ``form_action`` where a form may lead."""
    return f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action {form_action}; frame-ancestors 'none'"


_WORDS = {
    "zh": {
        "title": "清流資料 API",
        "lead": "每個資料集都有型別、版本與歷史。不需註冊即可讀取；同一組參數適用所有資料集。",
        "skip": "跳到內容",
        "contents": "目錄",
        "name": "參數",
        "means": "說明",
        "example": "範例",
        "answers": "回應",
        "errors": "錯誤",
        "other": "English",
        "try": "試試看",
        "errors_lead": "錯誤以 application/problem+json 回答：parameter 指出參數，remedy 說明怎麼改，附中英文。",
        "code": "代碼",
        "home": "/",
        "portal": "清流首頁",
        "start": "從這裡開始",
    },
    "en": {
        "title": "Qingliu data API",
        "lead": "Every dataset has types, versions and history. Reading needs no key; one set of parameters serves all.",
        "skip": "Skip to the content",
        "contents": "Contents",
        "name": "Parameter",
        "means": "Meaning",
        "example": "Example",
        "answers": "Answers",
        "errors": "Errors",
        "other": "中文",
        "try": "Try it",
        "errors_lead": "Errors are application/problem+json in both languages: parameter names it, remedy mends it.",
        "code": "Code",
        "home": "/en/",
        "portal": "Qingliu",
        "start": "Start here",
    },
}


_SAMPLES = (
    (
        Text("一個測站最近的十列", "The ten newest rows of one site"),
        "AQX_P_488/rows?siteid=1&sortby=-datacreationdate&limit=10",
    ),
    (Text("每站最新一列，CSV", "The newest row of each site as CSV"), "AQX_P_488/latest?f=csv"),
    (Text("條件查詢", "A condition"), "AQX_P_488/rows?filter=aqi > 100 AND county IN ('臺北市','新北市')"),
    (
        Text("各縣市每日平均", "Daily means by county"),
        "AQX_P_488/series?bucket=1d&groupby=county&aggregate=avg(aqi),count(*)",
    ),
    (Text("某一版本的資料", "The data of an earlier version"), "AQX_P_488/rows?as_of=1"),
)


def _side(said: str, lang: str) -> str:
    """The wording of one language out of OpenAPI's description, which holds both."""
    zh, _, en = said.partition("\n\n")
    return (en or zh) if lang == "en" else zh


def _summary(said: str, lang: str) -> str:
    zh, _, en = said.partition(" · ")
    return (en or zh) if lang == "en" else zh


def _resolve(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        found: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def _written(example: Any) -> str:
    """An example as it stands in an address."""
    if isinstance(example, list):
        return ",".join(_written(e) for e in example)
    return example if isinstance(example, str) else json.dumps(example)


def _parameters(document: dict[str, Any], operation: dict[str, Any], lang: str) -> str:
    word = _WORDS[lang]
    rows = ""
    for one in (_resolve(document, p) for p in operation.get("parameters", [])):
        options = one["schema"].get("enum")
        means = escape(_side(one["description"], lang)) + (
            f" <code>{escape(' | '.join(options))}</code>" if options else ""
        )
        example = f"<code>{escape(_written(one['example']))}</code>" if "example" in one else ""
        star = " *" if one.get("required") else ""
        rows += f"<tr><td><code>{escape(one['name'])}</code>{star}</td><td>{means}</td><td>{example}</td></tr>"
    if not rows:
        return ""
    head = "".join(f'<th scope="col">{word[n]}</th>' for n in ("name", "means", "example"))
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _operation(document: dict[str, Any], path: str, operation: dict[str, Any], lang: str, also: str = "") -> str:
    word = _WORDS[lang]
    media = ", ".join(f"<code>{escape(m)}</code>" for m in operation["responses"].get("200", {}).get("content", {}))
    answers = "".join(
        f"<dt>{status}</dt><dd>{escape(_side(_resolve(document, answer)['description'], lang))}</dd>"
        for status, answer in sorted(operation["responses"].items())
        if status != "200"
    )
    needed = any(_resolve(document, p).get("required") for p in operation["parameters"])
    link = "" if needed else f'<p><a href="{escape(path)}">{word["try"]}: {escape(path)}</a></p>'
    good = f"<dt>200</dt><dd>{media}</dd>" if media else ""
    return (
        f'<section id="{escape(operation["operationId"])}"><h2><span class="get">GET</span>{also}<code>{escape(path)}</code></h2>'
        f"<p>{escape(_summary(operation['summary'], lang))}</p>{_parameters(document, operation, lang)}"
        f"<h3>{word['answers']}</h3><dl>{good}{answers}</dl>{link}</section>"
    )


def html(document: dict[str, Any], lang: str) -> bytes:
    """The page in a language."""
    word = _WORDS[lang]
    operations = [(path, item["get"]) for path, item in document["paths"].items()]
    contents = "".join(f'<li><a href="#{escape(o["operationId"])}">{escape(path)}</a></li>' for path, o in operations)
    posted = '<span class="get">POST</span>'
    sections = "".join(
        _operation(document, path, o, lang, posted if "post" in document["paths"][path] else "")
        for path, o in operations
    )
    errors = "".join(
        f'<tr id="error-{code}"><td><code>{code}</code></td><td>{escape(title.get(lang))}</td></tr>'
        for code, title in TITLES.items()
    )
    other = "en" if lang == "zh" else "zh"
    full = {"zh": "zh-Hant", "en": "en"}
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{word['title']}</title><style>{STYLE}</style>"
    )
    bar = (
        f'<div class="bar"><a href="{word["home"]}">{word["portal"]}</a><a href="/api/openapi.json">OpenAPI 3.1</a>'
        f'<a href="?lang={other}" hreflang="{full[other]}" lang="{full[other]}">{word["other"]}</a></div>'
    )
    last = (
        f'<section id="errors"><h2>{word["errors"]}</h2><p>{word["errors_lead"]}</p><div class="wide"><table>'
        f'<thead><tr><th scope="col">{word["code"]}</th><th scope="col">{word["means"]}</th></tr></thead>'
        f"<tbody>{errors}</tbody></table></div></section>"
    )
    lines = "\n".join(f"# {escape(about.get(lang))}\n/api/datasets/{escape(rest)}" for about, rest in _SAMPLES)
    start = f'<section id="start"><h2>{word["start"]}</h2><pre tabindex="0"><code>{lines}</code></pre></section>'
    return (
        f'<!doctype html><html lang="{full[lang]}"><head>{head}</head><body>'
        f'<a class="skip" href="#main">{word["skip"]}</a>'
        f"<header><h1>{word['title']}</h1><p>{word['lead']}</p>{bar}</header>"
        f'<main id="main"><nav aria-label="{word["contents"]}"><ul>{contents}'
        f'<li><a href="#errors">{word["errors"]}</a></li></ul></nav><div>{start}{sections}{last}</div></main></body></html>'
    ).encode()


class Page:
    """/api/docs"""

    def __init__(self, document: dict[str, Any], sender: Sender) -> None:
        self._pages = {lang: html(document, lang) for lang in ("zh", "en")}
        self._sender = sender

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """The page in the asked language."""
        given = Given(pairs_of(req.query_string), ENDPOINTS["docs"].query)
        asked = given.choice("lang", LANGUAGES, "") if given.has("lang") else ""
        lang = language(asked, req.get_header("Accept-Language") or "")
        body = self._pages[lang]
        identity = ("docs", hashlib.sha256(body).hexdigest())
        headers = (("Content-Security-Policy", policy()), ("Content-Language", {"zh": "zh-Hant", "en": "en"}[lang]))
        self._sender.send(req, resp, Answer("text/html; charset=utf-8", identity, lambda: Whole(body), headers))

    on_head = on_get
