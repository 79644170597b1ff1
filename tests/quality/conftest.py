"""What the judging tests share: a home whose data API the judges ask in this process, with real files where they are given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from qingliu.accounts import actions as accounts
from qingliu.catalog import actions as catalog
from qingliu.config import wiring
from qingliu.config.data_api import make_data_api, make_engine
from qingliu.core.env import load
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import Published
from qingliu.pipeline import actions
from qingliu.pipeline.models import Run
from qingliu.quality import replies, served
from tests.pipeline import town
from tests.quality.cast import OPERATOR

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def portal(home: LakePaths, transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[LakePaths]:
    """A home with the agencies, nothing published, its data API given to the judges."""
    accounts.seed_agencies(by=OPERATOR)
    settings = replace(load({"QINGLIU_HOME": str(home.home)}), engine_threads=1, engine_memory="300MB")
    opened = []
    monkeypatch.setattr(
        wiring, "make_data_api", lambda s, **how: opened.append(make_engine(s)) or make_data_api(s, opened[0], **how)
    )
    wiring.connect_judges(settings)
    replies.use(None)  # a portal without a channel for requests; tests/participation judges with one
    yield home
    for engine in opened:
        engine.close()
    served.use(lambda: pytest.fail("no portal"))


@pytest.fixture
def note(portal: LakePaths) -> Callable[[str], dict]:
    """The public words about the quality of a dataset."""
    return lambda code: Published(portal.published_db).get(code).notes["quality"]


@pytest.fixture
def declare(portal: LakePaths) -> Callable[..., None]:
    """Register definitions of the project by code, or a definition's own text."""

    def register(*what: str) -> None:
        for each in what:
            path = ROOT / "datasets" / f"{each}.yaml"
            text = each if "\n" in each else path.read_text(encoding="utf-8")
            catalog.register_definition(text=text, path=str(path), by=OPERATOR)

    return register


@pytest.fixture
def deliver(portal: LakePaths) -> Callable[..., Run]:
    """Publish files as the next version of a dataset; the run."""

    def publish(code: str, *files: Path) -> Run:
        run = actions.run_delivery(code=code, files=list(files), by=OPERATOR)
        assert run.state == "published", (run.error_en, run.verdicts)
        return run

    return publish


@pytest.fixture
def town_a(declare: Callable[..., None], deliver: Callable[..., Run], tmp_path: Path) -> Callable[[Sequence], Run]:
    """TEST_A of the pipeline's town, declared and published; call it with rows for further versions."""
    declare(town.definition(mode="snapshot"))

    def more(rows: Sequence[Sequence[str]]) -> Run:
        return deliver("TEST_A", town.csv(tmp_path / "delivery.csv", rows))

    more(town.rows(3))
    return more
