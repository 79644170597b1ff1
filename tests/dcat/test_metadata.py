"""Metadata for data.gov.tw: every field of its editions, nothing invented, and what would be sent back is told."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from qingliu.core.dataset import Contact, Frequency, Text
from qingliu.standards.dcat.served import Served
from qingliu.standards.metadata.check import findings
from qingliu.standards.metadata.datagovtw import Office, Told, export_row, frequency_words, main_fields, of_104, of_2023
from qingliu.standards.metadata.fields import edition
from tests.dcat.scene import BASE, HOUR, listed, record, table, version

DESK = Contact("contact", Text("資料窗口", "Desk"), "desk@moenv.example", "02-23117722#2001")
OFFICE = Office("A21000000I", "2.16.886.101.20003.20016", "行政院", DESK)


def told(code: str = "AQX_P_488") -> Told:
    """A published dataset of an agency that is fully registered."""
    known, versions, served = table(code, HOUR)
    return Told(replace(known, contacts=(DESK,)), versions, served, OFFICE, 1)


def places(found: tuple) -> set[str]:  # type: ignore[type-arg]
    """Rules and fields of findings, without the number of the distribution."""
    return {f"{f.rule}:{f.place.rpartition('.')[2]}" for f in found}


def test_the_edition_of_2015_has_its_38_fields() -> None:
    fields = edition("104").fields
    assert len(fields) == 38
    assert [sum(f.level == level for f in fields) for level in ("catalog", "dataset", "distribution")] == [1, 29, 8]
    assert not edition("104").reconstruction
    assert edition("2023").reconstruction


def test_a_registered_agencys_dataset_fills_every_mandatory_field() -> None:
    found = of_104(told())
    assert findings(found) == ()
    assert findings(of_2023(told())) != ()  # the number at data.gov.tw is given by it, not by us
    assert places(findings(of_2023(told()))) == {"metadata.missing:datasetid"}
    assert found.get("identifier") == "A21000000I-000001"
    assert dict(found.distributions[0])["resourceID"] == "A21000000I-000001001"
    assert found.get("accrualPeriodicity") == "每小時"
    assert (found.get("temporalCoverageFrom"), found.get("temporalCoverageTo")) == ("2025-10-01", "2025-12-31")


def test_what_nobody_told_us_is_missing_and_never_invented() -> None:
    bare = replace(told(), office=Office(), record=replace(told().record, contacts=()))
    found = of_104(bare)
    assert found.get("identifier") is None
    assert "publisherContactEmail" not in found.plain()
    assert {
        "metadata.missing:identifier",
        "metadata.missing:organization",
        "metadata.missing:publisherContactEmail",
    } <= places(findings(found))
    assert of_2023(bare).get("publisherOID") is None


def test_main_fields_are_the_headers_that_the_marks_look_for() -> None:
    assert main_fields(record("AQX_P_02")) == "site、county、pm25、datacreationdate、itemunit"
    text = export_row(told())["主要欄位說明"]
    assert text.split("、") == [f.name for f in record("AQX_P_488").fields]


def test_thirty_five_columns_do_not_fit_the_field_of_2015_and_it_says_so() -> None:
    (found,) = [
        f
        for f in findings(of_104(Told(record("EMS_P_46"), (), Served(BASE, "table"))))
        if f.rule == "metadata.too_long"
    ]
    assert found.place == "fieldDescription"
    assert "255" in found.reason.zh
    assert found.remedy.en


def test_every_text_resource_declares_utf_8_and_parquet_no_encoding() -> None:
    found = {(d := dict(one))["format"]: d["characterSetCode"] for one in of_104(told()).distributions}
    assert found["CSV"] == "UTF-8"
    assert found["PARQUET"] == ""


@pytest.mark.parametrize(
    ("promised", "words", "pairs"),
    [
        (Frequency(1, "day"), "每日", {"regularupdate": "1", "Frequency": "1", "unittime": "日"}),
        (Frequency(10, "minute"), "每10分鐘", {"regularupdate": "1", "Frequency": "10", "unittime": "分"}),
        (Frequency(0, "irregular"), "不定期", {"regularupdate": "0"}),
    ],
)
def test_the_frequency_is_said_as_each_edition_says_it(promised: Frequency, words: str, pairs: dict[str, str]) -> None:
    assert frequency_words(promised) == words
    known = replace(told(), record=replace(told().record, frequency=promised))
    assert of_2023(known).plain()["updateFrequency"] == pairs


def test_the_current_edition_is_json_with_the_columns_of_each_resource() -> None:
    plain = json.loads(json.dumps(of_2023(told()).plain(), ensure_ascii=False))
    assert plain["publisherOID"] == "2.16.886.101.20003.20016|環境部"
    assert plain["license"] == "1"
    assert plain["distribution"][0]["resourceField"][0] == {"name": "sitename", "description": "測站名稱"}
    assert "dataQuality" not in plain


def test_a_listed_entry_is_partial_and_nothing_is_said_to_be_missing() -> None:
    known, served = listed()
    entry = Told(known, (), served)
    assert of_2023(entry).get("datasetid") == "6343"
    assert of_104(entry).get("accrualPeriodicity") is None
    assert of_104(entry).get("license") is None
    assert findings(of_104(entry)) == ()
    assert export_row(entry)["更新頻率"] == ""


def test_a_malformed_value_is_told_with_what_is_wanted() -> None:
    wrong = replace(told(), record=replace(told().record, contacts=(replace(DESK, email="no mail"),)))
    (found,) = findings(of_104(wrong))
    assert (found.rule, found.place) == ("metadata.malformed", "publisherContactEmail")
    assert found.remedy.zh == "改寫為 name@host。"


def test_a_day_is_that_of_taiwan() -> None:
    late = version("AQX_P_488", created_at="2026-01-01T16:30:00Z")
    assert export_row(replace(told(), versions=(late,)))["上架日期"] == "2026-01-02"


def test_the_export_has_its_22_columns() -> None:
    assert len(export_row(told(), "白金")) == 22
    assert export_row(told(), "白金")["品質檢測"] == "白金"
