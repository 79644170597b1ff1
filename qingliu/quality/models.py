"""What the judges said and when, what agencies contest, which rules are in force, and the official figures beside ours."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class MarkEdition(models.Model):
    """An edition of the rules of Taiwan's marks that the office put in force after the one that comes with the program."""

    name = models.CharField(_("版次"), max_length=60, unique=True)
    date = models.DateField(_("日期"))
    source = models.TextField(_("依據"))
    reconstruction = models.BooleanField(_("推定重建"), default=True)
    body = models.JSONField(_("內容"))
    added_at = models.DateTimeField(_("登錄時間"))
    added_by = models.CharField(_("登錄者"), max_length=200)

    class Meta:
        ordering = ("-id",)
        verbose_name = _("標章規則版次")
        verbose_name_plural = _("標章規則版次")

    def __str__(self) -> str:
        return self.name


class WhiteListing(models.Model):
    """A dataset, or one indicator of it, that the office excuses from the marks for a reason, until a review."""

    code = models.CharField(_("代碼"), max_length=60, db_collation="NOCASE", db_index=True)
    indicator = models.CharField(_("指標"), max_length=30, blank=True)  # "" excuses the whole dataset
    reason_zh = models.TextField(_("理由"))
    reason_en = models.TextField(_("理由（英文）"), blank=True)
    review_on = models.DateField(_("複查日"))
    added_at = models.DateTimeField(_("登錄時間"))
    added_by = models.CharField(_("登錄者"), max_length=200)
    ended_at = models.DateTimeField(_("終止時間"), null=True, blank=True)
    ended_by = models.CharField(_("終止者"), max_length=200, blank=True)
    end_reason = models.TextField(_("終止理由"), blank=True)

    class Meta:
        ordering = ("code", "indicator")
        constraints = (
            models.UniqueConstraint(
                fields=("code", "indicator"), condition=models.Q(ended_at=None), name="white_listed_once"
            ),
        )
        verbose_name = _("白名單")
        verbose_name_plural = _("白名單")

    def __str__(self) -> str:
        return f"{self.code} {self.indicator}".strip()


class Judgement(models.Model):
    """What the judges said of a dataset from ``judged_at`` to ``confirmed_at``; a later row begins where it changed.

    ``result`` is the whole of it as ``quality.rules.result.Result``; the columns beside it are for lists and history.
    """

    code = models.CharField(_("代碼"), max_length=60, db_collation="NOCASE")
    agency = models.CharField(_("機關"), max_length=64)
    kind = models.CharField(_("種類"), max_length=10)  # table | view | listed
    version = models.PositiveIntegerField(_("版本"), null=True, blank=True)
    definition_hash = models.CharField(max_length=64, blank=True)
    edition = models.CharField(_("標章規則版次"), max_length=60)
    mark = models.CharField(_("標章"), max_length=20, db_index=True)
    next_mark = models.CharField(_("下一級"), max_length=20, blank=True)
    next_state = models.CharField(_("下一級狀態"), max_length=20, blank=True)  # failed | not_measured
    mqa_points = models.PositiveIntegerField(_("MQA 分數"), null=True, blank=True)
    mqa_rating = models.CharField(_("MQA 等級"), max_length=20, blank=True)
    findings = models.JSONField(_("檢核發現數"), default=dict)  # severity → number of findings
    result = models.JSONField(_("結果"))
    digest = models.CharField(max_length=64)
    judged_at = models.DateTimeField(_("檢測時間"), db_index=True)
    confirmed_at = models.DateTimeField(_("最近確認時間"))
    judged_by = models.CharField(_("執行者"), max_length=200)
    latest = models.BooleanField(_("最新"), default=True)

    class Meta:
        ordering = ("-judged_at", "-id")
        indexes = (models.Index(fields=("code", "-judged_at"), name="judgement_history"),)
        constraints = (
            models.UniqueConstraint(fields=("code",), condition=models.Q(latest=True), name="judgement_latest_once"),
        )
        verbose_name = _("品質檢測結果")
        verbose_name_plural = _("品質檢測結果")

    def __str__(self) -> str:
        return f"{self.code} {self.mark}"


class FoundHere(models.Model):
    """One finding of the latest judgement; ``fingerprint`` stays the same for the same thing in later judgements."""

    judgement = models.ForeignKey(Judgement, models.CASCADE, related_name="found", verbose_name=_("品質檢測結果"))
    fingerprint = models.CharField(max_length=32, db_index=True)
    rule = models.CharField(_("規則"), max_length=60, db_index=True)
    severity = models.CharField(_("嚴重程度"), max_length=10)
    place = models.CharField(_("位置"), max_length=300, blank=True)
    columns = models.JSONField(_("欄位"), default=list)
    count = models.BigIntegerField(_("筆數"))
    rows = models.TextField(_("列條件"), blank=True)  # CQL2 text over the judged version
    reason_zh = models.TextField(_("說明"))
    reason_en = models.TextField()
    remedy_zh = models.TextField(_("補救"), blank=True)
    remedy_en = models.TextField(blank=True)

    class Meta:
        ordering = ("id",)
        verbose_name = _("檢核發現")
        verbose_name_plural = _("檢核發現")

    def __str__(self) -> str:
        return f"{self.rule} {self.place}"


