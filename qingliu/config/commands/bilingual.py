"""``qingliu bilingual``: judge datasets in both languages, and say or refuse wordings of cells."""

from __future__ import annotations

import argparse

from django.conf import settings

from qingliu.accounts.rules import Actor
from qingliu.bilingual import actions
from qingliu.bilingual.actions.judge import Judged
from qingliu.catalog import queries as catalogue
from qingliu.config.commands import told
from qingliu.config.data_api import make_engine


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("bilingual", help="雙語程度 judge datasets in both languages")
    parser.add_argument("codes", nargs="*", metavar="CODE")
    parser.add_argument("--field", default="", help="欄位 the column of a wording")
    parser.add_argument("--zh", default="", help="儲存格中文 the Chinese of a cell")
    parser.add_argument("--en", default="", help="英文；留空表示不採用 its English; empty refuses what a rule fills")
    parser.set_defaults(do=do_bilingual)


def do_bilingual(args: argparse.Namespace, by: Actor) -> int:
    """Take a wording where one is given; then learn, judge and print the table of levels."""
    if args.field and args.zh:
        for code in args.codes:
            if args.en:
                actions.word(code=code, field=args.field, zh=args.zh, en=args.en, by=by)
            else:
                actions.reject(code=code, field=args.field, zh=args.zh, by=by)
    codes = args.codes or [row.code for row in catalogue.datasets()]
    engine = make_engine(settings.QINGLIU)
    try:
        learnt = actions.learn(engine=engine, by=by)
        judged = actions.judge(codes=codes, engine=engine, by=by)
    finally:
        engine.close()
    if learnt.added:
        told.say(f"翻譯記憶新增 {learnt.added:,} 則。 {learnt.added:,} wordings learnt.")
    for zh, rivals in learnt.rivals[:20]:
        told.say(f"  不一致 at odds: {zh} → {' / '.join(rivals)}")
    head = (
        "資料集 dataset",
        "程度 level",
        "頁面 page",
        "欄位 columns",
        "內容值 values",
        "",
        "儲存格 cells",
        "發現 findings",
    )
    told.table(head, map(_line, judged), right=frozenset({1, 2, 3, 4, 5, 6, 7}))
    if args.codes:
        for one in judged:
            _details(one)
    return told.DONE


def _line(one: Judged) -> tuple[object, ...]:
    measure, contents = one.measure, one.measure.contents
    cells, covered = sum(c.cells for c in one.columns), sum(c.covered_cells for c in one.columns)
    return (
        one.code, measure.level, f"{measure.page.done}/{measure.page.of}", f"{measure.fields.done}/{measure.fields.of}",
        f"{contents.done}/{contents.of}" if contents else "–", f"{contents.share:.1%}" if contents else "",
        f"{covered / cells:.1%}" if cells else "–", len(one.findings),
    )  # fmt: skip


def _details(one: Judged) -> None:
    rows = [
        (c.name, c.distinct, c.covered, ", ".join(f"{o} {n}" for o, n in c.origins), "、".join(c.uncovered[:6])[:80])
        for c in one.columns
    ]
    told.table((one.code, "值 values", "有英文 covered", "依據 by", "缺 lacking"), rows, right=frozenset({1, 2}))
    for found in one.findings:
        told.say(f"[{found.severity}] {found.place}: {found.reason.zh} {found.reason.en}")
