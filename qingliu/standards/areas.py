"""Counties and townships of Taiwan: codes, names in both languages, one point each, and what old names are called today."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

_HERE = Path(__file__).parent / "vocabularies"
_KINDS = "鄉鎮市區"
_VARIANTS: dict[int, str] = str.maketrans({"台": "臺", "塩": "鹽", "豊": "豐"})


@dataclass(frozen=True, slots=True)
class Area:
    """A county (``township`` empty) or a township: its code, names, postal code and a point that stands for it."""

    code: str
    county: str
    township: str
    en: str
    zip: str
    lon: float
    lat: float

    @property
    def name(self) -> str:
        """County and township as one writes them in an address."""
        return self.county + self.township


def standard_name(name: str) -> str:
    """``name`` with the characters that official names use: 臺, 鹽, 豐."""
    return name.translate(_VARIANTS)


def variant_name(name: str) -> str:
    """``name`` with the characters that people write instead: 台, 塩, 豊."""
    return name.translate({ord(right): chr(wrong) for wrong, right in _VARIANTS.items()})


def _rows(name: str) -> list[dict[str, str]]:
    with (_HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def counties() -> tuple[Area, ...]:
    """The 22 counties and cities, by code."""
    return tuple(
        Area(r["code"], r["zh"], "", r["en"], "", float(r["lon"]), float(r["lat"])) for r in _rows("counties.csv")
    )


@cache
def townships() -> tuple[Area, ...]:
    """The 368 townships, by code."""
    return tuple(
        Area(r["code"], r["county"], r["zh"], r["en"], r["zip"], float(r["lon"]), float(r["lat"]))
        for r in _rows("townships.csv")
    )


@cache
def _by_name() -> dict[tuple[str, str], Area]:
    return {(a.county, standard_name(a.township)): a for a in (*counties(), *townships())}


@cache
def _renamed() -> tuple[dict[str, str], dict[tuple[str, str], str]]:
    found = yaml.safe_load((_HERE / "renamed_areas.yaml").read_text(encoding="utf-8"))
    towns = {(r["county"], r["old"]): r["new"] if r.get("certain", True) else "" for r in found["townships"]}
    return {r["old"]: r["new"] for r in found["counties"]}, towns


@cache
def _by_stem() -> dict[tuple[str, str], tuple[str, ...]]:
    stems: dict[tuple[str, str], tuple[str, ...]] = {}
    for area in townships():
        key = (area.county, standard_name(area.township)[:-1])
        stems[key] = (*stems.get(key, ()), area.township)
    return stems


@cache
def current_county(name: str) -> str:
    """Today's name of the county called ``name`` then or now; "" for what is no county."""
    name = standard_name(name)
    name = _renamed()[0].get(name, name)
    return name if (name, "") in _by_name() else ""


@cache
def current_township(county: str, name: str) -> str:
    """Today's name of the township ``name`` of today's ``county``; "" when there is none or it cannot be told."""
    name = standard_name(name)
    if area := _by_name().get((county, name)):
        return area.township
    if (county, name) in _renamed()[1]:
        return _renamed()[1][county, name]
    same = _by_stem().get((county, name[:-1]), ()) if name[-1:] in _KINDS and len(name) > 2 else ()
    return same[0] if len(same) == 1 else ""


@cache
def counties_with(township: str) -> tuple[str, ...]:
    """The counties that have a township of this name today, or had one that carries on."""
    now = tuple(c.county for c in counties() if (c.county, standard_name(township)) in _by_name())
    return now or tuple(c.county for c in counties() if current_township(c.county, township))


def find_area(county: str, township: str = "") -> Area | None:
    """The area that these names, of today or of old, mean; None when there is none."""
    today = current_county(county)
    if not today:
        return None
    if not township:
        return _by_name()[today, ""]
    name = current_township(today, township)
    return _by_name().get((today, standard_name(name))) if name else None


@cache
def old_names() -> tuple[str, ...]:
    """Names of counties that are no more."""
    return tuple(_renamed()[0])


@cache
def old_township_names() -> tuple[str, ...]:
    """Names of townships that a renaming ended and whose stem did not stay."""
    return tuple(old for _, old in _renamed()[1])
