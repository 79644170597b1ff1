"""The room ``pipeline`` as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class PipelineConfig(AppConfig):
    """Names the room."""

    name = "qingliu.pipeline"
    label = "pipeline"
    verbose_name = "資料流程"
