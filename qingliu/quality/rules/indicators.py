"""The seven indicators: each a function from what was seen and promised to a reading, with reason and remedy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from qingliu.core.clock import TAIPEI
from qingliu.core.dataset import Text
from qingliu.quality.rules.editions import Edition
from qingliu.quality.rules.marks import Marked, Reading, ResourceReadings, State, excuse, intersect, mark
from qingliu.quality.rules.seen import Seen, Subject

NOTHING = Text("", "")
_AWAY = Text(
    "資料為事件，久未發生不計，除非比過去都久。", " Its rows are events, which may stay away as long as before."
)
FIRST = Text("先修復連結與下載。", "Mend link and download first.")
UNIT_S = {
    "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800, "month": 2_678_400, "quarter": 7_948_800, "year": 31_622_400,
}  # fmt: skip
UNIT_NAMES = {
    "minute": Text("分鐘", "minute"), "hour": Text("小時", "hour"), "day": Text("日", "day"), "week": Text("週", "week"),
    "month": Text("月", "month"), "quarter": Text("季", "quarter"), "year": Text("年", "year"),
}  # fmt: skip
LANDING = {"HTML"}  # a page about the file, not the file
NO_FILE = {"HTML", "TEXT", "EMPTY"}


def _reading(indicator: str, state: State, zh: str, en: str, remedy: Text = NOTHING) -> Reading:
    return Reading(indicator, state, Text(zh, en), remedy)


def _unseen(indicator: str, seen: Seen) -> Reading | None:
    """The reading where nobody looked, or the look settled nothing: never a pass."""
    if seen.reached is None:
        why = seen.unmeasured or Text("尚未檢測此網址。", "This address has not been looked at.")
        return Reading(indicator, "not_measured", why)
    return None


def link(seen: Seen, edition: Edition) -> Reading:
    """連結有效性: the address answers, and not with an error (an error page sent as 200 is one)."""
    unseen = _unseen("link", seen)
    if unseen:
        return unseen
    if not seen.reached:
        why = seen.problem or Text("沒有回應。", "No answer.")
        mend = Text(
            "修復網址或服務，或在詮釋資料改列有效的網址。", "Mend the address or its service, or list one that works."
        )
        return Reading("link", "fail", why, mend)
    how = (
        Text("站內直接呼叫資料 API", "asked our data API directly")
        if seen.how == "in_process"
        else Text("經網路", "over HTTP")
    )
    return _reading("link", "pass", f"回應 {seen.status}（{how.zh}）。", f"Answered {seen.status} ({how.en}).")


def download(seen: Seen, edition: Edition) -> Reading:
    """資料可直接下載: the address gives the file itself, not a page, a log-in or an empty body."""
    unseen = _unseen("download", seen)
    if unseen:
        return unseen
    mend = Text(
        "把網址改為直接指向檔案，不需登入或再點選。", "Point the address at the file itself, without log-in or clicks."
    )
    if not seen.reached:
        return _reading(
            "download", "fail", "連結無效，無法下載。", "The link does not work, so nothing can be downloaded.", mend
        )
    if seen.found_format in NO_FILE:
        what = {
            "HTML": Text("網頁", "a web page"), "TEXT": Text("一段文字", "a line of text"), "EMPTY": Text("空的內容", "nothing"),
        }[seen.found_format]  # fmt: skip
        return _reading(
            "download", "fail", f"得到{what.zh}而不是資料檔。", f"It gives {what.en}, not a data file.", mend
        )
    part = Text("全檔", "the whole file") if seen.whole else Text(
        f"檔頭 {seen.bytes_read:,} 位元組", f"the first {seen.bytes_read:,} bytes")  # fmt: skip
    zh, en = f"可直接下載（讀取{part.zh}）。", f"Downloads directly ({part.en} read)."
    if seen.rows is not None and seen.rows_all is not None and seen.rows < seen.rows_all:
        zh += f"此網址一次給 {seen.rows:,} 列，全部 {seen.rows_all:,} 列須分頁取得。"
        en += f" This address gives {seen.rows:,} of {seen.rows_all:,} rows; the rest by pages."
    return _reading("download", "pass", zh, en)


def structure(seen: Seen, edition: Edition) -> Reading:
    """結構化檔案類型: by the content of the file, not by its name."""
    unseen = _unseen("structure", seen)
    if unseen:
        return unseen
    found = seen.found_format
    if not seen.reached or found in NO_FILE:
        return _reading(
            "structure", "fail", "沒有取得資料檔。", "No data file was obtained.",
            FIRST,
        )  # fmt: skip
    if not found:
        return _reading(
            "structure", "not_measured", "無法由檔頭判斷檔案類型。", "The file's head does not tell its type."
        )
    if found in edition.structured_formats:
        return _reading("structure", "pass", f"內容為 {found}。", f"The content is {found}.")
    if found in edition.structured_formats_added:
        return _reading(
            "structure",
            "pass",
            f"內容為 {found}（本平臺增列之結構化格式）。",
            f"The content is {found} (a format added here).",
        )
    listed = "、".join(edition.structured_formats)
    mend = Text(f"改提供 {listed} 其中一種。", f"Offer one of {listed.replace('、', ', ')}.")
    return _reading(
        "structure", "fail", f"內容為 {found}，不是結構化檔案。", f"The content is {found}, not structured.", mend
    )


def encoding(seen: Seen, edition: Edition) -> Reading:
    """編碼描述與資料相符: the bytes decode in the encoding that is declared (UTF-8 where none is)."""
    unseen = _unseen("encoding", seen)
    if unseen:
        return unseen
    if not seen.reached or seen.found_format in NO_FILE:
        return _reading(
            "encoding",
            "fail",
            "沒有取得資料檔。",
            "No data file was obtained.",
            FIRST,
        )
    if not seen.found_format:
        return _reading("encoding", "not_measured", "無法判斷檔案類型。", "The file's type cannot be told.")
    if seen.found_format not in edition.text_formats:
        return _reading(
            "encoding", "not_applicable", f"{seen.found_format} 不是文字檔。", f"{seen.found_format} is no text file."
        )
    declared = family(seen.declared_encoding or edition.default_encoding)
    said = Text(f"宣告為 {declared}", f"declared {declared}") if seen.declared_encoding else Text(
        f"未宣告，應為 {declared}", f"none declared, so {declared} is due")  # fmt: skip
    if not seen.encoding:
        mend = Text("以單一編碼（建議 UTF-8）重新輸出。", "Write the file again in one encoding, best UTF-8.")
        return _reading(
            "encoding",
            "fail",
            f"內容無法解碼；{said.zh}。",
            f"The content decodes in no known encoding; {said.en}.",
            mend,
        )
    if seen.encoding in {"ASCII", declared}:
        return _reading(
            "encoding", "pass", f"內容為 {seen.encoding}；{said.zh}。", f"The content is {seen.encoding}; {said.en}."
        )
    mend = Text(
        f"改以 {declared} 輸出，或把編碼格式改宣告為 {seen.encoding}。",
        f"Write it in {declared}, or declare {seen.encoding}.",
    )
    return _reading(
        "encoding", "fail", f"內容為 {seen.encoding}；{said.zh}。", f"The content is {seen.encoding}; {said.en}.", mend
    )


def family(name: str) -> str:
    """An encoding's name as indicators compare it: CP950 and Big5-HKSCS count as BIG5."""
    plain = name.strip().upper().replace("_", "-")
    if plain.startswith(("BIG5", "CP950", "MS950", "X-BIG5")):
        return "BIG5"
    return {"UTF8": "UTF-8", "UTF-8-SIG": "UTF-8", "US-ASCII": "ASCII", "UTF-16LE": "UTF-16", "UTF-16BE": "UTF-16"}.get(
        plain, plain
    )


