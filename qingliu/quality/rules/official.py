"""Official marks and figures: their words read into ours, each difference told, and catalogues set against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qingliu.core.dataset import Text
from qingliu.quality.rules.editions import Edition
from qingliu.quality.rules.result import Result

# the flags of data.gov.tw's quality-check API → our indicators
API_FLAGS = {
    "linkable": "link", "downloadable": "download", "structure": "structure", "encoding_match": "encoding",
    "desc_match": "fields",
}  # fmt: skip


def mark_of(printed: str) -> str:
    """Our id of an official wording (白金, 金標章, 無(白名單) …); "" where it says none that we know."""
    text = printed.replace("標章", "").replace("（", "(").strip()
    if text.startswith("白金") or text.lower() == "platinum":
        return "platinum"
    if "白名單" in text:
        return "white_listed"
    words = {"金": "gold", "銀": "silver", "銅": "bronze", "無": "none"}
    known = set(words.values())
    return words.get(text, text.lower() if text.lower() in known else "")


def flag(text: str) -> bool | None:
    """An official flag; None where it is neither 1 nor 0."""
    return {"1": True, "true": True, "0": False, "false": False}.get(str(text).strip().lower())


def differences(ours: Result, mark: str, flags: Mapping[str, bool], edition: Edition) -> list[dict[str, str]]:
    """Every point in which an official mark and its flags say something else than we do."""
    told: list[Text] = []
    if mark and mark != ours.mark:
        theirs, own = edition.title(mark), edition.title(ours.mark)
        told.append(Text(f"標章：官方為{theirs.zh}，本平臺為{own.zh}。", f"Mark: official {theirs.en}, ours {own.en}."))
    states = {r.indicator: r for r in ours.indicators}
    for name, good in flags.items():
        reading = states.get(name)
        if reading is None or reading.state == ("pass" if good else "fail"):
            continue
        title = edition.indicator(name).title
        theirs = Text("符合", "met") if good else Text("不符", "not met")
        told.append(
            Text(
                f"{title.zh}：官方{theirs.zh}，本平臺 {reading.state}（{reading.reason.zh}）",
                f"{title.en}: official {theirs.en}, ours {reading.state} ({reading.reason.en})",
            )
        )
    return [{"zh": t.zh, "en": t.en} for t in told]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number, whose it is (official or ours), from which edition, and what it counts."""

    whose: str
    subject: Text
    measure: str
    title: Text
    value: float
    unit: str
    counts: Text
    edition: str
    date: str
    source: str


