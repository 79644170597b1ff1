"""Make the two tables of the model of names in qingliu/privacy/data from three packages; see the README there.

Run it where jieba 0.42.1, Faker and opencc-python-reimplemented are installed (none of them is needed by the portal):
``python tools/make_name_model.py``. It reads their word lists only; no file with real persons' data is read. Out of given names
it writes counts per character, never a name.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import jieba
import yaml
from faker.providers.person.zh_CN import Provider as Mainland
from faker.providers.person.zh_TW import Provider as Taiwan
from opencc import OpenCC

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "qingliu" / "privacy" / "data"
LEAST_WORD = 30  # how often jieba must have counted a word of two characters; longer ones are told by fewer
LEAST_LONG = 90
LEAST_BESIDE = 3  # of words that begin with a surname: those are what a name is weighed against
NAMELIKE = 15  # odds from which on a word of three characters is left out: it is somebody's name
LEAST_NAMED = 100  # 2-character words jieba takes for names, such as 陳舊 and 廉政, are words from here on
UNSEEN = 125  # a character of no name, and as seldom a word as this, gets no row
COLUMNS = ("surname", "first", "second", "single", "word", "n21", "n22", "n31", "n32", "n33")
HEAD = """# 姓名模型的字表與詞表：-10 x ln(機率)，由 tools/make_name_model.py 產生，來源與授權見 README.md。
# Made by tools/make_name_model.py; sources and licences in README.md. Characters and ordinary words only, nobody's name.
"""


def lexicon() -> list[tuple[str, int, str]]:
    """Words of jieba's dictionary in Taiwan's characters and phrases, with their count and tag."""
    characters, phrases = OpenCC("s2tw"), OpenCC("s2twp")
    found: dict[tuple[str, str], int] = {}
    lines = (Path(jieba.__file__).parent / "dict.txt").read_text(encoding="utf-8").splitlines()
    written = [line.split() for line in lines]
    for word, count, tag in written:
        if len(word) <= 4:
            for made in {characters.convert(word), phrases.convert(word)}:
                if len(made) <= 4 and all("\u4e00" <= c <= "\u9fff" for c in made):
                    found[made, tag] = max(found.get((made, tag), 0), int(count))
    return [(word, count, tag) for (word, tag), count in found.items()]


def shares(counts: Counter[str], weight: float) -> Counter[str]:
    """``counts`` scaled so that they sum to ``weight``."""
    total = sum(counts.values())
    return Counter({k: v * weight / total for k, v in counts.items()})


def given_names(
    surnames: set[str], words: list[tuple[str, int, str]]
) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Shares of the first and second character of a given name of two, and of one that stands alone."""
    known = yaml.safe_load((ROOT / "qingliu/privacy/rules/name_characters.yaml").read_text(encoding="utf-8"))
    usual, seldom = (known[k].replace(" ", "") for k in ("given", "given_rare"))
    first, second, single = Counter[str](), Counter[str](), Counter[str]()
    for word, count, tag in words:
        if tag == "nr" and len(word) == 3 and word[0] in surnames and count < 60:
            first[word[1]] += 1
            second[word[2]] += 1
    taiwan = (Counter[str](), Counter[str]())
    for given, share in Taiwan.first_names.items():
        if len(given) == 2:
            taiwan[0][given[0]] += share
            taiwan[1][given[1]] += share
    for given in OpenCC("s2tw").convert(" ".join(Mainland.first_names)).split():
        single[given] += len(given) == 1
    flat = Counter(dict.fromkeys(usual, 1.0)) + Counter(dict.fromkeys(seldom, 0.25))
    mixed = [
        shares(a, 0.35) + shares(b, 0.3) + shares(flat, 0.35) for a, b in zip((first, second), taiwan, strict=True)
    ]
    return mixed[0], mixed[1], shares(single, 0.1) + shares(mixed[0], 0.2) + shares(mixed[1], 0.7)


def surname_shares() -> Counter[str]:
    """Shares of the surnames of one character in Taiwan, and a little for each that occurs at all."""
    known = yaml.safe_load((ROOT / "qingliu/privacy/rules/name_characters.yaml").read_text(encoding="utf-8"))
    usual, seldom = (known[k].replace(" ", "") for k in ("surnames", "rare"))
    told = Counter({k: v for k, v in Taiwan.last_names.items() if len(k) == 1})
    return (
        shares(told, 0.9)
        + shares(Counter(dict.fromkeys(usual, 1.0)), 0.07)
        + shares(Counter(dict.fromkeys(seldom, 1.0)), 0.03)
    )


def cost(share: float) -> int:
    """A share as -10 x ln."""
    return min(250, round(-10 * math.log(share)))


def rows(columns: Iterable[Counter[str]]) -> list[str]:
    """One line a character: its cost in each column, empty where it has none."""
    held = list(columns)
    known = sorted({c for column in held for c in column})
    scaled = [shares(c, 1.0) for c in held]
    lines = {c: [str(cost(s[c])) if s[c] > 0 else "" for s in scaled] for c in known}
    return ["\t".join([c, *line]) for c, line in lines.items() if any(line[:4]) or int(line[4] or UNSEEN) < UNSEEN]


def namelike(word: str, name: tuple[Counter[str], ...], nouns: dict[str, Counter[str]]) -> bool:
    """Whether a word of three characters is more of a name than of a noun: the dictionary has some persons among its words."""
    if len(word) != 3 or not all(c in column for c, column in zip(word, name, strict=True)):
        return False
    named = sum(cost(column[c] / sum(column.values())) for c, column in zip(word, name, strict=True))
    places = [nouns[f"n3{at}"] for at in (1, 2, 3)]
    return sum(
        cost(column[c] / sum(column.values())) if column[c] else UNSEEN for c, column in zip(word, places, strict=True)
    ) > (named + NAMELIKE)


def main() -> None:
    """Write both tables."""
    words = lexicon()
    surnames = surname_shares()
    first, second, single = given_names(set(surnames), words)
    alone, nouns = Counter[str](), {k: Counter[str]() for k in COLUMNS[5:]}
    kept: dict[str, int] = {}
    for word, count, tag in words:
        if len(word) == 1:
            alone[word] += count + 1
            continue
        named = tag.startswith("nr") and word[0] in surnames
        if named and (len(word) > 2 or count < LEAST_NAMED):
            continue
        least = LEAST_BESIDE if word[0] in surnames else LEAST_WORD if len(word) == 2 else LEAST_LONG
        if count >= least or (tag in {"ns", "nt"} and count >= 3):
            kept[word] = max(count, kept.get(word, 0))
        if tag[0] == "n" and not tag.startswith("nr") and len(word) < 4:
            for at, char in enumerate(word, 1):
                nouns[f"n{len(word)}{at}"][char] += 1
    kept = {w: n for w, n in kept.items() if not namelike(w, (surnames, first, second), nouns)}
    total = sum(kept.values()) + sum(alone.values())
    table = rows((surnames, first, second, single, alone, *nouns.values()))
    text = HEAD + "\t".join(("character", *COLUMNS)) + "\n" + "\n".join(table) + "\n"
    (DATA / "name_characters.txt").write_text(text, encoding="utf-8")
    by_cost: dict[int, list[str]] = {}
    for word, count in kept.items():
        by_cost.setdefault(round(cost(count / total) / 5) * 5, []).append(word)
    lines = [f"{k}\t{' '.join(sorted(v))}" for k, v in sorted(by_cost.items())]
    (DATA / "name_words.txt").write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
