"""A dataset's console page: ask it by a form, see the address, the programs and the rows. Plain HTML, no script."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote, urlencode

from qingliu.api.native.formats import FORMATS
from qingliu.api.native.page import STYLE
from qingliu.core.dataset import DatasetRecord, FieldRecord
from qingliu.core.errors import QingliuError
from qingliu.lake.published import Entry

Pairs = Sequence[tuple[str, str]]
COMMON = ("properties", "filter", "datetime", "sortby", "limit")
MAX_OPTIONS = 60
_WORDS = {
    "zh": {
        "title": "API 試用台",
        "skip": "跳到內容",
        "ask": "查詢",
        "send": "送出",
        "what": "要什麼",
        "rows": "資料列",
        "latest": "每個鍵值最新的一列",
        "format": "格式",
        "columns": "欄位條件",
        "any": "（不限）",
        "address": "這個查詢的位址",
        "programs": "程式",
        "answer": "回答",
        "more": "還有更多列；位址沒有這個上限。",
        "version": "版本",
        "none": "沒有符合的列。",
        "errors": "這個查詢有錯",
        "dataset": "資料集頁",
        "all": "全部 API 說明",
        "other": "English",
        "listed": "這個資料集還沒有資料，只列在目錄裡。",
        "properties": "要回答的欄位（逗號分隔）",
        "filter": "條件（CQL2）",
        "datetime": "時間或區間",
        "sortby": "排序（-欄位為遞減）",
        "limit": "列數",
        "dictionary": "欄位",
        "name": "名稱",
        "type": "型別",
        "unit": "單位",
        "means": "意義",
        "page_rows": "最多顯示 20 列",
        "keep": "回答有 ETag：以 If-None-Match 再問，沒有變就是 304。",
    },
    "en": {
        "title": "API console",
        "skip": "Skip to the content",
        "ask": "Ask",
        "send": "Send",
        "what": "What",
        "rows": "Rows",
        "latest": "The newest row of each key",
        "format": "Format",
        "columns": "Conditions by column",
        "any": "(any)",
        "address": "The address of this question",
        "programs": "Programs",
        "answer": "Answer",
        "more": "There are more rows; the address has no such limit.",
        "version": "Version",
        "none": "No row matches.",
        "errors": "Something is wrong with this question",
        "dataset": "Dataset page",
        "all": "The whole API",
        "other": "中文",
        "listed": "This dataset has no data yet; it is only listed.",
        "properties": "Columns to answer (by commas)",
        "filter": "Condition (CQL2)",
        "datetime": "Moment or interval",
        "sortby": "Sort (-column is descending)",
        "limit": "Rows",
        "dictionary": "Columns",
        "name": "Name",
        "type": "Type",
        "unit": "Unit",
        "means": "Meaning",
        "page_rows": "at most 20 rows shown",
        "keep": "Answers carry an ETag: ask again with If-None-Match, and nothing new is a 304.",
    },
}


@dataclass(frozen=True, slots=True)
class Tried:
    """What a question answered: names and rows as JSON has them, or the error."""

    names: tuple[str, ...]
    rows: list[dict[str, Any]]
    more: bool = False
    version: int = 0
    error: QingliuError | None = None


def split(given: Pairs) -> tuple[str, list[tuple[str, str]]]:
    """The address's tail ("rows" or "latest") and the parameters of its own."""
    tail = next((v for n, v in given if n == "-what"), "rows")
    return (tail if tail in {"rows", "latest"} else "rows"), [(n, v) for n, v in given if n != "-what"]


