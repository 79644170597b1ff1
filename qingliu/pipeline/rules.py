"""The judgement of a delivery: has its shape drifted, may it be seen, and what follows. Pure functions over values."""

from __future__ import annotations

import hashlib
import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import re2

from qingliu.core.dataset import Definition, Text
from qingliu.core.records import CellBalance, Finding, Outcome, Verdict


class State(StrEnum):
    """Where a run is; the last five are ends."""

    READING = "reading"
    SHAPING = "shaping"
    JUDGING = "judging"
    COMMITTING = "committing"
    RECORDED = "recorded"
    PUBLISHED = "published"
    UNCHANGED = "unchanged"
    HELD = "held"
    REJECTED = "rejected"
    FAILED = "failed"


UNFINISHED = (State.READING, State.SHAPING, State.JUDGING, State.COMMITTING, State.RECORDED)
SETTLED = (State.PUBLISHED, State.RECORDED, State.UNCHANGED)  # the dataset equals this delivery
DRIFT, PRIVACY, BALANCE, DECISIONS = "drift", "privacy", "balance", "decisions"
RETYPED_FIRST = 0.5  # share of filled cells in quarantine that holds a first delivery
RETYPED_LATER = 0.05  # the same for a later one, if it is also five times what it was
TENFOLD_WITHIN = 0.06  # all quartiles within 15 % of ten times (log10); more may happen by itself
WITHIN = 0.3  # within twice of a hundred times and more
_HOURS = "(hours)"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a delivery looked like from outside: raw headers, rows, quarantined share of filled cells by column."""

    columns: tuple[str, ...]
    rows: int
    shares: tuple[tuple[str, float], ...]
    missing: tuple[str, ...] = ()
    header_row: int = 0  # 1-based line of the header; 0 where the source has none
    scales: tuple[tuple[str, str, float, float, float], ...] = ()  # column, item, quartiles of the sizes of its numbers


def contested(rows: int, code: str) -> Verdict:
    """The source delivers something else than what a decision about a row rests on: told, and the decision stands."""
    finding = Finding(
        "decisions.contested",
        code,
        Text(
            f"有 {rows} 列已更正或判定過，來源這次提供的內容與當時不同；決定仍有效，來源的列已擱置。",
            f"{rows} rows with a standing decision came with other content; the decisions stand, these rows are set aside.",
        ),
        Text(
            "在隔離資料查看這些列，再以 qingliu correct 重新決定（_status=delivered 採用來源）。",
            "See them in quarantine and decide anew with qingliu correct (_status=delivered takes the source's).",
        ),
        "warning",
        rows,
    )
    return Verdict(DECISIONS, (finding,))


def shares(cells: Iterable[CellBalance]) -> tuple[tuple[str, float], ...]:
    """Quarantined cells of each column as a share of its filled cells."""
    return tuple((c.column, round(c.quarantined / max(1, c.read - c.empty), 6)) for c in cells)


def fingerprint(digests: Sequence[tuple[str, str]], *, names_matter: bool, policy: str = "") -> str:
    """One hash over a delivery's files in their order: (name, sha256); names count where a column is filled from them,
    and the mask rules under which they are read, for the same file may be published otherwise under others."""
    whole = hashlib.sha256(policy.encode())
    for name, digest in digests:
        whole.update(f"{name if names_matter else ''}\0{digest}\n".encode())
    return whole.hexdigest()


def drift(before: Seen | None, now: Seen, definition: Definition) -> Verdict:
    """How a delivery differs in shape from the last published one. Any difference that may change meaning holds it."""
    findings = [*_volume(before, now, definition), *_retyped(before, now), *_rescaled(before, now)]
    if before is None:
        optional = {f.name for f in definition.dataset.fields if f.optional}
        findings += [_first_missing(name) for name in now.missing if name not in optional]
    else:
        findings += _headers(before, now, definition)
    return Verdict(DRIFT, tuple(findings))


def _finding(rule: str, place: str, reason: Text, remedy: Text | None = None, *, severity: str = "hold") -> Finding:
    told = remedy or Text(
        "確認來源；若屬實，修改定義檔後重送，或以 qingliu release 附理由放行。",
        "Check the source; if it is meant, change the definition and send again, or release it with a reason.",
    )
    return Finding(rule, place, reason, told, severity)  # type: ignore[arg-type]


def _first_missing(name: str) -> Finding:
    return _finding(
        "column-missing",
        name,
        Text(
            f"來源中沒有已宣告的欄位「{name}」，其值皆為空。",
            f"Declared column '{name}' is not in the source; it is empty.",
        ),
        severity="warning",
    )


def canonical(headers: Iterable[str], definition: Definition) -> list[str]:
    """Headers under the declared names they carry (a declared alias is no drift); hour columns of a wide table as one."""
    known = {_plain(n): f.name for f in reversed(definition.dataset.fields) for n in (*f.aliases, f.name)}
    wide = definition.read.unpivot
    pattern = re2.compile(wide.columns) if wide else None
    names: list[str] = []
    for header in headers:
        if pattern and pattern.fullmatch(unicodedata.normalize("NFKC", header.strip())):
            name = _HOURS
        else:
            name = known.get(_plain(header), _plain(header))
        if name not in names:
            names.append(name)
    return names


def _plain(header: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", header).split()).casefold()


def _headers(before: Seen, now: Seen, definition: Definition) -> list[Finding]:
    optional = {f.name for f in definition.dataset.fields if f.optional}
    old, new = ([c for c in canonical(s.columns, definition) if c not in optional] for s in (before, now))
    gone, come = [c for c in old if c not in new], [c for c in new if c not in old]
    findings = []
    for name in list(gone):
        at = old.index(name)
        other = new[at] if at < len(new) else ""
        if other in come:  # in the same place, under a name that nobody knew
            gone.remove(name)
            come.remove(other)
            reason = Text(
                f"第 {at + 1} 欄由「{name}」改名為「{other}」。",
                f"Column {at + 1} was renamed from '{name}' to '{other}'.",
            )
            findings.append(_finding("column-renamed", name, reason))
    findings += [
        _finding(
            "column-missing", c, Text(f"缺少上次有的欄位「{c}」。", f"Column '{c}' of the last delivery is missing.")
        )
        for c in gone
    ]
    findings += [_finding("column-added", c, Text(f"多出欄位「{c}」。", f"Column '{c}' is new.")) for c in come]
    stayed_old, stayed_new = [c for c in old if c in new], [c for c in new if c in old]
    if stayed_old != stayed_new:
        place = next(b for a, b in zip(stayed_old, stayed_new, strict=True) if a != b)
        reason = Text(
            f"欄位順序改變：{'、'.join(stayed_old)} → {'、'.join(stayed_new)}。",
            f"The columns moved: {', '.join(stayed_old)} → {', '.join(stayed_new)}.",
        )
        findings.append(_finding("column-moved", place, reason))
    if before.header_row and now.header_row and before.header_row != now.header_row:
        reason = Text(
            f"標題列由第 {before.header_row} 行移到第 {now.header_row} 行。",
            f"The header moved from line {before.header_row} to line {now.header_row}.",
        )
        findings.append(_finding("header-moved", f"line {now.header_row}", reason))
    return findings


def _retyped(before: Seen | None, now: Seen) -> list[Finding]:
    known = dict(before.shares) if before else {}
    findings = []
    for column, share in now.shares:
        was = known.get(column, 0.0)
        limit = RETYPED_FIRST if before is None else max(RETYPED_LATER, 5 * was)
        if share > limit:
            reason = Text(
                f"欄位「{column}」有 {share:.1%} 的值不合宣告的型別或範圍（上次 {was:.1%}）。",
                f"{share:.1%} of the values of '{column}' do not fit its declared type or range (last time {was:.1%}).",
            )
            findings.append(_finding("column-retyped", column, reason))
    return findings


def _rescaled(before: Seen | None, now: Seen) -> list[Finding]:
    """Numbers that all became ten, a hundred or a thousand times as large or small: a unit changed, or a decimal point."""
    known = {(column, item): quartiles for column, item, *quartiles in before.scales} if before else {}
    findings = []
    for column, item, *quartiles in now.scales:
        was = known.get((column, item))
        power = 0 if was is None else round(math.log10(quartiles[1] / was[1]))
        if was is None or not power:
            continue
        off = max(abs(math.log10(q / w) - power) for q, w in zip(quartiles, was, strict=True))
        if off > (TENFOLD_WITHIN if abs(power) == 1 else WITHIN):
            continue
        place = f"{column} ({item})" if item else column
        times = f"{10.0**power:g}"
        reason = Text(
            f"「{place}」的數值整批約為上次的 {times} 倍（中位數 {was[1]:g} → {quartiles[1]:g}），單位可能改變。",
            f"The numbers of '{place}' are about {times} times the last ones (median {was[1]:g} → {quartiles[1]:g}): "
            "its unit may have changed.",
        )
        findings.append(_finding("unit-changed", column, reason))
    return findings


def _volume(before: Seen | None, now: Seen, definition: Definition) -> list[Finding]:
    if now.rows == 0 and (before is None or definition.dataset.mode == "snapshot"):
        return [_finding("volume", "rows", Text("來源沒有任何可用的資料列。", "The source has no usable row."))]
    if before is None or definition.dataset.mode != "snapshot" or not before.rows:
        return []
    ratio, factor = now.rows / before.rows, definition.volume_factor
    if 1 / factor < ratio < factor:
        return []
    reason = Text(
        f"列數為 {now.rows:,}，上次為 {before.rows:,}（{ratio:.2f} 倍）。",
        f"{now.rows:,} rows against {before.rows:,} last time ({ratio:.2f}×).",
    )
    return [_finding("volume", "rows", reason)]


def balance(rows_read: int, rows: int, set_aside: int, cells: Sequence[CellBalance]) -> Verdict:
    """Rejects a delivery of which a row or a cell is not accounted for: that is our fault, and nothing is published."""
    bad = [c.column for c in cells if not c.holds]
    if rows_read == rows + set_aside and not bad:
        return Verdict(BALANCE)
    reason = Text(
        f"平衡表不符：讀入 {rows_read}，成列 {rows}，擱置 {set_aside}；欄位 {'、'.join(bad) or '無'}。",
        f"The balance does not hold: {rows_read} read, {rows} staged, {set_aside} set aside; columns {', '.join(bad) or '-'}.",
    )
    return Verdict(
        BALANCE,
        (_finding("balance", "rows", reason, Text("請回報此問題。", "Please report this."), severity="reject"),),
    )


def decide(verdicts: Iterable[Verdict]) -> Outcome:
    """The gravest of the judges' outcomes."""
    outcomes = {v.outcome for v in verdicts}
    return "reject" if "reject" in outcomes else "hold" if "hold" in outcomes else "publish"


def releasable(verdicts: Iterable[Verdict]) -> bool:
    """Whether a person may release the hold: drift by giving a reason, privacy once the gate lets it pass."""
    held = {v.judge for v in verdicts if v.outcome != "publish"}
    return bool(held) and held <= {DRIFT, PRIVACY}


def masked(cells: Sequence[CellBalance], columns: Mapping[str, int]) -> tuple[CellBalance, ...]:
    """The cell balance with what the privacy gate masked."""
    return tuple(replace(c, masked=columns.get(c.column, 0)) for c in cells)
