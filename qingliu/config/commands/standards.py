"""Commands about data standards: look the register up, and judge datasets by it."""

from __future__ import annotations

import argparse

from django.conf import settings

from qingliu.accounts.rules import Actor
from qingliu.catalog import conformance, queries
from qingliu.config.commands import told
from qingliu.config.data_api import make_engine
from qingliu.standards import register


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add these commands to the parser."""
    parser = commands.add_parser(
        "standards", help="資料標準登錄與符合性 the register of standards, and conformance to it"
    )
    inner = parser.add_subparsers(dest="what", required=True, metavar="list|check")
    listing = inner.add_parser("list", help="標準、主題與屬性 standards, subjects and properties")
    listing.add_argument("name", nargs="?", default="", help="主題、屬性或代碼表 a subject, a property or a code list")
    listing.set_defaults(do=do_list)
    check = inner.add_parser("check", help="檢核資料集並公布 judge datasets and say so in public")
    check.add_argument("codes", nargs="*", metavar="CODE")
    check.add_argument("--diff", action="store_true", help="印出建議的定義變更 print the proposed definition as a diff")
    check.set_defaults(do=do_check)


def do_list(args: argparse.Namespace, by: Actor) -> int:
    """The register: everything in short, or one entry in full."""
    if not args.name:
        rows = [
            (s.code, f"{s.domain.zh} > {s.category.zh}", s.origin.edition, "草案 draft" if s.origin.draft else "",
             sum(len(x.properties) for x in s.subjects))
            for s in register.standards()
        ]  # fmt: skip
        told.table(("標準 standard", "", "版次 edition", "", "屬性 properties"), rows, right=frozenset({4}))
        for announced in register.announcements():
            told.say(f"{announced.number}：{'、'.join(c.title.zh for c in announced.categories)}")
        return told.DONE
    if args.name in register.code_lists():
        found = register.code_list(args.name)
        told.say(f"{found.title.zh} {found.title.en}（{found.origin.source.zh}）")
        told.table(("代碼 code", "名稱", "name"), [(c.code, c.name.zh, c.name.en) for c in found.codes])
        return told.DONE
    subject = register.subjects().get(args.name)
    properties = subject.properties if subject else (register.property_of(args.name),)
    lines = []
    for listed in properties:
        p = register.property_of(listed.code)
        lines.append((p.code, p.title.zh, p.kind, p.domain or p.lists, p.regexp, "草案 draft" if p.draft else p.uri))
    told.table(("屬性 property", "名稱", "型別", "值域", "驗證", "URI"), lines)
    return told.DONE


def do_check(args: argparse.Namespace, by: Actor) -> int:
    """Judge by the register what is published, put the findings into the catalogue and print them."""
    codes = args.codes or [row.code for row in queries.datasets()]
    engine = make_engine(settings.QINGLIU)
    try:
        judged = conformance.publish([queries.dataset(c).code for c in codes], engine)
    finally:
        engine.close()
    rows = [
        (code, f"v{j.report.version}" if j.report.version else "–", f"{len(j.report.columns)}/{_fields(j)}",
         j.report.cells, j.report.faulty, sum(c.excused for c in j.report.columns), j.report.spatial)
        for code, j in judged.items()
    ]  # fmt: skip
    head = ("資料集 dataset", "版本", "對應 mapped", "格 cells", "不合 failing", "標準之過 standard's", "圖資 spatial")
    told.table(head, rows, right=frozenset({3, 4, 5}))
    if args.codes:
        for code, one in judged.items():
            _details(code, one, diff=args.diff)
    return told.DONE


def _fields(judged: conformance.Judged) -> int:
    return len(judged.report.columns) + len(judged.report.unmapped)


def _details(code: str, judged: conformance.Judged, *, diff: bool) -> None:
    for found in judged.findings:
        told.say(f"[{found.severity}] {code} {found.place}: {found.reason.zh} {found.remedy.zh}")
        told.say(f"    {found.reason.en} {found.remedy.en}")
        if found.rows:
            told.say(f"    filter: {found.rows[:300]}")
    rows = [
        (c.doing, c.field, c.before[:24], c.after[:40], c.cells, "選擇性 optional" if c.optional else "")
        for c in judged.changes
    ]
    if rows:
        told.table(("變更 change", "欄位", "原 before", "改 after", "格", ""), rows, right=frozenset({4}))
    if diff and judged.proposal:
        told.say(judged.proposal)
