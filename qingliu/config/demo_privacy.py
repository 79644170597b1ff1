"""The privacy decisions of a demonstration: the shipped rules approved, linkage assessed, by roles that say they are a demo's.

A real portal does none of this by itself: its own people approve the rules and answer for each linkage.
"""

from __future__ import annotations

from datetime import timedelta

from qingliu.accounts.rules import Actor, RoleGrant
from qingliu.core.clock import TAIPEI, now
from qingliu.pipeline import actions, queries
from qingliu.pipeline.models import Run
from qingliu.pipeline.rules import PRIVACY, State
from qingliu.privacy import actions as privacy
from qingliu.privacy import queries as privacy_queries
from qingliu.privacy.gate.policy import State as RuleState

APPROVER = Actor("demo:privacy-approver", (RoleGrant("privacy"),))
ASSESSOR = Actor("demo:privacy-assessor", (RoleGrant("privacy"),))
_WHY = "示範：事業場所之名稱與地址依環保法令公開 demonstration: business addresses are public by law"
_BASIS = "政府資訊公開法第 18 條第 2 項（示範） Freedom of Government Information Law art. 18 II (demonstration)"
_LINKAGE = ("privacy-linkage", "privacy-linkage-back")
_REVIEW = timedelta(days=180)


def approve_defaults() -> int:
    """Approve the shipped rules that wait, in the name of the demo; how many."""
    waiting = list(privacy_queries.rules(state=RuleState.DRAFT).filter(made_by="qingliu"))
    for row in waiting:
        privacy.decide(name=row.name, approve=True, reason="示範用 for the demonstration", by=APPROVER)
    return len(waiting)


def settle(run: Run, *, by: Actor) -> Run:
    """Answer the linkage of a run that is held for nothing else, and release it."""
    holds = [(v.judge, f) for v in queries.verdicts(run) for f in v.findings if f.severity == "hold"]
    if run.state != State.HELD or any(j != PRIVACY or f.rule not in _LINKAGE for j, f in holds):
        return run
    review_on = now().astimezone(TAIPEI).date() + _REVIEW
    for _, found in holds:
        pair = (run.dataset.code, found.place)
        masked, other = pair if found.rule == _LINKAGE[0] else pair[::-1]
        privacy.assess(
            dataset=masked, other=other, answer="public", reason=_WHY, basis=_BASIS,
            review_on=review_on, by=ASSESSOR,
        )  # fmt: skip
    return actions.release(run_id=str(run.id), reason="示範：關聯已評估 demonstration: linkage assessed", by=by)
