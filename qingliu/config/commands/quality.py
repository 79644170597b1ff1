"""Commands about quality: judge, contest, whitelist, marks, official."""

from __future__ import annotations

import argparse
import time
from datetime import date
from pathlib import Path

from django.conf import settings

from qingliu.accounts.rules import Actor
from qingliu.config import wiring
from qingliu.config.commands import told
from qingliu.config.commands.data import text_of
from qingliu.core.clock import now
from qingliu.core.dataset import Text
from qingliu.quality import actions, queries
from qingliu.quality.models import Judgement
from qingliu.quality.rules.result import Result

STATES = {
    "pass": "符合", "fail": "不符", "unknown": "不計", "not_measured": "未檢測", "not_applicable": "不適用",
    "white_listed": "白名單",
}  # fmt: skip
SIGNS = {"pass": "○", "fail": "✕", "unknown": "–", "not_measured": "?", "not_applicable": "·", "white_listed": "w"}


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add these commands to the parser."""
    judge = commands.add_parser("judge", help="檢測品質：標章、MQA、內容 judge quality: marks, MQA, contents")
    judge.add_argument("codes", nargs="*", metavar="CODE", help="預設全部 default: everything")
    judge.add_argument("--due", action="store_true", help="只檢測到期者 only what is due")
    judge.add_argument("--links", action="store_true", help="先檢查外部網址 check addresses outside first")
    judge.set_defaults(do=do_judge)

    disputes = commands.add_parser("contest", help="異議 contests").add_subparsers(required=True, metavar="list|decide")
    shown = disputes.add_parser("list")
    shown.add_argument("--state", default="", choices=("", "open", "upheld", "rejected"))
    shown.set_defaults(do=do_contests)
    raised = disputes.add_parser("raise")
    raised.add_argument("code", metavar="CODE")
    raised.add_argument("target", metavar="TARGET", help="indicator:NAME | finding:ID")
    raised.add_argument("--reason", required=True)
    raised.set_defaults(do=do_raise)
    decided = disputes.add_parser("decide")
    decided.add_argument("number", type=int)
    decided.add_argument("verdict", choices=("uphold", "reject"))
    decided.add_argument("--reason", required=True)
    decided.set_defaults(do=do_decide)

    white = commands.add_parser("whitelist", help="白名單 the white list").add_subparsers(
        required=True, metavar="list|add|end"
    )
    white.add_parser("list").set_defaults(do=do_white)
    for name, do in (("add", do_white_add), ("end", do_white_end)):
        one = white.add_parser(name)
        one.add_argument("code", metavar="CODE")
        one.add_argument("--indicator", default="")
        one.add_argument("--reason", required=True)
        if name == "add":
            one.add_argument("--review", type=_day, required=True, metavar="YYYY-MM-DD")
        one.set_defaults(do=do)

    marks = commands.add_parser("marks", help="標章規則 the rules of the marks").add_subparsers(
        required=True, metavar="show|add"
    )
    marks.add_parser("show").set_defaults(do=do_marks)
    edition = marks.add_parser("add")
    edition.add_argument("file", type=Path, metavar="FILE.yaml")
    edition.set_defaults(do=do_marks_add)

    formal = commands.add_parser("official", help="官方標章與數字 official marks and figures")
    kinds = formal.add_subparsers(required=True, metavar="import|figures|reconcile")
    brought = kinds.add_parser("import")
    brought.add_argument("file", type=Path, metavar="FILE")
    brought.add_argument("--edition", required=True)
    brought.add_argument("--date", required=True, type=_day, metavar="YYYY-MM-DD")
    brought.add_argument("--source", required=True)
    brought.set_defaults(do=do_import)
    kinds.add_parser("figures").set_defaults(do=do_figures)
    report = kinds.add_parser("reconcile")
    report.add_argument("entries", type=Path, metavar="CATALOGUE.csv")
    report.add_argument("api", type=Path, metavar="API.csv")
    report.set_defaults(do=do_official_reconcile)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: YYYY-MM-DD") from None


def do_judge(args: argparse.Namespace, by: Actor) -> int:
    """Judge, and show the table."""
    wiring.connect_judges(settings.QINGLIU)
    if args.links:
        checked = actions.check_links(by=by)
        failing = sum(1 for row in checked if row.failures)
        told.say(
            f"外部網址 {len(checked):,} 個，{failing:,} 個未正常回應。 {len(checked):,} addresses outside, {failing:,} failing."
        )
    codes = queries.due(now()) if args.due else args.codes
    if args.due and not codes:
        told.say("沒有到期的項目。 Nothing is due.")
        return told.DONE
    began = time.monotonic()
    rows = actions.judge_all(codes=codes, by=by)
    table(rows)
    if len(args.codes) == 1:
        detail(queries.result(rows[0]))
    took = f"{time.monotonic() - began:.1f}"
    told.say(f"檢測 {len(rows):,} 項，費時 {took} 秒。 {len(rows):,} judged in {took} s.")
    return told.DONE


def table(rows: list[Judgement]) -> None:
    """A line for each published dataset; what is only listed as counts."""
    edition = queries.edition()
    shown = [r for r in rows if r.kind != "listed"]
    ids = [i.id for i in edition.indicators]
    lines = []
    for row in sorted(shown, key=lambda r: r.code):
        result = queries.result(row)
        signs = {r.indicator: SIGNS[r.state] for r in result.indicators}
        held = result.next
        by = "、".join(edition.indicator(i).title.zh for i in held.by) if held else ""
        why = f"{edition.title(held.mark).zh}{'不符' if held.state == 'failed' else '未檢測'}：{by}" if held else ""
        mqa = f"{row.mqa_points}" if row.mqa_points is not None else "-"
        found = sum(row.findings.values())
        lines.append((row.code, edition.title(row.mark).zh, *(signs[i] for i in ids), mqa, found, why))
    if lines:
        head = (
            "資料集 dataset",
            "標章 mark",
            *("連", "載", "構", "編", "欄", "時", "復"),
            "MQA",
            "發現",
            "下一級 next",
        )
        told.table(head, lines, right=frozenset({9, 10}))
        told.say("  ○符合 pass ✕不符 fail –不計 unknown ·不適用 n/a ?未檢測 not measured w白名單 white-listed")
    counts: dict[str, int] = {}
    for row in rows:
        if row.kind == "listed":
            counts[row.mark] = counts.get(row.mark, 0) + 1
    if counts:
        told.say(
            "只列目錄 listed only: " + "、".join(f"{edition.title(m).zh} {n:,}" for m, n in sorted(counts.items()))
        )
    again = "（推定重建 a reconstruction）" if edition.reconstruction else ""
    told.say(
        f"標章規則 mark rules: {edition.name} {edition.date}{again}；本平臺檢測，非官方標章 our measure, not the official mark"
    )


def detail(result: Result) -> None:
    """Every reading of one dataset, then its findings."""
    edition = queries.edition()
    for r in result.indicators:
        told.say(f"  [{STATES[r.state]}] {edition.indicator(r.indicator).title.zh}：{r.reason.zh}{r.remedy.zh}")
        told.say(f"      {edition.indicator(r.indicator).title.en}: {r.state}. {r.reason.en} {r.remedy.en}".rstrip())
    for f in result.findings:
        told.say(f"  [{f.severity}] {f.rule} {'、'.join(f.columns)} ×{f.count:,}：{f.reason.zh}{f.remedy.zh}")
        told.say(f"      {f.reason.en} {f.remedy.en}".rstrip() + (f"  filter={f.rows}" if f.rows else ""))
    for text in result.skipped:
        told.say(f"  － {text.zh} {text.en}")


def do_contests(args: argparse.Namespace, by: Actor) -> int:
    """The contests."""
    rows = [
        (c.pk, c.code, c.subject, c.get_state_display(), f"{c.raised_at:%Y-%m-%d}", c.reason[:40], c.decision[:40])
        for c in queries.contests(state=args.state)
    ]
    told.table(
        ("編號 no.", "資料集 dataset", "對象 about", "狀態 state", "提出 raised", "理由 reason", "決定 decision"), rows
    )
    return told.DONE


def do_raise(args: argparse.Namespace, by: Actor) -> int:
    """Contest something."""
    row = actions.contest(code=args.code, target=args.target, reason=args.reason, by=by)
    told.say(f"異議 {row.pk} 已提出。 Contest {row.pk} is raised.")
    return told.DONE


def do_decide(args: argparse.Namespace, by: Actor) -> int:
    """Decide a contest; the dataset is judged again."""
    row = actions.decide(number=args.number, uphold=args.verdict == "uphold", reason=args.reason, by=by)
    wiring.connect_judges(settings.QINGLIU)
    table([actions.judge(code=row.code, by=by)])
    told.say(f"異議 {row.pk}: {row.get_state_display()} {row.state}")
    return told.DONE


def do_white(args: argparse.Namespace, by: Actor) -> int:
    """The white list."""
    rows = [(w.code, w.indicator or "*", w.reason_zh, str(w.review_on), w.added_by) for w in queries.white_list()]
    told.table(("資料集 dataset", "指標 indicator", "理由 reason", "複查 review", "by"), rows)
    return told.DONE


def do_white_add(args: argparse.Namespace, by: Actor) -> int:
    """Excuse a dataset."""
    reason = Text(args.reason, "")
    row = actions.white_list(code=args.code, indicator=args.indicator, reason=reason, review_on=args.review, by=by)
    told.say(f"{row.code}: 已列入白名單，{row.review_on} 複查。 White-listed until the review of {row.review_on}.")
    return told.DONE


def do_white_end(args: argparse.Namespace, by: Actor) -> int:
    """Excuse it no longer."""
    row = actions.end_white_listing(code=args.code, indicator=args.indicator, reason=args.reason, by=by)
    told.say(f"{row.code}: 已移出白名單。 No longer white-listed.")
    return told.DONE


def do_marks(args: argparse.Namespace, by: Actor) -> int:
    """The edition in force."""
    e = queries.edition()
    told.say(
        f"{e.name} {e.date} {'推定重建 reconstruction' if e.reconstruction else ''}\n  {e.source.zh}\n  {e.source.en}"
    )
    for mark in e.marks:
        needs = "、".join(e.indicator(n).title.zh for n in mark.needs)
        told.say(f"  {mark.title.zh} {mark.title.en} ({mark.weight:g}): + {needs}")
    return told.DONE


def do_marks_add(args: argparse.Namespace, by: Actor) -> int:
    """Put an edition in force."""
    row = actions.add_edition(text=text_of(args.file), by=by)
    told.say(
        f"標章規則 {row.name} 已生效；請執行 qingliu judge。 Mark rules {row.name} are in force; run qingliu judge."
    )
    return told.DONE


def do_import(args: argparse.Namespace, by: Actor) -> int:
    """Import an official edition."""
    done = actions.import_official(path=args.file, edition=args.edition, day=args.date, source=args.source, by=by)
    told.say(f"{done.edition}: 標章 {done.marks:,} 筆（對得上代碼 {done.matched:,}），數字 {done.figures:,} 筆。")
    told.say(f"{done.edition}: {done.marks:,} marks ({done.matched:,} matched to codes), {done.figures:,} figures.")
    return told.DONE


def do_figures(args: argparse.Namespace, by: Actor) -> int:
    """Official figures beside ours."""
    rows = [
        (
            "官方 official" if f.whose == "official" else "本平臺 ours", f.subject.zh, f.title.zh, f"{f.value:,g}{f.unit}",
            f.edition, f.date, f.counts.zh,
        )
        for f in queries.figures()
    ]  # fmt: skip
    told.table(
        ("誰的 whose", "對象 of", "項目 measure", "數值 value", "版次 edition", "日期 date", "計什麼 counts"),
        rows,
        right=frozenset({3}),
    )
    return told.DONE


def do_official_reconcile(args: argparse.Namespace, by: Actor) -> int:
    """834, 791 and 816, by code."""
    for line in actions.reconcile(entries=args.entries, api=args.api, by=by):
        told.say(f"{line.count:>6,}  {line.what.zh}：{line.how.zh}")
        told.say(f"        {line.what.en}: {line.how.en}")
        if line.codes:
            told.say(f"        {'、'.join(line.codes[:60])}")
    return told.DONE
