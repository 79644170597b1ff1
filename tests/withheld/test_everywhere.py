"""Sites are restricted after their rows were published, judged, packed, corrected and read: no address and no file keeps them.

The same walk is made before, where it must find them in every format: what it cannot find it could not miss.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from qingliu.api.cache import RequestKey, ResponseCache, Stored
from qingliu.catalog import actions as catalog
from qingliu.config import cli
from qingliu.core.dataset import VersionRecord
from qingliu.lake import bulk, redact
from qingliu.lake.paths import LakePaths
from qingliu.pipeline import actions
from qingliu.pipeline.corrections import RowChange
from qingliu.pipeline.rules import State
from qingliu.privacy import actions as privacy
from qingliu.web import lakeside
from tests.privacy import town
from tests.web import cast
from tests.withheld.addresses import Ask
from tests.withheld.reading import Needles
from tests.withheld.scene import KEPT, LOOKED, Scene, enrol, open_scene

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
def published(home: LakePaths, transactional_db: None, tmp_path: Path) -> str:
    """Two versions and a view under a rule that lets everything through; answers a key."""
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
    return key


@pytest.fixture
def packed(home: LakePaths, published: str) -> Iterator[Scene]:
    """The versions and their view, packed and served."""
    yield from opened(home, published)


@pytest.fixture
def scene(home: LakePaths, published: str, tmp_path: Path) -> Iterator[Scene]:
    """Besides a decision about a site's row, rows set aside, a held run, a draft; all of it looked at."""
    change = RowChange({"no": 1}, {"facts": "更正"})
    actions.correct(code="PEN_W", decisions=[change], reason="更正", by=town.OPERATOR)
    assert deliver(tmp_path, ROWS[-2:]) == State.HELD
    cast.upload(cast.client("mei"), cast.file("\n".join(",".join(r) for r in (HEAD, *ROWS)), name="penalties.csv"))
    yield from opened(home, published)


def opened(home: LakePaths, key: str) -> Iterator[Scene]:
    """The scene, until its test is over."""
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
    told = len(logged)
    scene.restrict(SITES, town.DEFAULTS)
    for asked in (["privacy", "scan", "PEN_W"], ["privacy", "restricted", "editions"], ["verify"], ["republish"]):
        cli.main(asked)
    assert not NEEDLES.within("".join(capsys.readouterr()).encode())
    scene.keeps_nothing()
    assert not NEEDLES.within("\n".join(logged[told:]).encode())
    after = scene.rows("PEN_W")
    sites = {1: DISTRICTS[0], 2: DISTRICTS[1], 3: DISTRICTS[2], 4: DISTRICTS[0], 5: DISTRICTS[0]}
    assert {no: r["fac_address"] for no, r in after.items()} == {
        no: sites.get(no, r["fac_address"]) for no, r in before.items()
    }


def test_no_search_answers_to_what_is_withheld(packed: Scene) -> None:
    asked = [(path, query % quote(STREETS[0]), total) for path, query, total in SEARCHES]
    assert [path for path, query, total in asked if packed.total(path, query, total)] == [p for p, _, _ in asked]
    packed.restrict(SITES, town.DEFAULTS)
    assert [(path, query) for path, query, total in asked if packed.total(path, query, total)] == []


def keep_whole_files(patch: pytest.MonkeyPatch) -> None:
    """Whole files outlive their rows."""
    patch.setattr(bulk, "forget", lambda paths, codes: None)


def keep_the_first_version(patch: pytest.MonkeyPatch) -> None:
    """The files of version 1 are not written anew."""
    written = redact._version

    def version(work: Any, of: VersionRecord, tombstone: str) -> VersionRecord:
        return of if of.number == 1 else written(work, of, tombstone)

    patch.setattr(redact, "_version", version)


def keep_warm_answers(patch: pytest.MonkeyPatch) -> None:
    """An answer in memory outlives the generation of the catalogue that it was made in."""
    recall = ResponseCache.recall

    def warm(self: ResponseCache, request: RequestKey, generation: int) -> Stored | None:
        known = self._requests.get(request)
        return recall(self, request, known[0] if known else generation)

    patch.setattr(ResponseCache, "recall", warm)


NOW = Ask("", "/api/datasets/PEN_W/rows", "f=json")
EARLIER = Ask("", "/api/datasets/PEN_W/rows", "as_of=1&f=csv")
WHOLE = Ask("", "/api/datasets/PEN_W/bulk/2/PEN_W.csv.gz")


@pytest.mark.parametrize(
    ("plant", "places", "asked"),
    [
        (None, (), ()),
        (
            keep_whole_files,
            ("bulk/",),
            (),
        ),  # it rests, but no address gives it: it is not of the version that is served
        (keep_the_first_version, ("lake/",), (EARLIER,)),
        (keep_warm_answers, (), (NOW, EARLIER)),
    ],
)
def test_the_search_finds_a_planted_leak(
    packed: Scene, monkeypatch: pytest.MonkeyPatch, plant: Callable[[pytest.MonkeyPatch], None] | None,
    places: tuple[str, ...], asked: tuple[Ask, ...],
) -> None:  # fmt: skip
    assert set(packed.ask([NOW, EARLIER, WHOLE])) == {NOW, EARLIER, WHOLE}
    if plant is not None:
        plant(monkeypatch)
    packed.restrict(SITES, town.DEFAULTS)
    assert tuple(packed.ask([NOW, EARLIER, WHOLE])) == asked
    rested = {p for p in packed.resting() if not p.startswith(KEPT)}
    assert {p.partition("/")[0] + "/" for p in rested} == set(places)


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
