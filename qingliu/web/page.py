"""Pages of a long list: which one is asked, and the addresses of its neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest
from qingliu.web.preview import Parameters

MAX_PAGE = 100_000


def page_number(parameters: Parameters) -> int:
    """The page in an address, from 1; raises BadRequest where it is no number."""
    text = parameters.get("page", "") or "1"
    if text.isascii() and text.isdigit() and len(text) <= 6 and 0 < int(text) <= MAX_PAGE:
        return int(text)
    raise BadRequest(
        Text("頁碼不是可用的數。", "The page is not a usable number."),
        Text("請從第 1 頁開始。", "Begin at page 1."),
        parameter="page",
    )


@dataclass(frozen=True, slots=True)
class Pages:
    """Page ``number`` of a list of ``total`` things, ``size`` a page; ``kept`` are the other parameters of its address."""

    number: int
    size: int
    total: int
    kept: dict[str, str]

    @property
    def offset(self) -> int:
        """Things before this page."""
        return (self.number - 1) * self.size

    @property
    def count(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.size))

    @property
    def previous(self) -> str:
        """The address of the page before; "" on the first."""
        return self.address(self.number - 1) if self.number > 1 else ""

    @property
    def following(self) -> str:
        """The address of the page behind; "" on the last."""
        return self.address(self.number + 1) if self.number < self.count else ""

    def address(self, number: int) -> str:
        """The part after the path."""
        pairs = [(k, v) for k, v in self.kept.items() if v or k == "column"]
        return "?" + urlencode([*pairs, ("page", str(number))])