def fields(seen: Seen, subject: Subject, edition: Edition) -> Reading:
    """欄位描述與資料相符: every described field stands in the header, the keys or the elements."""
    unseen = _unseen("fields", seen)
    if unseen:
        return unseen
    if not seen.reached or seen.found_format in NO_FILE:
        return _reading(
            "fields",
            "fail",
            "沒有取得資料檔。",
            "No data file was obtained.",
            FIRST,
        )
    if not subject.declared:
        return _reading("fields", "not_applicable", "詮釋資料沒有主要欄位說明。", "The metadata describe no fields.")
    known = (*edition.structured_formats, *edition.structured_formats_added)
    if seen.found_format and seen.found_format not in known:
        return _reading(
            "fields", "not_applicable", "非結構化檔案，沒有欄位可比對。", "Not structured: no fields to compare."
        )
    if seen.names is None:
        return _reading(
            "fields", "not_measured", "讀不到第一筆資料的欄位。", "The fields of the first record could not be read."
        )
    fold = str.casefold if edition.fields_ignore_case else str
    have = {fold(n.strip()) for n in seen.names}
    missing = [n for n in subject.declared if fold(n.strip()) not in have]
    if missing:
        names, more = "、".join(missing[:8]), f" 等 {len(missing)} 欄" if len(missing) > 8 else ""
        more_en = f" and {len(missing) - 8} more" if len(missing) > 8 else ""
        mend = Text("更正主要欄位說明，或補上資料中的欄位。", "Correct the described fields, or add them to the data.")
        return _reading(
            "fields", "fail", f"資料中沒有所描述的欄位：{names}{more}。",
            f"Described but not in the data: {', '.join(missing[:8])}{more_en}.",
            mend,
        )  # fmt: skip
    case = "（不分大小寫）" if edition.fields_ignore_case else ""
    case_en = " (letter case ignored)" if edition.fields_ignore_case else ""
    return _reading(
        "fields", "pass", f"所描述的 {len(subject.declared)} 欄都在資料中{case}。",
        f"All {len(subject.declared)} described fields stand in the data{case_en}.",
    )  # fmt: skip


