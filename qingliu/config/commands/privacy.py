"""Commands about privacy: mask rules and who approves them, the restricted list, assessments, reviews, scanning."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

import yaml

from qingliu.accounts.rules import Actor
from qingliu.config.commands import told
from qingliu.config.commands.data import text_of
from qingliu.core.clock import TAIPEI, now
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest
from qingliu.pipeline import actions as pipeline
from qingliu.pipeline.rules import PRIVACY
from qingliu.privacy import actions, queries
from qingliu.privacy.gate.policy import read_rule
from qingliu.privacy.models import ListEdition


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("privacy", help="遮罩規則、限制名單、評估與複查 mask rules, restricted list, reviews")
    parts = parser.add_subparsers(dest="part", required=True, metavar="PART")
    parts.add_parser("rules", help="規則與其狀態 rules and their state").set_defaults(do=do_rules)
    propose = parts.add_parser("propose", help="提出規則 propose a rule")
    propose.add_argument("file", type=Path, metavar="RULE.yaml")
    propose.add_argument("--reason", required=True)
    propose.set_defaults(do=do_propose)
    for name, help_text in (("approve", "核可他人提出的規則 approve a rule"), ("retire", "提議廢止 retire a rule")):
        deciding = parts.add_parser(name, help=help_text)
        deciding.add_argument("rule", metavar="RULE")
        deciding.add_argument("--reason", required=True)
        if name == "approve":
            deciding.add_argument("--reject", action="store_true", help="不核可 reject it instead")
            deciding.add_argument("--review-on", type=date.fromisoformat, metavar="DATE")
        deciding.set_defaults(do=do_approve if name == "approve" else do_retire)
    _restricted(parts)
    scan = parts.add_parser("scan", help="以現行規則重看已發布資料 look at what is published under the rules in force")
    scan.add_argument("code", metavar="CODE")
    scan.set_defaults(do=do_scan)
    assess = parts.add_parser("assess", help="評估關聯 assess linkage")
    assess.add_argument("code", metavar="CODE")
    assess.add_argument("other", metavar="OTHER")
    assess.add_argument("--answer", required=True, choices=("no-linkage", "public"))
    assess.add_argument("--reason", required=True)
    assess.add_argument("--basis", required=True)
    assess.add_argument("--review-on", required=True, type=date.fromisoformat, metavar="DATE")
    assess.set_defaults(do=do_assess)
    parts.add_parser("reviews", help="複查日程與逾期 what is to be reviewed, and when").set_defaults(do=do_reviews)


def _restricted(parts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    listed = parts.add_parser("restricted", help="限制名單 the restricted list")
    doing = listed.add_subparsers(dest="doing", required=True, metavar="DOING")
    bring = doing.add_parser("import", help="匯入下一版 bring the next edition of the whole list")
    bring.add_argument("file", type=Path, metavar="FILE.csv")
    bring.add_argument("--basis", required=True)
    bring.add_argument("--review-on", required=True, type=date.fromisoformat, metavar="DATE")
    bring.set_defaults(do=do_import)
    approve = doing.add_parser("approve", help="核可他人匯入的一版 approve an edition")
    approve.add_argument("number", type=int, metavar="N")
    approve.add_argument("--reject", action="store_true")
    approve.set_defaults(do=do_approve_list)
    doing.add_parser("editions", help="各版筆數與狀態 editions").set_defaults(do=do_editions)


def do_rules(args: argparse.Namespace, by: Actor) -> int:
    """Every edition of every rule."""
    rows = [
        (
            r.name,
            r.edition,
            r.state + ("（廢止 retires）" if r.retires else ""),
            r.made_by,
            r.decided_by,
            r.review_on or "",
        )
        for r in queries.rules()
    ]
    head = ("規則 rule", "版 edition", "狀態 state", "承辦 made by", "核可 decided by", "複查 review")
    told.table(head, rows)
    return told.DONE


def do_propose(args: argparse.Namespace, by: Actor) -> int:
    """Put a rule before somebody else."""
    try:
        plain = yaml.safe_load(text_of(args.file))
    except yaml.YAMLError as error:
        raise BadRequest(
            Text("規則檔不是 YAML。", "The rule's file is no YAML."), Text("請修正格式。", "Mend it."), parameter="file"
        ) from error
    row = actions.propose(rule=read_rule(plain), why=args.reason, by=by)
    told.say(f"{row.name} 第 {row.edition} 版待另一人核可。 Edition {row.edition} waits for another person's approval.")
    return told.DONE


def do_approve(args: argparse.Namespace, by: Actor) -> int:
    """Approve or reject somebody else's rule."""
    row = actions.decide(
        name=args.rule, approve=not args.reject, reason=args.reason, review_on=args.review_on, by=by
    )  # fmt: skip
    told.say(f"{row.name} 第 {row.edition} 版 edition {row.edition}: {row.state}，複查 review {row.review_on or '-'}")
    return told.DONE


