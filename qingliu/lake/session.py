"""Connections to the engine: locked down to the lake's folders, one cursor an answer, cancelled at the deadline."""

from __future__ import annotations

import importlib.util
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from qingliu.lake.deadline import too_slow
from qingliu.lake.names import literal, path_list


class _Absent:
    """Answers at once that a package is not installed, instead of searching every path for it again."""

    def __init__(self, name: str) -> None:
        self._name = name

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """None for every other name; ModuleNotFoundError for the absent one."""
        if name == self._name:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)


if importlib.util.find_spec("pandas") is None:
    # The engine looks for pandas whenever a value is bound: 0.6 ms of searching in each question.
    sys.meta_path.insert(0, _Absent("pandas"))  # type: ignore[arg-type]

SMALL_ROWS = 600_000  # a scan of so many rows gains nothing from a second thread


class Watchdog:
    """Interrupts cursors whose deadline has passed; one thread for all of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watched: dict[int, tuple[float, duckdb.DuckDBPyConnection]] = {}
        self._fired: set[int] = set()
        self._thread: threading.Thread | None = None

    @contextmanager
    def watch(self, cursor: duckdb.DuckDBPyConnection, deadline_s: float) -> Iterator[None]:
        """Cancel what ``cursor`` runs inside the block once ``deadline_s`` seconds are over; then TooDear is raised."""
        token = id(cursor)
        with self._lock:
            self._watched[token] = (time.monotonic() + deadline_s, cursor)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="lake-watchdog", daemon=True)
                self._thread.start()
        try:
            yield
        except duckdb.InterruptException:
            raise too_slow(deadline_s) from None
        finally:
            with self._lock:
                self._watched.pop(token, None)

    def running(self) -> int:
        """How many questions run in this process at this moment."""
        return len(self._watched)

    def _run(self) -> None:
        while True:
            time.sleep(0.05)
            now = time.monotonic()
            with self._lock:
                for deadline, cursor in self._watched.values():
                    if deadline < now:
                        cursor.interrupt()


class Session:
    """The engines of a process, in memory. ``folders`` are the only places they may read or write.

    Two of them: one thread answers small questions, and all of them while others wait (more answers a second); a large
    question that is alone gets ``threads``.
    """

    def __init__(self, folders: tuple[Path, ...], *, threads: int, memory_limit: str, temp: Path) -> None:
        def connect(count: int) -> duckdb.DuckDBPyConnection:
            connection = duckdb.connect(":memory:")
            for setting in (
                f"threads={count}", f"memory_limit={literal(memory_limit)}", f"temp_directory={literal(str(temp))}",
                "parquet_metadata_cache=true", "preserve_insertion_order=true", "autoinstall_known_extensions=false",
                "autoload_known_extensions=false", "TimeZone='UTC'", f"allowed_directories={path_list([*folders, temp])}",
                "enable_external_access=false", "lock_configuration=true",
            ):  # fmt: skip
                connection.execute(f"SET {setting}")
            return connection

        self._narrow = connect(1)
        self._wide = connect(int(threads)) if threads > 1 else self._narrow
        self._watchdog = Watchdog()

    def cursor(self, scan_rows: int | None = None) -> duckdb.DuckDBPyConnection:
        """A connection of its own for a question that reads about ``scan_rows`` rows; close it after use."""
        small = scan_rows is not None and scan_rows <= SMALL_ROWS
        return (self._narrow if small or self._watchdog.running() else self._wide).cursor()

    @contextmanager
    def running(self, cursor: duckdb.DuckDBPyConnection, deadline_s: float) -> Iterator[None]:
        """Run inside the deadline; see ``Watchdog.watch``."""
        with self._watchdog.watch(cursor, deadline_s):
            yield

    def close(self) -> None:
        """End the engines."""
        self._narrow.close()
        self._wide.close()
