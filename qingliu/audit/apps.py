"""The room ``audit`` as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Names the room."""

    name = "qingliu.audit"
    label = "audit"
    verbose_name = "稽核"
