"""Each real file read by its definition, against counts made by a reader that shares nothing with ours (the csv module)."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import pytest

from qingliu.lake.ingest import Staged, shape
from qingliu.pipeline.readers import read
from qingliu.standards.definition import load

DEFINITIONS = Path(__file__).resolve().parents[2] / "datasets"
FILES = {
    "AQX_P_02": ("aqx_p_02.csv",),
    "AQX_P_07": ("reference/aqx_p_07_stations.csv",),
    "ACIDR_P_04": ("acidr_p_04.csv",),
    "AQX_P_488": (
        "aqx_p_432_hourly_2025-10_2025-12.zip",
        "aqx_p_488.csv",
        "aqx_p_432/202206.csv",
        "aqx_p_432/202406.csv",
        "aqx_p_432/20250922.csv",
        "aqx_p_432/yii157.csv",
    ),
    "SOIL_SITES": ("contaminated_sites_2024.zip",),
    "PRTR_FACILITIES": ("prtr_facilities_2017.zip",),
    "PRTR_PENALTIES": ("prtr_penalties_2017.zip",),
    "EMS_P_46": ("ems_p_46_2020.csv",),
}
ROWS = {
    "AQX_P_02": 78,
    "AQX_P_07": 78,
    "ACIDR_P_04": 1000,
    "AQX_P_488": 190_031 + 1000 + 85 + 85 + 86 + 84,
    "SOIL_SITES": 4482,
    "PRTR_FACILITIES": 75_139,
    "PRTR_PENALTIES": 42_002,
    "EMS_P_46": 3238,
}
NULL_TEXT = {
    "AQX_P_488": {"-"},
    "ACIDR_P_04": {"#DIV/0!", "<MDL"},
    "SOIL_SITES": {"-無資料-", "無地址"},
    "PRTR_FACILITIES": {"0", "False"},
    "EMS_P_46": {"無", "-", "--"},
}
NULL_COLUMNS = {
    "SOIL_SITES": {"siteaddress", "soilpollutants", "groundwaterpollutants"},
    "PRTR_FACILITIES": {"longitude", "latitude"},
    "EMS_P_46": {"fac_uniformno"},
}
QUARANTINED = {("PRTR_FACILITIES", "longitude"): 1, ("PRTR_FACILITIES", "latitude"): 2}


def decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp950")


def texts(path: Path) -> Iterator[tuple[str, str]]:
    """(stem, text) of a file or of each member of an archive."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield Path(name).stem, decoded(archive.read(name))
    else:
        yield path.stem, decoded(path.read_bytes())


@dataclass(frozen=True)
class Counted:
    rows: int
    filled: Counter[str]


def independent(code: str, folder: Path) -> Counted:
    """Rows, and cells that should hold a value, by declared column."""
    dataset = load(DEFINITIONS / f"{code}.yaml").dataset
    names = {alias.lower(): f.name for f in dataset.fields for alias in (f.name, *f.aliases)}
    rows, filled = 0, Counter[str]()
    for file in FILES[code]:
        for stem, text in texts(folder / file):
            for row in csv.DictReader(io.StringIO(text, newline="")):
                rows += 1
                for header, value in row.items():
                    column = names[header.lower()]
                    gone = column in NULL_COLUMNS.get(code, {column}) and value in NULL_TEXT.get(code, ())
                    filled[column] += bool(value) and not gone
                if code == "SOIL_SITES":
                    filled["county"] += bool(stem)
    return Counted(rows, filled)


Shape = Callable[[str], Staged]


