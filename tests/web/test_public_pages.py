"""Public pages: what they say, in which language, and that they say only that."""

from __future__ import annotations

import re

import pytest
from django.test import Client

PAGES = ["/", "/dataset/", "/about/", "/dataset/detail/AQX_P_488", "/dataset/detail/AQX_P_432", "/dataset/detail/EMS_P_46", "/dataset/detail/WQX_P_01"]  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("prefix", ["", "/en"])
def test_page_answers_in_both_languages(reader: Client, prefix: str, path: str) -> None:
    answer = reader.get(prefix + path)
    assert answer.status_code == 200, answer.content.decode()[:500]
    html = answer.content.decode()
    assert f'<html lang="{"en" if prefix else "zh-Hant-TW"}">' in html
    assert len(answer.content) < 100_000
