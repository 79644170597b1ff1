"""Connections to the engine: locked down to the lake's folders, one cursor an answer, cancelled at the deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from qingliu.core.dataset import Text
from qingliu.core.errors import TooDear
from qingliu.lake.names import literal, path_list


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

    def _run(self) -> None:
        while True:
            time.sleep(0.05)
            now = time.monotonic()
            with self._lock:
                for deadline, cursor in self._watched.values():
                    if deadline < now:
                        cursor.interrupt()


def too_slow(deadline_s: float) -> TooDear:
    """The error for a question that was cancelled at the deadline."""
    return TooDear(
        Text(
            f"查詢超過 {deadline_s:g} 秒，已取消。", f"The question took more than {deadline_s:g} s and was cancelled."
        ),
        Text(
            "請以時間、測站等條件縮小範圍，或下載 Parquet 檔。",
            "Narrow it by time or key columns, or download the Parquet files.",
        ),
        parameter="filter",
    )


class Session:
    """One in-memory engine for a process. ``folders`` are the only places it may read or write."""

    def __init__(self, folders: tuple[Path, ...], *, threads: int, memory_limit: str, temp: Path) -> None:
        self._con = duckdb.connect(":memory:")
        self._con.execute(f"SET threads={int(threads)}")
        self._con.execute(f"SET memory_limit={literal(memory_limit)}")
        self._con.execute(f"SET temp_directory={literal(str(temp))}")
        self._con.execute("SET parquet_metadata_cache=true")
        self._con.execute("SET preserve_insertion_order=true")
        self._con.execute("SET autoinstall_known_extensions=false")
        self._con.execute("SET autoload_known_extensions=false")
        self._con.execute("SET TimeZone='UTC'")
        self._con.execute(f"SET allowed_directories={path_list([*folders, temp])}")
        self._con.execute("SET enable_external_access=false")
        self._con.execute("SET lock_configuration=true")
        self._watchdog = Watchdog()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own over the shared engine; close it after use."""
        return self._con.cursor()

    @contextmanager
    def running(self, cursor: duckdb.DuckDBPyConnection, deadline_s: float) -> Iterator[None]:
        """Run inside the deadline; see ``Watchdog.watch``."""
        with self._watchdog.watch(cursor, deadline_s):
            yield

    def close(self) -> None:
        """End the engine."""
        self._con.close()
