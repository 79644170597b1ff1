"""A portal with one published dataset and its readers: bad input must be told, and change nothing that they see."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from falcon.testing import Result, simulate_request

from qingliu.accounts import actions as accounts
from qingliu.audit.models import Event
from qingliu.catalog import actions as catalog
from qingliu.config.data_api import make_data_api, make_engine
from qingliu.lake.paths import LakePaths
from qingliu.pipeline import actions, queries
from qingliu.pipeline.models import Run
from qingliu.pipeline.rules import State
from tests.pipeline import town

CODE = "TEST_A"
ASKED = (
    ("/api/datasets", ""),
    (f"/api/datasets/{CODE}", ""),
    (f"/api/datasets/{CODE}/versions", ""),
    (f"/api/datasets/{CODE}/rows", "limit=1000"),
    (f"/api/datasets/{CODE}/rows", "f=csv&include_flags=true"),
    (f"/api/v2/{CODE.lower()}", "format=json&limit=1000"),
)
CHINESE = re.compile("[一-鿿]")


class Scene:
    """The pipeline as ``qingliu publish`` runs it and the data API as the server does, on one home."""

    def __init__(self, home: LakePaths, folder: Path) -> None:
        self.home = home
        self.folder = folder
        self.engine = make_engine(settings.QINGLIU)
        self.app = make_data_api(settings.QINGLIU, self.engine)
        accounts.seed_agencies(by=town.OPERATOR)

    def define(self, text: str) -> None:
        """Register a definition."""
        catalog.register_definition(text=text, by=town.OPERATOR)

    def file(self, name: str, body: bytes) -> Path:
        """A file of the delivery's folder."""
        path = self.folder / name
        path.write_bytes(body)
        return path

    def publish(self, *files: Path, code: str = CODE) -> Run:
        """What ``qingliu publish`` does."""
        return actions.run_delivery(code=code, files=list(files), by=town.OPERATOR)

    def good(self, lines: Sequence[Sequence[str]], code: str = CODE) -> Run:
        """Publish rows that must go through."""
        run = self.publish(town.csv(self.folder / f"good-{code}.csv", lines), code=code)
        assert run.state == State.PUBLISHED, run.error_en
        return run

    def ask(self, path: str, query: str = "", **headers: str) -> Result:
        """One request to the data API; header names with _ for -."""
        return simulate_request(
            self.app, path=path, query_string=query, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )

    def rows(self, query: str = "limit=1000", code: str = CODE) -> list[dict[str, object]]:
        """Rows as the native API gives them."""
        answer = self.ask(f"/api/datasets/{code}/rows", query)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, object]] = answer.json["rows"]
        return found

    def seen(self) -> dict[str, object]:
        """All that readers get: status, ETag and bytes of each answer (asked anew, not from memory), and the lake's files."""
        fresh = make_data_api(settings.QINGLIU, self.engine)
        answers = {
            f"{path}?{query}": (a.status_code, a.headers.get("etag"), a.content)
            for path, query in ASKED
            for a in [simulate_request(fresh, path=path, query_string=query)]
        }
        return {**answers, "lake": self.lake()}

    def lake(self) -> dict[str, str]:
        """Every data file of the lake with its hash; the catalogue of tables may be touched, never what it names."""
        root = self.home.root
        return {
            p.relative_to(root).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in sorted(root.rglob("*"))
            if p.is_file() and ".sqlite" not in p.name
        }

    def staged(self) -> list[str]:
        """What lies in the private staging folder."""
        return sorted(p.relative_to(self.home.staging).as_posix() for p in self.home.staging.rglob("*"))

    def refuses(self, *files: Path, says: str, place: str = "", code: str = CODE) -> Run:
        """Publish what must fail: the error, in both languages with place and remedy, and no trace of the delivery."""
        before = self.seen()
        run = self.publish(*files, code=code)
        self.check_refused(run, before, says=says, place=place or files[0].name)
        return run

    def check_refused(self, run: Run, before: dict[str, object], *, says: str, place: str) -> None:
        """The told error of a failed run, the same answers as before, nothing staged, one audit row of its end."""
        assert run.state == State.FAILED, run.state
        assert re.search(says, run.error_en), run.error_en
        assert CHINESE.search(run.error_zh)
        for text in (run.error_zh, run.error_en):
            assert place in text, text
            assert len(re.findall(r"。|\.(?=\s|$)", text)) >= 2, f"no remedy: {text}"
        assert self.seen() == before
        assert self.staged() == []
        self.check_told_once(run)

    def check_told_once(self, run: Run) -> None:
        """One audit row tells how the run ended; the run is the newest in the list that stewards see."""
        (row,) = Event.objects.filter(object_id=str(run.id)).exclude(verb__in=["run.started", "version.recorded"])
        assert row.verb == f"run.{run.state}"
        assert row.detail["error"] == run.error_en
        assert queries.runs(dataset=run.dataset.code).order_by("-started_at").first() == run

    def holds(self, *files: Path, rules: set[str], code: str = CODE) -> Run:
        """Publish what must be held by exactly these rules: nothing served changes, a person decides."""
        before = self.seen()
        run = self.publish(*files, code=code)
        found = [f for v in queries.verdicts(run) for f in v.findings]
        assert (run.state, {f.rule for f in found}) == (State.HELD, rules), (run.state, run.error_en, found)
        assert all(CHINESE.search(f.reason.zh) and f.reason.en and f.remedy.zh and f.remedy.en for f in found)
        assert self.seen() == before
        self.check_told_once(run)
        actions.reject(run_id=str(run.id), reason="test", by=town.OPERATOR)
        assert self.seen() == before
        assert self.staged() == []
        return run

    def close(self) -> None:
        """End the engine."""
        self.engine.close()
