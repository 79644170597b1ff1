"""The head of a file read for what it is: its format by content, its encoding, and the names in its first record.

An error that a server sends with status 200 is noticed here: a web page, a line of text, or a JSON object that only tells
a message. Nothing is guessed from a file's name.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from qingliu.core.dataset import Text

ERROR_KEYS = {"error", "errors", "message", "msg", "errormessage", "error_message", "errmsg"}
RECORD_LISTS = ("records", "rows", "data", "features", "result", "results", "items", "value")
SHOWN = 80  # characters of an error text that are shown


@dataclass(frozen=True, slots=True)
class Head:
    """What the first bytes of a body tell. ``format`` "" cannot be told; ``encoding`` "" decodes in none."""

    format: str
    encoding: str = ""
    names: tuple[str, ...] | None = None
    problem: Text | None = None


def read(data: bytes, *, whole: bool, expected: str = "", declared: frozenset[str] = frozenset()) -> Head:
    """What a body is. ``expected`` is the format it is offered as; ``declared`` are the described fields, casefolded."""
    if not data.strip(b"\xef\xbb\xbf \t\r\n"):
        return Head("EMPTY", problem=Text("內容是空的。", "The body is empty."))
    kind = _binary(data)
    if kind:
        return Head(kind)
    encoding, text = decode(data, whole=whole)
    if not encoding:
        return Head(_undecoded(data, expected))
    plain = text.lstrip("\ufeff \t\r\n")
    if plain[:1] == "<":
        return _markup(data, plain, encoding)
    if plain[:1] in "{[":
        found = _json(plain, encoding, whole=whole)
        if found is not None:
            return found
        if plain[0] == "{":
            return Head("TEXT", encoding, problem=_told(plain))
    return _delimited(plain, encoding, expected, declared)


def _binary(data: bytes) -> str:
    if data.startswith(b"PAR1"):
        return "PARQUET"
    if data.startswith(b"PK\x03\x04"):
        if b"xl/" in data or b"[Content_Types].xml" in data[:2000]:
            return "DOCX" if b"word/" in data else "XLSX"
        if b"opendocument.spreadsheet" in data[:2000]:
            return "ODS"
        return "KMZ" if b".kml" in data[:2000] else "ZIP"
    if data.startswith(b"%PDF"):
        return "PDF"
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return "XLS" if b"W\0o\0r\0k\0b\0o\0o\0k" in data else "DOC"
    if data.startswith((b"\xff\xd8\xff", b"\x89PNG", b"GIF8")):
        return "IMAGE"
    return "SHP" if data.startswith(b"\x00\x00\x27\x0a") else ""


def decode(data: bytes, *, whole: bool) -> tuple[str, str]:
    """(encoding, text) by content: ASCII, UTF-8, UTF-16 by its mark, BIG5; ("", "") where the bytes decode in none."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        options = (("UTF-16", "utf-16"),)
    else:
        options = (("UTF-8", "utf-8-sig"), ("BIG5", "cp950"), ("BIG5", "big5hkscs"))  # type: ignore[assignment]
    for name, codec in options:
        try:
            text = codecs.getincrementaldecoder(codec)("strict").decode(data, final=whole)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return ("ASCII" if name == "UTF-8" and text.isascii() else name), text
    return "", ""


def _undecoded(data: bytes, expected: str) -> str:
    """Of bytes that decode in nothing: the text format that their first signs show, for the encoding to be judged."""
    first = data.lstrip()[:1]
    if first == b"<":
        return "XML"
    if first in {b"{", b"["}:
        return "JSON"
    printable = sum(b >= 32 or b in b"\t\r\n" for b in data) / len(data)
    return (expected or "CSV") if printable > 0.99 else ""


def _markup(data: bytes, text: str, encoding: str) -> Head:
    low = text[:2000].lower()
    if "<!doctype html" in low or "<html" in low:
        title = text[low.find("<title>") + 7 :].split("<", maxsplit=1)[0].strip() if "<title>" in low else ""
        shown, shown_en = (f"「{title[:SHOWN]}」", f" '{title[:SHOWN]}'") if title else ("", "")
        return Head("HTML", encoding, problem=Text(f"得到網頁{shown}。", f"It gave a web page{shown_en}."))
    elements = _Elements()
    parser = DefusedXMLParser(target=elements, forbid_dtd=True)
    broken = False
    try:
        parser.feed(data)
    except DefusedXmlException:
        return Head("XML", encoding)
    except (ParseError, LookupError, ValueError):
        broken = True
    names = elements.names()
    if broken and not names:
        return Head("TEXT", encoding, problem=_told(text))
    if elements.root.lower() in {"error", "exception", "serviceexceptionreport", "html"}:
        return Head("TEXT", encoding, problem=_told(text))
    form = {"kml": "KML", "featurecollection": "GML", "rdf": "RDF"}.get(elements.root.lower(), "XML")
    return Head(form, encoding, names or None)


