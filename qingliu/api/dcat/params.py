"""Parameters of the catalogue's dialects: few, strict, each at most once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from qingliu.api.given import LANGUAGES
from qingliu.api.http import Pairs
from qingliu.api.values import count, shown
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest, NotFound

PAGE_SIZE = 100
MOST_A_PAGE = 500
FEED_SIZE = 50
Profile = Literal["dcat-ap", "dcat-ap-hvd"]
PROFILES: dict[Profile, str] = {
    "dcat-ap": "https://semiceu.github.io/DCAT-AP/releases/3.0.1",
    "dcat-ap-hvd": "https://semiceu.github.io/DCAT-AP/releases/3.0.0-hvd",
}


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a list is asked for: the ``number``-th page (1-based) of ``size``; 0 is all of it."""

    number: int
    size: int

    def slice(self, total: int) -> slice:
        """The places of a list of ``total`` that belong to it. Raises NotFound behind the last page."""
        if self.number == 0:
            return slice(0, total)
        if self.number > self.last(total):
            raise NotFound(
                Text(f"沒有第 {self.number} 頁。", f"There is no page {self.number}."),
                Text(f"最後一頁是第 {self.last(total)} 頁。", f"The last page is {self.last(total)}."),
                parameter="page",
            )
        return slice((self.number - 1) * self.size, min(self.number * self.size, total))

    def last(self, total: int) -> int:
        """The number of the last page; an empty list has one page."""
        return max(1, -(-total // self.size))


@dataclass(frozen=True, slots=True)
class Asked:
    """A part of the catalogue under a profile."""

    part: Part
    profile: Profile = "dcat-ap"

    def address(self, path: str, number: int) -> str:
        """The address of the ``number``-th page of the same; what stands there by itself is left out."""
        pairs = {"page": str(number) if number else "all"}
        if self.part.size != PAGE_SIZE:
            pairs["page_size"] = str(self.part.size)
        if self.profile != "dcat-ap":
            pairs["profile"] = self.profile
        return f"{path}?{urlencode(pairs)}"


def known(pairs: Pairs, *allowed: str) -> dict[str, str]:
    """Names and values. Raises BadRequest for a name that is not ``allowed`` or comes twice."""
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in allowed or name in found:
            twice = name in found
            told = shown(name)
            options = "、".join(allowed) or "無"
            raise BadRequest(
                Text(
                    f"參數「{told}」出現兩次。" if twice else f"這個位址沒有參數「{told}」。",
                    f"{told} is given twice." if twice else f"There is no parameter '{told}' here.",
                ),
                Text(f"可用的參數：{options}。", f"The parameters are: {', '.join(allowed) or 'none'}."),
                parameter=told,
            )
        found[name] = value
    return found


def catalogue(pairs: Pairs) -> Asked:
    """The question of ``/catalog.*``. Raises BadRequest."""
    given = known(pairs, "page", "page_size", "profile")
    size = _size(given.get("page_size", ""))
    number = 0 if given.get("page") == "all" else _page(given.get("page", "1"))
    profile = _choice(given.get("profile", "dcat-ap"), tuple(PROFILES), "profile")
    return Asked(Part(number, size), profile)  # type: ignore[arg-type]


def language(given: Mapping[str, str]) -> str:
    """zh or en by ``lang``, else zh: a file that is kept says the same to everybody."""
    return "en" if _choice(given.get("lang", "zh"), LANGUAGES, "lang") == "en" else "zh"


def feed(pairs: Pairs) -> tuple[Part, str]:
    """Page and language of a feed. Raises BadRequest."""
    given = known(pairs, "page", "lang")
    return Part(_page(given.get("page", "1")), FEED_SIZE), language(given)


def _page(text: str) -> int:
    number = count(text, "page")
    if number < 1:
        raise BadRequest(
            Text("頁碼由 1 起。", "Pages are counted from 1."), Text("請用 page=1。", "Use page=1."), parameter="page"
        )
    return number


def _size(text: str) -> int:
    size = count(text, "page_size") if text else PAGE_SIZE
    if not 1 <= size <= MOST_A_PAGE:
        raise BadRequest(
            Text(f"page_size 是 1 到 {MOST_A_PAGE}。", f"page_size is 1 to {MOST_A_PAGE}."),
            Text("要全部請用 page=all。", "For everything use page=all."),
            parameter="page_size",
        )
    return size


def _choice(value: str, options: tuple[str, ...], name: str) -> str:
    if value in options:
        return value
    raise BadRequest(
        Text(f"參數 {name} 不能是「{shown(value)}」。", f"{name} cannot be {shown(value)!r}."),
        Text(f"可用：{'、'.join(options)}。", f"Use one of: {', '.join(options)}."),
        parameter=name,
    )