def timeliness(subject: Subject, edition: Edition, now: datetime) -> Reading:
    """更新時效性: the last update, and the newest time in the rows, against the promised frequency."""
    promise = subject.frequency
    if not subject.promised:
        return _reading(
            "timeliness",
            "not_measured",
            "所匯入的目錄沒有更新頻率與更新時間。",
            "The imported list has no frequency and no moment.",
        )
    if promise.unit == "irregular" or promise.every <= 0:
        return _reading(
            "timeliness",
            "unknown",
            "更新頻率為不定期，依規則不計。",
            "It promises no frequency; by rule this does not count.",
        )
    if subject.updated_at is None:
        return _reading("timeliness", "not_measured", "沒有更新時間。", "No moment of update is known.")
    interval = timedelta(seconds=promise.every * UNIT_S[promise.unit])
    often = Text(
        f"每 {promise.every} {UNIT_NAMES[promise.unit].zh}", f"every {promise.every} {UNIT_NAMES[promise.unit].en}(s)"
    )
    mend = Text("恢復更新，或把更新頻率改為實際的頻率。", "Resume the updates, or promise the frequency that is kept.")
    since = now - subject.updated_at
    if since > interval * edition.update_grace:
        return _reading(
            "timeliness", "fail",
            f"最近更新於 {_day(subject.updated_at)}，已 {_span(since).zh}；承諾{often.zh}更新。",
            f"Last updated {_day(subject.updated_at)}, {_span(since).en} ago; it promises {often.en}.", mend,
        )  # fmt: skip
    if subject.newest is not None:
        age = now - subject.newest
        if subject.measured and age > interval * edition.content_grace:
            return _reading(
                "timeliness", "fail",
                f"資料最新到 {_day(subject.newest)}（{subject.time_field}），已 {_span(age).zh}；承諾{often.zh}更新。",
                f"Its newest row is of {_day(subject.newest)} ({subject.time_field}), {_span(age).en} ago; it promises "
                f"{often.en}.",
                mend,
            )  # fmt: skip
        if not subject.measured and subject.overdue is not None:
            return Reading("timeliness", "fail", subject.overdue, mend)
        event = Text("", "") if subject.measured else _AWAY
        return _reading(
            "timeliness", "pass",
            f"更新於 {_day(subject.updated_at)}，資料最新到 {_day(subject.newest)}；承諾{often.zh}更新。{event.zh}",
            f"Updated {_day(subject.updated_at)}, newest row of {_day(subject.newest)}; it promises {often.en}.{event.en}",
        )  # fmt: skip
    return _reading(
        "timeliness", "pass",
        f"更新於 {_day(subject.updated_at)}；承諾{often.zh}更新。沒有可讀的時間欄位，資料內容的新舊未計。",
        f"Updated {_day(subject.updated_at)}; it promises {often.en}. There is no readable time column, so the age of what "
        "the rows say is not counted.",
    )  # fmt: skip


