"""The catalogue page's question and answer: words, facets, order and place in the list."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest
from qingliu.lake.published import Entry, Published, Wanted
from qingliu.web.figures import portal
from qingliu.web.page import page_number
from qingliu.web.preview import Parameters

PAGE = 20
SORTS = ("relevance", "updated", "title", "code")
FACETS = ("category", "agency", "kind")
MAX_WORDS = 200  # characters of a search that are looked at


@dataclass(frozen=True, slots=True)
class Wish:
    """What the address asks of the catalogue."""

    q: str = ""
    category: str = ""
    agency: str = ""
    kind: str = ""
    sort: str = "relevance"
    page: int = 1

    def address(self) -> str:
        """The catalogue's address for this wish, after its path."""
        pairs = [(n, getattr(self, n)) for n in ("q", *FACETS) if getattr(self, n)]
        if self.sort != "relevance":
            pairs.append(("sort", self.sort))
        if self.page > 1:
            pairs.append(("page", str(self.page)))
        return "?" + urlencode(pairs)


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a facet: how many datasets carry it, whether it is chosen, and the address that (un)chooses it."""

    value: str
    count: int
    chosen: bool
    address: str
    name: Text | None = None


@dataclass(frozen=True, slots=True)
class Shelf:
    """One page of the catalogue."""

    wish: Wish
    total: int
    entries: tuple[Entry, ...]
    facets: dict[str, tuple[Choice, ...]]
    sorts: tuple[tuple[str, str], ...]
    pages: int
    previous: str
    following: str

    @property
    def first(self) -> int:
        """1-based place of the first entry shown; 0 where there is none."""
        return (self.wish.page - 1) * PAGE + 1 if self.entries else 0

    @property
    def last(self) -> int:
        """1-based place of the last entry shown."""
        return (self.wish.page - 1) * PAGE + len(self.entries)

    @property
    def narrowed(self) -> bool:
        """Whether any word or facet is chosen."""
        return bool(self.wish.q or self.wish.category or self.wish.agency or self.wish.kind)


def wish(parameters: Parameters) -> Wish:
    """The wish in an address; raises BadRequest for an unknown order or a page that is no number."""
    sort = parameters.get("sort", "") or "relevance"
    if sort not in SORTS:
        raise BadRequest(
            Text("沒有這種排序。", "No such order."),
            Text(f"可用的排序：{'、'.join(SORTS)}。", f"The orders are: {', '.join(SORTS)}."),
            parameter="sort",
        )
    words = " ".join(parameters.get("q", "").split())[:MAX_WORDS]
    chosen = {n: parameters.get(n, "")[:100] for n in FACETS}
    return Wish(words, **chosen, sort=sort, page=page_number(parameters))


def choose(parameters: Parameters, published: Published) -> Shelf:
    """The page of the catalogue that the address means."""
    asked = wish(parameters)
    start = (asked.page - 1) * PAGE
    wanted = Wanted(asked.q, {n: getattr(asked, n) for n in FACETS}, asked.sort)
    found = published.found(wanted, FACETS, offset=start, limit=PAGE)
    pages = max(1, -(-found.total // PAGE))
    names = portal(published).agency_names
    return Shelf(
        wish=asked,
        total=found.total,
        entries=found.entries,
        facets={n: tuple(_choice(asked, n, v, c, names) for v, c in found.facets.get(n, ())) for n in FACETS},
        sorts=tuple((s, replace(asked, sort=s, page=1).address()) for s in SORTS),
        pages=pages,
        previous=replace(asked, page=asked.page - 1).address() if asked.page > 1 else "",
        following=replace(asked, page=asked.page + 1).address() if asked.page < pages else "",
    )


def _choice(asked: Wish, facet: str, value: str, count: int, agencies: dict[str, Text]) -> Choice:
    chosen = getattr(asked, facet) == value
    fields = {facet: "" if chosen else value}
    address = replace(asked, **fields, page=1).address()
    return Choice(value, count, chosen, address, agencies.get(value) if facet == "agency" else None)
