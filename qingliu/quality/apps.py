"""The room ``quality`` as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class QualityConfig(AppConfig):
    """Names the room."""

    name = "qingliu.quality"
    label = "quality"
    verbose_name = "資料品質"
