"""Commands about agencies, people, roles and API keys."""

from __future__ import annotations

import argparse
import getpass
import os
import secrets

from qingliu.accounts import actions, queries
from qingliu.accounts.models import ApiKey
from qingliu.accounts.rules import ROLES, SCOPES, Actor
from qingliu.config.commands import told
from qingliu.core.clock import iso
from qingliu.core.dataset import Text
from qingliu.core.plans import NUMBERS, REGISTERED


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add these commands to the parser."""
    first = commands.add_parser("createadmin", help="建立管理者 make an administrator")
    user_arguments(first)
    first.set_defaults(do=do_user, action=actions.create_administrator)

    user = commands.add_parser("createuser", help="建立使用者 make a user without roles")
    user_arguments(user)
    user.set_defaults(do=do_user, action=actions.create_user)

    lost = commands.add_parser("forget-second-factor", help="手機遺失時重設第二道驗證 for a person whose phone is lost")
    lost.add_argument("username")
    lost.set_defaults(do=do_forget)

    role = commands.add_parser("role", help="授予或收回角色 grant or revoke a role")
    role.add_argument("what", choices=("grant", "revoke"))
    role.add_argument("username")
    role.add_argument("role", choices=ROLES)
    role.add_argument("--agency", default="", help="承辦或核定所屬機關 the agency of a steward or approver")
    role.set_defaults(do=do_role)

    agency = commands.add_parser("agency", help="機關 agencies").add_subparsers(required=True, metavar="add|list")
    new = agency.add_parser("add")
    new.add_argument("code")
    new.add_argument("zh")
    new.add_argument("en", nargs="?", default="")
    new.add_argument("--parent", default="")
    new.set_defaults(do=do_agency_add)
    agency.add_parser("list").set_defaults(do=do_agency_list)

    key = commands.add_parser("key", help="API 金鑰 API keys").add_subparsers(
        required=True, metavar="create|revoke|list"
    )
    create = key.add_parser("create")
    create.add_argument("label", help="用途 what it is for")
    create.add_argument("--scope", action="append", choices=SCOPES, help="預設 read; default read")
    create.add_argument("--days", type=int, default=365)
    create.add_argument("--agency", default="")
    create.add_argument("--plan", default=REGISTERED, help="用量方案 whose quotas hold for it")
    create.set_defaults(do=do_key_create)
    moved = key.add_parser("plan", help="改用另一個用量方案 count it under another plan")
    moved.add_argument("key_id")
    moved.add_argument("plan")
    moved.set_defaults(do=do_key_plan)
    revoke = key.add_parser("revoke")
    revoke.add_argument("key_id")
    revoke.set_defaults(do=do_key_revoke)
    key.add_parser("list").set_defaults(do=do_key_list)
    _add_plans(commands)


def _add_plans(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    plan = commands.add_parser("plan", help="用量方案 quotas of classes of callers").add_subparsers(
        required=True, metavar="set|list|forget"
    )
    change = plan.add_parser("set", help="修改或新增 change or add one")
    change.add_argument("name", help="anonymous, registered, partner, local … ")
    change.add_argument("--zh", default="", help="中文名稱 Chinese title")
    change.add_argument("--en", default="", help="英文名稱 English title")
    for name in NUMBERS:
        change.add_argument(f"--{name.replace('_', '-')}", type=int)
    change.set_defaults(do=do_plan_set)
    forget = plan.add_parser("forget", help="回到預設或移除 back to how it was made, or away")
    forget.add_argument("name")
    forget.set_defaults(do=do_plan_forget)
    plan.add_parser("list").set_defaults(do=do_plan_list)


def user_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of a command that makes a person."""
    parser.add_argument("username")
    parser.add_argument("--email", default="")
    parser.add_argument(
        "--generate",
        action="store_true",
        help="產生密碼並顯示一次 make a password and show it once; else QINGLIU_PASSWORD or a prompt",
    )


def _password(*, generate: bool) -> str:
    """From the environment, made up, or asked for twice; never an argument, which other users of the machine could see."""
    if generate:
        return secrets.token_urlsafe(18)
    given = os.environ.get("QINGLIU_PASSWORD", "")
    return given or getpass.getpass("密碼 password: ")


def do_user(args: argparse.Namespace, by: Actor) -> int:
    """Make a person."""
    password = _password(generate=args.generate)
    args.action(username=args.username, password=password, email=args.email, by=by)
    told.say(f"已建立 {args.username}。 {args.username} was made.")
    if args.generate:
        told.say(f"密碼（只顯示這一次） password, shown only now: {password}")
    return told.DONE


