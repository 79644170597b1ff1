"""The repaired copy of a draft's files, made when its owner asks for it and gone when it has been sent."""

from __future__ import annotations

import tempfile
from pathlib import Path

from qingliu.accounts.rules import Actor, may, require
from qingliu.core.dataset import Text
from qingliu.core.errors import Gone
from qingliu.lake.repaired import repaired
from qingliu.pipeline import queries, readers
from qingliu.pipeline.models import Draft
from qingliu.standards import definition as standard


def repaired_copy(*, draft: Draft, part: str, lang: str, by: Actor) -> bytes:
    """The repaired file (``rows``) or its report (``report``) as UTF-8 CSV with a byte order mark.

    Raises Forbidden, Gone where the files are no longer here, BadSource where they cannot be read.
    """
    if not may(by, "approve", agency=draft.agency.code):
        require(by, "prepare", agency=draft.agency.code)
    files = queries.draft_files(draft)
    if not files or not draft.definition:
        raise Gone(
            Text("這份草稿的檔案已清除。", "The files of this draft are no longer here."),
            Text("請再上傳一次。", "Upload them again."),
        )
    definition = standard.loads(draft.definition)
    with tempfile.TemporaryDirectory(prefix="work-", dir=queries.draft_folder(draft)) as folder:
        inputs = readers.read(files, definition.read, Path(folder) / "read")
        made = repaired(definition.dataset, definition.read, inputs, Path(folder) / "made", lang=lang)
        return b"\xef\xbb\xbf" + (made.rows if part == "rows" else made.report).read_bytes()
