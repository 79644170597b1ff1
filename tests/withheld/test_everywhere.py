"""Sites are restricted after their rows were published, judged, packed, corrected and read: no address and no file keeps them.

The same walk is made before, where it must find them in every format: what it cannot find it could not miss.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from qingliu.catalog import actions as catalog
from qingliu.config import cli
from qingliu.lake.paths import LakePaths
from qingliu.pipeline import actions
from qingliu.pipeline.corrections import RowChange
from qingliu.pipeline.rules import State
from qingliu.privacy import actions as privacy
from qingliu.web import lakeside
from tests.privacy import town
from tests.web import cast
from tests.withheld.reading import Needles
from tests.withheld.scene import LOOKED, PEOPLE, Scene, enrol, open_scene

TIMES = '- {name: at, type: datetime, title: {zh: 時間, en: At}, formats: ["%Y-%m-%d %H:%M"], constraints: {required: true}}'
HEAD = (*town.COLUMNS, "at")
STREETS = ("公館村將軍岩88號", "海濱路6巷8號", "明德新村路77號")
DISTRICTS = ("臺東縣綠島鄉", "屏東縣恆春鎮", "高雄市左營區")
PERSON, MOBILE = "蔡旭昇", "0987-654-321"
POINTS = (
    (121.50123, 22.67013),
    (120.74017, 22.00031),
    (120.29019, 22.69029),
)  # among them the most eastern, the most southern
SITES = f"{town.SITE_HEADS}S1234567,,,,,\n,海角油料庫,,,,\n,,{DISTRICTS[2]}{STREETS[2]},,,\n"
NEEDLES = Needles((*STREETS, "將軍岩", "明德新村路", PERSON, MOBILE), [n for p in POINTS for n in p])
# private, not served to anybody but those who brought it or decide about it; it goes after thirty days
KEPT = ("private/staging/", "private/drafts/", "private/restricted")
OWN = re.compile(r"^(/en)?/desk/drafts/[0-9a-f-]+/")  # a draft: what its agency brought, not yet looked at by the gate
LIST = re.compile(r"^(/en)?/privacy/(restricted/1/read|runs/[0-9a-f-]+/)$")  # the list, and held rows before and after
MAY_SEE = {"mei": OWN, "hua": OWN, "office": OWN, "guard": LIST}
NEVER_HERE = {  # refused with a reason: SQL is not offered, and there are no vocabularies
    "GET /api/3/action/datastore_search_sql", "GET /api/3/action/vocabulary_show", "POST /api/3/action/vocabulary_show",
}  # fmt: skip
FORMS = ("json", "ndjson", "csv", "parquet", "geoparquet", "arrow", "csv.gz", "xlsx", "ods")
SHOWING = {(f"/api/datasets/{{code}}/{part}", f) for part in ("rows", "latest") for f in FORMS}
SHOWING |= {("/api/datasets/{code}/changes", f) for f in FORMS if f != "geoparquet"}
SHOWING |= {
    ("/api/datasets/{code}/rows", "geojson"),
    ("/api/datasets/{code}/openapi.json", ""),
    ("/api/docs/{code}", ""),
}
SHOWING |= {("/api/v2/{code}", f) for f in ("json", "csv", "xml")}
SHOWING |= {("/datastore/dump/{table}", f) for f in ("csv", "tsv", "json", "xml")}
SHOWING |= {("/api/3/action/datastore_search", f) for f in ("objects", "lists", "csv", "tsv")}
SHOWING |= {("/api/ogc/collections/{collectionId}/items", f) for f in ("json", "html")}
SHOWING |= {("/api/ogc/collections/{collectionId}", ""), ("/api/ogc/collections", "")}
SHOWING |= {("/api/datasets/{code}/series", "")}
PACKED = {".csv.gz", ".parquet", ".geo.parquet", ".xlsx", ".ods"}
SEARCHES = (
    ("/api/3/action/datastore_search", "id=PEN_W&limit=5&q=%s", "total"),
    ("/api/datasets/PEN_W/rows", "filter=fac_address LIKE '%%%s'", "rows"),
    ("/api/datasets/PEN_W/rows", "as_of=1&filter=fac_address LIKE '%%%s'", "rows"),
    ("/api/ogc/collections/PEN_W/items", "filter=fac_address LIKE '%%%s'", "features"),
)


def site(no: int, n: int, control: str = "B9000000", name: str = "某單位") -> tuple[str, ...]:
    where = DISTRICTS[n] + STREETS[n]
    lon, lat = POINTS[n]
    return (str(no), control, name, where, name, where, f"於{where}查獲", str(lon), str(lat), "0", "2026-01-02 03:00")


def firm(no: int) -> tuple[str, ...]:
    where = f"桃園市觀音區成功路二段{no}號"
    return (str(no), f"A{no:07d}", "大川化學工業股份有限公司", where, "大川化學工業股份有限公司", where, "廢水超過放流水標準",
            f"{121.1 + no / 1000:.4f}", f"{25 + no / 1000:.4f}", "0", "2026-01-01 02:00")  # fmt: skip


def person(no: int) -> tuple[str, ...]:
    return (str(no), "A1000002", "東隆汽車修理廠", "臺中市西屯區福星路12號", PERSON, "臺中市北區三民路三段88巷6號5樓",
            f"行為人{PERSON}（{MOBILE}）於現場露天燃燒", "120.64", "24.18", "0", "2026-01-03 04:00")  # fmt: skip


ROWS = [*map(firm, range(10, 30)), person(40), site(1, 0, "S1234567"), site(2, 1, name="海角油料庫"), site(3, 2),
        site(4, 0, "S1234567")]  # fmt: skip


def definition(code: str, *, view: str = "") -> str:
    text = (
        town.definition(code, extra="keywords: [{zh: 裁處, en: penalty}]\n").replace("key: [no]", "key: [no]\ntime: at")
        + f"\n    {TIMES}\n"
    )
    if view:
        text = text.replace("mode: snapshot\nkey: [no]\n", f"view: {view}\n").replace("order: [no]\n", "")
        text = text.replace("time: at\n", "")
    return text


def deliver(folder: Path, rows: list[tuple[str, ...]], code: str = "PEN_W") -> str:
    """The state of a run of these rows."""
    file = folder / "in.csv"
    file.write_text("\n".join(",".join(r) for r in (HEAD, *rows)) + "\n", encoding="utf-8")
    return actions.run_delivery(code=code, files=[file], by=town.OPERATOR).state


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """Every line that is logged meanwhile, with its traceback."""
    lines: list[str] = []
    handler = logging.Handler(logging.DEBUG)
    handler.emit = lambda record: lines.append(logging.Formatter().format(record))  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    yield lines
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def scene(home: LakePaths, transactional_db: None, tmp_path: Path) -> Iterator[Scene]:
    """Two versions, a view, a decision about a site's row, rows set aside, a held run, a draft; all of it looked at."""
    key = enrol()
    privacy.seed()
    privacy.propose(rule=LOOKED, why="測試", by=town.MAKER)
    privacy.decide(name=LOOKED.name, approve=True, reason="看過", by=town.CHECKER)
    catalog.register_definition(text=definition("PEN_W"), by=town.OPERATOR)
    catalog.register_definition(text=definition("PEN_V", view="{of: [PEN_W], newest_by: [control]}"), by=town.OPERATOR)
    assert deliver(tmp_path, ROWS[:-1]) == State.PUBLISHED
    odd = [*site(5, 0, "S1234567")]
    odd[7] = "不詳"
    assert deliver(tmp_path, [*ROWS, tuple(odd)]) == State.PUBLISHED
    change = RowChange({"no": 1}, {"facts": "更正"})
    actions.correct(code="PEN_W", decisions=[change], reason="更正", by=town.OPERATOR)
    assert deliver(tmp_path, ROWS[-2:]) == State.HELD
    cast.upload(cast.client("mei"), cast.file("\n".join(",".join(r) for r in (HEAD, *ROWS)), name="penalties.csv"))
    made = open_scene(home, ("PEN_W", "PEN_V"), NEEDLES, key)
    made.aggregates = ("min(lon)", "max(lon)", "min(lat)")
    before = list(lakeside._given)
    yield made
    lakeside._given[:] = before
    made.portal.engine.close()


