"""The room ``catalog`` as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Names the room."""

    name = "qingliu.catalog"
    label = "catalog"
    verbose_name = "目錄"
