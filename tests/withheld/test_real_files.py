"""Three sites that two real files name are restricted after both were published: neither an address nor a file keeps them."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from qingliu.catalog import actions as catalog
from qingliu.config import demo_privacy
from qingliu.lake.paths import LakePaths
from qingliu.pipeline import actions, queries
from qingliu.pipeline.corrections import RowChange
from qingliu.pipeline.rules import State
from qingliu.privacy import actions as privacy
from qingliu.standards.areas import townships
from qingliu.web import lakeside
from tests.privacy import town
from tests.withheld.addresses import Ask
from tests.withheld.reading import Needles
from tests.withheld.scene import Scene, enrol, open_scene

pytestmark = pytest.mark.long

DATASETS = Path(__file__).resolve().parents[2] / "datasets"
PENALTIES, FACILITIES = "EMS_P_46", "PRTR_FACILITIES"
NUMBERS = {PENALTIES: "ems_no", FACILITIES: "registrationno"}
FILES = {FACILITIES: "prtr_facilities_2017.zip", PENALTIES: "ems_p_46_2020.csv"}
WHOLE = ("ndjson", "csv", "parquet", "arrow", "csv.gz", "xlsx", "ods")
DISTRICT = re.compile(r"(\w{2}[縣市]\w{1,3}?[鄉鎮市區])(\w*[路街道]\S*號\S*)")


@dataclass(frozen=True, slots=True)
class Site:
    """A facility: its number, name, district, the rest of its address, its point."""

    number: str
    name: str
    district: str
    rest: str
    lon: str
    lat: str
    penalty: dict[str, str]


def sites_of(folder: Path) -> list[Site]:
    """Facilities whose address and point stand with them alone, and the same in both files; the first three of them."""
    with (folder / FILES[PENALTIES]).open(encoding="utf-8-sig", newline="") as file:
        penalties = list(csv.DictReader(file))
    with zipfile.ZipFile(folder / FILES[FACILITIES]) as archive:
        text = archive.read(archive.namelist()[0]).decode("utf-8-sig")
    facilities = list(csv.DictReader(io.StringIO(text)))
    of: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in penalties:
        of[row["EMS_NO"]].append(row)
    times, names = Counter(r["管制編號"] for r in facilities), Counter(r["name"] for r in facilities)
    found = []
    for row in facilities:
        number, where = row["管制編號"], DISTRICT.fullmatch(row["地址"])
        mine = of.get(number, []) if number else []
        if not mine or where is None or times[number] != 1 or names[row["name"]] != 1:
            continue
        if {(p["FAC_NAME"], p[c]) for p in mine for c in ("FAC_ADDRESS", "TRANSGRESS_ADDRESS")} != {
            (row["name"], row["地址"])
        }:
            continue
        alone = text.count(where[2]) == 1 and all(text.count(row[c]) == 1 for c in ("longitude", "latitude"))
        others = (p for p in penalties if p["EMS_NO"] != number)
        if alone and not any(where[2] in cell or row["name"] in cell for p in others for cell in p.values()):
            found.append(Site(number, row["name"], where[1], where[2], row["longitude"], row["latitude"], mine[0]))
        if len(found) == 3:
            break
    return found


@pytest.fixture
def sites(real_data: Path) -> list[Site]:
    """The three to be restricted."""
    found = sites_of(real_data)
    assert len({s.rest for s in found}) == 3
    return found


@pytest.fixture
def scene(home: LakePaths, transactional_db: None, real_data: Path, sites: list[Site]) -> Iterator[Scene]:
    """Both files published under the shipped rules, a penalty of a site corrected, everything judged, packed and served."""
    key = enrol()
    privacy.seed()
    demo_privacy.approve_defaults()
    for code, name in FILES.items():
        catalog.register_definition(text=(DATASETS / f"{code}.yaml").read_text(encoding="utf-8"), by=town.OPERATOR)
        run = actions.run_delivery(code=code, files=[real_data / name], by=town.OPERATOR)
        done = demo_privacy.settle(run, by=town.OPERATOR)
        assert done.state == State.PUBLISHED, [
            (f.rule, f.severity, f.place) for v in queries.verdicts(done) for f in v.findings
        ]
    one = {c: sites[0].penalty[c.upper()] for c in ("county_name", "document_no", "ems_no")}
    change = RowChange(one, {"petition_results": "更正"})
    actions.correct(code=PENALTIES, decisions=[change], reason="更正", by=town.OPERATOR)
    needles = Needles([s.rest for s in sites], [float(n) for s in sites for n in (s.lon, s.lat)])
    made = open_scene(home, (PENALTIES, FACILITIES), needles, key)
    made.aggregates = ("min(longitude)", "max(latitude)")
    made.people, made.most_links = ("", "guard"), 200
    made.known |= dict.fromkeys(ask for s in sites for ask in asks_of(s))
    before = list(lakeside._given)
    yield made
    lakeside._given[:] = before
    made.portal.engine.close()


def asks_of(site: Site) -> Iterator[Ask]:
    """A site's rows, asked for in each dialect."""
    for code, column in NUMBERS.items():
        yield Ask("rows", f"/api/datasets/{code}/rows", f"{column}={site.number}")
        yield Ask("v2", f"/api/v2/{code.lower()}", f"filters={column},EQ,{site.number}")
        yield Ask(
            "ckan", "/api/3/action/datastore_search", f'resource_id={code}&filters={{"{column}":"{site.number}"}}'
        )
    yield Ask("ogc", f"/api/ogc/collections/{FACILITIES}/items", f"{NUMBERS[FACILITIES]}={site.number}")


