"""One pretend CRM, our copy of it, and readings through the faults that a seed draws."""

from __future__ import annotations

import json
import pickle
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import select, text

from app.inventory import absence, sync, systems
from app.inventory.tables import StreamRow
from app.kit.beside import Beside
from app.kit.db import Database
from app.kit.secrets import Keys
from connectors import registry
from connectors.connector import Reader
from connectors.pacing import Budget
from connectors.records import Stream
from connectors.salesforce import reading
from connectors.sandbox import serve
from connectors.sandbox.calls import Calls
from connectors.sandbox.clock import Clock
from connectors.sandbox.company import Wish
from connectors.sandbox.exchange import Exchange
from connectors.sandbox.faults import Faults
from connectors.sandbox.wire import Pretender
from tests import make
from tests.storms.inside import HOST, Inside, Time

NOW = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
PEOPLE, HISTORY = 80, 5  # days of sign-ins: enough for several pages, few enough for hundreds of readings
KINDS = (
    *(
        "unauthorized",
        "unauthorized_for_good",
        "limit_daily",
        "limit_concurrent",
        "too_many",
        "server_error",
        "timeout",
    ),
    *("cut_body", "lost_reply", "stale_cursor", "duplicates", "count_drift", "dropped_page", "short_page", "lock"),
    "nested_message",
)
LARGEST_PAGE = {"salesforce": 120, "hubspot": 25}  # so that a small CRM has many pages, each of which may go wrong
HEALING = ("limit_concurrent", "too_many", "server_error", "timeout", "cut_body", "short_page", "unauthorized")
SCRIPTS = 4
PAGE = 2_000  # rows that a page may have
SHARE = 12  # one storm in so many is over Salesforce, where a reading takes four times as long
LIVE = {  # what is live in our copy, by table: each row as one text
    "accounts": "SELECT key FROM accounts WHERE ended IS NULL",
    "entitlements": "SELECT key FROM entitlements WHERE ended IS NULL",
    "grants": "SELECT a.key || ' ' || e.key || ' ' || g.source FROM grants g JOIN accounts a ON a.id = g.account_id "
    "JOIN entitlements e ON e.id = g.entitlement_id WHERE g.ended IS NULL",
    "integrations": "SELECT key FROM integrations WHERE ended IS NULL",
    "credentials": "SELECT key FROM credentials WHERE ended IS NULL",
    "observations": "SELECT stream || ' ' || key FROM observations WHERE ended IS NULL",
}
OF_STREAM = {
    Stream.ACCOUNTS: ("accounts",),
    Stream.ENTITLEMENTS: ("entitlements",),
    Stream.GRANTS: ("grants",),
    Stream.INTEGRATIONS: ("integrations", "credentials"),
}
OBSERVED = (Stream.OBJECT_RIGHTS, Stream.FACTORS, Stream.PACKAGES, Stream.ENDPOINTS, Stream.USAGE)

Rows = dict[str, frozenset[str]]


@dataclass
class World:
    """A CRM of one kind, and the template of our copy of it, read once without any fault."""

    kind: str
    pretender: Pretender
    secrets: dict[str, Any]
    port: int
    template: Path
    system_id: int
    before: Rows
    keys: Keys


@dataclass(frozen=True)
class Told:
    """What one reading came to."""

    verdicts: dict[str, str]
    because: dict[str, str]
    live: Rows
    calls: int
    waited: float
    happened: list[str]
    status: str


def live(database: Database) -> Rows:
    with database.reading() as session:
        return {table: frozenset(session.scalars(text(sql))) for table, sql in LIVE.items()}


def _config(world_kind: str, port: int) -> dict[str, str]:
    url = f"http://{HOST}:{port}"
    if world_kind == "salesforce":
        return {"login_url": url}
    return {"base_url": url, "calls_per_10s": "100000"}


