"""Raw text that did not fit, and what errors quote of it, as a steward may see it: personal data and sites are masked."""

from __future__ import annotations

import json
from pathlib import Path

import re2

from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest, Damaged
from qingliu.lake import mask
from qingliu.privacy import queries
from qingliu.privacy.gate.policy import HOLDING
from qingliu.privacy.gate.restricted import Matcher
from qingliu.privacy.rules import (
    SURE_ENOUGH,
    Kind,
    Level,
    NameKind,
    classify_name,
    generalise_address,
    mask_name,
    mask_text,
    recognise,
)

_PARTS = re2.compile(r"([,;|\t\r\n\"]+)")
_WORDS = re2.compile(r"([\s(（）):：、，。]+)")
_SHORT = 40  # characters of a piece that may be a name
_ALL = frozenset(Kind)
_SITE = "（限制場所，內容不顯示 a restricted site, withheld）"
_WITHHELD = "（限制名單無法讀取，內容不顯示 withheld）"


def quarantine(path: Path) -> None:
    """Mask the raw texts of a quarantine file, and the reasons that quote them, before anybody can open it."""
    try:
        matcher = queries.matcher()
    except Damaged:
        matcher = None
    changed = {}
    for raw in mask.texts(path, "raw"):
        shown = _WITHHELD if matcher is None else _row(raw, matcher)
        if shown != raw:
            changed[raw] = shown
    if changed:
        mask.rewrite_column(path, "raw", changed, quoting=("reason_zh", "reason_en"))


def check_words(words: str, parameter: str) -> None:
    """Raise BadRequest where words that are about to be published (a reason, a message) name a person or a site."""
    if not words.strip():
        return
    try:
        site = queries.matcher().touches(words)
    except Damaged:  # then nothing is published anyway
        site = False
    personal = [s for s in recognise(words, HOLDING) if s.confidence >= SURE_ENOUGH]
    if personal or site:
        raise BadRequest(
            Text(
                "這段文字會公開，但含有個人資料或限制場所。",
                "These words get published and name a person or a restricted site.",
            ),
            Text("請改寫，不提及姓名、號碼與地址。", "Say it without names, numbers and addresses."),
            parameter=parameter,
        )


def text(told: str) -> str:
    """A message that may quote a cell, without personal data and without sites."""
    try:
        return _piece(told, queries.matcher(), sites=True)
    except Damaged:
        return _WITHHELD


def _row(raw: str, matcher: Matcher) -> str:
    """A whole row, or one cell: each piece as a cell, addresses too wherever the row is more than a cell."""
    if raw.startswith("{"):
        try:
            plain = json.loads(raw)
        except ValueError:
            plain = None
        if isinstance(plain, dict):
            values = [str(v) for v in plain.values() if v]
            if any(matcher.touches(v) for v in values):
                return _SITE  # a number or half an address beside it would tell the rest
            shown = {k: _piece(v, matcher, sites=True) if isinstance(v, str) else v for k, v in plain.items()}
            return json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
    pieces = _PARTS.split(raw)
    many = len(pieces) > 1
    if many and any(matcher.touches(p) for p in pieces):
        return _SITE
    whole = "".join(_piece(p, matcher, sites=many) for p in pieces)
    return _piece(whole, matcher, sites=many or bool(matcher))


def _piece(piece: str, matcher: Matcher, *, sites: bool) -> str:
    """``sites``: addresses and coordinates fall back too: beside them, or out of sight of a lone cell, a site may stand."""
    if matcher and matcher.address(piece):
        return generalise_address(piece, Level.DISTRICT) or _SITE
    found = recognise(piece, _ALL if sites else _ALL - {Kind.ADDRESS, Kind.COORDINATES})
    piece = mask_text(piece, found) if found else piece
    for start, end, _ in reversed(matcher.inside(piece) if matcher else ()):
        piece = piece[:start] + (generalise_address(piece[start:end], Level.DISTRICT) or _SITE) + piece[end:]
    return "".join(map(_name, _WORDS.split(piece)))


def _name(word: str) -> str:
    """A word that is somebody's name, whole: in a quarantined cell nothing around it may say so."""
    if len(word) <= _SHORT and classify_name(word).kind in {NameKind.PERSON, NameKind.SOLE}:
        return mask_name(word)
    return word
