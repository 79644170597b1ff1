"""/api/limits: a caller's plan, what is left of it, and the tariff, in both languages. It costs nothing."""

from __future__ import annotations

from typing import Any

import falcon

from qingliu.api.http import NO_STORE, plain_json
from qingliu.api.limits.quota import (
    BYTES_A_POINT,
    COMPUTED,
    FILE_BYTES_A_POINT,
    KEPT,
    ROWS_A_POINT,
    Limits,
    Visit,
)
from qingliu.core.dataset import Text

TARIFF: tuple[tuple[str, int, str, Text], ...] = (
    (
        "kept",
        KEPT,
        "answer",
        Text("伺服器已有的回應，或 304（內容未變）", "An answer kept by the server, or a 304 (unchanged)"),
    ),
    ("computed", COMPUTED, "answer", Text("需要計算的回應", "An answer that has to be computed")),
    (
        "rows",
        1,
        f"{ROWS_A_POINT} rows",
        Text(f"計算時每讀 {ROWS_A_POINT:,} 列（整數部分）", f"Each full {ROWS_A_POINT:,} rows read to compute it"),
    ),
    ("bytes", 1, f"{BYTES_A_POINT} bytes", Text("串流回應每送出 1 MiB", "Each MiB sent of an answer that is streamed")),
    (
        "files",
        1,
        f"{FILE_BYTES_A_POINT} bytes",
        Text("現成檔案每 16 MiB（整數部分）", "Each full 16 MiB of a stored file"),
    ),
)


class Allowance:
    """What the caller may still ask."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """The plan, the rest and the tariff."""
        visit: Visit = req.context.visit
        resp.data = plain_json(self._told(visit))
        resp.content_type = "application/json"
        resp.content_length = len(resp.data)
        resp.set_header("Cache-Control", NO_STORE)

    on_head = on_get

    def _told(self, visit: Visit) -> dict[str, Any]:
        plan, left = visit.plan, visit.left
        quotas = (
            ("minute", plan.per_minute, left[0], visit.minute_left_s, Text("每分鐘請求數", "Requests a minute")),
            ("day", plan.per_day, left[1], visit.day_left_s, Text("每日請求數", "Requests a day")),
            ("points", plan.points_per_day, left[2], visit.day_left_s, Text("每日點數", "Points a day")),
        )
        running = self._limits.running(visit)
        streams = Text("同時進行或等候的大型回應", "Large answers that run or wait at once")
        rows = Text("一個查詢最多可讀的列數", "Rows that one question may read")
        seconds = Text("一個查詢到第一筆為止的秒數", "Seconds until the first row of one question")
        return {
            "plan": {"name": plan.name, "title": plan.title.zh, "title_en": plan.title.en},
            "by": "key" if visit.keyed else "address",
            "quotas": [
                {"name": n, "title": t.zh, "title_en": t.en, "quota": q, "left": r, "resets_in_s": s}
                for n, q, r, s, t in quotas
            ],
            "streams": {"title": streams.zh, "title_en": streams.en, "quota": plan.streams, "running": running},
            "question": [
                {"name": "rows", "title": rows.zh, "title_en": rows.en, "quota": plan.query_rows},
                {"name": "seconds", "title": seconds.zh, "title_en": seconds.en, "quota": plan.query_s},
            ],
            "tariff": [
                {"name": n, "points": p, "for": unit, "title": t.zh, "title_en": t.en} for n, p, unit, t in TARIFF
            ],
            "estimate": {
                "title": "以 HEAD 請求任何查詢，標頭 Qingliu-Cost 說明要讀幾列、送出多少位元組、約需幾秒，不會執行查詢。",
                "title_en": "Ask any question with HEAD: the header Qingliu-Cost tells rows read, bytes sent and seconds, "
                "and nothing is run.",
            },
        }
