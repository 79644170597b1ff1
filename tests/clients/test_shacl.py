"""The official shapes of DCAT-AP 3.0.1 and HVD 3.0.0, judged by pyshacl as it is, over the whole real catalogue as served."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import urllib.request
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import rdflib
from falcon.testing import simulate_request

from qingliu.config.data_api import make_data_api, make_engine
from qingliu.core.env import load
from qingliu.lake.paths import LakePaths
from tests.clients.conftest import Served

pytestmark = pytest.mark.long
SH = rdflib.Namespace("http://www.w3.org/ns/shacl#")
DCAT = rdflib.Namespace("http://www.w3.org/ns/dcat#")
MARKED = ("environment",)


def fetch(address: str) -> bytes:
    """The body of an answer of the running portal."""
    with urllib.request.urlopen(address, timeout=60) as answer:
        body: bytes = answer.read()
        return body


def judged(clients: Path, shapes: Path, catalogue: Path) -> tuple[int, str]:
    """What pyshacl's own program says: its exit code (0 conforms, 1 does not) and its report."""
    command = [str(clients / "pyshacl"), "--shapes", str(shapes), "--format", "human", str(catalogue)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    return done.returncode, done.stdout + done.stderr


def usable(shapes: Path, to: Path) -> Path:
    """The shapes; where the official file names shapes that it does not describe, without those names: pyshacl stops at them."""
    rules = rdflib.Graph().parse(shapes, format="turtle")
    dangling = [(s, n) for s, n in rules.subject_objects(SH.property) if (n, None, None) not in rules]
    if not dangling:
        return shapes
    for shape, named in dangling:
        rules.remove((shape, SH.property, named))
    rules.serialize(to, format="turtle")
    return to


@pytest.fixture(scope="module")
def whole(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole catalogue as served."""
    path = tmp_path_factory.mktemp("shacl") / "catalog.ttl"
    path.write_bytes(fetch(f"{served.url}/catalog.ttl?page=all"))
    return path


@pytest.mark.parametrize("name", ["ap301_shapes.ttl", "ap301_full.ttl", "ap301_range.ttl"])
def test_the_whole_catalogue_conforms_to_dcat_ap(
    clients: Path, real_data: Path, whole: Path, tmp_path: Path, name: str
) -> None:
    found = rdflib.Graph().parse(whole, format="turtle")
    assert len(set(found.objects(None, DCAT.dataset))) > 830
    shapes = usable(real_data / "shacl" / name, tmp_path / "shapes.ttl")
    code, report = judged(clients, shapes, whole)
    assert code == 0, report[-3000:]


def test_a_damaged_catalogue_does_not_conform(clients: Path, real_data: Path, whole: Path, tmp_path: Path) -> None:
    found = rdflib.Graph().parse(whole, format="turtle")
    found.remove((None, rdflib.URIRef("http://purl.org/dc/terms/title"), None))
    broken = tmp_path / "broken.ttl"
    found.serialize(broken, format="turtle")
    code, report = judged(clients, real_data / "shacl" / "ap301_shapes.ttl", broken)
    assert code == 1
    assert "MinCount" in report


def test_what_is_marked_as_high_value_conforms_to_hvd(
    clients: Path, real_data: Path, filled: Path, tmp_path: Path
) -> None:
    """No real dataset is marked: that is the office's to say. So every one of a copy of the catalogue is marked here."""
    paths = LakePaths(tmp_path / "home")
    paths.make()
    shutil.copy(LakePaths(filled).published_db, paths.published_db)
    with closing(sqlite3.connect(paths.published_db)) as con, con:
        rows = con.execute("SELECT code, record FROM entry WHERE kind<>'listed'").fetchall()
        marked = [(json.dumps(json.loads(r) | {"hvd": MARKED}, ensure_ascii=False), c) for c, r in rows]
        con.executemany("UPDATE entry SET record=? WHERE code=?", marked)
    settings = replace(load({"QINGLIU_HOME": str(paths.home), "QINGLIU_BASE_URL": "https://data.example.tw"}))
    engine = make_engine(settings)
    app = make_data_api(settings, engine)
    answer = simulate_request(app, "GET", "/catalog.ttl", query_string="page=all&profile=dcat-ap-hvd")
    engine.close()
    catalogue = tmp_path / "hvd.ttl"
    catalogue.write_bytes(answer.content)
    found = rdflib.Graph().parse(catalogue, format="turtle")
    assert len(set(found.objects(None, DCAT.dataset))) == len(rows) > 10
    for name in ("hvd300.ttl", "ap301_shapes.ttl", "ap301_range.ttl"):
        code, report = judged(clients, real_data / "shacl" / name, catalogue)
        assert code == 0, report[-3000:]


def test_the_real_catalogue_under_hvd_holds_nothing_that_nobody_marked(
    clients: Path, real_data: Path, served: Served, tmp_path: Path
) -> None:
    catalogue = tmp_path / "hvd.ttl"
    catalogue.write_bytes(fetch(f"{served.url}/catalog.ttl?page=all&profile=dcat-ap-hvd"))
    assert not list(rdflib.Graph().parse(catalogue, format="turtle").objects(None, DCAT.dataset))
    assert judged(clients, real_data / "shacl" / "hvd300.ttl", catalogue)[0] == 0
