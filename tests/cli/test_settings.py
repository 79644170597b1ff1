"""What the settings promise: a kept secret, strict headers, private files, one language an address."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from qingliu.config.secret import secret_key


def test_the_signing_key_is_made_once_and_is_the_owners_alone(tmp_path: Path) -> None:
    first = secret_key("", tmp_path)
    assert secret_key("", tmp_path) == first
    assert len(first) >= 50
    kept = tmp_path / "private" / "secret_key"
    assert kept.stat().st_mode & 0o077 == 0
    assert list(kept.parent.iterdir()) == [kept]


def test_a_given_key_is_used_and_not_written(tmp_path: Path) -> None:
    assert secret_key("given", tmp_path) == "given"
    assert not (tmp_path / "private").exists()


def test_reading_the_settings_makes_no_portal(tmp_path: Path) -> None:
    home = tmp_path / "nowhere"
    assert secret_key("", home) != secret_key("", home)
    assert not home.exists()


@pytest.mark.django_db
def test_every_page_carries_a_policy_without_unsafe_sources(client: Client, settings: Any) -> None:
    answer = client.get("/admin/login/")
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"


@pytest.mark.django_db
def test_an_unknown_host_is_refused(client: Client) -> None:
    assert client.get("/admin/login/", headers={"host": "evil.example"}).status_code == 400
    forwarded = client.get("/admin/login/", headers={"x-forwarded-host": "evil.example"})
    assert forwarded.status_code == 302
    assert "evil.example" not in forwarded.headers["Location"]