def do_forget(args: argparse.Namespace, by: Actor) -> int:
    """Let a person set the second factor up anew."""
    forgotten = actions.forget_second_factor(username=args.username, by=by)
    told.say(f"{args.username}：已清除 {forgotten} 項第二道驗證。 {forgotten} second factors were forgotten.")
    return told.DONE


def do_role(args: argparse.Namespace, by: Actor) -> int:
    """Grant or revoke a role."""
    change = actions.grant_role if args.what == "grant" else actions.revoke_role
    change(username=args.username, role=args.role, agency=args.agency, by=by)
    told.say(f"{args.username}: {args.what} {args.role} {args.agency}".rstrip())
    return told.DONE


def do_agency_add(args: argparse.Namespace, by: Actor) -> int:
    """Add an agency."""
    actions.add_agency(code=args.code, name=Text(args.zh, args.en), parent=args.parent, by=by)
    told.say(f"已新增機關 {args.code}。 Agency {args.code} was added.")
    return told.DONE


def do_agency_list(args: argparse.Namespace, by: Actor) -> int:
    """All agencies."""
    rows = [(a.code, a.name_zh, a.name_en, a.parent.code if a.parent else "") for a in queries.agencies()]
    told.table(("代碼 code", "中文", "English", "上級 parent"), rows)
    return told.DONE


def do_key_create(args: argparse.Namespace, by: Actor) -> int:
    """Make a key and show it once."""
    scopes = tuple(args.scope or ("read",))
    key = actions.create_key(label=args.label, scopes=scopes, days=args.days, agency=args.agency, plan=args.plan, by=by)
    told.say(f"金鑰編號 number: {key.key_id}　到期 expires: {iso(key.expires_at)}　範圍 scopes: {','.join(scopes)}")
    told.say("金鑰只顯示這一次，請妥善保存。 The key is shown only now; keep it safe.")
    told.say(key.token)
    return told.DONE


def do_key_revoke(args: argparse.Namespace, by: Actor) -> int:
    """Revoke a key."""
    actions.revoke_key(key_id=args.key_id, by=by)
    told.say(f"金鑰 {args.key_id} 已撤銷，五秒內失效。 Key {args.key_id} is revoked and refused within five seconds.")
    return told.DONE


def do_key_list(args: argparse.Namespace, by: Actor) -> int:
    """All keys, without the keys."""
    rows = [
        (
            k.key_id,
            k.label,
            ",".join(k.scopes),
            k.agency.code if k.agency else "",
            iso(k.expires_at),
            k.plan,
            "撤銷 revoked" if k.revoked_at else "",
        )
        for k in ApiKey.objects.select_related("agency")
    ]
    told.table(("編號 number", "用途 label", "範圍 scopes", "機關 agency", "到期 expires", "方案 plan", ""), rows)
    return told.DONE


def do_key_plan(args: argparse.Namespace, by: Actor) -> int:
    """Count a key under another plan."""
    actions.set_key_plan(key_id=args.key_id, plan=args.plan, by=by)
    told.say(f"金鑰 {args.key_id} 改用方案 {args.plan}。 Key {args.key_id} is counted under plan {args.plan}.")
    return told.DONE


def do_plan_set(args: argparse.Namespace, by: Actor) -> int:
    """Change or add a plan."""
    numbers = {n: getattr(args, n) for n in NUMBERS if getattr(args, n) is not None}
    title = Text(args.zh or args.name, args.en or args.name) if args.zh or args.en else None
    actions.set_plan(name=args.name, title=title, numbers=numbers, by=by)
    told.say(f"方案 {args.name} 已設定，五秒內生效。 Plan {args.name} is set and holds within five seconds.")
    return told.DONE


def do_plan_forget(args: argparse.Namespace, by: Actor) -> int:
    """A plan as it was made, or away."""
    actions.forget_plan(name=args.name, by=by)
    told.say(f"已移除方案 {args.name} 的設定。 What was set for plan {args.name} is forgotten.")
    return told.DONE


def do_plan_list(args: argparse.Namespace, by: Actor) -> int:
    """Every plan with its numbers."""
    rows = [(p.name, p.title.zh, p.title.en, *(str(getattr(p, n)) for n in NUMBERS)) for p in queries.plans().values()]
    told.table(("方案 plan", "中文", "English", *NUMBERS), rows)
    return told.DONE
