"""Commands about datasets and runs: define, infer, publish, run, release, correct, withdraw, runs, list, reconcile."""

from __future__ import annotations

import argparse
import csv
import shutil
import sys
import tempfile
from pathlib import Path

from django.conf import settings

from qingliu.accounts.rules import Actor
from qingliu.catalog import actions as catalog
from qingliu.catalog import queries as catalogue
from qingliu.config.commands import told
from qingliu.core import events
from qingliu.core.dataset import SourceSpec, Text
from qingliu.core.errors import BadDefinition, BadSource, QingliuError
from qingliu.pipeline import actions, corrections, infer, queries, sources
from qingliu.standards import listing


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add these commands to the parser."""
    define = commands.add_parser("define", help="登錄資料集定義 register definition files")
    define.add_argument("files", nargs="+", type=Path, metavar="FILE.yaml")
    define.set_defaults(do=do_define)

    draft = commands.add_parser("infer", help="由檔案產生定義草稿 draft a definition from files")
    draft.add_argument("files", nargs="+", type=Path, metavar="FILE")
    draft.add_argument("--code", default="", help="資料集代碼 the dataset's code")
    draft.add_argument("-o", "--output", type=Path, help="寫入檔案 write to this file instead of the screen")
    draft.set_defaults(do=do_infer)

    publish = commands.add_parser("publish", help="發布檔案 publish files as a dataset's next version")
    publish.add_argument("files", nargs="+", type=Path, metavar="FILE")
    publish.add_argument("--dataset", required=True, metavar="CODE")
    publish.add_argument("--message", default="", help="版本說明 the version's message")
    publish.set_defaults(do=do_publish)

    fetch = commands.add_parser("run", help="立即檢查來源 fetch a dataset's source now")
    fetch.add_argument("codes", nargs="+", metavar="CODE")
    fetch.set_defaults(do=do_run)

    harvest = commands.add_parser("harvest", help="由既有平臺取回整個資料集 harvest a dataset of the existing platform")
    harvest.add_argument("code", metavar="CODE")
    harvest.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.ndjson")
    harvest.add_argument("--url", default="", help="平臺 API 網址 the platform's API")
    harvest.add_argument("--key-env", default="", help="存放金鑰的環境變數 the environment variable that holds the key")
    harvest.set_defaults(do=do_harvest)

    release = commands.add_parser("release", help="放行或退回暫緩的資料 release (or reject) a held delivery")
    release.add_argument("run", metavar="RUN")
    release.add_argument("--reason", required=True)
    release.add_argument("--reject", action="store_true", help="退回而非放行 throw it away instead")
    release.set_defaults(do=do_release)

    correct = commands.add_parser("correct", help="更正或判定資料列 correct rows, or decide on their status")
    correct.add_argument("code", metavar="CODE")
    correct.add_argument(
        "file", type=Path, metavar="FILE.csv", help="主鍵、要更正的欄位、_status the key, columns, _status"
    )
    correct.add_argument("--reason", required=True, help="公開的理由 published as it is")
    correct.add_argument("--rule", default="", help="作成決定的規則 the rule that decided, where no person did")
    correct.set_defaults(do=do_correct)

    for name, help_text, action in (
        ("withdraw", "下架資料集 take a dataset down", catalog.withdraw),
        ("reinstate", "恢復已下架的資料集 serve a withdrawn dataset again", catalog.restore),
    ):
        parser = commands.add_parser(name, help=help_text)
        parser.add_argument("code", metavar="CODE")
        parser.add_argument("--reason", required=True)
        parser.set_defaults(do=do_status, action=action)

    runs = commands.add_parser("runs", help="執行紀錄 the history of runs")
    runs.add_argument("run", nargs="?", metavar="RUN", help="單一執行的平衡表與檢核 one run in full")
    runs.add_argument("--dataset", default="", metavar="CODE")
    runs.add_argument("--state", default="")
    runs.add_argument("--limit", type=int, default=20)
    runs.set_defaults(do=do_runs)

    entries = commands.add_parser("list", help="登錄官方目錄清單 list the entries of an official catalogue")
    entries.add_argument("file", type=Path, metavar="CATALOGUE.csv")
    entries.set_defaults(do=do_list)

    mend = commands.add_parser("reconcile", help="處理中斷的執行 finish or discard what a crash left")
    mend.set_defaults(do=do_reconcile)


def text_of(path: Path) -> str:
    """The text of a definition file. Raises BadDefinition where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadDefinition(
            Text(f"讀不到定義檔 {path}（{error}）。", f"The definition {path} cannot be read ({error})."),
            Text("請確認路徑，並以 UTF-8 存檔。", "Check the path and save it as UTF-8."),
            parameter=str(path),
        ) from error


def do_define(args: argparse.Namespace, by: Actor) -> int:
    """Register each file; a wrong one does not stop the others."""
    wrong = 0
    for path in args.files:
        try:
            done = catalog.register_definition(text=text_of(path), path=str(path), by=by)
        except QingliuError as error:
            told.error(error)
            wrong += 1
            continue
        what = "已登錄 registered" if done.new else "已更新 changed" if done.changed else "無變動 unchanged"
        told.say(f"{done.code}: {what}（{done.kind}, {done.status}）")
    return told.FAILED if wrong else told.DONE


