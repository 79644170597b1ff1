"""What the grammar's complaints mean, in words a steward can act on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jsonschema

from qingliu.core.dataset import Text
from qingliu.core.records import Finding
from qingliu.standards.definition_yaml import finding

_TYPES = {
    "object": ("一組「鍵: 值」", "a mapping of key: value"),
    "array": ("一個清單", "a list"),
    "string": ("文字（像數字或日期的文字要加引號）", "text (quote text that looks like a number)"),
    "integer": ("整數", "a whole number"),
    "number": ("數字", "a number"),
    "boolean": ("true 或 false", "true or false"),
}


def _shown(value: Any) -> str:
    return repr(value)[:60]


def _type(error: jsonschema.ValidationError) -> tuple[Text, Text]:
    wanted = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    zh = "或".join(_TYPES[t][0] for t in wanted)
    en = " or ".join(_TYPES[t][1] for t in wanted)
    return Text(f"{_shown(error.instance)} 型別不對。", f"{_shown(error.instance)} has the wrong type."), Text(
        f"請寫{zh}。", f"Write {en}."
    )


def _required(error: jsonschema.ValidationError) -> tuple[Text, Text]:
    missing = "、".join(k for k in error.validator_value if k not in error.instance)
    return Text(f"缺少「{missing}」。", f"'{missing}' is missing."), Text("補上這個鍵。", "Add this key.")


def _additional(error: jsonschema.ValidationError) -> tuple[Text, Text]:
    known = sorted(error.schema.get("properties", {}))
    unknown = "、".join(str(k) for k in error.instance if k not in known)
    return (
        Text(f"不認得的鍵「{unknown}」。", f"Unknown key '{unknown}'."),
        Text(f"可用的鍵：{'、'.join(known)}。", f"The keys are: {', '.join(known)}."),
    )


def _enum(error: jsonschema.ValidationError) -> tuple[Text, Text]:
    options = [str(v) for v in error.validator_value]
    return (
        Text(f"{_shown(error.instance)} 不在可用的值之內。", f"{_shown(error.instance)} is not one of the values."),
        Text(f"可用的值：{'、'.join(options)}。", f"Use one of: {', '.join(options)}."),
    )


_PATTERNS = {
    "code": (
        "代碼為大寫英文字母開頭，其後為大寫英文、數字或底線，共 2 至 64 字，如 AQX_P_432。",
        "A code starts with a capital letter, then capitals, digits or '_', 2 to 64 in all, such as AQX_P_432.",
    ),
    "name": (
        "欄位名稱不得以底線開頭，不得含空白與 ; = , 引號 / ? # & % < >，至多 63 字；來源的標題請寫在 aliases。",
        "A column name may not start with '_' nor hold spaces, ; = , quotes / ? # & % < >, and has at most 63"
        " characters; put the source's header into aliases.",
    ),
    "every": ("請寫 ISO 8601 時間長度，如 PT1H、P1D。", "Write an ISO 8601 duration such as PT1H or P1D."),
    "within": ("請寫 ISO 8601 時間長度，如 PT1H、P1D。", "Write an ISO 8601 duration such as PT1H or P1D."),
    "email": ("請寫電子郵件地址。", "Write an e-mail address."),
}


def _pattern(error: jsonschema.ValidationError) -> tuple[Text, Text]:
    key = str(error.absolute_path[-1]) if error.absolute_path else ""
    zh, en = _PATTERNS.get(key, ("日期請寫 2024-05-20。", "Write a date as 2024-05-20."))
    if error.absolute_path and error.absolute_path[-1] == "code" and len(error.absolute_path) > 1:
        zh, en = "機關代碼用英文、數字與 . _ -。", "An agency code uses letters, digits and . _ -."
    return Text(
        f"{_shown(error.instance)} 的寫法不對。", f"{_shown(error.instance)} is not written as it should be."
    ), Text(zh, en)


def _length(error: jsonschema.ValidationError) -> tuple[Text, Text]:
    return Text("內容太短或太長。", "The content is too short or too long."), Text(
        "寫上內容，或拿掉這個鍵。", "Write something here, or leave the key out."
    )


def _unique(error: jsonschema.ValidationError) -> tuple[Text, Text]:
    return Text(f"{_shown(error.instance)} 有重複。", f"{_shown(error.instance)} holds the same thing twice."), Text(
        "每項只寫一次。", "Write each once."
    )


def _const(error: jsonschema.ValidationError) -> tuple[Text, Text]:
    return (
        Text(
            'missingValues 只能是 [""]：空白以外代表缺值的文字都要說明意義。',
            'missingValues can only be [""]: every other text that stands for no value must say what it means.',
        ),
        Text(
            "在該欄位的 sentinels 宣告它的值與旗標。", "Declare it with its value and flag in that field's sentinels."
        ),
    )


def _range(error: jsonschema.ValidationError) -> tuple[Text, Text]:
    limit = error.validator_value
    return Text(f"{_shown(error.instance)} 超出範圍。", f"{_shown(error.instance)} is out of range."), Text(
        f"界限是 {limit}。", f"The limit is {limit}."
    )


_WORDS: dict[str, Callable[[jsonschema.ValidationError], tuple[Text, Text]]] = {
    "type": _type,
    "required": _required,
    "additionalProperties": _additional,
    "enum": _enum,
    "pattern": _pattern,
    "minLength": _length,
    "maxLength": _length,
    "minItems": _length,
    "uniqueItems": _unique,
    "const": _const,
    "minimum": _range,
    "exclusiveMinimum": _range,
}


def told(error: jsonschema.ValidationError) -> Finding:
    """A grammar error as a finding with reason and remedy in both languages."""
    reason, remedy = _WORDS[str(error.validator)](error)
    return finding(tuple(error.absolute_path), f"grammar-{error.validator}", reason, remedy)
