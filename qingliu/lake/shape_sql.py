"""Cell rules as SQL: how the raw text of one declared column becomes a value, a status and a flag.

Each column goes through three stages in one streaming pass: ``first`` (the cheap reading that nearly every cell takes),
``status`` (why a cell is what it is; the dear tests run only on cells that ``first`` could not read) and ``value``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from qingliu.core.dataset import FieldRecord, Sentinel, Text
from qingliu.core.errors import BadDefinition
from qingliu.lake.names import literal as lit

QUARANTINED = "quarantined"
PLAIN, SLOW, EMPTY, SENTINEL, SUFFIX, REQUIRED, BAD = 0, 1, 2, 10, 60, 98, 99  # status codes; SENTINEL+k, SUFFIX+j

ENGINE_TYPE = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "datetime": "TIMESTAMP",
}
NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?"
THOUSANDS = r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?"
_WIDE, _NARROW = "０１２３４５６７８９．－＋，", "0123456789.-+,"
INTEGER = r"[+-]?[0-9]+(\.0*)?"
_OFFSET = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)"
_SPACE = " \t\r\n\u00a0\u3000\ufeff"
_TRUE = ("true", "1", "y", "yes", "是")
_FALSE = ("false", "0", "n", "no", "否")
_ISO_DATE = ("%Y-%m-%d",)
_ISO_DATETIME = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S.%f")
_USUAL_DATE = ("%Y/%m/%d",)
_USUAL_DATETIME = ("%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M")
_DIGITS = {"%Y": 4, "%m": 2, "%d": 2, "%H": 2, "%M": 2, "%S": 2}


def sql_list(texts: Iterable[str]) -> str:
    """``('a', 'b')`` for IN."""
    return "(" + ", ".join(lit(t) for t in texts) + ")"


def trimmed(text: str) -> str:
    """The text without white space around it, full-width spaces among them."""
    return f"trim({text}, {lit(_SPACE)})"


def flag_of(sentinel: Sentinel) -> str:
    """The flag that a sentinel leaves; one without value always leaves one, so that nulls can be told apart."""
    return sentinel.flag or ("" if sentinel.value is not None else "no_data" if sentinel.question else "missing")


def formats_of(field: FieldRecord) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(strptime formats, ROC formats) of a date or datetime column; ISO 8601 is always among the first."""
    roc = tuple(f.removeprefix("roc:") for f in field.formats if f.startswith("roc:"))
    plain = tuple(f for f in field.formats if not f.startswith("roc:"))
    iso, usual = (_ISO_DATE, _USUAL_DATE) if field.type == "date" else (_ISO_DATETIME, _USUAL_DATETIME)
    extra = iso if field.formats else iso + usual
    return plain + tuple(f for f in extra if f not in plain), roc


def roc_parts(fmt: str) -> str:
    """An RE2 pattern of three groups around the ROC year of ``fmt``; BadDefinition for tokens it does not know."""
    out, pieces = ["("], re.findall(r"%.|[^%]+", fmt)
    if pieces.count("%Y") != 1 or any(p.startswith("%") and p not in _DIGITS for p in pieces):
        raise BadDefinition(
            Text(f"日期格式「roc:{fmt}」無法使用。", f"The date format 'roc:{fmt}' cannot be used."),
            Text("請只用一個 %Y，以及 %m %d %H %M %S。", "Use one %Y, and %m %d %H %M %S."),
        )
    for at, piece in enumerate(pieces):
        if piece == "%Y":
            out.append(")([0-9]{1,3})(")
        elif piece in _DIGITS:
            joined = (at and pieces[at - 1] in _DIGITS) or (at + 1 < len(pieces) and pieces[at + 1] in _DIGITS)
            out.append("[0-9]{2}" if joined else "[0-9]{1,2}")
        else:
            out.append(re.escape(piece))
    return "".join(out) + ")"


