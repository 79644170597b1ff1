"""Datasets as the office keeps them, their versions, and entries that are only listed so far."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from qingliu.accounts.models import Agency


class Dataset(models.Model):
    """A declared dataset. ``definition`` is its reviewed file; ``published_record`` what the world sees of it."""

    class Kind(models.TextChoices):
        """table: holds rows; view: another dataset seen differently."""

        TABLE = "table", _("資料表")
        VIEW = "view", _("檢視表")

    class Status(models.TextChoices):
        """draft: never published; published: served; held: kept back until someone decides; withdrawn: taken down."""

        DRAFT = "draft", _("草稿")
        PUBLISHED = "published", _("已發布")
        HELD = "held", _("暫緩發布")
        WITHDRAWN = "withdrawn", _("已下架")

    code = models.CharField(_("代碼"), max_length=60, unique=True, db_collation="NOCASE")
    kind = models.CharField(_("種類"), max_length=10, choices=Kind.choices)
    status = models.CharField(_("狀態"), max_length=12, choices=Status.choices, default=Status.DRAFT, db_index=True)
    reason_zh = models.TextField(_("狀態說明"), blank=True)
    reason_en = models.TextField(_("狀態說明（英文）"), blank=True)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="datasets", verbose_name=_("機關"))
    definition = models.TextField(_("定義"))
    definition_hash = models.CharField(max_length=64)
    definition_path = models.CharField(_("定義檔"), max_length=400, blank=True)
    published_record = models.TextField(blank=True, editable=False)
    current = models.PositiveIntegerField(_("現行版本"), null=True, blank=True)
    cleared = models.JSONField(
        default=list, editable=False
    )  # sensitive columns that the gate decided, "name:sensitivity"
    created_at = models.DateTimeField(_("建立時間"))
    updated_at = models.DateTimeField(_("更新時間"))

    class Meta:
        ordering = ("code",)
        verbose_name = _("資料集")
        verbose_name_plural = _("資料集")

    def __str__(self) -> str:
        return self.code


class Version(models.Model):
    """One version of a dataset: our number for one snapshot of its table, with everything a reader needs to read it."""

    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="versions", verbose_name=_("資料集"))
    number = models.PositiveIntegerField(_("版本"))
    run_id = models.CharField(max_length=60, unique=True)
    snapshot_id = models.BigIntegerField()
    created_at = models.DateTimeField(_("建立時間"))
    author = models.CharField(_("發布者"), max_length=200)
    message = models.TextField(_("說明"), blank=True)
    rows = models.BigIntegerField(_("列數"))
    content_hash = models.CharField(max_length=64)
    kept = models.BooleanField(_("保留資料"), default=True)
    manifest = models.TextField(editable=False)

    class Meta:
        ordering = ("-number",)
        constraints = (models.UniqueConstraint(fields=("dataset", "number"), name="version_number_once"),)
        verbose_name = _("版本")
        verbose_name_plural = _("版本")

    def __str__(self) -> str:
        return f"{self.dataset.code} v{self.number}"


class ListedEntry(models.Model):
    """A line of an official catalogue whose data is not here (yet). What the line does not say is unknown, not zero."""

    code = models.CharField(_("代碼"), max_length=60, unique=True, db_collation="NOCASE")
    source_id = models.CharField(_("來源編號"), max_length=40)
    title_zh = models.CharField(_("中文名稱"), max_length=400)
    title_en = models.CharField(_("英文名稱"), max_length=400, blank=True)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="listed", verbose_name=_("機關"))
    category = models.CharField(_("分類"), max_length=40, blank=True)
    formats = models.JSONField(_("格式"), default=list)
    address = models.TextField(_("原始網址"), blank=True)
    has_api = models.BooleanField(_("有 API"), default=False)
    provenance_zh = models.CharField(_("來源"), max_length=200)
    provenance_en = models.CharField(max_length=200, blank=True)
    listed_at = models.DateTimeField(_("登錄時間"))

    class Meta:
        ordering = ("code",)
        verbose_name = _("目錄項目")
        verbose_name_plural = _("目錄項目")

    def __str__(self) -> str:
        return self.code


class RowDecision(models.Model):
    """What somebody, or a rule, decided about one row: the status it has now, the cells before and after, and why.

    A decision counts once its version is recorded; ``version`` is empty while the run that brings it is under way.
    Values are texts as the lake writes them. ``source`` is what the source had delivered in the columns on which the
    decision rests: delivered again otherwise, the row is contested.
    """

    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="decisions", verbose_name=_("資料集"))
    run_id = models.CharField(max_length=60, db_index=True)
    version = models.PositiveIntegerField(_("版本"), null=True, blank=True)
    key = models.JSONField(_("主鍵"))
    source = models.JSONField(_("來源內容"), default=dict)
    before = models.JSONField(_("更正前"), default=dict)
    after = models.JSONField(_("更正後"), default=dict)
    flags_before = models.TextField(blank=True)
    status_before = models.CharField(_("原狀態"), max_length=12)
    status = models.CharField(_("狀態"), max_length=12)
    withdraws = models.BooleanField(_("撤銷先前決定"), default=False)
    reason = models.TextField(_("理由"))
    rule = models.CharField(_("規則"), max_length=100, blank=True)
    role = models.CharField(_("角色"), max_length=20)
    by = models.CharField(_("決定者"), max_length=200)
    decided_at = models.DateTimeField(_("決定時間"))

    class Meta:
        ordering = ("id",)
        verbose_name = _("列的決定")
        verbose_name_plural = _("列的決定")

    def __str__(self) -> str:
        return f"{self.dataset.code} {self.key} {self.status}"
