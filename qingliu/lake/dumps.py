"""Dumps of the catalogue: a day's files with their digests, written whole or not at all, kept for some days."""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from qingliu.core import codec
from qingliu.core.clock import TAIPEI, iso
from qingliu.lake.binary.sheets import no_space
from qingliu.lake.files import sync
from qingliu.lake.locks import held
from qingliu.lake.paths import LakePaths

LIST = "dump.json"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class DumpFile:
    """A file of a dump; ``sha256`` is that of its bytes as they are handed out."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Dump:
    """The catalogue as it was on a day (Asia/Taipei)."""

    day: str
    made_at: str  # ISO 8601, UTC
    datasets: int
    files: tuple[DumpFile, ...]


class Dumps:
    """The dumps of one home."""

    def __init__(self, paths: LakePaths) -> None:
        self._paths = paths
        self._folder = paths.bulk / ".catalogue"

    def all(self) -> list[Dump]:
        """Every dump that is whole, newest first."""
        found = []
        for path in sorted(self._folder.glob(f"*/{LIST}"), reverse=True):
            if _DAY.fullmatch(path.parent.name):
                found.append(codec.from_json(Dump, path.read_text(encoding="utf-8")))
        return found

    def path(self, dump: Dump, file: DumpFile) -> Path:
        """Where a file of a dump lies."""
        return self._folder / dump.day / file.name

    def write(
        self, at: datetime, datasets: int, files: Iterable[tuple[str, Callable[[], Iterable[bytes]]]], *, keep_days: int
    ) -> Dump:
        """Write the day's dump, in place of an earlier one of that day, and let those before the last ``keep_days`` go.

        ``files`` are names and what makes their lines; each is packed by gzip. Raises Busy where the disk is full, and
        then what was there is there still.
        """
        day = at.astimezone(TAIPEI).date().isoformat()
        with held(self._paths, "bulk.catalogue"):
            draft = self._folder / f".{day}.partial"
            shutil.rmtree(draft, ignore_errors=True)
            try:
                draft.mkdir(parents=True)
                written = tuple(_packed(draft / name, lines()) for name, lines in files)
                dump = Dump(day, iso(at), datasets, written)
                (draft / LIST).write_text(codec.to_json(dump), encoding="utf-8")
                sync(draft / LIST)
                sync(draft)
                shutil.rmtree(self._folder / day, ignore_errors=True)
                os.rename(draft, self._folder / day)
                sync(self._folder)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                raise no_space() from error
            finally:
                shutil.rmtree(draft, ignore_errors=True)
            for old in self.all()[keep_days:]:
                shutil.rmtree(self._folder / old.day, ignore_errors=True)
        return dump


def _packed(path: Path, lines: Iterable[bytes]) -> DumpFile:
    with path.open("wb") as file:
        with gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
            for line in lines:
                packed.write(line)
        file.flush()
        os.fsync(file.fileno())
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return DumpFile(path.name, path.stat().st_size, digest)
