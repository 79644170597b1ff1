"""Files that are no tables whatever their names say: pictures, documents, programs, empty files; told by their first bytes."""

from __future__ import annotations

import zipfile
from pathlib import Path

from qingliu.core.dataset import Text
from qingliu.core.errors import BadSource

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORD, _SLIDES = Text("Word 文件", "a Word document"), Text("簡報檔", "a slide show")
_STARTS: tuple[tuple[bytes, Text], ...] = (
    (b"\xff\xd8\xff", Text("JPEG 圖片", "a JPEG picture")),
    (b"\x89PNG\r\n\x1a\n", Text("PNG 圖片", "a PNG picture")),
    (b"GIF87a", Text("GIF 圖片", "a GIF picture")), (b"GIF89a", Text("GIF 圖片", "a GIF picture")),
    (b"II*\0", Text("TIFF 圖片", "a TIFF picture")), (b"MM\0*", Text("TIFF 圖片", "a TIFF picture")),
    (b"%PDF-", Text("PDF 文件", "a PDF document")), (b"{\\rtf", Text("RTF 文件", "an RTF document")),
    (b"Rar!\x1a\x07", Text("RAR 壓縮檔", "a RAR archive")), (b"7z\xbc\xaf\x27\x1c", Text("7-Zip 壓縮檔", "a 7-Zip archive")),
    (b"SQLite format 3\0", Text("SQLite 資料庫", "an SQLite database")), (b"\x7fELF", Text("程式檔", "a program")),
)  # fmt: skip
_MEMBERS = {"word/document.xml": _WORD, "ppt/presentation.xml": _SLIDES}
_STREAMS = {"WordDocument": _WORD, "PowerPoint Document": _SLIDES}
_LOOKED = 1 << 20  # bytes of an old Office file that are searched for its directory
_REMEDY = Text(
    "請選擇存有表格的檔案，例如 CSV、Excel、JSON 或 ZIP；文件中的表格請先另存成 CSV 或 Excel。",
    "Choose the file that holds the table, such as CSV, Excel, JSON or ZIP; save a table in a document as CSV or Excel first.",
)


def kind_of(path: Path) -> Text | None:
    """What a file is that is no table; None for anything that may be one."""
    with path.open("rb") as file:
        head = file.read(16)
        if head.startswith(_OLE):
            directory = head + file.read(_LOOKED)
            return next((t for n, t in _STREAMS.items() if n.encode("utf-16-le") in directory), None)
    if head.startswith(b"PK\x03\x04"):
        return _document(path)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return Text("WebP 圖片", "a WebP picture")
    return next((text for start, text in _STARTS if head.startswith(start)), None)


def refuse(path: Path, name: str) -> None:
    """Raises BadSource for a file that is empty, or that is no table."""
    if not path.stat().st_size:
        raise BadSource(
            Text(f"「{name}」是空檔。", f"'{name}' is empty."), Text("請重新取得來源。", "Fetch the source again."),
            parameter=name,
        )  # fmt: skip
    kind = kind_of(path)
    if kind is not None:
        raise BadSource(
            Text(f"「{name}」是 {kind.zh}，不是表格。", f"'{name}' is {kind.en}, not a table."), _REMEDY, parameter=name
        )


def _document(path: Path) -> Text | None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist()[:500])
    except zipfile.BadZipFile:
        return None
    return next((text for name, text in _MEMBERS.items() if name in names), None)
