"""What a review leaves out and whose word that takes: the address for an approver, and the word that was pasted.

The address is sealed: what it shows is more than a reviewer may see, so it opens only as an administrator made it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.console import forms, scoping
from app.kit.refusal import Refusal
from app.means import Means
from app.review import overrides
from app.review.exclusions import Approval
from app.review.tables import ScheduleRow


def asking(means: Means, said: Mapping[str, Any], no: Refusal | None) -> str | None:
    """Where whom the scope names can approve what is left out, if that is what waits for it."""
    if no is None or no.code not in ("not_approved", "bad_approval", "no_approval") or not said.get("approver"):
        return None
    with means.database.reading() as session:
        seal = overrides.asked(means.keys.derive("links"), str(said["name"]), scope(session, said))
    return f"{means.settings.base_url.rstrip('/')}/campaigns/new/approval?{scoping.query(said)}&seal={seal}"


def scope(session: Session, said: Mapping[str, Any]) -> dict[str, Any]:
    """What a form means, with what a schedule leaves out that no form shows."""
    number = forms.number(str(said.get("schedule") or ""))
    row = session.get(ScheduleRow, number) if number is not None else None
    return (row.scope if row is not None else {}) | scoping.written(session, said)


def approval(
    session: Session, means: Means, said: Mapping[str, Any], name: str, of: Mapping[str, Any], at: datetime
) -> Approval | None:
    """The approver's word, if it was pasted."""
    if not said.get("approval"):
        return None
    return overrides.approval(session, said["approval"], name, of, keys=means.keys.derive_all("links"), at=at)
