"""How many requests one address may send in a day, without ever keeping an address."""

from __future__ import annotations

import hashlib
import secrets
from datetime import date

from django.db.models import F

from qingliu.core.dataset import Text
from qingliu.core.errors import TooMany
from qingliu.participation.models import Salt, Sender

DAY_S = 86_400
ALL = ""


def count(address: str, day: date, *, per_sender: int, per_portal: int) -> None:
    """Count one request of ``address`` on ``day``; inside the transaction that keeps it, so a refused one counts not.

    Raises TooMany where the address, or everybody together, has sent as many as a day allows. The address is hashed
    with a salt of the day that is thrown away with the day.
    """
    for name, most in ((_hash(address, day), per_sender), (ALL, per_portal)):
        row, _made = Sender.objects.get_or_create(day=day, sender=name)
        if row.count >= most:
            raise TooMany(
                Text("今天收到的意見已達上限。", "As many requests as a day allows have come in today."),
                Text("請明天再送出，或聯絡資料集的聯絡人。", "Please send it tomorrow, or ask the dataset's contact."),
                retry_after_s=DAY_S,
            )
        Sender.objects.filter(pk=row.pk).update(count=F("count") + 1)


def _hash(address: str, day: date) -> str:
    salt, made = Salt.objects.get_or_create(day=day, defaults={"salt": secrets.token_hex(32)})
    if made:
        Salt.objects.exclude(day=day).delete()
        Sender.objects.exclude(day=day).delete()
    return hashlib.blake2b(address.encode(), key=bytes.fromhex(salt.salt), digest_size=32).hexdigest()
