"""Parameters of the CKAN dialect with their types and examples, and the shapes of its larger results."""

from __future__ import annotations

from typing import Any

from qingliu.api.ckan import params
from qingliu.api.ckan.serialize import resource_id
from qingliu.api.describing import Plain, query
from qingliu.core.dataset import Text

_TEXT: Plain = {"type": "string"}
_COUNT: Plain = {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}
_FLAG: Plain = {"type": "boolean"}
DATASTORE: dict[str, tuple[str, ...]] = {
    "datastore_search": params.SEARCH,
    "datastore_info": ("id", "resource_id", "include_meta", "include_fields_schema"),
}
# what a call cannot be answered without; of name_or_id, id and resource_id one is enough, the one that clients send
NEEDED: dict[str, tuple[str, ...]] = {
    "help_show": ("name",),
    "package_show": ("id",),
    "package_autocomplete": ("q",),
    "resource_show": ("id",),
    "resource_search": ("query",),
    "organization_show": ("id",),
    "organization_autocomplete": ("q",),
    "group_show": ("id",),
    "group_package_show": ("id",),
    "group_autocomplete": ("q",),
    "tag_show": ("id",),
    "format_autocomplete": ("q",),
    "vocabulary_show": ("id",),
    "datastore_search": ("resource_id",),
    "datastore_info": ("id",),
}
EXAMPLES: dict[str, Any] = {
    "id": "AQX_P_488", "name": "package_show", "q": "air", "query": "format:csv", "resource_id": "AQX_P_488",
    "tag_show.id": "空氣品質", "group_show.id": "air", "organization_show.id": "moenv", "group_package_show.id": "air",
    "datastore_search.sort": "aqi desc", "datastore_search.q": "臺北", "resource_search.order_by": "name",
    "resource_show.id": resource_id("AQX_P_488", "CSV"), "organization_show.include_datasets": True,
}  # fmt: skip
ENVELOPE = {
    "filters",
    "q",
    "fields",
    "sort",
    "fq_list",
    "facet.field",
    "organizations",
    "groups",
}  # texts or structures
_KNOWN_LATER = Text("接受，沒有作用。", "Taken, without effect here.")
_SAYS: tuple[tuple[str, Plain, str, str, Any], ...] = (
    ("id", _TEXT, "名稱、id 或代碼。", "Name, id or code.", "AQX_P_488"),
    ("name_or_id", _TEXT, "同 id。", "The same as id.", "AQX_P_488"),
    ("name", _TEXT, "動作的名稱。", "The action's name.", "package_show"),
    ("resource_id", _TEXT, "資源 id 或代碼。", "Resource id or code.", "AQX_P_488"),
    ("q", _TEXT, "搜尋的字詞。", "Words to look for.", "air"),
    ("query", _TEXT, "欄位:文字，或標籤的字詞。", "field:text, or words of a tag.", "format:csv"),
    ("fq", _TEXT, "Solr 語法的條件。", "A condition in Solr's syntax.", "organization:moenv"),
    ("fq_list", _TEXT, "多個條件（JSON 清單）。", "Several conditions, as a JSON list.", '["res_format:CSV"]'),
    ("rows", _COUNT, "取幾筆。", "How many.", 10),
    ("start", _COUNT, "跳過幾筆。", "How many to pass over.", 0),
    ("limit", _COUNT, "取幾筆。", "How many.", 5),
    ("offset", _COUNT, "跳過幾筆。", "How many to pass over.", 0),
    ("page", _COUNT, "第幾頁，由 1 起。", "Which page, from 1.", 1),
    ("sort", _TEXT, "排序：欄位 asc 或 desc。", "Order: a field, asc or desc.", "name asc"),
    ("order_by", _TEXT, "排序的欄位。", "The field to sort by.", "name"),
    ("facet", _FLAG, "是否附分面。", "Whether facets are answered.", True),
    ("facet.field", _TEXT, "分面的欄位（JSON 清單）。", "Fields of facets, as a JSON list.", '["organization"]'),
    ("facet.limit", {"type": "integer", "minimum": -1}, "分面的值數。", "How many values of a facet.", 50),
    ("facet.mincount", _COUNT, "分面值至少幾筆。", "The least count of a facet's value.", 1),
    ("fl", _TEXT, "要回答的欄位。", "Fields to answer.", "name,title"),
    ("all_fields", _FLAG, "回答物件而不只名稱。", "Objects instead of names.", True),
    ("organizations", _TEXT, "只列這些（JSON 清單）。", "Only these, as a JSON list.", '["moenv"]'),
    ("groups", _TEXT, "只列這些（JSON 清單）。", "Only these, as a JSON list.", '["air"]'),
    ("include_datasets", _FLAG, "附資料集。", "With datasets.", False),
    ("include_dataset_count", _FLAG, "附資料集數。", "With the number of datasets.", True),
    ("filters", _TEXT, "條件（JSON 物件）。", "Conditions, as a JSON object.", '{"county":"臺北市"}'),
    ("plain", _FLAG, "q 為文字而非查詢語法。", "q is words, not a query's syntax.", True),
    ("language", _TEXT, "全文檢索的語言。", "The language of words.", "simple"),
    ("distinct", _FLAG, "只回答相異的列。", "Distinct rows alone.", False),
    ("fields", _TEXT, "要回答的欄位，以逗號分隔。", "Fields to answer, by commas.", "sitename,aqi"),
    ("include_total", _FLAG, "附總筆數。", "With the total.", True),
    ("total_estimation_threshold", _COUNT, "接受；總筆數一律精確。", "Taken; totals are always exact.", 0),
    ("records_format", {"type": "string", "enum": list(params.RECORDS)}, "列的外形。", "The shape of rows.", "objects"),
    ("include_next_page", _FLAG, "附下一頁的條件。", "With the next page's condition.", True),
    ("format", {"type": "string", "enum": list(params.DUMPS)}, "檔案格式。", "The file's format.", "csv"),
    ("bom", _FLAG, "以位元組順序記號開頭。", "Begin with a byte order mark.", False),
    ("sql", _TEXT, "不接受。", "Refused.", "SELECT 1"),
)  # fmt: skip
_WITHOUT_EFFECT = (
    "use_default_schema", "include_tracking", "include_plugin_data", "include_private", "include_drafts", "include_deleted",
    "include_extras", "include_tags", "include_groups", "include_users", "include_followers", "include_meta",
    "include_fields_schema", "id2", "rel", "permission", "type", "available_only", "am_member", "vocabulary_id",
)  # fmt: skip
PARAMETERS: tuple[Plain, ...] = (
    *(query(name, schema, Text(zh, en), example) for name, schema, zh, en, example in _SAYS),
    *(query(name, _TEXT, _KNOWN_LATER, "false") for name in _WITHOUT_EFFECT),
)
_PACKAGE: Plain = {
    "type": "object",
    "required": ["id", "name", "title", "resources", "organization", "tags", "license_id"],
    "properties": {"resources": {"type": "array", "items": {"type": "object", "required": ["id", "url", "format"]}}},
}
RESULTS: dict[str, Plain] = {
    "package": _PACKAGE,
    "search": {
        "type": "object",
        "required": ["count", "results"],
        "properties": {
            "count": {"type": "integer", "minimum": 0},
            "results": {"type": "array", "items": {"type": "object"}},
        },
    },
    "datastore_search": {
        "type": "object",
        "required": ["resource_id", "fields", "records", "limit", "offset", "_links"],
        "properties": {
            "fields": {"type": "array", "items": {"type": "object", "required": ["id", "type"]}},
            "records": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": ["object", "array"]}}]},
            "total": {"type": "integer", "minimum": 0},
        },
    },
    "datastore_info": {"type": "object", "required": ["meta", "fields"]},
}