def html(entry: Entry, base: str, lang: str, given: Pairs, tried: Tried | None) -> bytes:
    """The page. ``given`` are the form's filled-in values, ``tried`` what they answered (None: nothing to ask)."""
    word, record = _WORDS[lang], entry.record
    code = quote(record.code, safe="")
    full = {"zh": "zh-Hant", "en": "en"}
    other = "en" if lang == "zh" else "zh"
    again = urlencode([*given, ("lang", other)])
    prefix = "" if lang == "zh" else "/en"
    bar = (
        f'<div class="bar"><a href="{prefix}/dataset/detail/{code}">{word["dataset"]}</a>'
        f'<a href="/api/docs?lang={lang}">{word["all"]}</a><a href="/api/datasets/{code}/openapi.json">OpenAPI 3.1</a>'
        f'<a href="?{escape(again)}" hreflang="{full[other]}" lang="{full[other]}">{word["other"]}</a></div>'
    )
    title = escape(record.title.get(lang))
    if tried is None:
        body = f"<section><p>{word['listed']}</p></section>"
    else:
        body = _form(record, given, lang) + _address(record, base, given, lang) + _answer(tried, lang)
    return (
        f'<!doctype html><html lang="{full[lang]}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{title} · {word["title"]}</title>'
        f'<style>{STYLE}</style></head><body><a class="skip" href="#main">{word["skip"]}</a>'
        f"<header><h1>{title}</h1><p>{word['title']} · <code>{escape(record.code)}</code></p>{bar}</header>"
        f'<main id="main" class="one"><div>{body}{_dictionary(record, lang)}</div></main></body></html>'
    ).encode()


def _form(record: DatasetRecord, given: Pairs, lang: str) -> str:
    word = _WORDS[lang]
    values = dict(given)
    tails = ["rows", *(["latest"] if record.time_field and record.key else [])]
    tail, _ = split(given)
    chosen = "".join(f'<option value="{t}"{" selected" if t == tail else ""}>{word[t]}</option>' for t in tails)
    form = values.get("f", "json")
    names = [n for n, _ in FORMATS if record.place or n not in {"geojson", "geoparquet"}]
    formats = "".join(f"<option{' selected' if n == form else ''}>{n}</option>" for n in names)
    common = "".join(
        _input(n, word[n], values.get(n, ""), _hint(n, record)) for n in COMMON if n != "datetime" or record.time_field
    )
    columns = "".join(
        _column(f, values.get(f.name, ""), lang) for f in record.fields if f.name not in {*COMMON, "f", "lang"}
    )
    opened = " open" if any(f.name in values for f in record.fields) else ""
    return (
        f'<section id="ask"><h2>{word["ask"]}</h2><form method="get" class="ask">'
        f'<input type="hidden" name="lang" value="{lang}">'
        f'<p><label>{word["what"]} <select name="-what">{chosen}</select></label></p>'
        f'<p><label>{word["format"]} <select name="f">{formats}</select></label></p>{common}'
        f'<details{opened}><summary>{word["columns"]}</summary><div class="ask">{columns}</div></details>'
        f'<p><button type="submit">{word["send"]}</button></p></form></section>'
    )


def _hint(name: str, record: DatasetRecord) -> str:
    numbers = [f.name for f in record.fields if f.type in {"number", "integer"}]
    names = [f.name for f in record.fields]
    return {
        "properties": ",".join(names[:3]),
        "filter": f'"{numbers[0]}" > 0' if numbers else f"\"{names[0]}\" LIKE '%'",
        "datetime": "2025-10-01/2025-10-31",
        "sortby": f"-{record.time_field or names[0]}",
        "limit": "1000",
    }[name]


def _input(name: str, label: str, value: str, hint: str) -> str:
    return (
        f'<p><label>{escape(label)} <input name="{escape(name)}" value="{escape(value)}" placeholder="{escape(hint)}"'
        f'{" inputmode=numeric" if name == "limit" else ""} autocomplete="off"></label></p>'
    )


def _column(field: FieldRecord, value: str, lang: str) -> str:
    label = f"{field.title.get(lang) or field.name} ({field.name})" + (f" {field.unit}" if field.unit else "")
    if field.enum and len(field.enum) <= MAX_OPTIONS:
        options = "".join(f"<option{' selected' if v == value else ''}>{escape(v)}</option>" for v in field.enum)
        return (
            f'<p><label>{escape(label)} <select name="{escape(field.name)}"><option value="">{_WORDS[lang]["any"]}</option>'
            f"{options}</select></label></p>"
        )
    return _input(field.name, label, value, "")


