"""What the dialects share when they describe themselves in OpenAPI 3.1: parts that are joined, headers, told errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from qingliu.core.dataset import Text

Plain = dict[str, Any]
MEDIA = "application/vnd.oai.openapi+json;version=3.1"


@dataclass(frozen=True, slots=True)
class Part:
    """What a dialect describes: its paths, and its components by section. Names of components are its own."""

    paths: Mapping[str, Plain] = field(default_factory=dict)
    components: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def joined(document: Plain, parts: Iterable[Part]) -> Plain:
    """The document with the parts in it. Raises ValueError where two of them describe the same thing."""
    sections: Plain = {name: dict(held) for name, held in document["components"].items()}
    paths = dict(document["paths"])
    for part in parts:
        _put(paths, part.paths)
        for name, held in part.components.items():
            _put(sections.setdefault(name, {}), held)
    return document | {"paths": paths, "components": sections}


def _put(held: Plain, more: Mapping[str, Any]) -> None:
    twice = held.keys() & more.keys()
    if twice:
        raise ValueError(f"described twice: {', '.join(sorted(twice))}")
    held.update(more)


def said(text: Text) -> str:
    """Both languages as a description holds them."""
    return f"{text.zh}\n\n{text.en}"


def summary(text: Text) -> str:
    """Both languages in one line."""
    return f"{text.zh} · {text.en}" if text.en and text.en != text.zh else text.zh


def query(name: str, schema: Plain, about: Text, example: Any = None, **more: Any) -> Plain:
    """A parameter of the query string."""
    plain: Plain = {"name": name, "in": "query", "description": said(about), "schema": schema}
    return plain | more | ({} if example is None else {"example": example})


def part_of_path(name: str, schema: Plain, about: Text, example: Any) -> Plain:
    """A parameter that stands in the address."""
    return query(name, schema, about, example) | {"in": "path", "required": True}


def _header(about: Text, schema: Plain | None = None, *, always: bool = True) -> Plain:
    return {"description": said(about), "required": always, "schema": schema or {"type": "string"}}


HEADERS: dict[str, Plain] = {
    "ETag": _header(Text("強式 ETag", "A strong ETag"), {"type": "string", "pattern": '^"[^"]+"$'}),
    "RateLimit": _header(Text("剩餘額度", "What is left of the quotas"), {"type": "string", "pattern": '^"minute";r='}),
    "RateLimit-Policy": _header(Text("用量方案", "The quotas"), {"type": "string", "pattern": '^"minute";q='}),
    "Retry-After": _header(Text("多少秒後再試", "Seconds until it is worth asking again"), {"type": "integer"}),
    "WWW-Authenticate": _header(Text("如何帶金鑰", "How a key is sent")),
    "Content-Range": _header(Text("哪一段", "Which bytes"), {"type": "string", "pattern": "^bytes "}),
    "Location": _header(Text("固定位址", "The pinned address"), {"type": "string", "format": "uri-reference"}),
    "Link": _header(Text("下一頁等連結", "The next page and other links"), always=False),
    "Qingliu-Version": _header(Text("版本編號", "The version's number"), {"type": "string"}, always=False),
    "Qingliu-Cost": _header(
        Text("讀取列數、位元組與秒數的估計", "Rows read, bytes and seconds, as estimated"), always=False
    ),
    "Warning": _header(Text("降低了的 limit、沒有作用的參數", "A lowered limit, parameters without effect"), always=False),
    "X-Ignored-Parameters": _header(Text("沒有作用的參數", "Parameters without effect"), always=False),
}  # fmt: skip
_COUNTED = ("RateLimit", "RateLimit-Policy")


def headers(*names: str) -> Plain:
    """References to headers, those of the quotas among them."""
    return {n: {"$ref": f"#/components/headers/{n}"} for n in (*_COUNTED, *names)}


def of_status(status: int) -> Plain:
    """The headers that an error of that status carries."""
    return headers(*{401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}.get(status, ()))


def good(about: Text, content: Mapping[str, Any], *more: str) -> Plain:
    """The answer 200 with its headers."""
    return {"description": said(about), "headers": headers("ETag", *more), "content": dict(content)}


UNCHANGED: Plain = {
    "description": said(Text("與 If-None-Match 相同", "Same as If-None-Match")),
    "headers": headers("ETag"),
}
TOO_LONG: Plain = {
    "description": said(Text("位址超過 64 KiB，伺服器未讀", "The address is over 64 KiB; the server did not read it"))
}


def answers(found: Plain, *statuses: int, prefix: str = "") -> Plain:
    """The responses of an operation: ``found`` for 200, 304, and references to the errors ``prefix`` + status.

    401, 414, 429 and 500 may be met anywhere.
    """
    every = sorted({401, 429, 500, *statuses})
    told = {str(s): {"$ref": f"#/components/responses/{prefix}{s}"} for s in every}
    return {
        "200": found,
        "304": {"$ref": "#/components/responses/304"},
        "414": {"$ref": "#/components/responses/414"},
    } | told


def operation(name: str, about: Text, parameters: list[Plain], responses: Plain, **more: Any) -> Plain:
    """An operation."""
    return {"operationId": name, "summary": summary(about), "parameters": parameters, "responses": responses} | more
