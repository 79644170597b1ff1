"""The existing platform's catalogue becomes entries: known, not published here, with figures that nobody told us."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from qingliu.core.errors import BadSource
from qingliu.standards.listing import read_listing

HEAD = "datagovtw_id,provider,title,codes,formats,n_urls,first_url,openapi_tag,openapi_title"
API = "https://data.example/api/v2/toxic_s_01?api_key=3f2a-secret&limit=1000&sort=ImportDate desc&format=CSV"


def listing(folder: Path, *rows: str) -> Path:
    path = folder / "list.csv"
    path.write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8-sig")
    return path


def test_an_entry_says_what_is_known_and_that_figures_are_not(tmp_path: Path) -> None:
    (entry,) = read_listing(listing(tmp_path, f"6354,化學署,毒理資料,TOXIC_S_01,CSV|JSON|XML,3,{API},大氣,毒理資料"))
    assert (entry.code, entry.datagovtw_id, entry.title.zh, entry.provider) == (
        "TOXIC_S_01",
        "6354",
        "毒理資料",
        "化學署",
    )
    assert (entry.formats, entry.tag, entry.category, entry.has_api) == (("CSV", "JSON", "XML"), "大氣", "air", True)
    assert (entry.views, entry.downloads, entry.mark) == (None, None, None)
    assert entry.provenance.zh


def test_a_key_inside_a_published_address_is_not_taken_over(tmp_path: Path) -> None:
    (entry,) = read_listing(listing(tmp_path, f"6354,化學署,毒理資料,TOXIC_S_01,CSV,1,{API},,"))
    assert "secret" not in repr(entry)


def test_entries_without_api_code_are_named_by_their_file_or_their_number(tmp_path: Path) -> None:
    file = "https://files.example/api/files/BGT_P_21/0f1e"
    rows = (f"1,部,預算,,,1,{file},,", f"2,部,預算二,,,1,{file},,", "3,部,清冊,,,1,https://x.example/a.pdf,,")
    codes = [(e.code, e.has_api) for e in read_listing(listing(tmp_path, *rows))]
    assert codes == [("BGT_P_21", False), ("DATAGOVTW_2", False), ("DATAGOVTW_3", False)]


@pytest.mark.parametrize("rows", [("6354,部,,A_1,CSV,1,u,,",), ("1,部,甲,A_1,CSV,1,u,,", "2,部,乙,a_1,CSV,1,u,,")])
def test_a_list_with_a_nameless_or_repeated_entry_is_told_with_its_line(tmp_path: Path, rows: tuple[str, ...]) -> None:
    with pytest.raises(BadSource, match=f"line {len(rows) + 1}"):
        read_listing(listing(tmp_path, *rows))


def test_a_file_that_is_no_such_list_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(BadSource, match="lacks the columns"):
        read_listing(tmp_path / "x.csv")
    with pytest.raises(BadSource, match="cannot be read"):
        read_listing(tmp_path / "absent.csv")


def test_all_834_real_entries_are_listed(real_data: Path) -> None:
    path = real_data / "catalogue" / "moenv_datagovtw_merged.csv"
    entries = read_listing(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(entries) == len(rows) == 834
    assert [e.code for e in entries if e.has_api] == [r["codes"] for r in rows if r["codes"]]
    assert len({e.code for e in entries}) == 834
    assert sum(e.has_api for e in entries) == 790
