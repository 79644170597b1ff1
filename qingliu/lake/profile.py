"""What the raw text of a delivery looks like, column by column, over every row: the evidence for a draft definition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import duckdb

from qingliu.core.dataset import FieldRecord, FieldType, Text
from qingliu.lake.csvlines import to_rows
from qingliu.lake.ingest import engine
from qingliu.lake.inputs import CsvInput, RawInput
from qingliu.lake.names import literal as lit
from qingliu.lake.shape_plan import scan_sql
from qingliu.lake.shape_sql import NUMBER, Cell, trimmed

_NEAR = "(^|[^A-Za-z0-9])"  # \b never matches beside Chinese
_FAR = "([^A-Za-z0-9]|$)"
_ANY = r"[+＋－-]?([0-9０-９]+|[0-9０-９]{1,3}([,，][0-9０-９]{3})+)"
_CLASSES = {
    "integer": r"^-?(0|[1-9][0-9]{0,14})$",
    "number": r"^-?(0|[1-9][0-9]{0,14})([.][0-9]+)?$",
    "loose_number": f"^{NUMBER}$",
    "leading_zero": r"^[+-]?0[0-9]+([.][0-9]*)?$",
    "thousands": r"^[+-]?[0-9]{1,3}(,[0-9]{3})+([.][0-9]+)?$",
    "full_width": r"[０-９]",
    "any_number": f"^{_ANY}([.．][0-9０-９]*)?$",  # in either width, with or without thousands separators
    "any_whole": f"^{_ANY}$",
    "any_thousands": r"^[+＋－-]?[0-9０-９]{1,3}([,，][0-9０-９]{3})+([.．][0-9０-９]*)?$",
    "any_leading_zero": r"^[+＋－-]?[0０][0-9０-９]+([.．][0-9０-９]*)?$",
    "suffixed": r"^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)[^0-9.,:/eE\s-]{1,2}$",
    "year_day": r"^(19|20)[0-9]{6}$",
    "national_id": f"{_NEAR}[A-Z][1289][0-9]{{8}}{_FAR}",
    "mobile": r"(^|[^0-9.])09[0-9]{2}-?[0-9]{3}-?[0-9]{3}([^0-9]|$)",
    "email": r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+[.][A-Za-z]{2,}",
    "plate": f"{_NEAR}[A-Z]{{2,3}}-[0-9]{{4}}{_FAR}",
    "address": r"[縣市].{0,8}[鄉鎮市區].{0,20}([路街巷弄號]|段)",
    "masked_name": r"^[\p{Han}][〇○ＯO*＊][\p{Han}]?$",
    "person_name": r"^[陳林黃張李王吳劉蔡楊許鄭謝郭洪曾邱廖賴周徐蘇葉莊呂江何蕭羅高潘簡朱鍾游彭詹胡施沈余][\p{Han}]{1,2}$",
}
_DATES: tuple[tuple[FieldType, str], ...] = (
    ("date", ""),
    ("datetime", ""),
    ("datetime", "%Y/%m/%d %H"),
    ("datetime", "%Y-%m-%d %H"),
    ("datetime", "%Y/%m/%d %H時"),
    ("datetime", "%Y年%m月%d日 %H時"),
    ("datetime", "roc:%Y/%m/%d %H時"),
    ("datetime", "roc:%Y年%m月%d日 %H時"),
    ("date", "%Y年%m月%d日"),
    ("date", "%Y.%m.%d"),
    ("date", "roc:%Y/%m/%d"),
    ("date", "roc:%Y-%m-%d"),
    ("date", "roc:%Y.%m.%d"),
    ("date", "roc:%Y年%m月%d日"),
    ("date", "roc:民國%Y年%m月%d日"),
    ("date", "roc:%Y%m%d"),
    ("datetime", "roc:%Y/%m/%d %H:%M"),
    ("datetime", "roc:%Y/%m/%d %H:%M:%S"),
)


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """One column over all rows. Counts are cells; ``classes`` counts cells that look like each class of text,
    ``dates`` cells that each (type, format) reads, ``odd`` the most frequent texts that are no numbers."""

    rows: int
    filled: int
    distinct: int
    classes: dict[str, int]
    dates: dict[tuple[FieldType, str], int]
    odd: tuple[tuple[str, int], ...]
    odd_distinct: int
    lowest: float | None
    highest: float | None


class Profiler:
    """Looks at the columns of a delivery's inputs. Use as a context manager."""

    def __init__(self, inputs: Sequence[RawInput], workdir: Path) -> None:
        workdir.mkdir(parents=True, exist_ok=True)
        self._con = engine(workdir, memory_limit="900MB", threads=2, timezone="Asia/Taipei")
        self._inputs = [self._sound(i, workdir / f"exact-{n}.parquet") for n, i in enumerate(inputs)]
        self.headers: tuple[str, ...] = tuple(dict.fromkeys(h for i in inputs for h in i.columns if h))
        whole = "\nUNION ALL ".join(self._one(i) for i in self._inputs)
        self._con.execute(f"CREATE TEMP VIEW delivery AS {whole}")
        self._sizes = [self._number(f"SELECT count(*) FROM ({self._one(i)})") for i in self._inputs]
        self.rows = sum(self._sizes)
        self._seen: dict[tuple[str, ...], ColumnProfile] = {}

    def __enter__(self) -> Profiler:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._con.close()

    def column(self, *headers: str) -> ColumnProfile:
        """The profile of one column, or of several taken as one; looked at once, however often it is asked for."""
        if headers not in self._seen:
            self._seen[headers] = self._column(*headers)
        return self._seen[headers]

    def _column(self, *headers: str) -> ColumnProfile:
        names = [f"h{self.headers.index(h)}" for h in headers]
        texts = "\nUNION ALL ".join(f"SELECT {n} AS x FROM delivery" for n in names)
        clean = f"SELECT {trimmed('x')} AS x FROM ({texts}) WHERE x IS NOT NULL"
        self._con.execute(
            f"CREATE OR REPLACE TEMP TABLE seen AS SELECT x, count(*) AS n FROM ({clean}) WHERE x <> '' GROUP BY x"
        )
        sums = [f"coalesce(sum(n) FILTER (regexp_matches(x, {lit(p)})), 0)" for p in _CLASSES.values()]
        cells = [
            Cell(FieldRecord("x", t, Text("", ""), formats=(f,) if f else ()), 0, "Asia/Taipei") for t, f in _DATES
        ]
        sums += [f"coalesce(sum(n) FILTER (({c.careful('x')}) IS NOT NULL), 0)" for c in cells]
        edges = [f"{f}(TRY_CAST(x AS DOUBLE)) FILTER (regexp_full_match(x, {lit(NUMBER)}))" for f in ("min", "max")]
        head = ["count(*)", "coalesce(sum(n), 0)", *edges]
        found = self._con.execute(f"SELECT {', '.join(head + sums)} FROM seen").fetchall()[0]
        odd = f"FROM seen WHERE NOT regexp_full_match(x, {lit(NUMBER)})"
        counts = [int(v) for v in found[len(head) :]]
        return ColumnProfile(
            rows=sum(n * len(set(headers) & set(i.columns)) for n, i in zip(self._sizes, self._inputs, strict=True)),
            filled=int(found[1]),
            distinct=int(found[0]),
            classes=dict(zip(_CLASSES, counts, strict=False)),
            dates=dict(zip(_DATES, counts[len(_CLASSES) :], strict=True)),
            odd=tuple(
                (t, int(n)) for t, n in self._con.execute(f"SELECT x, n {odd} ORDER BY n DESC, x LIMIT 12").fetchall()
            ),
            odd_distinct=self._number(f"SELECT count(*) {odd}"),
            lowest=found[2],
            highest=found[3],
        )

    def unique(self, headers: Sequence[str]) -> bool:
        """Whether these columns are filled in every row and tell all rows apart."""
        names = [f"h{self.headers.index(h)}" for h in headers]
        filled = " AND ".join(f"coalesce({trimmed(n)}, '') <> ''" for n in names)
        listed = ", ".join(names)
        groups = f"SELECT 1 FROM delivery WHERE {filled} GROUP BY {listed}"
        return self.rows > 0 and self._number(f"SELECT count(*) FROM ({groups})") == self.rows

    def _number(self, sql: str) -> int:
        return int(self._con.execute(sql).fetchall()[0][0])

    def _sound(self, source: RawInput, path: Path) -> RawInput:
        """The input, read by the exact reader where the engine cannot read it."""
        if not isinstance(source, CsvInput):
            return source
        try:
            columns = ", ".join(f"max(c{i})" for i in range(len(source.columns)))
            self._con.execute(f"SELECT {columns} FROM {scan_sql(source)}")
        except duckdb.Error:
            return to_rows(source, path)[0]
        return source

    def _one(self, source: RawInput) -> str:
        at = {h: i for i, h in reversed(list(enumerate(source.columns)))}
        texts = [f"c{at[h]} AS h{n}" if h in at else f"NULL::VARCHAR AS h{n}" for n, h in enumerate(self.headers)]
        return f"SELECT {', '.join(texts)} FROM {scan_sql(source)}"
