"""Bytes → UTF-8, strictly over the whole file: an encoding is taken when every byte of the file decodes, never by guess."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator
from pathlib import Path

from qingliu.core.dataset import Text
from qingliu.core.errors import BadSource
from qingliu.pipeline.readers.limits import Blob

_CHUNK = 1 << 22
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BIG5 = ("cp950", "big5hkscs")
_CERTAIN = 8  # so many non-ASCII characters decode as UTF-8 only where the text was UTF-8


def to_utf8(blob: Blob, workdir: Path, declared: str = "") -> Path:
    """The blob's text as a UTF-8 file with \\n or \\r\\n line ends: the same file, or a transcoded one in ``workdir``.

    ``declared`` is tried alone. Raises BadSource naming the first byte and line that does not decode.
    """
    codec = encoding_of(blob, declared)
    if codec == "utf-8" and not _only_returns(blob.path):
        return blob.path
    target = workdir / f"{os.path.basename(blob.path)}.utf8"
    with target.open("w", encoding="utf-8", newline="") as out:
        for text in decoded(blob.path, codec):
            out.write(text)
    if _only_returns(target):
        _newlines_for_returns(target)
    return target


def encoding_of(blob: Blob, declared: str = "") -> str:
    """The encoding in which the whole blob decodes: the declared, else by BOM, UTF-8, UTF-16 by its NULs, Big5."""
    with blob.path.open("rb") as file:
        head = file.read(1 << 16)
    if not head:
        raise BadSource(
            Text(f"「{blob.name}」是空檔。", f"'{blob.name}' is empty."),
            Text("請重新取得來源。", "Fetch the source again."),
            parameter=blob.name,
        )
    marked = next((name for bom, name in _BOMS if head.startswith(bom)), "")
    options: tuple[str, ...]
    if declared:
        wanted = codecs.lookup(declared).name
        options = _BIG5 if wanted.startswith(("big5", "cp950")) else (marked if marked == wanted[:6] else wanted,)
    elif marked:
        options = (marked,)
    elif b"\0" in head:
        options = _wide_options(head)
    else:
        options = ("utf-8", *_BIG5)
    return _first_that_decodes(blob, options)


def _wide_options(head: bytes) -> tuple[str, ...]:
    """UTF-16 by the side on which its NULs stand, if that reading has line ends; else UTF-8, which NULs then break."""
    codec = "utf-16-le" if head[1::2].count(0) > head[0::2].count(0) else "utf-16-be"
    text = head[: len(head) // 2 * 2].decode(codec, "ignore")
    return (codec,) if "\n" in text or "\r" in text else ("utf-8",)


def _first_that_decodes(blob: Blob, options: tuple[str, ...]) -> str:
    failures: list[tuple[str, int]] = []
    for codec in options:
        at = failure(blob.path, codec)
        if at < 0:
            return codec
        failures.append((codec, at))
        if codec == "utf-8" and _utf8_characters(blob.path, at) >= _CERTAIN:
            break
    raise _undecodable(blob, failures)


def _undecodable(blob: Blob, failures: list[tuple[str, int]]) -> BadSource:
    codec, at = failures[0] if len(failures) == 1 else max(failures, key=lambda f: f[1])
    line = 1 + _newlines_before(blob.path, at)
    tried = "、".join(c for c, _ in failures)
    tried_en = ", ".join(c for c, _ in failures)
    return BadSource(
        Text(
            f"「{blob.name}」無法解碼（試過 {tried}）：第 {at} 個位元組（第 {line} 行）之前是 {codec}，該處不是。",
            f"'{blob.name}' cannot be decoded (tried {tried_en}): {codec} up to byte {at} (line {line}), not there.",
        ),
        Text(
            "檔案可能混用編碼，請以單一編碼（建議 UTF-8）重新輸出，或在定義檔宣告 read.encoding。",
            "The file may mix encodings: export it in one (UTF-8 is best), or declare read.encoding in the definition.",
        ),
        parameter=f"{blob.name}:{line}",
    )


def decoded(path: Path, codec: str) -> Iterator[str]:
    """The file's text in pieces, without a BOM; UnicodeDecodeError where a byte does not decode."""
    decoder = codecs.getincrementaldecoder(codec)("strict")
    first = True
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK)
            text = decoder.decode(chunk, final=not chunk)
            if text:
                yield text.removeprefix("\ufeff") if first else text
                first = False
            if not chunk:
                return


def failure(path: Path, codec: str) -> int:
    """The offset of the first byte that does not decode, or −1. NUL characters do not count as text."""
    decoder = codecs.getincrementaldecoder(codec)("strict")
    read = 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK)
            held = len(decoder.getstate()[0])
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return read - held + error.start
            if "\0" in text:
                return read - held + len(text[: text.index("\0")].encode(codec, "replace"))
            read += len(chunk)
            if not chunk:
                return -1


def _utf8_characters(path: Path, stop: int) -> int:
    """Non-ASCII characters before byte ``stop``, all of which are valid UTF-8."""
    count, left = 0, stop
    with path.open("rb") as file:
        while left > 0 and count < _CERTAIN:
            chunk = file.read(min(_CHUNK, left))
            if not chunk:
                break
            left -= len(chunk)
            count += sum(1 for byte in chunk if byte >= 0xC0) if not chunk.isascii() else 0
    return count


def _newlines_before(path: Path, stop: int) -> int:
    count, left = 0, stop
    with path.open("rb") as file:
        while left > 0 and (chunk := file.read(min(_CHUNK, left))):
            count += chunk.count(b"\n")
            left -= len(chunk)
    return count


def _only_returns(path: Path) -> bool:
    """Whether lines end in a bare carriage return."""
    with path.open("rb") as file:
        head = file.read(1 << 16)
    return b"\r" in head and b"\n" not in head


def _newlines_for_returns(path: Path) -> None:
    other = path.with_suffix(".lf")
    with path.open("rb") as old, other.open("wb") as new:
        while chunk := old.read(_CHUNK):
            new.write(chunk.replace(b"\r", b"\n"))
    other.replace(path)
