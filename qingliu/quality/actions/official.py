"""Official marks and figures from a file into rows, with edition, date and source; ours are never touched by them."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction

from qingliu.accounts.rules import Actor, require
from qingliu.audit import actions as audit
from qingliu.catalog import queries as catalogue
from qingliu.core import codec
from qingliu.core.clock import now
from qingliu.core.dataset import Text
from qingliu.core.errors import BadSource, Conflict
from qingliu.quality import queries
from qingliu.quality.actions.publish import publish_notes
from qingliu.quality.models import Judgement, OfficialEdition, OfficialFigure, OfficialMark, Reconciliation
from qingliu.quality.rules import official as rules

SEED = Path(__file__).parent.parent / "data" / "award-112.yaml"
ID_COLUMNS = ("資料集識別碼", "datasetId", "datasetid", "datagovtw_id", "source_id")
MARK_COLUMNS = ("品質檢測", "標章", "dataQuality", "mark")
TITLE_COLUMNS = ("資料集名稱", "title")
CODE_COLUMNS = ("代碼", "code", "codes")


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import brought: how many marks (of them ours by code) and figures."""

    edition: str
    marks: int
    matched: int
    figures: int


def import_official(*, path: Path, edition: str, day: date, source: str, by: Actor) -> Imported:
    """Keep the official marks or figures of a file as a new edition.

    The file: the catalogue export or a list with a mark column (CSV), the quality-check API's answer (JSON), or figures
    (YAML). Raises BadSource naming what is missing, Conflict for an edition that is there already.
    """
    require(by, "decide")
    data = _bytes(path)
    marks, figures = _read(path, data)
    if OfficialEdition.objects.filter(name=edition).exists():
        raise Conflict(
            Text(f"已匯入版次「{edition}」。", f"The edition '{edition}' is imported already."),
            Text("版次不覆寫；請用新的名稱。", "Editions are never overwritten; give it a new name."),
            parameter="edition",
        )
    codes = {line.source_id: line.code for line in catalogue.listed()}
    with transaction.atomic():
        row = OfficialEdition.objects.create(
            name=edition, date=day, source=source, sha256=hashlib.sha256(data).hexdigest(), imported_at=now(),
            imported_by=by.name,
        )  # fmt: skip
        rows = [OfficialMark(edition=row, **{**m, "code": m["code"] or codes.get(m["source_id"], "")}) for m in marks]
        OfficialMark.objects.bulk_create(rows)
        OfficialFigure.objects.bulk_create(OfficialFigure(edition=row, **f) for f in figures)
        matched = [m.code for m in rows if m.code]
        detail: audit.Detail = {"date": day.isoformat(), "source": source, "marks": len(rows), "figures": len(figures)}
        audit.record(by=by.name, verb="official.imported", kind="official_edition", object_id=edition, detail=detail)
        judged = list(Judgement.objects.filter(latest=True, code__in=matched).values_list("code", flat=True))
        transaction.on_commit(partial(publish_notes, judged))
    return Imported(edition, len(rows), len(matched), len(figures))


def seed_official(*, by: Actor) -> None:
    """Import the award figures that come with the program, once."""
    plain = yaml.safe_load(SEED.read_text(encoding="utf-8"))
    if not OfficialEdition.objects.filter(name=plain["edition"]).exists():
        import_official(path=SEED, edition=plain["edition"], day=plain["date"], source=plain["source"]["zh"], by=by)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _bad(path, f"讀不到（{error.strerror}）", f"cannot be read ({error.strerror})") from error


def _bad(path: Path, zh: str, en: str) -> BadSource:
    return BadSource(
        Text(f"「{path.name}」{zh}。", f"'{path.name}' {en}."),
        Text(
            "請用目錄匯出的 CSV、品質檢測 API 的 JSON，或數字的 YAML（見 docs/guide/quality.md）。",
            "Use the catalogue export (CSV), the quality-check API's JSON, or figures as YAML (docs/guide/quality.md).",
        ),
        parameter=path.name,
    )


