"""Threat 27, half way: an answer that fails after its first bytes can be taken by nobody for a whole one."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from django.conf import settings
from falcon.testing import simulate_request

from qingliu.api.cache import ResponseCache
from qingliu.config.data_api import make_data_api
from qingliu.lake.answer import Stream
from tests.pipeline import town
from tests.threats.scene import CODE, Scene


@pytest.fixture
def failing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An app whose engine fails after twenty thousand of thirty thousand rows."""
    scene.define(town.definition("TEST_W", mode="snapshot"))
    scene.good(town.rows(30_000), code="TEST_W")
    whole = scene.engine.stream

    def half(*asked: Any) -> Stream:
        stream = whole(*asked)

        def chunks() -> Iterator[bytes]:
            sent = 0
            for chunk in stream:
                if sent > 100_000:
                    raise OSError("the disk is gone")
                sent += len(chunk)
                yield chunk

        return Stream(chunks(), stream.close)

    monkeypatch.setattr(scene.engine, "stream", half)
    return make_data_api(settings.QINGLIU, scene.engine, ResponseCache(max_body=1000))


def ask(app: Any, form: str, **headers: str) -> bytes:
    answer = simulate_request(
        app, path="/api/datasets/TEST_W/rows", query_string=f"f={form}&limit=30000", headers=headers
    )
    assert answer.status_code == 200
    body: bytes = answer.content
    return body


@pytest.mark.parametrize("form", ["csv", "ndjson", "json"])
def test_a_plain_body_ends_in_words_that_no_parser_takes_for_a_row(
    failing: Any, tmp_path: Any, form: str, caplog: pytest.LogCaptureFixture
) -> None:
    body = ask(failing, form)
    assert len(body) > 100_000
    assert "內容不完整" in body.decode()[-200:]
    assert "INCOMPLETE" in body.decode()[-200:]
    assert any("broke off" in record.getMessage() for record in caplog.records)
    if form == "csv":
        path = tmp_path / "half.csv"
        path.write_bytes(body)
        with pytest.raises(duckdb.Error):
            duckdb.sql(f"SELECT count(*) FROM read_csv('{path}', header=true)").fetchall()
    else:
        with pytest.raises(json.JSONDecodeError):
            [json.loads(part) for part in (body.splitlines() if form == "ndjson" else [body])]


def test_a_packed_body_lacks_its_end(failing: Any) -> None:
    """The server drops the connection's answer where the packer stopped; unpacking says so."""
    with pytest.raises(OSError, match="the disk is gone"):
        ask(failing, "csv", **{"Accept-Encoding": "gzip"})


def test_a_whole_answer_has_no_such_words(scene: Scene) -> None:
    app = make_data_api(settings.QINGLIU, scene.engine, ResponseCache(max_body=10))
    for form in ("csv", "ndjson", "json"):
        for headers in ({}, {"Accept-Encoding": "gzip"}):
            answer = simulate_request(app, path=f"/api/datasets/{CODE}/rows", query_string=f"f={form}", headers=headers)
            body = gzip.decompress(answer.content) if headers else answer.content
            assert b"INCOMPLETE" not in body
            assert answer.status_code == 200
