"""Threats 6 to 10 and 14 through ``publish``: bombs, far cells, entities and hostile archives change nothing served."""

from __future__ import annotations

import gzip
import io
import os
import stat
import time
import zipfile
from pathlib import Path

import pytest

from tests.pipeline import town
from tests.readers.test_archives import zipped
from tests.readers.test_documents import LAUGHS
from tests.readers.test_sheets import workbook
from tests.threats.scene import Scene

HEADER = ",".join(town.COLUMNS)
LINES = [list(town.COLUMNS), *(list(r) for r in town.rows(30, value=2.0))]
CSV = ("\n".join(",".join(line) for line in LINES) + "\n").encode()
FAR = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'


def test_the_same_rows_as_a_sheet_a_zip_or_gzip_are_published(scene: Scene) -> None:
    """The scene itself: what follows is refused for its harm, not for its kind."""
    for name, body in (
        ("a.xlsx", workbook({"表": LINES})),
        ("a.zip", zipped({"a.csv": CSV})),
        ("a.gz", gzip.compress(CSV)),
    ):
        run = scene.publish(scene.file(name, body))
        assert run.state in {"published", "unchanged"}, run.error_en
    assert {row["pm25"] for row in scene.rows()} == {2.0}


def test_threat_6_a_sheet_bomb_is_refused_by_its_declared_size_before_parsing(scene: Scene) -> None:
    bomb = scene.file("bomb.xlsx", workbook({"s": " " * (234 << 20)}))
    assert bomb.stat().st_size < 1 << 20
    begun = time.monotonic()
    scene.refuses(bomb, says=r"'bomb\.xlsx' is too large decoded: 234 MiB\. Use CSV")
    assert time.monotonic() - begun < 2.5, "it was parsed"


def test_threat_7_two_far_cells_kill_only_the_parser(scene: Scene) -> None:
    far = scene.file("far.xlsx", workbook({"s": FAR}))
    assert far.stat().st_size < 5000
    worker = os.getpid()
    scene.refuses(far, says="stopped by its limits .*save again")
    assert os.getpid() == worker
    assert scene.publish(scene.file("next.csv", CSV)).state == "published"


def test_threat_8_a_gzip_body_is_cut_at_the_decoded_limit(scene: Scene) -> None:
    body = gzip.compress(b"0" * (200 << 20), 9)
    assert len(body) < 300_000
    scene.refuses(scene.file("b.csv.gz", body), says="too large when decoded", place="b.csv")


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("laughs.xml", LAUGHS + "<r><x><siteid>&a8;</siteid></x></r>"),
        ("file.xml", "<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><r><x><siteid>&x;</siteid></x></r>"),
        ("http.xml", "<!DOCTYPE r [<!ENTITY x SYSTEM 'http://127.0.0.1:9/'>]><r><x><siteid>&x;</siteid></x></r>"),
        (
            "parameter.xml",
            "<!DOCTYPE r [<!ENTITY % x SYSTEM 'http://127.0.0.1:9/'> %x;]><r><x><siteid>1</siteid></x></r>",
        ),
        ("outside.xml", "<!DOCTYPE r SYSTEM 'http://127.0.0.1:9/x.dtd'><r><x><siteid>&x;</siteid></x></r>"),
        ("deep.xml", "<r>" * 5000),
    ],
)
def test_threats_9_and_10_entities_are_refused_at_once(scene: Scene, name: str, body: str) -> None:
    begun = time.monotonic()
    scene.refuses(scene.file(name, body.encode()), says="entities|no whole XML")
    assert time.monotonic() - begun < 3


def test_threats_9_and_10_entities_inside_a_sheet_are_never_expanded(scene: Scene) -> None:
    """A workbook's parts are XML too: the parser knows no entity but its own five."""
    for dtd, cell in ((LAUGHS, "&a8;"), ("<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>", "&x;")):
        body = zipfile.ZipFile(io.BytesIO(workbook({"s": LINES})))
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
            for part in body.namelist():
                text = body.read(part).decode()
                if part.endswith("s1.xml"):
                    text = dtd + text.replace("臺北市", cell)
                target.writestr(part, text)
        scene.refuses(scene.file("dtd.xlsx", out.getvalue()), says="is no whole spreadsheet .*unrecognized entity")


@pytest.mark.parametrize(
    "name",
    [
        "../evil.csv", "a/../../evil.csv", "/etc/evil.csv", "C:/evil.csv", "c:evil.csv", "a\\..\\evil.csv", "\\\\host\\evil.csv",
    ],
)  # fmt: skip
def test_threat_14_a_member_that_would_leave_is_refused_with_all_others(
    scene: Scene, tmp_path: Path, name: str
) -> None:
    scene.refuses(scene.file("r.zip", zipped({"ok.csv": CSV, name: CSV})), says="unsafe name or kind.*Pack", place=name)
    assert not list(tmp_path.rglob("evil.csv"))


def test_threat_14_links_devices_and_nul_in_archives_are_refused(scene: Scene) -> None:
    for kind in (stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            member = zipfile.ZipInfo("data.csv")
            member.external_attr = (kind | 0o777) << 16
            archive.writestr(member, "/etc/passwd")
        scene.refuses(scene.file("link.zip", out.getvalue()), says="unsafe name or kind", place="data.csv")
    nul = zipped({"aXb.csv": CSV}).replace(b"aXb.csv", b"a\0b.csv")
    scene.refuses(scene.file("nul.zip", nul), says="unsafe name or kind", place="a\\0b.csv")


@pytest.mark.parametrize(
    "name", ["..%2f..%2fetc.csv", "<script>alert(1)</script>.csv".replace("/", "∕"), "a\nb;rm -rf.csv", "＝1+1.csv"]
)
def test_threat_14_a_delivered_file_with_a_hostile_name_stays_a_name(scene: Scene, name: str) -> None:
    scene.refuses(scene.file(name, b"x,y\n1,2\n"), says="none of the columns")
    assert scene.publish(scene.file(name, CSV)).state == "published"
    assert {row["pm25"] for row in scene.rows()} == {2.0}


def test_an_archive_that_is_cut_or_encrypted_is_told(scene: Scene) -> None:
    whole = zipped({"a.csv": CSV})
    scene.refuses(scene.file("half.zip", whole[: len(whole) // 2]), says="damaged or encrypted")
    locked = bytearray(whole)
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        at = bytes(locked).index(mark)
        locked[at + (6 if mark == b"PK\x03\x04" else 8)] |= 1
    scene.refuses(scene.file("locked.zip", bytes(locked)), says="damaged or encrypted")
    scene.refuses(scene.file("half.gz", gzip.compress(CSV * 100)[:-9]), says="damaged or incomplete", place="half")
