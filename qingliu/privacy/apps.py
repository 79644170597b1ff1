"""The room ``privacy`` as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    """Names the room."""

    name = "qingliu.privacy"
    label = "privacy"
    verbose_name = "隱私保護"
