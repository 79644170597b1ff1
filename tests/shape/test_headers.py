"""Headers: exact, alias, then without case, width and invisible characters; what is missing or unknown is told."""

from __future__ import annotations

from typing import Any

import pytest

from qingliu.core.dataset import ReadSpec
from qingliu.core.errors import BadSource

from .conftest import field, record

OF = record(field("sitename", aliases=("測站名稱", "Site Name")), field("pm2.5", "number", aliases=("pm2_5",)))


@pytest.mark.parametrize(
    "header",
    [
        "sitename,pm2.5",
        "測站名稱,pm2_5",
        "SiteName,PM2.5",
        "ｓｉｔｅｎａｍｅ,ＰＭ２．５",
        " sitename , pm2.5 ",
        "SITE  NAME,PM2_5",
        "\ufeffsitename,pm2.5",
    ],
)
def test_any_spelling_finds_its_column(shaped: Any, header: str) -> None:
    out = shaped(f"{header}\n基隆,7\n", OF)
    assert out.rows[0]["sitename"] == "基隆"
    assert out.rows[0]["pm2.5"] == 7.0
    assert (out.staged.missing, out.staged.unknown) == ((), ())


def test_moved_missing_and_unknown_columns_are_told(shaped: Any) -> None:
    out = shaped("new,pm2.5\nx,7\n", OF)
    assert (out.staged.missing, out.staged.unknown) == (("sitename",), ("new",))
    assert out.staged.found_columns == ("new", "pm2.5")
    assert out.balance("sitename") == (0, 1, 0, 0)


def test_the_exact_name_wins_over_an_alias(shaped: Any) -> None:
    out = shaped("pm2_5,sitename,pm2.5\n1,a,2\n", OF)
    assert out.rows[0]["pm2.5"] == 2.0
    assert out.staged.unknown == ("pm2_5",)


def test_two_headers_that_claim_one_column_equally_are_refused(shaped: Any) -> None:
    with pytest.raises(BadSource, match="claim column 'sitename'"):
        shaped("sitename,sitename,pm2.5\na,b,1\n", OF)
    with pytest.raises(BadSource, match="SiteName、SITENAME"):
        shaped("SiteName,SITENAME,pm2.5\na,b,1\n", OF)


def test_a_prefix_of_all_headers_is_taken_off(shaped: Any) -> None:
    out = shaped("obs:sitename,obs:pm2.5\na,1\n", OF, ReadSpec(strip_prefix="obs:"))
    assert out.staged.missing == ()


def test_the_file_names_a_column(shaped: Any) -> None:
    of = record(field("county"), field("sitename"), field("pm2.5", "number"))
    files = {"南投縣.csv": "sitename,pm2.5\na,1\n", "臺中市.csv": "sitename,pm2.5\nb,2\n"}
    out = shaped(files, of, ReadSpec(file_column="county"))
    assert out.column("county") == ["南投縣", "臺中市"]
    assert out.staged.missing == ()


def test_unnamed_columns_are_told_by_their_place(shaped: Any) -> None:
    out = shaped("sitename,pm2.5,\na,1,\nb,2,note\n", OF)
    assert out.staged.unknown == ("#3",)
    assert out.staged.rows == 2
