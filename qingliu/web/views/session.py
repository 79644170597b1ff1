"""Log-in and log-out in our clothes, django-allauth underneath. ``next`` leads only to addresses of this host."""

from __future__ import annotations

from typing import Any

from allauth.account.views import LoginView
from allauth.socialaccount.adapter import get_adapter
from django.contrib.auth.views import LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache


class LogIn(LoginView):  # type: ignore[misc]
    """Asks name and password, then the second factor; the accounts' back end brakes guessing."""

    template_name = "web/login.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What the page shows: the form, where it leads, and the ways in from outside."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {**context, "nav": "runs", "next": self.get_next_url() or "", "outside": _outside(self.request)}


def _outside(request: HttpRequest) -> list[dict[str, str]]:
    providers = get_adapter(request).list_providers(request)
    return [
        {"name": p.name, "address": reverse("openid_connect_login", kwargs={"provider_id": p.app.provider_id})}
        for p in providers
    ]


@method_decorator(never_cache, name="dispatch")
class LogOut(LogoutView):
    """Ends the session; by POST only, so that no foreign picture or link can do it."""

    http_method_names = ["post", "options"]

    def get_default_redirect_url(self) -> str:
        """The home page in the language one was reading."""
        return reverse("web:home")


def closed(request: HttpRequest) -> HttpResponse:
    """Says that accounts are made by an administrator."""
    return render(request, "account/signup_closed.html", status=403)


def inactive(request: HttpRequest) -> HttpResponse:
    """Says that an account has been switched off."""
    return render(request, "account/account_inactive.html", status=403)
