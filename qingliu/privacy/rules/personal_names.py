"""How much a run of characters looks like a person's name, and how such a name falls into surname and given name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import yaml

from qingliu.privacy.rules.folding import is_han

_FUNCTION = frozenset(
    "的了是在於為之等和與及或將已未不無所該此其且亦也並向從被把由至對可應須需約各每另再又而則即若經據稱"
)
_BOTH = frozenset("之亦其以若可")  # function words that names use too
_TRANSCRIBED = frozenset(
    "巴達拉瓦歷斯諾幹尤哈比令伊萬古木馬紹阿都撒布漾農武拿納卡娃莎蒂歐洛魯法烏給答陸蘇西亞妮努蘿利莉安娜瑪雅迪里曼露奈依谷"
    "希婻嫚曼波恩加基可努榮雷克特諾維奧爾督杜邦吉嘎姆鹿路尼沙米蘭德珊婭薇麗琳卓索浪高孫給固旦勇那坦大兒丹波宛尹吾卜袞牧俄冷艾金夫索羅塔托多隆明"
)
_MARRIED = 4  # 王陳玉英: husband's surname, own surname, given name


@dataclass(frozen=True, slots=True)
class Characters:
    """The characters that names are made of; characters only, nobody's name."""

    common: frozenset[str]
    rare: frozenset[str]
    compound: frozenset[str]
    given: frozenset[str]
    given_rare: frozenset[str]
    words: frozenset[str]
    starts: frozenset[str]

    @property
    def surnames(self) -> str:
        """Every character that begins a surname, compound ones too."""
        return "".join(sorted(self.starts))


@cache
def characters() -> Characters:
    """The characters of ``name_characters.yaml``."""
    data = yaml.safe_load((Path(__file__).parent / "name_characters.yaml").read_text(encoding="utf-8"))
    sets = {k: frozenset(v.replace(" ", "")) for k, v in data.items() if k not in {"compound", "words"}}
    words = {k: frozenset(data[k].split()) for k in ("compound", "words")}
    starts = sets["surnames"] | sets["rare"] | {c[0] for c in words["compound"]}
    return Characters(
        sets["surnames"], sets["rare"], words["compound"], sets["given"], sets["given_rare"], words["words"], starts
    )


def surname_length(name: str) -> int:
    """How many characters of ``name`` are the surname: 2 for a compound one, 1 for a single one, 0 for none."""
    known = characters()
    if name[:2] in known.compound and len(name) > 2:
        return 2
    return 1 if name[:1] in known.common or name[:1] in known.rare else 0


def _given_weight(char: str) -> float:
    known = characters()
    if char in known.given:
        return 0.04 if char in _FUNCTION else 0.16  # 許為傳, 陳和平 exist, yet 為 and 和 mostly join words
    if char in _BOTH:
        return 0.0
    if char in _FUNCTION:
        return -0.6
    if char in known.given_rare:
        return 0.08
    return 0.0 if is_han(char) else -1.0


@lru_cache(maxsize=65536)
def likeness(name: str) -> float:
    """From 0 to 1, how much ``name`` looks like the Chinese name of one person; 0.6 is as good as any real one."""
    known, length = characters(), len(name)
    own = surname_length(name)
    if not own or not 2 <= length <= 5:
        return 0.0
    start = 0.55 if own == 2 else 0.5 if name[0] in known.common else 0.3
    given = name[own:]
    if own == 1 and length == _MARRIED:
        if name[1] == "氏":  # 阮氏秋莊
            given, start = name[2:], start + 0.1
        elif name[1] in known.common:
            given = name[2:]
        else:
            start -= 0.35
    if own == 2 and length == 3:
        given, start = name[1:], start - 0.05  # 張簡明 may be 張 and 簡明: as good either way
    if length > _MARRIED + (own - 1):
        return 0.0
    score = start + sum(map(_given_weight, given)) * (1.0 if len(given) > 1 else 1.2)
    if name[:2] in known.words or name[:3] in known.words:
        score -= 0.3
    return max(0.0, min(1.0, score))


def is_transcribed(name: str) -> bool:
    """Whether ``name`` looks like an indigenous or foreign name written in Chinese by its sound: four characters or more."""
    share = 0.8 if len(name) < 6 else 0.7
    return 4 <= len(name) <= 12 and sum(c in _TRANSCRIBED for c in name) >= share * len(name)


def best_name(text: str, start: int, ends: str) -> tuple[int, float]:
    """Where the person's name that begins at ``start`` ends, and how much it looks like one; (start, 0) when none does.

    ``ends`` are the characters that usually follow a name: they tell 王明表示 from 王明表.
    """
    best, found = 0.0, start
    for length in (3, 2, 4):
        name = text[start : start + length]
        if len(name) < length or not all(map(is_han, name)):
            continue
        after = text[start + length : start + length + 1]
        bonus = (0.2 if length < _MARRIED else 0.1) if not after or not is_han(after) or after in ends else 0.0
        bonus -= 0.25 if length == 2 else 0.0
        score = likeness(name)
        if score > 0 and score + bonus > best + 1e-9:
            best, found = score + bonus, start + length
    return found, likeness(text[start:found])
