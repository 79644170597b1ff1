"""A small town of datasets for the pipeline's tests: definitions as text, deliveries as CSV files, and its cast."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qingliu.accounts.rules import Actor, RoleGrant, operator

OPERATOR = operator("test")
STEWARD = Actor("user:steward", (RoleGrant("steward", "moenv"),))
STRANGER = Actor("user:stranger", (RoleGrant("steward", "ema"),))
MEMBER = Actor("user:member", (RoleGrant("member"),))
COLUMNS = ("siteid", "time", "county", "pm25")


def definition(
    code: str = "TEST_A",
    *,
    mode: str = "upsert",
    county: str = "",
    view: str = "",
    title: str = "測試",
    source: str = "",
) -> str:
    """Hourly readings keyed by station and time. ``county`` is added to that column's entry, ``source`` and ``view`` whole."""
    head = f"""code: {code}
title: {{zh: {title}, en: Test}}
description: {{zh: 測試用, en: For tests}}
agency: {{code: moenv, zh: 環境部, en: Ministry of Environment}}
category: air
"""
    if view:
        head += f"view: {view}\n"
    else:
        months = "partition: month\n" if mode == "append" else ""
        head += f"{months}mode: {mode}\nkey: [siteid, time]\ntime: time\norder: [siteid, time]\n{source}"
    return f"""{head}schema:
  fields:
    - {{name: siteid, type: integer, title: {{zh: 站號, en: Site}}, constraints: {{required: true}}}}
    - {{name: time, type: datetime, title: {{zh: 時間, en: Time}}, formats: ["%Y-%m-%d %H:%M"], constraints: {{required: true}}}}
    - {{name: county, type: string, title: {{zh: 縣市, en: County}}{county}}}
    - {{name: pm25, type: number, title: {{zh: 細懸浮微粒, en: PM2.5}}, aliases: ["pm2.5"]}}
"""


def rows(count: int, *, value: float = 1.0, first: int = 1) -> list[tuple[str, ...]]:
    """``count`` stations from ``first`` on, at one hour, all with ``value``."""
    return [(str(n), "2026-01-01 00:00", "臺北市", str(value)) for n in range(first, first + count)]


def csv(path: Path, lines: Sequence[Sequence[str]], *, columns: Sequence[str] = COLUMNS, before: int = 0) -> Path:
    """A UTF-8 file with ``before`` lines of chatter above its header."""
    text = [*["說明,,,"] * before, ",".join(columns), *(",".join(line) for line in lines)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(text) + "\n", encoding="utf-8")
    return path