def feedback(subject: Subject, edition: Edition) -> Reading:
    """回復效率: requests answered within the edition's days. Without a channel nothing is measured."""
    told = subject.feedback
    if told is None:
        return _reading(
            "feedback", "not_measured", "本平臺尚未有民眾意見的紀錄，無法檢測回復效率。",
            "No requests from the public are recorded here yet, so replies cannot be measured.",
            Text("民眾意見功能啟用後檢測。", "It is measured once requests are recorded."),
        )  # fmt: skip
    days = edition.feedback_days
    if told.settled == 0:
        return _reading(
            "feedback", "unknown", "沒有民眾意見，依規則不計。", "There were no requests; by rule this does not count."
        )
    if told.late:
        return _reading(
            "feedback", "fail", f"{told.settled} 件中 {told.late} 件逾 {days} 日才回復或未回復。",
            f"{told.late} of {told.settled} requests were answered after {days} days or not at all.",
            Text("回復逾期的意見。", "Answer what is overdue."),
        )  # fmt: skip
    return _reading(
        "feedback",
        "pass",
        f"{told.settled} 件皆於 {days} 日內回復。",
        f"All {told.settled} requests were answered within {days} days.",
    )


def _day(moment: datetime) -> str:
    return moment.astimezone(TAIPEI).strftime("%Y-%m-%d %H:%M")


def _span(age: timedelta) -> Text:
    hours = age.total_seconds() / 3600
    return (
        Text(f"{hours / 24:,.0f} 日", f"{hours / 24:,.0f} days")
        if hours >= 48
        else Text(f"{hours:.1f} 小時", f"{hours:.1f} hours")
    )


PER_RESOURCE: dict[str, Callable[[Seen, Edition], Reading]] = {
    "link": link, "download": download, "structure": structure, "encoding": encoding,
}  # fmt: skip


def judge(
    subject: Subject, looks: tuple[Seen, ...], edition: Edition, now: datetime
) -> tuple[Marked, tuple[ResourceReadings, ...]]:
    """The mark of a dataset with the readings of each of its resources."""
    resources = tuple(
        ResourceReadings(
            s.resource.name,
            s.resource.address,
            s.resource.format,
            (*(rule(s, edition) for rule in PER_RESOURCE.values()), fields(s, subject, edition)),
        )
        for s in looks
    )
    excused = dict(subject.excused)
    readings = [intersect(name, resources) for name in (*PER_RESOURCE, "fields")]
    readings += [timeliness(subject, edition, now), feedback(subject, edition)]
    readings = [excuse(r, excused) for r in readings]
    order = [i.id for i in edition.indicators]
    readings.sort(key=lambda r: order.index(r.indicator))
    return mark(readings, edition, white_listed=subject.white_listed), resources
