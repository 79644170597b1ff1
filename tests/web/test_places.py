"""The navigation behind the log-in: who one is, where one may go, and nothing that one may not."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from qingliu.accounts.models import Agency
from qingliu.lake.paths import LakePaths
from tests.web.test_runs import person

pytestmark = pytest.mark.django_db


def offered(client: Client, path: str) -> list[str]:
    """The addresses in the navigation of a page."""
    html = client.get(path).content.decode()
    nav = re.search(r'<nav class="desk-nav".*?</nav>', html, re.S)
    return re.findall(r'href="([^"]+)"', nav[0]) if nav else []


@pytest.mark.parametrize(
    ("role", "home_bound", "places"),
    [
        ("steward", True, ["/desk/", "/desk/upload/", "/runs/", "/desk/requests/"]),
        ("approver", True, ["/desk/", "/runs/", "/desk/requests/"]),
        ("privacy", False, ["/desk/", "/runs/", "/privacy/"]),
        ("office", False, ["/desk/", "/desk/upload/", "/runs/", "/desk/requests/", "/privacy/"]),
    ],
)
def test_each_role_is_led_only_where_it_may_go(home: LakePaths, role: str, home_bound: bool, places: list[str]) -> None:
    agency, _ = Agency.objects.get_or_create(code="MOENV", defaults={"name_zh": "環境部"})
    client = person("p", role, agency if home_bound else None)
    assert offered(client, "/runs/") == places
    assert all(client.get(place).status_code == 200 for place in places)


def test_page_says_who_is_logged_in_with_roles_and_the_way_out(home: LakePaths) -> None:
    agency, _ = Agency.objects.get_or_create(code="MOENV", defaults={"name_zh": "環境部"})
    client = person("mei", "steward", agency)
    html = client.get("/desk/").content.decode()
    assert "已登入：mei" in html
    assert "資料管理者（環境部）" in html
    assert "Steward (環境部)" in client.get("/en/desk/").content.decode()
    for address in ("/account/second-factor/", "/logout/"):
        assert f'"{address}"' in html
    assert 'aria-current="page"' in client.get("/account/second-factor/").content.decode()
