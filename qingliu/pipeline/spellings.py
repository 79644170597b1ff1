"""Places that stand in a column under two spellings, and the remedy that reads them as one. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from qingliu.core.dataset import Definition, Text
from qingliu.pipeline.looks import Preview
from qingliu.pipeline.remedy import Remedy


def one_spelling(preview: Preview, definition: Definition) -> Iterator[Remedy]:
    """One spelling for each column in which places stand under two."""
    for two in preview.spelled:
        field = definition.dataset.field(two.column)
        if field is None or field.spellings or field.type != "string":
            continue
        zh = "、".join(f"「{v}」讀作「{o}」" for v, o in two.pairs[:4]) + ("…" if len(two.pairs) > 4 else "")
        en = ", ".join(f"'{v}' as '{o}'" for v, o in two.pairs[:4]) + (" …" if len(two.pairs) > 4 else "")
        yield Remedy(
            "spelling", field.name, tuple(t for pair in two.pairs for t in pair),
            Text(f"「{field.name}」寫法統一：{zh}", f"One spelling in '{field.name}': read {en}"),
            Text("同一欄有兩種寫法，會算成兩個地方；正式名稱以內政部公告為準。原文仍在來源檔。",
                 "The column spells a place in two ways, which would count as two; the official name is taken. The source keeps "
                 "its text."),
            count=two.count, sure=True,
        )  # fmt: skip
