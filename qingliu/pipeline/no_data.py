"""Rows that are no data, told by the words in their first cell: sums, means and notes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qingliu.core.dataset import Definition, Text
from qingliu.core.footnotes import NOTE
from qingliu.pipeline.looks import Preview
from qingliu.pipeline.remedy import Remedy

_TOTALS = re.compile(
    r"(?i)[總合小共]\s*計|總\s*和|總數|全部合計|平均(值|數)?|(grand )?total|sub-?total|sum|average|mean"
)


def is_total(text: str) -> bool:
    """Whether a text is a word of sums or means and nothing else."""
    return bool(_TOTALS.fullmatch(text))


def no_data(preview: Preview, definition: Definition) -> Iterator[Remedy]:
    """Rows with a word of sums or a note in their first cell: with nothing else they are no data for sure."""
    rows = [(r, True) for r in preview.lonely] + [(r, False) for r in preview.totals]
    for (text, count, line), alone in rows:
        total, note = is_total(text), NOTE.match(text)
        mark = text if total else f"{note.group()}*" if note else ""
        if not mark or mark in definition.read.leave_out:
            continue
        shown = text if len(text) <= 30 else f"{text[:30]}…"
        if alone:
            kind_zh, kind_en = ("合計", "total") if total else ("註解", "note")
            zh, en = (
                f"看起來是{kind_zh}列：只有第一格有字。",
                f"It looks like a {kind_en}: only its first cell is filled.",
            )
        else:
            zh, en = (
                "看起來是其他各列的合計或平均，公開後會被當成資料再算一次。",
                "It looks like a sum or mean of the other rows, which would be counted again as data.",
            )
        yield Remedy(
            "leave_out", "", (mark[:80],),
            Text(f"第 {line} 行「{shown}」不是資料，不列入", f"Line {line}, '{shown}', is no data: leave it out"),
            Text(f"{zh}不列入並註明原因，不會遺失；以後的檔案也一樣。",
                 f"{en} It is set aside with that reason, in later files too."),
            count=count, sure=alone and total,
        )  # fmt: skip
