"""What the API does is what OpenAPI, the page and the reference say: every address, parameter and error code."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jsonschema
import pytest
from falcon.routing.compiled import CompiledRouterNode
from falcon.testing import Result

from qingliu.api.manners import TITLES
from qingliu.api.moenv.openapi import PARAMETERS as MOENV_PARAMETERS
from qingliu.api.moenv.params import KNOWN
from qingliu.api.native.page import STYLE
from qingliu.api.native.parameters import ENDPOINTS, PARAMETERS
from qingliu.core import errors
from tests.api.portal import Portal

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"


@pytest.fixture(scope="module")
def described(portal: Portal) -> dict[str, Any]:
    """The OpenAPI document as it is served."""
    answer = portal.get("/api/openapi.json")
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.1"
    return answer.json


def resolve(described: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """What a $ref points at; a KeyError where it points at nothing."""
    while "$ref" in node:
        found: Any = described
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def test_every_address_and_parameter_is_in_openapi(described: dict[str, Any]) -> None:
    assert described["openapi"] == "3.1.0"
    assert {e.path for e in ENDPOINTS.values()} <= set(described["paths"])
    for endpoint in ENDPOINTS.values():
        operation = described["paths"][endpoint.path]["get"]
        names = {resolve(described, p)["name"] for p in operation["parameters"]}
        in_path = set(re.findall(r"{(\w+)}", endpoint.path))
        assert names - {"field"} == set(endpoint.query) | in_path
        assert ("field" in names) == endpoint.fields
        assert {str(s) for s in endpoint.errors} <= set(operation["responses"])
        for answer in operation["responses"].values():
            assert resolve(described, answer)["description"]
    assert set(PARAMETERS) == {n for e in ENDPOINTS.values() for n in (*e.query, *re.findall(r"{(\w+)}", e.path))}


def test_every_format_that_an_address_lists_is_answered(portal: Portal, described: dict[str, Any]) -> None:
    asked = {"changes": "&since=1", "series": "&aggregate=count(*)"}
    lists = {}
    for name in ("rows", "latest", "changes", "series"):
        operation = described["paths"][ENDPOINTS[name].path]["get"]
        lists[name] = next(p["schema"]["enum"] for p in operation["parameters"] if p.get("name") == "f")
        every = (*lists[name], *(f for f in lists["rows"] if f not in lists[name]))
        states = {
            f: portal.get(f"/api/datasets/AIR_H/{name}", f"f={f}{asked.get(name, '')}").status_code for f in every
        }
        assert states == {f: 200 if f in lists[name] else 400 for f in every}, name
        assert "geoparquet" in states
    assert set(lists["rows"]) - set(lists["changes"]) == {"geojson", "geoparquet"}


def test_every_ref_points_somewhere(described: dict[str, Any]) -> None:
    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if "$ref" in node:
                assert resolve(described, node)
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    walk(described)
    ids = [o["operationId"] for item in described["paths"].values() for o in item.values()]
    assert len(ids) == len(set(ids))


def routes(nodes: Iterable[CompiledRouterNode]) -> Iterator[tuple[str, set[str]]]:
    """Every template of the app's router with its methods."""
    for node in nodes:
        if node.uri_template is not None:
            yield node.uri_template, {m for m in node.method_map if m in {"GET", "POST", "PUT", "PATCH", "DELETE"}}
        yield from routes(node.children)


def methods_of(router: Any) -> dict[str, set[str]]:
    """Methods by template; what the router fills in to refuse a method is none of ours."""
    found: dict[str, set[str]] = {}
    for template, _ in routes(router._roots):
        resource, methods, _, _ = router.find(re.sub(r"{\w+}", "x", template))
        found[template] = {m for m in ("GET", "POST", "PUT", "PATCH", "DELETE") if hasattr(resource, f"on_{m.lower()}")}
        assert methods
    return found


def test_every_route_is_described_and_every_described_path_is_a_route(
    portal: Portal, described: dict[str, Any]
) -> None:
    app = inspect.getclosurevars(portal.app).nonlocals["app"]
    served = methods_of(app._router)
    assert len(served) > 40
    reached: dict[str, set[str]] = {template: set() for template in served}
    for path, item in described["paths"].items():
        found = app._router.find(re.sub(r"{\w+}", "1", path))
        assert found is not None, path
        template = found[3]
        methods = {m.upper() for m in item}
        assert methods <= served[template], path
        reached[template] |= methods
    assert {t: m for t, m in reached.items() if not m} == {}
    assert reached == served


