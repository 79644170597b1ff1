"""Runs of the pipeline and the memory of sources."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from qingliu.catalog.models import Dataset
from qingliu.pipeline.rules import State

STATES = [
    (State.READING.value, _("讀取中")),
    (State.SHAPING.value, _("整形中")),
    (State.JUDGING.value, _("檢核中")),
    (State.COMMITTING.value, _("寫入中")),
    (State.RECORDED.value, _("已登錄")),
    (State.PUBLISHED.value, _("已發布")),
    (State.UNCHANGED.value, _("無變動")),
    (State.HELD.value, _("暫緩")),
    (State.REJECTED.value, _("退回")),
    (State.FAILED.value, _("失敗")),
]


class Run(models.Model):
    """One delivery on its way. The row is written before anything else, so that a crash leaves its name behind."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="runs", verbose_name=_("資料集"))
    state = models.CharField(_("狀態"), max_length=12, choices=STATES, default=State.READING, db_index=True)
    source = models.TextField(_("來源"), blank=True)
    message = models.TextField(_("說明"), blank=True)
    by = models.CharField(_("執行者"), max_length=200)
    started_at = models.DateTimeField(_("開始"))
    finished_at = models.DateTimeField(_("結束"), null=True, blank=True)
    definition_hash = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=64, blank=True)  # of the source files; see rules.fingerprint
    balance = models.JSONField(_("平衡表"), null=True, blank=True)
    verdicts = models.JSONField(_("檢核結果"), default=list)
    seen = models.JSONField(null=True, blank=True)  # rules.Seen: what the next delivery is compared with
    quarantine = models.CharField(_("隔離檔"), max_length=200, blank=True)  # name inside the private folder
    quarantined_cells = models.BigIntegerField(_("隔離儲存格"), default=0)
    version = models.PositiveIntegerField(_("版本"), null=True, blank=True)
    release_reason = models.TextField(_("放行理由"), blank=True)
    error_zh = models.TextField(_("錯誤"), blank=True)
    error_en = models.TextField(blank=True)

    class Meta:
        ordering = ("-started_at",)
        indexes = (models.Index(fields=("dataset", "-started_at"), name="run_dataset_started"),)
        verbose_name = _("執行紀錄")
        verbose_name_plural = _("執行紀錄")

    def __str__(self) -> str:
        return f"{self.dataset.code} {self.id} {self.state}"


class Source(models.Model):
    """What is remembered of a dataset's source between two looks at it: what to ask with, when to look again."""

    dataset = models.OneToOneField(Dataset, models.CASCADE, related_name="source", verbose_name=_("資料集"))
    state = models.JSONField(default=dict)
    due_at = models.DateTimeField(_("下次檢查"), null=True, blank=True, db_index=True)
    queued_at = models.DateTimeField(_("排入佇列"), null=True, blank=True)
    checked_at = models.DateTimeField(_("上次檢查"), null=True, blank=True)
    failures = models.PositiveIntegerField(_("連續失敗"), default=0)
    error_zh = models.TextField(_("錯誤"), blank=True)
    error_en = models.TextField(blank=True)

    class Meta:
        verbose_name = _("來源")
        verbose_name_plural = _("來源")

    def __str__(self) -> str:
        return self.dataset.code
