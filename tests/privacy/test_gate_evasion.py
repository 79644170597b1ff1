"""Ways around the restricted list that were tried, row by row: another writing, another column, half an address."""

from __future__ import annotations

from pathlib import Path

import pytest

from qingliu.audit.models import Event
from qingliu.core.dataset import DatasetRecord
from qingliu.core.errors import BadRequest
from qingliu.lake.paths import LakePaths
from qingliu.pipeline import actions
from qingliu.pipeline.corrections import RowChange
from qingliu.privacy.actions.policy import shipped
from qingliu.privacy.gate.masking import Gate
from qingliu.privacy.gate.outcome import Row, Value
from qingliu.privacy.gate.policy import Approved, Policy
from qingliu.privacy.gate.restricted import Matcher, read_sites
from qingliu.standards import definition
from tests.privacy import town
from tests.privacy.conftest import Deliver

POLICY = Policy(tuple(Approved(r, 1, "", "") for r in shipped()))
WRITTEN = (
    "高雄市左營區明德新村路77號", "左營區明德新村路77號", "明德新村路77號", "高雄市左營區明德里5鄰明德新村路77號",
    "高雄市左營區明德新村路七十七號三樓", "高雄市左營區明德新村路７７號", "高雄市左營區明德新村路75、77號",
    "高雄市明德新村路77號",
    "[813]高雄市左營區　明德新村路　７７　號",
)  # fmt: skip
OTHERS = (
    "高雄市左營區明德新村路79號", "臺南市東區明德新村路77號", "高雄市左營區明德新村路77巷3號", "高雄市左營區明德新村路177號",
    "臺南市東區明德新村路75、77號",
)  # fmt: skip


def record(more: str = "") -> DatasetRecord:
    return definition.loads(town.definition(sensitive=False) + more).dataset


def text(name: str, zh: str, role: str = "") -> str:
    return f"    - {{name: {name}, type: string, title: {{zh: {zh}, en: {name}}}{', role: ' + role if role else ''}}}\n"


def shown(row: dict[str, Value], sites: str, more: str = "") -> dict[str, Value]:
    """The row as it may be shown, found and judged as in a delivery."""
    gate = Gate.of(record(more), POLICY, Matcher.of(read_sites("control_no,name,address\n" + sites)))
    given: Row = {c: row.get(c) for c in gate.wanted}
    if not any(gate.concerns(c, t) for c in gate.columns.texts if isinstance(t := given.get(c), str)):
        return dict(given)
    return {**given, **{c: cell.value for c, cell in gate.judge(given).cells.items()}}


@pytest.mark.parametrize("written", WRITTEN)
def test_an_address_is_known_again_however_it_is_written(written: str) -> None:
    row = {"fac_address": written, "lon": 120.29, "lat": 22.69, "facts": f"派員至{written}稽查"}
    found = shown(row, f",,{town.SITE_ADDRESS}\n")
    told = f"{found['fac_address']} {found['facts']}"
    assert not [n for n in ("77", "七十七", "７７", "明德新村路") if n in told], told
    assert (found["lon"], found["lat"]) != (120.29, 22.69)


@pytest.mark.parametrize("other", OTHERS)
def test_the_house_beside_and_the_same_number_elsewhere_keep_theirs(other: str) -> None:
    row: dict[str, Value] = {"fac_address": other, "lon": 120.29, "lat": 22.69, "facts": f"派員至{other}稽查"}
    assert shown(row, f",,{town.SITE_ADDRESS}\n")["fac_address"] == other


def test_county_and_township_columns_say_where_a_bare_address_lies() -> None:
    more = text("county", "縣市", "county") + text("town", "鄉鎮", "township")
    site = ",,新北市石門區中央路1號\n"
    mine = {"county": "新北市", "town": "石門區", "fac_address": "中央路1號", "facts": "於中央路1號稽查"}
    assert "中央路" not in str(shown(mine, site, more))
    other = {**mine, "county": "花蓮縣", "town": "玉里鎮"}
    assert shown(other, site, more)["fac_address"] == "中央路1號"
    assert shown(other, site, more)["facts"] == "於中央路1號稽查"


def test_roads_and_their_sections_in_figures_are_the_same_road() -> None:
    for written in ("新北市蘆洲區中山1路8號", "新北市蘆洲區中山一路８號４樓"):
        assert shown({"fac_address": written}, ",,新北市蘆洲區中山一路8號\n")["fac_address"] == "新北市蘆洲區"


