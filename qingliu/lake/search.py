"""Words for the search index: Chinese as overlapping pairs of characters, Latin as words, traditional and simplified alike.

Trigrams find few two-character Chinese words; pairs find them all, so both texts and questions are cut into pairs here.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache

from opencc import OpenCC

_CJK = r"㐀-鿿豈-﫿\U00020000-\U0003ffff"
RUN = re.compile(rf"[{_CJK}]+|[0-9a-z]+(?:\.[0-9]+)?")
IS_CJK = re.compile(rf"[{_CJK}]")
_LOCK = threading.Lock()


@lru_cache(maxsize=1)
def _converter() -> OpenCC:
    return OpenCC("s2t")


def normalise(text: str) -> str:
    """Lower case, compatibility forms folded, simplified turned traditional, 臺 as 台."""
    folded = unicodedata.normalize("NFKC", text).lower()
    if IS_CJK.search(folded):
        with _LOCK:
            folded = _converter().convert(folded)
    return folded.replace("臺", "台")


def index_terms(text: str) -> str:
    """The terms of a text, space-separated, for a whitespace-tokenised index."""
    terms: list[str] = []
    for run in RUN.findall(normalise(text).replace("_", " ")):
        if IS_CJK.match(run):
            terms += [run[i : i + 2] for i in range(len(run) - 1)]
            terms += list(run)
        else:
            terms.append(run)
    return " ".join(terms)


def match_expression(question: str, *, limit_terms: int = 40) -> str:
    """An FTS5 MATCH expression that asks for every word of the question; "" where it holds no word."""
    groups: list[str] = []
    for run in RUN.findall(normalise(question[:400]).replace("_", " ")):
        if IS_CJK.match(run):
            pairs = [run[i : i + 2] for i in range(len(run) - 1)] or [run]
            groups += [f'"{p}"' for p in pairs]
        else:
            groups.append(f'"{run}"*')
    return " AND ".join(groups[:limit_terms])
