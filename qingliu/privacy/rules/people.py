"""Names of persons inside sentences: after a role, before 君 or 先生, beside an ID number, or as the one who does something."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from qingliu.core.dataset import Text
from qingliu.privacy.rules.folding import HAN, is_han, pattern
from qingliu.privacy.rules.led_names import STRONG_LEAD, led_anchor, likelier_words, names_led, trimmed
from qingliu.privacy.rules.name_fields import organisation_kind
from qingliu.privacy.rules.personal_names import best_name, characters, is_transcribed, likeness
from qingliu.privacy.rules.spans import Kind, Span

_ROLES = (
    r"負責人|代表人|違規人|違規行為人|行為人|受處分人|被處分人|陳情人|檢舉人|告發人|駕駛人|駕駛|司機|技術員|"
    r"技術人員|專責人員|管理人員|作業人員|操作人員|"
    r"代理人|承辦人|聯絡人|連絡人|會同人員|陪同人員|在場人員|現場人員|公司人員|稽查人員|採樣人員|採樣人|採樣員|檢測人員|檢驗人員|分析人員|填報人|填表人|製表人|審核人|管理人|管理者|所有人|"
    r"所有權人|使用人|地主|屋主|車主|飼養者|飼養人|飼主|畜主|"
    r"業者|雇主|員工|姓名|申請人|訴願人|義務人|繼承人|受僱人|僱用人|董事長|總經理|廠長|經理|主任|組長|課長|"
    r"場長|技師|股東|合夥人|承租人|出租人|起造人|"
    r"監造人|受託人|委託人|當事人|關係人|被害人|父親|母親|配偶|兒子|女兒|之子|之女|先生|女士|民眾|住戶|村民|"
    r"居民|里長|村長|簽名|保證人|經營者|工地主任|工人|勞工|外籍移工|移工|貴事業|船員|漁工|看護工|台端|其子|其女|其父|其母|其妻|"
    r"其夫|胞弟|胞兄|飼養者為|開立人|買受人|收受人|具名人"
)
_LINKS = (
    r"(?:姓名|原登載|登載|登記|原?已?變更為|異動為|更名為|亦?為|則?是|[:_(（「『【\s]|原為?|現為|新為|異動|分別為|,|、|"
    r"即|係|業者|代表){0,3}"
)
_CHANGED = (
    r"(?:變更為|異動為|新為|原|查|經|且|而|後|時|更名為|改名為|改由|由|另聘|聘任|聘請|聘|另設|設置|增設|解任|註銷|為|僱用|雇用|委託|"
    r"委由|原為|訪談|詢問|通知|會同|查獲|據|與|及|和|向|請|係|稱|是|為其|子|、|,|\(|:)"
)
_BECAME = r"變更為|異動為|更名為|改名為|新為|另聘|聘請"
_TITLES = r"君|先生|女士|小姐|太太|男士|員警|技師|醫師|律師|老師"
_DOES = (
    r"(?:於|在|駕駛|表示|未|將|係|坦承|自承|承認|指稱|陳稱|供稱|辯稱|聲稱|自述|說明|使用|因|並|從事|所有|所屬|"
    r"僱用|雇用|委託|擔任|離職|受僱|受雇|載運|焚燒|燃燒|傾倒|棄置|堆置|露天|違反|已|"
    r"到場|簽名|在場|騎乘|等\d|等[二三四五六七八九十]|身分證|身份證|出生|涉嫌|遭|經營|飼養|承租|居住|任職|"
    r"清運|清除|處理|提供|另|亦|即|向|有)"
)
_ENDS = (
    "君先女小於在駕表未將係坦自承指陳供辯聲說使因並從所僱雇委擔離受載焚燃傾棄堆露違已"
    "到簽騎等身出涉遭經飼居任為之及與和至即稱並持亦另"
)
_ORGANISATION = (
    rf"^[{HAN}]?(?:畜牧場|農牧場|牧場|農場|飼養場|養[豬雞鴨鵝]場|公司|有限|股份|企業|商行|工業|實業|營造|建設|工程|工廠|"
    r"診所|醫院|事務所|紀念|企業社|行號|工地|路|街|里|村|橋|國小|國中)"
)
_DOTTED = rf"[{HAN}]{{2,7}}[‧•・･·．][{HAN}]{{2,7}}(?:[‧•・･·．][{HAN}]{{2,7}})?"
_LATIN_AFTER = rf"(?:{_ROLES})[:為\s(（「]{{0,3}}([A-Z][\p{{Latin}}'’.\-]+(?:,? [A-Z][\p{{Latin}}'’.\-]*){{1,4}})"
_SITE = r"(?:等.{1,4}[人戶])?(?:住宅|店舖|農舍|廠房|自用|透天|集合住宅|新建|拆除|增建|畜牧設施|自建)"
_ID = r"[A-Z][A-D1289]\d{8}"

_AFTER_ROLE = Text("寫在身分稱謂之後的姓名", "A name after the role of a person")
_BEFORE_TITLE = Text("後接「君、先生」等稱呼的姓名", "A name before a form of address such as 君 or 先生")
_BESIDE_ID = Text("後接證號的姓名", "A name beside an ID number")
_ACTOR = Text("句中做某事的人", "The one who does something in the sentence")
_AGAIN = Text("同一段文字裡已認出的姓名", "A name recognised elsewhere in the same text")
_LISTED = Text("與另一姓名並列", "Listed beside another name")
_INDIGENOUS = Text("原住民族或外文音譯的姓名", "An indigenous name or one transcribed from another script")
_BUILDER = Text("工程以其為名的起造人", "The builder whose name a construction site bears")
_LATIN = Text("寫在身分稱謂之後的外文姓名", "A name in Latin letters after the role of a person")
_WHOLE = Text("整格是一個姓名的樣式", "The whole cell looks like a name")

Found = tuple[int, int, float, Text]


@cache
def _surname() -> str:
    return f"[{characters().surnames}]"


@cache
def anchors() -> tuple[str, ...]:
    """Where none of these stands, no rule below finds a name: each rule begins with one of them."""
    surname = _surname()
    return (
        led_anchor(), _after_role(), _TITLES, _beside_number(), rf"{surname}[{HAN}]{{1,3}}?{_DOES}", _builder(), _DOTTED,
        _LATIN_AFTER, rf"^{surname}[{HAN}]{{2}}$",
    )  # fmt: skip


def _after_role() -> str:
    return rf"(?:{_ROLES}|{_BECAME}){_LINKS}({_surname()})"


def _beside_number() -> str:
    return rf"({_surname()}[{HAN}]{{1,3}})(?:君|先生|女士|小姐)?[\s,、:(（_]{{0,3}}(?:身[分份]證[^,，。]{{0,8}})?{_ID}"


def _builder() -> str:
    return rf"[「『(（](?P<who>{_surname()}[{HAN}]{{2}}){_SITE}"


def _is_firm(text: str, end: int) -> bool:
    return bool(pattern(_ORGANISATION).search(text[end : end + 8]))


def _after_roles(text: str) -> Iterator[Found]:
    for found in pattern(_after_role()).finditer(text):
        start = found.start(1)
        if _only_addressed(text, start):
            continue
        end, score = best_name(text, start, _ENDS)
        least = 0.8 if end - start == 2 else 0.6
        if score >= least and not _is_firm(text, end) and not (end - start == 2 and _goes_on(text, end)):
            yield start, end, min(0.95, 0.3 + score * 0.8), _AFTER_ROLE


def _only_addressed(text: str, start: int) -> bool:
    """陳君表示, 張君因故: a surname and 君, which names nobody by itself."""
    return text[start + 1 : start + 2] == "君" and bool(
        pattern(rf"^(?:{_DOES}|代理|代為|[^{HAN}])").search(text[start + 2 : start + 5])
    )


def _goes_on(text: str, end: int) -> bool:
    following = text[end : end + 1]
    return bool(following) and is_han(following) and following not in _ENDS


def _before_titles(text: str) -> Iterator[Found]:
    for found in pattern(_TITLES).finditer(text):
        at = found.start()
        windows = [(n, at - n) for n in (3, 4, 2) if at >= n]
        scored = [(likeness(text[s:at]) - (0.25 if n == 2 else 0.0), s) for n, s in windows if _opens(text, s, n == 2)]
        if found.group() == "君" and at >= 2 and likeness(text[at - 2 : at + 1]) >= 0.75 and _opens(text, at - 2, True):
            following = text[at + 1 : at + 2]
            if following == "君" or pattern(rf"^{_DOES}|^[^{HAN}]|^$|^為").search(text[at + 1 : at + 4]):
                yield at - 2, at + 1, 0.75, _ACTOR
                continue
        score, start = max(scored, default=(0.0, at))
        if score >= 0.5:
            yield start, at, min(0.97, 0.35 + score * 0.75), _BEFORE_TITLE


def _opens(text: str, start: int, strict: bool) -> bool:
    """Whether a name may begin at ``start``: after a sign or one of the words that lead to a name; anywhere if not ``strict``."""
    before = text[max(0, start - 6) : start]
    if not before or not is_han(before[-1]):
        return True
    return not strict or bool(pattern(rf"(?:{_CHANGED}|{_ROLES}|人|員|其|該|獲|日)$").search(before))


def _beside_numbers(text: str) -> Iterator[Found]:
    for found in pattern(_beside_number()).finditer(text):
        end, score = best_name(text, found.start(1), _ENDS)
        if score >= 0.55:
            yield found.start(1), end, 0.92, _BESIDE_ID


def _least(text: str, start: int) -> float:
    """How much a name must look like one: less where words lead to it; a rare surname only at the head of a sentence."""
    if text[start] in characters().rare:
        return 0.62 if start == 0 or not is_han(text[start - 1]) else 0.8
    return 0.64 if pattern(r"(?:經查|查獲|會同|訪談|告發|據|,|。|^)$").search(text[max(0, start - 3) : start]) else 0.74


def _actors(text: str) -> Iterator[Found]:
    for found in pattern(rf"({_surname()}[{HAN}]{{1,3}}?){_DOES}").finditer(text):
        start, end = found.span(1)
        better, score = best_name(text, start, _ENDS)
        if better > end:
            end = better if pattern(rf"^(?:{_DOES}|[^{HAN}])").search(text[better : better + 3]) else end
        score = likeness(text[start:end])
        if text[end - 2 : end] in {"先生", "女士", "小姐", "太太"}:
            continue
        if end - start < 3 or score < _least(text, start) or not _opens(text, start, True) or _is_firm(text, end):
            continue
        if organisation_kind(text[start:end]) is None:
            yield start, end, min(0.85, score - 0.05), _ACTOR


def _builders(text: str) -> Iterator[Found]:
    for found in pattern(_builder()).finditer(text):
        if likeness(found["who"]) >= 0.8:
            yield found.start(1), found.end(1), 0.45, _BUILDER


def _others(text: str) -> Iterator[Found]:
    for found in pattern(_DOTTED).finditer(text):
        start, end = trimmed(text, *found.span())
        parts = [p for p in pattern(r"[‧•・･·．]").sub("‧", text[start:end]).split("‧") if p]
        role = bool(pattern(rf"(?:{_ROLES}){_LINKS}$|{STRONG_LEAD}").search(text[max(0, start - 14) : start]))
        if role or is_transcribed("".join(parts)):
            yield start, end, 0.85 if role else 0.65, _INDIGENOUS
    for found in pattern(_LATIN_AFTER).finditer(text):
        if organisation_kind(found[1]) is None:
            yield found.start(1), found.end(1), 0.75, _LATIN


def _listed(text: str, known: list[Found]) -> Iterator[Found]:
    seen: set[int] = set()  # a list is walked along once, whoever of it is known
    for _, end, confidence, _ in known:
        at = end
        while joined := pattern(rf"^(?:君|先生|女士)?[、及與和,]({_surname()})").search(text[at : at + 6]):
            start = at + joined.start(1)
            stop, score = best_name(text, start, _ENDS)
            if score < 0.75 or stop - start < 3 or _is_firm(text, stop):
                break
            if start in seen:
                break
            seen.add(start)
            yield start, stop, min(confidence, 0.8), _LISTED
            at = stop


def _again(text: str, known: list[Found]) -> Iterator[Found]:
    for name, confidence in {text[s:e]: c for s, e, c, _ in known if e - s > 2 and c >= 0.7}.items():
        at = text.find(name)
        while at >= 0:
            if not _is_firm(text, at + len(name)):
                yield at, at + len(name), min(confidence, 0.85), _AGAIN
            at = text.find(name, at + 1)


def names_in(text: str) -> Iterator[Span]:
    """Persons' names in a sentence, each with how it was known; the same name elsewhere in the text counts too."""
    known: list[Found] = []
    for rule in (_after_roles, _actors):
        known.extend(f for f in rule(text) if not likelier_words(text, f[0], f[1]))
    for rule in (_before_titles, _beside_numbers, _builders, _others):
        known.extend(rule(text))
    known.extend(_listed(text, list(known)))
    known.extend(names_led(text))  # walks along lists by itself
    known.extend(_again(text, list(known)))
    if not known and len(text) == 3 and likeness(text) >= 0.8 and organisation_kind(text) is None:
        known.append((0, 3, 0.6, _WHOLE))
    for start, end, confidence, reason in known:
        yield Span(Kind.NAME, start, end, round(confidence, 2), reason)
