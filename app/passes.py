"""The passes of the rules: after a reading over what it touched, else over all, and beside them what people hold beside
their jobs' role models.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.actors.actor import SCHEDULER
from app.detection import detect as rules
from app.detection import findings, narrowing, rulebook
from app.detection import queries as rule_queries
from app.detection.judgement import Touched
from app.inventory import identities
from app.inventory import queries as inventory
from app.kit.engine import Steps
from app.means import Means, finding_terms, rule_limits
from app.review import deviating, deviations

Payload = Mapping[str, Any]
Answer = dict[str, Any]


def detect(means: Means, steps: Steps, payload: Payload) -> Answer:
    """Match accounts to people, then ask every rule of what a reading saw. A roster's reading touches every system.

    What follows a reading asks about what it touched, where that is enough; by the clock, and on request, all are asked.
    """
    with means.database.transaction() as session:
        at = means.clock()
        identities.match(session, by=SCHEDULER, at=at)
        given = payload.get("system")
        every = [system for system in inventory.systems(session) if system.kind != "roster"]
        of = [system for system in every if system.id == given] or every
    told: Answer = {}
    narrow = "snapshot" in payload
    for system in of:
        told[str(system.id)] = steps.step(f"rules:{system.id}", lambda number=system.id: _judge(means, number, narrow))  # type: ignore[misc]
    return told


def _judge(means: Means, system_id: int, narrow: bool) -> Answer:
    at = means.clock()
    with means.database.transaction() as session:
        snapshot = inventory.latest_sealed(session, system_id)
        if snapshot is None:
            return {"skipped": "never read"}
        judged_by = rule_queries.limits_of(session, system_id, rule_limits(means.settings))
        how = narrowing.passing(session, system_id, judged_by, narrow=narrow, at=at)
        outcome = findings.reconcile(
            session, "detection", rules.judgements(session, system_id, judged_by, at=at, only=how.touched),
            rules=list(rulebook.RULES), system_id=system_id, snapshot_id=snapshot.id,
            terms=finding_terms(means.settings), only=how.touched, basis=how.basis, by=SCHEDULER, at=at,
        )  # fmt: skip
        _hold_against_models(session, means, system_id, snapshot.id, how.touched, at)
    asked = {"asked": "all" if how.touched is None else "what was touched", "because": how.because}
    return {"opened": outcome.opened, "reopened": outcome.reopened, "closed": outcome.closed} | asked


def _hold_against_models(
    session: Session, means: Means, system_id: int, snapshot_id: int, touched: Touched | None, at: datetime
) -> None:
    measure = {"digest": deviations.measure(session, at)}
    last = rule_queries.latest_pass(session, system_id, source=deviations.SOURCE)
    only = touched if last is not None and last.basis == measure else None
    roster_days = means.settings.roster_max_age_days
    told = deviations.judgements(session, system_id, roster_max_age_days=roster_days, only=only, at=at)
    findings.reconcile(
        session, deviations.SOURCE, told, rules=[deviating.RULE.name], system_id=system_id, snapshot_id=snapshot_id,
        terms=finding_terms(means.settings), only=only, basis=measure, by=SCHEDULER, at=at,
    )  # fmt: skip


def judge_models(means: Means, steps: Steps, payload: Payload) -> Answer:
    """Hold what people have against what their jobs are meant to have, once a role model has changed."""
    with means.database.transaction() as session:
        at, judged = means.clock(), 0
        for system in inventory.systems(session):
            snapshot = inventory.latest_sealed(session, system.id) if system.kind != "roster" else None
            if snapshot is not None:
                _hold_against_models(session, means, system.id, snapshot.id, None, at)
                judged += 1
    return {"judged": judged}