def _read(path: Path, data: bytes) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _bad(path, "不是 UTF-8", "is not UTF-8") from error
    try:
        if path.suffix.lower() in {".yaml", ".yml"}:
            return [], _figures(path, yaml.safe_load(text))
        rows = _listed(json.loads(text)) if path.suffix.lower() == ".json" else list(csv.DictReader(text.splitlines()))
    except (yaml.YAMLError, ValueError, csv.Error) as error:
        raise _bad(path, f"無法解讀（{error}）", f"cannot be parsed ({error})") from error
    marks = [_mark(r) for r in rows if isinstance(r, Mapping)]
    marks = [m for m in marks if m["source_id"] or m["code"]]
    if not any(m["printed"] or m["flags"] for m in marks):
        raise _bad(path, "沒有標章或檢測欄位", "has no column of marks or checks")
    return marks, []


def _listed(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        value = next((v for v in value.values() if isinstance(v, list)), [])
    return value if isinstance(value, list) else []


def _mark(row: Mapping[str, Any]) -> dict[str, Any]:
    def first(names: tuple[str, ...]) -> str:
        return next((str(row[n]).strip() for n in names if row.get(n) not in (None, "")), "")

    printed = first(MARK_COLUMNS)
    flags = {ours: rules.flag(row[theirs]) for theirs, ours in rules.API_FLAGS.items() if row.get(theirs) is not None}
    return {
        "source_id": first(ID_COLUMNS), "code": first(CODE_COLUMNS).split("|")[0].upper(), "title": first(TITLE_COLUMNS)[:400],
        "printed": printed[:60], "mark": rules.mark_of(printed), "flags": {k: v for k, v in flags.items() if v is not None},
    }  # fmt: skip


def _figures(path: Path, plain: Any) -> list[dict[str, Any]]:
    rows = plain.get("figures") if isinstance(plain, Mapping) else None
    if not isinstance(rows, list) or not rows:
        raise _bad(path, "沒有 figures", "has no figures")
    made = []
    for row in rows:
        try:
            counts = row.get("counts", {})
            made.append(
                {
                    "subject": row["subject"], "subject_zh": row["name"]["zh"], "subject_en": row["name"].get("en", ""),
                    "measure": row["measure"], "value": Decimal(str(row["value"])), "unit": row.get("unit", ""),
                    "counts_zh": counts.get("zh", ""), "counts_en": counts.get("en", ""),
                }
            )  # fmt: skip
        except (KeyError, TypeError, AttributeError, InvalidOperation) as error:
            raise _bad(path, f"有一筆數字不完整（{error}）", f"has an incomplete figure ({error})") from error
    return made


def reconcile(*, entries: Path, api: Path, by: Actor) -> tuple[rules.Line, ...]:
    """Set the merged catalogue and the API's own list against each other by code, and keep what came out."""
    require(by, "decide")
    award = next((f.value for f in queries.figures() if f.whose == "official" and f.measure == "datasets"), None)
    listed, served = _rows(entries, "datagovtw_id"), _rows(api, "code")
    lines = rules.reconcile(listed, served, int(award) if award is not None else None)
    with transaction.atomic():
        hashes = {p.name: hashlib.sha256(_bytes(p)).hexdigest() for p in (entries, api)}
        plain = [codec.to_plain(x) for x in lines]
        Reconciliation.objects.create(made_at=now(), made_by=by.name, sha256=hashes, lines=plain)
        detail: audit.Detail = {"files": list(hashes), "entries": len(listed), "codes": len(served)}
        audit.record(by=by.name, verb="official.reconciled", kind="catalogue", object_id="*", detail=detail)
    return tuple(lines)


def _rows(path: Path, column: str) -> list[dict[str, str]]:
    try:
        rows = list(csv.DictReader(_bytes(path).decode("utf-8-sig").splitlines()))
    except (UnicodeDecodeError, csv.Error) as error:
        raise _bad(path, f"無法解讀（{error}）", f"cannot be parsed ({error})") from error
    if not rows or column not in rows[0]:
        raise BadSource(
            Text(f"「{path.name}」沒有欄位 {column}。", f"'{path.name}' has no column {column}."),
            Text("先給合併目錄，再給 API 清單。", "Give the merged catalogue first, then the API's list."),
            parameter=path.name,
        )
    return rows
