"""Addresses of the pages; config.urls mounts them at / (Chinese) and /en/ (English)."""

from __future__ import annotations

from allauth.account.views import reauthenticate
from django.urls import URLPattern, URLResolver, include, path

from qingliu.web.views import bilingual, contests, findings, privacy, public, quality, runs, session, standards
from qingliu.web.views.desk import copies, datasets, drafts, held, home, upload

app_name = "web"

urlpatterns: list[URLPattern] = [
    path("", public.home, name="home"),
    path("dataset/", public.catalogue, name="catalogue"),
    path("dataset/detail/<str:code>", public.dataset, name="dataset"),
    path("dataset/detail/<str:code>/", public.dataset),
    path("dataset/detail/<str:code>/findings/<slug:fingerprint>", findings.finding, name="finding"),
    path("dataset/detail/<str:code>/contest", contests.contest, name="contest"),
    path("dataset/detail/<str:code>/contest/raise", contests.raise_contest, name="contest-raise"),
    path("quality/", quality.dashboard, name="quality"),
    path("quality/table.csv", quality.table, name="quality-table"),
    path("quality/figures/", quality.figures, name="quality-figures"),
    path("quality/contests/", quality.contests, name="quality-contests"),
    path("quality/contests/<int:number>/", contests.deciding, name="contest-decide"),
    path("quality/contests/<int:number>/decide", contests.settle, name="contest-settle"),
    path("quality/datasets/<str:code>/", quality.history, name="quality-history"),
    path("quality/agencies/<str:code>/", quality.agency, name="quality-agency"),
    path("standards/", standards.index, name="standards"),
    path("standards/lists/<slug:name>/", standards.code_list, name="standards-list"),
    path("standards/datasets/<str:code>/", standards.dataset, name="standards-dataset"),
    path("standards/subjects/<path:code>/", standards.subject, name="standards-subject"),
    path("bilingual/", bilingual.index, name="bilingual"),
    path("bilingual/datasets/<str:code>/", bilingual.dataset, name="bilingual-dataset"),
    path("bilingual/datasets/<str:code>/write", bilingual.desk, name="bilingual-desk"),
    path("bilingual/datasets/<str:code>/texts", bilingual.write, name="bilingual-write"),
    path("bilingual/datasets/<str:code>/words", bilingual.say, name="bilingual-say"),
    path("privacy/", privacy.index, name="privacy"),
    path("privacy/rules/decide", privacy.decide, name="privacy-decide"),
    path("privacy/rules/propose", privacy.propose, name="privacy-propose"),
    path("privacy/rules/retire", privacy.retire, name="privacy-retire"),
    path("privacy/linkage/", privacy.linkage, name="privacy-linkage"),
    path("privacy/linkage/assess", privacy.assess, name="privacy-assess"),
    path("privacy/restricted/", privacy.restricted, name="privacy-restricted"),
    path("privacy/restricted/import", privacy.bring, name="privacy-import"),
    path("privacy/restricted/decide", privacy.decide_list, name="privacy-decide-list"),
    path("privacy/restricted/<int:number>/read", privacy.read, name="privacy-read"),
    path("privacy/runs/<uuid:run_id>/", privacy.preview, name="privacy-preview"),
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
