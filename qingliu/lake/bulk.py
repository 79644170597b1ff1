"""Whole files of versions, one a format: made once, known by sha256, kept within a budget of disk, destroyed with their rows.

They lie under ``bulk/`` in the home, a folder a dataset and version; an index beside them knows size, digest and last use. The
lock of a dataset is held while one of its files is made, and the question is opened inside it: whoever withholds rows waits
for a file that is being made and then removes it, and no later one can hold what was withheld.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from qingliu.core.clock import iso, now
from qingliu.core.dataset import FileRecord, Text
from qingliu.core.errors import Damaged, TooDear
from qingliu.lake.answer import Plan
from qingliu.lake.binary.sheets import no_space
from qingliu.lake.engine import Engine
from qingliu.lake.files import sync
from qingliu.lake.locks import held
from qingliu.lake.manifest import code_folder
from qingliu.lake.paths import LakePaths
from qingliu.lake.query import Format, Query, Rendering
from qingliu.lake.redact import TOMBSTONE
from qingliu.lake.sound import Soundness

SUFFIXES: dict[Format, str] = {
    "csv.gz": "csv.gz", "parquet": "parquet", "geoparquet": "geo.parquet", "xlsx": "xlsx", "ods": "ods",
}  # fmt: skip
STANDING: tuple[Format, ...] = (
    "csv.gz",
    "parquet",
    "geoparquet",
)  # made at night for every dataset, the others when asked for
GZIP_LEVEL = 4
USED_S = 3_600.0  # a use is written down this often
_SCHEMA = """
CREATE TABLE IF NOT EXISTS made (
  code TEXT NOT NULL, number INTEGER NOT NULL, mark TEXT NOT NULL, form TEXT NOT NULL, bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL, rows INTEGER NOT NULL, made_at TEXT NOT NULL, used_at TEXT NOT NULL,
  PRIMARY KEY (code, number, mark, form));
