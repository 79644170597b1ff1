"""Encodings are taken when the whole file decodes, and refused with their place when it does not."""

from __future__ import annotations

import codecs
from typing import Any

import pytest

from qingliu.core.dataset import ReadSpec
from qingliu.core.errors import BadSource

TEXT = "測站,縣市,值\n基隆,基隆市,1\n富貴角,新北市,2\n"


@pytest.mark.parametrize(
    ("codec", "bom"),
    [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("cp950", b""),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-32-le", codecs.BOM_UTF32_LE),
    ],
)
def test_every_usual_encoding(table: Any, codec: str, bom: bytes) -> None:
    out = table("a.csv", bom + TEXT.encode(codec))
    assert out.columns == ("測站", "縣市", "值")
    assert [r["測站"] for r in out.rows] == ["基隆", "富貴角"]


@pytest.mark.parametrize("text", ["恒裏", "堃", "恒春,裏海", "犇鱻堃喆", "碁銹裏墻恒粧嫺"])
def test_rare_characters_do_not_fool_it(table: Any, text: str) -> None:
    cells = text.replace(",", "")
    for codec in ("cp950", "utf-8"):
        try:
            body = f"名稱,值\n{cells},1\n".encode(codec)
        except UnicodeEncodeError:
            continue
        assert table("a.csv", body).rows == [{"名稱": cells, "值": "1"}]


def test_hong_kong_characters(table: Any) -> None:
    body = "名稱,值\n㗎嘅咗,1\n".encode("big5hkscs")
    with pytest.raises(UnicodeDecodeError):
        body.decode("cp950")
    assert table("a.csv", body).rows == [{"名稱": "㗎嘅咗", "值": "1"}]


def test_utf8_that_turns_into_big5_is_refused_with_its_line(table: Any) -> None:
    body = ("測站,值\n" + "基隆,1\n" * 50_000).encode() + "汐止,2\n".encode("cp950")
    with pytest.raises(BadSource, match=r"byte 450011 \(line 50002\)") as told:
        table("a.csv", body)
    assert "utf-8" in str(told.value)
    assert told.value.parameter == "a.csv:50002"


def test_big5_that_turns_into_utf8_is_refused(table: Any) -> None:
    body = "測站,值\n".encode("cp950") + ("測站監測值,1\n" * 200).encode()
    with pytest.raises(BadSource, match="cannot be decoded"):
        table("a.csv", body)


def test_one_stray_byte_at_the_end_of_a_large_file_is_found(table: Any) -> None:
    body = ("測站,值\n" + "基隆,1\n" * 900_000).encode() + b"\xff,1\n"
    with pytest.raises(BadSource, match="line 900002"):
        table("a.csv", body)


def test_a_declared_encoding_is_tried_alone(table: Any) -> None:
    assert table("a.csv", TEXT.encode("gb18030"), ReadSpec(encoding="gb18030")).columns[0] == "測站"
    with pytest.raises(BadSource, match="cannot be decoded"):
        table("a.csv", TEXT.encode(), ReadSpec(encoding="ascii"))


def test_nul_bytes_are_no_text(table: Any) -> None:
    for body in (b"a,b\n1,\x00x\n", b"a,b\n" * 9 + bytes(1000)):
        with pytest.raises(BadSource, match="cannot be decoded"):
            table("a.csv", body)


def test_an_empty_file_is_told(table: Any) -> None:
    for body in (b"", b"\n\n", codecs.BOM_UTF8, b"  \r\n"):
        with pytest.raises(BadSource, match=r"empty|no content"):
            table("a.csv", body)
