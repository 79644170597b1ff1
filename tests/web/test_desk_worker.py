"""What the worker does for the desk: large drafts are carried out behind the page, alarms are looked for each minute."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from django_q.models import OrmQ

from qingliu.config.worker import Schedule
from qingliu.lake.paths import LakePaths
from qingliu.pipeline import jobs
from qingliu.pipeline.models import Draft
from tests.web import cast

pytestmark = pytest.mark.django_db(transaction=True)


def queued() -> list[str]:
    """The names of the jobs that wait."""
    return [job.name() for job in OrmQ.objects.all()]


def test_a_large_draft_is_queued_once_and_carried_out(home: LakePaths, monkeypatch: Any) -> None:
    cast.enrol("mei", "hua")
    monkeypatch.setattr(sys.modules["qingliu.pipeline.actions.approve"], "AT_ONCE_BYTES", 0)
    mei = cast.client("mei")
    draft = cast.upload(mei, cast.file("id,aqi\nA1,20\n"))
    mei.post(f"/desk/drafts/{draft.pk}/change", {"description-zh": "說明。", "code": "LARGE_A"})
    mei.post(f"/desk/drafts/{draft.pk}/submit")
    cast.client("hua").post(f"/desk/drafts/{draft.pk}/decide", {"decision": "approve"})
    assert Draft.objects.get().state == Draft.State.APPROVED
    schedule = Schedule()
    schedule.tick(1.0)
    schedule.tick(3.0)
    assert [n for n in queued() if n.startswith("draft")] == [f"draft {draft.pk}"]
    assert jobs.carry_out(str(draft.pk)) == Draft.State.DONE
    assert jobs.carry_out(str(draft.pk)) == Draft.State.DONE
    schedule.tick(5.0)
    assert "watch" not in queued()
    schedule.tick(62.0)
    assert queued().count("watch") == 1
    assert len([n for n in queued() if n.startswith("draft")]) == 1
    assert jobs.watch() == 0
