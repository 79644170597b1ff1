"""What a new dataset most likely is, by its file's name, the lines above its header, and its headers: proposals with their
reasons, for a steward to confirm. Pure; the words are data (``vocabularies/topic_words.yaml`` and the standards register)."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from qingliu.core.dataset import Contact, DatasetRecord, FieldRecord, Frequency, Text
from qingliu.pipeline import titles
from qingliu.pipeline.units import unit_in
from qingliu.standards import areas, register
from qingliu.standards.vocabularies import Term, categories, vocabulary

_YEAR = re.compile(
    r"(民國|西元)?\s*\d{2,4}\s*年(度)?(\s*\d{1,2}\s*(月|季))?(\s*[至到~～-]\s*\d{1,2}\s*月)?|第[一二三四1-4]季"
)
_NUMBERS = re.compile(r"[\d\s_\-－()（）【】\[\]「」.、,，:：/]+")
_COVERS = re.compile(r"期間|範圍|期別")
_LABEL = re.compile(r"^[^：:]{2,12}[：:]")
_SPAN = re.compile(r"\d{2,4}\s*年\s*\d{1,2}\s*月\s*[至到~～-]\s*(\d{2,4}\s*年)?\s*\d{1,2}\s*月")  # tells no rhythm
_PERIOD = (
    (re.compile(r"(\d{2,4}\s*年)?\s*第\s*[一二三四1-4]\s*季"), Frequency(1, "quarter")),
    (re.compile(r"\d{2,4}\s*年\s*\d{1,2}\s*月(?!\s*\d)"), Frequency(1, "month")),
    (re.compile(r"\d{2,4}\s*年度"), Frequency(1, "year")),
)
_OFFICE = re.compile(
    r"^([^\d\s]{2}[縣市])(政府)?(環境保護局|環保局|政府)"
)  # an agency before a title: its county stays
_UNIT = (  # a line above the header that begins with an office, or that names one behind a label
    re.compile(r"^([^\d\s：:]{2,20}?(?:局|處|署|部|所|中心|委員會))(?=[\s\d]|$)"),
    re.compile(r"^(?:製表|填報|提供|承辦|主辦|發布)(?:單位|機關)\s*[：:]\s*(\S{2,30})$"),
)
_SURE = 2  # weight from which a word names a topic by itself
_SHOWN = 8
_CODE = 48
_KEYWORDS = 6


@dataclass(frozen=True, slots=True)
class Guess:
    """One proposal: the field of the form that it fills (of a column: ``name/part``), the text put there, and why."""

    field: str
    value: str
    reason: Text


def guessed(record: DatasetRecord, *, file_name: str, above: Sequence[str]) -> tuple[DatasetRecord, tuple[Guess, ...]]:
    """The record with what can be proposed for it, and the proposals. ``above``: the texts of the lines above the header."""
    made: list[Guess] = []
    title, why_title = _title(file_name, above)
    english = in_english(title)
    fields, told = _columns(record.fields)
    names = [title, *above, *(f.title.zh for f in fields)]
    record = replace(record, title=Text(title, english), fields=fields)
    made.append(Guess("title-zh", title, why_title))
    if english:
        made.append(Guess("title-en", english, Text("由名稱逐詞譯成。", "Translated word by word from the title.")))
    category, why_category = _category(title, names[1:])
    if category:
        record = replace(record, category=category)
        made.append(Guess("category", category, why_category))
    often, why_often = _often(title, above, file_name)
    if often:
        record = replace(record, frequency=often)
        made.append(Guess("frequency-unit", often.unit, why_often))
    described = _description(record, above)
    record = replace(record, description=described) if described.zh else record
    why = Text(
        "由名稱、機關、標題行與欄名寫成。",
        "Written from the title, the agency, the lines above the header and the columns.",
    )
    made += [Guess(f"description-{k}", getattr(described, k), why) for k in ("zh", "en") if getattr(described, k)]
    unit = _unit(above, record.agency_name.zh)
    if unit:
        record = replace(record, unit=Text(unit, ""))
        made.append(Guess("unit-zh", unit, Text("檔案標題上方的文字。", "The line above the file's header.")))
    words = _keywords([title, *above])
    if words:
        record = replace(record, keywords=words)
        why = Text("名稱裡的主題詞。", "Topic words of the title.")
        made.append(Guess("keywords", "、".join(w.zh for w in words), why))
        made.append(Guess("keywords-en", ", ".join(w.en for w in words), why))
    return record, (*made, *told)


def code_in(record: DatasetRecord) -> str:
    """A code from an English title; "" where it gives none."""
    words = re.sub(r"[^A-Z0-9]+", "_", record.title.en.upper()).strip("_")
    if len(words) > _CODE:
        words = words[: _CODE + 1].rpartition("_")[0]
    return words if re.fullmatch(r"[A-Z][A-Z0-9_]{3,}", words) else ""


def in_english(text: str) -> str:
    """A Chinese heading in English where every word of it is known; "" elsewhere: half a translation misleads."""
    said, rest = [], unicodedata.normalize("NFKC", text).strip()
    if len(rest) < 2:
        return ""  # a single character means many things
    for county in areas.counties():
        if areas.standard_name(rest).startswith(county.county):
            said, rest = [county.en], rest[len(county.county) :]
            break
    place = bool(said)
    while rest:
        found = next((w for w in _longest() if rest.startswith(w.name.zh)), None)
        if found is None:
            return ""
        said, rest = [*said, found.name.en], rest.removeprefix(found.name.zh)
    joined = " ".join(w for w in said if w)
    if len(said) < 1 + place or not joined:
        return ""
    return joined[0].upper() + joined[1:]


def _words() -> dict[str, Term]:
    return vocabulary("topic_words")


@cache
def _longest() -> tuple[Term, ...]:
    return tuple(sorted(_words().values(), key=lambda w: -len(w.name.zh)))


@cache
def _standard() -> dict[str, Text]:
    """Titles of the standards' properties by their Chinese wording; of two English ones the shorter."""
    found: dict[str, Text] = {}
    for subject in register.subjects().values():
        for p in subject.properties:
            if p.title.zh not in found or len(p.title.en) < len(found[p.title.zh].en):
                found[p.title.zh] = p.title
    return found


