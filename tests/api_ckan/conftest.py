"""The small portal of the API tests with what CKAN's questions need beside: months in files, tags, agencies, marks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from falcon.testing import Result, simulate_request

from qingliu.core.dataset import DatasetRecord, Frequency, Text
from qingliu.lake.published import PublishedWriter
from tests.api.portal import AGENCY, NOTHING, Portal, build, field, publish

MONTHS = DatasetRecord(
    code="MONTHS_P_03",
    title=Text("逐月檢測", "Tests by month"),
    description=Text("分月存放的檢測結果", "Results kept by month"),
    agency="ema",
    agency_name=Text("環境管理署", "Environmental Management Administration"),
    unit=NOTHING,
    category="water",
    keywords=(Text("水質", "water quality"), Text("檢測/結果", "tests")),
    fields=(
        field("site", "string", "測站", "Site", required=True),
        field("at", "datetime", "時間", "Time", formats=("%Y-%m-%d %H:%M",), required=True),
        field("day", "date", "日期", "Day", formats=("%Y-%m-%d",)),
        field("passed", "boolean", "合格", "Passed"),
        field("value", "number", "數值", "Value", unit="mg/L"),
        field("note", "string", "備註", "Note"),
    ),
    mode="upsert",
    key=("site", "at"),
    time_field="at",
    partition="month",
    order=("site", "at"),
    frequency=Frequency(1, "month"),
    issued=datetime(2020, 5, 1).date(),
)
FAR = replace(
    MONTHS,
    code="FAR-1.5",
    title=Text("遠方的目錄", "Far away"),
    agency="Other Agency",
    agency_name=AGENCY,
    keywords=(),
    fields=(),
    licence="CC-BY-4.0",
)
SAME = replace(FAR, code="FAR-1_5", title=Text("同名的目錄", "Same name"))


def month_rows() -> list[list[str]]:
    """90 days at 4 sites, every 6 hours: 1,440 rows over three months, some cells missing."""
    rows = []
    for s in range(4):
        for i in range(360):
            at = datetime(2024, 1, 1) + timedelta(hours=6 * i)
            n = s * 360 + i
            rows.append(
                [
                    f"S{s}", f"{at:%Y-%m-%d %H:%M}", f"{at:%Y-%m-%d}" if n % 9 else "", ("true", "false", "")[n % 3],
                    f"{n / 8}" if n % 7 else "", f"第{n}筆 50%_off \\ 空氣" if n % 2 else "臺北 Water",
                ]
            )  # fmt: skip
    return rows


@dataclass(frozen=True)
class Client:
    """A caller of actions."""

    portal: Portal

    def get(self, action: str, headers: dict[str, str] | None = None, **params: Any) -> Result:
        """An action by GET; what is no text is sent as JSON."""
        texts = {k.replace("__", "."): v if isinstance(v, str) else json.dumps(v) for k, v in params.items()}
        return simulate_request(
            self.portal.app, "GET", f"/api/3/action/{action}", query_string=urlencode(texts), headers=headers or {}
        )

    def post(self, action: str, body: Any, media: str = "application/json", **headers: str) -> Result:
        """An action by POST."""
        data = body if isinstance(body, (bytes, str)) else json.dumps(body)
        named = {"Content-Type": media} | {k.replace("_", "-"): v for k, v in headers.items()}
        return simulate_request(self.portal.app, "POST", f"/api/action/{action}", body=data, headers=named)

    def result(self, action: str, **params: Any) -> Any:
        """The result of an action that must succeed."""
        answer = self.get(action, **params)
        assert answer.status_code == 200, answer.text
        assert answer.json["success"] is True
        assert answer.json["help"].endswith(f"/api/3/action/help_show?name={action}")
        return answer.json["result"]

    def error(self, action: str, status: int, kind: str, **params: Any) -> dict[str, Any]:
        """The error of an action that must fail."""
        answer = self.get(action, **params)
        assert answer.status_code == status, answer.text
        assert answer.json["success"] is False
        assert answer.json["error"]["__type"] == kind
        return answer.json["error"]

    def search(self, table: str, **params: Any) -> Any:
        """The result of ``datastore_search``."""
        return self.result("datastore_search", resource_id=table, **params)


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """The served home."""
    made = build(tmp_path_factory.mktemp("ckan") / "home")
    version = publish(made.engine.paths, MONTHS, month_rows(), None)
    made.versions["MONTHS_P_03"] = [version]
    mark = {"mark": {"id": "gold", "zh": "金標章", "en": "Gold"}}
    with PublishedWriter(made.engine.paths.published_db).transaction() as t:
        t.put_version(version)
        t.put_entry(MONTHS, kind="table", current=1, status="published", updated_at="2025-03-01T01:02:03.004Z")
        for record in (FAR, SAME):
            t.put_entry(
                record, kind="listed", current=None, status="listed", updated_at="2019-01-01T00:00:00.000Z",
                extra={"datagovtw_id": "123"},
            )  # fmt: skip
        t.put_note("MONTHS_P_03", "quality", mark)
    yield made
    made.engine.close()


@pytest.fixture(scope="session")
def ckan(portal: Portal) -> Client:
    """A caller of the portal's actions."""
    return Client(portal)
