"""The frozen values of the register: standards in editions, their properties, code lists, profiles and announcements.

Everything here can be written out by ``core.codec``: what the register says is what an address of it will answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from qingliu.core.dataset import Text

Kind = Literal["字串", "數字", "日期", "布林值"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a part of the register comes from. ``draft`` marks a reconstruction of ours, never an official text."""

    edition: str
    date: date
    source: Text
    draft: bool


@dataclass(frozen=True, slots=True)
class Fault:
    """A known fault of a property: cells that fail because the standard cannot say them, not because they are wrong.

    ``pattern`` (RE2, searched in the cell) tells such cells; where ``items`` are named, only in rows of those items.
    """

    pattern: str
    reason: Text
    remedy: Text
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Property:
    """屬性: one column that a standard describes, in the words of the platform (型別, 值域, 驗證, 附註).

    ``uri`` is the platform's address where it is known, else a name of our own (urn:qingliu:…). ``lists`` names a code
    list that stands for a 值域 too long to write out.
    """

    code: str  # Domain/Category/Subject/Property
    uri: str
    title: Text
    explain: Text
    kind: Kind
    domain: str  # 值域
    regexp: str  # 驗證: a PHP pattern or the name of a function
    note: str  # 附註
    draft: bool
    unit: str = ""
    lists: str = ""
    same_as: str = ""  # code of the property that this one takes over whole
    faults: tuple[Fault, ...] = ()

    @property
    def name(self) -> str:
        """The property's English name: the last part of its code."""
        return self.code.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Subject:
    """主題: properties that belong together. Requiredness is no part of a standard; it is said here for the mapping."""

    code: str  # Domain/Category/Subject
    title: Text
    properties: tuple[Property, ...]
    required: tuple[str, ...] = ()  # names of properties that a mapped dataset must carry
    recommended: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Standard:
    """領域 and 類別 with their subjects, in one edition."""

    code: str  # Domain/Category
    domain: Text
    category: Text
    origin: Origin
    subjects: tuple[Subject, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """One code of a list with its name."""

    code: str
    name: Text
    note: Text


@dataclass(frozen=True, slots=True)
class CodeList:
    """A closed list of codes."""

    name: str
    title: Text
    origin: Origin
    codes: tuple[Code, ...]

    def values(self) -> tuple[str, ...]:
        """The codes alone."""
        return tuple(c.code for c in self.codes)


@dataclass(frozen=True, slots=True)
class SpatialCategory:
    """One of the categories of spatial data that an announcement names; ``layers`` are our draft of what belongs to it."""

    code: str
    title: Text
    datasets: tuple[str, ...]  # catalogue categories whose datasets with a place belong to it
    layers: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Announcement:
    """An official announcement with its number (文號) and the categories that it names."""

    number: str
    title: Text
    origin: Origin
    layers_draft: bool
    categories: tuple[SpatialCategory, ...]
