"""Rows for tests: say only what matters. Ada reviews, Bo is reviewed, Eve must see nothing.

Each function writes one row with believable defaults and returns it: `make.account(session, last_login=…)`.
"""

from __future__ import annotations

import itertools
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.actors.actor import Actor, Role
from app.inventory.tables import (
    AccountRow,
    CredentialRow,
    EdgeRow,
    EntitlementRow,
    GrantRow,
    IdentityEmailRow,
    IdentityRow,
    IntegrationRow,
    LoginRow,
    ObservationRow,
    PrivilegeRow,
    RosterUploadRow,
    SnapshotRow,
    StreamRow,
    SystemRow,
)
from app.kit import ids
from app.notices.tables import ChannelRow, DeliveryRow

NOW = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=400)
_number = itertools.count(1)

ADMIN = Actor("actor-admin", "Admin", frozenset({Role.ADMIN}))


def system(session: Session, **given: Any) -> SystemRow:
    n = next(_number)
    values = {
        "name": f"system-{n}",
        "kind": "sandbox",
        "config": {},
        "key": f"org-{n}",
        "writing": [],
        "added": LONG_AGO,
    }
    return _add(session, SystemRow(**(values | given)))


def snapshot(
    session: Session, of: SystemRow, *, streams: dict[str, str] | None = None, at: datetime = NOW, **given: Any
) -> SnapshotRow:
    """A sealed snapshot; `streams` maps stream to verdict, by default all complete."""
    n = next(_number)
    values = {
        "system_id": of.id, "run": f"run-{n}", "status": "sealed", "began_at": at, "sealed_at": at,
        "connector": "sandbox/1", "principal": "reader", "counts": {},
    }  # fmt: skip
    row = _add(session, SnapshotRow(**(values | given)))
    default = dict.fromkeys(("accounts", "entitlements", "grants", "logins", "integrations"), "complete")
    for stream, verdict in (streams or default).items():
        session.add(
            StreamRow(
                snapshot_id=row.id,
                stream=stream,
                verdict=verdict,
                because="made for a test",
                rows=1,
                pages=1,
                calls=1,
                said=None,
                missing=[],
                dropped=[],
                asked=[],
                began_at=at,
                ended_at=at,
            )
        )
    session.flush()
    return row


def identity(session: Session, name: str = "Bo", *, emails: tuple[str, ...] | None = None, **given: Any) -> IdentityRow:
    n = next(_number)
    values = {"key": f"p-{n}", "name": name, "kind": "person", "engagement": "employee", "began": LONG_AGO}
    row = _add(session, IdentityRow(**(values | given)))
    for email in (f"{name.lower()}-{n}@example.com",) if emails is None else emails:
        _add(session, IdentityEmailRow(email=email, identity_id=row.id))
    return row


def account(session: Session, of: SystemRow, **given: Any) -> AccountRow:
    n = next(_number)
    values = {
        "system_id": of.id, "key": f"a-{n}", "username": f"bo-{n}@example.com", "email": f"bo-{n}@example.com",
        "name": "Bo", "active": True, "frozen": False, "kind": "person", "created": LONG_AGO,
        "last_login": NOW - timedelta(days=3), "logins_known_since": LONG_AGO, "native": {}, "began": LONG_AGO,
    }  # fmt: skip
    return _add(session, AccountRow(**(values | given)))


def entitlement(session: Session, of: SystemRow, **given: Any) -> EntitlementRow:
    n = next(_number)
    values = {
        "system_id": of.id, "key": f"role:{n}", "kind": "role", "name": f"Role {n}", "privileges": [], "native": [],
        "revocable": True, "began": LONG_AGO,
    }  # fmt: skip
    return _add(session, EntitlementRow(**(values | given)))


def grant(session: Session, account: AccountRow, entitlement: EntitlementRow, **given: Any) -> GrantRow:
    values = {
        "system_id": account.system_id, "account_id": account.id, "entitlement_id": entitlement.id, "source": "direct",
        "authority": "crm", "began": LONG_AGO,
    }  # fmt: skip
    return _add(session, GrantRow(**(values | given)))


