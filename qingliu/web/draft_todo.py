"""What is still missing from a draft: before it can be submitted, before it can be public, and what readers would miss."""

from __future__ import annotations

from dataclasses import dataclass

from qingliu.core.dataset import DatasetRecord, Text
from qingliu.pipeline import actions
from qingliu.pipeline.models import Draft
from qingliu.web.draft_privacy import Guards
from qingliu.web.foreseen import Foreseen

GOLD = "gold"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to do, and the address of the place where it is done (``#id`` on the draft's page)."""

    said: Text
    href: str


@dataclass(frozen=True, slots=True)
class Todo:
    """``must``: without it the draft is not submitted or not published; ``gold``: what keeps it from the gold mark;
    ``wanted``: what readers would miss; ``offered``: remedies that wait for a decision."""

    must: tuple[Item, ...] = ()
    gold: tuple[Item, ...] = ()
    wanted: tuple[Item, ...] = ()
    offered: int = 0

    @property
    def ready(self) -> bool:
        """Whether it may be submitted."""
        return not self.must


def todo(draft: Draft, record: DatasetRecord | None, guards: Guards, gold: Foreseen | None, offered: int) -> Todo:
    """What is still missing from an open draft."""
    must = [Item(lack.said, f"#{lack.at}") for lack in actions.lacking(draft)]
    if guards.holds:
        said = Text(
            f"隱私審查有 {guards.holds} 件事會擋住公開。",
            f"{guards.holds} matters of the privacy gate would hold the publication.",
        )
        must.append(Item(said, "#privacy"))
    rungs = gold.rungs if gold else ()
    keeps = next((r.lacks for r in rungs if r.id == GOLD), ())
    wanted = _wanted(record) if record else ()
    return Todo(tuple(must), tuple(Item(line.title, line.href or "#gold") for line in keeps), wanted, offered)


def _wanted(record: DatasetRecord) -> tuple[Item, ...]:
    steward = next((c for c in record.contacts if c.role == "steward"), None)
    asked = (
        (not record.unit.zh, Text("承辦單位", "Responsible unit"), "unit-zh"),
        (steward is None, Text("資料管理者", "Data steward"), "steward"),
        (steward is None or not steward.email, Text("資料管理者電子郵件", "Data steward's e-mail"), "steward-email"),
    )
    return tuple(Item(said, f"#{at}") for missing, said, at in asked if missing)
