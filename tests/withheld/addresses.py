"""Every address that a portal knows: of the data API from its own description, of the pages from Django's table of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

from django.urls import URLPattern, URLResolver, get_resolver

# values of a parameter beside those that the description lists, each asked by itself
ASKED: dict[str, Sequence[str]] = {
    "as_of": ("1",), "include_flags": ("true",), "lang": ("en",), "language": ("en",), "since": ("1",), "_status": ("all",),
    "records_format": ("objects", "lists", "csv", "tsv"), "profile": ("named",), "limit": ("1",), "page": ("1",),
    "all_fields": ("true",), "include_datasets": ("true",), "bucket": ("month",), "header": ("zh",), "bom": ("1",),
    "groupby": ("fac_address", "address"), "sortby": ("lon", "longitude", "-fac_address", "-address"),
    "distinct": ("true",), "q": ("裁處",), "query": ("name:csv",), "crs": ("http://www.opengis.net/def/crs/EPSG/0/3826",),
}  # fmt: skip
_HREFS = re.compile(
    rb"""(?:href|src|loc|link|url|next|download)["'>]*\s*[:=]?\s*["']?((?:https?://localhost)?/[^"'<>\s\\]+)"""
)
_QUOTED = re.compile(rb"""["'>]((?:https?://localhost)?/(?:api|datastore|dataset|quality|runs|catalog)[^"'<>\s\\]*)""")


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. ``template`` is the address in the description it comes from; ``body`` a JSON body of a POST."""

    template: str
    path: str
    query: str = ""
    method: str = "GET"
    body: str = ""

    @property
    def form(self) -> str:
        """The format that it asks for, "" where it names none."""
        found = re.search(r"(?:^|&)(?:f|format|records_format)=([^&]+)", self.query)
        return found[1] if found else ""


def described(document: Mapping[str, Any], values: Mapping[str, Sequence[str]]) -> Iterator[Ask]:
    """Each operation of an OpenAPI document, with each value of ``values`` for what its path and questions must name.

    Raises KeyError where a required parameter has no value: then an address would go unasked.
    """
    for template, item in document["paths"].items():
        for method, operation in item.items():
            if method not in ("get", "post"):
                continue
            parameters = [_found(document, p) for p in [*item.get("parameters", []), *operation.get("parameters", [])]]
            for path in _paths(document, template, parameters, values):
                if method == "post":
                    yield from (Ask(template, path, method="POST", body=b) for b in _bodies(template, path, values))
                    continue
                for query in _queries(document, template, path, parameters, values):
                    yield Ask(template, path, query)


def _paths(
    document: Mapping[str, Any],
    template: str,
    parameters: Iterable[Mapping[str, Any]],
    values: Mapping[str, Sequence[str]],
) -> Iterator[str]:
    paths = [template]
    for p in parameters:
        if p["in"] == "path":
            listed = _found(document, p["schema"]).get("enum") or values[f"{template} {p['name']}"]
            paths = [path.replace("{" + p["name"] + "}", quote(str(v), safe="")) for path in paths for v in listed]
    yield from paths


def _queries(
    document: Mapping[str, Any], template: str, path: str, parameters: Iterable[Mapping[str, Any]],
    values: Mapping[str, Sequence[str]],
) -> Iterator[str]:  # fmt: skip
    optional: list[tuple[str, str]] = []
    bases: list[list[tuple[str, str]]] = [[]]
    action = path.rpartition("/")[2]
    for p in parameters:
        if p["in"] != "query":
            continue
        needed = values.get(f"{action}?{p['name']}") or values.get(f"{template}?{p['name']}")
        if p.get("required"):
            needed = needed or ASKED.get(p["name"])
        if needed:
            bases = [[*base, (p["name"], v)] for base in bases for v in needed]
            continue
        if p.get("required"):
            raise KeyError(f"{template}?{p['name']}")
        listed = _found(document, p.get("schema", {})).get("enum") or ASKED.get(p["name"], ())
        optional += [(p["name"], str(v)) for v in listed]
    for base in bases:
        yield urlencode(base)
        yield from (urlencode([*base, one]) for one in optional)


def _bodies(template: str, path: str, values: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """What an action is sent: nothing, and each of its arguments."""
    action = path.rpartition("/")[2]
    named = [(k.partition("?")[2], v) for k, v in values.items() if k.startswith(f"{action}?")]
    yield "{}"
    yield from (json.dumps({name: ASKED[name][0]}, ensure_ascii=False) for name in ("q", "query"))
    for name, listed in named:
        yield from (json.dumps({name: v}, ensure_ascii=False) for v in listed)


def _found(document: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in part:
        at: Any = document
        for step in part["$ref"][2:].split("/"):
            at = at[step.replace("~1", "/")]
        part = at
    return part


def pages(values: Mapping[str, Sequence[str]]) -> Iterator[Ask]:
    """Each page of both languages; parameters take the values given under ``name parameter`` or ``parameter``.

    Raises KeyError where a parameter has no value.
    """
    seen = set()
    for template, patterns in _patterns(get_resolver().url_patterns, ""):
        if "(" in template:
            continue  # a log-in at another house: no page of ours, and none without that house
        paths = [template]
        for converter in re.findall(r"<(?:\w+:)?(\w+)>", template):
            wanted = re.compile(rf"<(?:\w+:)?{converter}>")
            paths = [wanted.sub(quote(v), p) for p in paths for v in values[converter]]
        for path in paths:
            for prefix in ("/", "/en/") if patterns else ("/",):
                if prefix + path not in seen:
                    seen.add(prefix + path)
                    yield Ask(f"/{template}", prefix + path)


def _patterns(found: Iterable[URLPattern | URLResolver], before: str) -> Iterator[tuple[str, bool]]:
    for each in found:
        here = str(each.pattern)
        if isinstance(each, URLResolver):
            if here.startswith("admin/"):
                continue  # asked by the rows of its models, see the scene
            yield from _patterns(each.url_patterns, before + ("" if here in ("", "en/") else here))
        else:
            yield re.sub(r"^\^|\\Z|\$$", "", before + here), True


def linked(ask: Ask, body: bytes) -> Iterator[Ask]:
    """Addresses of this portal that an answer names; they are asked as they stand."""
    for pattern in (_HREFS, _QUOTED):
        for found in pattern.findall(body):
            parts = urlsplit(
                urljoin(f"http://localhost{ask.path}", found.decode("utf-8", "replace").replace("&amp;", "&"))
            )
            if parts.hostname == "localhost" and "{" not in parts.path and "%7B" not in parts.path:
                yield Ask("link", parts.path, parts.query)