def do_retire(args: argparse.Namespace, by: Actor) -> int:
    """Propose that a rule no longer acts."""
    row = actions.retire(name=args.rule, why=args.reason, by=by)
    told.say(f"{row.name} 廢止案待另一人核可。 The retirement waits for another person's approval.")
    return told.DONE


def do_import(args: argparse.Namespace, by: Actor) -> int:
    """Bring the next edition of the restricted list; nothing of it is printed."""
    row = actions.import_list(text=text_of(args.file), basis=args.basis, review_on=args.review_on, by=by)
    told.say(f"第 {row.number} 版限制名單 {row.sites:,} 筆已加密，待另一人核可；請銷毀來源檔。")
    told.say(
        f"Edition {row.number}, {row.sites:,} sites, sealed; it waits for another person. Destroy the source file."
    )
    return told.DONE


def do_approve_list(args: argparse.Namespace, by: Actor) -> int:
    """Approve or reject an edition that somebody else brought."""
    row = actions.decide_list(number=args.number, approve=not args.reject, by=by)
    told.say(f"第 {row.number} 版 edition {row.number}: {row.state}（{row.sites:,}）")
    return told.DONE


def do_editions(args: argparse.Namespace, by: Actor) -> int:
    """How many sites each edition has, and who answers for it; never a site."""
    rows = [(e.number, e.sites, e.state, e.made_by, e.decided_by, e.review_on) for e in ListEdition.objects.all()]
    told.table(("版 edition", "筆數 sites", "狀態 state", "承辦 made by", "核可 decided by", "複查 review"), rows)
    return told.DONE


def do_scan(args: argparse.Namespace, by: Actor) -> int:
    """What the rules in force would still change or hold in what is published."""
    verdict, masking = pipeline.scan(code=args.code, by=by)
    told.say(f"{args.code}: 尚待遮罩 still to be masked {masking.cells:,}（{masking.rows:,} 列 rows）")
    for found in verdict.findings:
        told.say(f"  [{found.severity}] {found.reason.zh}{found.remedy.zh}")
        told.say(f"  {' ' * len(found.severity)}   {found.reason.en} {found.remedy.en}")
    return told.DONE if verdict.outcome == "publish" and verdict.judge == PRIVACY else told.HELD


def do_assess(args: argparse.Namespace, by: Actor) -> int:
    """Answer whether masked rows can be joined back through another dataset."""
    row = actions.assess(
        dataset=args.code, other=args.other, answer=args.answer, reason=args.reason, basis=args.basis,
        review_on=args.review_on, by=by,
    )  # fmt: skip
    told.say(f"{row.dataset} × {row.other}: {row.answer}，複查 review {row.review_on}")
    return told.DONE


def do_reviews(args: argparse.Namespace, by: Actor) -> int:
    """The calendar of reviews; a due one makes the command answer 3."""
    found = queries.reviews(now().astimezone(TAIPEI).date())
    rows = [(r.review_on, "逾期 due" if r.overdue else "", r.kind, r.name, r.by) for r in found]
    told.table(("複查 review", "", "種類 kind", "名稱 name", "核可 by"), rows)
    return told.HELD if any(r.overdue for r in found) else told.DONE
