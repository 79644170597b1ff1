"""Addresses of the pages: Chinese at ``/``, English at ``/en/``; the data API is told apart before Django is asked."""

from __future__ import annotations

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.urls import URLPattern, URLResolver, include, path

from qingliu.web.urls import account_patterns

admin.site.login = login_required(admin.site.login)  # type: ignore[method-assign]  # one log-in, with its second factor
urlpatterns: list[URLPattern | URLResolver] = [path("admin/", admin.site.urls)]

urlpatterns += i18n_patterns(
    path("", include("qingliu.web.urls")),
    path("account/", include(account_patterns)),
    prefix_default_language=False,
)
