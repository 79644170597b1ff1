"""The room ``participation`` as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class ParticipationConfig(AppConfig):
    """Names the room."""

    name = "qingliu.participation"
    label = "participation"
    verbose_name = "民眾意見"