def _address(record: DatasetRecord, base: str, given: Pairs, lang: str) -> str:
    word = _WORDS[lang]
    tail, own = split(given)
    own = [(n, v) for n, v in own if (n, v) != ("f", "json")]
    path = f"/api/datasets/{quote(record.code, safe='')}/{tail}" + (f"?{urlencode(own)}" if own else "")
    programs = "".join(
        f'<h3>{name}</h3><pre tabindex="0"><code>{escape(text)}</code></pre>'
        for name, text in samples(base or "http://localhost", path, own)
    )
    return (
        f'<section id="address"><h2>{word["address"]}</h2><p><a href="{escape(path)}"><code>{escape(path)}</code></a></p>'
        f"<p>{word['keep']}</p><details><summary>{word['programs']}</summary>{programs}</details></section>"
    )


def samples(base: str, path: str, own: Pairs) -> tuple[tuple[str, str], ...]:
    """Programs that ask this question: (name, text). Each runs as it stands, with nothing but what it imports."""
    url = base + path
    form = dict(own).get("f", "json")
    binary = form not in {"json", "geojson", "ndjson", "csv"}
    python = [
        "import urllib.request" + (", json" if form in {"json", "geojson"} else ""), "",
        f"with urllib.request.urlopen({url!r}) as answer:",
    ]  # fmt: skip
    if form in {"json", "geojson"}:
        rows = "features" if form == "geojson" else "rows"
        python += [f'    rows = json.load(answer)["{rows}"]', "print(len(rows), rows[:1])"]
    elif binary:
        python += [f'    open("answer.{form}", "wb").write(answer.read())']
    else:
        python += ["    print(answer.read().decode())"]
    pandas = {
        "json": f'import pandas, requests\n\ntable = pandas.DataFrame(requests.get({json.dumps(url)}).json()["rows"])',
        "csv": f"import pandas\n\ntable = pandas.read_csv({json.dumps(url)})",
        "parquet": f"import pandas\n\ntable = pandas.read_parquet({json.dumps(url)})",
    }
    shell = f"curl -sS {_shell(url)}" + (f" -o answer.{form}" if binary else "")
    read = "json" if form in {"json", "geojson"} else "text"
    javascript = f"const answer = await fetch({json.dumps(url)});\nconsole.log(await answer.{read}());"
    r = {"csv": f"table <- read.csv({json.dumps(url)})", "json": f"table <- jsonlite::fromJSON({json.dumps(url)})$rows"}
    found = [("curl", shell), ("Python", "\n".join(python))]
    found += [("pandas", pandas[form])] if form in pandas else []
    found += [("R", r[form])] if form in r else []
    return (*found, *([] if binary else [("JavaScript", javascript)]))


def _shell(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _answer(tried: Tried, lang: str) -> str:
    word = _WORDS[lang]
    if tried.error is not None:
        error = tried.error
        return (
            f'<section id="answer"><h2>{word["errors"]}: {error.status} <code>{escape(error.code)}</code></h2>'
            f'<p role="alert">{escape(error.reason.get(lang))} {escape(error.remedy.get(lang))}</p></section>'
        )
    if not tried.rows:
        return f'<section id="answer"><h2>{word["answer"]}</h2><p>{word["none"]}</p></section>'
    head = "".join(f'<th scope="col">{escape(n)}</th>' for n in tried.names)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_shown(one, n))}</td>" for n in tried.names) + "</tr>" for one in tried.rows
    )
    more = f"<p>{word['more']}</p>" if tried.more else ""
    return (
        f'<section id="answer"><h2>{word["answer"]} · {word["version"]} {tried.version} · {word["page_rows"]}</h2>'
        f'<div class="wide" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{more}</section>'
    )


def _shown(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _dictionary(record: DatasetRecord, lang: str) -> str:
    word = _WORDS[lang]
    head = "".join(f'<th scope="col">{word[n]}</th>' for n in ("name", "type", "unit", "means"))
    body = "".join(
        f"<tr><td><code>{escape(f.name)}</code></td><td>{f.type}</td><td>{escape(f.unit)}</td>"
        f"<td>{escape(f.title.get(lang))}</td></tr>"
        for f in record.fields
    )
    return (
        f'<section id="columns"><h2>{word["dictionary"]}</h2><div class="wide"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div></section>"
    )
