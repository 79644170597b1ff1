"""A dataset's own OpenAPI says what its rows are; its console asks and shows what the API answers."""

from __future__ import annotations

import html
import json
import re
import subprocess
from typing import Any
from urllib.parse import quote

import jsonschema
import pytest

from qingliu.api.native.console import samples
from tests.api.portal import Portal


def document(portal: Portal, code: str) -> dict[str, Any]:
    """The dataset's description as it is served."""
    answer = portal.get(f"/api/datasets/{code}/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.1"
    return answer.json


def codes(portal: Portal) -> list[str]:
    """Every dataset with rows."""
    found = portal.get("/api/datasets?limit=1000").json["datasets"]
    return [d["code"] for d in found if d["kind"] != "listed"]


def test_every_row_of_every_dataset_is_what_its_description_says(portal: Portal) -> None:
    for code in codes(portal):
        described = document(portal, code)
        row = described["components"]["schemas"]["Row"]
        answer = portal.get(f"/api/datasets/{quote(code)}/rows?limit=200").json
        assert answer["rows"]
        for one in answer["rows"]:
            jsonschema.validate(one, row)
            assert set(one) == set(row["properties"])


def test_a_value_of_another_type_does_not_fit_the_description(portal: Portal) -> None:
    code = codes(portal)[0]
    row = document(portal, code)["components"]["schemas"]["Row"]
    name = next(n for n, p in row["properties"].items() if "number" in p["type"] or "integer" in p["type"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({name: "many"}, row)


def test_every_column_is_a_parameter_and_every_address_answers(portal: Portal) -> None:
    for code in codes(portal):
        described = document(portal, code)
        for path, item in described["paths"].items():
            assert "{code}" not in path
            names = [p.get("name") or p["$ref"].rpartition("/")[2] for p in item["get"]["parameters"]]
            assert len(names) == len(set(names)), path
            if "{" not in path and not path.endswith(("/series", "/changes")):
                needed = [p for p in item["get"]["parameters"] if p.get("required")]
                query = "&".join(f"{p['name']}={quote(p['example'])}" for p in needed)
                assert portal.get(path, query).status_code == 200, path
        rows = next(i["get"] for p, i in described["paths"].items() if p.endswith("/rows"))
        known = set(described["components"]["schemas"]["Row"]["properties"])
        assert known - set(described["components"]["parameters"]) <= {p.get("name") for p in rows["parameters"]}


def test_each_dialect_of_the_dataset_is_described(portal: Portal) -> None:
    paths = document(portal, "AIR_H")["paths"]
    for start in (
        "/api/datasets/AIR_H",
        "/api/v2/air_h",
        "/api/3/action/datastore_search",
        "/datastore/dump/",
        "/api/ogc/collections/AIR_H/items",
    ):
        assert any(p.startswith(start) for p in paths), start
    assert not any("/ogc/" in p for p in document(portal, "ODD_P_01")["paths"])  # it has no place
    row = paths["/api/v2/air_h"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]["oneOf"][0][
        "items"
    ]
    shown = portal.get("/api/v2/air_h?limit=3").json
    assert set(shown[0]) == set(row["properties"])
    jsonschema.validate(shown, {"type": "array", "items": row})


def test_examples_are_rows_of_the_dataset(portal: Portal) -> None:
    code = codes(portal)[0]
    described = document(portal, code)
    rows = next(i["get"] for p, i in described["paths"].items() if p.endswith("/rows"))
    example = rows["responses"]["200"]["content"]["application/json"]["example"]
    assert example["rows"] == portal.get(f"/api/datasets/{code}/rows?limit=2").json["rows"]


def test_every_ref_points_somewhere(portal: Portal) -> None:
    for code in codes(portal):
        described = document(portal, code)
        for ref in re.findall(r'"\$ref": ?"#/([^"]+)"', json.dumps(described)):
            found: Any = described
            for part in ref.split("/"):
                found = found[part]


def test_the_console_shows_what_the_api_answers(portal: Portal) -> None:
    code = codes(portal)[0]
    for lang in ("zh", "en"):
        page = portal.get(f"/api/docs/{code}?lang={lang}&limit=3&f=csv&filter=").text
        cells = [
            html.unescape(c)
            for c in re.findall(r"<td>(.*?)</td>", page.split('id="answer"')[1].split('id="columns"')[0])
        ]
        rows = portal.get(f"/api/datasets/{code}/rows?limit=3").json["rows"]
        wanted = [c for r in rows for c in r.values()]
        assert cells == [
            "" if c is None else c if isinstance(c, str) else json.dumps(c, ensure_ascii=False) for c in wanted
        ]
        assert f'href="/api/datasets/{code}/rows?limit=3&amp;f=csv"' in page
        assert "<script" not in page


def test_the_console_shows_an_error_as_the_caller_would_meet_it(portal: Portal) -> None:
    code = codes(portal)[0]
    page = portal.get(f"/api/docs/{code}?lang=en&filter=nothing+%3D+1")
    assert page.status_code == 200
    assert 'role="alert"' in page.text
    assert "400" in page.text
    assert portal.get(f"/api/datasets/{code}/rows?filter=nothing+%3D+1").status_code == 400


def test_what_is_typed_comes_back_as_text(portal: Portal) -> None:
    code = codes(portal)[0]
    typed = '"><script>alert(1)</script>'
    page = portal.get(f"/api/docs/{code}?filter={quote(typed)}&sortby={quote(typed)}").text
    assert "<script" not in page
    assert html.escape(typed) in page


def test_programs_of_the_console_are_sound(portal: Portal) -> None:
    """Python compiles, the shell reads the address as one word, whatever the question holds."""
    own = [("filter", "a = 'it''s' AND b > 1"), ("f", "csv")]
    found = dict(samples("http://localhost:1", "/api/datasets/X/rows?filter=a+%3D+%27it%27", own))
    compile(found["Python"], "sample", "exec")
    compile(found["pandas"], "sample", "exec")
    words = subprocess.run(
        ["sh", "-c", "set -- " + found["curl"] + '; printf "%s" "$3"'], capture_output=True, text=True, check=True
    )
    assert words.stdout == "http://localhost:1/api/datasets/X/rows?filter=a+%3D+%27it%27"