def _secret(kind: str, credentials: dict[str, Any]) -> dict[str, str]:
    known = credentials["reader"]
    # Client credentials, because an RSA key is costly to open and no storm is about it.
    return {k: known[k] for k in (("client_id", "client_secret") if kind == "salesforce" else ("token",))}


def _keep(_: Any) -> None:
    raise AssertionError("nothing was to be kept")


@contextmanager
def reader(world: World, time: Time) -> Iterator[Reader]:
    """The real connector, whose waits move `time`."""
    config, secret = (
        _config(world.kind, world.port),
        _secret(world.kind, world.pretender.credentials(f"http://{HOST}:{world.port}")),
    )
    if world.kind == "salesforce":
        from connectors.salesforce import auth
        from connectors.salesforce.client import Client
        from connectors.salesforce.reader import SalesforceReader

        access = replace(auth.read_access(config, secret), page_size=PAGE)
        client = Client(access, sleep=time.sleep, clock=time.clock, budget=Budget())
        opened: Reader = SalesforceReader(client)
    else:
        opened = registry.open_reader("hubspot", config, secret, _keep)
        wire = opened._client._wire  # type: ignore[attr-defined]
        wire.sleep, wire.clock = time.sleep, time.clock
        wire._pace.sleep, wire._pace.clock = time.sleep, time.clock
    try:
        yield opened
    finally:
        opened.close()


def make_world(kind: str, port: int, folder: Path, empty: Path, inside: Inside) -> World:
    """Invent a CRM, connect it, and read it once in fair weather."""
    pretender, secrets = serve.opened(kind, home=None, clock=Clock(NOW), wish=Wish(7, PEOPLE, history=HISTORY))  # type: ignore[arg-type]
    pretender.set_knobs({"largest_page": LARGEST_PAGE[kind]})
    template, keys = folder / f"{kind}.db", Keys(b"k" * 32)
    shutil.copy(empty, template)
    database = Database(f"sqlite:///{template}", durable=False)
    world = World(kind, pretender, secrets, port, template, 0, {}, keys)
    with database.transaction() as session:
        credentials = pretender.credentials(f"http://{HOST}:{port}")
        system = systems.add(
            session, name=kind, kind=kind, config=_config(kind, port), reader=_secret(kind, credentials),
            executor=None, keys=keys, by=make.ADMIN, at=NOW,
        )  # fmt: skip
        world.system_id = system.id
    inside.exchanges[port] = Exchange(pretender, Faults(), Clock(NOW), Calls())
    told = _read(world, database, inside, "fair", at_once=1)
    assert {v for s, v in told.verdicts.items() if not told.because[s].startswith("it may not")} == {"complete"}, told
    world.before = told.live
    database.close()
    return world


@dataclass(frozen=True)
class Storm:
    """What a seed makes of one reading."""

    seed: int
    kind: str
    rate: float
    kinds: tuple[str, ...]
    script: int  # which changes happen to the CRM; 0: none
    at_page: int | None  # after how many pages they happen; None: before the reading
    at_once: int
    skew: float

    @classmethod
    def of(cls, seed: int, kind: str | None = None) -> Storm:
        rng = random.Random(f"storm:{seed}")
        drawn = kind or ("salesforce" if seed % SHARE == 0 else "hubspot")
        rate = rng.choice((0.01, 0.03, 0.08, 0.2, 0.5))
        kinds = tuple(rng.sample(KINDS, rng.randint(1, 5)) if rng.random() < 0.6 else rng.sample(HEALING, 3))
        script, at_page = rng.randint(0, SCRIPTS), rng.choice((None, rng.randint(1, 30)))
        at_once = 4 if rng.random() < 0.2 else 1
        return cls(seed, drawn, rate, kinds, script, at_page, at_once, rng.choice((0.0, 0.0, -5400.0, 86_400.0)))


