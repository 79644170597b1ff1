"""Threat 33 through ``publish``: what decodes over the whole file is served to the last character; what does not is refused."""

from __future__ import annotations

import codecs

import pytest

from qingliu.pipeline.rules import State
from tests.pipeline import town
from tests.threats.scene import CODE, Scene

HEADER = ",".join(town.COLUMNS)


def text(counties: list[str]) -> str:
    """Thirty rows; the first ones have these counties."""
    lines = town.rows(30, value=2.0)
    named = [*counties, *["臺北市"] * (30 - len(counties))]
    return "\n".join([HEADER, *(f"{s},{t},{c},{v}" for (s, t, _, v), c in zip(lines, named, strict=True))]) + "\n"


@pytest.mark.parametrize(
    ("codec", "bom", "words"),
    [
        (
            "cp950",
            b"",
            ["恒裏", "堃", "犇鱻堃喆", "碁銹裏墻恒粧嫺", "￥～々", "€﹑"],
        ),  # the last two are other signs in HKSCS
        ("utf-8", b"", ["恒裏", "堃", "犇鱻堃喆", "碁銹裏墻恒粧嫺"]),
        ("utf-8", codecs.BOM_UTF8, ["𡘙", "㗎嘅咗", "😀"]),
        ("big5hkscs", b"", ["㗎嘅咗", "嚟", "啲"]),
        ("utf-16-le", b"", ["恒裏", "堃", "𡘙"]),
        ("utf-16-be", b"", ["恒裏", "堃", "𡘙"]),
        ("utf-16-le", codecs.BOM_UTF16_LE, ["恒裏", "堃"]),
        ("utf-16-be", codecs.BOM_UTF16_BE, ["恒裏", "堃"]),
    ],
)
def test_rare_characters_are_served_as_they_were_written(
    scene: Scene, codec: str, bom: bytes, words: list[str]
) -> None:
    kept = [w for w in words if codec != "cp950" or _writable(w, codec)]
    assert len(kept) >= 2
    run = scene.publish(scene.file("a.csv", bom + text(kept).encode(codec)))
    assert run.state == State.PUBLISHED, run.error_en
    assert [r["county"] for r in scene.rows()[: len(kept)]] == kept
    old = scene.ask(f"/api/v2/{CODE.lower()}", "format=csv&sort=siteid asc").content.decode("utf-8-sig")
    assert all(word in old for word in kept)


def _writable(word: str, codec: str) -> bool:
    try:
        word.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def test_a_lone_rare_word_in_a_big5_file_is_not_taken_for_another_script(scene: Scene) -> None:
    for word in ("恒裏", "堃"):
        lines = f"{HEADER}\n1,2026-01-01 00:00,{word},2\n" + "".join(f"{n},2026-01-01 00:00,,2\n" for n in range(2, 31))
        run = scene.publish(
            scene.file(f"{ord(word[0])}.csv", lines.encode("cp950" if _writable(word, "cp950") else "big5hkscs"))
        )
        assert run.state == State.PUBLISHED, run.error_en
        assert scene.rows()[0]["county"] == word


def test_utf8_that_turns_into_big5_after_fifty_thousand_rows_is_refused_with_its_line(scene: Scene) -> None:
    rows = "".join(f"{n},2026-01-01 00:00,{'臺北市' * 9},2\n" for n in range(1, 50_001))
    body = f"{HEADER}\n{rows}".encode()
    assert len(body) > 1 << 22  # more than is read at once
    body += "50001,2026-01-01 00:00,汐止區,2\n".encode("cp950")
    scene.refuses(scene.file("mixed.csv", body), says=r"line 50002\).*export it in one")


def test_utf8_whose_bytes_might_be_big5_too_is_not_read_as_that_for_the_sake_of_one_last_row(scene: Scene) -> None:
    rows = "".join(f"{n},2026-01-01 00:00,空氣水質,2\n" for n in range(1, 31)).encode()
    last = "31,2026-01-01 00:00,汐止區,2\n".encode("cp950")
    assert "空氣" not in (rows + last).decode("cp950")  # all of it decodes, as nonsense
    scene.refuses(scene.file("both.csv", HEADER.encode() + b"\n" + rows + last), says=r"line 32\)")


def test_big5_that_turns_into_utf8_is_refused(scene: Scene) -> None:
    body = (
        text(["汐止"] * 15).encode("cp950")
        + "".join(f"{n},2026-01-01 00:00,測站監測值,2\n" for n in range(31, 200)).encode()
    )
    scene.refuses(scene.file("mixed.csv", body), says="cannot be decoded")


@pytest.mark.parametrize(
    "body",
    [
        text(["臺北"]).encode() + b"\xff,1,2,3\n",
        text(["臺北"]).encode("cp950") + b"31,2026-01-01 00:00,\x81\xff,2\n",
        text(["臺北"]).encode().replace(b"1.0", b"1\x00"[:2] + b"0", 1) + b"\x00,1\n",
        text(["臺北"]).encode("utf-16-le")[:-1],
    ],
    ids=["stray byte", "half a Big5 character", "NUL", "half a UTF-16 character"],
)
def test_one_byte_that_does_not_decode_refuses_the_file(scene: Scene, body: bytes) -> None:
    scene.refuses(scene.file("stray.csv", body), says="cannot be decoded .*byte")


def test_an_empty_file_is_refused(scene: Scene) -> None:
    for body in (b"", b"\n\n", codecs.BOM_UTF8):
        scene.refuses(scene.file("empty.csv", body), says="is empty|no content")
