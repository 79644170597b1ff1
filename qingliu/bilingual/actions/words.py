"""What people say in English, beside the Chinese: wordings of cells and texts of pages. Each with an audit row."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from qingliu.accounts.rules import Actor, require
from qingliu.audit import actions as audit
from qingliu.bilingual import queries
from qingliu.bilingual.models import PageText, Wording
from qingliu.bilingual.rules import memory, texts
from qingliu.bilingual.rules.wording import kind_of
from qingliu.catalog import queries as catalogue
from qingliu.core.clock import now
from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest, NotFound, UnknownField
from qingliu.lake.engine import Engine


@dataclass(frozen=True, slots=True)
class Learnt:
    """What learning added: words new to the memory, and words on which the rows disagree, with their rivals."""

    added: int
    rivals: tuple[tuple[str, tuple[str, ...]], ...]


def word(*, code: str, field: str, zh: str, en: str, by: Actor) -> Wording:
    """Say what a cell of one column is in English. Raises Forbidden, UnknownField, BadRequest for an empty wording."""
    if not zh.strip() or not en.strip() or texts.has_han(en):
        raise BadRequest(
            Text("中文與英文都要寫，英文不可含中文字。", "Both wordings are needed, the English without Chinese."),
            Text("請重新輸入。", "Write it again."),
            parameter="en",
        )
    return _say(_Said(code, field, zh.strip(), en.strip()), "approved", "wording.said", by)


def approve(*, code: str, field: str, zh: str, en: str, by: Actor) -> Wording:
    """Stand for what a rule filled: from now on a person's wording, whatever the rules say later."""
    return _say(_Said(code, field, zh.strip(), en.strip()), "approved", "wording.approved", by)


def reject(*, code: str, field: str, zh: str, by: Actor) -> Wording:
    """Forbid what a rule fills: the cell stays Chinese."""
    return _say(_Said(code, field, zh.strip(), ""), "rejected", "wording.rejected", by)


@dataclass(frozen=True, slots=True)
class _Said:
    """One wording of one column of one dataset."""

    code: str
    field: str
    zh: str
    en: str


def _say(said: _Said, state: str, verb: str, by: Actor) -> Wording:
    code, field, zh, en = said.code, said.field, said.zh, said.en
    row = catalogue.dataset(code)
    require(by, "define", agency=row.agency.code)
    record = catalogue.definition(row).dataset
    found = record.field(field)
    if found is None:
        raise UnknownField(field, [f.name for f in record.fields])
    with transaction.atomic():
        made, _ = Wording.objects.update_or_create(
            kind=kind_of(found), dataset=row.code, field=field, zh=zh,
            defaults={"en": en, "origin": Wording.Origin.PERSON, "state": state, "by": by.name, "at": now()},
        )  # fmt: skip
        audit.record(
            by=by.name, verb=verb, kind="dataset", object_id=row.code, agency=row.agency.code,
            detail={"field": field, "zh": zh, "en": en},
        )  # fmt: skip
    return made


def propose_text(*, code: str, place: str, en: str, by: Actor) -> PageText:
    """Propose English for a text of a dataset's page; readers see it once it stands in the definition."""
    row = catalogue.dataset(code)
    require(by, "define", agency=row.agency.code)
    known = {p.name: p for p in texts.places(catalogue.definition(row).dataset)}
    if place not in known:
        raise NotFound(
            Text(f"沒有位置「{place}」。", f"There is no place '{place}'."),
            Text(f"可用：{'、'.join(list(known)[:20])}…", f"Places: {', '.join(list(known)[:20])}…"),
            parameter="place",
        )
    text, moment = known[place].text, now()
    with transaction.atomic():
        kept, _ = PageText.objects.get_or_create(
            dataset=row.code, place=place,
            defaults={"zh": text.zh, "en": text.en, "zh_at": moment, "en_at": moment},
        )  # fmt: skip
        kept.proposed, kept.proposed_by, kept.proposed_at = en, by.name, moment
        kept.save(update_fields=["proposed", "proposed_by", "proposed_at"])
        audit.record(
            by=by.name, verb="text.proposed", kind="dataset", object_id=row.code, agency=row.agency.code,
            detail={"place": place, "en": en},
        )  # fmt: skip
    return kept


def confirm_text(*, code: str, place: str, by: Actor) -> PageText:
    """Say that both wordings of a text still hold together: it is no longer told as older than the other language."""
    row = catalogue.dataset(code)
    require(by, "define", agency=row.agency.code)
    kept = PageText.objects.filter(dataset=row.code, place=place).first()
    if kept is None:
        raise NotFound(
            Text(f"「{place}」尚未判定過。", f"'{place}' was never judged."),
            Text("請先執行 qingliu bilingual。", "Run qingliu bilingual first."),
            parameter="place",
        )
    with transaction.atomic():
        kept.zh_at = kept.en_at = now()
        kept.save(update_fields=["zh_at", "en_at"])
        audit.record(
            by=by.name, verb="text.confirmed", kind="dataset", object_id=row.code, agency=row.agency.code,
            detail={"place": place},
        )  # fmt: skip
    return kept


def learn(*, engine: Engine, by: Actor) -> Learnt:
    """Learn wordings from published datasets that carry a column in both languages, and forget what none carries any more;
    words that people said stay."""
    require(by, "define")
    found: dict[tuple[str, str], tuple[str, str]] = {}
    rivals: dict[str, tuple[str, ...]] = {}
    for row in catalogue.datasets():
        entry = queries.entry(engine, row.code)
        for pair in memory.pairs(entry.record) if entry else ():
            agreed, torn = memory.learnt(queries.paired(engine, row.code, pair.zh, pair.en))
            rivals |= {zh: tuple(words) for zh, words in torn.items()}
            for zh, en in agreed.items():
                found.setdefault((pair.kind, zh), (en, f"{row.code}: {pair.zh} / {pair.en}"))
    added = 0
    with transaction.atomic():
        had = {(w.kind, w.zh): w for w in Wording.objects.filter(origin=Wording.Origin.MEMORY)}
        for (kind, zh), (en, source) in found.items():
            old = had.get((kind, zh))
            if old is not None and old.en == en:
                continue
            Wording.objects.update_or_create(
                kind=kind, dataset="", field="", zh=zh[:500],
                defaults={"en": en[:500], "origin": Wording.Origin.MEMORY, "state": Wording.State.MACHINE,
                          "source": source, "by": by.name, "at": now()},
            )  # fmt: skip
            added += 1
        gone = [w.pk for key, w in had.items() if key not in found and w.state == Wording.State.MACHINE]
        Wording.objects.filter(pk__in=gone).delete()  # its rows are no longer public: masked, corrected or withdrawn
        if added or gone:
            told = {"added": added, "forgotten": len(gone)}
            audit.record(by=by.name, verb="memory.learnt", kind="wording", object_id="*", detail=told)
    return Learnt(added, tuple(sorted(rivals.items())))
