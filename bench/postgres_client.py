"""Asks PostgreSQL as CKAN does and takes the time; run in the peer's environment, which has psycopg.

usage: postgres_client.py ADDRESS    a line of JSON in, a line of JSON out
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg

PAGE = 32_000
COLUMNS = '"_id", "monitordate", "siteid", "sitename", "county", "itemid", "itemname", "itemengname", "itemunit", "concentration"'


class Client:
    """One connection."""

    def __init__(self, address: str) -> None:
        self._connection = psycopg.connect(address, autocommit=True)

    def ask(self, asked: dict[str, Any]) -> bytes:
        """The first statement's answer, all being run; ``dump`` asks page by page until one is short."""
        if "dump" in asked:
            parts: list[bytes] = [COLUMNS.replace('"', "").replace(" ", "").encode() + b"\n"]
            self.dump(asked["dump"], time.monotonic() + 3600, parts.append)
            return b"".join(parts)
        found, *_ = [self._connection.execute(statement).fetchall() for statement in asked["sql"]]
        if len(found) == 1 and isinstance(found[0][0], str):
            return found[0][0].encode()
        return json.dumps(found, default=str).encode()

    def dump(self, where: str, until: float, take: Callable[[bytes], object]) -> int:
        """Rows handed over page by page, keyset by ``_id``, as CSV lines."""
        rows, last = 0, 0
        while time.monotonic() < until:
            chosen = f"SELECT {COLUMNS} FROM obs WHERE {where} AND _id > {last} ORDER BY _id LIMIT {PAGE}"
            page = bytearray()
            with (
                self._connection.cursor() as cursor,
                cursor.copy(f"COPY ({chosen}) TO STDOUT csv DELIMITER ','") as copy,
            ):
                for piece in copy:
                    page += piece
            if not page:
                break
            got = page.count(b"\n")
            rows += got
            take(bytes(page))
            last = int(page[page.rfind(b"\n", 0, -1) + 1 :].split(b",", 1)[0])
            if got < PAGE:
                break
        return rows

    def run(self, statement: str) -> None:
        """A statement without an answer."""
        self._connection.execute(statement)

    def load(self, path: str, statement: str) -> None:
        """COPY … FROM STDIN."""
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy, open(path, "rb") as source:
            while piece := source.read(1 << 20):
                copy.write(piece)

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()


def crowd(address: str, asked: list[dict[str, Any]], clients: int, seconds: float) -> float:
    """Answers a second of so many connections at once; a request under way at the end is waited for and counted."""
    connections = [Client(address) for _ in range(clients)]
    done = [0] * clients
    wrong: list[str] = []
    begin = time.monotonic()

    def walk(lane: int) -> None:
        mine = asked[lane::clients]
        try:
            while time.monotonic() < begin + seconds:
                connections[lane].ask(mine[done[lane] % len(mine)])
                done[lane] += 1
        except psycopg.Error as error:
            wrong.append(str(error))

    threads = [threading.Thread(target=walk, args=(n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - begin
    for connection in connections:
        connection.close()
    if wrong:
        raise RuntimeError(wrong[0])
    return sum(done) / took


def timed(client: Client, asked: dict[str, Any]) -> float:
    """Seconds of one."""
    begin = time.perf_counter()
    client.ask(asked)
    return time.perf_counter() - begin


def answer(address: str, client: Client, told: dict[str, Any]) -> Any:
    """What one line asks."""
    match told["do"]:
        case "run":
            for statement in told["statements"]:
                client.run(statement)
            return None
        case "load":
            return client.load(told["path"], told["statement"])
        case "body":
            return client.ask(told["asked"]).decode()
        case "each":
            return [timed(client, one) for one in told["asked"]]
        case "crowd":
            return crowd(address, told["asked"], told["clients"], told["seconds"])
        case "dump":
            begin = time.monotonic()
            rows = client.dump(told["where"], begin + told["seconds"], lambda page: None)
            return rows / (time.monotonic() - begin)
    raise RuntimeError(f"unknown: {told['do']}")


def main() -> int:
    """Answer line by line until the input ends."""
    address = sys.argv[1]
    client = Client(address)
    for line in sys.stdin:
        try:
            told = {"answer": answer(address, client, json.loads(line))}
        except (psycopg.Error, RuntimeError) as error:
            told = {"error": str(error)}
        print(json.dumps(told), flush=True)
    client.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
