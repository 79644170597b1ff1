"""Ways to reach a person or their vehicle: mobile, landline, e-mail, licence plate."""

from __future__ import annotations

from collections.abc import Iterator

from qingliu.core.dataset import Text
from qingliu.privacy.rules.folding import pattern
from qingliu.privacy.rules.numbers import stands_alone
from qingliu.privacy.rules.spans import Kind, Span

_GAP = r"[\- .]?"
_MOBILE = (
    rf"(?:\(?\+?886\)?{_GAP}\(?0?\)?|\(?0)9\d{{2}}\)?{_GAP}\d{{3}}{_GAP}\d{{3}}|(?:\+?886{_GAP}|"
    rf"0)9\d{_GAP}\d{{4}}{_GAP}\d{{3}}|09\d{{2}}{_GAP}\d{{2}}{_GAP}\d{{4}}|09[\- .]\d{{4}}[\- .]\d{{4}}"
)
_LONG_CODES = r"(?:037|049|082|0826|0836|089)"
_LANDLINE = (
    rf"(?:\({_LONG_CODES}\)|{_LONG_CODES}[\- ])\s?\d{{2,3}}{_GAP}\d{{3,4}}|(?:\(0[2-8]\)|"
    rf"0[2-8][\- ])\s?\d{{3,4}}{_GAP}\d{{3,4}}|"
    rf"\+?886[\- ]?[2-8]\d?[\- ]?\d{{3,4}}{_GAP}\d{{3,4}}"
)
_PLAIN_LANDLINE = r"(?i)(?:電話|連絡|聯絡|市話|tel|phone|洽詢?)[號碼為是:. ]{0,4}(0[2-8]\d{7,8}|[2-8]\d{2,3}-\d{4})"
_PUBLIC = (  # whose number or mailbox it is: an office's, told to the public
    r"(?:本[局署府處所會院]|[\p{Han}](?:環保局|保護局|公所|政府|管理署|管理局|衛生局)|專線)[^,。;:\d]{0,4}[:為]?\s?$"
)
_EXTENSION = r"^\s?(?:#|分機|轉|ext\.?)\s?\d{1,6}"
_FAX = r"(?i)傳真|fax"
_EMAIL = r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)*\.[A-Za-z]{2,}"
_OFFICE = (
    r"^(?:service|services|info|contact|webmaster|admin|office|mail|support|opendata|help|hr|sales|noreply|"
    r"no-reply)@|\.gov(?:\.tw)?$"
)
_DESK = r"^(?:service|services|info|contact|webmaster|admin|office|mail|support|opendata|help)@.*\.gov(?:\.tw)?$"
_MODEL = r"(?:型號|型式|機型|機種)[:為]?\s?$"
_PLATE = (
    r"[A-Z]{3}[\- ]?\d{4}|[A-Z]{3}-\d{3}|\d{3}-[A-Z]{3}|[A-Z]{2}[A-Z\d]-\d{3,4}|\d{3,4}-[A-Z\d][A-Z]{2}|"
    r"[A-Z]{2}-\d{2,4}|\d{2,4}-[A-Z]{2}|[A-Z]\d-\d{3,4}|\d{3,4}-[A-Z]\d|"
    r"\d[A-Z]-\d{3,4}|\d{3,4}-\d[A-Z]|[A-Z]{2}\d{4}|\d{4}[A-Z]{2}"
)
ANCHORS = (_MOBILE, _EMAIL, _PLATE)
DESK_ANCHORS = (_LANDLINE, _PLAIN_LANDLINE)
_VEHICLE = (
    r"車號|車牌|牌照|車頭|車尾|拖車|板車|子車|母車|曳引車|駕駛|機車|汽車|貨車|卡車|車輛|客車|小客|小貨|槽車|"
    r"罐車|垃圾車|機具|車籍|騎乘|所有之?車|車\)|車\("
)
_NOT_PLATES = frozenset(
    ("ISO", "CNS", "PCB", "CAS", "GMP", "EPA", "TAF", "CTI", "COD", "BOD", "VOC", "PVC", "ABS", "LED", "UPS")
)