def _words_in(text: str) -> list[Term]:
    out, rest = [], text
    for word in _longest():
        if len(word.name.zh) > 1 and word.name.zh in rest:
            out.append(word)
            rest = rest.replace(word.name.zh, "\0")
    return sorted(out, key=lambda w: text.find(w.name.zh))


def _bare(text: str) -> str:
    """A title without its years, periods and punctuation."""
    plain = _NUMBERS.sub("", _YEAR.sub("", unicodedata.normalize("NFKC", text))).strip()
    return _OFFICE.sub(r"\1", plain) if _words_in(_OFFICE.sub("", plain)) else plain


def _title(file_name: str, above: Sequence[str]) -> tuple[str, Text]:
    stem = file_name.rsplit(".", 1)[0].replace("_", " ").strip()[:120]
    line = next((t for t in above if not _LABEL.match(t) and len(_bare(t)) >= 4 and _words_in(t)), "")
    # the longer of the two that speaks of a topic: a file may be called data.csv
    if line and len(_bare(line)) >= len(_bare(stem)):
        return _bare(line)[:120], Text("檔案標題上方的文字。", "The line above the file's header.")
    plain = _bare(stem) if re.search(r"[\u4e00-\u9fff]", stem) else stem
    return plain or stem, Text("檔案的名稱。", "The name of the file.")


def _unit(above: Sequence[str], agency: str) -> str:
    """The office that the lines above a header name; "" for none, and for the agency itself."""
    found = next((m.group(1) for t in above for p in _UNIT if (m := p.match(t.strip()))), "")
    return "" if found == agency else found


def answering(record: DatasetRecord, *, name: str, email: str) -> tuple[DatasetRecord, tuple[Guess, ...]]:
    """The record with a contact where it has none: the person who prepares it, or, without a name, the agency's desk."""
    if any(c.role == "steward" for c in record.contacts):
        return record, ()
    said = (
        Text(name, "")
        if name
        else Text(f"{record.agency_name.zh}資料承辦", f"Data desk, {record.agency_name.en}".rstrip(", "))
    )
    contact = Contact("steward", said, email)
    why = Text("您是這份草稿的承辦。", "You prepare this draft.")
    told = [Guess("steward", said.zh, why), *([Guess("steward-email", email, why)] if email else [])]
    return replace(record, contacts=(contact, *record.contacts)), tuple(told)


