"""CKAN's reading actions over the catalogue: what each is called, what it takes, what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from qingliu import __version__
from qingliu.api.ckan import serialize
from qingliu.api.ckan.args import Args, wrong
from qingliu.api.ckan.catalogue import Catalogue, Generation, missing
from qingliu.api.ckan.listings import (
    MANY,
    completed,
    group_package_show,
    listed,
    one,
    packages,
    tag_autocomplete,
    tag_list,
    tag_search,
    tag_show,
    window,
)  # fmt: skip
from qingliu.api.ckan.search import MAX_ROWS, package_search
from qingliu.api.http import plain_json
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest
from qingliu.standards.vocabularies import licences

CKAN_VERSION = "2.12.0"  # the edition of CKAN whose habits this dialect has; clients choose features by it


@dataclass(frozen=True, slots=True)
class Action:
    """One action: how it is answered (the result's JSON), the parameters it reads, what it is for."""

    run: Callable[[Catalogue, Args], bytes]
    takes: tuple[str, ...]
    about: Text


def _site_read(catalogue: Catalogue, args: Args) -> bytes:
    return b"true"


def _status_show(catalogue: Catalogue, args: Args) -> bytes:
    return plain_json(
        {
            "ckan_version": CKAN_VERSION,
            "site_url": catalogue.base,
            "site_description": "環境資料開放平台 open environmental data",
            "site_title": "清流 Qingliu",
            "error_emails_to": None,
            "locale_default": "zh_Hant_TW",
            "extensions": ["datastore", "qingliu"],
            "software": f"Qingliu {__version__}",
        }
    )


def _package_list(catalogue: Catalogue, args: Args) -> bytes:
    offset, limit = window(args, MANY)
    return plain_json(sorted(catalogue.now().names)[offset : offset + limit])


def _packages_with_resources(catalogue: Catalogue, args: Args) -> bytes:
    offset, limit = window(args, MAX_ROWS)
    limit = min(limit, MAX_ROWS)
    if args.has("page"):
        offset = max(args.whole("page", 1) - 1, 0) * limit
    held = catalogue.now()
    snapshot = held.snapshot
    newest = snapshot.ranks("modified", lambda e: e.updated_at)
    return packages(catalogue, held, snapshot.sort(snapshot.every(), [(newest, True)])[offset : offset + limit])


def _package_show(catalogue: Catalogue, args: Args) -> bytes:
    held = catalogue.now()
    key = args.text("id") or args.needed("name_or_id")
    return catalogue.package(catalogue.package_at(key.strip(), held), held)


def _package_autocomplete(catalogue: Catalogue, args: Args) -> bytes:
    q, limit = args.needed("q"), min(args.whole("limit", 10), MAX_ROWS)
    held = catalogue.now()
    low = q.lower()
    named = [i for i, n in enumerate(held.names) if low in n]
    titled = catalogue.search.text(held.snapshot, q, column="title")
    found = list(dict.fromkeys([*named, *titled]))[:limit]
    shown = []
    for i in found:
        name, title = held.names[i], held.snapshot.entries[i].title
        field = "name" if low in name else "title"
        match = name if field == "name" else title.zh or title.en
        shown.append({"name": name, "title": title.zh or title.en, "match_field": field, "match_displayed": match})
    return plain_json(shown)


def _resource_show(catalogue: Catalogue, args: Args) -> bytes:
    key = args.needed("id").lower()
    held = catalogue.now()
    entry, form = catalogue.resource(key, held)
    named = catalogue.named(held.snapshot.positions[entry.code], held)
    return plain_json(serialize.resource(named, form, serialize.formats(entry).index(form), catalogue.base))


_SEARCHED = ("name", "format", "description", "url", "id", "package_id", "mimetype", "url_type")


def _resource_search(catalogue: Catalogue, args: Args) -> bytes:
    """Each ``field:text`` must stand in that field, in any case."""
    asked = []
    for text in args.names("query") or [args.needed("query")]:
        field, colon, value = text.partition(":")
        if not colon or field not in _SEARCHED:
            raise BadRequest(
                Text("query 無法解讀。", f"query={text[:60]!r} cannot be read."),
                Text(
                    f"請寫成 欄位:文字；欄位：{'、'.join(_SEARCHED)}。",
                    f"Write field:text; fields: {', '.join(_SEARCHED)}.",
                ),
                parameter="query",
            )
        asked.append((field, value.strip().lower()))
    offset, limit = window(args, 100)
    order = args.text("order_by")
    if order and order not in _SEARCHED:
        raise wrong("order_by", order, "可排序的欄位", f"one of {', '.join(_SEARCHED)}")
    held = catalogue.now()
    found = [r for r in _resources(catalogue, held, asked) if all(v in str(r[f] or "").lower() for f, v in asked)]
    if order:
        found.sort(key=lambda r: str(r[order] or ""))
    return plain_json({"count": len(found), "results": found[offset : offset + min(limit, MAX_ROWS)]})


def _resources(catalogue: Catalogue, held: Generation, asked: list[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    """Resources that may be meant: entries without a fitting title, format or id are not written out at all."""
    for i, entry in enumerate(held.snapshot.entries):
        title = f"{entry.title.zh or entry.code}".lower()
        if any(f == "description" and v not in entry.title.en.lower() for f, v in asked):
            continue
        for position, form in enumerate(held.snapshot.facets["format"].of(i)):
            if any(f == "format" and v not in form.lower() for f, v in asked):
                continue
            if any(f == "name" and v not in f"{title} ({form.lower()})" for f, v in asked):
                continue
            yield serialize.resource(catalogue.named(i, held), form, position, catalogue.base)


def _nothing(catalogue: Catalogue, args: Args) -> bytes:
    return b"[]"


def _license_list(catalogue: Catalogue, args: Args) -> bytes:
    return plain_json([serialize.licence(t) for t in licences().values()])


def _format_autocomplete(catalogue: Catalogue, args: Args) -> bytes:
    q = args.needed("q").lower()
    held = catalogue.now()
    found = [f.lower() for f, n in held.facets["res_format"].counts(held.snapshot.every()) if n and q in f.lower()]
    return plain_json(found[: args.whole("limit", 5)])


def _no_such_vocabulary(catalogue: Catalogue, args: Args) -> bytes:
    raise missing("詞彙表", "vocabulary", args.needed("id"))


def _help_show(catalogue: Catalogue, args: Args) -> bytes:
    name = args.needed("name")
    action = ACTIONS.get(name)
    if action is None:
        raise missing("動作", "action", name)
    takes = ", ".join(action.takes) or "—"
    return plain_json(
        f"{action.about.zh} {action.about.en}\n\n參數 parameters: {takes}\n/docs/reference/ckan-dialect.md"
    )


_PAGE = ("limit", "offset")
_LIST = (*_PAGE, "sort", "order_by", "all_fields", "include_dataset_count", "include_extras", "include_tags")
_SHOW = (
    "id",
    "include_datasets",
    "include_dataset_count",
    "include_extras",
    "include_users",
    "include_groups",
    "include_tags",
)
_TAGS = ("query", "vocabulary_id")
_SEARCH = (
    "q", "fq", "fq_list", "rows", "start", "sort", "facet", "facet.field", "facet.limit", "facet.mincount", "fl",
    "include_private", "include_drafts", "include_deleted", "use_default_schema",
)  # fmt: skip
_GROUPS_LIKE = (*_LIST, "include_groups", "include_users", "include_followers")

ACTIONS: dict[str, Action] = {
    "site_read": Action(_site_read, (), Text("本站可讀。", "This site can be read.")),
    "status_show": Action(_status_show, (), Text("本站與版本。", "What this site is and which edition it speaks.")),
    "help_show": Action(_help_show, ("name",), Text("一個動作的說明。", "What an action is for.")),
    "package_list": Action(_package_list, _PAGE, Text("所有資料集名稱。", "The names of all datasets.")),
    "current_package_list_with_resources": Action(
        _packages_with_resources, (*_PAGE, "page"), Text("資料集與資源，最近更新在前。", "Datasets, the newest first.")
    ),
    "package_search": Action(package_search, _SEARCH, Text("搜尋資料集，附分面。", "Search datasets, with facets.")),
    "package_show": Action(
        _package_show,
        ("id", "name_or_id", "use_default_schema", "include_tracking", "include_plugin_data"),
        Text("一個資料集。", "One dataset."),
    ),
    "package_autocomplete": Action(_package_autocomplete, ("q", "limit"), Text("名稱提示。", "Names that fit.")),
    "package_relationships_list": Action(_nothing, ("id", "id2", "rel"), Text("本站沒有關聯。", "None here.")),
    "resource_show": Action(_resource_show, ("id", "include_tracking"), Text("一個資源。", "One resource.")),
    "resource_search": Action(
        _resource_search, ("query", "order_by", *_PAGE), Text("以 欄位:文字 找資源。", "Resources by field:text.")
    ),
    "resource_view_list": Action(_nothing, ("id",), Text("本站沒有資源檢視。", "There are no resource views here.")),
    "organization_list": Action(
        listed("organization", "organizations"), (*_GROUPS_LIKE, "organizations"), Text("機關。", "Agencies.")
    ),
    "organization_show": Action(one("organization"), _SHOW, Text("一個機關。", "One agency.")),
    "organization_autocomplete": Action(
        completed("organization"), ("q", "limit"), Text("機關提示。", "Agencies that fit.")
    ),
    "organization_list_for_user": Action(
        _nothing, ("id", "permission"), Text("匿名者沒有機關。", "A reader has none.")
    ),
    "group_list": Action(listed("groups", "groups"), (*_GROUPS_LIKE, "groups", "type"), Text("分類。", "Categories.")),
    "group_show": Action(one("groups"), _SHOW, Text("一個分類。", "One category.")),
    "group_package_show": Action(group_package_show, ("id", "limit"), Text("分類的資料集。", "A category's datasets.")),
    "group_autocomplete": Action(completed("groups"), ("q", "limit"), Text("分類提示。", "Categories that fit.")),
    "group_list_authz": Action(
        _nothing, ("available_only", "am_member"), Text("匿名者沒有分類。", "A reader has none.")
    ),
    "tag_list": Action(tag_list, (*_TAGS, "all_fields"), Text("標籤（關鍵字）。", "Tags, which are keywords.")),
    "tag_search": Action(tag_search, (*_TAGS, *_PAGE), Text("搜尋標籤。", "Search tags.")),
    "tag_autocomplete": Action(tag_autocomplete, (*_TAGS, "q", *_PAGE), Text("標籤提示。", "Tags that fit.")),
    "tag_show": Action(tag_show, ("id", "vocabulary_id", "include_datasets"), Text("一個標籤。", "One tag.")),
    "license_list": Action(_license_list, (), Text("授權條款。", "Licences.")),
    "format_autocomplete": Action(_format_autocomplete, ("q", "limit"), Text("格式提示。", "Formats that fit.")),
    "vocabulary_list": Action(_nothing, (), Text("標籤不分詞彙表。", "Tags have no vocabularies here.")),
    "vocabulary_show": Action(
        _no_such_vocabulary, ("id",), Text("標籤不分詞彙表。", "Tags have no vocabularies here.")
    ),
}