_MOBILE_REASON = Text("行動電話號碼的樣式", "Looks like a mobile number")
_MOBILE_IN_DOCUMENT = Text(
    "行動電話的樣式，但寫在文號裡", "Looks like a mobile number, but stands in a document's number"
)
_LANDLINE_REASON = Text("市內電話號碼的樣式", "Looks like a landline number")
_EMAIL_REASON = Text("電子郵件信箱", "An e-mail address")
_PLATE_SAID = Text("車牌的樣式，前後寫明是車輛", "Looks like a licence plate, and a vehicle is spoken of")
_PLATE_IN_DOCUMENT = Text(
    "新式車牌的樣式，但寫在文號裡", "Looks like a licence plate, but stands in a document's number"
)
_PLATE_LOOKS = Text("新式車牌的樣式", "Looks like a licence plate of today's form")


def _plain(char: str) -> bool:
    return char.isascii() and char.isalnum()


def mobiles(text: str) -> Iterator[Span]:
    """Mobile numbers with or without dashes and country code; a document's number of ten digits is none."""
    for found in pattern(_MOBILE).finditer(text):
        start, end = found.span()
        before, follows = text[start - 1 : start] if start else "", text[end : end + 1]
        if before == "-" or follows == "-" or _plain(before) or (_plain(follows) and follows.isdigit()):
            continue
        if _plain(follows) and "-" not in found.group():
            continue
        in_document = text[max(0, start - 3) : start].rstrip().endswith("第")
        if in_document and "-" not in found.group():
            continue  # 環署空字第0920065478號: ROC year 92 and a serial number
        reason = _MOBILE_IN_DOCUMENT if in_document else _MOBILE_REASON
        yield Span(Kind.MOBILE, start, end, 0.6 if in_document else 0.95, reason)


def _with_extension(text: str, end: int) -> int:
    more = pattern(_EXTENSION).search(text[end : end + 12])
    return end + more.end() if more else end


def _public(text: str, start: int) -> bool:
    """Whether the number is said to be an office's or a hot line's, which is public."""
    return bool(pattern(_PUBLIC).search(text[max(0, start - 18) : start]))


def landlines(text: str) -> Iterator[Span]:
    """Landline numbers with area code and extension; without any mark between the digits only after 「電話」."""
    for found in pattern(_LANDLINE).finditer(text):
        digits = sum(c.isdigit() for c in found.group())
        if stands_alone(text, found.start(), found.end(), "-./") and 9 <= digits <= 12:
            before = text[max(0, found.start() - 6) : found.start()]
            sure = 0.4 if _public(text, found.start()) else 0.5 if pattern(_FAX).search(before) else 0.8
            yield Span(Kind.LANDLINE, found.start(), _with_extension(text, found.end()), sure, _LANDLINE_REASON)
    for found in pattern(_PLAIN_LANDLINE).finditer(text):
        if stands_alone(text, found.start(1), found.end(1)):
            sure = 0.4 if _public(text, found.start(1)) else 0.85
            yield Span(Kind.LANDLINE, found.start(1), _with_extension(text, found.end(1)), sure, _LANDLINE_REASON)


def emails(text: str) -> Iterator[Span]:
    """E-mail addresses; an office's mailbox with little confidence."""
    for found in pattern(_EMAIL).finditer(text):
        office = bool(pattern(_OFFICE).search(found.group().lower()))
        desk = bool(pattern(_DESK).search(found.group().lower()))
        sure = 0.4 if desk else 0.5 if office else 0.95
        yield Span(Kind.EMAIL, found.start(), found.end(), sure, _EMAIL_REASON)


def plates(text: str) -> Iterator[Span]:
    """Licence plates where a vehicle is spoken of; without that only today's form of three letters and four digits."""
    last = -100
    for found in pattern(_PLATE).finditer(text):
        start, end = found.span()
        if not stands_alone(text, start, end, "-") or pattern(_MODEL).search(text[max(0, start - 6) : start]):
            continue
        near = text[max(0, start - 18) : start] + " " + text[end : end + 6]
        listed = start - last <= 6  # two plates after one 「車號」
        if listed or pattern(_VEHICLE).search(near):
            last = end
            yield Span(Kind.PLATE, start, end, 0.9, _PLATE_SAID)
        elif pattern(r"^[A-Z]{3}-\d{4}$").search(found.group()) and found.group()[:3] not in _NOT_PLATES:
            document = text[max(0, start - 4) : start].rstrip("(:").endswith(("字第", "代碼", "編號", "型號", "案號"))
            yield Span(
                Kind.PLATE, start, end, 0.4 if document else 0.6, _PLATE_IN_DOCUMENT if document else _PLATE_LOOKS
            )
