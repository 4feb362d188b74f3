"""Removals as people read them: the list of what was promised, and one removal's story with everything that was done."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.actors import policy
from app.actors.actor import Actor
from app.actors.policy import May
from app.actors.tables import ActorRow
from app.inventory.tables import (
    AccountRow,
    CredentialRow,
    EntitlementRow,
    GrantRow,
    IdentityRow,
    IntegrationRow,
    SystemRow,
)
from app.kit.refusal import insist
from app.ledger.tables import EntryRow
from app.remediation import lookback, queries
from app.remediation.lookback import Lookback
from app.remediation.policy import TASKS, Status
from app.remediation.tables import ActRow, PaperRow, RemediationRow
from app.review.tables import CampaignRow, DecisionRow, DriftRow, ItemRow

GROUPS: Mapping[str, tuple[str, ...]] = {  # what somebody looks for -> the statuses that it means
    "waiting": (Status.OPEN, Status.ACTING),
    "by_hand": tuple(TASKS),
    "unproved": (Status.ACTED,),
    "verified": (Status.VERIFIED,),
    "returned": (Status.RETURNED,),
    "undone": (Status.UNDONE,),
}
MOST = 50


@dataclass(frozen=True, slots=True)
class Line:
    """One removal in a list: what is taken away, from whom, where."""

    row: RemediationRow
    system: str
    what: str
    whose: str | None  # the login
    person: str | None
    campaign: str | None
    reason: str | None  # why it was decided, in the words of whoever did


@dataclass(frozen=True, slots=True)
class Page:
    """Some removals, the latest first, and how many there are of each group."""

    lines: Sequence[Line]
    counts: Mapping[str, int]
    after: str | None


@dataclass(frozen=True, slots=True)
class Story:
    """One removal: its line, its calls in order, its turns in the ledger, the first first, and what was done meanwhile.

    `undoing` is the promise that gives it back, `papers` what people handed in about it, `names` theirs.
    """

    line: Line
    system: SystemRow
    person: IdentityRow | None
    acts: Sequence[ActRow]
    turns: Sequence[EntryRow]
    back: Lookback | None
    undoing: RemediationRow | None
    papers: Sequence[PaperRow]
    names: Mapping[str, str]

    def own(self, actor: Actor) -> bool:
        """Whether it is the access of whoever looks."""
        return self.person is not None and actor.identity_id == self.person.id


def page(
    session: Session, *, group: str | None = None, system: int | None = None, campaign: int | None = None, by: Actor,
    after: str | None = None, limit: int = MOST,
) -> Page:  # fmt: skip
    """A page of removals, the latest first; `group` is one of GROUPS, None is all of them."""
    insist(policy.why_not(by, May.SEE_REMEDIATIONS))
    narrowed = []
    if system is not None:
        narrowed.append(RemediationRow.system_id == system)
    if campaign is not None:
        narrowed.append(RemediationRow.campaign_id == campaign)
    found = select(RemediationRow).where(*narrowed).order_by(RemediationRow.id.desc()).limit(limit + 1)
    if group is not None:
        found = found.where(RemediationRow.status.in_(GROUPS[group]))
    if after is not None:
        found = found.where(RemediationRow.id < uuid.UUID(after))
    rows = session.scalars(found).all()
    counted = select(RemediationRow.status, func.count()).where(*narrowed).group_by(RemediationRow.status)
    by_status = dict(session.execute(counted).all())
    counts = {name: sum(by_status.get(each, 0) for each in statuses) for name, statuses in GROUPS.items()}
    more = str(rows[limit - 1].id) if len(rows) > limit else None
    return Page(lines(session, rows[:limit]), counts, more)


def story(session: Session, removal: uuid.UUID, *, kept: timedelta, by: Actor, at: datetime) -> Story | None:
    """One removal with all that was done; None if there is no such removal."""
    insist(policy.why_not(by, May.SEE_REMEDIATIONS))
    row = session.get(RemediationRow, removal)
    if row is None:
        return None
    (line,) = lines(session, [row])
    acts = session.scalars(select(ActRow).where(ActRow.remediation_id == row.id).order_by(ActRow.number)).all()
    mine = [f"remediation:{row.id}", *(f"act:{act.id}" for act in acts)]
    turns = select(EntryRow).where(EntryRow.subject.in_(mine)).order_by(EntryRow.at, EntryRow.id)
    account = session.get(AccountRow, row.account_id) if row.account_id else None
    person = session.get(IdentityRow, account.identity_id) if account is not None and account.identity_id else None
    papers = queries.papers(session, [row.id])[row.id]
    named = select(ActorRow.id, ActorRow.name).where(ActorRow.id.in_({paper.by for paper in papers}))
    return Story(
        line,
        session.get_one(SystemRow, row.system_id),
        person,
        acts,
        session.scalars(turns).all(),
        lookback.of(session, row, kept=kept, at=at),
        queries.undoing(session, row.id),
        papers,
        dict(session.execute(named).all()) if papers else {},
    )


def lines(session: Session, rows: Sequence[RemediationRow]) -> list[Line]:
    """These removals in words, in the order they are given."""
    systems = _named(session, SystemRow, SystemRow.name, {row.system_id for row in rows})
    campaigns = _named(session, CampaignRow, CampaignRow.name, {row.campaign_id for row in rows})
    accounts = _named(session, AccountRow, AccountRow.username, {row.account_id for row in rows})
    people = _people(session, {row.account_id for row in rows})
    integrations = _named(session, IntegrationRow, IntegrationRow.name, {row.integration_id for row in rows})
    credentials = _named(session, CredentialRow, CredentialRow.label, {row.credential_id for row in rows})
    held = _held(session, {row.grant_id for row in rows})
    called = func.coalesce(EntitlementRow.label, EntitlementRow.name)
    contents = _named(session, EntitlementRow, called, {row.entitlement_id for row in rows})
    names = {"grant": held, "account": accounts, "integration": integrations, "credential": credentials}
    names |= {"group": contents, "definition": contents}
    reasons = _reasons(session, rows)
    told = []
    for row in rows:
        named = (
            contents.get(row.entitlement_id)
            if row.entitlement_id
            else names[row.kind].get(getattr(row, f"{row.kind}_id"))
        )
        what = named or _by_its_key(row.target) or row.subject
        whose = accounts.get(row.account_id) if row.kind != "account" else None
        person = people.get(row.account_id)
        campaign, reason = campaigns.get(row.campaign_id), row.reason or reasons.get(row.id)
        told.append(Line(row, systems[row.system_id], what, whose, person, campaign, reason))
    return told


def _reasons(session: Session, rows: Sequence[RemediationRow]) -> dict[uuid.UUID, str]:
    """Why each was decided in its review: of an item, by the last answer that came to what is done."""
    items, drift = ({getattr(row, name) for row in rows} - {None} for name in ("item_id", "drift_id"))
    answered = (
        select(DecisionRow.item_id, DecisionRow.reason)
        .join(ItemRow, ItemRow.id == DecisionRow.item_id)
        .where(DecisionRow.item_id.in_(items), DecisionRow.answer == ItemRow.outcome)
        .order_by(DecisionRow.at, DecisionRow.id)
    )
    of_items: dict[int | None, str] = dict(session.execute(answered).all())
    of_drift = _named(session, DriftRow, DriftRow.reason, drift)
    found = ((row.id, of_items.get(row.item_id) or of_drift.get(row.drift_id)) for row in rows)
    return {number: reason for number, reason in found if reason}


def _named(session: Session, row: Any, name: Any, wanted: set[int | None]) -> dict[int | None, str]:
    """Names by id; an id that is None has none."""
    return dict(session.execute(select(row.id, name).where(row.id.in_(wanted - {None}))).all())


def _people(session: Session, wanted: set[int | None]) -> dict[int | None, str]:
    """Whose each account is, where that is known."""
    found = select(AccountRow.id, IdentityRow.name).join(IdentityRow, IdentityRow.id == AccountRow.identity_id)
    return dict(session.execute(found.where(AccountRow.id.in_(wanted - {None}))).all())


def _held(session: Session, wanted: set[int | None]) -> dict[int | None, str]:
    """What each grant gives, as the CRM's people call it."""
    found = (
        select(GrantRow.id, func.coalesce(EntitlementRow.label, EntitlementRow.name))
        .join(EntitlementRow, EntitlementRow.id == GrantRow.entitlement_id)
        .where(GrantRow.id.in_(wanted - {None}))
    )
    return dict(session.execute(found).all())


def _by_its_key(target: Mapping[str, Any]) -> str | None:
    """What was meant, by the CRM's own keys, where its row says nothing."""
    keys = ("entitlement_key", "credential_key", "integration_key", "username", "account_key")
    return next((str(target[key]) for key in keys if target.get(key)), None)
