"""Log-in and log-out: Django's own, in our clothes. ``next`` leads only to addresses of this host."""

from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache


@method_decorator(never_cache, name="dispatch")
class LogIn(LoginView):
    """Asks name and password; the accounts' backend brakes guessing."""

    template_name = "web/login.html"
    redirect_authenticated_user = False
    extra_context = {"nav": "runs"}

    def get_default_redirect_url(self) -> str:
        """Where one goes who came by the front door."""
        return reverse("web:runs")


@method_decorator(never_cache, name="dispatch")
class LogOut(LogoutView):
    """Ends the session; by POST only, so that no foreign picture or link can do it."""

    http_method_names = ["post", "options"]

    def get_default_redirect_url(self) -> str:
        """The home page in the language one was reading."""
        return reverse("web:home")
