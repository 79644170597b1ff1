"""PHP patterns of strangers run in RE2 or not at all; 值域 notation means what it is written to mean."""

from __future__ import annotations

import ast
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qingliu.standards.register import domains, functions, patterns

PACKAGE = Path(patterns.__file__).parent


@pytest.mark.parametrize(
    ("php", "yes", "no"),
    [
        (" /^([1-9][0-9]*|0)(\\.[0-9]+)?$/ ", "0.5", "-0.5"),
        ("/^(ppm|μg\\/m3)$/", "μg/m3", "mg/m3"),
        ("#^[a-z]+$#i", "ABC", "12"),
        ("{^\\d{4}$}u", "2024", "24"),
        ("~^ [0-9]+ # digits\n $~x", "12", "x"),
        ("/(?<year>[0-9]{4})年/u", "2024年", "年"),
        ("/^\\h+a\\Z/", "\t a", "a"),
        ("^[A-Z]{2}$", "TW", "tw"),
        ("[0-9]+", "a1", "a"),
        ("(ab)|c", "c", "d"),
        ("/b/A", "bc", "ab"),
        ("/^[\\p{Latin}\\p{P}\\p{Zs}]{1,200}$/u", "José Wang-Li", "王"),
    ],
)
def test_php_patterns_mean_the_same_in_re2(php: str, yes: str, no: str) -> None:
    read = patterns.read(php)
    assert read.runs, read.told
    assert patterns.compiled(read.re2).search(yes)
    assert not patterns.compiled(read.re2).search(no)


@pytest.mark.parametrize(
    "php",
    [
        "/(?=a)b/", "/(?<!x)y/", "/(a)\\1/", "/(?>a+)b/", "/a++b/", "/x{1,5000}/", "/a/e", "validateMagic", "/(/",
        "/" + "a" * 3000 + "/",
    ],
)  # fmt: skip
def test_what_re2_cannot_run_is_told_and_not_run_otherwise(php: str) -> None:
    read = patterns.read(php)
    assert not read.runs
    assert (read.re2, read.function) == ("", "")
    assert read.told
    assert read.told.zh
    assert read.told.en


def test_a_catastrophic_pattern_costs_nothing() -> None:
    began = time.monotonic()
    for php in ("/^(a+)+$/", "/^(a|aa)*$/", "/^(([a-z])+.)+[A-Z]([a-z])+$/", "/(x+x+)+y/"):
        read = patterns.read(php)
        assert read.runs
        assert not patterns.compiled(read.re2).search("a" * 200_000 + "!")
    assert time.monotonic() - began < 2


def test_no_module_of_the_register_uses_pythons_own_engine() -> None:
    for path in PACKAGE.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
        assert "re" not in names, path.name


@pytest.mark.parametrize(
    ("domain", "yes", "no"),
    [
        ("[00000-99999]", "10002", "1000"),
        ("[A-Z][1-2][00000000-99999999]", "A123456789", "A323456789"),
        ("[0、1]", "0", "2"),
        ("[001-999]", "003", "000"),
        ("[1-999]", "45", "045"),
        ("[0000-9999][01-12][01-31]", "20241231", "20241331"),
        ("[ppm、ppb]", "ppb", "ppt"),
        ("浮點數", "-1.5", "1,5"),
        ("整數", "-3", "1.5"),
    ],
)
def test_notation_of_domains_is_read(domain: str, yes: str, no: str) -> None:
    read = domains.read(domain, "字串")
    assert read.told is None
    assert patterns.compiled(read.re2).search(yes)
    assert not patterns.compiled(read.re2).search(no)


def test_a_range_of_numbers_bounds_values_and_a_cut_list_is_told() -> None:
    longitude = domains.read("[0-180]", "數字")
    assert (longitude.low, longitude.high) == (0, 180)
    assert domains.read("[ppm、ppb、…]", "字串").told
    assert domains.read("[x", "字串").told


@given(st.integers(0, 9999), st.integers(0, 9999), st.integers(0, 9999))
def test_a_range_of_digits_takes_exactly_its_numbers(one: int, two: int, other: int) -> None:
    low, high = sorted((one, two))
    read = domains.read(f"[{low:04}-{high:04}]", "字串")
    assert bool(patterns.compiled(read.re2).search(f"{other:04}")) == (low <= other <= high)


@pytest.mark.parametrize(
    ("name", "yes", "no"),
    [
        ("validateDate", "20240229", "20230229"),
        ("validateDateTime", "2024-02-29 23:59:59", "2024-02-29 24:00:00"),
        ("validateUniformNo", "04595257", "04595258"),
        ("validateCAS", "71-43-2", "71-43-3"),
        ("validateUINo", "A800000014", "A800000015"),
    ],
)
def test_named_checks_are_our_own_functions(name: str, yes: str, no: str) -> None:
    assert name in patterns.FUNCTIONS
    assert functions.CHECKS[name](yes)
    assert not functions.CHECKS[name](no)


def test_every_named_check_has_its_function() -> None:
    assert set(functions.CHECKS) == patterns.FUNCTIONS
