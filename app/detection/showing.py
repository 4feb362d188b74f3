"""What is shown with a finding: the facts that its answer rests on, as plain values that can be kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.detection.limits import Limits
from app.detection.use import use_of
from app.inventory.facts import (
    AccountFacts,
    CredentialFacts,
    EndpointFacts,
    EntitlementFacts,
    IntegrationFacts,
    PackageFacts,
    SystemFacts,
    UsageFacts,
)


def account(facts: AccountFacts, at: datetime, limits: Limits) -> dict[str, Any]:
    """An account, with what lies around it where there is anything."""
    around = facts.around
    told = {
        "account": facts.username,
        "key": facts.key,
        "kind": facts.kind,
        "active": facts.active,
        "frozen": facts.frozen,
        "created": day(facts.created),
        "last_login": day(facts.last_login),
        "last_use": day(facts.last_use),
        "use": str(use_of(facts, at, limits.inactive_days)),
        "privileges": list(facts.privileges),
        "person": facts.person.name if facts.person is not None else None,
    }
    more = {
        "licence": facts.licence,
        "factors": list(around.factors),
        "past_their_end": list(around.lapsed),
        "rare_among_peers": list(around.rare),
        "by_nesting": list(around.detours),
        "administers_since": day(around.admin_since),
        "changed_jobs": day(around.moved),
        "signed_in_by": {each.what: each.times for each in around.ways},
        "logged": {each.what: each.times for each in around.deeds},
        "failed_sign_ins": around.failures,
    }
    return told | {name: value for name, value in more.items() if value}


def credential(facts: CredentialFacts) -> dict[str, Any]:
    """A token or key."""
    return {
        "credential": facts.label,
        "kind": facts.kind,
        "integration": facts.integration,
        "account": facts.account.username if facts.account is not None else None,
        "created": day(facts.created),
        "last_used": day(facts.last_used),
        "expires": day(facts.expires),
    }


def integration(facts: IntegrationFacts) -> dict[str, Any]:
    """A program."""
    return {
        "integration": facts.name,
        "kind": facts.kind,
        "publisher": facts.publisher,
        "owner": facts.owner.username if facts.owner is not None else None,
        "created": day(facts.created),
        "last_used": day(facts.used),
        "tokens": facts.tokens,
        "scopes": list(facts.scopes) if facts.scopes is not None else None,
    }


def entitlement(facts: EntitlementFacts) -> dict[str, Any]:
    """Something that can be held."""
    return {
        "entitlement": facts.name,
        "kind": facts.kind,
        "privileges": list(facts.privileges) if facts.privileges is not None else None,
        "holders": facts.holders,
        "opens": list(facts.opens),
        **({"guests": facts.guests, "reaches": list(facts.reaches or ())} if facts.guests else {}),
    }


def endpoint(facts: EndpointFacts) -> dict[str, Any]:
    """An address or a certificate."""
    return {"endpoint": facts.name, "kind": facts.kind, "address": facts.address, "expires": day(facts.expires)}


def package(facts: PackageFacts) -> dict[str, Any]:
    """Other people's code."""
    return {
        "package": facts.name,
        "publisher": facts.publisher,
        "version": facts.version,
        "expires": day(facts.expires),
    }


def usage(facts: UsageFacts) -> dict[str, Any]:
    """Seats, or an allowance."""
    return {"usage": facts.name, "used": facts.used, "allowed": facts.allowed, "period": facts.period}


def system(facts: SystemFacts) -> dict[str, Any]:
    """A whole system."""
    return {
        "system": facts.name,
        "kind": facts.kind,
        "last_read": day(facts.read_at),
        "owner": facts.owner.name if facts.owner is not None else None,
        "administrators": facts.administrators,
        "accounts": facts.accounts,
        "not_read": dict(facts.unread),
    }


def day(moment: datetime | None) -> str | None:
    """A moment as its day."""
    return moment.date().isoformat() if moment is not None else None
