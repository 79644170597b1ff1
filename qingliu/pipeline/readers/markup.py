"""XML → rows of text: the repeated element is the row. Entities and external references are refused, never resolved."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from qingliu.core.dataset import Text
from qingliu.core.errors import Refused
from qingliu.lake.ingest import RowsInput, RowsWriter
from qingliu.pipeline.readers.limits import Blob, Limits
from qingliu.pipeline.readers.told import broken, error_message

_CHUNK = 1 << 16
Path_ = tuple[str, ...]


def read_xml(blob: Blob, text: Path, path: str, target: Path, limits: Limits) -> RowsInput:
    """Rows of a UTF-8 XML file. ``path``: the row's element path with dots, without the root; empty = the most repeated.

    Raises BadSource (not well-formed, no rows), Refused (entities, too deep, too large).
    """
    if text.stat().st_size > limits.document_bytes:
        raise _refused(blob.name, "size")
    try:
        row, columns = _survey(text, path, blob.name, limits)
        with RowsWriter(target, blob.name, columns) as writer:
            for number, cells in enumerate(_rows(text, row, limits, blob.name), start=1):
                writer.add([cells.get(c) for c in columns], number)
    except DefusedXmlException as error:
        raise _refused(blob.name, type(error).__name__) from error
    except ParseError as error:
        raise broken(blob.name, "XML", str(error)) from error
    return writer.input


def _refused(name: str, why: str) -> Refused:
    return Refused(
        Text(
            f"XML「{name}」含實體、過深或過大，不予讀取。",
            f"The XML '{name}' has entities, or is too deep or large ({why}).",
        ),
        Text("請移除 DTD 與實體後重新提供。", "Remove DTD and entities, and send it again."),
        parameter=name,
    )


class _Walker:
    """A parser target that keeps only the row being read."""

    def __init__(self, row: Path_ | None, limits: Limits, name: str) -> None:
        self.row, self.limits, self.name = row, limits, name
        self.path: list[str] = []
        self.counts: Counter[Path_] = Counter()
        self.parents: set[Path_] = set()
        self.done: list[Element] = []
        self._open: list[Element] = []
        self._text: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.path.append(local(tag))
        if len(self.path) > self.limits.depth:
            raise _refused(self.name, "depth")
        here = tuple(self.path)
        if self.row is None:
            self.counts[here] += 1
            self.parents.add(here[:-1])
            if attributes:
                self.parents.add(here)
        elif self._open or here == self.row:
            self._keep_text()
            element = Element(local(tag), {local(k): v for k, v in attributes.items()})
            if self._open:
                self._open[-1].append(element)
            self._open.append(element)

    def data(self, text: str) -> None:
        if self._open:
            self._text.append(text)

    def end(self, tag: str) -> None:
        self.path.pop()
        if self._open:
            self._keep_text()
            element = self._open.pop()
            if not self._open:
                self.done.append(element)

    def close(self) -> None:
        """Nothing is built."""

    def _keep_text(self) -> None:
        if self._open and self._text:
            self._open[-1].text = (self._open[-1].text or "") + "".join(self._text)
        self._text = []


def _walk(text: Path, walker: _Walker) -> Iterator[Element]:
    parser = DefusedXMLParser(
        target=walker, encoding="utf-8", forbid_dtd=False, forbid_entities=True, forbid_external=True
    )
    with text.open("rb") as file:
        while chunk := file.read(_CHUNK):
            parser.feed(chunk)
            yield from walker.done
            walker.done = []
    parser.close()
    yield from walker.done


def _survey(text: Path, path: str, name: str, limits: Limits) -> tuple[Path_, list[str]]:
    """The row's element path and all its columns."""
    walker = _Walker(None, limits, name)
    for _ in _walk(text, walker):
        pass
    root = next(iter(walker.counts))
    if path:
        row: Path_ | None = (*root[:1], *path.split("."))
        row = row if row in walker.counts else None
    else:
        rows = [(p, n) for p, n in walker.counts.items() if p in walker.parents and len(p) > 1]
        row = max(rows, key=lambda item: (item[1], -len(item[0])))[0] if rows else None
        row = _outermost(row, walker.counts) if row else None
    if row is None or (walker.counts[row] == 1 and len(rows_said(walker, row)) < 1):
        raise error_message({"message": f"<{root[0]}>"}, name)
    columns: dict[str, None] = {}
    for cells in _rows(text, row, limits, name):
        columns.update(dict.fromkeys(cells))
    if root[0].lower() in {"error", "errors", "fault"} or not columns:
        raise error_message({"message": f"<{root[0]}>"}, name)
    return row, list(columns)


def rows_said(walker: _Walker, row: Path_) -> list[Path_]:
    """The element paths directly below ``row``."""
    return [p for p in walker.counts if p[:-1] == row]


def _outermost(row: Path_, counts: Counter[Path_]) -> Path_:
    """The row, or the repeated element around it: lists inside a record are cells of it, not rows."""
    for length in range(2, len(row)):
        if counts[row[:length]] > 1:
            return row[:length]
    return row


def _rows(text: Path, row: Path_, limits: Limits, name: str) -> Iterator[dict[str, str | None]]:
    for element in _walk(text, _Walker(row, limits, name)):
        out: dict[str, str | None] = dict(element.attrib)
        repeated = Counter(child.tag for child in element)
        for child in element:
            if repeated[child.tag] > 1:
                continue
            out[child.tag] = _cell(child)
        for tag, count in repeated.items():
            if count > 1:
                values = [_value(c) for c in element if c.tag == tag]
                out[tag] = json.dumps(values, ensure_ascii=False)
        if element.text and element.text.strip():
            out.setdefault("text", element.text.strip())
        yield out


def _cell(element: Element) -> str | None:
    value = _value(element)
    return value if isinstance(value, str) or value is None else json.dumps(value, ensure_ascii=False)


def _value(element: Element) -> Any:
    if not len(element) and not _plain_attributes(element):
        return element.text
    out: dict[str, Any] = dict(_plain_attributes(element))
    for child in element:
        value = _value(child)
        out[child.tag] = [*_as_list(out[child.tag]), value] if child.tag in out else value
    if element.text and element.text.strip():
        out["text"] = element.text.strip()
    return out


def _plain_attributes(element: Element) -> dict[str, str]:
    return {k: v for k, v in element.attrib.items() if k not in {"nil", "type"}}


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def local(tag: str) -> str:
    """A name without its namespace."""
    return tag.rsplit("}", 1)[-1]
