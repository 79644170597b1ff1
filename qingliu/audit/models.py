"""Who did what to which object, when: rows that outlive everything they speak of, hence no foreign keys."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class Event(models.Model):
    """One write. Rows are added and read, never changed or deleted."""

    at = models.DateTimeField(_("時間"), db_index=True)
    actor = models.CharField(_("執行者"), max_length=200)
    verb = models.CharField(_("動作"), max_length=60, db_index=True)
    kind = models.CharField(_("對象類別"), max_length=40)
    object_id = models.CharField(_("對象"), max_length=200)
    agency = models.CharField(_("機關"), max_length=40, blank=True)
    detail = models.JSONField(_("細節"), default=dict)

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=("kind", "object_id"), name="audit_object"),)
        verbose_name = _("稽核紀錄")
        verbose_name_plural = _("稽核紀錄")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor} {self.verb} {self.kind}:{self.object_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the row; raises TypeError for a row that is already there."""
        if self.pk is not None:
            raise TypeError("audit rows are never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Always raises TypeError."""
        raise TypeError("audit rows are never deleted")
