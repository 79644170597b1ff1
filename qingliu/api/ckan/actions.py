"""CKAN's reading actions over the catalogue: what each is called, what it takes, what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from qingliu import __version__
from qingliu.api.ckan import serialize
from qingliu.api.ckan.args import Args, wrong
from qingliu.api.ckan.catalogue import Catalogue, Generation, missing
from qingliu.api.ckan.search import MAX_ROWS, like, package_search
from qingliu.api.http import plain_json
from qingliu.api.identifiers import made_id
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest
from qingliu.standards.vocabularies import licences

CKAN_VERSION = "2.12.0"  # the edition of CKAN whose habits this dialect has; clients choose features by it
MANY = 1_000_000


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


def _window(args: Args, default: int) -> tuple[int, int]:
    """(offset, limit) of a list."""
    return args.whole("offset", 0), args.whole("limit", default)


def _package_list(catalogue: Catalogue, args: Args) -> bytes:
    offset, limit = _window(args, MANY)
    return plain_json(sorted(catalogue.now().names)[offset : offset + limit])


def _packages_with_resources(catalogue: Catalogue, args: Args) -> bytes:
    offset, limit = _window(args, MAX_ROWS)
    limit = min(limit, MAX_ROWS)
    if args.has("page"):
        offset = max(args.whole("page", 1) - 1, 0) * limit
    held = catalogue.now()
    snapshot = held.snapshot
    newest = snapshot.ranks("modified", lambda e: e.updated_at)
    return _packages(catalogue, held, snapshot.sort(snapshot.every(), [(newest, True)])[offset : offset + limit])


def _packages(catalogue: Catalogue, held: Generation, positions: Sequence[int]) -> bytes:
    return b"[" + b",".join(catalogue.package(p, held) for p in positions) + b"]"


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
        name, title = held.names[i], held.snapshot.entries[i].record.title
        field = "name" if low in name else "title"
        match = name if field == "name" else title.zh or title.en
        shown.append({"name": name, "title": title.zh or title.en, "match_field": field, "match_displayed": match})
    return plain_json(shown)


def _resource_show(catalogue: Catalogue, args: Args) -> bytes:
    key = args.needed("id").lower()
    held = catalogue.now()
    at = held.by_table.get(key)
    if at is None:
        raise missing("資源", "resource", key)
    named = catalogue.named(at, held)
    for i, form in enumerate(serialize.formats(named.entry)):
        if serialize.resource_id(named.entry.code, form) == key:
            return plain_json(serialize.resource(named, form, i, catalogue.base))
    raise missing("資源", "resource", key)


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
    offset, limit = _window(args, 100)
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
        title = f"{entry.record.title.zh or entry.code}".lower()
        if any(f == "description" and v not in entry.record.title.en.lower() for f, v in asked):
            continue
        for position, form in enumerate(serialize.formats(entry)):
            if any(f == "format" and v not in form.lower() for f, v in asked):
                continue
            if any(f == "name" and v not in f"{title} ({form.lower()})" for f, v in asked):
                continue
            yield serialize.resource(catalogue.named(i, held), form, position, catalogue.base)


def _nothing(catalogue: Catalogue, args: Args) -> bytes:
    return b"[]"


def _counted(held: Generation, kind: str) -> dict[str, int]:
    facet = held.snapshot.facets[kind]
    return dict(sorted(facet.counts(held.snapshot.every())))


def _organization(held: Generation, code: str, count: int, args: Args) -> dict[str, Any]:
    entry = next(e for e in held.snapshot.entries if serialize.agency_name(e) == code)
    plain = serialize.organization(code, entry.record.agency_name)
    plain |= {"display_name": plain["title"], "title_en": entry.record.agency_name.en, "image_display_url": ""}
    if args.flag("include_dataset_count", True):
        plain["package_count"] = count
    return plain | {"num_followers": 0, "users": [], "extras": [], "tags": [], "groups": []}


def _group(held: Generation, code: str, count: int, args: Args) -> dict[str, Any]:
    plain = serialize.group(code) | {
        "title_en": serialize.category_name(code).en,
        "type": "group",
        "is_organization": False,
    }
    if args.flag("include_dataset_count", True):
        plain["package_count"] = count
    more = {"state": "active", "approval_status": "approved", "created": "1970-01-01T00:00:00.000000", "image_url": ""}
    return plain | more | {"num_followers": 0, "users": [], "extras": [], "tags": [], "groups": []}


_MAKERS: dict[str, Callable[[Generation, str, int, Args], dict[str, Any]]] = {
    "organization": _organization,
    "groups": _group,
}


def _list(kind: str, chosen: str) -> Callable[[Catalogue, Args], bytes]:
    """``organization_list`` or ``group_list``."""

    def run(catalogue: Catalogue, args: Args) -> bytes:
        held = catalogue.now()
        counted = _counted(held, kind)
        wanted = args.names(chosen)
        ids = {made_id("organization" if kind == "organization" else "group", c): c for c in counted}
        names = [c for c in counted if not wanted or c in wanted or any(ids.get(w) == c for w in wanted)]
        sort, _, direction = (args.text("sort") or args.text("order_by") or "name").partition(" ")
        keys: dict[str, Callable[[str], Any]] = {
            "name": lambda c: c,
            "package_count": lambda c: counted[c],
            "packages": lambda c: counted[c],
            "title": lambda c: _MAKERS[kind](held, c, 0, args)["title"],
        }
        if sort not in keys or direction.strip().lower() not in {"", "asc", "desc"}:
            raise wrong("sort", sort, "name、title 或 package_count", "name, title or package_count")
        names.sort(key=keys[sort], reverse=direction.strip().lower() == "desc")
        offset, limit = _window(args, MANY)
        names = names[offset : offset + limit]
        full = args.flag("all_fields", False)
        return plain_json([_MAKERS[kind](held, c, counted[c], args) for c in names] if full else names)

    return run


def _show(kind: str) -> Callable[[Catalogue, Args], bytes]:
    """``organization_show`` or ``group_show``."""

    def run(catalogue: Catalogue, args: Args) -> bytes:
        held = catalogue.now()
        code = _code_of(held, kind, args.needed("id"))
        count = _counted(held, kind)[code]
        plain = plain_json(_MAKERS[kind](held, code, count, args))
        if not args.flag("include_datasets", False):
            return plain
        return plain[:-1] + b',"packages":' + _packages_of(catalogue, held, kind, code, 10) + b"}"

    return run


def _code_of(held: Generation, kind: str, key: str) -> str:
    word = "organization" if kind == "organization" else "group"
    for code in held.snapshot.facets[kind].words:
        if key.lower() == code or key.lower() == made_id(word, code):
            return code
    raise missing("機關" if kind == "organization" else "分類", word, key)


def _packages_of(catalogue: Catalogue, held: Generation, kind: str, word: str, most: int) -> bytes:
    snapshot = held.snapshot
    newest = snapshot.ranks("modified", lambda e: e.updated_at)
    found = snapshot.sort(snapshot.facets[kind].having(word), [(newest, True)])
    return _packages(catalogue, held, found[: min(most, MAX_ROWS)])


def _group_package_show(catalogue: Catalogue, args: Args) -> bytes:
    held = catalogue.now()
    code = _code_of(held, "groups", args.needed("id"))
    return _packages_of(catalogue, held, "groups", code, args.whole("limit", MAX_ROWS))


def _autocomplete(kind: str) -> Callable[[Catalogue, Args], bytes]:
    def run(catalogue: Catalogue, args: Args) -> bytes:
        held = catalogue.now()
        q = args.text("q").lower()
        made = (_MAKERS[kind](held, c, n, args) for c, n in _counted(held, kind).items())
        found = [m for m in made if q in m["name"] or q in m["title"].lower() or q in m["title_en"].lower()]
        keys = ("id", "name", "title")
        return plain_json([{k: m[k] for k in keys} for m in found[: args.whole("limit", 20)]])

    return run


def _no_vocabulary(args: Args) -> None:
    if args.text("vocabulary_id"):
        raise missing("詞彙表", "vocabulary", args.text("vocabulary_id"))


def _tags_named(held: Generation, query: str) -> list[str]:
    wanted = like(f"*{query}*")
    return [w for w in sorted(held.snapshot.facets["tags"].words) if wanted(w)]


def _tag_list(catalogue: Catalogue, args: Args) -> bytes:
    _no_vocabulary(args)
    found = _tags_named(catalogue.now(), args.text("query"))
    return plain_json([serialize.tag(t) for t in found] if args.flag("all_fields", False) else found)


def _tag_search(catalogue: Catalogue, args: Args) -> bytes:
    _no_vocabulary(args)
    found = _tags_named(catalogue.now(), "".join(args.names("query")))
    offset, limit = _window(args, MANY)
    shown = [{k: v for k, v in serialize.tag(t).items() if k in {"id", "name", "vocabulary_id"}} for t in found]
    return plain_json({"count": len(found), "results": shown[offset : offset + limit]})


def _tag_autocomplete(catalogue: Catalogue, args: Args) -> bytes:
    _no_vocabulary(args)
    found = _tags_named(catalogue.now(), args.text("query") or args.text("q"))
    offset, limit = _window(args, 10)
    return plain_json(found[offset : offset + limit])


def _tag_show(catalogue: Catalogue, args: Args) -> bytes:
    _no_vocabulary(args)
    held, key = catalogue.now(), args.needed("id")
    found = next((w for w in held.snapshot.facets["tags"].words if key in (w, made_id("tag", w))), None)
    if found is None:
        raise missing("標籤", "tag", key)
    plain = plain_json(serialize.tag(found))
    if not args.flag("include_datasets", False):
        return plain
    return plain[:-1] + b',"packages":' + _packages_of(catalogue, held, "tags", found, MAX_ROWS) + b"}"


def _license_list(catalogue: Catalogue, args: Args) -> bytes:
    return plain_json([serialize.licence(t) for t in licences().values()])


def _format_autocomplete(catalogue: Catalogue, args: Args) -> bytes:
    q = args.needed("q").lower()
    held = catalogue.now()
    found = [
        f.lower() for f, n in held.snapshot.facets["res_format"].counts(held.snapshot.every()) if n and q in f.lower()
    ]
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
        _list("organization", "organizations"), (*_GROUPS_LIKE, "organizations"), Text("機關。", "Agencies.")
    ),
    "organization_show": Action(_show("organization"), _SHOW, Text("一個機關。", "One agency.")),
    "organization_autocomplete": Action(
        _autocomplete("organization"), ("q", "limit"), Text("機關提示。", "Agencies that fit.")
    ),
    "organization_list_for_user": Action(
        _nothing, ("id", "permission"), Text("匿名者沒有機關。", "A reader has none.")
    ),
    "group_list": Action(_list("groups", "groups"), (*_GROUPS_LIKE, "groups", "type"), Text("分類。", "Categories.")),
    "group_show": Action(_show("groups"), _SHOW, Text("一個分類。", "One category.")),
    "group_package_show": Action(
        _group_package_show, ("id", "limit"), Text("分類的資料集。", "A category's datasets.")
    ),
    "group_autocomplete": Action(_autocomplete("groups"), ("q", "limit"), Text("分類提示。", "Categories that fit.")),
    "group_list_authz": Action(
        _nothing, ("available_only", "am_member"), Text("匿名者沒有分類。", "A reader has none.")
    ),
    "tag_list": Action(_tag_list, (*_TAGS, "all_fields"), Text("標籤（關鍵字）。", "Tags, which are keywords.")),
    "tag_search": Action(_tag_search, (*_TAGS, *_PAGE), Text("搜尋標籤。", "Search tags.")),
    "tag_autocomplete": Action(_tag_autocomplete, (*_TAGS, "q", *_PAGE), Text("標籤提示。", "Tags that fit.")),
    "tag_show": Action(_tag_show, ("id", "vocabulary_id", "include_datasets"), Text("一個標籤。", "One tag.")),
    "license_list": Action(_license_list, (), Text("授權條款。", "Licences.")),
    "format_autocomplete": Action(_format_autocomplete, ("q", "limit"), Text("格式提示。", "Formats that fit.")),
    "vocabulary_list": Action(_nothing, (), Text("標籤不分詞彙表。", "Tags have no vocabularies here.")),
    "vocabulary_show": Action(
        _no_such_vocabulary, ("id",), Text("標籤不分詞彙表。", "Tags have no vocabularies here.")
    ),
}
