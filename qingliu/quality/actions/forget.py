"""Takes the words of rows out of judgements: what stood in a finding may have to be withheld later."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction

from qingliu.accounts.rules import Actor, require
from qingliu.audit import actions as audit
from qingliu.quality.actions.asked import known
from qingliu.quality.actions.publish import publish_notes
from qingliu.quality.models import FoundHere, Judgement

_OF_ROWS = {"place": "", "rows": "", "reason": {"zh": "", "en": ""}, "remedy": {"zh": "", "en": ""}}


def bare(result: dict[str, Any]) -> dict[str, Any]:
    """A kept result whose findings tell only their rule, severity, columns and number."""
    return {**result, "findings": [{**f, **_OF_ROWS} for f in result.get("findings", ())]}


def forget(*, code: str, by: Actor) -> int:
    """Take the words of rows out of every judgement of a dataset and out of its note; how many judgements changed.

    Called when rows are withheld later. The dataset is then due for a new judgement over what is left.
    """
    code, agency = known(code)
    require(by, "judge", agency=agency)
    with transaction.atomic():
        rows = list(Judgement.objects.filter(code=code))
        for row in rows:
            row.result = bare(row.result)
            row.definition_hash = ""  # no definition: due again
            row.save(update_fields=["result", "definition_hash"])
        FoundHere.objects.filter(judgement__code=code).delete()
        detail: audit.Detail = {"judgements": len(rows)}
        audit.record(
            by=by.name, verb="findings.forgotten", kind="dataset", object_id=code, agency=agency, detail=detail
        )
        transaction.on_commit(partial(publish_notes, [code]))
    return len(rows)
