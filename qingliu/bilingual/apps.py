"""The room ``bilingual`` as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class BilingualConfig(AppConfig):
    """Names the room."""

    name = "qingliu.bilingual"
    label = "bilingual"
    verbose_name = "雙語"
