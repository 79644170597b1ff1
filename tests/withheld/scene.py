"""A portal with everything a row can reach: versions, a view, whole files, dumps, judgements, decisions, quarantine, a held run,
a draft, keys, people. Its sites are restricted only afterwards; until then every address and file may show them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.test import Client
from falcon.testing import Result, simulate_request

from qingliu.accounts import actions as accounts
from qingliu.accounts.models import RoleAssignment, User
from qingliu.accounts.rules import WORKER
from qingliu.bilingual import actions as bilingual
from qingliu.config import nightly
from qingliu.core.clock import now
from qingliu.core.dataset import Text
from qingliu.lake.paths import LakePaths
from qingliu.pipeline import actions, jobs
from qingliu.pipeline.models import Draft, Run
from qingliu.privacy import actions as privacy
from qingliu.privacy.gate.policy import MaskRule
from qingliu.quality import actions as quality
from qingliu.quality import served
from qingliu.quality.models import FoundHere
from qingliu.web import lakeside
from tests.api.portal import Portal, serve
from tests.privacy import town
from tests.web import cast
from tests.withheld.addresses import Ask, described, linked, pages
from tests.withheld.reading import Needles, resting

PEOPLE = ("", "member", "rival", "mei", "hua", "office", "guard")
LOOKED = MaskRule("looked-at", Text("看過", "Looked at"), "all", Text("依法公開", "public by law"),
                  sensitivities=("personal", "address", "text"))  # fmt: skip
MOST_LINKS = 1500
LARGE = 2_000_000  # bytes
# private, not served to anybody but those who brought it or decide about it; it goes after thirty days
KEPT = ("private/staging/", "private/drafts/", "private/restricted")
OWN = re.compile(r"^(/en)?/desk/drafts/[0-9a-f-]+/")  # a draft: what its agency brought, not yet looked at by the gate
LIST = re.compile(r"^(/en)?/privacy/(restricted/1/read|runs/[0-9a-f-]+/)$")  # the list, and held rows before and after
MAY_SEE = {"mei": OWN, "hua": OWN, "office": OWN, "guard": LIST}
ENGLISH = ("", "office", "guard")  # who is asked in English too: the words around the cells are all that differs


@dataclass
class Scene:
    """A served portal; ``codes`` are its datasets, ``needles`` what is to be withheld.

    ``people`` are those whose pages are looked at, ``most_links`` how many of the links in answers are followed.
    """

    home: LakePaths
    codes: tuple[str, ...]
    needles: Needles
    portal: Portal
    key: str
    known: dict[Ask, None] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    aggregates: tuple[str, ...] = ()
    people: tuple[str, ...] = PEOPLE
    most_links: int = MOST_LINKS
    asked: int = 0

    def restrict(self, sites: str, rules: Iterable[str]) -> None:
        """What another office decides later: the list, and stricter rules; then the worker's job."""
        for name in rules:
            privacy.decide(name=name, approve=True, reason="看過", by=town.CHECKER)
        town.restrict(sites)
        assert set(actions.overdue()) >= {c for c in self.codes if self.tables[c]}
        assert jobs.withhold() >= 1
        assert actions.overdue() == []

    @property
    def tables(self) -> dict[str, bool]:
        """Which datasets hold rows of their own."""
        published = self.portal.engine.published
        return {c: published.get(c).kind == "table" for c in self.codes}

    def walk(self) -> dict[Ask, set[str]]:
        """Every address of the data API, without and with a key; what of the needles each answer tells, where it does."""
        links: dict[Ask, None] = {}
        names = list(described(self.portal.get("/api/openapi.json").json, self.values()))
        found = self.ask(dict.fromkeys([*names, *self.known]), links)
        found |= self.ask([a for a in links if a not in self.known][: self.most_links])
        self.known |= dict.fromkeys([*names, *links])
        return found

    def ask(self, asks: Iterable[Ask], links: dict[Ask, None] | None = None) -> dict[Ask, set[str]]:
        """What of the needles these answers tell, where they do; addresses that they name are added to ``links``."""
        met = {ask: self._ask(ask, {} if links is None else links) for ask in asks}
        return {ask: there for ask, there in met.items() if there}

    def keeps_nothing(self) -> None:
        """No address, asked by nobody, a reader with a key or the people of the portal; no file but those of ``KEPT``."""
        assert self.walk() == {}
        for who in self.people:
            beside = {path for path in self.pages(who) if not (who in MAY_SEE and MAY_SEE[who].search(path))}
            assert beside == set(), who
        assert {p for p in self.resting() if not p.startswith(KEPT)} == set()

    def _ask(self, ask: Ask, links: dict[Ask, None]) -> set[str]:
        there: set[str] = set()
        if not _is_data(ask.path):
            return there
        answer: Result | None = None
        for key in ("", self.key):
            if answer is not None and (ask.template == "link" or len(answer.content) > LARGE):
                continue  # a link was found in an answer that was asked with a key itself; what is large is asked once
            self.asked += 1
            answer = self.fetch(ask, key)
            if answer.status_code == 200:
                self.answered.add(f"{ask.method} {ask.template}")
            there |= self.needles.within(answer.content)
            there |= self.needles.within(repr(dict(answer.headers)).encode())
        if answer is not None and ask.template != "link" and len(answer.content) < LARGE:
            links |= {a: None for a in linked(ask, answer.content) if _is_data(a.path)}
        return there

    def fetch(self, ask: Ask, key: str = "") -> Result:
        """One answer of the data API; ``key`` is sent as clients of old portals send it."""
        headers = {"Authorization": f"Bearer {key}"} if key else {"Accept_Encoding": "gzip"}
        if ask.body:
            headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
            return simulate_request(self.portal.app, "POST", ask.path, body=ask.body, headers=headers)
        return self.portal.get(ask.path, ask.query, **headers)

    def rows(self, code: str) -> dict[int, dict[str, Any]]:
        """What a reader gets of a dataset whose rows have a number: number → row."""
        return {r["no"]: r for r in self.portal.get(f"/api/datasets/{code}/rows", "limit=1000").json["rows"]}

    def total(self, path: str, query: str, where: str) -> int:
        """How many rows answer a search: a number, or a list of them, under ``where``."""
        answer = self.portal.get(path, query)
        assert answer.status_code == 200, answer.text
        said = answer.json.get("result", answer.json)[where]
        return said if isinstance(said, int) else len(said)

    def pages(self, who: str) -> dict[str, set[str]]:
        """Every page, as somebody sees it; what of the needles each tells, where it does."""
        client: Client = cast.client(who)
        found = {}
        for ask in pages(self.page_values()):
            if ask.path.startswith("/en/") and who not in ENGLISH:
                continue
            self.asked += 1
            answer = client.get(ask.path)
            body = b"".join(answer) if answer.streaming else answer.content
            assert answer.status_code != 500, ask
            if answer.status_code == 200:
                self.answered.add(f"{who} {ask.template}")
            if there := self.needles.within(body):
                found[ask.path] = there
        return found

    def resting(self) -> dict[str, set[str]]:
        """What of the needles rests where in the home and in the office's database."""
        return resting(self.home.home, self.needles)

    def values(self) -> dict[str, Sequence[str]]:
        """What the paths and questions of the description are asked with."""
        tables = [c for c, own in self.tables.items() if own]
        table = tables[0]
        packages = [self.portal.get("/api/3/action/package_show", f"id={c}").json["result"] for c in self.codes]
        resources = [p["resources"][0]["id"] for p in packages]
        placed = [c["id"] for c in self.portal.get("/api/ogc/collections").json["collections"]]
        features = self.portal.get(f"/api/ogc/collections/{placed[0]}/items", "limit=1000").json["features"]
        newest = str(len(self.portal.get(f"/api/datasets/{table}/versions").json["versions"]))
        manifests = [
            self.portal.get(f"/api/datasets/{table}/versions/{n}").text for table in tables for n in ("1", newest)
        ]
        day = self.portal.get("/api/bulk/catalogue").json["dumps"][0]["day"]
        names = ("csv.gz", "parquet", "xlsx", "ods", "geo.parquet")
        given: dict[str, Sequence[str]] = {
            "/api/datasets/{code}/versions/{number} number": ("1", newest),
            "/api/datasets/{code}/files/{version}/{name} version": ("1", newest),
            "/api/datasets/{code}/files/{version}/{name} name": re.findall(r"/files/\d+/([^\"?]+)", "".join(manifests)),
            "/api/datasets/{code}/bulk/{version}/{name} version": ("1", newest, "latest"),
            "/api/datasets/{code}/bulk/{version}/{name} name": [f"{c}.{n}" for c in self.codes for n in names],
            "/api/bulk/catalogue/{day}/{name} day": (day, "latest"),
            "/sitemap-{number}.xml number": ("1",),
            "/datastore/dump/{table} table": (*resources, *self.codes),
            "/api/ogc/collections/{collectionId}/items/{featureId} featureId": [str(f["id"]) for f in features][:6],
            "help_show?name": ("package_show",),
            "organization_show?id": ("moenv",),
            "group_show?id": (packages[0]["groups"][0]["name"],) if packages[0].get("groups") else ("enforcement",),
            "group_package_show?id": ("enforcement",),
            "tag_show?id": ("裁處",),
            "vocabulary_show?id": ("x",),
            "package_show?id": self.codes,
            "package_relationships_list?id": self.codes,
            "resource_show?id": resources,
            "resource_view_list?id": resources,
            "resource_search?query": ("name:csv", "format:json"),
            "datastore_search?resource_id": resources,
            "datastore_info?id": resources,
            "datastore_search_sql?sql": [f'SELECT * FROM "{resources[0]}"'],
            "series?aggregate": ("count(*)",),
            "/api/datasets/{code}/series?aggregate": ("count(*)", *self.aggregates),
            "/api/datasets/{code}/changes?since": ("0", "1"),
        }
        for ask in (
            "/api/docs/{code}", "/api/datasets/{code}", "/api/datasets/{code}/openapi.json", "/api/datasets/{code}/rows",
            "/api/datasets/{code}/latest", "/api/datasets/{code}/changes", "/api/datasets/{code}/series",
            "/api/datasets/{code}/versions", "/api/datasets/{code}/decisions", "/api/datasets/{code}/versions/{number}",
            "/api/datasets/{code}/files/{version}/{name}", "/api/datasets/{code}/bulk",
            "/api/datasets/{code}/bulk/{version}/{name}",
        ):  # fmt: skip
            given[f"{ask} code"] = self.codes
        given["/api/v2/{code} code"] = [c.lower() for c in self.codes]
        document = self.portal.get("/api/openapi.json").json
        given |= {f"{p} code": self.codes for p in document["paths"] if p.startswith("/api/dcat") and "{code}" in p}
        given |= {f"{p} collectionId": placed for p in document["paths"] if "{collectionId}" in p}
        return given

    def page_values(self) -> dict[str, Sequence[str]]:
        """What the parameters of the pages are asked with."""
        return {
            "code": (*self.codes, "moenv"),
            "run_id": [str(i) for i in Run.objects.values_list("pk", flat=True)],
            "draft_id": [str(i) for i in Draft.objects.values_list("pk", flat=True)],
            "fingerprint": [*FoundHere.objects.values_list("fingerprint", flat=True).distinct(), "none"],
            "number": ("1",),
            "name": ("counties",),
            "id": ("1",),
            "pk": ("1",),
            "provider_id": ("office",),
        }


def _is_data(path: str) -> bool:
    return path.startswith(("/api", "/datastore", "/catalog.", "/sitemap", "/feed.atom", "/robots.txt"))


def enrol() -> str:
    """People of every role, and a key; answers the key."""
    cast.enrol()
    user = User.objects.create_user("guard", "guard@example.org", "long and winding 17")
    RoleAssignment.objects.create(user=user, role="privacy", granted_at=now())
    made = accounts.create_key(label="reader", scopes=("read",), by=town.OPERATOR)
    return made.token


def open_scene(home: LakePaths, codes: tuple[str, ...], needles: Needles, key: str) -> Scene:
    """Judge, pack and serve what was published."""
    portal = serve(home, {})
    served.use(lambda: portal.app)
    quality.judge_all(by=WORKER)
    bilingual.judge(codes=codes, engine=portal.engine, by=WORKER)
    assert nightly.make_all(settings.QINGLIU)[1] == 0
    lakeside.use(lambda: portal.engine)
    return Scene(home, codes, needles, portal, key)
