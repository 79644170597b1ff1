"""Keeps whoever has logged in with a password alone from everything but setting up the second factor."""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.authentication import get_authentication_records
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import Resolver404, resolve, reverse

_OPEN = {
    "mfa_activate_totp",
    "mfa_authenticate",
    "mfa_reauthenticate",
    "account_reauthenticate",
    "account_login",
    "account_logout",
    "web:login",
    "web:logout",
}


class SecondFactorMiddleware:
    """Sends a person without a second factor to the page that sets it up, where the portal requires one.

    Whoever came through the agency's identity provider is exempt: the second factor is its business.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The page, or the way to the second factor."""
        if settings.QINGLIU.second_factor and _lacks_it(request):
            return HttpResponseRedirect(reverse("mfa_activate_totp"))
        return self.get_response(request)


def _lacks_it(request: HttpRequest) -> bool:
    if not request.user.is_authenticated or is_mfa_enabled(request.user):
        return False
    try:
        at = resolve(request.path_info).view_name
    except Resolver404:
        at = ""
    return at not in _OPEN and not came_from_outside(request)


def came_from_outside(request: HttpRequest) -> bool:
    """Whether this session began at the identity provider."""
    return any(r.get("method") == "socialaccount" for r in get_authentication_records(request, request.user))
