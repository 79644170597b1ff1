"""``qingliu demo``: fill a portal, either from the simulators that the definitions name or from the real files."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from django.conf import settings

from qingliu.accounts.rules import Actor
from qingliu.catalog import actions as catalog
from qingliu.config import demo_people, demo_privacy, demo_requests, wiring
from qingliu.config.commands import portal, quality, told
from qingliu.core import events
from qingliu.core.dataset import Definition, Text
from qingliu.core.errors import BadSource, QingliuError
from qingliu.core.records import Balance
from qingliu.pipeline import actions, queries
from qingliu.quality import actions as judging
from qingliu.standards import definition as standard
from qingliu.standards import listing

# dataset → its real files, in the order in which they form one delivery
REAL: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("AQX_P_07", ("reference/aqx_p_07_stations.csv",)),
    ("AQX_P_02", ("aqx_p_02.csv",)),
    ("ACIDR_P_04", ("acidr_p_04.csv",)),
    ("SOIL_SITES", ("contaminated_sites_2024.zip",)),
    ("PRTR_FACILITIES", ("prtr_facilities_2017.zip",)),
    ("AQX_FENGYUAN_H", ("fengyuan_2014_train_big5.csv",)),
    ("AQX_P_488", ("aqx_p_432_hourly_2025-10_2025-12.zip", "aqx_p_488.csv")),
    ("AQX_RENWU_H", ("renwu_hourly_2002_2012_original.zip",)),
    ("EMS_P_46", ("ems_p_46_2020.csv",)),
    ("PRTR_PENALTIES", ("prtr_penalties_2017.zip",)),
)
LISTING = "catalogue/moenv_datagovtw_merged.csv"
API_LIST = "catalogue/moenv_openapi_datasets.csv"
DEMO = "demo"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("demo", help="填入示範資料 fill the portal with demonstration data")
    parser.add_argument(
        "--real", type=Path, metavar="DIR", help="改發布此目錄的真實檔案 publish the real files in DIR instead"
    )
    parser.add_argument(
        "--definitions", type=Path, default=Path(DEMO), help="模擬資料的定義 definitions of simulated data"
    )
    parser.set_defaults(do=do_demo)


def do_demo(args: argparse.Namespace, by: Actor) -> int:
    """Prepare the home and fill it; a dataset that is held on purpose is no failure."""
    portal.prepare(by)
    demo_privacy.approve_defaults()
    began = time.monotonic()
    with events.listening(events.RunStep, told.Progress()):
        code = _real(args.real, by) if args.real else _simulated(args.definitions, by)
    if not args.real:
        asked = demo_requests.tell(by=by)
        told.say(f"模擬的民眾意見 {len(asked)} 件。 {len(asked)} simulated requests from the public.")
    wiring.connect_judges(settings.QINGLIU)
    quality.table(judging.judge_all(by=by))
    told.say(
        "示範帳號，在 /login/ 登入，密碼每次重設。 Demonstration accounts for /login/, with new passwords each time:"
    )
    told.table(("帳號 name", "密碼 password", "做什麼 what for"), demo_people.welcome(by=by))
    told.say(f"完成，費時 {time.monotonic() - began:.1f} 秒。 Done in {time.monotonic() - began:.1f} s.")
    return code


def _simulated(folder: Path, by: Actor) -> int:
    definitions = standard.load_all([folder])
    if not definitions:
        raise BadSource(
            Text(f"「{folder}」沒有定義檔。", f"There are no definitions in '{folder}'."),
            Text(
                "請在專案目錄執行，或以 --definitions 指定。",
                "Run it in the project's folder, or name it with --definitions.",
            ),
        )
    _register(list(definitions.values()), by)
    failed = []
    for code, each in definitions.items():
        if each.dataset.view is not None or each.source.kind == "files":
            continue
        try:
            run = actions.run_source(code=code, by=by)
        except QingliuError as error:
            told.error(error)
            failed.append(code)
            continue
        if run is not None and told.outcome(demo_privacy.settle(run, by=by), brief=True) == told.FAILED:
            failed.append(code)
    return _close(failed)


def _register(definitions: list[Definition], by: Actor) -> None:
    for each in definitions:
        path = Path(each.path)
        catalog.register_definition(text=path.read_text(encoding="utf-8-sig"), path=str(path), by=by)
    told.say(f"已登錄 {len(definitions)} 個定義。 {len(definitions)} definitions registered.")


def _real(folder: Path, by: Actor) -> int:
    if not (folder / LISTING).is_file():
        raise BadSource(
            Text(f"「{folder}」不是真實資料的目錄。", f"'{folder}' is not the folder of real data."),
            Text("請以 REAL= 指定含 README.md 的資料目錄。", "Name the folder that holds its README.md with REAL=."),
        )
    _register(list(standard.load_all(settings.QINGLIU.definitions).values()), by)
    failed = []
    for code, names in REAL:
        files = [folder / name for name in names]
        run = actions.run_delivery(
            code=code, files=files, message="真實檔案首次發布 first publication of the real files", by=by
        )
        if told.outcome(demo_privacy.settle(run, by=by)) == told.FAILED:
            failed.append(code)
    entries = listing.read_listing(folder / LISTING)
    catalog.list_entries(entries=entries, by=by)
    told.say(
        f"目錄項目 {len(entries):,} 筆；官方統計數字與標章不詳。 {len(entries):,} entries listed; figures and marks unknown."
    )
    if (folder / API_LIST).is_file():
        judging.reconcile(entries=folder / LISTING, api=folder / API_LIST, by=by)
    return _close(failed)


def _close(failed: list[str]) -> int:
    newest = {run.dataset.code: run for run in queries.runs().order_by("started_at")}
    rows = []
    for code, run in sorted(newest.items()):
        b = queries.balance(run) or Balance(0)
        version = f"v{run.version}" if run.version else ""
        same = b.unchanged + b.duplicate
        counts = (b.read, b.inserted, b.updated, same, b.set_aside, b.awaiting, run.quarantined_cells)
        rows.append((code, run.state, version, *counts))
    names = "資料集 dataset/狀態 state/版本/讀入 read/新增 new/更新 updated/相同 same/"
    head = (names + "擱置 aside/待決 awaiting/隔離 cells").split("/")
    told.table(head, rows, right=frozenset(range(3, 10)))
    if failed:
        told.say(f"失敗 failed: {'、'.join(failed)}")
    return told.FAILED if failed else told.DONE
