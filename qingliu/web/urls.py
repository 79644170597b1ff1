"""Addresses of the pages; config.urls mounts them at / (Chinese) and /en/ (English)."""

from __future__ import annotations

from allauth.account.views import reauthenticate
from django.urls import URLPattern, URLResolver, include, path

from qingliu.web.views import public, runs, session
from qingliu.web.views.desk import copies, datasets, drafts, held, home, upload

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
    path("runs/<uuid:run_id>/decide", held.decide, name="desk-decide-run"),
    path("desk/", home.home, name="desk"),
    path("desk/upload/", upload.upload, name="desk-upload"),
    path("desk/upload/take", upload.take, name="desk-take"),
    path("desk/drafts/<uuid:draft_id>/", drafts.draft, name="desk-draft"),
    path("desk/drafts/<uuid:draft_id>/change", drafts.change, name="desk-change"),
    path("desk/drafts/<uuid:draft_id>/read", drafts.read, name="desk-read"),
    path("desk/drafts/<uuid:draft_id>/remedy", drafts.remedy, name="desk-remedy"),
    path("desk/drafts/<uuid:draft_id>/remedies", drafts.remedies_all, name="desk-remedies"),
    path("desk/drafts/<uuid:draft_id>/undo", drafts.undo, name="desk-undo"),
    path("desk/drafts/<uuid:draft_id>/submit", drafts.submit, name="desk-submit"),
    path("desk/drafts/<uuid:draft_id>/take-back", drafts.take_back, name="desk-take-back"),
    path("desk/drafts/<uuid:draft_id>/decide", drafts.decide, name="desk-decide"),
    path("desk/drafts/<uuid:draft_id>/drop", drafts.drop, name="desk-drop"),
    path("desk/drafts/<uuid:draft_id>/repaired.csv", copies.repaired, name="desk-repaired"),
    path("desk/drafts/<uuid:draft_id>/report.csv", copies.report, name="desk-report"),
    path("desk/drafts/<uuid:draft_id>/definition.yaml", copies.definition, name="desk-definition"),
    path("desk/datasets/<str:code>/", datasets.dataset, name="desk-dataset"),
    path("desk/datasets/<str:code>/edit", datasets.edit, name="desk-edit"),
    path("desk/datasets/<str:code>/withdraw", datasets.withdraw, name="desk-withdraw"),
    path("desk/datasets/<str:code>/reinstate", datasets.reinstate, name="desk-reinstate"),
    path("desk/datasets/<str:code>/run-now", datasets.run_now, name="desk-run-now"),
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