def do_infer(args: argparse.Namespace, by: Actor) -> int:
    """Draft a definition with reasons and confidence."""
    drafted = infer.infer(args.files, code=args.code)
    if args.output is None:
        sys.stdout.write(drafted)
    else:
        args.output.write_text(drafted, encoding="utf-8")
        told.say(f"定義草稿已寫入 {args.output}，請逐欄確認。 Draft written; check every column.")
    return told.DONE


def do_publish(args: argparse.Namespace, by: Actor) -> int:
    """Publish files as the next version of a dataset."""
    with events.listening(events.RunStep, told.Progress()):
        run = actions.run_delivery(code=args.dataset, files=args.files, message=args.message, by=by)
    return told.outcome(run)


def do_run(args: argparse.Namespace, by: Actor) -> int:
    """Look at the source of each dataset now."""
    worst = told.DONE
    with events.listening(events.RunStep, told.Progress()):
        for code in args.codes:
            try:
                run = actions.run_source(code=code, by=by)
            except QingliuError as error:
                told.error(error)
                worst = told.FAILED
                continue
            if run is None:
                told.say(f"{code}: 來源沒有新資料 nothing new at the source")
            else:
                worst = max(worst, told.outcome(run), key=_gravity)
    return worst


def do_harvest(args: argparse.Namespace, by: Actor) -> int:
    """Fetch every record of a code into one NDJSON file, to be looked at, inferred from or published."""
    given = {"code": args.code, "url": args.url, "key_env": args.key_env}
    spec = SourceSpec("harvest", tuple((name, value) for name, value in given.items() if value))
    with tempfile.TemporaryDirectory(prefix="qingliu-harvest-") as folder:
        found = sources.fetch(spec, workdir=Path(folder), state={}, around=sources.surroundings(settings.QINGLIU))
        shutil.copyfile(found.files[0], args.output)
    told.say(f"{args.output}: {found.note}")
    return told.DONE


def _gravity(code: int) -> int:
    return (told.DONE, told.HELD, told.FAILED).index(code)


def do_release(args: argparse.Namespace, by: Actor) -> int:
    """Release a held delivery with a reason, or reject it."""
    if args.reject:
        run = actions.reject(run_id=args.run, reason=args.reason, by=by)
        told.outcome(run)
        return told.DONE
    with events.listening(events.RunStep, told.Progress()):
        run = actions.release(run_id=args.run, reason=args.reason, by=by)
    return told.outcome(run)


def do_correct(args: argparse.Namespace, by: Actor) -> int:
    """Carry out a file of corrections: all of its rows in one version, or none."""
    row = catalogue.dataset(args.code)
    record = catalogue.published_record(row) or catalogue.definition(row).dataset
    header, *lines = _cells(args.file)
    changes = corrections.from_rows(header, lines, record)
    with events.listening(events.RunStep, told.Progress()):
        run = actions.correct(code=args.code, decisions=changes, reason=args.reason, rule=args.rule, by=by)
    return told.outcome(run)


def _cells(path: Path) -> list[list[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [line for line in csv.reader(file, strict=True) if line] or [[]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadSource(
            Text(f"無法讀取 {path.name}。", f"{path.name} cannot be read."),
            Text("請給 UTF-8 的 CSV 檔。", "Give a CSV file in UTF-8."),
            parameter="file",
        ) from error


def do_status(args: argparse.Namespace, by: Actor) -> int:
    """Take a dataset down, or serve it again."""
    args.action(code=args.code, reason=args.reason, by=by)
    row = catalogue.dataset(args.code)
    told.say(f"{row.code}: {row.get_status_display()} {row.status}")
    return told.DONE


def do_runs(args: argparse.Namespace, by: Actor) -> int:
    """One run in full, or the newest runs."""
    if args.run:
        told.outcome(queries.run(args.run))
        return told.DONE
    found = queries.runs(dataset=args.dataset, state=args.state)[: max(1, args.limit)]
    rows = [
        (
            str(r.id)[:8],
            r.dataset.code,
            r.state,
            f"v{r.version}" if r.version else "",
            f"{r.started_at:%Y-%m-%d %H:%M}",
            r.by,
        )
        for r in found
    ]
    told.table(("RUN", "資料集 dataset", "狀態 state", "版本", "開始 started (UTC)", "by"), rows)
    return told.DONE


def do_list(args: argparse.Namespace, by: Actor) -> int:
    """Put the entries of an official catalogue beside the published datasets."""
    entries = listing.read_listing(args.file)
    added = catalog.list_entries(entries=entries, by=by)
    told.say(f"目錄項目 {len(entries):,} 筆，新增 {added:,} 筆。 {len(entries):,} entries listed, {added:,} new.")
    return told.DONE


def do_reconcile(args: argparse.Namespace, by: Actor) -> int:
    """Mend what a crash left."""
    done = actions.reconcile(by=by)
    told.say(
        f"完成 {len(done.finished)}，捨棄 {len(done.discarded)}，補發布 {len(done.published)}，進行中 {len(done.busy)}。"
    )
    told.say(
        f"{len(done.finished)} finished, {len(done.discarded)} discarded, {len(done.published)} published again, "
        f"{len(done.busy)} busy."
    )
    return told.DONE
