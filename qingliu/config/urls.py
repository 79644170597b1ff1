"""Addresses of the pages: Chinese at ``/``, English at ``/en/``; the data API is told apart before Django is asked."""

from __future__ import annotations

from importlib.util import find_spec

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [path("admin/", admin.site.urls)]

if find_spec("qingliu.web.urls"):
    urlpatterns += i18n_patterns(path("", include("qingliu.web.urls")), prefix_default_language=False)
