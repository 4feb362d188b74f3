"""demo break: what happens when a reading is not whole. A right is withdrawn, then a page is dropped; no review opens."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx2
from sqlalchemy import func, select

from app.cli import stage as stages
from app.cli import wording
from app.cli.stage import ADMIN, Stage
from app.cli.telling import Telling, fail
from app.inventory.tables import GrantRow
from app.kit.refusal import Refused
from app.means import review_limits
from app.review import campaigns


def show(telling: Telling, *, people: int, seed: int) -> None:
    """Break the reading twice, and show that nothing is ended by it and no review opens. Exits 1 if one did."""
    with stages.set_up(telling, keep=False, people=people, seed=seed, page_size=200) as stage:
        with telling.step("Reading everything, whole") as progress:
            stages.read_all(stage)
            before = _grants(stage)
            progress.note(f"{before} grants")
        told = [
            _broken(telling, stage, "A right is withdrawn: the reader may no longer see tokens of others", before,
                    "rights", {"principal": "reader", "without": ["CustomizeApplication"]}),
            _broken(telling, stage, "A page is dropped: Salesforce says it is done, too early", before,
                    "faults", {"fault": "dropped_page", "times": None, "path": "PermissionSetAssignment"}),
        ]  # fmt: skip
    telling.answer(told)
    if not all(each["refused"] and each["grants"] == before for each in told):
        fail("A review opened, or grants ended, on a reading that was not whole.")


def _broken(
    telling: Telling, stage: Stage, what: str, before: int, route: str, order: dict[str, Any]
) -> dict[str, Any]:
    _tell(stage, "rights", {"principal": "reader", "without": []})
    _tell(stage, route, order)
    with telling.step(what):
        stages.read_all(stage, "salesforce")
    reason = _why_not_open(stage)
    after = _grants(stage)
    telling.say(f"    the review: {reason or 'OPENED'}")
    telling.say(f"    grants ended by it: {before - after}")
    return {"what": what, "refused": reason is not None, "because": reason, "grants": after}


def _why_not_open(stage: Stage) -> str | None:
    means, at = stage.means, stage.means.clock()
    try:
        with means.database.transaction() as session:
            campaigns.open(
                session,
                name="A review on broken readings",
                scope={"systems": "all", "fallback": stage.fallback, "second_fallback": stage.second},
                due_at=at + timedelta(days=14),
                limits=replace(review_limits(means.settings), owned=False),  # what the readings lack is the point here
                unasked=True,
                by=ADMIN,
                at=at,
            )
    except Refused as refused:
        return f"{refused.refusal.reason} {wording.out(refused.refusal)}"
    return None


def _grants(stage: Stage) -> int:
    with stage.means.database.reading() as session:
        return session.scalar(select(func.count()).select_from(GrantRow).where(GrantRow.ended.is_(None))) or 0


def _tell(stage: Stage, route: str, order: dict[str, Any]) -> None:
    """Give the pretend Salesforce an order, as its own administrator."""
    running = stage.sandboxes["salesforce"]
    answer = httpx2.post(
        f"{running.url}/__sandbox__/{route}", json=order, headers={"X-Sandbox-Key": running.admin_key}, timeout=10
    )
    if answer.status_code != 200:
        fail(f"the sandbox did not take the order: {answer.text}")
