"""A town for the gate: penalties of invented people and firms, a restricted site, and the people who decide about them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from qingliu.accounts.rules import Actor, RoleGrant, operator
from qingliu.core.clock import TAIPEI, now
from qingliu.core.dataset import Text
from qingliu.privacy import actions as privacy
from qingliu.privacy.gate.policy import MaskRule

OPERATOR = operator("test")
MAKER = Actor("user:maker", (RoleGrant("privacy"),))
CHECKER = Actor("user:checker", (RoleGrant("privacy"),))
OFFICE = Actor("user:office", (RoleGrant("office"),))
STEWARD = Actor("user:steward", (RoleGrant("steward", "moenv"),))
STRANGER = Actor("user:stranger", (RoleGrant("steward", "ema"),))
DEFAULTS = ("natural-persons", "own-address", "free-text", "restricted-sites")
RULE = MaskRule("petitions", Text("訴願中", "Under appeal"), "stage", Text("第 18 條", "art. 18"), fields=("violator_name",),
                names="hide", stage_field="appeal", stage_values=("1",))  # fmt: skip
LATER = now().astimezone(TAIPEI).date() + timedelta(days=200)

COLUMNS = (
    "no",
    "control",
    "fac_name",
    "fac_address",
    "violator_name",
    "violator_address",
    "facts",
    "lon",
    "lat",
    "appeal",
)
SITE_ADDRESS = "高雄市左營區明德新村路77號"
SITE_HEADS = "control_no,name,address,lon,lat,radius_m\n"
SITES = f"{SITE_HEADS}S1234567,,,,,\n,海角油料庫,,,,\n,,{SITE_ADDRESS},,,\n,,,121.700000,25.150000,150\n"

FIRM = ("1", "A1000001", "大川化學工業股份有限公司", "桃園市觀音區成功路二段99號", "大川化學工業股份有限公司",
        "桃園市觀音區成功路二段99號", "廢水超過放流水標準", "121.10", "25.03", "0")  # fmt: skip
PERSON = ("2", "A1000002", "東隆汽車修理廠", "臺中市西屯區福星路12號", "蔡旭昇",
          "臺中市北區三民路三段88巷6號5樓", "行為人蔡旭昇（0987-654-321）於現場露天燃燒", "120.64", "24.18", "0")  # fmt: skip
SITE = ("3", "S1234567", "某單位", "新北市石門區中央路1號", "某單位", "新北市石門區中央路1號",
        "於新北市石門區中央路1號查獲未依規定貯存", "121.55", "25.29", "0")  # fmt: skip


def definition(code: str = "PEN_A", *, sensitive: bool = True, extra: str = "") -> str:
    """Penalties with names, addresses, facts and coordinates."""

    def mark(word: str) -> str:
        return f", sensitivity: {word}" if sensitive else ""

    def text(name: str, zh: str, more: str = "") -> str:
        return f"    - {{name: {name}, type: string, title: {{zh: {zh}, en: {name}}}{more}}}\n"

    return f"""code: {code}
title: {{zh: 裁處, en: Penalties}}
description: {{zh: 測試用, en: For tests}}
agency: {{code: moenv, zh: 環境部, en: Ministry of Environment}}
category: enforcement
mode: snapshot
key: [no]
order: [no]
place: {{lon: lon, lat: lat}}
{extra}schema:
  fields:
    - {{name: "no", type: integer, title: {{zh: 序號, en: No}}, constraints: {{required: true}}}}
{text("control", "管制編號", ", role: control_number")}\
{text("fac_name", "事業名稱", ", role: facility_name" + mark("personal"))}\
{text("fac_address", "事業地址", ", role: address" + mark("address"))}\
{text("violator_name", "違規人", ", role: person_name" + mark("personal"))}\
{text("violator_address", "違規人地址", ", role: address" + mark("address"))}\
{text("facts", "違反事實", mark("text"))}\
    - {{name: lon, type: number, title: {{zh: 經度, en: Longitude}}, constraints: {{minimum: 114, maximum: 123.5}}}}
    - {{name: lat, type: number, title: {{zh: 緯度, en: Latitude}}, constraints: {{minimum: 10, maximum: 27}}}}
{text("appeal", "是否訴願")}"""


def csv(path: Path, lines: Sequence[Sequence[str]]) -> Path:
    """A delivery."""
    text = "\n".join([",".join(COLUMNS), *(",".join(line) for line in lines)]) + "\n"
    path.write_text(text, encoding="utf-8")
    return path


def approve_defaults() -> None:
    """The shipped rules, approved by somebody."""
    privacy.seed()
    for name in DEFAULTS:
        privacy.decide(name=name, approve=True, reason="看過", by=CHECKER)


def restrict(text: str = SITES) -> None:
    """A restricted list, brought by one and approved by another."""
    row = privacy.import_list(text=text, basis="政府資訊公開法第 18 條第 1 項第 2 款", review_on=LATER, by=MAKER)
    privacy.decide_list(number=row.number, approve=True, by=CHECKER)