class Cell:
    """The SQL of one column over its raw text ``raw`` (an expression), its first reading and its status."""

    def __init__(self, field: FieldRecord, number: int, timezone: str) -> None:
        self.field = field
        self.raw, self.first_name, self.status_name = f"r{number}", f"a{number}", f"s{number}"
        self.trimmed = trimmed(self.raw)
        self.timezone = timezone
        _check(field)

    @property
    def plain_string(self) -> bool:
        """Whether every text is simply itself."""
        f = self.field
        return f.type == "string" and not (
            f.sentinels or f.enum or f.pattern or f.required or f.suffix_flags or f.spellings
        )

    def first(self) -> str:
        """The cheap reading of the raw text; null where it does not apply."""
        raw, kind = self.raw, self.field.type
        if kind == "string":
            return f"nullif({self._spelled(raw)}, '')"
        if kind == "number":
            cast = f"TRY_CAST({raw} AS DOUBLE)"
            return f"CASE WHEN isfinite({cast}) AND NOT contains({raw}, '_') THEN {cast} END"
        if kind == "integer":
            cast = f"TRY_CAST({raw} AS BIGINT)"
            return f"CASE WHEN CAST({cast} AS VARCHAR) = {raw} THEN {cast} END"
        if kind == "boolean":
            return f"CASE WHEN {raw} IN {sql_list(_TRUE)} THEN true WHEN {raw} IN {sql_list(_FALSE)} THEN false END"
        return self._stamp(raw)

    def _spelled(self, text: str) -> str:
        """The text with the spellings that the column declares."""
        for was, read in self.field.spellings:
            text = f"replace({text}, {lit(was)}, {lit(read)})"
        return text

    def status(self) -> str:
        """Why the cell is what it is: one of the status codes."""
        f, a, raw = self.field, self.first_name, self.raw
        empty = REQUIRED if f.required else EMPTY
        text = raw if f.type == "string" else self.trimmed
        cases = self._number_sentinels()
        if f.type == "string":
            cases += [f"WHEN {a} IS NULL THEN {empty}"]
            cases += [f"WHEN {a} = {lit(s.text)} THEN {SENTINEL + k}" for k, s in enumerate(f.sentinels)]
            cases += [f"WHEN {self._allowed(a, a)} THEN {PLAIN}"]
        else:
            cases += [f"WHEN {a} IS NOT NULL AND {self._allowed(a, text)} THEN {PLAIN}"]
            cases += [f"WHEN {raw} IS NULL OR {text} = '' THEN {empty}", f"WHEN {a} IS NOT NULL THEN {BAD}"]
            cases += [f"WHEN {text} = {lit(s.text.strip())} THEN {SENTINEL + k}" for k, s in enumerate(f.sentinels)]
            for j, (suffix, _) in self._suffixes():
                rest = self._without(suffix)
                test = f"ends_with({text}, {lit(suffix)}) AND {self._slow_ok(rest)}"
                cases += [f"WHEN {test} THEN {SUFFIX + j}"]
            cases += [f"WHEN {self._slow_ok(text)} THEN {SLOW}"]
        return f"CAST(CASE {' '.join(cases)} ELSE {BAD} END AS TINYINT)"

    def value(self) -> str:
        """The typed value by status."""
        f, status, kind = self.field, self.status_name, ENGINE_TYPE[self.field.type]
        if self.plain_string:
            return self.first_name
        cases = [f"WHEN {PLAIN} THEN {self.first_name}"]
        if f.type != "string":
            cases += [f"WHEN {SLOW} THEN {self.careful(self.trimmed)}"]
            cases += [f"WHEN {SUFFIX + j} THEN {self.careful(self._without(s))}" for j, (s, _) in self._suffixes()]
        for k, s in enumerate(f.sentinels):
            if s.value is not None:
                whole = int(s.value) if s.value == int(s.value) and f.type != "number" else s.value
                cases += [f"WHEN {SENTINEL + k} THEN CAST({lit(str(whole))} AS {kind})"]
        return f"CAST(CASE {status} {' '.join(cases)} END AS {kind})"

    def flag(self, *, named: bool) -> str:
        """The flag by status: ``column=flag`` when ``named``, else the bare flag; null where there is none."""
        head = f"{self.field.name}=" if named else ""
        marks = [(SENTINEL + k, flag_of(s)) for k, s in enumerate(self.field.sentinels)]
        cases = [f"WHEN {code} THEN {lit(head + flag)}" for code, flag in marks if flag]
        cases += [f"WHEN {SUFFIX + j} THEN {lit(head + flag)}" for j, (_, flag) in self._suffixes()]
        bad = lit(head + QUARANTINED)
        return f"CASE {self.status_name} {' '.join(cases)} WHEN {BAD} THEN {bad} WHEN {REQUIRED} THEN {bad} END"

    def _suffixes(self) -> list[tuple[int, tuple[str, str]]]:
        return sorted(enumerate(self.field.suffix_flags), key=lambda item: -len(item[1][0]))

    def _without(self, suffix: str) -> str:
        return trimmed(f"left({self.trimmed}, length({self.trimmed}) - {len(suffix)})")

    def _number_sentinels(self) -> list[str]:
        """Sentinels that are numbers themselves (-999) are told by value, so that -999.0 means the same."""
        if self.field.type not in {"number", "integer"}:
            return []
        found = []
        for k, s in enumerate(self.field.sentinels):
            if re.fullmatch(NUMBER, s.text.strip()) and math.isfinite(float(s.text)):
                found.append(f"WHEN {self.first_name} = {float(s.text)!r} THEN {SENTINEL + k}")
        return found

    def _allowed(self, value: str, text: str) -> str:
        f, tests = self.field, []
        if f.type in {"number", "integer"}:
            tests += [f"{value} >= {f.minimum!r}"] if f.minimum is not None else []
            tests += [f"{value} <= {f.maximum!r}"] if f.maximum is not None else []
        tests += [f"{text} IN {sql_list(f.enum)}"] if f.enum else []
        tests += [f"regexp_full_match({text}, {lit(f.pattern)})"] if f.pattern else []
        return " AND ".join(tests) or "true"

    def _slow_ok(self, text: str) -> str:
        value = self.careful(text)
        return f"({value} IS NOT NULL AND {self._allowed(value, text)})"

    def careful(self, text: str) -> str:
        """The careful reading of trimmed ``text``; null where it is not of the type."""
        kind = self.field.type
        if kind == "number":
            text = self._plain(text)
            cast = f"TRY_CAST({text} AS DOUBLE)"
            return f"CASE WHEN regexp_full_match({text}, {lit(NUMBER)}) AND isfinite({cast}) THEN {cast} END"
        if kind == "integer":
            text = self._plain(text)
            whole = f"TRY_CAST(split_part({text}, '.', 1) AS BIGINT)"
            return f"CASE WHEN regexp_full_match({text}, {lit(INTEGER)}) THEN {whole} END"
        if kind == "boolean":
            low = f"lower({text})"
            return f"CASE WHEN {low} IN {sql_list(_TRUE)} THEN true WHEN {low} IN {sql_list(_FALSE)} THEN false END"
        midnight = f"regexp_replace({text}, '([ T])24:00', '\\1' || '00:00')"
        late = f"regexp_matches({text}, '[ T]24:00(:00)?$')"
        readings = [self._stamp(text), *self._roc(text)]
        if kind == "datetime":
            zoned = f"timezone({lit(self.timezone)}, TRY_CAST({text} AS TIMESTAMPTZ))"
            readings += [f"CASE WHEN regexp_full_match({text}, {lit(_OFFSET)}) THEN {zoned} END"]
            readings += [f"CASE WHEN {late} THEN {r} + INTERVAL 1 DAY END" for r in self._after_midnight(midnight)]
        return f"coalesce({', '.join(readings)})"

    def _plain(self, text: str) -> str:
        """A number's text as the engine reads it: without the other writings that the column declares."""
        if "fullwidth" in self.field.numbers:
            text = f"translate({text}, {lit(_WIDE)}, {lit(_NARROW)})"
        if "thousands" in self.field.numbers:
            grouped = f"regexp_full_match({text}, {lit(THOUSANDS)})"
            text = f"CASE WHEN {grouped} THEN replace({text}, ',', '') ELSE {text} END"
        return text

    def _after_midnight(self, text: str) -> list[str]:
        return [self._stamp(text), *self._roc(text)]

    def _stamp(self, text: str) -> str:
        formats, _ = formats_of(self.field)
        read = f"try_strptime({text}, [{', '.join(lit(f) for f in formats)}])"
        # the engine reads "epoch" and "infinity" under any format; a year of three digits is a ROC year, not a date
        word = f"{read} = TIMESTAMP '1900-01-01' AND lower(trim({text})) = 'epoch'"
        inside = f"{read} BETWEEN TIMESTAMP '1000-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999'"
        return self._as_type(f"CASE WHEN {inside} AND NOT ({word}) THEN {read} END")

    def _roc(self, text: str) -> list[str]:
        out = []
        for fmt in formats_of(self.field)[1]:
            pattern = lit(roc_parts(fmt))
            groups = [f"regexp_extract({text}, {lit('^' + roc_parts(fmt) + '$')}, {n})" for n in (1, 2, 3)]
            year = f"CAST(TRY_CAST({groups[1]} AS INTEGER) + 1911 AS VARCHAR)"
            read = f"try_strptime({groups[0]} || {year} || {groups[2]}, {lit(fmt)})"
            ok = f"regexp_full_match({text}, {pattern}) AND TRY_CAST({groups[1]} AS INTEGER) > 0"
            out.append(self._as_type(f"CASE WHEN {ok} THEN {read} END"))
        return out

    def _as_type(self, stamp: str) -> str:
        if self.field.type == "date":
            return f"CASE WHEN {stamp} = date_trunc('day', {stamp}) THEN CAST({stamp} AS DATE) END"
        return stamp


def _check(field: FieldRecord) -> None:
    if len(field.sentinels) > SUFFIX - SENTINEL or len(field.suffix_flags) > REQUIRED - SUFFIX:
        raise BadDefinition(
            Text(
                f"欄位「{field.name}」的代碼太多。", f"Column '{field.name}' declares too many sentinels or suffixes."
            ),
            Text("每欄至多 50 個代碼、38 個尾碼。", "At most 50 sentinels and 38 suffixes a column."),
            parameter=field.name,
        )
