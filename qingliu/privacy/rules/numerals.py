"""Chinese numerals in addresses and back: 三七二 and 三百七十二 are 372, 中山路三段 keeps its Chinese numeral."""

from __future__ import annotations

_DIGITS = {
    c: i
    for i, s in enumerate(("零○〇Ｏ◯", "一壹ㄧ", "二貳", "三參", "四肆", "五伍", "六陸", "七柒", "八捌", "九玖"))
    for c in s
}
_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_TENS = {"廿": 20, "卅": 30}
NUMERALS = "".join((*_DIGITS, *_UNITS, *_TENS))


def to_number(text: str) -> int | None:
    """The number that ``text`` writes in digits or Chinese numerals; None when it writes none."""
    if text.isascii():
        return int(text) if text.isdigit() else None
    if all(c in _DIGITS or c.isdigit() for c in text):
        return int("".join(str(_DIGITS.get(c, c)) for c in text))
    total, last = 0, ""
    for char in text:
        if char in _TENS:
            total, last = total + _TENS[char], ""
        elif char in _UNITS:
            total, last = total + (int(last) if last else 1) * _UNITS[char], ""
        elif char in _DIGITS:
            last += str(_DIGITS[char])
        elif char.isascii() and char.isdigit():
            last += char
        else:
            return None
    return total + (int(last) if last else 0)


def digits(text: str) -> str:
    """``text`` as digits without leading zeros where it is a number; as it stands where it is not."""
    number = to_number(text) if text else None
    return text if number is None else str(number)


def chinese(text: str) -> str:
    """The section of a road as roads write it: 一 to 九十九 in Chinese numerals."""
    number = to_number(text)
    if number is None or not 0 < number < 100:
        return text
    ten, one = divmod(number, 10)
    head = "" if ten == 0 else "十" if ten == 1 else "一二三四五六七八九"[ten - 1] + "十"
    return head + ("一二三四五六七八九"[one - 1] if one else "")