def conforms(described: dict[str, Any], path: str, answer: Result) -> None:
    """Demand that status, headers, media type and shape of an answer are those that stand in the description."""
    responses = described["paths"][path]["get"]["responses"]
    assert str(answer.status_code) in responses, (path, answer.status_code)
    assert answer.status_code < 500, path
    told = resolve(described, responses[str(answer.status_code)])
    for name, header in told.get("headers", {}).items():
        if resolve(described, header)["required"]:
            assert answer.headers.get(name.lower()), (path, name)
    media = (answer.headers.get("content-type") or "").split(";")[0]
    offered = {m.split(";")[0]: c for m, c in told.get("content", {}).items()}
    assert answer.status_code in {304, 307} or media in offered, (path, answer.status_code, media)
    schema = offered.get(media, {}).get("schema")
    if schema and media.endswith("json"):
        jsonschema.Draft202012Validator({**schema, "components": described["components"]}).validate(answer.json)


def test_every_described_path_answers(portal: Portal, described: dict[str, Any]) -> None:
    """Each with nothing but what it needs, in the status, media type and shape that stand there."""
    parts = {
        "code": "AIR_H", "number": "1", "version": "latest", "action": "package_list", "table": "AIR_H", "collectionId": "AIR_H",
        "featureId": "nobody", "edition": "2023", "day": "latest", "name": "part-00000.parquet",
    }  # fmt: skip
    for path, item in described["paths"].items():
        for operation in item.values():
            for one in (resolve(described, p) for p in operation["parameters"]):
                assert one["description"], (path, one["name"])
                assert one.get("schema"), (path, one["name"])
        operation = item["get"]
        needed = [p for p in (resolve(described, p) for p in operation["parameters"]) if p.get("required")]
        values = {p["name"]: parts.get(p["name"], p.get("example")) for p in needed}
        at = path.format(**{n: quote(str(v)) for n, v in values.items()})
        query = "&".join(f"{p['name']}={quote(str(p['example']))}" for p in needed if p["in"] == "query")
        answer = portal.get(at, query)
        conforms(described, path, answer)


# found by asking at random: statuses and shapes that the description once left out
ONCE_UNDOCUMENTED = (
    ("/api/docs", "/api/docs", "lang=fr", 400),
    ("/api/datasets/{code}/rows", "/api/datasets/AIR_H/rows", "include_flags=true", 200),
    ("/api/datasets/{code}/rows", "/api/datasets/AIR_H/rows", "include_flags=true&header=title", 200),
    ("/api/datasets/{code}/rows", "/api/datasets/AIR_H/rows", "include_flags=true&header=title&lang=en", 200),
    ("/api/datasets/{code}/changes", "/api/datasets/AIR_H/changes", "since=1&include_flags=true", 200),
    ("/api/datasets/{code}/changes", "/api/datasets/AIR_H/changes", "since=now", 400),
    ("/api/v2/{code}", "/api/v2/air_h", "limit=-1", 400),
    ("/api/3/action/package_show", "/api/3/action/package_show", "id=nobody", 404),
    ("/api/3/action/datastore_search", "/api/3/action/datastore_search", "resource_id=AIR_H&limit=many", 409),
    ("/api/3/action/package_search", "/api/3/action/package_search", "fq=((", 400),
    ("/catalog.ttl", "/catalog.ttl", "page=99999", 404),
    ("/api/ogc/collections/{collectionId}/items", "/api/ogc/collections/AIR_H/items", "bbox=1", 400),
)


@pytest.mark.parametrize(("template", "path", "query", "status"), ONCE_UNDOCUMENTED)
def test_what_was_once_undocumented(
    portal: Portal, described: dict[str, Any], template: str, path: str, query: str, status: int
) -> None:
    answer = portal.get(path, query)
    assert answer.status_code == status
    conforms(described, template, answer)


@pytest.mark.parametrize(
    "path", ["/api/datasets/AIR_H/rows", "/api/v2/air_h", "/api/3/action/package_list", "/catalog.nt"]
)
def test_a_wrong_key_is_refused_as_described(portal: Portal, described: dict[str, Any], path: str) -> None:
    answer = portal.get(path, "", X_API_Key="nobody's")
    assert answer.status_code == 401
    conforms(described, path.replace("AIR_H", "{code}").replace("air_h", "{code}"), answer)


