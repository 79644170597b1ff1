"""Where the lake's tables lie and who keeps their catalogue: the one seam to object stores and a shared catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from qingliu.lake.paths import LakePaths


@dataclass(frozen=True, slots=True)
class Storage:
    """Tables on the local disk under ``paths.root``, their catalogue in SQLite.

    Another store answers the same four questions: how to open the catalogue, which address a path of the lake has for
    Iceberg, which path of the lake an address means, and where the engine finds a path.
    """

    paths: LakePaths
    name: str = "qingliu"
    namespace: str = "lake"

    def catalog_properties(self) -> dict[str, str]:
        """Properties for PyIceberg's SqlCatalog; a writer waits up to 60 s for another one."""
        return {
            "uri": f"sqlite:///{self.paths.iceberg_db.resolve()}?timeout=60",
            "warehouse": self.address("warehouse"),
        }

    def address(self, relative: str) -> str:
        """The address by which Iceberg knows a path of the lake."""
        return f"file://{self.paths.resolve(relative)}"

    def relative(self, address: str) -> str:
        """The path in the lake that an Iceberg address means; ValueError where it lies outside."""
        path = Path(address.removeprefix("file://")).resolve()
        return path.relative_to(self.paths.root.resolve()).as_posix()

    def local(self, relative: str) -> Path:
        """Where the engine finds a path of the lake."""
        return self.paths.resolve(relative)