CREATE TABLE IF NOT EXISTS state (changes INTEGER NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Made:
    """A file that is there: of which version (``mark`` is its content's), its format, size in bytes and digest."""

    code: str
    number: int
    mark: str
    form: Format
    bytes: int
    sha256: str
    rows: int
    made_at: str  # ISO 8601, UTC

    @property
    def name(self) -> str:
        """The name under which it is handed out."""
        return name_of(self.code, self.form)

    @property
    def relative(self) -> str:
        """Where it lies under ``bulk/``."""
        return f"{code_folder(self.code)}/{self.number:06d}-{self.mark}/{code_folder(self.code)}.{SUFFIXES[self.form]}"


def name_of(code: str, form: Format) -> str:
    """The name of a dataset's whole file in a format."""
    return f"{code}.{SUFFIXES[form]}"


def mark_of(plan: Plan) -> str:
    """What tells the rows of a version from other rows under the same number: after a redaction, or of a changed view.

    Merging a table's small files changes none of its rows, and so not its mark.
    """
    version = plan.version
    table = f"{version.run_id}:{version.created_at}:{dict(version.extra).get(TOMBSTONE, '')}"
    spelled = table if plan.entry.kind == "table" else version.content_hash
    return hashlib.sha256(spelled.encode()).hexdigest()[:20]


class Bulk:
    """The whole files of one home. ``budget`` is how many bytes they may take together; the least used go first."""

    def __init__(self, engine: Engine, *, budget: int) -> None:
        self._engine = engine
        self._paths = engine.paths
        self._folder = engine.paths.bulk
        self._budget = budget
        self._sound = Soundness(self._folder)
        self._noted: dict[str, float] = {}

    @staticmethod
    def offered(plan: Plan) -> tuple[Format, ...]:
        """The formats in which a version can be had as one file."""
        place, known = plan.entry.record.place, {c.name for c in plan.version.columns}
        placed = place is not None and {place.lon, place.lat} <= known
        return tuple(f for f in SUFFIXES if placed or f != "geoparquet")

    def find(self, plan: Plan, form: Format) -> Made | None:
        """The file of a plan's version if it is there, as it was made."""
        with _index(self._folder) as con:
            row = con.execute(
                "SELECT * FROM made WHERE code=? AND number=? AND mark=? AND form=?",
                (plan.entry.code, plan.version.number, mark_of(plan), form),
            ).fetchone()
        if row is None:
            return None
        made = _made(row)
        try:
            self._sound.check(made.code, [FileRecord(made.relative, made.rows, made.bytes, made.sha256)])
        except Damaged:  # not ours to hand out; it is made anew from rows that are checked themselves
            _drop(self._folder, [made])
            return None
        return made

    def path(self, made: Made) -> Path:
        """Where a file lies. Noted as a use of it."""
        if time.monotonic() - self._noted.get(made.relative, -USED_S) >= USED_S:
            self._noted[made.relative] = time.monotonic()
            with suppress(sqlite3.Error), _index(self._folder) as con:  # a full disk must not stop reading
                con.execute("UPDATE made SET used_at=? WHERE sha256=?", (iso(now()), made.sha256))
        return self._folder / made.relative

    def make(self, code: str, as_of: int | None, form: Format, *, source: str = "", licence: str = "") -> Made:
        """The whole file of a version, made if it is not there yet.

        Raises what the question raises, TooDear where it is larger than the budget or than its format takes, Busy where the
        disk is full; then nothing is left of it.
        """
        with held(self._paths, f"bulk.{code_folder(code)}"):
            plan = self._engine.open(Query(code, as_of=as_of))
            found = self.find(plan, form)
            if found is not None:
                return found
            made = self._write(plan, form, Rendering(form, source=source, licence=licence))
        self._shrink(made)
        return made

    def _write(self, plan: Plan, form: Format, rendering: Rendering) -> Made:
        at = iso(now())
        draft = Made(plan.entry.code, plan.version.number, mark_of(plan), form, 0, "", 0, at)
        target = self._folder / draft.relative
        temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            size, digest, rows = self._fill(temporary, plan, form, rendering)
            os.replace(temporary, target)
            sync(target.parent)
            made = Made(draft.code, draft.number, draft.mark, form, size, digest, rows, at)
            with _index(self._folder) as con:
                con.execute(
                    "DELETE FROM made WHERE code=? AND number=? AND mark<>?", (made.code, made.number, made.mark)
                )
                con.execute(
                    "INSERT OR REPLACE INTO made VALUES (?,?,?,?,?,?,?,?,?)",
                    (made.code, made.number, made.mark, form, size, digest, rows, at, at),
                )
                _changed(con)
        except (OSError, sqlite3.OperationalError) as error:
            target.unlink(missing_ok=True)
            full = error.errno == errno.ENOSPC if isinstance(error, OSError) else "full" in str(error)
            if not full:
                raise
            raise no_space() from error
        finally:
            temporary.unlink(missing_ok=True)
            with suppress(OSError):  # a folder in which nothing came to be
                target.parent.rmdir()
        for other in target.parent.parent.glob(f"{made.number:06d}-*"):
            if other != target.parent:
                shutil.rmtree(other, ignore_errors=True)
        return made

    def _fill(self, path: Path, plan: Plan, form: Format, rendering: Rendering) -> tuple[int, str, int]:
        digest, size = hashlib.sha256(), 0
        packing = form == "csv.gz"
        stream = self._engine.stream(plan, Rendering("csv") if packing else rendering)
        with path.open("wb") as file:
            try:
                for chunk in _packed(stream) if packing else stream:
                    size += len(chunk)
                    if size > self._budget:
                        raise _over_budget(self._budget)
                    digest.update(chunk)
                    file.write(chunk)
            finally:
                stream.close()
            file.flush()
            os.fsync(file.fileno())
        return size, digest.hexdigest(), stream.returned

    def _shrink(self, keep: Made) -> None:
        """Let the least used files go until all fit into the budget."""
        with _index(self._folder) as con:
            rows = con.execute("SELECT * FROM made ORDER BY used_at DESC, made_at DESC").fetchall()
        left, going = self._budget - keep.bytes, []
        for made in (_made(r) for r in rows):
            if made.relative == keep.relative:
                continue
            left -= made.bytes
            if left < 0:
                going.append(made)
        _drop(self._folder, going)

    def all(self) -> dict[tuple[str, int, str], dict[Format, Made]]:
        """Every file that is there, by code, number and mark of its version."""
        found: dict[tuple[str, int, str], dict[Format, Made]] = {}
        with _index(self._folder) as con:
            for made in (_made(r) for r in con.execute("SELECT * FROM made").fetchall()):
                found.setdefault((made.code, made.number, made.mark), {})[made.form] = made
        return found

    def changes(self) -> int:
        """A number that grows whenever a file comes or goes."""
        with _index(self._folder) as con:
            row = con.execute("SELECT changes FROM state").fetchone()
        return int(row[0]) if row else 0

    def tidy(self) -> int:
        """Remove files of versions that are no longer kept or known, and what a crash left; how many versions' files went."""
        known = {e.code: {v.number for v in self._engine.versions(e.code) if v.kept} for e in self._engine.published.all()
                 if e.kind != "listed"}  # fmt: skip
        views = {e.code for e in self._engine.published.all() if e.kind == "view"}
        going = [m for files in self.all().values() for m in files.values()
                 if m.code not in known or (m.code not in views and m.number not in known[m.code])]  # fmt: skip
        _drop(self._folder, going)
        listed = {self._folder / m.relative for files in self.all().values() for m in files.values()}
        for path in self._folder.glob("*/*/*"):
            if (
                path not in listed
                and not path.parent.parent.name.startswith(".")
                and path.stat().st_mtime < time.time() - 86_400
            ):
                path.unlink(missing_ok=True)
        return len(going)


def forget(paths: LakePaths, codes: Iterable[str]) -> None:
    """Destroy every whole file of these datasets, after those that are being made have come to their end."""
    for code in codes:
        with held(paths, f"bulk.{code_folder(code)}"):
            shutil.rmtree(paths.bulk / code_folder(code), ignore_errors=True)
            if paths.bulk.is_dir():
                with _index(paths.bulk) as con:
                    con.execute("DELETE FROM made WHERE lower(code)=lower(?)", (code,))
                    _changed(con)


def _packed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """A gzip file without a name or a time in it: equal rows make equal files."""
    packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, 31)
    for chunk in chunks:
        if data := packer.compress(chunk):
            yield data
    yield packer.flush()