def changes(kind: str, script: int, pretender: Pretender) -> list[dict[str, Any]]:
    """What people do in the CRM's own pages: some access comes, some goes. The same for the same script."""
    if script == 0:
        return []
    rng = random.Random(f"changes:{kind}:{script}")
    people = sorted(pretender.truth()["accounts_by_roster_id"])
    named = [who for who in people if who.startswith("P")]
    if kind == "salesforce":
        sets = ("Export_Reports", "Mass_Email", "Data_Migration", "Telephony", "Weekly_Export")
        made = [{"act": "ungrant", "account": who, "permission_set": each} for who in named for each in sets[:2]]
        gone = rng.sample(made, 25)
        new = [{"act": "grant", "account": who, "permission_set": sets[4]} for who in rng.sample(named, 3)]
        new += [{"act": "create_account", "username": f"new{script}@northwind-sandbox.example"}]
        return [*gone, *new, {"act": "freeze", "account": rng.choice(named)}]
    gone = [{"act": "remove", "account": who} for who in rng.sample(named, 3)]
    return [*gone, {"act": "create_account", "email": f"new{script}@northwind-sandbox.example"}]


class Weather:
    """Both CRMs, and storms over readings of them.

    What fair readings make of each change is told to whoever looks into `told`, so that of several processes one finds out.
    """

    def __init__(self, folder: Path, empty: Path, inside: Inside, told: Path | None = None) -> None:
        self.folder, self.inside, self.told = folder, inside, told or folder
        kinds = (("salesforce", 1001), ("hubspot", 1002))
        self.worlds = {kind: make_world(kind, port, folder, empty, inside) for kind, port in kinds}
        self.states = {kind: _store(world).serialize() for kind, world in self.worlds.items()}
        self._after: dict[tuple[str, int], Rows] = {}
        self._copies: dict[str, Database] = {}
        self.apart = 0  # pages that were handed over

    def blow(self, storm: Storm, wrap: Callable[[Reader], Reader] | None = None) -> tuple[Told, list[str]]:
        """Read once through the storm. Says what it came to, and what is wrong with our copy afterwards."""
        after = self.after(storm.kind, storm.script)
        told = self._run(storm, wrap)
        return told, wrong(self.worlds[storm.kind].before, after, told, during=storm.at_page is not None)

    def after(self, kind: str, script: int) -> Rows:
        """What a reading without any fault makes of the CRM as these changes leave it."""
        if (kind, script) not in self._after:
            known = self.told / f"after-{kind}-{script}.json"
            if not known.exists():
                rows = self._run(Storm(0, kind, 0.0, (), script, None, 1, 0.0), None).live
                half = self.folder / f"{known.name}.half"
                half.write_text(json.dumps({table: sorted(of) for table, of in rows.items()}))
                half.replace(known)
            self._after[kind, script] = {table: frozenset(of) for table, of in json.loads(known.read_text()).items()}
        return self._after[kind, script]

    def _run(self, storm: Storm, wrap: Callable[[Reader], Reader] | None) -> Told:
        world = self.worlds[storm.kind]
        _reset(world, self.states[storm.kind])
        faults = Faults()
        if storm.rate:
            faults.plan({"seed": storm.seed, "rate": storm.rate, "kinds": storm.kinds})
        if storm.skew:
            faults.plan({"fault": "clock_skew", "seconds": storm.skew, "times": None})
        self.inside.exchanges[world.port] = Exchange(world.pretender, faults, Clock(NOW), Calls())
        database = self._copy(world)
        todo = changes(storm.kind, storm.script, world.pretender)
        pages = 0

        def do() -> None:
            with self.inside.lock:
                while todo:
                    wish = todo.pop(0)
                    world.pretender.act(wish["act"], wish)

        def on_page(*_: Any) -> None:
            nonlocal pages
            pages += 1
            if storm.at_page is not None and pages == storm.at_page:
                do()

        if storm.at_page is None:
            do()
        with self._apart() if storm.seed // SHARE % 2 else nullcontext():
            told = _read(world, database, self.inside, "storm", storm.at_once, on_page, wrap)
        if todo:  # the reading was over before the changes came: they concern no row of it
            do()
        return told

    @contextmanager
    def _apart(self) -> Iterator[None]:
        """Pages are understood as another process would, which now and then says nothing; without its start."""

        def do(_beside: Beside, function: Callable[..., Any], *given: object) -> Any:
            self.apart += 1
            return None if self.apart % 20 == 0 else pickle.loads(pickle.dumps(function(*given)))

        # Small pages make several windows, of which all but the first are asked ahead.
        with patch.object(Beside, "do", do), patch.object(reading, "LARGE", 1), patch.dict(globals(), PAGE=20):
            yield

    def _copy(self, world: World) -> Database:
        """Our copy as it was before any storm; in one and the same database, whose statements are compiled already."""
        path = self.folder / f"{world.kind}-now.db"
        source, target = sqlite3.connect(world.template), sqlite3.connect(path)
        source.backup(target)
        source.close()
        target.close()
        if world.kind not in self._copies:
            self._copies[world.kind] = Database(f"sqlite:///{path}", durable=False)
        return self._copies[world.kind]

    def close(self) -> None:
        for database in self._copies.values():
            database.close()