def edge(session: Session, holder: EntitlementRow, held: EntitlementRow, **given: Any) -> EdgeRow:
    """Whoever holds `holder` also holds `held`."""
    values = {
        "system_id": holder.system_id, "holder_id": holder.id, "held_id": held.id, "kind": "group", "began": LONG_AGO,
    }  # fmt: skip
    return _add(session, EdgeRow(**(values | given)))


def privilege(
    session: Session, account: AccountRow, entitlement: EntitlementRow, name: str = "administer", **given: Any
) -> PrivilegeRow:
    """What the account can do because it was granted the entitlement; sealing derives these, tests may say them."""
    values = {
        "system_id": account.system_id, "account_id": account.id, "privilege": name, "entitlement_id": entitlement.id,
        "path": str(entitlement.id),
    }  # fmt: skip
    return _add(session, PrivilegeRow(**(values | given)))


def login(session: Session, account: AccountRow, at: datetime = NOW, **given: Any) -> LoginRow:
    """A sign-in that succeeded. It does not move the account's `last_login`; sealing does that."""
    n = next(_number)
    values = {
        "system_id": account.system_id,
        "key": f"login-{n}",
        "account_id": account.id,
        "at": at,
        "succeeded": True,
    }
    return _add(session, LoginRow(**(values | given)))


def upload(session: Session, roster: SystemRow, **given: Any) -> RosterUploadRow:
    """A roster file that was handed in and not approved."""
    n = next(_number)
    values = {
        "id": uuid.uuid4(), "system_id": roster.id, "digest": f"{n:064d}", "content": b"", "source": "HR",
        "extracted_at": NOW, "rows": 1, "uploaded_by": ADMIN.id, "uploaded_at": NOW,
    }  # fmt: skip
    return _add(session, RosterUploadRow(**(values | given)))


def observation(session: Session, of: SystemRow, stream: str, **given: Any) -> ObservationRow:
    n = next(_number)
    values = {
        "system_id": of.id, "stream": stream, "key": f"{stream}-{n}", "kind": stream, "name": f"{stream} {n}", "facts": {},
        "began": LONG_AGO,
    }  # fmt: skip
    return _add(session, ObservationRow(**(values | given)))


def session(session: Session, account: AccountRow, **given: Any) -> ObservationRow:
    """Somebody is signed in."""
    n = next(_number)
    values = {
        "system_id": account.system_id, "stream": "sessions", "key": f"session-{n}", "kind": "web", "name": "web",
        "account_id": account.id, "facts": {}, "began": NOW,
    }  # fmt: skip
    return _add(session, ObservationRow(**(values | given)))


def integration(session: Session, of: SystemRow, **given: Any) -> IntegrationRow:
    n = next(_number)
    values = {
        "system_id": of.id, "key": f"app-{n}", "kind": "connected_app", "name": f"App {n}", "derived": False,
        "active": True, "began": LONG_AGO,
    }  # fmt: skip
    return _add(session, IntegrationRow(**(values | given)))


def credential(session: Session, of: SystemRow, **given: Any) -> CredentialRow:
    n = next(_number)
    values = {
        "system_id": of.id, "key": f"token-{n}", "kind": "oauth_token", "label": f"Token {n}", "active": True,
        "created": LONG_AGO, "began": LONG_AGO,
    }  # fmt: skip
    return _add(session, CredentialRow(**(values | given)))


def actor(identity: IdentityRow | None = None, *roles: Role, name: str = "Ada") -> Actor:
    """Somebody acting; by default a reviewer."""
    n = next(_number)
    return Actor(f"actor-{n}", name, frozenset(roles or (Role.REVIEWER,)), identity.id if identity else None)


def delivery(session: Session, channel: ChannelRow, **given: Any) -> DeliveryRow:
    """A message that waits to be sent by this channel to whoever reads there."""
    n = next(_number)
    at = given.get("made_at", NOW)
    values = {
        "id": ids.uuid7(), "channel_id": channel.id, "whom": f"channel:{channel.id}", "event": "removal.failed",
        "cause": f"a test:{n}", "severity": "high", "facts": {"system": 1, "name": "Sales", "count": 1}, "digest": False,
        "leaves": False, "status": "waiting", "made_at": at, "since": at, "not_before": at, "tries": 0,
    }  # fmt: skip
    return _add(session, DeliveryRow(**(values | given)))


def _add(session: Session, row: Any) -> Any:
    session.add(row)
    session.flush()
    return row
