"""Who somebody is: the second factor after the password, and single sign-on through the agency's own identity provider.

django-allauth does the work; the adapters here say what this portal allows. Nobody signs up: people are created by an
administrator, and an identity provider only proves which of them has come.
"""

from __future__ import annotations

import base64
import hashlib
import json
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from cryptography.fernet import Fernet
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from qingliu.accounts import throttle
from qingliu.accounts.models import User
from qingliu.audit import actions as audit
from qingliu.core.http import Door, Limits

OUTSIDE = Limits(max_bytes=1024 * 1024, timeout_s=20.0, read_s=10.0, attempts=1)
_PURPOSE = b"qingliu second factor\0"


class People(DefaultAccountAdapter):
    """Closed to newcomers, silent where allauth would chat, and braked by our own counting of failures."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: accounts are made by an administrator."""
        return False

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Says nothing: the page that follows shows what happened."""

    def send_notification_mail(self, template_prefix: str, user: Any, *args: Any, **kwargs: Any) -> None:
        """Writes the change into the audit trail instead of a mail."""
        audit.record(
            by=f"user:{user.get_username()}",
            verb=f"second-factor.{template_prefix.rsplit('/', 1)[-1]}",
            kind="user",
            object_id=user.get_username(),
        )

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Whether a grave step needs the password or the code once more: not within ten minutes of the last."""
        request = self.request
        records = get_authentication_records(request, request.user) if request else []
        return not records or time.time() - float(records[-1]["at"]) > settings.ACCOUNT_REAUTHENTICATION_TIMEOUT

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Leaves the brake to the back end, which counts for all processes."""


class SecondFactor(DefaultMFAAdapter):
    """Keeps the shared secret of a phone encrypted under the portal's own key."""

    def get_totp_issuer(self) -> str:
        """The name that a phone shows."""
        return "清流 Qingliu"

    def get_totp_label(self, user: Any) -> str:
        """The account's name, also where an e-mail address is known."""
        return str(user.get_username())

    def encrypt(self, text: str) -> str:
        """``text`` for the database."""
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """``text`` from the database. Raises cryptography's InvalidToken where the portal's secret key has changed."""
        return _fernet().decrypt(encrypted_text.encode()).decode()


def _fernet() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(_PURPOSE + settings.SECRET_KEY.encode()).digest()))


class Outside(DefaultSocialAccountAdapter):
    """Lets in whom the identity provider knows by a verified e-mail address that one active account here has."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Never: being known outside gives no account here."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Ties a first log-in to its account, and refuses one that is switched off."""
        if sociallogin.is_existing:
            return
        verified = {a.email.casefold() for a in sociallogin.email_addresses if a.verified and a.email}
        found = [u for u in User.objects.filter(is_active=True).exclude(email="") if u.email.casefold() in verified]
        if len(found) == 1:
            sociallogin.connect(request, found[0])
            audit.record(
                by=f"user:{found[0].get_username()}", verb="login.connected", kind="user",
                object_id=found[0].get_username(),
            )  # fmt: skip

    def get_requests_session(self) -> Any:
        """A session that goes out through the one door."""
        return DoorSession(allow_private=settings.QINGLIU.oidc_private)


class DoorSession:
    """As much of a requests session as the OpenID Connect client asks for, over ``core.http``."""

    def __init__(self, *, allow_private: bool, door: Door | None = None) -> None:
        self._door = door or Door()
        self._limits = Limits(
            OUTSIDE.max_bytes, OUTSIDE.timeout_s, OUTSIDE.read_s, allow_private=allow_private, attempts=1
        )

    def __enter__(self) -> DoorSession:
        return self

    def __exit__(self, *raised: object) -> None:
        return None

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> DoorAnswer:
        """The answer of ``url``."""
        return self.request("GET", url, headers=headers)

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: Any = None,
    ) -> DoorAnswer:
        """The answer of a form that is sent, or of an address. Raises core.errors.QingliuError where there is none."""
        sent = {"Accept": "application/json", **(headers or {})}
        if params:
            url = f"{url}?{urlencode(params)}"
        if auth is not None:
            pair = base64.b64encode(f"{auth.username}:{auth.password}".encode()).decode()
            sent["Authorization"] = f"Basic {pair}"
        form = urlencode(data).encode() if data is not None and method == "POST" else None
        secrets = tuple(v for v in (data or {}).values() if v) + tuple(sent.get("Authorization", "").split(" ")[1:])
        with tempfile.TemporaryDirectory(prefix="qingliu-sso-") as folder:
            into = Path(folder) / "answer"
            answer = self._door.get(url, into, limits=self._limits, headers=sent, secrets=secrets, form=form)
            return DoorAnswer(answer.status, dict(answer.headers), into.read_bytes())


class DoorAnswer:
    """A whole answer as the OpenID Connect client reads it; bad answers were already raised."""

    def __init__(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        self.status_code = status
        self.headers = {"content-type": "", **headers}
        self.content = content

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """The body as JSON. Raises ValueError."""
        return json.loads(self.content)

    def raise_for_status(self) -> None:
        """Nothing to raise: the door takes only good answers."""


class _Braked:
    """Counts wrong codes of a person over all processes, and waits as the log-in does."""

    user: User
    cleaned_data: dict[str, Any]

    def clean_code(self) -> str:
        """The code, if it is right and the person is not waiting."""
        subject = throttle.subject("second factor", str(self.user.pk))
        if throttle.waiting(subject):
            raise ValidationError(_("驗證碼錯誤次數過多，請稍候再試。"))
        try:
            code: str = super().clean_code()  # type: ignore[misc]
        except ValidationError:
            throttle.failed(subject)
            raise ValidationError(_("驗證碼不正確。")) from None
        throttle.passed(subject)
        return code


class CodeForm(_Braked, AuthenticateForm):  # type: ignore[misc]
    """The code after the password."""


class CodeAgainForm(_Braked, ReauthenticateForm):  # type: ignore[misc]
    """The code once more before something grave."""
