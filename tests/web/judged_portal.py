"""The page tests' portal once judges have spoken: a gold mark with one indicator unmeasured, findings, both languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qingliu.core.dataset import Text
from qingliu.core.records import Finding
from qingliu.lake.published import PublishedWriter
from qingliu.quality.rules import editions, marks
from qingliu.quality.rules.result import Result, fingerprint, note
from qingliu.standards import content_rules
from tests.web import portal as small

MOMENT = "2026-11-22T05:00:00.000Z"
WHY, REMEDY = Text("兩站的 AQI 過高。", "Two stations have a high AQI."), Text("查明原因。", "Find out why.")
RULE = next(iter(content_rules.register()))
ROWS = "siteid IN ('02','03') AND datacreationdate >= TIMESTAMP('2026-11-20T04:00:00Z')"
HIGH = Finding(RULE, "aqi", WHY, REMEDY, count=72, rows=ROWS, columns=("aqi",))
WHOLE = Finding("timeliness", "2026-11-21", WHY, REMEDY, severity="info")
FINGERPRINT = fingerprint("AQX_P_488", HIGH)
CONTEST = {
    "id": 7, "target": "indicator:timeliness", "subject": "timeliness", "version": 2, "reason": "來源停機維護",
    "raised_at": MOMENT, "state": "rejected", "decision": "維護未預告", "decided_at": MOMENT,
}  # fmt: skip


def result(code: str, states: dict[str, str], findings: tuple[Finding, ...] = (), kind: str = "table") -> Result:
    """A judgement whose indicators are in these states, all others passing; its mark follows by the rules."""
    edition = editions.default()
    readings = tuple(
        marks.Reading(i, states.get(i, "pass"), Text(f"{i} 的理由", f"why {i}"), Text("改善", "mend it"))  # type: ignore[arg-type]
        for i in editions.INDICATORS
    )
    marked = marks.mark(readings, edition)
    resources = (marks.ResourceReadings("native-csv", f"/api/datasets/{code}/rows?f=csv", "CSV", readings),)
    return Result(
        code, "MOENV", kind, 2, edition.name, marked.mark, marked.levels, marked.indicators, resources,
        mqa=MQA, findings=findings,
    )  # fmt: skip


MQA: dict[str, Any] = {
    "edition": "2026-11", "points": 375, "at_most": 395, "max": 405, "rating": "excellent",
    "dimensions": [
        {"code": "findability", "title": {"zh": "可尋性", "en": "Findability"}, "points": 30, "max": 100, "unmeasured": 0}
    ],
    "metrics": [
        {"code": "keyword", "dimension": "findability", "level": "dataset", "state": "met", "points": 30, "max": 30,
         "title": {"zh": "關鍵字", "en": "Keywords"}, "reason": {"zh": "有", "en": "There are"},
         "remedy": {"zh": "", "en": ""}, "where": ""}
    ],
    "violations": [], "tally": {}, "reconstruction": {"zh": "", "en": ""}, "source": {"zh": "方法", "en": "method"},
}  # fmt: skip
STANDARDS = {
    "version": 2, "declared": "x", "mapped": 1, "unmapped": 7, "cells": 144, "failing": 3, "spatial_category": "",
    "columns": [{"field": "aqi", "property": "Environment/Air/Station/SiteName", "uri": "urn:x", "draft": True,
                 "cells": 144, "failing": 4, "fault_of_standard": 1}],
    "findings": [{"rule": "standards/cells", "place": "aqi", "reason": {"zh": "三格不合", "en": "Three cells fail"},
                  "remedy": {"zh": "改", "en": "Mend"}, "severity": "warning", "count": 3,
                  "rows": "aqi = 40", "columns": ["aqi"]}],
    "changes": [{"doing": "clean", "field": "aqi", "before": "40", "after": "", "why": {"zh": "不合", "en": "Fails"},
                 "cells": 3, "rows": "aqi = 40", "optional": False}],
}  # fmt: skip
BILINGUAL = {
    "level": 2, "version": 2, "declared": "x", "edition": "112-draft", "reconstruction": True,
    "completeness": {"page": {"done": 9, "of": 9}, "fields": {"done": 8, "of": 8}, "contents": {"done": 1, "of": 3}},
    "columns": {"sitename": {"distinct": 3, "covered": 2, "cells": 144, "covered_cells": 96, "approved": 1,
                             "origins": {"person": 1, "area": 1}}},
    "contents": {"sitename": {"基隆": "Keelung", "汐止": "Xizhi"}},
    "findings": [{"rule": "bilingual/contents", "place": "fields.sitename", "reason": {"zh": "一個值沒有英文", "en": "One"},
                  "remedy": {"zh": "補", "en": "Add"}, "severity": "info", "count": 1, "rows": "", "columns": ["sitename"]}],
}  # fmt: skip
PRIVACY = {
    "date": "2026-11-22", "rows": 5, "cells": 6, "counts": {"addresses": 2, "names": 4}, "fields": [],
    "rules": [{"name": "natural-persons", "title": {"zh": "自然人姓名", "en": "Names of persons"}, "edition": 1,
               "rows": "persons",
               "fields": ["sitename"], "level": 2, "names": "mask", "text": "keep",
               "basis": {"zh": "政府資訊公開法第 18 條", "en": "Article 18"}, "approved_on": "2026-11-20",
               "review_on": "2027-11-20", "reconstruction": True}],
    "assessments": [{"dataset": "EVIL_P_01", "answer": "public", "date": "2026-11-20", "review_on": "2027-05-20"}],
}  # fmt: skip


def build(home: Path) -> None:
    """The small portal with what judges say of three datasets."""
    paths = small.build(home)
    edition = editions.default()

    def said(of: Result, **more: Any) -> dict[str, Any]:
        told = {"official": None, "differences": [], "contests": []}
        return note(of, edition, judged_at=MOMENT, confirmed_at=MOMENT) | told | more

    with PublishedWriter(paths.published_db).transaction() as switch:
        gold = result("AQX_P_488", {"feedback": "not_measured"}, (HIGH, WHOLE))
        official = {"whose": "official", "mark": {"id": "platinum", "zh": "白金標章", "en": "Platinum"}, "printed": "白金",
                    "flags": {}, "edition": "2026-09", "date": "2026-09-01", "source": "data.gov.tw"}  # fmt: skip
        differs = [{"zh": "標章：官方為白金標章，本平臺為金標章。", "en": "Mark: official Platinum, ours Gold."}]
        notes = said(gold, official=official, differences=differs, contests=[CONTEST])
        switch.put_note("AQX_P_488", "quality", notes)
        switch.put_note("AQX_P_488", "standards", STANDARDS)
        switch.put_note("AQX_P_488", "bilingual", BILINGUAL)
        switch.put_note("AQX_P_488", "privacy", PRIVACY)
        switch.put_note("AQX_P_432", "quality", said(result("AQX_P_432", {}, kind="view")))
        switch.put_note("EVIL_P_01", "quality", said(result("EVIL_P_01", {"link": "not_measured"})))
        listed = result("WQX_P_01", dict.fromkeys(editions.INDICATORS, "not_measured"), kind="listed")
        switch.put_note("WQX_P_01", "quality", said(listed))
