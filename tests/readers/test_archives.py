"""ZIP and gzip members, and the archives that are refused before they do harm."""

from __future__ import annotations

import gzip
import io
import stat
import zipfile
from typing import Any

import pytest

from qingliu.core.dataset import ReadSpec
from qingliu.core.errors import BadSource, Refused
from qingliu.pipeline.readers.limits import Limits

CSV = b"a,b\n1,2\n"


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return out.getvalue()


def test_members_form_one_dataset_in_natural_order(tables: Any) -> None:
    out = tables("r.zip", zipped({"100年.csv": CSV, "91年.csv": "\ufeffa,b\n3,4\n".encode(), "__MACOSX/._x": b"\0"}))
    assert [t.name for t in out] == ["r.zip/91年.csv", "r.zip/100年.csv"]
    assert out[0].columns == ("a", "b")


def test_a_glob_chooses_members(tables: Any) -> None:
    body = zipped({"data/a.csv": CSV, "readme.txt": b"read me"})
    assert [t.name for t in tables("r.zip", body, ReadSpec(members="*.csv"))] == ["r.zip/data/a.csv"]
    with pytest.raises(BadSource, match=r"data/a\.csv"):
        tables("r.zip", body, ReadSpec(members="*.xml"))


@pytest.mark.parametrize("codec", ["cp950", "utf-8"])
def test_names_written_in_old_ways_are_read(tables: Any, codec: str) -> None:
    body = bytearray(zipped({"XXXXXX.csv": CSV}))
    name = "南投縣".encode(codec)[:6] if codec == "cp950" else "縣A12".encode()[:6]
    body = bytearray(bytes(body).replace(b"XXXXXX", name))
    shown = name.decode(codec)
    assert tables("r.zip", bytes(body))[0].name == f"r.zip/{shown}.csv"


@pytest.mark.parametrize(
    "name",
    [
        "../evil.csv",
        "a/../../evil.csv",
        "/etc/evil.csv",
        "C:/evil.csv",
        "c:evil.csv",
        "a\\..\\evil.csv",
        "\\\\host\\x.csv",
    ],
)
def test_members_that_would_leave_are_refused(tables: Any, tmp_path: Any, name: str) -> None:
    with pytest.raises(Refused, match="unsafe"):
        tables("r.zip", zipped({"ok.csv": CSV, name: CSV}))
    assert not list(tmp_path.parent.rglob("evil.csv"))


def test_nul_in_a_name_is_refused(tables: Any) -> None:
    body = zipped({"aXb.csv": CSV}).replace(b"aXb.csv", b"a\0b.csv")
    with pytest.raises(Refused, match="unsafe"):
        tables("r.zip", body)


def test_a_link_in_an_archive_is_refused(tables: Any) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("data.csv")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(Refused, match="unsafe"):
        tables("r.zip", out.getvalue())


def test_a_bomb_is_refused_by_its_declared_size(tables: Any, tmp_path: Any) -> None:
    body = zipped({"bomb.csv": b"0" * (70 << 20)})
    with pytest.raises(Refused, match="too large"):
        tables("r.zip", body)
    assert not any(p.stat().st_size > 1 << 20 for p in (tmp_path / "work").rglob("*") if p.is_file())


def test_a_gzip_bomb_is_cut_at_the_decoded_limit(tables: Any, tmp_path: Any) -> None:
    body = gzip.compress(b"0" * (200 << 20), 9)
    assert len(body) < 300_000
    with pytest.raises(Refused, match="too large"):
        tables("b.csv.gz", body)
    with pytest.raises(Refused, match="too large"):
        tables("b.csv.gz", gzip.compress(b"a,b\n" * 10_000), ReadSpec(), Limits(decoded_bytes=1000))
    assert not any(p.stat().st_size > 1 << 20 for p in (tmp_path / "work").rglob("*") if p.is_file())


def test_gzip_alone_and_inside_a_zip(table: Any) -> None:
    assert table("a.csv.gz", gzip.compress(CSV)).rows == [{"a": "1", "b": "2"}]
    assert table("r.zip", zipped({"a.csv.gz": gzip.compress(CSV)})).rows == [{"a": "1", "b": "2"}]


def test_broken_archives_are_told(table: Any) -> None:
    whole = gzip.compress(CSV * 1000)
    for name, body in (("a.gz", whole[: len(whole) // 2]), ("a.zip", zipped({"a.csv": CSV * 1000})[:60])):
        with pytest.raises(BadSource, match="damaged"):
            table(name, body)


def test_an_archive_in_an_archive_is_refused(table: Any) -> None:
    with pytest.raises(Refused, match="inside an archive"):
        table("r.zip", zipped({"inner.zip": zipped({"a.csv": CSV})}))
