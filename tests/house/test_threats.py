"""docs/reference/threats.md is an account, not a promise: 37 rows, each place and test it names exists."""

from __future__ import annotations

import re

from tests.house.tree import PACKAGE, existing_tests, read

PAGE = "docs/reference/threats.md"
STATUS = ("works", "partly", "not yet")


def rows() -> list[list[str]]:
    """The cells of each row that stands for a case: number, case, status, what happens, where, tests."""
    lines = (x for x in read(PAGE).splitlines() if re.match(r"\| \d+ \|", x))
    return [[c.strip() for c in line.strip("|").split("|")] for line in lines]


def test_every_case_has_its_row_and_none_is_told_twice() -> None:
    assert [r[0] for r in rows()] == [str(n) for n in range(1, 38)]
    assert {len(r) for r in rows()} == {6}
    assert all(re.search(r"[一-鿿]", r[3]) and re.search(r"[a-z]{3}", r[3]) for r in rows())


def test_every_case_that_is_survived_names_tests_that_exist() -> None:
    wrong = []
    for number, _, status, _, _, cell in rows():
        named = re.findall(r"`(tests/[^`]+)`", cell)
        if status not in STATUS or (status == "not yet") != (not named):
            wrong.append(f"{number}: status {status!r} with {len(named)} tests")
        wrong += [f"{number}: {name} does not exist" for name in named if name not in existing_tests()]
    assert not wrong, wrong


def test_every_place_that_is_named_exists_with_what_is_said_to_be_in_it() -> None:
    wrong = []
    for number, _, status, _, where, _ in rows():
        places = re.findall(r"`([a-z0-9_/.]+)`([^`]*)", where)
        if status != "not yet" and not places:
            wrong.append(f"{number}: no place is named")
        for place, said in places:
            path = PACKAGE / place
            if not path.exists():
                wrong.append(f"{number}: {place} does not exist")
            elif path.is_file():
                code = path.read_text(encoding="utf-8")
                names = re.findall(r"\b(_?[a-z]+_[a-z_]+|_[a-z]+|[A-Z][a-z]+)\b", said)
                wrong += [f"{number}: {place} has no {name}" for name in names if name not in code]
    assert not wrong, wrong


def test_counts_in_the_first_lines_are_those_of_the_rows() -> None:
    told = re.search(r"(\d+) cases; (\d+) work, (\d+) work partly, (\d+) not yet", read(PAGE))
    assert told
    status = [r[2] for r in rows()]
    assert tuple(map(int, told.groups())) == (len(status), *(status.count(s) for s in STATUS))
