"""How many of a system's accounts were used when, in bands: a figure of the system, and of nobody in particular."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from app.actors import policy
from app.actors.actor import Actor
from app.actors.policy import May
from app.inventory.tables import AccountRow
from app.kit.refusal import insist
from app.review.advice import QUARTER_DAYS, RECENT_DAYS, Use


def bands(session: Session, system_id: int, *, by: Actor, at: datetime) -> dict[Use, int]:
    """How many accounts that may be open were last used when, as known at `at`; every band is there."""
    insist(policy.why_not(by, May.SEE_SYSTEMS))
    band = _band(at).label("band")
    open_ones = (AccountRow.system_id == system_id, AccountRow.ended.is_(None), AccountRow.active.is_not(False))
    counted = dict(session.execute(select(band, func.count()).where(*open_ones).group_by(band)).all())
    return {use: counted.get(use, 0) for use in Use}


def _band(at: datetime) -> ColumnElement[str]:
    """The band of an account's last use (twin of `advice.use`)."""
    last, since, quarter = AccountRow.last_login, AccountRow.logins_known_since, at - timedelta(days=QUARTER_DAYS)
    return case(
        (last > at - timedelta(days=RECENT_DAYS), Use.RECENT),
        (last > quarter, Use.QUARTER),
        (last.is_not(None), Use.LONGER),
        (since <= AccountRow.created, Use.NEVER),
        (since <= quarter, Use.LONGER),
        else_=Use.UNKNOWN,
    )