def whole(scene: Scene, code: str) -> list[dict[str, str]]:
    """Every row that is served."""
    return list(csv.DictReader(io.StringIO(scene.portal.get(f"/api/datasets/{code}/rows", "f=csv").text)))


def test_sites_of_real_files_are_withheld_everywhere_and_every_other_row_stays(scene: Scene, sites: list[Site]) -> None:
    before = {code: whole(scene, code) for code in scene.codes}
    shown = scene.walk()
    sees(scene, shown)
    rested = {p: t for p, t in scene.resting().items() if p.startswith(("lake/", "bulk/"))}
    assert {p.partition("/")[0] for p in rested} == {"lake", "bulk"}
    number, name, address = sites
    scene.restrict(
        f"{town.SITE_HEADS}{number.number},,,,,\n,{name.name},,,,\n,,{address.district}{address.rest},,,\n", ()
    )
    scene.keeps_nothing()
    districts = {s.number: s.district for s in sites}
    for code, column in NUMBERS.items():
        after = whole(scene, code)
        kept = [[r for r in rows if r[column] not in districts] for rows in (before[code], after)]
        moved = [(a, b) for a, b in zip(*kept, strict=True) if a != b]
        assert not moved, (code, len(moved), [{k: (a[k], b[k]) for k in a if a[k] != b[k]} for a, b in moved[:3]])
        mine = [r for r in after if r[column] in districts]
        assert {r[column] for r in mine} == set(districts)
        assert len(after) == len(before[code])
        for row in mine:
            places = {row[c] for c in ("address", "fac_address", "transgress_address") if c in row}
            assert places == {districts[row[column]]}
            if "longitude" in row:  # the point that stands for the district, the same for every row
                area = next(a for a in townships() if f"{a.county}{a.township}" == districts[row[column]])
                assert (float(row["longitude"]), float(row["latitude"])) == (area.lon, area.lat)


def sees(scene: Scene, shown: dict[Ask, set[str]]) -> None:
    """Before: each text in each dialect and in each whole format, of both datasets."""

    def told(start: str, query: str = "") -> set[str]:
        return {t for a, found in shown.items() if a.path.startswith(start) and query in f"{a.query}&" for t in found}

    texts, every = set(scene.needles.texts), {*scene.needles.texts, *map(str, scene.needles.numbers)}
    for code, wanted in ((PENALTIES, texts), (FACILITIES, every)):
        missed = {f: wanted - told(f"/api/datasets/{code}/rows", f"f={f}&") for f in WHOLE}
        missed |= {s: wanted - told(s) for s in (f"/api/v2/{code.lower()}", f"/api/datasets/{code}/bulk/",
                                                 f"/api/datasets/{code}/files/", f"/datastore/dump/{code}")}  # fmt: skip
        assert not {k: v for k, v in missed.items() if v}
    for start in ("/api/3/action/datastore_search", f"/api/ogc/collections/{FACILITIES}/items"):
        assert not every - told(start), start
