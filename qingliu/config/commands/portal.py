"""Commands about the portal itself: setup, work, verify, maintain, bulk, backup, restore, manage."""

from __future__ import annotations

import argparse
from pathlib import Path

from django.conf import settings
from django.core.management import call_command, execute_from_command_line

from qingliu.accounts import actions as accounts
from qingliu.accounts.rules import Actor
from qingliu.catalog import publication
from qingliu.config import nightly, worker
from qingliu.config.commands import told
from qingliu.lake.paths import LakePaths
from qingliu.pipeline import actions, queries
from qingliu.privacy import actions as privacy
from qingliu.quality import actions as quality


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add these commands to the parser."""
    for name in ("setup", "migrate"):
        parser = commands.add_parser(name, help="建立或更新資料庫與目錄 make or update the database and folders")
        parser.add_argument("--mend", action="store_true", help=argparse.SUPPRESS)  # what ``up`` does before it serves
        parser.set_defaults(do=do_setup)

    work = commands.add_parser("work", help="只執行背景工作 run the worker alone")
    work.add_argument("--parent", type=int, default=0, help=argparse.SUPPRESS)
    work.set_defaults(do=do_work)

    for name, help_text, do in (
        ("verify", "重算保留版本的雜湊與列數 recompute hashes and counts of kept versions", do_verify),
        ("maintain", "整併、到期與驗證 compact, expire and verify", do_maintain),
    ):
        parser = commands.add_parser(name, help=help_text)
        parser.add_argument("codes", nargs="*", metavar="CODE", help="預設全部 default: all")
        parser.set_defaults(do=do)

    whole = commands.add_parser("bulk", help="製作整批檔與目錄傾印 make whole files and the dump of the catalogue")
    whole.set_defaults(do=do_bulk)

    copy = commands.add_parser("backup", help="備份整個平臺，執行中亦可 copy the whole portal while it runs")
    copy.add_argument("target", type=Path, metavar="FOLDER", help="尚不存在的資料夾 a folder that does not exist yet")
    copy.set_defaults(do=do_backup)

    again = commands.add_parser(
        "republish", help="由資料庫重建發布目錄 rebuild the published catalogue from the database"
    )
    again.set_defaults(do=do_republish)

    manage = commands.add_parser("manage", help="Django 管理指令 Django's own commands")
    manage.add_argument("rest", nargs=argparse.REMAINDER)
    manage.set_defaults(do=do_manage)


def prepare(by: Actor) -> None:
    """Bring folders, database, agencies and static files up to date; may be repeated."""
    LakePaths(settings.QINGLIU.home).make()
    call_command("migrate", verbosity=0, interactive=False)
    accounts.seed_agencies(by=by)
    privacy.seed()
    quality.seed_official(by=by)
    accounts.export_keys()
    call_command("collectstatic", verbosity=0, interactive=False)


def do_setup(args: argparse.Namespace, by: Actor) -> int:
    """Prepare the home."""
    prepare(by)
    if args.mend:
        actions.reconcile(by=by)
        return told.DONE
    told.say(f"已就緒 ready: {settings.QINGLIU.home}")
    return told.DONE


def do_work(args: argparse.Namespace, by: Actor) -> int:
    """Run the worker until told to stop."""
    return worker.work(args.parent, args.perform)


def do_verify(args: argparse.Namespace, by: Actor) -> int:
    """Verify every file of every kept version."""
    bad = 0
    for code in args.codes or queries.tables():
        found = actions.verify(code=code, by=by)
        bad += len(found)
        told.say(f"{code}: " + ("完好 sound" if not found else f"{len(found)} 個問題 problem(s)"))
        for f in found:
            told.say(f"  {f.place}: {f.reason.zh}{f.remedy.zh} {f.reason.en} {f.remedy.en}")
    return told.FAILED if bad else told.DONE


def do_bulk(args: argparse.Namespace, by: Actor) -> int:
    """What the worker does at night, now."""
    made, failed, dump = nightly.make_all(settings.QINGLIU)
    told.say(
        f"製作了 {made:,} 個整批檔，{failed:,} 個失敗；目錄傾印 {dump.day} 含 {dump.datasets:,} 個資料集。\n"
        f"{made:,} whole files made, {failed:,} failed; the dump of {dump.day} holds {dump.datasets:,} datasets.",
    )
    return told.FAILED if failed else told.DONE


def do_maintain(args: argparse.Namespace, by: Actor) -> int:
    """Compact, expire and verify."""
    bad = 0
    for code in args.codes or queries.tables():
        kept = actions.maintain(code=code, by=by)
        numbers = "、".join(f"v{n}" for n in kept.versions) or "-"
        told.say(f"{kept.code}: 更動版本 versions changed {numbers}，移除檔案 files removed {kept.removed:,}")
        for f in kept.findings:
            told.say(f"  {f.place}: {f.reason.zh}{f.remedy.zh} {f.reason.en} {f.remedy.en}")
        bad += len(kept.findings)
    removed = actions.expire(by=by)
    told.say(f"移除到期的隔離與暫緩資料 expired private data removed: {removed:,}")
    return told.FAILED if bad else told.DONE


def do_backup(args: argparse.Namespace, by: Actor) -> int:
    """Copy the portal."""
    made = actions.backup(target=args.target, by=by)
    told.say(f"已備份 {made.files:,} 個檔案、{made.bytes:,} 位元組、{made.datasets:,} 個資料集至 {args.target}。")
    told.say(f"{made.files:,} files, {made.bytes:,} bytes, {made.datasets:,} datasets backed up.")
    return told.DONE


def do_republish(args: argparse.Namespace, by: Actor) -> int:
    """Rebuild the published catalogue."""
    count = publication.publish_all()
    actions.tell_masking()
    told.say(f"發布目錄已重建：{count:,} 項。 The published catalogue has {count:,} entries.")
    return told.DONE


def do_manage(args: argparse.Namespace, by: Actor) -> int:
    """Hand the rest to Django."""
    execute_from_command_line(["qingliu manage", *args.rest])
    return told.DONE
