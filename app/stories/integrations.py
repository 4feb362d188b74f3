"""Programs with a way in of their own: a list, and a card for one with its owner, its rights, its keys and their use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import String, and_, cast, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from app.actors import policy
from app.actors.actor import Actor
from app.actors.policy import May
from app.detection.tables import FindingRow
from app.inventory.tables import (
    AccountRow,
    ChangeRow,
    CredentialRow,
    IdentityRow,
    IntegrationRow,
    ReturnRow,
    SystemRow,
)
from app.kit.refusal import insist
from app.remediation.tables import RemediationRow
from app.review.tables import CampaignRow, ItemRow

MOST = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One integration in the list. `owner`: who answers for it, as far as the system says."""

    row: IntegrationRow
    system: str
    owner: str | None
    owner_id: int | None  # of the person
    owner_gone: bool  # the owner's account is inactive or gone, or its person is no longer in the roster
    live: int  # credentials that can be used
    findings: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some integrations, in the order in which they were first seen."""

    lines: Sequence[Line]
    after: int | None


@dataclass(frozen=True, slots=True)
class Entered:
    """A credential with whose it is."""

    row: CredentialRow
    account: str | None
    person: str | None
    person_id: int | None
    findings: Sequence[FindingRow]


@dataclass(frozen=True, slots=True)
class Card:
    """One integration with everything that is known of it. `made`: what the system's own log says of its making."""

    line: Line
    credentials: Sequence[Entered]
    more: int  # credentials beyond those that are shown
    made: Sequence[ChangeRow]
    returns: Sequence[ReturnRow]
    reviewed: Sequence[tuple[ItemRow, CampaignRow]]
    removals: Sequence[RemediationRow]


def listed(
    session: Session,
    text: str = "",
    *,
    system_id: int | None = None,
    gone: bool = False,
    by: Actor,
    after: int | None = None,
    limit: int = 50,
) -> Page:
    """A page of integrations whose name, key or publisher contains the text; `gone`: those that are no longer there."""
    insist(policy.why_not(by, May.SEE_ACCESS))
    found = _statement().where(IntegrationRow.id > (after or 0))
    found = found.where(IntegrationRow.ended.is_not(None) if gone else IntegrationRow.ended.is_(None))
    if system_id is not None:
        found = found.where(IntegrationRow.system_id == system_id)
    if text.strip():
        wanted = text.strip().lower()
        columns = (IntegrationRow.name, IntegrationRow.key, IntegrationRow.publisher)
        found = found.where(or_(*(func.lower(column).contains(wanted, autoescape=True) for column in columns)))
    rows = session.execute(found.order_by(IntegrationRow.id).limit(limit + 1)).all()
    told = _lines(session, rows[:limit])
    return Page(told, told[-1].row.id if len(rows) > limit else None)


def card(session: Session, integration_id: int, *, by: Actor) -> Card | None:
    """One integration's card; None if there is no such integration."""
    insist(policy.why_not(by, May.SEE_ACCESS))
    rows = session.execute(_statement().where(IntegrationRow.id == integration_id)).all()
    if not rows:
        return None
    (line,) = _lines(session, rows)
    row = line.row
    credentials, more = _credentials(session, row)
    logged = select(ChangeRow).where(ChangeRow.system_id == row.system_id, ChangeRow.subject_key == row.key)
    again = select(ReturnRow).where(ReturnRow.kind == "integration", ReturnRow.subject_id == row.id)
    items = (
        select(ItemRow, CampaignRow)
        .join(CampaignRow, CampaignRow.id == ItemRow.campaign_id)
        .where(ItemRow.integration_id == row.id)
        .order_by(CampaignRow.id.desc())
        .limit(MOST)
    )
    removals = select(RemediationRow).where(RemediationRow.integration_id == row.id).order_by(RemediationRow.id)
    return Card(
        line,
        credentials,
        more,
        session.scalars(logged.order_by(ChangeRow.at.desc()).limit(20)).all(),
        session.scalars(again.order_by(ReturnRow.id)).all(),
        [(item, campaign) for item, campaign in session.execute(items)],
        session.scalars(removals).all(),
    )


def _statement() -> Any:
    return (
        select(IntegrationRow, SystemRow.name, AccountRow, IdentityRow)
        .join(SystemRow, SystemRow.id == IntegrationRow.system_id)
        .outerjoin(AccountRow, AccountRow.id == IntegrationRow.owner_account_id)
        .outerjoin(IdentityRow, IdentityRow.id == AccountRow.identity_id)
    )


def _lines(session: Session, rows: Sequence[Any]) -> list[Line]:
    numbers = [row.id for row, *_rest in rows]
    of = CredentialRow.integration_id.in_(numbers)
    live = and_(of, CredentialRow.ended.is_(None), CredentialRow.active.is_not(False))
    counted = select(CredentialRow.integration_id, func.count()).where(live).group_by(CredentialRow.integration_id)
    usable: dict[int | None, int] = dict(session.execute(counted).all())
    subject = literal("credential:") + cast(CredentialRow.id, String)
    failing = (
        select(CredentialRow.integration_id, func.count())
        .where(of, exists().where(FindingRow.subject == subject, FindingRow.status == "open"))
        .group_by(CredentialRow.integration_id)
    )
    wrong: dict[int | None, int] = dict(session.execute(failing).all())
    return [
        Line(
            row, system, (person.name if person else None) or (owner.name or owner.username if owner else None),
            person.id if person else None, _gone(owner, person), usable.get(row.id, 0), wrong.get(row.id, 0),
        )
        for row, system, owner, person in rows
    ]  # fmt: skip


def _gone(owner: AccountRow | None, person: IdentityRow | None) -> bool:
    if owner is not None and (owner.ended is not None or owner.active is False):
        return True
    return person is not None and person.ended is not None


def _credentials(session: Session, row: IntegrationRow) -> tuple[list[Entered], int]:
    mine = CredentialRow.integration_id == row.id
    found = (
        select(CredentialRow, AccountRow, IdentityRow)
        .outerjoin(AccountRow, AccountRow.id == CredentialRow.account_id)
        .outerjoin(IdentityRow, IdentityRow.id == AccountRow.identity_id)
        .where(mine)
        .order_by(CredentialRow.ended.is_not(None), CredentialRow.last_used.desc(), CredentialRow.id)
        .limit(MOST)
    )
    rows = session.execute(found).all()
    subjects: dict[str, list[FindingRow]] = {f"credential:{credential.id}": [] for credential, *_rest in rows}
    wrong = select(FindingRow).where(FindingRow.subject.in_(subjects), FindingRow.status == "open")
    for finding in session.scalars(wrong.order_by(FindingRow.id)):
        subjects[finding.subject].append(finding)
    told = [
        Entered(
            credential, account.username if account else None, person.name if person else None,
            person.id if person else None, subjects[f"credential:{credential.id}"],
        )
        for credential, account, person in rows
    ]  # fmt: skip
    total = session.scalar(select(func.count()).select_from(CredentialRow).where(mine)) or 0
    return told, max(0, total - len(told))
