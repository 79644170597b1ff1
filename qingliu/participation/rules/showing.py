"""What of a request is public: its words with persons masked; the author by a masked name, never the e-mail."""

from __future__ import annotations

import re
from dataclasses import dataclass

from qingliu.participation.rules.words import Asked
from qingliu.privacy.rules.masking import mask_person, mask_text
from qingliu.privacy.rules.recognising import recognise
from qingliu.privacy.rules.spans import ALL_KINDS, Kind

ASKED = ALL_KINDS - {Kind.COORDINATES}  # a place's coordinates are what reports of errors are about
REPLIED = frozenset(
    {Kind.NATIONAL_ID, Kind.RESIDENT_NUMBER, Kind.PASSPORT, Kind.MOBILE, Kind.PLATE, Kind.BIRTH_DATE}
)  # an agency may name its desk, its telephone and its e-mail
_LEAST = 0.3  # a name that may be none is rather masked: the words of a question are not data


@dataclass(frozen=True, slots=True)
class Shown:
    """The public words of a request."""

    title: str
    text: str
    author: str
    field: str
    keyword: str


def shown(asked: Asked) -> Shown:
    """The public words of what was asked."""
    return Shown(
        masked(asked.title, asked.author, asked.email),
        masked(asked.text, asked.author, asked.email),
        mask_person(asked.author),
        masked(asked.field, asked.author, asked.email),
        masked(asked.keyword, asked.author, asked.email),
    )


def masked(text: str, author: str, email: str) -> str:
    """A stranger's ``text`` with persons' names, e-mails, telephones, IDs, plates and addresses masked, and the author's
    own name and e-mail wherever they stand."""
    return mask_text(_without(text, author, email), recognise(_without(text, author, email), ASKED), least=_LEAST)


def replied(text: str, author: str, email: str) -> str:
    """An agency's answer without the asker's name and e-mail, numbers of persons and plates."""
    plain = _without(text, author, email)
    return mask_text(plain, recognise(plain, REPLIED), least=_LEAST)


def _without(text: str, author: str, email: str) -> str:
    if email:
        text = re.sub(re.escape(email), "***@***", text, flags=re.IGNORECASE)
    if len(author) > 1:
        text = re.sub(re.escape(author), lambda found: mask_person(found.group()), text, flags=re.IGNORECASE)
    return text
