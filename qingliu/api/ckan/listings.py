"""Organisations, groups and tags: the words by which CKAN sorts datasets, listed and shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from qingliu.api.ckan import serialize
from qingliu.api.ckan.args import Args, wrong
from qingliu.api.ckan.catalogue import Catalogue, Generation, missing
from qingliu.api.ckan.search import MAX_ROWS, like
from qingliu.api.http import plain_json
from qingliu.api.identifiers import made_id

MANY = 1_000_000


def window(args: Args, default: int) -> tuple[int, int]:
    """(offset, limit) of a list."""
    return args.whole("offset", 0), args.whole("limit", default)


def packages(catalogue: Catalogue, held: Generation, positions: Sequence[int]) -> bytes:
    """The JSON list of the packages at these positions."""
    return b"[" + b",".join(catalogue.package(p, held) for p in positions) + b"]"


def _counted(held: Generation, kind: str) -> dict[str, int]:
    facet = held.facets[kind]
    return dict(sorted(facet.counts(held.snapshot.every())))


def _organization(held: Generation, code: str, count: int, args: Args) -> dict[str, Any]:
    name = held.title(code)
    plain = serialize.organization(code, name)
    plain |= {"display_name": plain["title"], "title_en": name.en, "image_display_url": ""}
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


def listed(kind: str, chosen: str) -> Callable[[Catalogue, Args], bytes]:
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
        offset, limit = window(args, MANY)
        names = names[offset : offset + limit]
        full = args.flag("all_fields", False)
        return plain_json([_MAKERS[kind](held, c, counted[c], args) for c in names] if full else names)

    return run


def one(kind: str) -> Callable[[Catalogue, Args], bytes]:
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
    for code in held.facets[kind].words:
        if key.lower() == code or key.lower() == made_id(word, code):
            return code
    raise missing("機關" if kind == "organization" else "分類", word, key)


def _packages_of(catalogue: Catalogue, held: Generation, kind: str, word: str, most: int) -> bytes:
    snapshot = held.snapshot
    newest = snapshot.ranks("modified", lambda e: e.updated_at)
    found = snapshot.sort(held.facets[kind].having(word), [(newest, True)])
    return packages(catalogue, held, found[: min(most, MAX_ROWS)])


def group_package_show(catalogue: Catalogue, args: Args) -> bytes:
    """A category's packages, the newest first. Raises NotFound."""
    held = catalogue.now()
    code = _code_of(held, "groups", args.needed("id"))
    return _packages_of(catalogue, held, "groups", code, args.whole("limit", MAX_ROWS))


def completed(kind: str) -> Callable[[Catalogue, Args], bytes]:
    """``organization_autocomplete`` or ``group_autocomplete``."""

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
    return [w for w in sorted(held.facets["tags"].words) if wanted(w)]


def tag_list(catalogue: Catalogue, args: Args) -> bytes:
    """Names of tags (with ``all_fields`` the tags) that hold ``query``."""
    _no_vocabulary(args)
    found = _tags_named(catalogue.now(), args.text("query"))
    return plain_json([serialize.tag(t) for t in found] if args.flag("all_fields", False) else found)


def tag_search(catalogue: Catalogue, args: Args) -> bytes:
    """``{"count", "results"}`` of the tags that hold ``query``."""
    _no_vocabulary(args)
    found = _tags_named(catalogue.now(), "".join(args.names("query")))
    offset, limit = window(args, MANY)
    shown = [{k: v for k, v in serialize.tag(t).items() if k in {"id", "name", "vocabulary_id"}} for t in found]
    return plain_json({"count": len(found), "results": shown[offset : offset + limit]})


def tag_autocomplete(catalogue: Catalogue, args: Args) -> bytes:
    """Names of tags that hold ``query``."""
    _no_vocabulary(args)
    found = _tags_named(catalogue.now(), args.text("query") or args.text("q"))
    offset, limit = window(args, 10)
    return plain_json(found[offset : offset + limit])


def tag_show(catalogue: Catalogue, args: Args) -> bytes:
    """One tag, with ``include_datasets`` its packages. Raises NotFound."""
    _no_vocabulary(args)
    held, key = catalogue.now(), args.needed("id")
    found = next((w for w in held.facets["tags"].words if key in (w, made_id("tag", w))), None)
    if found is None:
        raise missing("標籤", "tag", key)
    plain = plain_json(serialize.tag(found))
    if not args.flag("include_datasets", False):
        return plain
    return plain[:-1] + b',"packages":' + _packages_of(catalogue, held, "tags", found, MAX_ROWS) + b"}"
