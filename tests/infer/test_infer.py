"""A draft definition loses nothing by guessing, says why, and publishes as it stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from qingliu.core.dataset import Definition
from qingliu.lake.ingest import shape
from qingliu.pipeline.infer import infer
from qingliu.pipeline.readers import read
from qingliu.standards.definition import loads


@pytest.fixture
def drafted(tmp_path: Path) -> Callable[[str | bytes], tuple[Definition, str]]:
    """(definition, text) of a draft made from one file; the file must publish under it with nothing quarantined."""

    def run(body: str | bytes, name: str = "data.csv") -> tuple[Definition, str]:
        path = tmp_path / name
        path.write_bytes(body.encode() if isinstance(body, str) else body)
        text = infer([path])
        made = loads(text)
        work = tmp_path / "work"
        staged = shape(made.dataset, made.read, read([path], made.read, work), work)
        assert (staged.quarantined_cells, staged.set_aside, staged.unknown, staged.missing) == (0, 0, (), ())
        return made, text

    return run


def types(made: Definition) -> dict[str, str]:
    return {f.name: f.type for f in made.dataset.fields}


def test_what_is_certain_is_typed(drafted: Callable[..., tuple[Definition, str]]) -> None:
    made, text = drafted("n,v,day,at,t\n1,1.5,2024-01-02,2024-01-02 03:04,甲\n2,2,2024-02-29,2024-01-02 24:00,乙\n")
    assert types(made) == {"n": "integer", "v": "number", "day": "date", "at": "datetime", "t": "string"}
    assert made.dataset.key == ("n",)
    assert text.count("# why:") >= 5
    assert text.count("# confidence: ") == 5


def test_numbers_written_otherwise_are_numbers_and_say_how(
    drafted: Callable[..., tuple[Definition, str]],
) -> None:
    made, text = drafted('k,a,b,c\n甲,"1,234",１２.５,"１，２３４"\n乙,2,3,4\n')
    assert {f.name: (f.type, f.numbers) for f in made.dataset.fields if f.name != "k"} == {
        "a": ("integer", ("thousands",)), "b": ("number", ("fullwidth",)), "c": ("integer", ("thousands", "fullwidth")),
    }  # fmt: skip
    assert "1 格有千分位逗號" in text


@pytest.mark.parametrize(
    ("header", "cells", "said"),
    [
        ("郵遞區號", ["100", "200"], "像代碼"),
        ("v", ["007", "123"], "前導零"),
        ("siteid", ["1", "2"], "像代碼"),
        ("統一編號", ["12345678", "23456789"], "像代碼"),
        ("日期", ["112/04/01", "99/1/5"], "roc:%Y/%m/%d"),
        ("日期", ["1120401", "1120402"], "roc:%Y%m%d"),
        ("date", ["20240101", "20240102"], "%Y%m%d"),
        ("日期", ["2024/1/1", "不詳", "2024/1/3", "2024/1/4"], "請決定"),
        ("v", ["1", "2", "-", "NR"], "no_rain"),
        ("v", ["1.5x", "2", "3#"], "manual_check_invalid"),
        ("v", ["1", "2", "<MDL"], "below_detection"),
        ("v", ["1", "#DIV/0!", "2"], "calculation_error"),
        ("v", ['"1,234"', "2", "無", "3"], "千分位"),
        ("v", ["1", "１２", "不詳"], "文字"),
        ("v", ['"1,23"', "2", "3"], "不是"),
        ("v", ["０７", "12"], "文字"),
        ("v", ["1e5", "2"], "寫法特殊"),
        ("v", ["12345678901234567890", "2"], "寫法特殊"),
        ("v", ["", ""], "空白"),
    ],
)
def test_what_a_guess_could_lose_stays_text_with_a_question(
    drafted: Callable[..., tuple[Definition, str]], header: str, cells: list[str], said: str
) -> None:
    made, text = drafted(f"k,{header}\n" + "".join(f"甲{i},{c}\n" for i, c in enumerate(cells)))
    assert types(made)[header] == "string"
    assert said in text


def test_hour_columns_become_an_unpivot(drafted: Callable[..., tuple[Definition, str]]) -> None:
    labels = ",".join(f"{h:02d}" for h in range(1, 25))
    body = f"日期,測站,測項,{labels}\n" + "".join(f"2008/1/{d},仁武,CO{',1x' * 12}{',2' * 12}\n" for d in (1, 2, 3))
    made, _ = drafted(body.encode("cp950"))
    assert made.read.unpivot is not None
    assert made.read.unpivot.date == "日期"
    assert types(made) == {"測站": "string", "測項": "string", "monitordate": "datetime", "value": "string"}
    assert "monitordate" in made.dataset.key


def test_sensitive_columns_are_hinted_and_never_quoted(drafted: Callable[..., tuple[Definition, str]]) -> None:
    body = (
        "負責人,電話,說明,地址,編號\n"
        "王小明,0912-345-678,由王小明（A123456789）簽收,臺北市中山區南京東路1號,A1\n"
        "陳大文,0912345678,無,高雄市三民區九如路2號,A2\n"
    )
    made, text = drafted(body)
    found = {f.name: f.sensitivity for f in made.dataset.fields}
    assert found == {"負責人": "personal", "電話": "personal", "說明": "personal", "地址": "address", "編號": "none"}
    assert "王小明" not in text
    assert "A123456789" not in text


def test_key_time_and_place_are_suggested(drafted: Callable[..., tuple[Definition, str]]) -> None:
    rows = "".join(f"S{i % 3},2024-01-01 0{i // 3}:00:00,121.{i},25.1\n" for i in range(9))
    made, _ = drafted("siteid,publishtime,longitude,latitude\n" + rows)
    assert made.dataset.key == ("siteid", "publishtime")
    assert made.dataset.time_field == "publishtime"
    assert made.dataset.place is not None


def test_headers_that_cannot_be_names_keep_an_alias(drafted: Callable[..., tuple[Definition, str]]) -> None:
    made, _ = drafted("場址 面積(m/2),_id,A\n1,2,3\n2,3,4\n")
    assert [f.name for f in made.dataset.fields] == ["場址_面積(m_2)", "id", "A"]


def test_headers_that_differ_only_in_case_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("A,a\n1,2\n")
    text = infer([path])
    assert types(loads(text)) == {"A": "integer"}
    assert "只差大小寫" in text


def test_a_duplicate_row_means_no_key(drafted: Callable[..., tuple[Definition, str]]) -> None:
    made, text = drafted("a,b\nx,y\nx,y\n")
    assert made.dataset.key == ()
    assert "請決定" in text


def test_json_and_broken_lines_can_be_drafted(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"records": [{"a": "1", "b": {"x": 1}}, {"a": "2"}]}')
    assert loads(infer([path], code="X_1")).dataset.code == "X_1"
    broken = tmp_path / "b.csv"
    broken.write_text('a,b\n1,2\n3\n4,"5"x\n6,7\n')
    assert types(loads(infer([broken]))) == {"a": "integer", "b": "integer"}
