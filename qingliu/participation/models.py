"""Requests with what was written and what of it is public, transfers, answers, grounds of refusal, and who sent how many."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from qingliu.accounts.models import Agency


class Request(models.Model):
    """One request. ``title`` and ``text`` are as written and private; the ``shown_`` ones are public. Never deleted."""

    class Kind(models.TextChoices):
        """What is asked."""

        QUESTION = "question", _("提問")
        ERROR = "error", _("錯誤回報")
        DATA = "data", _("申請新資料")

    class State(models.TextChoices):
        """waiting: at the office, not dispatched; open: at an agency; the last three are the ways of its newest answer."""

        WAITING = "waiting", _("待分派")
        OPEN = "open", _("處理中")
        AVAILABLE = "available", _("已可取得")
        EXPECTED = "expected", _("預計開放")
        REFUSED = "refused", _("不提供")

    number = models.CharField(_("編號"), max_length=12, unique=True)  # ROC year and count: 115-0001
    kind = models.CharField(_("種類"), max_length=10, choices=Kind.choices, db_index=True)
    state = models.CharField(_("狀態"), max_length=10, choices=State.choices, db_index=True)
    dataset = models.CharField(_("資料集"), max_length=60, blank=True, db_collation="NOCASE", db_index=True)
    agency = models.ForeignKey(
        Agency, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("機關")
    )  # null: with the office
    title = models.CharField(_("標題"), max_length=80)
    text = models.TextField(_("內容"))
    field = models.CharField(_("欄位"), max_length=200, blank=True)
    keyword = models.CharField(_("關鍵字"), max_length=200, blank=True)
    author = models.CharField(_("姓名"), max_length=60)
    email = models.CharField(_("電子郵件"), max_length=200, blank=True)  # seen at the desk only
    shown_title = models.CharField(max_length=160)
    shown_text = models.TextField()
    shown_author = models.CharField(max_length=120)
    shown_field = models.CharField(max_length=400, blank=True)
    shown_keyword = models.CharField(max_length=400, blank=True)
    form = models.CharField(max_length=64, unique=True, editable=False)  # one form makes one request
    received_at = models.DateTimeField(_("收件時間"), db_index=True)
    received_on = models.DateField(_("收件日"), db_index=True)  # of Asia/Taipei
    answered_on = models.DateField(_("首次回復日"), null=True, blank=True)
    promised_on = models.DateField(_("承諾日"), null=True, blank=True)  # while the newest answer is "expected"
    changed_at = models.DateTimeField(_("最近異動"))
    hidden_reason = models.TextField(_("不顯示的理由"), blank=True)
    hidden_at = models.DateTimeField(_("不顯示的時間"), null=True, blank=True)
    simulated = models.BooleanField(_("模擬"), default=False)

    class Meta:
        ordering = ("-received_at", "-id")
        verbose_name = _("民眾意見")
        verbose_name_plural = _("民眾意見")

    def __str__(self) -> str:
        return self.number


class Transfer(models.Model):
    """A request went from one agency ("" = the office) to another; why."""

    request = models.ForeignKey(Request, models.PROTECT, related_name="transfers", verbose_name=_("民眾意見"))
    origin = models.CharField(_("原機關"), max_length=64, blank=True)
    target = models.CharField(_("新機關"), max_length=64, blank=True)
    reason = models.TextField(_("理由"))
    at = models.DateTimeField(_("時間"))
    by = models.CharField(_("執行者"), max_length=200)

    class Meta:
        ordering = ("id",)
        verbose_name = _("移轉")
        verbose_name_plural = _("移轉")

    def __str__(self) -> str:
        return f"{self.origin} → {self.target}"


class Answer(models.Model):
    """An answer, public as it stands; a later one follows only a promised date."""

    request = models.ForeignKey(Request, models.PROTECT, related_name="answers", verbose_name=_("民眾意見"))
    way = models.CharField(_("方式"), max_length=10)
    text = models.TextField(_("說明"), blank=True)
    link = models.CharField(_("連結"), max_length=500, blank=True)  # a dataset's code or a web address
    expected_on = models.DateField(_("預計日期"), null=True, blank=True)
    ground = models.CharField(_("依據"), max_length=60, blank=True)
    article_zh = models.CharField(max_length=200, blank=True)  # as it read when it was cited
    article_en = models.CharField(max_length=300, blank=True)
    says_zh = models.TextField(blank=True)
    says_en = models.TextField(blank=True)
    agency = models.CharField(_("機關"), max_length=64, blank=True)
    at = models.DateTimeField(_("時間"))
    by = models.CharField(_("執行者"), max_length=200)

    class Meta:
        ordering = ("id",)
        verbose_name = _("回復")
        verbose_name_plural = _("回復")

    def __str__(self) -> str:
        return f"{self.request_id} {self.way}"


class Ground(models.Model):
    """A ground of refusal that the office added, or put in the place of one that comes with the program."""

    code = models.SlugField(_("代碼"), max_length=60, unique=True)
    article_zh = models.CharField(_("條文"), max_length=200)
    article_en = models.CharField(_("條文（英文）"), max_length=300)
    says_zh = models.TextField(_("內容"))
    says_en = models.TextField(_("內容（英文）"))
    retired = models.BooleanField(_("停用"), default=False)
    changed_at = models.DateTimeField(_("異動時間"))
    changed_by = models.CharField(_("異動者"), max_length=200)

    class Meta:
        ordering = ("code",)
        verbose_name = _("不提供之依據")
        verbose_name_plural = _("不提供之依據")

    def __str__(self) -> str:
        return self.code


class Salt(models.Model):
    """The salt of one day, with which addresses are hashed; those of earlier days are deleted, and so can nobody be found."""

    day = models.DateField(unique=True)
    salt = models.CharField(max_length=64)

    def __str__(self) -> str:
        return str(self.day)


class Sender(models.Model):
    """How many requests of a day came from one salted hash of an address; "" counts all of them."""

    day = models.DateField()
    sender = models.CharField(max_length=64)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("day", "sender"), name="sender_once_a_day"),)

    def __str__(self) -> str:
        return f"{self.day} {self.sender[:8]} {self.count}"
