"""What the raw files say, read with the standard library alone: nothing here comes from the package under test.

Each table is a stream of rows in public names; a cell is None, a float, a str, or a datetime in Taipei time. The rules
are those that the files' README and the definitions tell a reader: which texts mean "no value", which marks are glued to
a number, which hour a column stands for, and between which bounds a value is possible.
"""

from __future__ import annotations

import csv
import io
import math
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

Cell = None | float | str | datetime
Row = dict[str, Cell]


@dataclass(frozen=True)
class Number:
    """A numeric column: texts that mean nothing is known, and the bounds outside of which a value is not believed."""

    low: float = -math.inf
    high: float = math.inf
    none: tuple[str, ...] = ()
    zero: tuple[str, ...] = ()
    glued: str = ""
    whole: bool = False


@dataclass(frozen=True)
class Time:
    """A column of moments."""

    formats: tuple[str, ...]


@dataclass(frozen=True)
class Words:
    """A column of text; ``none`` are texts that mean nothing is known."""

    none: tuple[str, ...] = ()


Kind = Number | Time | Words


@dataclass
class Table:
    """One dataset: its kinds by public column, what identifies a row, and where its rows come from."""

    code: str
    kinds: dict[str, Kind]
    key: tuple[str, ...]
    files: tuple[str, ...]
    names: dict[str, str] = field(default_factory=dict)  # raw header → public name
    wide: bool = False
    stem: str = ""  # a column filled with the file's stem
    missing: dict[str, dict[str, int]] = field(default_factory=dict)  # column → text that means nothing → how often
    read: int = 0
    refused: int = 0  # cells outside their bounds or kind

    def rows(self, data: Path) -> Iterator[Row]:
        """Every row of the files, in order; counts on the way."""
        lines_seen: set[tuple[str, ...]] = set()
        for stem, lines in _texts(data, self.files):
            header = [self.names.get(name.strip(), name.strip()) for name in next(lines)]
            for cells in lines:
                if not any(cells):
                    continue
                if self.wide:
                    yield from self._hours(header, cells)
                else:
                    raw = dict(zip(header, cells, strict=True)) | ({self.stem: stem} if self.stem else {})
                    self.read += 1
                    if not self.key:  # without a key a row repeated to the last letter counts once
                        if tuple(cells) in lines_seen:
                            continue
                        lines_seen.add(tuple(cells))
                    yield {name: self._cell(name, raw.get(name, "")) for name in self.kinds}

    def _hours(self, header: list[str], cells: list[str]) -> Iterator[Row]:
        hours = [n for n, name in enumerate(header) if re.fullmatch(r"\d{1,2}", name)]
        ending = max(int(header[n]) for n in hours) == 24
        day = datetime.strptime(cells[header.index("日期") if "日期" in header else 0].strip(), "%Y/%m/%d")
        names = [n for n, _ in enumerate(header) if n not in hours]
        site, item = cells[names[1]], cells[names[2]]
        for n in hours:
            text = cells[n].strip()
            hour = day + timedelta(hours=int(header[n]) - (1 if ending else 0))
            self.read += 1
            yield {
                "itemengname": item or None,
                "sitename": site or None,
                "monitordate": hour,
                "concentration": self._cell("concentration", text),
                "concentration_flag": _mark(text),
            }

    def _cell(self, name: str, text: str) -> Cell:
        kind = self.kinds[name]
        if isinstance(kind, Words):
            if text in kind.none:
                self._missing(name, text)
                return None
            return text or None
        text = text.strip()
        if not text:
            return None
        if isinstance(kind, Time):
            return _moment(text, kind.formats)
        if text in kind.none:
            self._missing(name, text)
            return None
        if text in kind.zero:
            return 0.0
        value = _number(text[:-1] if kind.glued and text[-1] in kind.glued else text)
        if value is None or not kind.low <= value <= kind.high or (kind.whole and value != int(value)):
            self.refused += 1
            return None
        return value

    def _missing(self, name: str, text: str) -> None:
        counts = self.missing.setdefault(name, {})
        counts[text] = counts.get(text, 0) + 1


def _mark(text: str) -> str | None:
    marks = {"#": "instrument_check_invalid", "*": "program_check_invalid", "x": "manual_check_invalid"}
    return "no_rain" if text == "NR" else marks.get(text[-1:])


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


@lru_cache(maxsize=65536)
def _moment(text: str, formats: tuple[str, ...]) -> datetime:
    for each in formats:
        try:
            return datetime.strptime(text, each)
        except ValueError:
            continue
    raise ValueError(f"no moment: {text!r}")


def _texts(data: Path, files: tuple[str, ...]) -> Iterator[tuple[str, Iterator[list[str]]]]:
    """(stem, CSV rows) of every file and archive member; UTF-8 strictly, else Big5 as Windows writes it."""
    for name in files:
        path = data / name
        members = [(path.stem, path.read_bytes())]
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                members = [(Path(m).stem, archive.read(m)) for m in sorted(archive.namelist())]
        for stem, body in members:
            try:
                text = body.decode("utf-8-sig")
            except UnicodeDecodeError:
                text = body.decode("cp950")
            yield stem, csv.reader(io.StringIO(text, newline=""))


