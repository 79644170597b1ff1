"""Translation memory: pairs learnt from datasets that carry a column in both languages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from qingliu.bilingual.rules.texts import has_han
from qingliu.bilingual.rules.wording import kind_of
from qingliu.core.dataset import DatasetRecord

_SWAPS = (("name", "engname"), ("name", "nameen"), ("name", "name_en"), ("chinese", "english"), ("_zh", "_en"))
AGREED = 0.9  # a pair is learnt when at least so many of a word's rows say it


@dataclass(frozen=True, slots=True)
class Pair:
    """A column and the column that says the same in English; ``kind`` is what they name."""

    zh: str
    en: str
    kind: str


def pairs(record: DatasetRecord) -> tuple[Pair, ...]:
    """The columns of a dataset that stand in both languages, told by their names."""
    names = {f.name.lower(): f.name for f in record.fields if f.type == "string" and f.sensitivity == "none"}
    found = []
    for field in record.fields:
        low = field.name.lower()
        if low not in names:
            continue
        candidates = [low.replace(a, b) for a, b in _SWAPS if a in low] + [f"{low}en", f"{low}_en"]
        other = next((names[c] for c in candidates if c != low and c in names), "")
        if other:
            kind = "substance" if "chemical" in low else kind_of(field)
            found.append(Pair(field.name, other, kind))
    return tuple(found)


def learnt(rows: Iterable[tuple[str | None, str | None, int]]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Words on which the rows agree, and those on which they do not (with their rival wordings)."""
    seen: dict[str, Counter[str]] = {}
    for zh, en, count in rows:
        if zh and en and has_han(zh) and not has_han(en):
            seen.setdefault(zh.strip(), Counter())[en.strip()] += count
    agreed, rivals = {}, {}
    for zh, counted in seen.items():
        best, most = counted.most_common(1)[0]
        if most >= AGREED * counted.total():
            agreed[zh] = best
        else:
            rivals[zh] = sorted(counted)
    return agreed, rivals
