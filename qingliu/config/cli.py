"""The command ``qingliu``: one parser, one place where errors become words and exit codes.

Exit codes: 0 done · 1 failed, with the reason and the remedy · 2 wrong use or a bad setting · 3 held for a person.
"""

from __future__ import annotations

import argparse
import os
import pwd
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from qingliu import __version__
from qingliu.config import handing, server
from qingliu.core import env
from qingliu.core.errors import QingliuError
from qingliu.core.redact import redact
from qingliu.lake.paths import LakePaths
from qingliu.pipeline import locks

UP = "啟動網站、資料 API 與背景工作 start pages, data API and worker"
RESTORE = "由備份還原，平臺須先停止 bring a backup back; the portal must be stopped"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; answers its exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    try:
        settings = env.load()
        if given[:1] == ["serve-data"]:  # must run where Django and its database do not
            return _serve_data(settings, given[1:])
        if given[:1] == ["restore"]:
            return _restore(settings, given[1:]) or _with_django(["setup"]) or _with_django(["reconcile"])
        if given[:1] == ["up"]:
            return _up(settings, given[1:])
        code = handing.hand_over(settings, given) if given[:1] and given[0] in handing.COMMANDS else None
        return _with_django(given) if code is None else code
    except env.BadSetting as error:
        print(f"設定錯誤 Bad setting: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        print("已中斷 interrupted", file=sys.stderr)
        return 130


def _serve_data(settings: env.Settings, rest: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="qingliu serve-data", description="只提供資料 API serve the data API alone")
    parser.add_argument("--port", type=int, default=settings.port, help="0 = 任一可用埠 any free port")
    return server.serve_data(settings, port=parser.parse_args(rest).port)


def _restore(settings: env.Settings, rest: Sequence[str]) -> int:
    """Bring a backup back before anything has opened the home; Django is set up on what was restored, afterwards."""
    from qingliu.lake.restore import restore  # 80 MiB that the process which leads the others need not hold

    parser = argparse.ArgumentParser(prog="qingliu restore", description=RESTORE)
    parser.add_argument(
        "source", type=Path, metavar="FOLDER", help="qingliu backup 產生的資料夾 made by qingliu backup"
    )
    source = parser.parse_args(rest).source
    try:
        with locks.portal(LakePaths(settings.home)) as mine:
            if not mine:
                print("錯誤：平臺仍在執行，請先停止。\nError: the portal is running; stop it first.", file=sys.stderr)
                return 1
            made = restore(source, settings.home)
    except QingliuError as error:
        for line in (f"錯誤：{error.reason.zh}{error.remedy.zh}", f"Error: {error.reason.en} {error.remedy.en}"):
            print(redact(line), file=sys.stderr)
        return 1
    print(f"已還原 {made.made_at} 的備份，{made.datasets:,} 個資料集；原有資料保留在旁。")
    print(f"Restored the backup of {made.made_at}, {made.datasets:,} datasets; what was there is kept beside it.")
    return 0


def _up(settings: env.Settings, rest: Sequence[str]) -> int:
    """Prepare, mend, and serve until told to stop, in a process that stays small: another one does the preparing."""
    parser = argparse.ArgumentParser(prog="qingliu up", description=UP)
    parser.add_argument("--port", type=int, default=settings.port, help="0 = 任一可用埠 any free port")
    parser.add_argument("--no-worker", action="store_true", help="不啟動背景工作 without the worker")
    parser.add_argument(
        "--own-address",
        action="store_true",
        help="未設 QINGLIU_BASE_URL 時以印出的位址為公開位址 take the printed address as the public one where none is set",
    )
    args = parser.parse_args(rest)
    with locks.portal(LakePaths(settings.home)) as mine:
        if not mine:
            print("錯誤：這個資料目錄已有平臺在執行。請先停止它，或改用另一個 QINGLIU_HOME。", file=sys.stderr)
            print(
                "Error: A portal is already running on this home. Stop it first, or use another QINGLIU_HOME.",
                file=sys.stderr,
            )
            return 1
        code = _apart(["setup", "--mend"])
        if code:
            return code
        return server.up(settings, port=args.port, worker=not args.no_worker, own_address=args.own_address)


def _apart(given: Sequence[str]) -> int:
    """Run a command in a forked process; answers its exit code."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        code = _with_django(given)
    except KeyboardInterrupt:
        code = 130
    except Exception:  # an edge: this process ends here and must say why
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _with_django(given: Sequence[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qingliu.config.settings")
    import django

    django.setup()
    return perform(given)


def perform(given: Sequence[str]) -> int:
    """Carry out a command in a process where Django is set up; answers its exit code."""
    # after setup: these modules reach the models
    from qingliu.accounts.rules import operator
    from qingliu.config.commands import bilingual, data, demo, people, portal, privacy, quality, standards, told

    parser = argparse.ArgumentParser(prog="qingliu", description="清流 Qingliu：開放資料平臺 an open-data platform")
    parser.add_argument("--version", action="version", version=f"qingliu {__version__}")
    parser.set_defaults(perform=perform)  # the worker carries out what other commands hand over
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for subject in (portal, data, people, quality, standards, bilingual, privacy, demo):
        subject.add(commands)
    commands.add_parser("up", help=UP)
    commands.add_parser("serve-data", help="只提供資料 API，不需 Django serve the data API alone, without Django")
    commands.add_parser("restore", help=RESTORE)
    args = parser.parse_args(given)
    try:
        code: int = args.do(args, operator(_who()))
    except QingliuError as error:
        told.error(error)
        return told.FAILED
    return code


def _who() -> str:
    """The name of whoever holds the shell, for audit rows."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name  # never what LOGNAME or USER say: anybody may set those
    except (KeyError, OSError):  # no such user in the system's list
        return str(os.getuid())


if __name__ == "__main__":
    sys.exit(main())
