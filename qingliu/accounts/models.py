"""Agencies, people, their roles, and the hashes of API keys."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from qingliu.accounts.rules import ROLES
from qingliu.core.plans import REGISTERED


class Agency(models.Model):
    """An agency that owns datasets; a renamed agency is a new row with its own validity."""

    code = models.CharField(_("代碼"), max_length=64, unique=True, db_collation="NOCASE")
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("上級機關")
    )
    name_zh = models.CharField(_("中文名稱"), max_length=120)
    name_en = models.CharField(_("英文名稱"), max_length=200, blank=True)
    valid_from = models.DateField(_("生效日"), null=True, blank=True)
    valid_to = models.DateField(_("失效日"), null=True, blank=True)

    class Meta:
        ordering = ("code",)
        verbose_name = _("機關")
        verbose_name_plural = _("機關")

    def __str__(self) -> str:
        return self.name_zh


class User(AbstractUser):
    """A person who can log in."""

    class Meta(AbstractUser.Meta):
        verbose_name = _("使用者")
        verbose_name_plural = _("使用者")


class RoleAssignment(models.Model):
    """A role that a person holds; a steward's or approver's is bound to one agency."""

    user = models.ForeignKey(User, models.CASCADE, related_name="assignments", verbose_name=_("使用者"))
    role = models.CharField(_("角色"), max_length=20, choices=[(r, r) for r in ROLES])
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, blank=True, verbose_name=_("機關"))
    granted_at = models.DateTimeField(_("授予時間"))

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("user", "role", "agency"), name="role_once", nulls_distinct=False),
            models.CheckConstraint(
                condition=~Q(role__in=("steward", "approver")) | Q(agency__isnull=False), name="steward_has_agency"
            ),
        )
        verbose_name = _("角色")
        verbose_name_plural = _("角色")

    def __str__(self) -> str:
        return f"{self.user} {self.role}"


class Plan(models.Model):
    """A class of callers of the data API and how much it may ask; see ``core.plans`` for the meaning of each number."""

    name = models.SlugField(_("名稱"), max_length=40, unique=True)
    title_zh = models.CharField(_("中文名稱"), max_length=80)
    title_en = models.CharField(_("英文名稱"), max_length=80)
    per_minute = models.PositiveBigIntegerField(_("每分鐘請求數"))
    per_day = models.PositiveBigIntegerField(_("每日請求數"))
    points_per_day = models.PositiveBigIntegerField(_("每日點數"))
    streams = models.PositiveIntegerField(_("同時大型下載數"))
    query_rows = models.PositiveBigIntegerField(_("單次查詢可讀列數"))
    query_s = models.PositiveIntegerField(_("單次查詢秒數"))

    class Meta:
        ordering = ("name",)
        verbose_name = _("用量方案")
        verbose_name_plural = _("用量方案")

    def __str__(self) -> str:
        return self.name


class ApiKey(models.Model):
    """An API key, without the key: its hash, what it may do, and until when."""

    key_id = models.CharField(_("金鑰編號"), max_length=16, unique=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    label = models.CharField(_("用途"), max_length=120)
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, blank=True, verbose_name=_("機關"))
    scopes = models.JSONField(_("範圍"), default=list)
    created_at = models.DateTimeField(_("建立時間"))
    created_by = models.CharField(_("建立者"), max_length=200)
    expires_at = models.DateTimeField(_("到期時間"))
    revoked_at = models.DateTimeField(_("撤銷時間"), null=True, blank=True)
    plan = models.CharField(_("用量方案"), max_length=40, default=REGISTERED)

    class Meta:
        ordering = ("-created_at",)
        verbose_name = _("API 金鑰")
        verbose_name_plural = _("API 金鑰")

    def __str__(self) -> str:
        return f"{self.key_id} {self.label}"


class LoginFailures(models.Model):
    """Failures in a row of one name from one address; forgotten at the first success."""

    subject = models.CharField(max_length=64, unique=True)  # hash of name and address: neither is kept
    failures = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.subject[:8]} {self.failures}"
