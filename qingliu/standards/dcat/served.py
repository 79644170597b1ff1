"""What a description needs to know beside the record: where it is served, and facts measured of what is served."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote

from qingliu.core.dataset import DatasetRecord, Text

Kind = Literal["table", "view", "listed"]
NOWHERE = "http://localhost"  # an IRI must be absolute, also where no public address is set


@dataclass(frozen=True, slots=True)
class Offer:
    """One representation as it was measured: ``format`` as in ``f=``, its bytes, its SHA-256 ("" = not computed)."""

    format: str
    bytes: int | None = None
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """What the imported list says of an entry whose data is not here: its number at data.gov.tw and its formats."""

    source_id: str
    formats: tuple[str, ...] = ()
    has_api: bool = False

    @property
    def page(self) -> str:
        """The entry's page in the official catalogue."""
        return f"https://data.gov.tw/dataset/{quote(self.source_id, safe='')}"


@dataclass(frozen=True, slots=True)
class Served:
    """How a dataset is served. ``base`` is a view's one base, ``version`` the number whose rows are shown now.

    ``hvd`` are concepts of the EU's high-value categories; empty leaves the HVD properties out. ``place`` is the code
    of the coverage in ``vocabularies/eu_places.yaml``; ``conforms`` are standards (IRI, name) that the dataset follows.
    """

    base_url: str
    kind: Kind
    updated_at: str = ""
    version: int | None = None
    base: DatasetRecord | None = None
    listing: Listing | None = None
    offers: tuple[Offer, ...] = ()
    hvd: tuple[str, ...] = ()
    place: str = "TWN"
    conforms: tuple[tuple[str, Text], ...] = field(default=())

    @property
    def root(self) -> str:
        """The portal's address without a slash at its end."""
        return self.base_url.rstrip("/") or NOWHERE

    def page(self, code: str) -> str:
        """The dataset's page."""
        return f"{self.root}/dataset/detail/{quote(code, safe='')}"

    def iri(self, code: str, part: str = "dataset") -> str:
        """The IRI of the dataset, or of another thing that its page describes."""
        return f"{self.page(code)}#{part}"

    def rows(self, code: str, form: str) -> str:
        """The address of the dataset's rows in a format."""
        return f"{self.root}/api/datasets/{quote(code, safe='')}/rows?f={form}"

    def offer(self, form: str) -> Offer | None:
        """What was measured of that format, or None."""
        return next((o for o in self.offers if o.format == form), None)