def test_a_site_known_by_its_number_only_is_withheld_in_the_sentences_too() -> None:
    row = {
        "control": "S1234567",
        "facts": "於新北市石門區中央路1號查獲，中央路旁亦有堆置",
        "fac_address": "新北市石門區中央路1號",
    }
    assert "中央路" not in str(shown(row, "S1234567,,\n"))
    alone = {"control": "S1234567", "facts": "於新北市石門區中央路1號查獲"}
    assert "中央路" not in str(shown(alone, "S1234567,,\n"))
    told = {"control": "A1000001", "facts": "移送管編S1234567之場所，位於新北市石門區中央路1號"}
    assert "中央路" not in str(shown(told, "S1234567,,\n"))


@pytest.mark.parametrize("sites", ["S1234567,,\n", ",海角油料庫,\n", ",,新北市石門區中央路1號\n"])
def test_a_column_that_nobody_gave_a_role_tells_a_site_as_well(sites: str) -> None:
    more = text("plot", "場址") + text("code", "代號") + text("where", "位置")
    row = {"plot": "海角油料庫", "code": "ｓ1234567", "where": "石門區中央路1號", "fac_address": "新北市石門區中央路1號",
           "lon": 121.55, "lat": 25.29}  # fmt: skip
    found = shown(row, sites, more)
    assert "中央路" not in str(found)
    assert (found["lon"], found["lat"]) != (121.55, 25.29)


def test_an_address_without_house_number_on_the_list_is_known_by_its_words() -> None:
    row = {
        "fac_address": "高雄市左營區海軍第三營區",
        "facts": "於高雄市左營區海軍第三營區旁",
        "lon": 120.2,
        "lat": 22.6,
    }
    found = shown(row, ",,高雄市左營區海軍第三營區\n")
    assert found["fac_address"] == "高雄市左營區"
    assert (found["lon"], found["lat"]) != (120.2, 22.6)
    assert "第三營區" not in str(found)


def test_a_persons_coordinates_fall_back_where_no_column_holds_an_address() -> None:
    bare = definition.loads(town.definition(sensitive=False).replace(", role: address", ", role: county")
                            .replace("事業地址", "縣市").replace("違規人地址", "縣市別")).dataset  # fmt: skip
    gate = Gate.of(bare, POLICY, Matcher())
    row: Row = {"violator_name": "蔡旭昇", "fac_address": "臺中市", "lon": 120.64, "lat": 24.18}
    assert gate.judge(row).cells["lon"].value != 120.64
    firm: Row = {**row, "violator_name": "大川化學工業股份有限公司"}
    assert "lon" not in gate.judge(firm).cells


def test_a_file_without_header_leaves_nobody_in_the_run_that_refuses_it(
    deliver: Deliver, portal: LakePaths, tmp_path: Path
) -> None:
    town.approve_defaults()
    file = tmp_path / "in.csv"
    file.write_text("\n".join(",".join(line) for line in (town.PERSON, town.FIRM)) + "\n", encoding="utf-8")
    run = actions.run_delivery(code="PEN_A", files=[file], by=town.OPERATOR)
    assert run.state != "published"
    kept = " ".join(p.read_bytes().decode("utf-8", "replace") for p in portal.home.rglob("*") if p.is_file())
    told = repr((run.seen, run.verdicts, run.error_zh, run.error_en, list(Event.objects.values_list("detail")))) + kept
    assert not [w for w in ("蔡旭昇", "0987-654", "三民路三段") if w in told], (run.state, run.seen, run.error_zh)


def test_a_reason_or_message_that_is_published_may_not_say_what_is_masked(deliver: Deliver, tmp_path: Path) -> None:
    town.approve_defaults()
    town.restrict()
    deliver([town.FIRM, town.PERSON])
    change = RowChange({"no": "1"}, {"fac_name": "大川化工股份有限公司"})
    for said in ("行為人蔡旭昇（0987-654-321）來電", f"實為{town.SITE_ADDRESS}之場所", "場所 S1234567"):
        with pytest.raises(BadRequest):
            actions.correct(code="PEN_A", decisions=[change], reason=said, by=town.OPERATOR)
        file = town.csv(tmp_path / "in.csv", [town.FIRM])
        with pytest.raises(BadRequest):
            actions.run_delivery(code="PEN_A", files=[file], message=said, by=town.OPERATOR)