class _Elements:
    """Collects the names in the first record of a document: the children of the first element that has text children."""

    def __init__(self) -> None:
        self.root = ""
        self._path: list[str] = []
        self._leaves: dict[tuple[str, ...], list[str]] = {}
        self._had_child: list[bool] = []
        self._done: set[tuple[str, ...]] = set()

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        name = tag.rsplit("}", 1)[-1]
        if not self._path:
            self.root = name
        if self._had_child:
            self._had_child[-1] = True
        self._path.append(name)
        self._had_child.append(False)

    def end(self, tag: str) -> None:
        name = self._path.pop()
        leaf = not self._had_child.pop()
        parent = tuple(self._path)
        if leaf and parent not in self._done:
            self._leaves.setdefault(parent, []).append(name)
        elif not leaf:
            self._done.add((*parent, name))

    def data(self, text: str) -> None:
        """Text is not looked at."""

    def close(self) -> None:
        """Nothing to do."""

    def names(self) -> tuple[str, ...]:
        """The leaves of the record that has most of them."""
        best = max(self._leaves.values(), key=len, default=[])
        return tuple(dict.fromkeys(best))


def _json(text: str, encoding: str, *, whole: bool) -> Head | None:
    lines = text.split("\n", 2)
    if text[0] == "{" and len(lines) > 1 and lines[1][:1] == "{":
        first = _object(lines[0])
        if first is not None:
            return Head("NDJSON", encoding, tuple(first))
    record, form = _first_record(text)
    if record is not None:
        return Head(form, encoding, tuple(record))
    if text[0] == "[":
        return Head("JSON", encoding) if text[1:].lstrip()[:1] in {"", "]", "{", "[", '"'} else None
    only = _object(text) if whole else None
    if only is None:
        return Head("JSON", encoding) if not whole else None
    if {k.lower() for k in only} & ERROR_KEYS and not any(isinstance(v, list) and v for v in only.values()):
        return Head("TEXT", encoding, problem=_told(text))
    if any(isinstance(only.get(k), list) for k in RECORD_LISTS):
        return Head("GEOJSON" if only.get("type") == "FeatureCollection" else "JSON", encoding)
    return Head("NDJSON" if "\n" in text.rstrip("\n") or text.endswith("\n") else "JSON", encoding, tuple(only))


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _first_record(text: str) -> tuple[dict[str, Any] | None, str]:
    """The first record of a list, bare or in an envelope, and JSON or GEOJSON; (None, "") where there is none."""
    for at, key in _lists(text):
        try:
            value, _ = json.JSONDecoder().raw_decode(text, at)
        except ValueError:
            continue
        if isinstance(value, dict):
            if key == "features" and isinstance(value.get("properties"), dict):
                return value["properties"], "GEOJSON"
            return value, "JSON"
    return None, ""


def _lists(text: str) -> Iterator[tuple[int, str]]:
    """Where first objects of lists begin: the bare list, then lists under the names that envelopes use."""
    if text[0] == "[":
        at = _skip(text, 1)
        if text[at : at + 1] == "{":
            yield at, ""
        return
    for key in RECORD_LISTS:
        at = text.find(f'"{key}"')
        if at >= 0:
            at = _skip(text, at + len(key) + 2)
            if text[at : at + 1] == ":":
                at = _skip(text, at + 1)
                if text[at : at + 1] == "[":
                    yield _skip(text, at + 1), key


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _delimited(text: str, encoding: str, expected: str, declared: frozenset[str]) -> Head:
    lines = text.splitlines()
    delimiter = max(",\t;|", key=lines[0].count)
    try:
        rows = list(csv.reader(io.StringIO("\n".join(lines[:50])), delimiter=delimiter, strict=False))
    except csv.Error:
        return Head("TEXT", encoding, problem=_told(text))
    header = tuple(c.strip() for c in rows[0]) if rows else ()
    described = {c.casefold() for c in header} & declared
    table = len(header) > 1 and len(rows) > 1 and abs(len(rows[1]) - len(header)) <= 1
    empty = (
        expected == "CSV" and len(rows) == 1 and len(header) > 1 and not any(" " in c or len(c) > 40 for c in header)
    )
    if described or table or empty:
        return Head("CSV", encoding, header)
    return Head("TEXT", encoding, problem=_told(text))


def _told(text: str) -> Text:
    shown = " ".join(text.split())[:SHOWN]
    return Text(f"得到一段文字：「{shown}」。", f"It gave a line of text: '{shown}'.")