def _store(world: World) -> Any:
    return world.pretender.world.store.db  # type: ignore[attr-defined]


def _reset(world: World, state: bytes) -> None:
    """The CRM as it was made, and nobody signed in."""
    _store(world).deserialize(state)
    inner = world.pretender.world  # type: ignore[attr-defined]
    inner.echo.clear()
    for name in ("sessions", "cursors", "access_tokens"):
        getattr(inner, name, {}).clear()


def wrong(before: Rows, after: Rows, told: Told, *, during: bool) -> list[str]:
    """What our copy says that is not so: a row too many or too few where it says complete, a live row ended elsewhere.

    Rows that came or went while the reading went on may be there or not.
    """
    found = []
    for stream, table, pick in _parts():
        was, will, now = (frozenset(filter(pick, rows[table])) for rows in (before, after, told.live))
        must = was & will if during else will
        if told.status == "sealed" and absence.counts(stream, told.verdicts):
            found += [f"{stream}: complete, but {row} is lacking" for row in sorted(must - now)[:3]]
            found += [
                f"{stream}: complete, but {row} is not there any more" for row in sorted(now - (was | must | will))[:3]
            ]
            if not during:
                found += [f"{stream}: complete, but {row} is gone" for row in sorted(now - will)[:3]]
        else:
            found += [f"{stream}: not complete, yet {row} was ended" for row in sorted((was & will) - now)[:3]]
    return found


def _parts() -> Iterator[tuple[Stream, str, Callable[[str], bool]]]:
    for stream, tables in OF_STREAM.items():
        for table in tables:
            yield stream, table, lambda _: True
    for stream in OBSERVED:
        yield stream, "observations", lambda row, prefix=f"{stream} ": row.startswith(prefix)  # type: ignore[misc]


def _read(
    world: World,
    database: Database,
    inside: Inside,
    run: str,
    at_once: int,
    on_page: Callable[..., None] | None = None,
    wrap: Callable[[Reader], Reader] | None = None,
) -> Told:
    inside.calls, began = 0, inside.time.now
    exchange = inside.exchanges[world.port]
    with reader(world, inside.time) as opened:
        number = sync.run(
            database, world.system_id, run=run, keys=world.keys, clock=lambda: NOW + timedelta(days=1), by=make.ADMIN,
            reader=wrap(opened) if wrap else opened, at_once=at_once, on_page=on_page,
        )  # fmt: skip
    with database.reading() as session:
        rows = session.scalars(select(StreamRow).where(StreamRow.snapshot_id == number)).all()
        status = session.scalar(text(f"SELECT status FROM snapshots WHERE id = {number}"))
        verdicts, because = {r.stream: str(r.verdict) for r in rows}, {r.stream: r.because for r in rows}
    happened = [each["fault"] for each in exchange.faults.happened]
    return Told(verdicts, because, live(database), inside.calls, inside.time.now - began, happened, str(status))
