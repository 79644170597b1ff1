"""What every test may ask for: a home of its own, the real files where they are given, and no network."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.utils import translation

from qingliu.lake.paths import LakePaths

REAL_DATA = Path(os.environ.get("QINGLIU_REAL_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
_connect = socket.socket.connect


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _guarded_connect(self: socket.socket, address: Any) -> None:
    if self.family in {socket.AF_INET, socket.AF_INET6} and not _is_loopback(str(address[0])):
        raise AssertionError(f"a test reached for the network: {address!r}")
    _connect(self, address)


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """Connections leave the machine in no test."""
    socket.socket.connect = _guarded_connect  # type: ignore[method-assign]
    yield
    socket.socket.connect = _connect  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _password_is_enough(settings: Any) -> None:
    """Log-in by password alone, except where a test is about the second factor; what is cached stays in the test."""
    settings.QINGLIU = replace(django_settings.QINGLIU, second_factor=False)
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> LakePaths:
    """An empty home for this test alone, in the environment and in Django's settings."""
    paths = LakePaths(tmp_path / "home")
    paths.make()
    monkeypatch.setenv("QINGLIU_HOME", str(paths.home))
    settings.QINGLIU = replace(django_settings.QINGLIU, home=paths.home)
    return paths


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real files; skips where it is not given."""
    if not (REAL_DATA / "README.md").is_file():
        pytest.skip(f"real data is absent: set QINGLIU_REAL_DATA (looked at {REAL_DATA})")
    return REAL_DATA


@pytest.fixture(autouse=True)
def _own_language() -> Iterator[None]:
    """A page in English leaves its language in the thread; the next test begins in the portal's own."""
    yield
    translation.deactivate()
