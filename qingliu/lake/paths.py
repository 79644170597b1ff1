"""Where things lie under one home directory; nothing else builds these paths."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=65_536)
def _inside(root: Path, relative: str) -> Path:
    """Asked for each file of each question, so its many looks at the disk are taken once."""
    path = (root / relative).resolve()
    if not path.is_relative_to(root.resolve()):
        raise ValueError(f"path leaves the lake: {relative}")
    return path


@dataclass(frozen=True, slots=True)
class LakePaths:
    """The home's map. Public: ``root`` (tables) and ``published_db``. Private: staging, quarantine, drafts, access, locks."""

    home: Path

    @property
    def root(self) -> Path:
        """The lake's root: every FileRecord.path is relative to it."""
        return self.home / "lake"

    @property
    def warehouse(self) -> Path:
        """Iceberg tables."""
        return self.root / "warehouse"

    @property
    def iceberg_db(self) -> Path:
        """PyIceberg's SQL catalogue."""
        return self.root / "iceberg.sqlite"

    @property
    def published_db(self) -> Path:
        """The published catalogue with its search index."""
        return self.home / "published" / "catalogue.sqlite"

    @property
    def access_db(self) -> Path:
        """Hashes of API keys, private."""
        return self.home / "private" / "access.sqlite"

    @property
    def staging(self) -> Path:
        """Undecided data, one folder a run, private."""
        return self.home / "private" / "staging"

    @property
    def quarantine(self) -> Path:
        """What did not fit, one file a run, private."""
        return self.home / "private" / "quarantine"

    @property
    def drafts(self) -> Path:
        """Files that stewards are preparing, one folder a draft, private."""
        return self.home / "private" / "drafts"

    @property
    def restricted(self) -> Path:
        """The restricted list, sealed, one file an edition, private."""
        return self.home / "private" / "restricted"

    @property
    def restricted_key(self) -> Path:
        """The key that opens the restricted list; never copied by a backup."""
        return self.home / "private" / "restricted.key"

    @property
    def bulk(self) -> Path:
        """Whole files of versions and dumps of the catalogue; made again at will, so no backup copies them."""
        return self.home / "bulk"

    @property
    def locks(self) -> Path:
        """One lock file a dataset."""
        return self.home / "locks"

    def resolve(self, relative: str) -> Path:
        """The absolute path of a FileRecord.path; ValueError where it would leave the lake."""
        return _inside(self.root, relative)

    def make(self) -> None:
        """Create the directories; private ones for the owner only."""
        for folder in (self.root, self.warehouse, self.published_db.parent, self.locks):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.access_db.parent, self.staging, self.quarantine, self.drafts):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
