"""CSV for spreadsheets: a byte order mark on wish, another identity, and no silence where it cannot be."""

from __future__ import annotations

from tests.api.portal import Portal

ROWS = "/api/datasets/AIR_H/rows"


def test_csv_begins_with_a_mark_only_where_it_is_asked(portal: Portal) -> None:
    plain, marked = portal.get(ROWS, "f=csv&limit=3"), portal.get(ROWS, "f=csv&limit=3&bom=true")
    assert marked.content == b"\xef\xbb\xbf" + plain.content
    assert marked.headers["etag"] != plain.headers["etag"]


def test_a_mark_on_another_format_is_refused(portal: Portal) -> None:
    assert portal.get(ROWS, "bom=true&limit=1").content.startswith(b"\xef\xbb\xbfsiteid")
    for query in ("f=json&bom=true", "f=ndjson&bom=true", "f=parquet&bom=true"):
        answer = portal.get(ROWS, query)
        assert (answer.status_code, answer.json["parameter"]) == (400, "bom"), query
    assert portal.get(ROWS, "bom=maybe&f=csv").status_code == 400
    assert portal.get(ROWS, "bom=false&limit=1").status_code == 200
