"""One change of a definition that would mend something, said in words."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from qingliu.core.dataset import Text


@dataclass(frozen=True, slots=True)
class Remedy:
    """One change that mends ``count`` cells. ``choice`` names what a person may still decide, with the value proposed.

    ``sure``: taken by "apply all": it loses nothing and says nothing that the text does not say itself.
    """

    kind: str
    column: str
    values: tuple[str, ...]
    what: Text
    why: Text
    count: int = 0
    sure: bool = False
    choice: str = ""  # "" | flag | unit | field | sensitivity
    chosen: str = ""
    unread: int = 0  # cells that it would leave in quarantine, by its own reckoning

    @property
    def id(self) -> str:
        """A name that stays the same while the trouble does."""
        whole = "\0".join((self.kind, self.column, *self.values))
        return hashlib.blake2b(whole.encode(), digest_size=8).hexdigest()
