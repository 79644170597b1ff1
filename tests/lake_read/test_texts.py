"""The text index: each code keeps its number, old files are read and taken over, kept terms follow publications."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from qingliu.core.dataset import Text
from qingliu.lake.published import Published, PublishedWriter
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


def codes(path: Path | Published, words: str) -> list[str]:
    """What a search finds, in order."""
    published = Published(path) if isinstance(path, Path) else path
    return [e.code for e in published.search(words).entries]


def test_an_entry_published_again_is_found_by_its_new_words_alone(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    publish(path, ("A", "空氣品質"), ("B", "河川水質"))
    publish(path, ("A", "土壤污染"))
    assert codes(path, "空氣") == []
    assert codes(path, "土壤") == ["A"]
    with closing(sqlite3.connect(path)) as con:
        assert con.execute("SELECT id, code FROM search_row ORDER BY id").fetchall() == [(1, "A"), (2, "B")]
        assert con.execute("SELECT count(*) FROM search").fetchone() == (2,)


def test_a_removed_entry_is_not_found_and_its_number_goes_to_nobody(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    publish(path, ("A", "空氣品質"), ("B", "空氣品質"))
    with PublishedWriter(path).transaction() as t:
        t.remove("B")
    publish(path, ("C", "空氣品質"))
    assert codes(path, "空氣") == ["A", "C"]
    with closing(sqlite3.connect(path)) as con:
        assert dict(con.execute("SELECT code, id FROM search_row").fetchall())["C"] == 3


def test_a_file_of_an_earlier_release_is_read_and_then_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    publish(path, ("A", "空氣品質"), ("B", "河川水質"))
    with closing(sqlite3.connect(path)) as con, con:
        con.executescript("DROP TABLE search_row; DROP TABLE touched;")
        for (name,) in con.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall():
            con.execute(f"DROP TRIGGER {name}")
    assert codes(path, "水質") == ["B"]
    publish(path, ("B", "海域水質"))
    assert codes(path, "水質") == ["B"]
    assert codes(path, "河川") == []


def test_titles_come_before_texts(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    with PublishedWriter(path).transaction() as t:
        for i in range(30):
            title = "空氣品質" if i % 10 == 3 else "其他"
            one = replace(record(f"D{i:02}"), title=Text(title, ""), description=Text("關於空氣", ""))
            t.put_entry(one, kind="listed", current=None, status="listed", updated_at="2026")
    found = Published(path).search("空氣", limit=100)
    assert {e.code for e in found.entries[:3]} == {"D03", "D13", "D23"}
    assert found.total == 30


def test_a_reader_that_stays_follows_words_facets_and_codes_of_each_publication(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    publish(path, ("B", "空氣品質"), ("D", "河川水質"))
    reader = Published(path)
    assert (codes(reader, "空氣"), codes(reader, "水質")) == (["B"], ["D"])
    kept = reader.all()[1]
    publish(path, ("A", "空氣品質"), ("C", "水質與空氣品質"), ("B", "土壤"))
    assert (codes(reader, "空氣"), codes(reader, "土壤")) == (["A", "C"], ["B"])
    assert sorted(codes(reader, "水質")) == ["C", "D"]
    assert reader.search("").facets == Published(path).search("").facets
    assert [e.code for e in reader.all()] == ["A", "B", "C", "D"]
    assert reader.all()[3] is kept  # what no publication touched is not read again
    with PublishedWriter(path).transaction() as t:
        t.remove("A")
        t.remove("D")
    assert (codes(reader, "空氣"), codes(reader, "水質")) == (["C"], ["C"])
    assert reader.search("").facets == Published(path).search("").facets


def test_a_note_alone_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    publish(path, ("A", "空氣品質"), ("B", "河川水質"))
    reader = Published(path)
    assert reader.get("A").notes == {}
    before = reader.seen("B")
    with PublishedWriter(path).transaction() as t:
        t.put_note("A", "quality", {"mark": {"id": "gold"}})
    assert reader.get("A").notes["quality"]["mark"]["id"] == "gold"
    snapshot = reader.catalogue.snapshot()
    assert snapshot.facets["mark"].counts(snapshot.every()) == [("gold", 1)]
    assert (reader.seen("A"), reader.seen("B")) == (reader.generation(), before)
