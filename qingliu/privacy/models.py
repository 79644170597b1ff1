"""Mask rules in editions, the restricted list's editions (its sites are not here), and what assessors answered."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from qingliu.privacy.gate.policy import State

STATES = [
    (State.DRAFT.value, _("待核可")),
    (State.APPROVED.value, _("已核可")),
    (State.REJECTED.value, _("不核可")),
]


class RuleEdition(models.Model):
    """One edition of a mask rule; the newest approved one acts, unless it retires the rule. Editions never change."""

    name = models.SlugField(_("規則"), max_length=60)
    edition = models.PositiveIntegerField(_("版次"))
    body = models.JSONField(_("內容"))  # gate.policy.MaskRule
    retires = models.BooleanField(_("廢止"), default=False)
    why = models.TextField(_("說明"), blank=True)
    state = models.CharField(_("狀態"), max_length=10, choices=STATES, default=State.DRAFT, db_index=True)
    made_by = models.CharField(_("承辦"), max_length=200)
    made_at = models.DateTimeField(_("訂定時間"))
    decided_by = models.CharField(_("核可"), max_length=200, blank=True)
    decided_at = models.DateTimeField(_("核可時間"), null=True, blank=True)
    reason = models.TextField(_("核可意見"), blank=True)
    review_on = models.DateField(_("複查日"), null=True, blank=True)
    alarmed_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ("name", "-edition")
        constraints = (models.UniqueConstraint(fields=("name", "edition"), name="rule_edition_once"),)
        verbose_name = _("遮罩規則")
        verbose_name_plural = _("遮罩規則")

    def __str__(self) -> str:
        return f"{self.name} {self.edition} {self.state}"


class ListEdition(models.Model):
    """One edition of the restricted list: who brought it, who approved it, how long it is. Its sites lie sealed elsewhere."""

    number = models.PositiveIntegerField(_("版次"), unique=True)
    sites = models.PositiveIntegerField(_("筆數"))
    digest = models.CharField(max_length=64)  # of the sealed file, so that another one put in its place is noticed
    basis = models.TextField(_("法律依據"))
    state = models.CharField(_("狀態"), max_length=10, choices=STATES, default=State.DRAFT)
    made_by = models.CharField(_("承辦"), max_length=200)
    made_at = models.DateTimeField(_("匯入時間"))
    decided_by = models.CharField(_("核可"), max_length=200, blank=True)
    decided_at = models.DateTimeField(_("核可時間"), null=True, blank=True)
    review_on = models.DateField(_("複查日"))
    alarmed_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ("-number",)
        verbose_name = _("限制名單版次")
        verbose_name_plural = _("限制名單版次")

    def __str__(self) -> str:
        return f"{self.number} {self.state}"


class Assessment(models.Model):
    """An assessor's answer to whether masked rows of one dataset can be joined back through another one."""

    class Answer(models.TextChoices):
        """no-linkage: they cannot; public: what the other shows is public by law and tells nothing that was withheld."""

        NO_LINKAGE = "no-linkage", _("無關聯")
        PUBLIC = "public", _("他處內容依法公開，不因此得知遮罩內容")

    dataset = models.CharField(_("資料集"), max_length=64, db_collation="NOCASE")
    other = models.CharField(_("可關聯的資料集"), max_length=64, db_collation="NOCASE")
    answer = models.CharField(_("評估"), max_length=12, choices=Answer.choices)
    reason = models.TextField(_("理由"))
    basis = models.TextField(_("法律依據"))
    assessor = models.CharField(_("評估者"), max_length=200)
    at = models.DateTimeField(_("評估時間"))
    review_on = models.DateField(_("複查日"))
    alarmed_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ("-at",)
        verbose_name = _("關聯評估")
        verbose_name_plural = _("關聯評估")

    def __str__(self) -> str:
        return f"{self.dataset} {self.other} {self.answer}"
