"""Addresses of the pages; config.urls mounts them at / (Chinese) and /en/ (English)."""

from __future__ import annotations

from django.urls import URLPattern, path

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
