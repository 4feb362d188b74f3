"""The state of the pretend portal while it runs: its rows, its clock, its plan, its tokens and their scopes, its knobs."""

import random
import uuid
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from connectors.sandbox import company as company_of
from connectors.sandbox import roster
from connectors.sandbox.clock import Clock
from connectors.sandbox.hubspot import portal
from connectors.sandbox.hubspot.moments import written
from connectors.sandbox.store import Store
from connectors.sandbox.wire import Ask

READING = frozenset(
    {
        "oauth",
        "settings.users.read",
        "settings.users.teams.read",
        "crm.objects.owners.read",
        "crm.objects.users.read",
        "account-info.security.read",
        "transactional-email",
    }
)
WRITING = READING | {
    "settings.users.write",
    "settings.users.teams.write",
    "crm.objects.users.write",
    "settings.billing.write",
}
SCOPES = {"reader": READING, "executor": WRITING}
OWNER_OF = {"reader": "rolecall-reader", "executor": "rolecall-executor"}
PLANS = ("free", "starter", "professional", "enterprise")
DAILY = {"free": 250_000, "starter": 250_000, "professional": 625_000, "enterprise": 1_000_000}

KNOBS: dict[str, Any] = {
    "largest_page": 500,  # the server may return fewer rows than asked, and with this it does
    "plan": "enterprise",  # free and starter: no roles, no teams; professional: no roles, no audit log
    "put_mode": "partial",  # partial | replace | ignores-role: nobody has published which is true
    "security_user": "subject",  # subject | actor: whose id stands in a security event is not told either
    "list_lag_seconds": 0.0,  # how long a removed account is still listed
    "no_seat": False,  # creating or changing a role answers that no seat is free
    "refuse_super_admin_delete": False,  # DELETE of a super admin answers 400
    "deactivated_in_list": True,  # whether Settings still lists the deactivated
    "enforce_limits": False,  # answer 429 when a rolling limit is passed; the headers count either way
    "token_seconds": 1800,  # how long an OAuth access token lives, by the real clock
}


@dataclass(frozen=True)
class Grantee:
    """Whose token this is: the principal, the account that made it, and its scopes."""

    principal: str
    account: str
    scopes: frozenset[str]
    oauth: bool


@dataclass
class World:
    """Everything that answers depend on."""

    store: Store
    clock: Clock
    keys: dict[str, Any]
    knobs: dict[str, Any] = field(default_factory=lambda: dict(KNOBS))
    access_tokens: dict[str, tuple[str, datetime]] = field(
        default_factory=dict
    )  # OAuth: token -> principal, until (real time)
    window: deque[float] = field(default_factory=deque)
    searches: deque[float] = field(default_factory=deque)
    today_used: int = 0
    echo: dict[str, Any] = field(default_factory=dict)  # the last row of each list's page before, to be repeated

    def now(self) -> str:
        """The present moment, written."""
        return written(self.clock.now())

    def token(self, principal: str) -> str:
        """The static token of a principal."""
        return str(self.keys[principal]["token"])

    def owner(self, principal: str) -> str:
        """The account that owns a principal's token."""
        return str(self.store.kept("accounts")[OWNER_OF[principal]])

    def scopes(self, principal: str) -> frozenset[str]:
        """The scopes a principal has now."""
        return SCOPES[principal] - set(self.store.kept(f"withheld:{principal}", []))

    def next_number(self, what: str) -> str:
        """A number never given out before."""
        numbers = self.store.kept("next")
        numbers[what] += 1
        self.store.keep("next", numbers)
        return str(numbers[what])

    def event(self, kind: str, account: str, acting: str, object_id: str | None = None) -> None:
        """One row of the security history, and of the audit log, which names who acted and nobody else."""
        row = {
            "at": self.now(),
            "type": kind,
            "account_id": account,
            "acting": acting,
            "object_id": object_id or account,
        }
        self.store.add("security", row | {"ip": "203.0.113.10"})
        self.store.add(
            "audit",
            {
                "at": self.now(),
                "category": "SECURITY",
                "action": kind,
                "target": object_id or account,
                "account_id": self.store.scalar("SELECT id FROM account WHERE email = ?", [acting]),
                "email": acting,
            },
        )

    def sign_in(self, account: str, ok: bool = True) -> None:
        """One row of the sign-in history."""
        email = self.store.scalar("SELECT email FROM account WHERE id = ?", [account])
        columns = ("at", "ok", "account_id", "email", "ip", "location", "country", "region", "agent")
        self.store.fill(
            "login", columns, [portal.login_row(self.now(), ok, account, email, random.Random(uuid.uuid4().int))]
        )


@dataclass(frozen=True)
class Call:
    """One authenticated call. `family` is the path's version: v3, 2026-03, 2026-09, 2026-09-beta."""

    world: World
    who: Grantee
    ask: Ask
    family: str

    @property
    def store(self) -> Store:
        """Where the rows are."""
        return self.world.store

    @property
    def acting(self) -> str:
        """The e-mail of the account behind the token."""
        return str(self.store.scalar("SELECT email FROM account WHERE id = ?", [self.who.account]))


def open_world(home: Path | None, clock: Clock, keys: dict[str, Any], wish: company_of.Wish) -> World:
    """The portal in this home; written first when there is none yet. Refuses a home that holds another company."""
    store = Store(home)
    wanted = wish.told()
    found = store.kept("company")
    if found is not None and found != wanted:
        store.close()
        raise ValueError(f"this home holds another company: {found}, not {wanted}")
    if found is None:
        with store.change():
            made = company_of.make(wish.seed, clock.now(), wish.people, wish.history)
            store.keep("planted", portal.write(store, made))
            store.keep("reasoned", [r["person"] for r in roster.reasons(made) if r["system"] == "hubspot"])
            store.keep("away", made.parts["away"])
            store.keep("company", wanted)
    return World(store, clock, keys)
