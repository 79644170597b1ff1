"""How much of an address or a point may be shown: road, township, county, nothing; never more than the level allows."""

from __future__ import annotations

from dataclasses import replace

from qingliu.privacy.rules.address_parts import Address, Level
from qingliu.privacy.rules.addresses import parse_address, parse_addresses
from qingliu.privacy.rules.folding import fold
from qingliu.standards.areas import Area, find_area

ROAD_DECIMALS = 2  # a hundredth of a degree is about a kilometre in Taiwan


def _addresses(value: str | Address, county: str, township: str) -> tuple[Address, ...]:
    return (value,) if isinstance(value, Address) else parse_addresses(value, county=county, township=township)


def _street(address: Address) -> str:
    if address.road:
        return address.road
    return address.village or address.section  # a locality may be one house or one family


def _shown(address: Address, level: Level) -> str:
    if level == Level.COUNTY:
        return address.county
    district = address.county + address.township
    return district + _street(address) if level == Level.ROAD else district


def generalise_address(value: str | Address, level: Level, *, county: str = "", township: str = "") -> str:
    """``value`` as far as ``level`` lets it be told.

    What is not understood is not shown: from level road up the answer is built from the parts that were read, so nothing of the
    rest slips through. Several addresses in a cell give each place once.
    """
    if level == Level.FULL:
        return value.text if isinstance(value, Address) else value
    if level == Level.HIDDEN:
        return ""
    if isinstance(value, str) and level == Level.DISTRICT and find_area(value) is not None:
        return value  # a county alone tells no more than it may
    shown = dict.fromkeys(_shown(a, level) for a in _addresses(value, county, township))
    return "、".join(s for s in shown if s)


def normalise_address(value: str | Address, *, county: str = "", township: str = "") -> str:
    """One form of an address for matching: today's names, digits, no postal code, village or neighbourhood.

    What cannot be read answers folded and without blanks, so that equal texts still match.
    """
    address = value if isinstance(value, Address) else parse_address(value, county=county, township=township)
    if not (address.number or address.land_number or address.road):
        return fold(address.text).replace(" ", "")
    parts = [address.county, address.township, address.road or address.locality]
    units = ((address.lane, "巷"), (address.alley, "弄"), (address.sub_alley, "衖"), (address.number, "號"))
    parts += [part + unit for part, unit in units if part]
    parts += [address.floor + "樓"] if address.floor else []
    parts += [address.room + "室"] if address.room else []
    parts += [address.section + address.land_number + "地號"] if address.section else []
    return "".join(parts)


def without_unit(address: Address) -> Address:
    """``address`` without floor and room: the building."""
    return replace(address, floor="", room="")


def generalise_point(lon: float, lat: float, level: Level, area: Area | None) -> tuple[float, float] | None:
    """The point that may stand beside an address shown at ``level``; None where none may.

    Road rounds to a hundredth of a degree; district and county answer the point that stands for the area, the same for every
    row, so that nothing of the true place is left. Without a known area there is no such point.
    """
    if level == Level.FULL:
        return lon, lat
    if level == Level.ROAD:
        return round(lon, ROAD_DECIMALS), round(lat, ROAD_DECIMALS)
    if level == Level.HIDDEN or area is None:
        return None
    standing = find_area(area.county) if level == Level.COUNTY else area
    return (standing.lon, standing.lat) if standing else None