def test_what_is_withheld_later_stands_in_no_answer_and_in_no_file(
    scene: Scene, logged: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = scene.rows("PEN_W")
    sees_everything(scene)
    told = logged[:]
    scene.restrict(SITES, town.DEFAULTS)
    for asked in (["privacy", "scan", "PEN_W"], ["privacy", "restricted", "editions"], ["verify"], ["republish"]):
        cli.main(asked)
    assert not NEEDLES.within("".join(capsys.readouterr()).encode())
    keeps_nothing(scene)
    assert not NEEDLES.within("\n".join(logged[len(told) :]).encode())
    after = scene.rows("PEN_W")
    sites = {1: DISTRICTS[0], 2: DISTRICTS[1], 3: DISTRICTS[2], 4: DISTRICTS[0], 5: DISTRICTS[0]}
    assert {no: r["fac_address"] for no, r in after.items()} == {
        no: sites.get(no, r["fac_address"]) for no, r in before.items()
    }


def test_no_search_answers_to_what_is_withheld(scene: Scene) -> None:
    asked = [(path, query % quote(STREETS[0]), total) for path, query, total in SEARCHES]
    assert [path for path, query, total in asked if scene.total(path, query, total)] == [p for p, _, _ in asked]
    scene.restrict(SITES, town.DEFAULTS)
    assert [(path, query) for path, query, total in asked if scene.total(path, query, total)] == []


def sees_everything(scene: Scene) -> None:
    """Before: every address of the description answers, every format that carries rows shows the sites, and so do files."""
    shown = scene.walk()
    document = scene.portal.get("/api/openapi.json").json
    described = {f"{m.upper()} {t}" for t, item in document["paths"].items() for m in item if m in ("get", "post")}
    unasked = described - scene.answered - NEVER_HERE
    assert not unasked, unasked
    found = {(a.template, a.form) for a in shown}
    assert not SHOWING - found, SHOWING - found
    assert {re.sub(r"^[^.]+", "", a.path.rpartition("/")[2]) for a in shown if "/bulk/" in a.path} >= PACKED
    assert [a for a in shown if "/files/" in a.path]
    rested = scene.resting()
    for place in ("lake/", "bulk/"):
        assert [p for p in rested if p.startswith(place)], place


def keeps_nothing(scene: Scene) -> None:
    """After: no address, asked by nobody, a reader with a key or the people of the portal; no file but those of KEPT."""
    assert scene.walk() == {}
    for who in PEOPLE:
        beside = {path for path in scene.pages(who) if not (who in MAY_SEE and MAY_SEE[who].search(path))}
        assert beside == set(), who
    assert {p for p in scene.resting() if not p.startswith(KEPT)} == set()
