"""What people and memory say in English, when each text last changed, and what was judged."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Wording(models.Model):
    """English for one Chinese cell value: learnt from rows that hold both, or said by a person.

    ``dataset`` and ``field`` narrow where it holds; both empty, it holds wherever ``kind`` of column does.
    """

    class Origin(models.TextChoices):
        """memory: learnt from published rows; person: written by somebody."""

        MEMORY = "memory", _("翻譯記憶")
        PERSON = "person", _("人工")

    class State(models.TextChoices):
        """machine: filled and seen by nobody; approved: a person stands for it; rejected: must not be used."""

        MACHINE = "machine", _("自動填入")
        APPROVED = "approved", _("已核可")
        REJECTED = "rejected", _("不採用")

    kind = models.CharField(_("種類"), max_length=40, blank=True)
    dataset = models.CharField(_("資料集"), max_length=60, blank=True, db_collation="NOCASE")
    field = models.CharField(_("欄位"), max_length=200, blank=True)
    zh = models.CharField(_("中文"), max_length=500)
    en = models.CharField(_("英文"), max_length=500, blank=True)
    origin = models.CharField(_("來源"), max_length=10, choices=Origin.choices)
    state = models.CharField(_("狀態"), max_length=10, choices=State.choices)
    source = models.CharField(_("依據"), max_length=300, blank=True)
    by = models.CharField(_("由"), max_length=200)
    at = models.DateTimeField(_("時間"))

    class Meta:
        ordering = ("kind", "zh")
        constraints = (models.UniqueConstraint(fields=("kind", "dataset", "field", "zh"), name="wording_once"),)
        verbose_name = _("譯詞")
        verbose_name_plural = _("譯詞")

    def __str__(self) -> str:
        return f"{self.zh} → {self.en}"


class PageText(models.Model):
    """A text of a dataset as it was last judged: when each language changed, and the English that somebody proposes."""

    dataset = models.CharField(_("資料集"), max_length=60, db_collation="NOCASE")
    place = models.CharField(_("位置"), max_length=240)
    zh = models.TextField(_("中文"), blank=True)
    en = models.TextField(_("英文"), blank=True)
    zh_at = models.DateTimeField(_("中文更新"))
    en_at = models.DateTimeField(_("英文更新"))
    proposed = models.TextField(_("擬用英文"), blank=True)
    proposed_by = models.CharField(_("擬稿者"), max_length=200, blank=True)
    proposed_at = models.DateTimeField(_("擬稿時間"), null=True, blank=True)

    class Meta:
        ordering = ("dataset", "place")
        constraints = (models.UniqueConstraint(fields=("dataset", "place"), name="page_text_once"),)
        verbose_name = _("頁面文字")
        verbose_name_plural = _("頁面文字")

    def __str__(self) -> str:
        return f"{self.dataset} {self.place}"


class Judgement(models.Model):
    """The level of a dataset at a moment; a row is added only when something of it changed."""

    dataset = models.CharField(_("資料集"), max_length=60, db_collation="NOCASE", db_index=True)
    version = models.PositiveIntegerField(_("版本"), null=True, blank=True)
    level = models.PositiveSmallIntegerField(_("雙語程度"))
    basis = models.CharField(_("判定基礎"), max_length=64)
    body = models.JSONField(_("內容"))
    at = models.DateTimeField(_("時間"))

    class Meta:
        ordering = ("-id",)
        verbose_name = _("雙語判定")
        verbose_name_plural = _("雙語判定")

    def __str__(self) -> str:
        return f"{self.dataset} L{self.level}"