_DASH = ("-",)
_GAS = Number(0, 2000, _DASH)
_DUST = Number(0, 5000, _DASH)
_CARBON = Number(0, 100, _DASH)
_LON, _LAT = Number(114, 123.5), Number(10, 27)
_HOURS = ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M")
_LAB = Number(none=("#DIV/0!", "<MDL"))
_PLACE = ("0", "False")
_VALUES: dict[str, Kind] = {
    "itemengname": Words(),
    "sitename": Words(),
    "monitordate": Time(()),
    "concentration": Number(zero=("NR",), glued="#*x"),
    "concentration_flag": Words(),
}
_WIDE_KEY = ("itemengname", "sitename", "monitordate")

AQI: dict[str, Kind] = {
    **dict.fromkeys(("sitename", "county"), Words()),
    "aqi": Number(0, 500, _DASH, whole=True),
    **dict.fromkeys(("pollutant", "status"), Words()),
    **{"so2": _GAS, "co": _CARBON, "o3": _GAS, "o3_8hr": _GAS, "pm10": _DUST, "pm2.5": _DUST},
    **{"no2": _GAS, "nox": _GAS, "no": _GAS, "windspeed": Number(0, 120, _DASH), "winddirec": Number(0, 360, _DASH)},
    **{"datacreationdate": Time(_HOURS), "unit": Words(), "co_8hr": _CARBON, "pm2.5_avg": _DUST, "pm10_avg": _DUST},
    **{"so2_avg": _GAS, "longitude": _LON, "latitude": _LAT, "siteid": Words()},
}
AQI_NAMES = {
    **{"wind_speed": "windspeed", "wind_direc": "winddirec", "publishtime": "datacreationdate"},
    **{"pm2_5": "pm2.5", "pm2_5_avg": "pm2.5_avg"},
}


def tables() -> list[Table]:
    """Every dataset of the real files that is published with its rows."""
    return [
        Table(
            "AQX_P_488",
            AQI,
            ("sitename", "datacreationdate"),
            ("aqx_p_432_hourly_2025-10_2025-12.zip", "aqx_p_488.csv"),
            AQI_NAMES,
        ),
        Table("AQX_RENWU_H", _VALUES, _WIDE_KEY, ("renwu_hourly_2002_2012_original.zip",), wide=True),
        Table("AQX_FENGYUAN_H", _VALUES, _WIDE_KEY, ("fengyuan_2014_train_big5.csv",), wide=True),
        Table(
            "AQX_P_02",
            {
                **dict.fromkeys(("site", "county"), Words()),
                "pm25": Number(0, 5000, _DASH),
                "datacreationdate": Time(_HOURS),
                "itemunit": Words(),
            },
            ("site", "datacreationdate"),
            ("aqx_p_02.csv",),
        ),
        Table(
            "ACIDR_P_04",
            {
                **dict.fromkeys(("county", "area", "siteid", "sitename"), Words()),
                "monitoryear": Number(1980, 2100, whole=True),
                "monitormonth": Number(1, 12, whole=True),
                "ph": Number(0, 14, ("#DIV/0!", "<MDL")),
                **dict.fromkeys(
                    ["conductivity", "cl", "no3", "so42", "h", "nh4", "na", "k", "mg2", "ca2", "hco3"], _LAB
                ),
                "samplemanageragencyid": Words(),
            },
            ("siteid", "monitoryear", "monitormonth"),
            ("acidr_p_04.csv",),
        ),
        Table(
            "AQX_P_07",
            {
                **dict.fromkeys(["sitename", "siteengname", "areaname", "county", "township", "siteaddress"], Words()),
                **{"twd97lon": _LON, "twd97lat": _LAT, "sitetype": Words(), "siteid": Words()},
            },
            ("siteid",),
            ("reference/aqx_p_07_stations.csv",),
        ),
        Table(
            "PRTR_FACILITIES",
            {
                **dict.fromkeys(["registrationno", "facilityname", "address", "industrialarea"], Words()),
                **dict.fromkeys(("industry", "controlcategory"), Words()),
                "importdate": Time(("%Y/%m/%d",)),
                "longitude": Number(114, 123.5, _PLACE),
                "latitude": Number(10, 27, _PLACE),
                "penaltycount": Number(0, whole=True),
            },
            (),
            ("prtr_facilities_2017.zip",),
            {
                **{
                    "管制編號": "registrationno",
                    "name": "facilityname",
                    "地址": "address",
                    "所屬工業區": "industrialarea",
                },
                **{"行業別": "industry", "列管類別": "controlcategory", "最新資料匯入日期": "importdate"},
                "n_penalties": "penaltycount",
            },
        ),
        Table(
            "SOIL_SITES",
            {
                **dict.fromkeys(["county", "sitename", "sitetype"], Words()),
                "siteaddress": Words(("無地址",)),
                **dict.fromkeys(["landno", "area", "status"], Words()),
                **dict.fromkeys(["soilpollutants", "groundwaterpollutants"], Words(("-無資料-",))),
                **{"longitude": _LON, "latitude": _LAT},
            },
            ("sitename",),
            ("contaminated_sites_2024.zip",),
            {
                **{"場址名稱": "sitename", "場址種類": "sitetype", "場址地址": "siteaddress", "場址地號": "landno"},
                **{"場址面積": "area", "場址列管狀態": "status", "土壤污染物": "soilpollutants"},
                **{"地下水污染物": "groundwaterpollutants", "經度": "longitude", "緯度": "latitude"},
            },
            stem="county",
        ),
    ]
