"""The preview's question: addresses to Query, CQL2 and back, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.http import QueryDict
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from qingliu.api import cql2
from qingliu.core.errors import BadRequest, UnknownField
from qingliu.lake.engine import Engine
from qingliu.lake.query import Compare, IsNull, Like, Not
from qingliu.web import preview
from tests.web.portal import AIR


def ask(query: str) -> preview.Ask:
    return preview.parse(QueryDict(query), AIR)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("field=aqi&op=gt&value=abc", "aqi"),
        ("field=aqi&op=gt&value=１２", "aqi"),
        ("field=pm2.5&op=gt&value=NaN", "pm2.5"),
        ("field=datacreationdate&op=gt&value=yesterday", "datacreationdate"),
        ("field=aqi&op=drop&value=1", "op"),
        ("field=aqi&op=has&value=1", "op"),
        ("field=aqi&op=gt", "field"),
        ("sortby=_since", "sortby"),
        ("sortby=id;drop table", "sortby"),
        ("field=_flags&op=eq&value=x", "field"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=１", "limit"),
        ("page=0", "page"),
        ("page=99999999", "page"),
        ("as_of=2025", ""),
        ("as_of=x", "as_of"),
        ("&".join(["field=aqi&op=gt&value=1"] * 7), "field"),
    ],
)
def test_unusable_questions_name_the_parameter_and_the_remedy(query: str, parameter: str, reader: Client) -> None:
    if parameter:
        with pytest.raises(BadRequest) as refused:
            ask(query)
        assert refused.value.parameter == parameter
        assert refused.value.remedy.zh
        assert refused.value.remedy.en
    answer = reader.get(f"/dataset/detail/AQX_P_488?{query}")
    assert answer.status_code in (400, 404)
    assert 'role="alert"' in answer.content.decode()


def test_unknown_column_hints_at_the_near_one() -> None:
    with pytest.raises(UnknownField) as refused:
        ask("field=pm25&op=gt&value=1")
    assert "pm2.5" in refused.value.remedy.en


def test_conditions_become_a_query_and_the_same_cql2() -> None:
    asked = ask(
        "field=sitename&op=has&value=50%25_\\&field=aqi&op=null&value=&field=aqi&op=some&value=&field=sitename&op=eq&value=O'x"
        "&field=datacreationdate&op=ge&value=2026-11-20+08:00&field=pm2.5&op=lt&value=3.5&field=&op=eq&value=&sortby=-aqi"
    )
    built = preview.query(asked, AIR)
    assert built.where is not None
    assert Like("sitename", "%50\\%\\_\\\\%", casei=True) in built.where.items  # type: ignore[union-attr]
    assert IsNull("aqi") in built.where.items  # type: ignore[union-attr]
    assert Not(IsNull("aqi")) in built.where.items  # type: ignore[union-attr]
    assert Compare("sitename", "eq", "O'x") in built.where.items  # type: ignore[union-attr]
    text = preview.cql(asked, AIR)
    assert "TIMESTAMP('2026-11-20T00:00:00Z')" in text
    assert cql2.parse(text, AIR)


@pytest.mark.parametrize(
    "query",
    [
        "field=aqi&op=gt&value=60",
        "field=sitename&op=has&value=隆",
        "field=sitename&op=ne&value=萬里&field=pm2.5&op=le&value=12.5",
        "field=aqi&op=null&value=",
        "field=datacreationdate&op=ge&value=2026-11-21 08:00&field=datacreationdate&op=lt&value=2026-11-21T12:00",
    ],
)
def test_api_filter_means_exactly_what_the_preview_shows(query: str, engine: Engine) -> None:
    asked = ask(query)
    shown = preview.query(asked, AIR)
    same = replace(shown, where=cql2.parse(preview.cql(asked, AIR), AIR))
    number = engine.count(engine.open(shown))
    assert 0 < number < 144
    assert engine.count(engine.open(same)) == number
    assert engine.rows(engine.open(same)) == engine.rows(engine.open(shown))


CONDITION = st.tuples(
    st.sampled_from(["siteid", "sitename"]), st.sampled_from(["eq", "ne", "has"]), st.text(max_size=30)
)


@given(
    st.lists(CONDITION, max_size=6),
    st.sampled_from(["", "aqi", "-pm2.5"]),
    st.integers(1, 40),
)
def test_address_of_a_question_asks_the_same_question(
    conditions: list[tuple[str, str, str]], sortby: str, page: int
) -> None:
    wanted = preview.Ask(tuple(preview.Condition(f, o, v, v) for f, o, v in conditions), sortby, 25, page)  # type: ignore[arg-type]
    try:
        address = preview.address(wanted, anchor="")
    except UnicodeEncodeError:  # a lone surrogate cannot stand in an address
        return
    assert ask(address.removeprefix("?")) == wanted


def test_pages_are_walked_by_links_to_the_last_row(reader: Client) -> None:
    path, seen, hops = "/dataset/detail/AQX_P_488", 0, 0
    query = "?limit=50&sortby=datacreationdate"
    while query:
        html = reader.get(path + query).content.decode()
        seen += html.split("<tbody>")[1].split("</tbody>")[0].count("<tr>")
        following = html.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0] if 'rel="next"' in html else ""
        query = following.replace("&amp;", "&").split("#")[0]
        hops += 1
    assert (seen, hops) == (144, 3)


def test_flags_and_missing_values_are_told_in_words(reader: Client) -> None:
    html = reader.get("/dataset/detail/AQX_P_488?field=aqi&op=null&value=").content.decode()
    row = html.split("<tbody>")[1].split("</tbody>")[0]
    assert 'title="沒有值"' in row
    assert '<span class="flag">無資料（原因未說明）</span>' in row
    assert "無降雨" in row


def test_aqi_colour_never_stands_without_its_name(reader: Client) -> None:
    html = reader.get("/en/dataset/detail/AQX_P_488?field=aqi&op=gt&value=100").content.decode()
    cells = html.split('class="aqi b3"')[1:]
    assert cells
    assert all("Unhealthy for sensitive groups" in c.split("</td>")[0] for c in cells)


def test_samples_and_filtered_downloads_carry_the_filter(reader: Client) -> None:
    html = reader.get("/dataset/detail/AQX_P_488?field=aqi&op=gt&value=60&sortby=-aqi").content.decode()
    assert "filter=%22aqi%22+%3E+60&amp;sortby=-aqi&amp;limit=5" in html
    assert "/api/datasets/AQX_P_488/rows?filter=%22aqi%22+%3E+60&amp;sortby=-aqi&amp;f=csv" in html
    assert "http://localhost/api/v2/aqx_p_488?format=json&amp;limit=5" in html