def test_the_description_is_an_openapi_document(portal: Portal, described: dict[str, Any]) -> None:
    """The parts of the specification that clients stumble over."""
    documents = [described, portal.get("/api/datasets/AIR_H/openapi.json").json, portal.get("/api/ogc/api").json]
    for document in documents:
        assert set(document) >= {"openapi", "info", "paths", "components"}
        named = {o["operationId"]: (o, path) for path, item in document["paths"].items() for o in item.values()}
        for path, item in document["paths"].items():
            assert path.startswith("/")
            for method, operation in item.items():
                assert method in {"get", "post"}
                found = [resolve(document, p) for p in operation["parameters"]]
                assert {p["name"] for p in found if p["in"] == "path"} == set(re.findall(r"{(\w+)}", path)), path
                assert all(p.get("required") for p in found if p["in"] == "path"), path
                assert len({(p["name"], p["in"]) for p in found}) == len(found), path
                for one in found:
                    jsonschema.Draft202012Validator.check_schema(one["schema"])
                    if "example" in one and "oneOf" not in one["schema"]:
                        jsonschema.validate(one["example"], one["schema"])
                leads = [
                    v for r in operation["responses"].values() for v in resolve(document, r).get("links", {}).values()
                ]
                for lead in leads:
                    to, at = named[lead["operationId"]]
                    known = {p["name"] for p in (resolve(document, p) for p in to["parameters"])}
                    assert set(re.findall(r"{(\w+)}", at)) <= set(lead["parameters"]) <= known, (path, at)
                for response in operation["responses"].values():
                    for content in resolve(document, response).get("content", {}).values():
                        jsonschema.Draft202012Validator.check_schema(content.get("schema", {}))


def test_every_address_and_parameter_is_in_the_reference() -> None:
    text = (REFERENCE / "api.md").read_text(encoding="utf-8")
    for endpoint in ENDPOINTS.values():
        assert f"`{endpoint.path}`" in text, endpoint.path
    for name in set(PARAMETERS) - {"code", "number", "name"}:
        assert f"`{name}`" in text, name
    dialect = (REFERENCE / "moenv-dialect.md").read_text(encoding="utf-8")
    assert {p[0] for p in MOENV_PARAMETERS} == {*KNOWN, "api_key"}
    for name in (*KNOWN, "api_key"):
        assert f"`{name}`" in dialect, name


def test_every_error_code_has_a_title_and_a_place_in_the_reference(portal: Portal) -> None:
    text = "".join((REFERENCE / name).read_text(encoding="utf-8") for name in ("api.md", "errors.md"))
    page = portal.get("/api/docs").text
    for code in TITLES:
        assert f"`{code}`" in text, code
        assert f'id="error-{code}"' in page, code
    met_here = (
        errors.BadRequest, errors.UnknownField, errors.NotFound, errors.Gone, errors.TooDear, errors.Busy, errors.Unauthorized,
        errors.Forbidden, errors.Conflict, errors.Refused,
    )  # fmt: skip
    assert {e.code for e in met_here} <= set(TITLES)


def test_the_page_is_ours_alone_and_speaks_both_languages(portal: Portal) -> None:
    chinese, english = portal.get("/api/docs"), portal.get("/api/docs", "lang=en")
    assert '<html lang="zh-Hant">' in chinese.text
    assert '<html lang="en">' in english.text
    assert "要回答的欄位" in chinese.text
    assert "Fields to answer" in english.text
    assert "Fields to answer" not in chinese.text
    assert portal.get("/api/docs", "", Accept_Language="en").content == english.content
    policy = chinese.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert f"<style>{STYLE}</style>" in chinese.text
    for page in (chinese.text, english.text):
        assert "<script" not in page
        assert " style=" not in page
        assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)
        for path in (e.path for e in ENDPOINTS.values()):
            assert path in page
    assert portal.get("/api/docs", "lang=fr").status_code == 400


def test_each_documented_example_is_answered(portal: Portal) -> None:
    values = {
        "code": "AIR_H",
        "properties": "siteid,aqi,pm2.5",
        "sortby": "-aqi,siteid",
        "agency": "moenv",
        "category": "air",
    }
    for endpoint in ENDPOINTS.values():
        if endpoint.path.endswith("{name}"):
            continue
        path = endpoint.path.replace("{code}", "AIR_H").replace("{number}", "1")
        required = {n: PARAMETERS[n].example for n in endpoint.query if PARAMETERS[n].required}
        for name in endpoint.query:
            example = values.get(name, PARAMETERS[name].example)
            if not example or (name == "f" and example not in {m.split("/")[-1] for m in endpoint.media}):
                continue
            beside = {"bucket": "1d"} if name in {"timezone", "completeness", "fill"} else {}
            query = "&".join(f"{n}={quote(v)}" for n, v in {**required, **beside, name: example}.items())
            assert portal.get(path, query).status_code == 200, f"{path}?{query}"
