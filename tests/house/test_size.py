"""Files and functions stay small enough to be read whole."""

from __future__ import annotations

from tests.house.tree import read, tracked

LIMIT = 400


def test_no_file_is_over_400_lines_without_a_reason_in_its_first_line() -> None:
    long = []
    for path in tracked():
        if not path.endswith(".py") or "/migrations/" in path:
            continue
        lines = read(path).splitlines()
        if len(lines) > LIMIT and "long because" not in lines[0]:
            long.append(f"{path}: {len(lines)} lines; split it by subject, or write 'long because …' in its first line")
    assert not long, "\n".join(long)


def test_no_drawer_of_all_sorts() -> None:
    assert not [p for p in tracked() if p.rsplit("/", 1)[-1] in {"utils.py", "helpers.py", "misc.py", "common.py"}]
