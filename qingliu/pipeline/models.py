"""Runs of the pipeline, the memory of sources, and the steward's desk: drafts, proposals, alarms."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from qingliu.accounts.models import Agency
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
    masking = models.JSONField(null=True, blank=True)  # privacy.actions.Masking: what the gate did, in numbers
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


class Draft(models.Model):
    """Files and a definition on their way to approval, private to one agency. No text of a row rests in this table."""

    class State(models.TextChoices):
        """open: being prepared; waiting: before the approver; approved: to be carried out; the others are ends."""

        OPEN = "open", _("承辦中")
        WAITING = "waiting", _("待核定")
        APPROVED = "approved", _("已核定，發布中")
        DONE = "done", _("已完成")
        DROPPED = "dropped", _("已捨棄")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="drafts", verbose_name=_("機關"))
    code = models.CharField(_("代碼"), max_length=64, db_collation="NOCASE")
    state = models.CharField(_("狀態"), max_length=10, choices=State.choices, default=State.OPEN, db_index=True)
    definition = models.TextField(_("定義"))
    base = models.TextField(_("原定義"), blank=True)  # what was registered when the draft began; "" for a new dataset
    files = models.JSONField(_("檔案"), default=list)  # name, stored, bytes, sha256
    made_by = models.CharField(_("承辦"), max_length=200)
    made_at = models.DateTimeField(_("建立時間"))
    changed_at = models.DateTimeField(_("更新時間"))
    expires_at = models.DateTimeField(_("到期"))
    why = models.TextField(_("說明"), blank=True)
    submitted_by = models.CharField(_("送核者"), max_length=200, blank=True)
    submitted_at = models.DateTimeField(_("送核時間"), null=True, blank=True)
    decided_by = models.CharField(_("核定"), max_length=200, blank=True)
    decided_at = models.DateTimeField(_("核定時間"), null=True, blank=True)
    reason = models.TextField(_("核定意見"), blank=True)
    alone = models.BooleanField(_("自行核定"), default=False)  # decided by its maker, the agency's only person
    run = models.ForeignKey(Run, models.SET_NULL, null=True, blank=True, related_name="drafts", verbose_name=_("執行"))
    error_zh = models.TextField(_("錯誤"), blank=True)
    error_en = models.TextField(blank=True)

    class Meta:
        ordering = ("-changed_at",)
        verbose_name = _("草稿")
        verbose_name_plural = _("草稿")

    def __str__(self) -> str:
        return f"{self.code} {self.state}"


class Proposal(models.Model):
    """One change of a draft's definition: what, who, why, and the text before and after."""

    draft = models.ForeignKey(Draft, models.CASCADE, related_name="proposals", verbose_name=_("草稿"))
    kind = models.CharField(_("種類"), max_length=20)
    what_zh = models.TextField(_("內容"))
    what_en = models.TextField(blank=True)
    why = models.TextField(_("理由"), blank=True)
    before = models.TextField(editable=False)
    after = models.TextField(editable=False)
    by = models.CharField(_("提案者"), max_length=200)
    at = models.DateTimeField(_("時間"))
    undone_by = models.CharField(_("收回者"), max_length=200, blank=True)
    undone_at = models.DateTimeField(_("收回時間"), null=True, blank=True)

    class Meta:
        ordering = ("id",)
        verbose_name = _("提案")
        verbose_name_plural = _("提案")

    def __str__(self) -> str:
        return f"{self.draft_id} {self.kind}"


class Alarm(models.Model):
    """Something that a dataset's people should know: opened once, mailed once, closed when it is over."""

    class Kind(models.TextChoices):
        """broken: a source or run failed; held: a delivery waits; late: the promise is broken; orphan: nobody answers;
        asked: a request from the public waits."""

        BROKEN = "broken", _("來源中斷")
        HELD = "held", _("交付暫緩")
        LATE = "late", _("逾期未更新")
        ORPHAN = "orphan", _("沒有在職的管理者")
        ASKED = "asked", _("意見待回復")

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="alarms", verbose_name=_("資料集"))
    kind = models.CharField(_("種類"), max_length=10, choices=Kind.choices)
    event = models.CharField(_("事件"), max_length=100)  # the same event is told once, however often it is seen
    what_zh = models.TextField(_("內容"))
    what_en = models.TextField(blank=True)
    opened_at = models.DateTimeField(_("開始"))
    closed_at = models.DateTimeField(_("結束"), null=True, blank=True)
    mailed_at = models.DateTimeField(_("寄出"), null=True, blank=True)

    class Meta:
        ordering = ("-opened_at",)
        constraints = (models.UniqueConstraint(fields=("dataset", "kind", "event"), name="alarm_once"),)
        verbose_name = _("警示")
        verbose_name_plural = _("警示")

    def __str__(self) -> str:
        return f"{self.dataset.code} {self.kind}"
