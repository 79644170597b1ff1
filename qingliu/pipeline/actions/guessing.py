"""Proposals for a new draft: made once from what its files say of themselves, and kept beside it with their reasons."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from qingliu.accounts.models import User
from qingliu.core import codec
from qingliu.core.dataset import DatasetRecord, Text
from qingliu.lake.inputs import CsvInput, RawInput
from qingliu.pipeline import queries
from qingliu.pipeline.guesses import Guess, answering, code_in, guessed
from qingliu.pipeline.models import Draft

FILE = "guesses.json"
_ABOVE = 12  # lines above a header that are read for what they say
_FEW = 2  # a line with more cells than these is no title


@dataclass(frozen=True, slots=True)
class _Kept:
    guesses: tuple[Guess, ...]


def kept(draft: Draft, record: DatasetRecord, inputs: Sequence[RawInput]) -> DatasetRecord:
    """The record with what can be proposed for it; the proposals are kept for ``guesses``."""
    name = str(draft.files[0]["name"]) if draft.files else draft.code
    made, told = guessed(record, file_name=name, above=_above(inputs))
    person = _person(draft.made_by)
    made, mine = answering(made, name=person.get_full_name() if person else "", email=person.email if person else "")
    told = (*told, *mine)
    code = code_in(made)
    if code and not name.rsplit(".", 1)[0].isascii():  # an ASCII name gave the code already
        made = replace(made, code=queries.free_code(code))
        told = (*told, Guess("code", made.code, Text("由英文名稱寫成。", "Written from the English title.")))
    path = queries.draft_folder(draft) / FILE
    path.touch(mode=0o600)
    path.write_text(codec.to_json(_Kept(told)), encoding="utf-8")
    return made


def _person(maker: str) -> User | None:
    kind, _, name = maker.partition(":")
    return User.objects.filter(username=name).first() if kind == "user" else None


def guesses(draft: Draft) -> tuple[Guess, ...]:
    """What was proposed for a draft when its files were first read."""
    path = queries.draft_folder(draft) / FILE
    return codec.from_json(_Kept, path.read_text(encoding="utf-8")).guesses if path.is_file() else ()


def _above(inputs: Sequence[RawInput]) -> tuple[str, ...]:
    """Texts of the lines above the first input's header: a title, a period, a unit."""
    first = inputs[0]
    if not isinstance(first, CsvInput) or first.header_row < 2:
        return ()
    with first.path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        lines = list(islice(csv.reader(file, delimiter=first.delimiter), min(first.header_row - 1, _ABOVE)))
    filled = [[c.strip()[:200] for c in line if c.strip()] for line in lines]
    return tuple(c for line in filled if len(line) <= _FEW for c in line)
