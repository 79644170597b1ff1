"""The room ``accounts`` as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Names the room."""

    name = "qingliu.accounts"
    label = "accounts"
    verbose_name = "帳號"