@pytest.fixture(scope="module")
def shaped(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Shape:
    """A dataset's real files through the readers and its definition, each once."""

    @cache
    def made(code: str) -> Staged:
        work = tmp_path_factory.mktemp(code)
        definition = load(DEFINITIONS / f"{code}.yaml")
        files = FILES.get(code) or (WIDE[code][0],)
        inputs = read([real_data / f for f in files], definition.read, work / "read")
        return shape(definition.dataset, definition.read, inputs, work / "shape")

    return made


@pytest.mark.parametrize("code", FILES)
def test_a_real_file_keeps_every_row_and_every_value(code: str, shaped: Shape, real_data: Path) -> None:
    staged, counted = shaped(code), independent(code, real_data)
    assert staged.rows_read == staged.rows == counted.rows == ROWS[code]
    names = [f.name for f in load(DEFINITIONS / f"{code}.yaml").dataset.fields]
    columns = ", ".join(f'count("{name}")' for name in names)
    values = duckdb.sql(f"SELECT {columns} FROM '{staged.path}'").fetchone()
    assert values is not None
    assert dict(zip(names, values, strict=True)) == {
        n: counted.filled[n] - QUARANTINED.get((code, n), 0) for n in names
    }
    assert staged.quarantined_cells == sum(n for (c, _), n in QUARANTINED.items() if c == code)
    assert staged.unknown == ()
    assert set(staged.missing) <= ({"unit"} if code == "AQX_P_488" else set())


@pytest.mark.parametrize("code", ["AQX_P_02", "AQX_P_07", "ACIDR_P_04", "AQX_P_488", "SOIL_SITES"])
def test_the_declared_key_tells_every_real_row_apart(code: str, shaped: Shape) -> None:
    staged = shaped(code)
    key = ", ".join(f'"{c}"' for c in load(DEFINITIONS / f"{code}.yaml").dataset.key)
    assert duckdb.sql(f"SELECT count(*) FROM (SELECT DISTINCT {key} FROM '{staged.path}')").fetchone() == (staged.rows,)


WIDE = {
    "AQX_RENWU_H": ("renwu_hourly_2002_2012_original.zip", 1_620_216),
    "AQX_FENGYUAN_H": ("fengyuan_2014_train_big5.csv", 103_680),
}
FLAGS = {"#": "instrument_check_invalid", "x": "manual_check_invalid", "*": "program_check_invalid"}


@pytest.mark.parametrize("code", WIDE)
def test_a_wide_station_year_becomes_hours_with_their_flags(code: str, shaped: Shape, real_data: Path) -> None:
    file, values = WIDE[code]
    flags, filled, rows, total = Counter[str](), 0, 0, 0.0
    for _, text in texts(real_data / file):
        for line in list(csv.reader(io.StringIO(text, newline="")))[1:]:
            for cell in line[3:]:
                rows += 1
                filled += bool(cell)
                if cell == "NR":
                    flags["no_rain"] += 1
                elif cell:
                    number, mark = re.fullmatch(r"(.+?)([#x*]?)", cell).groups()  # type: ignore[union-attr]
                    total += float(number)
                    flags[FLAGS.get(mark, "")] += 1
    del flags[""]
    staged = shaped(code)
    assert staged.rows == rows == values
    assert staged.quarantined_cells == 0
    found = duckdb.sql(
        f"SELECT concentration_flag, count(*) FROM '{staged.path}' WHERE concentration_flag IS NOT NULL GROUP BY 1"
    )
    assert dict(found.fetchall()) == dict(flags)
    told = duckdb.sql(f"SELECT count(concentration), sum(concentration) FROM '{staged.path}'").fetchone()
    assert told is not None
    assert told[0] == filled
    assert told[1] == pytest.approx(total)


def test_labels_up_to_24_and_labels_from_0_both_store_the_start_of_the_hour(shaped: Shape) -> None:
    renwu = shaped("AQX_RENWU_H")
    where = "WHERE itemengname = 'AMB_TEMP' ORDER BY monitordate LIMIT 2"
    rows = duckdb.sql(
        f"SELECT strftime(monitordate, '%Y-%m-%d %H:%M'), concentration FROM '{renwu.path}' {where}"
    ).fetchall()
    assert rows == [("2002-01-01 00:00", 16.89), ("2002-01-01 01:00", 16.77)], "the column 01 ends at one o'clock"
    fengyuan = shaped("AQX_FENGYUAN_H")
    rows = duckdb.sql(
        f"SELECT strftime(monitordate, '%Y-%m-%d %H:%M'), concentration FROM '{fengyuan.path}' {where}"
    ).fetchall()
    assert rows == [("2014-01-01 00:00", 14.0), ("2014-01-01 01:00", 14.0)]
