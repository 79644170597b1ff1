"""The catalogue's dialects as a part of the joint description: DCAT in four texts, documents, sitemap, feeds."""

from __future__ import annotations

from typing import Any

from qingliu.api.dcat import params
from qingliu.api.dcat.documents import CSV, DOCUMENTS, EDITIONS, JSON, LD
from qingliu.api.dcat.routes import DATASETS, FORMS
from qingliu.api.describing import Part, Plain, answers, good, operation, part_of_path, query
from qingliu.api.given import LANGUAGES
from qingliu.core.dataset import Text
from qingliu.standards.dcat import write

_PAGE: Plain = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}
_TEXT: Plain = {"schema": {"type": "string"}}
_XML: Plain = {}  # a schema of JSON says nothing about it
_LANG = query("lang", {"type": "string", "enum": list(LANGUAGES)}, Text("語言。", "Language."), "en")
_PAGED = (
    query(
        "page",
        {"anyOf": [_PAGE, {"const": "all"}]},
        Text("頁碼，由 1 起；all 為全部。", "The page, from 1; all for everything."),
        1,
    ),
    query(
        "page_size",
        {"type": "integer", "minimum": 1, "maximum": params.MOST_A_PAGE},
        Text("每頁幾個資料集。", "Datasets of a page."),
        100,
    ),
    query(
        "profile",
        {"type": "string", "enum": list(params.PROFILES)},
        Text("應用綱要；dcat-ap-hvd 只列高價值資料集。", "The profile; dcat-ap-hvd lists high-value datasets alone."),
        "dcat-ap",
    ),
)
_CODE = part_of_path(
    "code", {"type": "string"}, Text("資料集代碼，大小寫不拘。", "A dataset's code, in any case."), "AQX_P_488"
)
_LISTS = Text("目錄（DCAT-AP 3）", "The catalogue (DCAT-AP 3)")


def _content(media: str) -> Plain:
    bare = media.partition(";")[0]
    if bare in {JSON, LD}:
        return {bare: {"schema": {"type": "object"}}}
    return {bare: _XML if bare.endswith("xml") else _TEXT}


def _get(name: str, about: Text, parameters: list[Plain], content: Plain, *statuses: int) -> Plain:
    return {"get": operation(name, about, parameters, answers(good(about, content, "Link"), 400, *statuses, 503))}


def paths() -> dict[str, Plain]:
    """The dialect's paths; they use the joint errors."""
    every: dict[str, Any] = {}
    graphs: Plain = {}
    for form, name in FORMS.items():
        content = _content(write.MEDIA[name])
        graphs |= content
        every[f"/catalog.{form}"] = _get(f"catalogue_{form}", _LISTS, [*_PAGED], content, 404)
    every["/api/dcat/catalog"] = _get(
        "catalogue",
        Text("目錄，格式依 Accept", "The catalogue in the text that Accept asks for"),
        [*_PAGED],
        graphs,
        404,
    )
    about = Text("資料集（DCAT-AP 3），格式依 Accept", "A dataset (DCAT-AP 3) in the text that Accept asks for")
    every[f"{DATASETS}/{{code}}"] = _get("dcat_dataset", about, [_CODE], graphs, 404)
    for document in DOCUMENTS:
        path = f"{DATASETS}/{{code}}{document.tail}"
        every[path] = _document(path, document.tail, document.name, document.media, [_CODE])
    every["/api/dcat/schema.jsonld"] = _get(
        "portal_schema", Text("入口網（schema.org）", "The portal in schema.org"), [_LANG], _content(LD)
    )
    every["/api/dcat/datagovtw.csv"] = _get(
        "datagovtw_catalogue",
        Text("data.gov.tw 目錄匯出", "The catalogue as data.gov.tw exports it"),
        [],
        _content(CSV),
    )
    edition = part_of_path(
        "edition", {"type": "string", "enum": list(EDITIONS)}, Text("版別。", "The edition."), next(iter(EDITIONS))
    )
    every["/api/dcat/datagovtw/{edition}"] = _get(
        "datagovtw_edition", Text("data.gov.tw 的詮釋資料欄位", "The fields of data.gov.tw's metadata"), [edition],
        _content(JSON), 404,
    )  # fmt: skip
    return every | _told_to_crawlers()


def _document(path: str, tail: str, about: Text, media: str, parameters: list[Plain]) -> Plain:
    name = "dcat_dataset_" + tail.lstrip("./").replace(".", "_").replace("-", "_")
    worded = [_LANG] if tail in {"/schema.jsonld", "/datapackage.json", "/feed.atom"} else []
    paged = [query("page", _PAGE, Text("頁碼，由 1 起。", "The page, from 1."), 1)] if tail == "/feed.atom" else []
    return _get(name, about, [*parameters, *paged, *worded], _content(media), 404, 410, 422)


def _told_to_crawlers() -> dict[str, Plain]:
    number = part_of_path("number", _PAGE, Text("第幾部分，由 1 起。", "Which part, from 1."), 1)
    page = query("page", _PAGE, Text("頁碼，由 1 起。", "The page, from 1."), 1)
    parts = Text("網站地圖的一部分", "A part of the sitemap")
    return {
        "/sitemap.xml": _get("sitemap", Text("網站地圖", "The sitemap"), [], _content("application/xml")),
        "/sitemap-{number}.xml": _get("sitemap_part", parts, [number], _content("application/xml"), 404),
        "/robots.txt": _get("robots", Text("給爬蟲的規則", "Rules for crawlers"), [], _content("text/plain")),
        "/feed.atom": _get(
            "feed", Text("異動訂閱（Atom）", "The feed of changes (Atom)"), [page, _LANG],
            _content("application/atom+xml"), 404,
        ),
    }  # fmt: skip


def part() -> Part:
    """The dialect's part of the joint description."""
    return Part(paths())
