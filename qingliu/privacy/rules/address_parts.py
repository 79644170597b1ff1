"""An address as a frozen value, and how far it may be told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """How much of an address is shown: all, the road, county and township, the county, nothing."""

    FULL = 0
    ROAD = 1
    DISTRICT = 2
    COUNTY = 3
    HIDDEN = 4


@dataclass(frozen=True, slots=True)
class Address:
    """What an address says, in today's names; a part it does not say is empty.

    Numbers are digits (``12-3`` for 12之3), sections of roads Chinese numerals; private-use characters stay as they are.
    ``filled`` names the parts that the text did not say and that follow with certainty; ``rest`` is what was not understood.
    """

    text: str
    county: str = ""
    township: str = ""
    village: str = ""
    neighbourhood: str = ""
    locality: str = ""
    road: str = ""
    lane: str = ""
    alley: str = ""
    sub_alley: str = ""
    number: str = ""
    floor: str = ""
    room: str = ""
    section: str = ""
    land_number: str = ""
    rest: str = ""
    code: str = ""
    filled: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether it names one place: county, township, and a house number or a plot.

        嘉義市 and 新竹市 are small enough that people leave the district out; the city then does for both.
        """
        district = self.township or self.county in {"嘉義市", "新竹市"}
        return bool(self.county and district and (self.number or self.land_number))
