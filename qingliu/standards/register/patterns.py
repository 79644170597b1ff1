"""PHP patterns (驗證) read into RE2. A pattern is somebody else's program: it runs in RE2 only, in linear time, or not at all.

What RE2 cannot say (look-around, back-references, atomic groups, possessive or over-long repetition) is told as such and
the cell is left unchecked; Python's own engine is never used on it. As in PHP, a pattern is searched, not matched whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import re2

from qingliu.core.dataset import Text

MAX_CHARACTERS = 2_000
MAX_MEMORY = 8 << 20
_CLOSING = {"(": ")", "[": "]", "{": "}", "<": ">"}
_FLAGS = {"i": "i", "m": "m", "s": "s", "U": "U"}
_DROPPED = "uSDn"  # UTF-8, study, dollar-end-only (RE2's $ is that already), line feeds kept
_ESCAPES = {"h": r"[\t\p{Zs}]", "H": r"[^\t\p{Zs}]", "R": r"(?:\r\n|\n|\r)", "Z": r"\z", "e": r"\x1b", "N": r"[^\n]"}

FUNCTIONS = frozenset(
    {"validateDate", "validateDateTime", "validateId", "validateUINo", "validateUniformNo", "validateCAS"}
)


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a 驗證 means here: an RE2 pattern, one of our own functions, or ``told``: why it cannot be run."""

    source: str
    re2: str = ""
    function: str = ""
    told: Text | None = None

    @property
    def runs(self) -> bool:
        """Whether cells can be checked by it."""
        return self.told is None


@lru_cache(maxsize=4096)
def read(text: str) -> Pattern:
    """The meaning of ``text``: delimiters, flags and padding taken off, then what PHP says in RE2's words."""
    bare = text.strip()
    if len(bare) > MAX_CHARACTERS:
        return _told(text, f"長度超過 {MAX_CHARACTERS} 字", f"it is longer than {MAX_CHARACTERS} characters")
    if _is_name(bare):
        name = bare.removesuffix("()")
        known = name in FUNCTIONS
        return (
            Pattern(text, function=name)
            if known
            else _told(text, f"沒有名為「{name}」的檢查函式", f"there is no check called '{name}'")
        )
    body, flags = _undelimited(bare)
    unknown = sorted(set(flags) - set(_FLAGS) - set(_DROPPED) - {"x", "A", "\n", " "})
    if unknown:
        return _told(text, f"旗標「{unknown[0]}」無法在 RE2 執行", f"RE2 cannot run the flag '{unknown[0]}'")
    spoken = _spoken(_unspaced(body) if "x" in flags else body)
    ours = "".join(sorted({_FLAGS[f] for f in flags if f in _FLAGS}))
    whole = (f"(?{ours})" if ours else "") + (rf"\A(?:{spoken})" if "A" in flags else spoken)
    problem = compile_error(whole)
    if problem:
        return _told(text, f"RE2 無法執行這個樣式（{problem}）", f"RE2 cannot run it ({problem})")
    return Pattern(text, re2=whole)


def compile_error(pattern: str) -> str:
    """Why RE2 refuses a pattern; empty where it takes it."""
    try:
        compiled(pattern)
    except re2.error as error:
        first = error.args[0] if error.args else error
        return first.decode(errors="replace") if isinstance(first, bytes) else str(first)
    return ""


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re2._Regexp:
    """An RE2 program with bounded memory. Raises re2.error."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_MEMORY
    return re2.compile(pattern, options)


def _told(text: str, zh: str, en: str) -> Pattern:
    return Pattern(
        text, told=Text(f"樣式「{text.strip()[:60]}」未執行：{zh}。", f"'{text.strip()[:60]}' was not run: {en}.")
    )


def _is_name(text: str) -> bool:
    name = text.removesuffix("()")
    return bool(name) and name.isascii() and name.isidentifier() and name.startswith(("validate", "check", "is"))


def _undelimited(text: str) -> tuple[str, str]:
    """Body and flags of ``/…/flags``; a text without PHP's delimiters is all body."""
    if len(text) < 2 or text[0].isalnum() or text[0] in "\\^ ":
        return text, ""
    close = _CLOSING.get(text[0], text[0])
    end = text.rfind(close)
    flags = text[end + 1 :]
    if end < 1 or (flags and not flags.isalpha()):
        return text, ""
    if text[0] in _CLOSING and not _closes(text, end):  # "(a|b)c" and "[0-9]" are patterns, not delimited ones
        return text, ""
    body = text[1:end]
    return (body, flags) if text[0] not in "[(" else (text, "")


def _closes(text: str, end: int) -> bool:
    """Whether the bracket that opens a text is closed by its last one."""
    opening, closing = text[0], _CLOSING[text[0]]
    depth = 0
    for at, char in enumerate(text[: end + 1]):
        depth += (char == opening) - (char == closing)
        if depth == 0:
            return at == end
    return False


def _unspaced(body: str) -> str:
    """The body of a pattern with flag x: blanks and comments outside classes left out."""
    out, at, inside = [], 0, False
    while at < len(body):
        char = body[at]
        if char == "\\" and at + 1 < len(body):
            out.append(body[at : at + 2])
            at += 2
            continue
        inside = (inside or char == "[") and char != "]"
        if not inside and char == "#":
            at = body.find("\n", at) + 1 or len(body)
            continue
        if inside or not char.isspace():
            out.append(char)
        at += 1
    return "".join(out)


def _spoken(body: str) -> str:
    """The same pattern in RE2's words, where RE2 has words for it; the rest is left for RE2 to refuse."""
    out, at, inside = [], 0, False
    while at < len(body):
        char = body[at]
        if char == "\\" and at + 1 < len(body):
            word = _ESCAPES.get(body[at + 1]) if not inside else {"h": r"\t\p{Zs}"}.get(body[at + 1])
            out.append(word or body[at : at + 2])
            at += 2
            continue
        if not inside and body.startswith("(?<", at) and body[at + 3 : at + 4] not in {"=", "!"}:
            out.append("(?P<")
            at += 3
            continue
        if not inside and body.startswith("(?'", at):
            name = body[at + 3 :].split("'", 1)[0]
            out.append(f"(?P<{name}>")
            at += 4 + len(name)
            continue
        inside = (inside or char == "[") and char != "]"
        out.append(char)
        at += 1
    return "".join(out)
