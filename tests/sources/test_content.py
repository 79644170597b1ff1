"""Errors come as 200: what a body must look like before it is believed."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from qingliu.core.errors import BadSource
from qingliu.pipeline.sources import content


def zip_bytes() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.csv"), "a,b\n1,2\n" * 50)  # a fixed date: cases are named by their bytes
    return out.getvalue()


GOOD = [
    (b"a,b\n1,2\n", ".csv"),
    (b"\xef\xbb\xbfsitename,aqi\r\n\xe5\x9f\xba\xe9\x9a\x86,31", ".csv"),
    ("測站,值\n仁武,許可失效\n".encode("cp950"), ".csv"),
    ("許可,狀態\n甲,失效\n".encode(), ".csv"),
    ("sitename,aqi\n基隆,31\n".encode("utf-16"), ".csv"),
    (b'[{"a":"1"}]', ".json"),
    (b'{"records":[],"total":"0"}', ".json"),
    (b'{"records":[{"a":1}],"message":"ok"}', ".json"),
    (b'{"a":1}\n{"a":2}\n', ".ndjson"),
    (b'{"type":"FeatureCollection","features":[{"type":"Feature"}]}', ".json"),
    (b'<?xml version="1.0"?><data><row/></data>\n', ".xml"),
    (zip_bytes(), ".zip"),
    (gzip.compress(b"a,b\n", mtime=0), ".gz"),
    (b"PAR1....PAR1", ".parquet"),
]
HALF = [
    *(
        b"sitename,aqi,status\nx,1,a\ny,",
        b'a,b\n1,"open',
        b'[{"a":"1"},{"a":',
        b'{"records":[{"a":"1"}',
        b"<d><r>1</r><r",
    ),
    *(zip_bytes()[:-30], b"PAR1....", b'[{"a":"1"},}]', b"<?xml version='1.0'?><d><r"),
]
NOT_DATA = [
    (b"", "is empty"),
    (b" \r\n\t", "is empty"),
    (b"\xef\xbb\xbf\n", "is empty"),
    (b"[]", "is empty"),
    (b"{}", "is empty"),
    ("<!DOCTYPE html><html><body>系統維護中</body></html>".encode(), "sent a web page"),
    (b"\n<!-- hi -->\n<HTML lang='zh'>", "sent a web page"),
    (b'<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0"><html>', "sent a web page"),
    (b"<?xml version='1.0'?><ServiceExceptionReport>no</ServiceExceptionReport>", "a message instead of data"),
    (b'{"message": "api_key is not valid"}', "api_key is not valid"),
    ('{"error":{"message":"金鑰過期"}}'.encode(), "金鑰過期"),
    (b'{"success":false,"msg":"no such dataset"}', "no such dataset"),
    ("api_key 不存在".encode(), "api_key 不存在"),
    ("金鑰已過期,請重新申請".encode(), "金鑰已過期"),
    ("金鑰已失效".encode("cp950"), "金鑰已失效"),
    (b"Invalid key\n", "Invalid key"),
]


@pytest.mark.parametrize(("body", "suffix"), GOOD)
def test_data_is_taken_for_data(tmp_path: Path, body: bytes, suffix: str) -> None:
    path = tmp_path / "body"
    path.write_bytes(body)
    assert content.check(path, "a.tw").suffix == suffix


@pytest.mark.parametrize("body", HALF)
def test_half_a_file_of_the_right_length_is_seen(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "body"
    path.write_bytes(body)
    with pytest.raises(BadSource, match="breaks off in the middle"):
        content.check(path, "a.tw")


@pytest.mark.parametrize(("body", "said"), NOT_DATA)
def test_what_is_no_data_is_told_with_its_remedy(tmp_path: Path, body: bytes, said: str) -> None:
    path = tmp_path / "body"
    path.write_bytes(body)
    with pytest.raises(BadSource, match=r"a\.tw") as told:
        content.check(path, "a.tw")
    assert said in told.value.reason.en
    assert told.value.remedy.zh
    assert ("金鑰" in told.value.remedy.zh) == ("key" in said or "金鑰" in said)


def test_an_empty_list_can_be_declared_normal(tmp_path: Path) -> None:
    path = tmp_path / "body"
    path.write_bytes(b"[]")
    assert content.check(path, "a.tw", allow_empty=True).suffix == ".json"


def test_the_platforms_stored_answers_are_data(samples: Path) -> None:
    for path in sorted(samples.glob("*.json")):
        assert content.check(path, "data.moenv.gov.tw").suffix == ".json", path.name


def test_the_platforms_stored_files_are_data(samples: Path) -> None:
    looks = {path.name: content.check(path, "a.tw").suffix for path in sorted(samples.parent.rglob("*.csv"))}
    assert len(looks) > 8
    assert set(looks.values()) == {".csv"}
    assert {content.check(path, "a.tw").suffix for path in samples.parent.glob("*.zip")} == {".zip"}
