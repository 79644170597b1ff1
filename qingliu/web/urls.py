"""Addresses of the pages; config.urls mounts them at / (Chinese) and /en/ (English)."""

from __future__ import annotations

from allauth.account.views import reauthenticate
from django.urls import URLPattern, URLResolver, include, path

from qingliu.web.views import public, runs, session

app_name = "web"

urlpatterns: list[URLPattern] = [
    path("", public.home, name="home"),
    path("dataset/", public.catalogue, name="catalogue"),
    path("dataset/detail/<str:code>", public.dataset, name="dataset"),
    path("dataset/detail/<str:code>/", public.dataset),
    path("about/", public.about, name="about"),
    path("runs/", runs.history, name="runs"),
    path("runs/<uuid:run_id>/", runs.run, name="run"),
    path("runs/<uuid:run_id>/quarantine/", runs.quarantine, name="quarantine"),
    path("login/", session.LogIn.as_view(), name="login"),
    path("logout/", session.LogOut.as_view(), name="logout"),
]

# One's own account, outside the namespace: by the names that django-allauth knows.
account_patterns: list[URLPattern | URLResolver] = [
    path("login/", session.LogIn.as_view(), name="account_login"),
    path("logout/", session.LogOut.as_view(), name="account_logout"),
    path("inactive/", session.inactive, name="account_inactive"),
    path("signup/", session.closed, name="account_signup"),
    path("sso/signup/", session.closed, name="socialaccount_signup"),
    path("reauthenticate/", reauthenticate, name="account_reauthenticate"),
    path("second-factor/", include("allauth.mfa.urls")),
    path("", include("allauth.socialaccount.providers.openid_connect.urls")),
]
