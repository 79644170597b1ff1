"""Publishing measured: the ordinary command against the engine's own typed and sorted copy, each a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.questions import CODE
from bench.table import TYPES

DEFINITION = Path(__file__).parent / "datasets" / f"{CODE}.yaml"
COPY = """
import duckdb, sys
source, to, typed, folder, threads = sys.argv[1:]
con = duckdb.connect(config={"threads": int(threads), "memory_limit": "900MB", "temp_directory": folder})
con.execute(f"COPY (SELECT * REPLACE (nullif(concentration, -999) AS concentration) FROM ({typed.replace('SOURCE', source)}) "
            f"ORDER BY itemid, siteid, monitordate) TO '{to}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 10240)")
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took: wall seconds and its peak memory in MiB (the largest process of its tree)."""

    seconds: float
    peak_mib: float


def measured(command: list[str], env: dict[str, str]) -> Cost:
    """Run to its end; ends the benchmark with what it said where it fails."""
    with tempfile.TemporaryFile() as said:
        begin = time.perf_counter()
        process = subprocess.Popen(command, env=env, stdout=said, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        took = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{command[:3]} failed:\n{said.read().decode(errors='replace')[-2000:]}")
        return Cost(took, usage.ru_maxrss / 1024)


def environment(home: Path) -> dict[str, str]:
    """The environment of every command on that home."""
    return {**os.environ, "QINGLIU_HOME": str(home), "QINGLIU_DEFINITIONS": str(DEFINITION.parent)}


def publish(home: Path, csv: Path) -> Cost:
    """The ordinary way into an empty home: setup and define beforehand, then one measured publish."""
    shutil.rmtree(home, ignore_errors=True)
    qingliu = str(Path(sys.executable).with_name("qingliu"))
    env = environment(home)
    for command in (["setup"], ["define", str(DEFINITION)]):
        subprocess.run([qingliu, *command], env=env, check=True, capture_output=True)
    return measured([qingliu, "publish", str(csv), "--dataset", CODE, "--message", "benchmark"], env)


def engine_copy(csv: Path, folder: Path, *, threads: int) -> Cost:
    """The engine alone: CSV to typed, sorted Parquet. What is no number becomes null."""
    kinds = TYPES | {"concentration": "VARCHAR"}
    columns = "{" + ", ".join(f"'{n}': '{t}'" for n, t in kinds.items()) + "}"
    value = " REPLACE (try_cast(concentration AS DOUBLE) AS concentration)"
    typed = f"SELECT *{value} FROM read_csv('SOURCE', header = true, columns = {columns})"
    to = folder / "engine-copy.parquet"
    command = [sys.executable, "-c", COPY, str(csv), str(to), typed, str(folder), str(threads)]
    cost = measured(command, dict(os.environ))
    to.unlink()
    return cost
