"""The portal's figures follow every publication."""

from __future__ import annotations

from pathlib import Path

from django.test import Client

from qingliu.lake.engine import Engine
from qingliu.lake.published import PublishedWriter
from qingliu.web import lakeside
from tests.web import portal as small


def test_pages_follow_a_publication_at_once(tmp_path: Path, reader: Client) -> None:
    paths = small.build(tmp_path / "home")
    engine = Engine(paths, threads=1)
    lakeside.use(lambda: engine)
    first = reader.get("/en/")
    assert "<dd>145</dd>" in first.content.decode()
    with PublishedWriter(paths.published_db).transaction() as switch:
        switch.remove("EVIL_P_01")
    again = reader.get("/en/", headers={"if-none-match": first.headers["ETag"]})
    assert again.status_code == 200
    html = again.content.decode()
    assert "<dd>144</dd>" in html
    assert "made by a simulator" not in html
    assert "EVIL_P_01" not in html
    engine.close()


def test_empty_portal_says_so(tmp_path: Path, reader: Client) -> None:
    engine = Engine(small.LakePaths(tmp_path / "empty"), threads=1)
    lakeside.use(lambda: engine)
    assert "No datasets yet" in reader.get("/en/").content.decode()
    assert reader.get("/dataset/").status_code == 200
    engine.close()
