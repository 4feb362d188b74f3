"""The state of the pretend org while it runs: its rows, its clock, who is signed in, which cursors are open, its knobs."""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.sandbox import company as company_of
from connectors.sandbox import roster
from connectors.sandbox.clock import Clock
from connectors.sandbox.salesforce import (
    accounts,
    activity,
    crowd,
    flags,
    furniture,
    ids,
    landscape,
    moments,
    schema,
    traces,
)
from connectors.sandbox.salesforce.org import Draft
from connectors.sandbox.salesforce.rights import Caller
from connectors.sandbox.salesforce.soql import Plan
from connectors.sandbox.store import Store
from connectors.sandbox.wire import Ask

CURSORS_LIVE = timedelta(days=2)
LARGE = 5_000  # accounts beyond which rows are kept on disk even without a home
LAYOUT = 2  # of the tables; a home written by an older one is refused, not misread
KNOBS: dict[str, Any] = {
    "short_pages": True,  # every fourth page of a long answer is shorter than asked
    "largest_page": 2000,  # the server may return fewer rows than asked, and with this it does
    "gone_is_cross_reference": False,  # a record deleted before answers 400 INVALID_CROSS_REFERENCE_KEY instead of 404
    "token_seconds": 7200,  # how long an access token lives, by the real clock
    "daily_limit": None,  # API calls per day; `None`: what the licences add up to
    "features": ["territories", "agents", "external_client_apps"],  # what the org has; `shield` as well, if wished
    "only_approved_apps": False,  # ConnectedAppSettings.enableAdminApprovedAppsOnly
    "password_flow": False,  # whether grant_type=password is let in; blocked by default since Summer '23
}
PERMISSION_SET_OF = {"reader": "Rolecall_Reader", "executor": "Rolecall_Executor"}
ACCOUNT_OF = {"reader": "rolecall-reader", "executor": "rolecall-executor"}
RIGHTS_OF = {"reader": flags.READER, "executor": flags.EXECUTOR}


@dataclass(frozen=True)
class Session:
    """An access token that was given out. `until` is real time."""

    account: str
    principal: str
    until: datetime


@dataclass
class Cursor:
    """An open query: its rows as they were when it was asked."""

    plan: Plan
    keys: "array[int]"
    total: int
    size: int
    tooling: bool
    opened: datetime
    starts: dict[int, int] = field(default_factory=dict)  # offset of a page -> how many pages came before


@dataclass
class World:
    """Everything that answers depend on."""

    store: Store
    clock: Clock
    keys: dict[str, Any]
    url: str = ""
    sessions: dict[str, Session] = field(default_factory=dict)
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)  # authorization code -> principal, redirect
    cursors: dict[str, Cursor] = field(default_factory=dict)
    knobs: dict[str, Any] = field(default_factory=lambda: dict(KNOBS))
    used: int = 0
    opened: int = 0
    echo: dict[str, Any] = field(default_factory=dict)  # by query: the last row of the page before, to be repeated

    def now(self) -> str:
        """The present moment, written."""
        return moments.written(self.clock.now())

    def account_of(self, principal: str) -> str:
        """The User id behind a principal."""
        return str(self.store.kept("accounts")[ACCOUNT_OF[principal]])

    def session(self, secret: str) -> Session | None:
        """The session of an access token; `None` when it is over, or its account is no longer active."""
        session = self.sessions.get(secret)
        if session is None or session.until <= self.clock.real():
            return None
        active = self.store.scalar('SELECT "IsActive" FROM "User" WHERE "Id" = ?', [session.account])
        return session if active else None

    def absent(self) -> frozenset[str]:
        """The objects of features that this org does not have."""
        has = set(self.knobs["features"])
        return frozenset(name for feature, names in schema.FEATURES.items() if feature not in has for name in names)

    def next_id(self, entity: str) -> str:
        """A new id, never given out before."""
        prefix = schema.ENTITIES[entity.lower()].prefix
        counters = self.store.kept("counters", {})
        counters[prefix] = counters.get(prefix, 0) + 1
        self.store.keep("counters", counters)
        return ids.make(prefix, counters[prefix])

    def daily_limit(self) -> int:
        """API calls allowed per day: 100,000 and a thousand per licence in use."""
        seats = self.store.scalar('SELECT SUM("UsedLicenses") FROM "UserLicense"')
        return int(self.knobs["daily_limit"] or 100_000 + 1000 * (seats or 0))

    def audit(self, by: str, action: str, section: str, said: str) -> None:
        """One row of the setup audit trail."""
        row = {
            "Action": action,
            "Section": section,
            "Display": said,
            "CreatedById": by,
            "CreatedDate": self.now(),
            "SystemModstamp": self.now(),
        }
        self.store.add("SetupAuditTrail", {"Id": self.next_id("SetupAuditTrail")} | row)


@dataclass(frozen=True)
class Call:
    """One authenticated REST call. `base` is `/services/data/vN`."""

    world: World
    caller: Caller
    ask: Ask
    base: str

    @property
    def store(self) -> Store:
        """Where the rows are."""
        return self.world.store

    def another(self, method: str, path: str, query: Mapping[str, list[str]], body: bytes) -> "Call":
        """A call within this one, by the same caller."""
        return Call(self.world, self.caller, Ask(method, path, query, self.ask.headers, body), self.base)


def open_world(home: Path | None, clock: Clock, keys: dict[str, Any], wish: company_of.Wish) -> World:
    """The org in this home; written first when there is none yet. Refuses a home that holds another company."""
    store = Store(home, large=wish.crowd > LARGE)
    wanted = wish.told() | {"layout": LAYOUT}
    found = store.kept("company")
    if found is not None and found != wanted:
        store.close()
        raise ValueError(f"this home holds another company: {found}, not {wanted}")
    if found is None:
        with store.change():
            _write(store, clock, wish)
            store.keep("company", wanted)
    return World(store, clock, keys)


def _write(store: Store, clock: Clock, wish: company_of.Wish) -> None:
    for statement in schema.create_statements():
        store.db.execute(statement)
    draft = Draft(store, company_of.make(wish.seed, clock.now(), wish.people, wish.history))
    furniture.write(draft)
    accounts.write(draft)
    landscape.write(draft)
    activity.write(draft)
    traces.write(draft)
    if wish.crowd:
        crowd.write(draft, wish.crowd, wish.each, wish.sign_ins)
    store.keep("accounts", draft.accounts)
    store.keep("counters", draft.counters)
    store.keep("planted", draft.planted)
    store.keep("reasoned", [r["person"] for r in roster.reasons(draft.company) if r["system"] == "salesforce"])
    store.keep("roster_ids", {id: key for key, id in draft.accounts.items()})
    store.db.execute("ANALYZE")