def _category(title: str, others: Iterable[str]) -> tuple[str, Text]:
    scores: Counter[str] = Counter()
    seen: dict[str, list[str]] = {}
    for text, factor in [(title, 3), *((t, 1) for t in others)]:
        for word in _words_in(text):
            if code := word.get("category"):
                scores[code] += factor * int(word.get("weight", "1"))
                seen.setdefault(code, []).append(word.name.zh)
    if not scores:
        return "", Text("", "")
    code, score = scores.most_common(1)[0]
    if score < 2 or code not in categories():
        return "", Text("", "")
    words = list(dict.fromkeys(seen[code]))[:3]
    return code, Text(
        f"名稱或欄名提到{'、'.join(f'「{w}」' for w in words)}。",
        f"The title or the headers speak of {', '.join(words)}.",
    )


def _often(title: str, above: Sequence[str], file_name: str) -> tuple[Frequency | None, Text]:
    for text in (title, *above, file_name.rsplit(".", 1)[0]):
        said = titles.frequency(text)
        if said:
            return said, Text(f"「{text[:40]}」說了多久一次。", f"'{text[:40]}' says how often.")
    for text in (*(t for t in above if not _LABEL.match(t) or _COVERS.search(t)), file_name):
        for pattern, often in () if _SPAN.search(text) else _PERIOD:
            if found := pattern.search(text):
                period = found.group().strip()
                return often, Text(f"檔案涵蓋的期間是「{period}」。", f"The file covers the period '{period}'.")
    return None, Text("", "")


def _description(record: DatasetRecord, above: Sequence[str]) -> Text:
    """A description of a file whose title speaks of a topic; empty for any other: data.csv says nothing."""
    title, agency = record.title, record.agency_name
    if not any(w.get("category") for w in _words_in(title.zh)):
        return Text("", "")
    told = [f for f in record.fields if f.sensitivity == "none"]
    zh = [unit_in(f.title.zh)[0] or f.name for f in told]
    en = [f.title.en for f in told]
    period = next((t.strip().rstrip("。") for t in above if _COVERS.search(t) and _LABEL.match(t)), "")
    said = f"{title.zh}，由{agency.zh}提供。" if agency.zh else f"{title.zh}。"
    said += f"每列包含{'、'.join(zh[:_SHOWN])}{'等' if len(zh) > _SHOWN else ''}。" if zh else ""
    said += f"{period}。" if period else ""
    if not (title.en and en and all(en)):
        return Text(said, "")
    rest = " and others" if len(en) > _SHOWN else ""
    columns = ", ".join(e[0].lower() + e[1:] if e[1:2].islower() else e for e in en[:_SHOWN])
    source = f", provided by {agency.en}" if agency.en else ""
    return Text(said, f"{title.en}{source}. Each row holds {columns}{rest}.")


def _keywords(texts: Sequence[str]) -> tuple[Text, ...]:
    found = dict.fromkeys(w.name for t in texts for w in _words_in(t) if int(w.get("weight", "1")) >= _SURE)
    return tuple(found)[:_KEYWORDS]


def _columns(fields: Sequence[FieldRecord]) -> tuple[tuple[FieldRecord, ...], tuple[Guess, ...]]:
    """Columns with English titles and units that the words of their headings say."""
    out, told = [], []
    for field in fields:
        made = field
        heading, unit = unit_in(unicodedata.normalize("NFKC", field.title.zh).strip())
        standard = _standard().get(heading)
        english = field.title.en or (standard.en if standard else in_english(heading))
        if english and not field.title.en:
            made = replace(made, title=Text(field.title.zh, english))
            why = Text("資料標準的名稱。", "As the data standards call it.") if standard else Text(
                "由欄名逐詞譯成。", "Translated word by word from the header.")  # fmt: skip
            told.append(Guess(f"{field.name}/title-en", english, why))
        if unit and not field.unit and field.type in ("number", "integer"):
            made = replace(made, unit=unit)
            why = Text("標題括號內寫著單位。", "The header says so in brackets.")
            told.append(Guess(f"{field.name}/unit", unit, why))
        out.append(made)
    return tuple(out), tuple(told)