@contextmanager
def _index(folder: Path) -> Iterator[sqlite3.Connection]:
    """The index, one transaction; nothing of it is written where the block raises."""
    folder.mkdir(parents=True, exist_ok=True)
    with closing(_opened(folder / "index.sqlite")) as con, con:
        yield con


def _opened(path: Path) -> sqlite3.Connection:
    """The index; a damaged one is begun anew, since every file can be made again."""
    con = sqlite3.connect(path, timeout=30)
    try:
        con.execute("PRAGMA secure_delete=ON")
        con.executescript(_SCHEMA)
    except sqlite3.OperationalError:  # busy, or a full disk: the index itself is sound
        con.close()
        raise
    except sqlite3.DatabaseError:
        con.close()
        path.unlink()
        return _opened(path)
    return con


def _changed(con: sqlite3.Connection) -> None:
    if con.execute("UPDATE state SET changes=changes+1").rowcount == 0:
        con.execute("INSERT INTO state VALUES (1)")


def _drop(folder: Path, going: Iterable[Made]) -> None:
    gone = list(going)
    for made in gone:
        (folder / made.relative).unlink(missing_ok=True)
        with suppress(OSError):  # other formats are still in it
            (folder / made.relative).parent.rmdir()
    if gone:
        with _index(folder) as con:
            con.executemany(
                "DELETE FROM made WHERE code=? AND number=? AND mark=? AND form=?",
                [(m.code, m.number, m.mark, m.form) for m in gone],
            )
            _changed(con)


def _made(row: tuple[str, int, str, Format, int, str, int, str, str]) -> Made:
    return Made(*row[:8])


def _over_budget(budget: int) -> TooDear:
    return TooDear(
        Text(
            f"整個檔案超過平臺為整批檔保留的空間（{budget / 1e9:g} GB）。",
            f"The whole file is larger than the room kept for whole files ({budget / 1e9:g} GB).",
        ),
        Text(
            "請以 /rows?f=csv.gz 或 f=parquet 直接下載，或下載版本清單中的 Parquet 原檔。",
            "Stream it from /rows?f=csv.gz or f=parquet, or take the stored Parquet files of the version's manifest.",
        ),
        parameter="name",
    )
