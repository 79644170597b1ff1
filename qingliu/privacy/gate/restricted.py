"""The restricted list: sites whose place may not be shown, and how a row, an address or a name is known to be one of them."""

from __future__ import annotations

import csv
import io
import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

import re2

from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest
from qingliu.privacy.gate.houses import Houses, keys
from qingliu.privacy.rules import Level, parse_addresses
from qingliu.privacy.rules.folding import Pattern

_LEAST = 6  # characters of a number that is looked for inside texts
_EARTH_M = 6_371_000.0
DEGREE_M = 111_320.0
_HEADS = {
    "control_no": "control", "管制編號": "control", "name": "name", "名稱": "name", "address": "address", "地址": "address",
    "lon": "lon", "經度": "lon", "lat": "lat", "緯度": "lat", "radius_m": "radius", "半徑公尺": "radius",
    "level": "level", "層級": "level",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Site:
    """One restricted site; whatever is known of it. ``level`` is how far its address falls back, at least to the district."""

    control: str = ""
    name: str = ""
    address: str = ""
    lon: float | None = None
    lat: float | None = None
    radius: float = 100.0
    level: int = int(Level.DISTRICT)


def read_sites(text: str) -> tuple[Site, ...]:
    """The sites of a CSV. Raises BadRequest naming the line and what is wrong there, never what stands there."""
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    heads = {h: _HEADS[h.strip().lower()] for h in reader.fieldnames or () if h and h.strip().lower() in _HEADS}
    if not {"control", "name", "address", "lon"} & set(heads.values()):
        raise _wrong(1, "標題", "header")
    sites = []
    for row in reader:
        line = reader.line_num
        given = {heads[h]: (v or "").strip() for h, v in row.items() if h in heads}
        site = _site(given, line)
        if not (site.control or site.name or site.address or site.lon is not None):
            raise _wrong(line, "空白列", "empty row")
        sites.append(site)
    if not sites:
        raise _wrong(1, "沒有任何列", "no row")
    return tuple(sites)


def _site(given: dict[str, str], line: int) -> Site:
    try:
        lon, lat = (float(given[k]) if given.get(k) else None for k in ("lon", "lat"))
        radius = float(given.get("radius") or 100)
        level = int(given.get("level") or Level.DISTRICT)
    except ValueError:
        raise _wrong(line, "數字", "a number") from None
    inside = lon is None or lat is None or (114 <= lon <= 123.5 and 10 <= lat <= 27)
    if (lon is None) != (lat is None) or not inside or not 0 < radius <= 5_000:
        raise _wrong(line, "座標或半徑", "coordinates or radius")
    if level not in {int(Level.DISTRICT), int(Level.COUNTY), int(Level.HIDDEN)}:
        raise _wrong(line, "層級（2 至 4）", "level (2 to 4)")
    return Site(given.get("control", ""), given.get("name", ""), given.get("address", ""), lon, lat, radius, level)


def _wrong(line: int, zh: str, en: str) -> BadRequest:
    return BadRequest(
        Text(f"限制名單第 {line} 行有誤：{zh}。", f"The restricted list is wrong in line {line}: {en}."),
        Text(
            "欄位為 control_no、name、address、lon、lat、radius_m、level；每列至少填一項。",
            "Columns: control_no, name, address, lon, lat, radius_m, level; at least one of them in each row.",
        ),
        parameter="file",
    )


def plain(text: str) -> str:
    """A name or number as it is compared: one width, one 臺, no spaces, upper case."""
    folded = unicodedata.normalize("NFKC", text).upper().replace("台", "臺")
    return "".join(folded.split())


@dataclass(slots=True)
class Matcher:
    """Knows the sites of a list wherever they turn up. Built once a delivery; holds the list in memory only."""

    sites: tuple[Site, ...] = ()
    _controls: dict[str, Site] = field(default_factory=dict)
    _names: dict[str, Site] = field(default_factory=dict)
    _houses: Houses[Site] = field(default_factory=Houses)
    _wordings: dict[str, Site] = field(default_factory=dict)  # addresses in which no house number could be read
    _written: Pattern | None = None  # control numbers and such wordings, wherever they stand in a text

    @classmethod
    def of(cls, sites: Sequence[Site]) -> Matcher:
        """A matcher of these sites."""
        made = cls(tuple(sites))
        made._controls = {plain(s.control): s for s in sites if s.control}
        made._names = {plain(s.name): s for s in sites if s.name}
        for site in (s for s in sites if s.address):
            read = [a for a in parse_addresses(site.address) if keys(a)]
            for address in read:
                made._houses.add(address, site)
            if not read and plain(site.address):
                made._wordings[plain(site.address)] = site
        made._houses.settle()
        told = [w for w in (*made._controls, *made._wordings) if len(w) >= _LEAST]
        made._written = Pattern("|".join(map(re2.escape, told))) if told else None
        return made

    def __bool__(self) -> bool:
        return bool(self.sites)

    def __repr__(self) -> str:
        return f"Matcher({len(self.sites)} sites)"  # never the sites: a traceback or a log may show this

    def control(self, text: str) -> Site | None:
        """The site of a control number."""
        return self._controls.get(plain(text)) if self._controls else None

    def name(self, text: str) -> Site | None:
        """The site of a name, written whole."""
        return self._names.get(plain(text)) if self._names else None

    def address(self, text: str, county: str = "", township: str = "") -> Site | None:
        """The site at an address: the same house, whatever floor or room follows; what is not written may not differ."""
        found = self._houses.at(text, county, township)
        return found or (self._wordings.get(plain(text)) if self._wordings else None)

    def point(self, lon: float | None, lat: float | None) -> Site | None:
        """The site within whose radius a point lies."""
        if lon is None or lat is None:
            return None
        near = ((_metres(lon, lat, s.lon, s.lat), s) for s in self.sites if s.lon is not None and s.lat is not None)
        return next((s for far, s in near if far <= s.radius), None)

    def inside(self, text: str, county: str = "", township: str = "") -> tuple[tuple[int, int, Site], ...]:
        """Where addresses of sites stand in a longer text, from start to end."""
        return self._houses.inside(text, county, township)

    def mentions(self, text: str) -> bool:
        """Whether a text names a site by its number, or by an address without house number."""
        return self._written is not None and self._written.found(plain(text))

    def touches(self, text: str) -> bool:
        """Whether a cell may have to do with a site, by number, name or address; for finding rows, in any column."""
        if not self:
            return False
        folded = plain(text)
        if folded in self._controls or folded in self._names or folded in self._wordings:
            return True
        if self._written is not None and self._written.found(folded):
            return True
        return self._houses.near(text) and bool(self.address(text) or self.inside(text))

    def boxes(self) -> tuple[tuple[float, float, float, float], ...]:
        """Around each site with coordinates: least and greatest longitude and latitude of its radius."""
        return tuple(_box(s.lon, s.lat, s.radius) for s in self.sites if s.lon is not None and s.lat is not None)


def _metres(lon: float, lat: float, to_lon: float | None, to_lat: float | None) -> float:
    if to_lon is None or to_lat is None:
        return math.inf
    a, b = math.radians(lat), math.radians(to_lat)
    half = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(math.radians(to_lon - lon) / 2) ** 2
    return 2 * _EARTH_M * math.asin(math.sqrt(half))


def _box(lon: float, lat: float, radius: float) -> tuple[float, float, float, float]:
    high = radius / DEGREE_M * 1.01
    wide = high / math.cos(math.radians(lat))
    return (lon - wide, lon + wide, lat - high, lat + high)