class Contest(models.Model):
    """An agency disputes a finding or an indicator; the office decides, and both reasons are public."""

    class State(models.TextChoices):
        """open: waits for the office; upheld: the agency is right; rejected: the judgement stands."""

        OPEN = "open", _("待決定")
        UPHELD = "upheld", _("異議成立")
        REJECTED = "rejected", _("維持原判")

    code = models.CharField(_("代碼"), max_length=60, db_collation="NOCASE", db_index=True)
    agency = models.CharField(_("機關"), max_length=64)
    target = models.CharField(_("對象"), max_length=80)  # indicator:<id> | finding:<fingerprint>
    subject = models.CharField(_("規則"), max_length=120)  # what the target is called, kept when the finding has gone
    version = models.PositiveIntegerField(_("版本"), null=True, blank=True)
    reason = models.TextField(_("異議理由"))
    raised_at = models.DateTimeField(_("提出時間"))
    raised_by = models.CharField(_("提出者"), max_length=200)
    state = models.CharField(_("狀態"), max_length=10, choices=State.choices, default=State.OPEN, db_index=True)
    decision = models.TextField(_("決定理由"), blank=True)
    decided_at = models.DateTimeField(_("決定時間"), null=True, blank=True)
    decided_by = models.CharField(_("決定者"), max_length=200, blank=True)

    class Meta:
        ordering = ("-raised_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("code", "target"), condition=models.Q(state="open"), name="contest_open_once"
            ),
        )
        verbose_name = _("品質異議")
        verbose_name_plural = _("品質異議")

    def __str__(self) -> str:
        return f"{self.code} {self.target} {self.state}"


class LinkCheck(models.Model):
    """What checks of one address outside have seen. One failure is no verdict: see quality.rules.links."""

    key = models.CharField(max_length=64, unique=True)  # sha256 of the address
    address = models.TextField(_("網址"))  # without keys
    host = models.CharField(_("主機"), max_length=255, db_index=True)
    checked_at = models.DateTimeField(_("檢查時間"))
    good_at = models.DateTimeField(_("最近有效時間"), null=True, blank=True)
    failures = models.PositiveIntegerField(_("連續失敗次數"), default=0)
    failing_since = models.DateTimeField(_("開始失敗時間"), null=True, blank=True)
    due_at = models.DateTimeField(_("下次檢查時間"), db_index=True)
    detail_zh = models.TextField(_("說明"), blank=True)
    detail_en = models.TextField(blank=True)
    seen = models.JSONField(_("所見"), null=True, blank=True)  # the last good look, as quality.rules.seen.Seen

    class Meta:
        ordering = ("host", "key")
        verbose_name = _("連結檢查")
        verbose_name_plural = _("連結檢查")

    def __str__(self) -> str:
        return self.address


class OfficialEdition(models.Model):
    """One official publication of marks or figures, as it was imported: edition, date, source."""

    name = models.CharField(_("版次"), max_length=120, unique=True)
    date = models.DateField(_("日期"))
    source = models.TextField(_("來源"))
    sha256 = models.CharField(max_length=64)
    imported_at = models.DateTimeField(_("匯入時間"))
    imported_by = models.CharField(_("匯入者"), max_length=200)

    class Meta:
        ordering = ("-date", "-id")
        verbose_name = _("官方版次")
        verbose_name_plural = _("官方版次")

    def __str__(self) -> str:
        return self.name


class OfficialMark(models.Model):
    """The official mark of one dataset in one edition, with the indicator flags where they were published."""

    edition = models.ForeignKey(OfficialEdition, models.CASCADE, related_name="marks", verbose_name=_("版次"))
    code = models.CharField(_("代碼"), max_length=60, db_collation="NOCASE", db_index=True, blank=True)
    source_id = models.CharField(_("資料集識別碼"), max_length=40, db_index=True)
    title = models.CharField(_("名稱"), max_length=400, blank=True)
    printed = models.CharField(_("原文"), max_length=60, blank=True)
    mark = models.CharField(_("標章"), max_length=20, blank=True)
    flags = models.JSONField(_("指標"), default=dict)  # indicator → true | false

    class Meta:
        ordering = ("code", "source_id")
        verbose_name = _("官方標章")
        verbose_name_plural = _("官方標章")

    def __str__(self) -> str:
        return f"{self.code or self.source_id} {self.printed}"


class OfficialFigure(models.Model):
    """One official number: whose, which, and what it counts."""

    edition = models.ForeignKey(OfficialEdition, models.CASCADE, related_name="figures", verbose_name=_("版次"))
    subject = models.CharField(_("對象"), max_length=60)  # moenv | group-1-1st | …
    subject_zh = models.CharField(_("對象名稱"), max_length=120)
    subject_en = models.CharField(max_length=120, blank=True)
    measure = models.CharField(_("項目"), max_length=40)
    value = models.DecimalField(_("數值"), max_digits=14, decimal_places=3)
    unit = models.CharField(_("單位"), max_length=20, blank=True)
    counts_zh = models.TextField(_("計算對象"), blank=True)
    counts_en = models.TextField(blank=True)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("edition", "subject", "measure"), name="official_figure_once"),)
        verbose_name = _("官方數字")
        verbose_name_plural = _("官方數字")

    def __str__(self) -> str:
        return f"{self.subject} {self.measure} {self.value}"


class Reconciliation(models.Model):
    """The counts of the official lists set against each other by code, as they were computed from two files."""

    made_at = models.DateTimeField(_("比對時間"))
    made_by = models.CharField(_("比對者"), max_length=200)
    sha256 = models.JSONField(default=dict)  # file name → hash
    lines = models.JSONField(_("結果"))  # quality.rules.official.Line

    class Meta:
        ordering = ("-id",)
        verbose_name = _("目錄比對")
        verbose_name_plural = _("目錄比對")

    def __str__(self) -> str:
        return f"{self.made_at:%Y-%m-%d}"
