"""Units that stand in headers. Pure."""

from __future__ import annotations

import re
import unicodedata

_BRACKETS = re.compile(r"[（(\[【]\s*((?:[^（()）\[\]【】]|\([^()]*\)){1,16}?)\s*[)）\]】]\s*$")
_UNIT = re.compile(
    r"(?i)^(?:%|％|℃|°C|度|dB\(?A?\)?|pH|NTU|[μumknMG]?[gmLlsVWJ]/?(?:[Nn]?m[3³²2]?|L|l|kg|s|day|h|hr)?|ug/m3|μg/m3|ppm|ppb|ppt|mm|cm|km|"
    r"公噸|公斤|公克|公尺|公里|平方公尺|立方公尺|公升|元|千元|萬元|人|次|件|家|座|處|輛|輛次|戶|筆|台|小時|天|日|年|mS/cm|μS/cm|CFU/100mL|m/s|hPa|MJ/m2)$"
)


def unit_in(header: str) -> tuple[str, str]:
    """(the header without it, the unit) where a header ends in a unit in brackets; (header, "") elsewhere."""
    text = unicodedata.normalize("NFKC", header)
    found = _BRACKETS.search(text)
    if not found or not _UNIT.match(found.group(1)) or not text[: found.start()].strip():
        return header, ""
    return text[: found.start()].strip(), found.group(1)
