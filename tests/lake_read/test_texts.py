"""The text index: each code keeps its number, old files are read and taken over, very many hits are still ordered."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from qingliu.core.dataset import Text
from qingliu.lake import texts
from qingliu.lake.published import Published, PublishedWriter
from qingliu.lake.search import match_expression
from tests.lake_read.small import record


def publish(path: Path, *titles: tuple[str, str]) -> None:
    """Entries of (code, title)."""
    with PublishedWriter(path).transaction() as t:
        for code, title in titles:
            t.put_entry(
                replace(record(code), title=Text(title, title)),
                kind="listed",
                current=None,
                status="listed",
                updated_at="2026",
            )


def codes(path: Path, words: str) -> list[str]:
    """What a search finds, in order."""
    return [e.code for e in Published(path).search(words).entries]


def test_an_entry_published_again_is_found_by_its_new_words_alone(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    publish(path, ("A", "空氣品質"), ("B", "河川水質"))
    publish(path, ("A", "土壤污染"))
    assert codes(path, "空氣") == []
    assert codes(path, "土壤") == ["A"]
    with sqlite3.connect(path) as con:
        assert con.execute("SELECT id, code FROM search_row ORDER BY id").fetchall() == [(1, "A"), (2, "B")]
        assert con.execute("SELECT count(*) FROM search").fetchone() == (2,)
    con.close()


def test_a_removed_entry_is_not_found_and_its_number_goes_to_nobody(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    publish(path, ("A", "空氣品質"), ("B", "空氣品質"))
    with PublishedWriter(path).transaction() as t:
        t.remove("B")
    publish(path, ("C", "空氣品質"))
    assert codes(path, "空氣") == ["A", "C"]
    with sqlite3.connect(path) as con:
        assert dict(con.execute("SELECT code, id FROM search_row").fetchall())["C"] == 3
    con.close()


def test_a_file_of_an_earlier_release_is_read_and_then_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    publish(path, ("A", "空氣品質"), ("B", "河川水質"))
    with sqlite3.connect(path) as con:
        con.execute("DROP TABLE search_row")
    con.close()
    assert codes(path, "水質") == ["B"]
    publish(path, ("B", "海域水質"))
    assert codes(path, "水質") == ["B"]
    assert codes(path, "河川") == []


def test_titles_come_before_texts_whatever_the_number_of_hits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "p.db"
    with PublishedWriter(path).transaction() as t:
        for i in range(30):
            title = "空氣品質" if i % 10 == 3 else "其他"
            one = replace(record(f"D{i:02}"), title=Text(title, ""), description=Text("關於空氣", ""))
            t.put_entry(one, kind="listed", current=None, status="listed", updated_at="2026")
    few = texts.Texts(path).find(match_expression("空氣"))
    assert set(few[:3]) == {"D03", "D13", "D23"}
    monkeypatch.setattr(texts, "RANKED", 5)
    many = texts.Texts(path).find(match_expression("空氣"))
    assert set(many[:3]) == {"D03", "D13", "D23"}
    assert sorted(many) == sorted(few)
    assert len(many) == 30
