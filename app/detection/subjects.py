"""Whom and what rules are asked about: the facts of every subject of a system, each kind in order from its own reads."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.detection import queries
from app.detection.rule import Limits, Subject
from app.inventory import around, knowing, things
from app.inventory import queries as inventory
from app.inventory.facts import AccountFacts, CredentialFacts, IntegrationFacts, SystemFacts
from app.inventory.tables import SystemRow


def account_facts(
    session: Session, system_id: int, limits: Limits, *, at: datetime, only: Collection[int] | None = None
) -> Iterator[AccountFacts]:
    """The system's live accounts in order, with the end of the reason on file for their privileges, and what is around."""
    justified = queries.justified_until(session, system_id)
    accounts = knowing.account_facts(session, system_id, only=only, justified=justified)
    kind = session.get_one(SystemRow, system_id).kind
    last = things.acts(session, system_id, kind)
    window = around.Window(
        at, timedelta(limits.recent_days), timedelta(limits.mover_days), limits.peers_at_least, limits.rare_percent
    )
    posture, first = things.posture(session, system_id, kind, last), things.first_read(session, system_id)
    return around.around(accounts, around.Pass(session, system_id, kind, first, posture, window, only))


def credential_facts(
    session: Session, system_id: int, *, only: Collection[int] | None = None
) -> Iterator[CredentialFacts]:
    """The system's live credentials in order, each with its account; `only` these."""
    justified = queries.justified_until(session, system_id)
    return knowing.credential_facts(session, system_id, only=only, justified=justified)


def integration_facts(session: Session, system_id: int) -> Iterator[IntegrationFacts]:
    """The system's programs in order, each with its owner."""
    return things.integrations(session, system_id, session.get_one(SystemRow, system_id).kind)


def other_facts(
    session: Session, system_id: int, untrusted: Mapping[str, str], *, only: Collection[int] | None = None
) -> Iterator[tuple[Subject, int, Any]]:
    """Everything else that rules ask about: kind, number and facts of each; of the entitlements, `only` these."""
    system = session.get_one(SystemRow, system_id)
    accounts, administrators = things.able(session, system_id)
    for each in things.entitlements(session, system_id, able_to=accounts, only=only):
        yield Subject.ENTITLEMENT, each.entitlement_id, each
    for endpoint in things.endpoints(session, system_id, system.kind):
        yield Subject.ENDPOINT, endpoint.endpoint_id, endpoint
    for package in things.packages(session, system_id):
        yield Subject.PACKAGE, package.package_id, package
    for usage in things.usage(session, system_id):
        yield Subject.USAGE, usage.usage_id, usage
    yield Subject.SYSTEM, system_id, _system(session, system, untrusted, accounts, administrators)


def _system(
    session: Session, system: SystemRow, untrusted: Mapping[str, str], accounts: int, administrators: int
) -> SystemFacts:
    latest = inventory.latest_sealed(session, system.id)
    read = {row.stream for row in inventory.receipts(session, latest.id)} if latest is not None else set()
    last = things.acts(session, system.id, system.kind)
    return SystemFacts(
        system_id=system.id,
        name=system.name,
        kind=system.kind,
        read_at=latest.began_at if latest is not None else None,
        owner=knowing.person_of_key(session, system.owner_key),
        administrators=administrators,
        accounts=accounts,
        posture=things.posture(session, system.id, system.kind, last),
        last={str(act): when for act, when in last.items()},
        # Live sessions are read only where somebody switched that on: their lack is a choice, and no gap.
        unread={name: why for name, why in untrusted.items() if name in read and name != "sessions"},
        logs_read=things.logs_read(session, system.id),
    )
