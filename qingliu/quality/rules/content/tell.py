"""What checks saw, in words that a steward can act on: reason, remedy and severity of every kind of hit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from qingliu.core.dataset import Text
from qingliu.lake.checks.spec import Bounds, Check, Foreign, Hit, Value

Severity = Literal["info", "warning"]
_FILE = Path(__file__).with_name("words.yaml")
_NARROW = 20  # the widest scale on which a missing decimal point is guessed at
Told = tuple[str, Text, Text, Severity]  # place, reason, remedy, severity


def told(check: Check, hit: Hit) -> Told:
    """Place, reason, remedy and severity of one hit."""
    return _TELLERS.get((check.rule, hit.kind), _plainly)(check, hit)


def shown(value: Value) -> str:
    """A fact as people read it."""
    match value:
        case None:
            return ""
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case date():
            return value.isoformat()
        case float():
            return f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
        case int():
            return f"{value:,}"
    return str(value)


def _f(hit: Hit, name: str) -> str:
    return shown(hit.fact(name))


def _both(zh: str, en: str, hit: Hit) -> Text:
    """Two wordings with the hit's facts filled in."""
    facts = {name: shown(value) for name, value in hit.facts} | {"count": f"{hit.count:,}"}
    return Text(zh.format(**facts), en.format(**facts))


@cache
def _words() -> dict[tuple[str, str], dict[str, Any]]:
    rows = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return {(row["rule"], row["kind"]): row for row in rows}


def _plainly(check: Check, hit: Hit) -> Told:
    """What the file of words says of a kind of hit."""
    row = _words().get((check.rule, hit.kind)) or _words()["", hit.kind]
    facts = {name: shown(value) for name, value in hit.facts}
    place = row["place"].format(**facts).strip(" ·–")
    remedy = Text(row["remedy"]["zh"], row["remedy"]["en"])
    return place, _both(row["zh"], row["en"], hit), remedy, row["severity"]


def _completeness(check: Check, hit: Hit) -> Told:
    due, missing = hit.fact("due"), hit.fact("missing")
    assert isinstance(due, int)
    assert isinstance(missing, int)
    share = 1 - missing / due
    least = getattr(check, "share", 0.9)
    return (
        _f(hit, "station"),
        _both(
            f"應有 {{due}} 期，缺 {{missing}} 期（{{holes}} 段，完整率 {share:.1%}）：{{ranges}}。",
            f"{{missing}} of {{due}} periods are missing in {{holes}} gaps ({share:.1%} complete): {{ranges}}.", hit,
        ),
        Text("補送缺漏時段，或在備註說明停測原因。", "Send the missing periods, or say in the notes why the station paused."),
        "warning" if share < least else "info",
    )  # fmt: skip


def _range(check: Check, hit: Hit) -> Told:
    limit, worst = hit.fact("limit"), hit.fact("worst")
    assert isinstance(check, Bounds)
    assert isinstance(limit, (int, float))
    assert isinstance(worst, (int, float))
    item = _f(hit, "item")
    noise = hit.fact("noise")
    slight = isinstance(noise, (int, float)) and abs(worst - limit) <= noise
    zh, en = ("低於", "below") if hit.kind == "below" else ("高於", "above")
    why_zh, why_en = ("，屬儀器雜訊範圍", ", within the instrument's noise") if slight else _pointless(check, worst)
    return (
        f"{check.field} · {item}" if item != check.field else item,
        Text(
            f"{hit.count:,} 個值{zh} {shown(limit)}，最極端為 {shown(worst)}{why_zh}。",
            f"{hit.count:,} values are {en} {shown(limit)}; the most extreme is {shown(worst)}{why_en}.",
        ),
        Text(
            "代表缺值或無效的數字請宣告為缺值記號；誤植請在來源更正；界限不合時在定義的檢核規則改。",
            "Declare a number that stands for no value as a mark, mend errors in the source, or change the limit in the "
            "definition's checks.",
        ),
        "info" if slight else "warning",
    )


def _pointless(check: Bounds, worst: float) -> tuple[str, str]:
    """A hint where a whole number beyond a narrow scale would lie within it with a decimal point: pH 81 is most likely 8.1."""
    limit = check.limits[0]
    if len(check.limits) > 1 or limit.minimum is None or limit.maximum is None or limit.maximum > _NARROW:
        return "", ""
    if worst <= limit.maximum or worst != int(worst):
        return "", ""
    likely = next((worst / part for part in (10, 100) if limit.minimum < worst / part < limit.maximum), None)
    if likely is None:
        return "", ""
    return f"，可能漏了小數點（{likely:g}）", f"; a decimal point may be missing ({likely:g})"


def _rows(check: Check, hit: Hit) -> Told:
    """Rows that did not become rows of the dataset: totals and notes are no fault."""
    if "合計或註解" in _f(hit, "zh"):
        return (
            "", _both("{count} 列是合計或註解，不是資料，不列入。", "{count} rows are totals or notes, no data: left out.", hit),
            Text("不必處理。", "Nothing to do."), "info",
        )  # fmt: skip
    return _plainly(check, hit)


def _foreign(check: Check, hit: Hit) -> Told:
    assert isinstance(check, Foreign)
    return (
        "、".join(check.fields),
        _both(
            "{count} 列的 {values} 個值不在 {dataset}：{told}。",
            "{count} rows hold {values} values that {dataset} lacks: {told}.", hit,
        ),
        Text("補登主檔，或改正代碼。", "Add them to the master, or mend the codes."),
        "warning",
    )  # fmt: skip


def _late(check: Check, hit: Hit) -> Told:
    late, within = hit.fact("late_s"), hit.fact("within_s")
    assert isinstance(late, int)
    assert isinstance(within, int)
    usual = next((v for n, v in hit.facts if n == "usual_s"), None)
    if isinstance(usual, int):
        allows = Text(
            f"過去的事件 99% 相隔不逾{_span(usual)[0]}。", f"99 of 100 events before followed within {_span(usual)[1]}."
        )
    else:
        allows = Text(f"依承諾頻率應在{_span(within)[0]}內更新。", f"the promised frequency allows {_span(within)[1]}.")
    return (
        _f(hit, "last"),
        Text(
            f"最新資料是 {_f(hit, 'last')}，已過{_span(late)[0]}；{allows.zh}",
            f"The newest data are of {_f(hit, 'last')}, {_span(late)[1]} ago; {allows.en}",
        ),
        Text("恢復更新，或改正更新頻率。", "Resume updates, or mend the promised frequency."),
        "warning",
    )


def _span(seconds: int) -> tuple[str, str]:
    for size, zh, en in ((86_400, "天", "days"), (3600, "小時", "hours"), (60, "分鐘", "minutes")):
        if seconds >= size:
            return f" {seconds / size:,.0f} {zh}", f"{seconds / size:,.0f} {en}"
    return f" {seconds} 秒", f"{seconds} s"


_TELLERS: dict[tuple[str, str], Callable[[Check, Hit], Told]] = {
    ("completeness", "hole"): _completeness,
    ("conformance", "rows"): _rows,
    ("range", "below"): _range,
    ("range", "above"): _range,
    ("reference", "hole"): _foreign,
    ("timeliness", "late"): _late,
}
