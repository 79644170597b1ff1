"""Why can't I? For every way to a dataset's rows that is not there: the reason, where it lies, and what would open it."""

from __future__ import annotations

from dataclasses import dataclass

from qingliu.core.dataset import Text
from qingliu.core.errors import QingliuError
from qingliu.lake.published import Entry

PREVIEW = Text("預覽", "Preview")
FILES = Text("下載", "Downloads")
API = Text("API", "API")
MAP = Text("地圖", "Map")
VERSIONS = Text("歷史版本", "Versions")


@dataclass(frozen=True, slots=True)
class Absence:
    """Something that a reader may look for and not find. ``place`` says where the cause lies."""

    what: Text
    reason: Text
    place: Text
    remedy: Text


def absences(entry: Entry, error: QingliuError | None = None) -> tuple[Absence, ...]:
    """What this dataset's page does not offer, and why; empty where it offers everything."""
    if entry.status == "listed":
        return _listed()
    if entry.status == "held":
        return _held(entry)
    found = []
    if error is not None:
        place = Text("這次的篩選條件", "The conditions asked for now")
        found.append(Absence(PREVIEW, error.reason, place, error.remedy))
    elif entry.kind == "table" and entry.current is None:
        found += _all(
            Text("還沒有發布任何版本。", "No version has been published yet."), Text("發布流程", "Publication"),
            Text("第一次交付公開後就會出現。", "It appears with the first delivery."),
        )  # fmt: skip
    found += _map(entry)
    if entry.kind == "view":
        found.append(
            Absence(
                VERSIONS,
                Text("檢視資料集每次由來源資料集算出，沒有自己的版本。",
                     "A view is computed from its base and has no versions of its own."),
                Text("定義檔 view", "The definition's view"),
                Text("請到來源資料集看版本，或以 as_of 指定。", "See the versions of its base, or ask with as_of."),
            )
        )  # fmt: skip
    return tuple(found)


def _all(reason: Text, place: Text, remedy: Text) -> list[Absence]:
    return [Absence(what, reason, place, remedy) for what in (PREVIEW, FILES, API, MAP)]


def _listed() -> tuple[Absence, ...]:
    reason = Text(
        "這筆目錄取自官方清單，資料還不在本站。", "This line comes from the official list; its rows are not here yet."
    )
    place = Text("資料尚未由機關上傳或介接", "The agency has not uploaded or connected it")
    remedy = Text(
        "請到下方的官方頁面取得，或請機關在此公開。",
        "Use the official page below, or ask the agency to publish it here.",
    )
    return tuple(_all(reason, place, remedy))


def _held(entry: Entry) -> tuple[Absence, ...]:
    said = entry.extra.get("reason")
    known = isinstance(said, dict) and said.get("zh")
    reason = (
        Text(str(said["zh"]), str(said.get("en", "")))
        if isinstance(said, dict) and known
        else Text("業務單位還在審視，資料還沒有公開。", "The owning unit is still reviewing; nothing is published yet.")
    )
    sensitive = any(f.sensitivity != "none" for f in entry.record.fields)
    place = Text("隱私審查", "The privacy gate") if sensitive else Text("業務單位審視", "The owning unit's review")
    remedy = (
        Text("遮罩方式核定後公開；不含敏感內容的部分不受影響。",
             "It opens once the masking is approved; what is not sensitive stays whole.")
        if sensitive
        else Text("審視完成後公開。", "It opens when the review is done.")
    )  # fmt: skip
    return tuple(_all(reason, place, remedy))


def _map(entry: Entry) -> list[Absence]:
    if entry.record.place is None:
        return [
            Absence(
                MAP,
                Text("沒有宣告經緯度欄位，所以沒有地圖與 GeoJSON。",
                     "No columns of longitude and latitude are declared: no map, no GeoJSON."),
                Text("定義檔 place", "The definition's place"),
                Text("資料若有座標，請機關在定義指定經度與緯度欄位。",
                     "If it has coordinates, the agency can name their columns in the definition."),
            )
        ]  # fmt: skip
    return [
        Absence(
            MAP,
            Text("本站還沒有線上地圖。", "This portal draws no maps yet."),
            Text("本平臺", "This portal"),
            Text("請下載 GeoJSON，在地圖軟體開啟。", "Download GeoJSON and open it in a map program."),
        )
    ]