TITLES = {
    "datasets": Text("資料集數", "Datasets"),
    "platinum": Text("白金標章", "Platinum"),
    "gold": Text("金標章（含白金）", "Gold (platinum included)"),
    "silver": Text("銀標章以上", "Silver or better"),
    "bronze": Text("銅標章以上", "Bronze or better"),
    "none": Text("無標章", "No mark"),
    "not_measured": Text("未檢測", "Not measured"),
    "white_listed": Text("白名單", "White-listed"),
    "hvd": Text("高應用價值資料", "High-value data"),
    "hvd_share": Text("高應用價值資料集占比", "Share of high-value datasets"),
    "hvd_lead": Text("高應用價值主辦單位", "High-value lead roles"),
    "rank": Text("名次", "Rank"),
    "threshold": Text("入圍資料集數下限", "Datasets needed to be eligible"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A statement of the reconciliation: a count, whose, what it counts, and how it follows from the lists."""

    count: int
    what: Text
    how: Text
    codes: tuple[str, ...] = ()


def reconcile(entries: Sequence[Mapping[str, str]], api: Sequence[Mapping[str, str]], award: int | None) -> list[Line]:
    """834, 791 and 816 from the two lists by code: what each counts, what they share, what only one has.

    ``entries`` are rows of the merged catalogue (datagovtw_id, title, codes, n_urls, first_url), ``api`` rows of the API's
    own list (code). ``award`` is the award's number of datasets; it comes without codes, so it can only be bounded.
    """
    of_entry = {e["datagovtw_id"]: [c.strip().upper() for c in e["codes"].split("|") if c.strip()] for e in entries}
    entry_codes = [c for codes in of_entry.values() for c in codes]
    api_codes = {r["code"].strip().upper() for r in api}
    without = [e for e in entries if not of_entry[e["datagovtw_id"]]]
    shared = sorted(set(entry_codes) & api_codes)
    only_api, only_entries = sorted(api_codes - set(entry_codes)), sorted(set(entry_codes) - api_codes)
    with_code = len(entries) - len(without)
    resources = sum(int(e["n_urls"] or 0) for e in entries)
    lines = [
        Line(len(entries), Text("data.gov.tw 目錄項目", "entries of the data.gov.tw catalogue"),
             Text("每個資料集識別碼一項。", "One per dataset id.")),
        Line(len(api_codes), Text("環境部 API 資料集代碼", "dataset codes of the ministry's API"),
             Text("每個 /api/v2/{代碼} 一項。", "One per /api/v2/{code}.")),
        Line(with_code, Text("有 API 代碼的目錄項目", "entries with an API code"),
             Text(f"共載 {len(set(entry_codes))} 個代碼。", f"They carry {len(set(entry_codes))} codes.")),
        Line(len(shared), Text("兩份清單共有的代碼", "codes that both lists have"),
             Text("以代碼（不分大小寫）比對。", "Compared by code, letter case ignored.")),
        Line(len(only_api), Text("只在 API 的代碼", "codes that only the API has"),
             Text("有 API 而未列於 data.gov.tw。", "Served, but no entry of data.gov.tw carries them."), tuple(only_api)),
        Line(len(only_entries), Text("只在目錄的代碼", "codes that only the catalogue has"),
             Text("列於 data.gov.tw 而 API 清單沒有。", "Listed, but not in the API's list."), tuple(only_entries)),
        Line(len(without), Text("沒有 API 代碼的目錄項目", "entries without an API code"),
             _hosts(without), tuple(e["datagovtw_id"] for e in without)),
        Line(resources, Text("目錄項目的資源網址", "resource addresses of the entries"),
             Text("一個項目可有多個檔案。", "An entry may have many files.")),
    ]  # fmt: skip
    adds_up = with_code - len(only_entries) == len(shared) == len(api_codes) - len(only_api)
    lines.append(_equation(tuple(map(len, (entries, without, only_entries, only_api, api_codes))), adds_up=adds_up))
    return [*lines, *(_award(entries, award) if award is not None else ())]


def _hosts(rows: Sequence[Mapping[str, str]]) -> Text:
    counts: dict[str, int] = {}
    for row in rows:
        host = row["first_url"].split("/")[2] if "://" in row["first_url"] else "-"
        counts[host] = counts.get(host, 0) + 1
    shown = "、".join(f"{h} {n}" for h, n in sorted(counts.items()))
    return Text(f"以檔案提供：{shown}。", f"Offered as files: {shown.replace('、', ', ')}.")


def _equation(counts: tuple[int, ...], *, adds_up: bool) -> Line:
    entries, without, only_entries, only_api, api = counts
    return Line(
        api,
        Text("由目錄項目推得的 API 代碼數", "API codes that follow from the entries"),
        Text(
            f"{entries} − {without}（無代碼）− {only_entries}（只在目錄）+ {only_api}（只在 API）= {api}"
            + ("，相符。" if adds_up else "，不符：有項目載多個代碼或代碼重複。"),
            f"{entries} − {without} (no code) − {only_entries} (catalogue only) + {only_api} (API only) = {api}"
            + (": it adds up." if adds_up else ": it does not; entries share or carry several codes."),
        ),
    )


# agencies founded on 2023-08-22 under these names; their first own entries date the ids of the catalogue
FOUNDED_2023 = ("環境部環境管理署", "環境部資源循環署", "環境部氣候變遷署")


def _award(entries: Sequence[Mapping[str, str]], award: int) -> list[Line]:
    count = len(entries)
    named = [
        int(e["datagovtw_id"]) for e in entries if e["title"].startswith(FOUNDED_2023) and e["datagovtw_id"].isdigit()
    ]
    first = min(named, default=0)
    later = [e["datagovtw_id"] for e in entries if e["datagovtw_id"].isdigit() and int(e["datagovtw_id"]) >= first > 0]
    told = Line(
        award,
        Text("獎勵活動所計資料集（官方）", "datasets that the award counted (official)"),
        Text(
            f"目錄現有 {count}，相差 {count - award:+d}。評獎當時的清單與計法未公開：只有總數，沒有代碼，無法逐筆核對。",
            f"The catalogue now has {count}: {count - award:+d}. The list and the rule of that moment are not public; a total "
            "without codes cannot be checked entry by entry.",
        ),
    )
    if not later:
        return [told]
    gone = award - (count - len(later))
    return [
        told,
        Line(
            len(later),
            Text(
                "評獎年度後段起才上架的項目（依編號推估）",
                "entries listed since late in the award's year (inferred from ids)",
            ),
            Text(
                f"編號自 {first} 起，該編號首見 2023-08-22 成立機關之名。若評獎計到此編號之前，則其後新增 {len(later)}，"
                f"另有 {gone} 筆已離開目錄：{award} − {gone} + {len(later)} = {count}。此為推估，不是官方說明。",
                f"Ids from {first} on, where names of agencies founded on 2023-08-22 first appear. Had the award counted up to "
                f"that id, {len(later)} came and {gone} left since: {award} − {gone} + {len(later)} = {count}. "
                "Inferred, not official.",
            ),
            tuple(later),
        ),
    ]


def plain(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """The statements as plain values."""

    def both(text: Text) -> dict[str, str]:
        return {"zh": text.zh, "en": text.en}

    return [{"count": x.count, "what": both(x.what), "how": both(x.how), "codes": list(x.codes)} for x in lines]
