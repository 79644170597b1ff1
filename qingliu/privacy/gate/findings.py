"""What the gate says of a delivery: the rule, the place and the remedy; never the text that was found."""

from __future__ import annotations

from collections.abc import Sequence

from qingliu.core.dataset import FieldRecord, Text
from qingliu.core.errors import QingliuError
from qingliu.core.records import Finding
from qingliu.privacy.rules import Kind

KINDS: dict[Kind, Text] = {
    Kind.NAME: Text("姓名", "a person's name"),
    Kind.NATIONAL_ID: Text("身分證字號", "an identity number"),
    Kind.RESIDENT_NUMBER: Text("居留證統一證號", "a resident certificate number"),
    Kind.PASSPORT: Text("護照號碼", "a passport number"),
    Kind.MOBILE: Text("行動電話", "a mobile number"),
    Kind.LANDLINE: Text("市內電話", "a telephone number"),
    Kind.EMAIL: Text("電子郵件", "an e-mail address"),
    Kind.PLATE: Text("車牌", "a licence plate"),
    Kind.ADDRESS: Text("地址", "an address"),
    Kind.COORDINATES: Text("座標", "coordinates"),
    Kind.BIRTH_DATE: Text("出生日期", "a date of birth"),
}
_PROPOSE = Text(
    "請提出涵蓋此欄的遮罩規則（遮罩或評估後保留），由另一人核可後再放行。",
    "Propose a mask rule for this column (masking it, or keeping it after assessment); once another person approves, release.",
)


def undecided(field: FieldRecord) -> Finding:
    """A column marked sensitive of which no approved rule speaks."""
    return Finding(
        "privacy-undecided",
        field.name,
        Text(
            f"欄位「{field.name}」標示為敏感，沒有已核可的遮罩規則。",
            f"Column '{field.name}' is marked sensitive and no approved mask rule speaks of it.",
        ),
        _PROPOSE,
        "hold",
        columns=(field.name,),
    )


def uncovered(column: str, kind: Kind, count: int, rows: Sequence[int]) -> Finding:
    """Personal data where no rule covers it."""
    what = KINDS[kind]
    listed = "、".join(map(str, rows))
    return Finding(
        "privacy-found",
        column,
        Text(
            f"欄位「{column}」有 {count} 列疑似含{what.zh}，沒有規則涵蓋；資料列 {listed}。",
            f"{count} rows of '{column}' seem to hold {what.en} that no rule covers; rows {', '.join(map(str, rows))}.",
        ),
        _PROPOSE,
        "hold",
        count=count,
        columns=(column,),
    )


def no_rule_for_sites(count: int) -> Finding:
    """Rows of restricted sites, and no approved rule for such."""
    return Finding(
        "privacy-restricted",
        "rows",
        Text(
            f"{count} 列與限制名單相符，但沒有已核可的限制場所規則。",
            f"{count} rows match the restricted list and no rule for restricted sites is approved.",
        ),
        Text("請核可限制場所規則後再放行。", "Approve a rule for restricted sites, then release."),
        "hold",
        count=count,
    )


def unreadable(error: QingliuError) -> Finding:
    """The restricted list is there and cannot be read."""
    return Finding("privacy-list-unreadable", "restricted", error.reason, error.remedy, "hold")


def key_masked(column: str, count: int) -> Finding:
    """A key column whose cells had to be masked: rows could no longer be told apart."""
    return Finding(
        "privacy-key",
        column,
        Text(
            f"鍵值欄位「{column}」有 {count} 格須遮罩，遮罩後無法辨識資料列。",
            f"{count} cells of the key column '{column}' must be masked; rows could not be told apart afterwards.",
        ),
        Text("請在定義中改用不含個人資料的鍵值。", "Choose a key without personal data in the definition."),
        "hold",
        count=count,
        columns=(column,),
    )


def masked(column: str, count: int) -> Finding:
    """Cells that were masked."""
    return Finding(
        "privacy-masked",
        column,
        Text(f"欄位「{column}」遮罩 {count} 格。", f"{count} cells of '{column}' were masked."),
        Text("", ""),
        "info",
        count=count,
        columns=(column,),
    )


def linked_back(
    masked: str, here: str, count: int, columns: Sequence[str], answered: str = "", *, overdue: bool = False
) -> Finding:
    """A published dataset of whose masked rows this delivery shows what is masked there, with the assessor's answer."""
    settled = bool(answered) and not overdue
    zh = f"已發布的「{masked}」有遮罩的列，其中 {count} 個管制編號在此有完整內容（{'、'.join(columns)}）。"
    en = f"{count} control numbers of rows masked in '{masked}' stand here unmasked ({', '.join(columns)})."
    return Finding(
        "privacy-linkage-back",
        masked,
        Text(zh + (f"評估：{answered}。" if answered else ""), en + (f" Assessed: {answered}." if answered else "")),
        Text("", "")
        if settled
        else Text(
            f"以 qingliu privacy assess {masked} {here} 評估。", f"Assess: qingliu privacy assess {masked} {here}."
        ),
        "info" if settled else "warning" if answered else "hold",
        count=count,
        columns=tuple(columns),
    )


def linked(other: str, count: int, columns: Sequence[str], answered: str = "", *, overdue: bool = False) -> Finding:
    """A published dataset through which masked rows could be joined back, with the assessor's answer."""
    listed = "、".join(columns)
    zh = f"遮罩列的 {count} 個管制編號也在已發布的「{other}」中（{listed}）。"
    en = f"{count} control numbers of masked rows also stand in the published '{other}' ({', '.join(columns)})."
    if answered and overdue:
        zh, en = zh + "評估已逾複查日。", en + " The assessment is due for review."
    elif answered:
        zh, en = zh + f"評估：{answered}。", en + f" Assessed: {answered}."
    return Finding(
        "privacy-linkage",
        other,
        Text(zh, en),
        Text("", "")
        if answered and not overdue
        else Text(
            f"以 qingliu privacy assess 評估是否可由「{other}」得知遮罩內容，並訂複查日。",
            f"Assess with qingliu privacy assess whether '{other}' tells what was masked, with a review date.",
        ),
        "warning" if answered and overdue else "info" if answered else "hold",
        count=count,
        columns=tuple(columns),
    )
