"""The second factor: asked for, set up, checked, braked, kept secret; and single sign-on beside it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache
from django.test import Client

from qingliu.accounts import actions
from qingliu.accounts.models import RoleAssignment, User
from qingliu.accounts.rules import operator
from qingliu.audit.models import Event
from qingliu.core.clock import now
from tests.web.provider import Provider, provider

pytestmark = pytest.mark.django_db
PASSWORD = "long enough to be good"


def code_of(secret: str, step: int = 0) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step)))


@pytest.fixture
def required(settings: Any) -> None:
    settings.QINGLIU = replace(settings.QINGLIU, second_factor=True)


@pytest.fixture
def person() -> User:
    user = User.objects.create_user("steward-a", email="a@agency.example", password=PASSWORD)
    RoleAssignment.objects.create(user=user, role="office", granted_at=now())
    return user


@pytest.fixture
def browser() -> Client:
    cache.clear()
    return Client(headers={"host": "localhost"})


def log_in(browser: Client, **more: str) -> Any:
    return browser.post("/login/", {"login": "steward-a", "password": PASSWORD, **more})


def enrolled(browser: Client) -> str:
    """Log in, set the second factor up as a person would, and answer its secret."""
    log_in(browser)
    page = browser.get("/account/second-factor/totp/activate/").content.decode()
    secret = re.search(r'<code class="wrap">([A-Z2-7]+)</code>', page)
    assert secret
    done = browser.post("/account/second-factor/totp/activate/", {"code": code_of(secret[1], -1)})
    assert done.status_code == 302
    return secret[1]


@pytest.mark.usefixtures("required", "person")
def test_a_password_alone_opens_nothing_but_the_set_up(browser: Client) -> None:
    log_in(browser)
    for page in ("/runs/", "/", "/en/runs/", "/admin/", "/account/second-factor/"):
        answer = browser.get(page)
        assert answer.status_code == 302, page
        assert "/second-factor/totp/activate/" in answer.headers["Location"], page
    assert browser.get("/account/second-factor/totp/activate/").status_code == 200


@pytest.mark.usefixtures("required", "person")
def test_after_set_up_the_password_leads_to_the_code_and_the_code_to_the_page(browser: Client) -> None:
    secret = enrolled(browser)
    assert browser.get("/runs/").status_code == 200
    again = Client(headers={"host": "localhost"})
    asked = log_in(again, next="/runs/?state=held")
    assert "/account/second-factor/authenticate/" in asked.headers["Location"]
    assert again.get("/runs/").status_code == 302  # not in yet
    let_in = again.post("/account/second-factor/authenticate/", {"code": code_of(secret)})
    assert let_in.headers["Location"] == "/runs/?state=held"
    assert again.get("/runs/").status_code == 200


@pytest.mark.usefixtures("required", "person")
def test_a_code_opens_once(browser: Client) -> None:
    secret = enrolled(browser)
    code = code_of(secret)
    doors = [Client(headers={"host": "localhost"}) for _ in range(2)]
    for door in doors:
        log_in(door)
    assert doors[0].post("/account/second-factor/authenticate/", {"code": code}).status_code == 302
    assert doors[1].post("/account/second-factor/authenticate/", {"code": code}).status_code == 200


@pytest.mark.usefixtures("required", "person")
def test_guessing_codes_is_braked_also_with_the_right_one(browser: Client) -> None:
    secret = enrolled(browser)
    guesser = Client(headers={"host": "localhost"})
    log_in(guesser)
    for _ in range(6):
        page = guesser.post("/account/second-factor/authenticate/", {"code": "000000"}).content.decode()
    assert "請稍候再試" in page
    assert guesser.post("/account/second-factor/authenticate/", {"code": code_of(secret)}).status_code == 200


@pytest.mark.usefixtures("required")
def test_the_secret_lies_encrypted_and_the_change_is_written_down(
    browser: Client, person: User, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        secret = enrolled(browser)
    kept = Authenticator.objects.get(user=person, type="totp")
    assert secret not in str(kept.data)
    verbs = [e.verb for e in Event.objects.filter(object_id="steward-a")]
    assert "second-factor.totp_activated" in verbs


@pytest.mark.usefixtures("person")
def test_where_it_is_optional_the_password_is_enough(browser: Client) -> None:
    log_in(browser)
    assert browser.get("/runs/").status_code == 200
    assert browser.get("/account/second-factor/").status_code == 200
    assert browser.get("/en/account/second-factor/").status_code == 200


@pytest.mark.usefixtures("required", "person")
def test_recovery_codes_let_in_once_each(browser: Client) -> None:
    enrolled(browser)
    page = browser.get("/account/second-factor/recovery-codes/").content.decode()
    codes = page.partition("<pre")[2].partition(">")[2].partition("</pre>")[0].split()
    assert len(codes) == 10
    for expected in (302, 200):
        door = Client(headers={"host": "localhost"})
        log_in(door)
        assert door.post("/account/second-factor/authenticate/", {"code": codes[0]}).status_code == expected


def test_nobody_signs_up(browser: Client) -> None:
    for page in ("/account/signup/", "/account/sso/signup/"):
        for answer in (browser.get(page), browser.post(page, {"username": "x", "password1": PASSWORD})):
            assert answer.status_code == 403
            assert "管理者建立" in answer.content.decode()
    assert not User.objects.exists()


@pytest.fixture
def sso(settings: Any) -> Iterator[Provider]:
    with provider() as there:
        settings.QINGLIU = replace(settings.QINGLIU, oidc_private=True, second_factor=True)
        app = {"provider_id": "sso", "name": "測試機關", "client_id": there.client, "secret": "s3cret-of-client"}
        apps = [{**app, "settings": {"server_url": there.issuer}}]
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": apps}}
        yield there


def come_from(there: Provider, browser: Client) -> Any:
    """Press the button, come back from the provider with a code."""
    assert "以測試機關登入" in browser.get("/login/").content.decode()
    away = browser.post("/account/oidc/sso/login/?next=/runs/")
    asked = parse_qs(urlsplit(away.headers["Location"]).query)
    assert away.headers["Location"].startswith(f"{there.issuer}/authorise?")
    assert asked["code_challenge_method"] == ["S256"]
    return browser.get("/account/oidc/sso/login/callback/", {"code": "c", "state": asked["state"][0]})


def test_single_sign_on_lets_in_whom_we_know_and_needs_no_second_factor_of_ours(
    sso: Provider, browser: Client, person: User
) -> None:
    sso.person = {"sub": "77", "email": "A@agency.example", "email_verified": True, "name": "甲"}
    back = come_from(sso, browser)
    assert back.headers["Location"] == "/runs/"
    assert browser.get("/runs/").status_code == 200
    posted = next(form for path, form in sso.asked if path == "/token")
    assert posted["client_secret"] == ["s3cret-of-client"]
    assert posted["code_verifier"]
    assert Event.objects.filter(verb="login.connected", object_id="steward-a").exists()


@pytest.mark.parametrize(
    "who",
    [
        {"sub": "78", "email": "stranger@agency.example", "email_verified": True},
        {"sub": "79", "email": "a@agency.example", "email_verified": False},
        {"sub": "80"},
    ],
)
def test_single_sign_on_keeps_out_strangers_and_unverified_addresses(
    who: dict[str, Any], sso: Provider, browser: Client, person: User
) -> None:
    sso.person = who
    back = come_from(sso, browser)
    assert "_auth_user_id" not in browser.session
    assert back.status_code in {200, 302}
    assert User.objects.count() == 1


def test_a_switched_off_account_is_kept_out(sso: Provider, browser: Client, person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)
    sso.person = {"sub": "77", "email": "a@agency.example", "email_verified": True}
    come_from(sso, browser)
    assert "_auth_user_id" not in browser.session


def test_a_foreign_state_is_refused(sso: Provider, browser: Client, person: User) -> None:
    sso.person = {"sub": "77", "email": "a@agency.example", "email_verified": True}
    answer = browser.get("/account/oidc/sso/login/callback/", {"code": "c", "state": "made-up"})
    assert "_auth_user_id" not in browser.session
    assert answer.status_code in {200, 401, 403}
    assert not [p for p, _ in sso.asked if p == "/token"]


@pytest.mark.usefixtures("required")
def test_a_lost_phone_is_forgotten_and_the_set_up_begins_anew(browser: Client, person: User) -> None:
    enrolled(browser)
    assert actions.forget_second_factor(username="steward-a", by=operator("test")) >= 1
    door = Client(headers={"host": "localhost"})
    log_in(door)
    assert "/second-factor/totp/activate/" in door.get("/runs/").headers["Location"]
    assert Event.objects.filter(verb="second-factor.forgotten", object_id="steward-a").exists()
