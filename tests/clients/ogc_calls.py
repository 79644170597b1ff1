"""What a program asks an OGC API through OWSLib: everything it says of itself, then every feature of every collection.

python tests/clients/ogc_calls.py URL        the address of the landing page; answers JSON
"""

import json
import sys

from owslib.ogcapi.features import Features


def gathered(client: Features, code: str, **query: object) -> dict[str, object]:
    """All features of a collection, page by page."""
    ids: list[str] = []
    matched = set()
    while True:
        page = client.collection_items(code, limit=10_000, offset=len(ids), **query)
        matched.add(page["numberMatched"])
        ids += [f["id"] for f in page["features"]]
        if not any(one["rel"] == "next" for one in page["links"]):
            break
    one = client.collection_item(code, ids[-1])["id"] if ids else None
    return {"rows": len(ids), "ids": len(set(ids)), "matched": sorted(matched), "last": ids[-1:], "one": one}


def main(url: str) -> None:
    """Ask, and print what was learned."""
    client = Features(url)
    told: dict[str, object] = {
        "title": client.response["title"] if isinstance(client.response, dict) else "",
        "conformance": client.conformance()["conformsTo"],
        "definition": client.api()["openapi"],
        "collections": {},
    }
    for code in client.feature_collections():
        about = client.collection(code)
        box = about["extent"]["spatial"]["bbox"][0]
        middle = [box[0], box[1], (box[0] + box[2]) / 2, (box[1] + box[3]) / 2]
        told["collections"][code] = {  # type: ignore[index]
            "queryables": sorted(client.collection_queryables(code)["properties"]),
            "schema": sorted(client.collection_schema(code)["properties"]),
            "all": gathered(client, code),
            "box": middle,
            "inside": gathered(client, code, bbox=middle),
            "by_filter": gathered(client, code, filter=f"S_INTERSECTS(geometry,BBOX({','.join(map(str, middle))}))"),
        }
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1])
