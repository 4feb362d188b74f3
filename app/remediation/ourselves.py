"""Taking away what somebody may do here: through the house's own verbs, so that every guard of theirs holds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.actors import actors, hooks, queries, roles, tokens
from app.actors.actor import SCHEDULER, Role
from app.actors.tables import ActorRow, HookRow, TokenRow
from app.inventory.ourselves import HOOK, TOKEN
from app.kit.db import Database
from app.kit.refusal import Refused
from connectors.connector import (
    Act,
    ActKind,
    ByHand,
    Coverage,
    Look,
    State,
    StreamCoverage,
    Target,
    TargetKind,
)
from connectors.errors import Declined
from connectors.receipt import ActReceipt
from connectors.records import Stream

ACTS = frozenset({ActKind.DEACTIVATE, ActKind.REMOVE_GRANT, ActKind.REVOKE_CREDENTIAL})
ELSEWHERE = ByHand(
    "What Rolecall enters another system with is taken away there.",
    (
        "Revoke the credential in the system that it opens.",
        "Then give Rolecall another one: rolecall system credential, or remove the system.",
    ),
)


class Executor:
    """Ends actors, takes roles, revokes tokens and ends hooks of this installation, one act at a time."""

    def __init__(self, database: Database, key: str, clock: Callable[[], datetime]) -> None:
        self.database, self.key, self.clock = database, key, clock

    def check(self) -> Coverage:
        """Whose installation this is, and what can be carried out here."""
        return Coverage(
            self.key, "Rolecall", SCHEDULER.id, {Stream.ACCOUNTS: StreamCoverage(True)}, acts=ACTS, api_version=None
        )

    def look(self, target: Target) -> Look:
        """Read one target's state now."""
        at = self.clock()
        with self.database.reading() as session:
            facts = _facts(session, target, at)
        state = State.UNKNOWN if facts is None else State.PRESENT if facts else State.ABSENT
        told = facts or {}
        return Look(
            state,
            told,
            asked=f"rolecall: {target.kind}",
            digest=hashlib.sha256(repr(sorted(told.items())).encode()).hexdigest(),
            at=at,
            because="It is kept in the system that it opens." if state is State.UNKNOWN else None,
        )

    def plan(self, target: Target, before: Look) -> Sequence[Act] | ByHand:
        """Say which act takes the target away. Pure."""
        if before.state is State.ABSENT:
            return ()
        whose = target.username or target.account_key
        match target.kind:
            case TargetKind.ACCOUNT:
                return [Act(ActKind.DEACTIVATE, target, f"Let {whose} in no more", "actors.end")]
            case TargetKind.GRANT:
                says = f"Take the role {target.entitlement_key} from {whose}"
                return [Act(ActKind.REMOVE_GRANT, target, says, "roles.take")]
            case TargetKind.CREDENTIAL if (number := _numbered(target, TOKEN)) is not None:
                return [Act(ActKind.REVOKE_CREDENTIAL, target, f"Revoke the token {number}", "tokens.revoke")]
            case TargetKind.CREDENTIAL if (number := _numbered(target, HOOK)) is not None:
                return [Act(ActKind.REVOKE_CREDENTIAL, target, f"End the hook {number}", "hooks.end")]
        return ELSEWHERE

    def perform(self, act: Act) -> ActReceipt:
        """Carry out one act, with its guards. Raises Declined with the refusal's own sentence."""
        at = self.clock()
        try:
            with self.database.transaction() as session:
                _take_away(session, act, at)
        except Refused as no:
            raise Declined(f"{act.says}: {no}", said=no.refusal.reason) from no
        return ActReceipt(asked=act.request, status=200, digest=hashlib.sha256(act.says.encode()).hexdigest(), at=at)

    def restore(self, before: Look) -> Sequence[Act] | ByHand:
        """Whoever is let in again is let in by an admin, with a token of their own making."""
        return ByHand("Access to Rolecall is given by an admin.", ("Make the actor, the role or the token anew.",))

    def close(self) -> None:
        """There is no connection to let go of."""


def _facts(session: Session, target: Target, at: datetime) -> dict[str, str | None] | None:
    """What is there of the target; empty if nothing is, None if it is not ours to know."""
    actor = session.get(ActorRow, target.account_key) if target.account_key else None
    lives = actor is not None and (actor.ended is None or actor.ended > at)
    if target.kind is TargetKind.ACCOUNT:
        return {"actor": actor.id, "active": "true"} if actor is not None and lives else {}
    if target.kind is TargetKind.GRANT:
        holds = lives and target.entitlement_key in queries.roles_of(session, target.account_key or "", at=at)
        return {"actor": target.account_key, "role": target.entitlement_key} if holds else {}
    if (number := _numbered(target, TOKEN)) is not None:
        token = session.get(TokenRow, number)
        opens = token is not None and token.revoked is None and token.expires > at
        return {"token": number, "label": token.label} if token is not None and opens else {}
    if (number := _numbered(target, HOOK)) is not None:
        hook = session.get(HookRow, number)
        opens = hook is not None and hook.ended is None and hook.expires > at
        return {"hook": number, "label": hook.label} if hook is not None and opens else {}
    return None


def _take_away(session: Session, act: Act, at: datetime) -> None:
    target = act.target
    if act.kind is ActKind.REVOKE_CREDENTIAL:
        if (number := _numbered(target, HOOK)) is not None:
            hooks.end(session, session.get_one(HookRow, number), by=SCHEDULER, at=at)
        else:
            tokens.revoke(session, session.get_one(TokenRow, _numbered(target, TOKEN)), by=SCHEDULER, at=at)
        return
    actor = session.get_one(ActorRow, target.account_key)
    if act.kind is ActKind.REMOVE_GRANT:
        roles.take(session, actor, Role(target.entitlement_key or ""), by=SCHEDULER, at=at)
    else:
        actors.end(session, actor, by=SCHEDULER, at=at)


def _numbered(target: Target, kind: str) -> str | None:
    """The short id of one of our tokens or hooks, if that is what the credential is."""
    of, _, number = (target.credential_key or "").partition(":")
    return number if of == kind and number else None
