"""A CRM that lives in memory, for tests: a connector whose answers, faults and refusals are scripted.

    crm = fake_connector.world("acme")                 # the CRM's state; one per name, fresh for each call
    crm.put(AccountRecord("a1", "bo@example.com"))      # what it holds, per stream, in order
    crm.fault(Stream.GRANTS, 1, Unreachable("reset"))   # the second page of grants fails, once
    fake_connector.register()                           # kind "fake"; a system's config is {"world": "acme"}

The reader pages by `page_size`, gives its own count, and logs every page handed over in `served`. The executor takes
away what is in the world and logs each act in `performed`. A secret is {"token": …}; `rotates=True` makes the token
single-use: each check asks `keep` to store the next one, and only the newest enters.
"""

from __future__ import annotations

import hashlib
import itertools
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime

from connectors import registry
from connectors.connector import (
    Act,
    ActKind,
    ByHand,
    Config,
    Coverage,
    Executor,
    Keep,
    Look,
    Page,
    Reader,
    Secret,
    State,
    StreamCoverage,
    Target,
    TargetKind,
)
from connectors.errors import ConnectorError, Declined, Denied
from connectors.receipt import ActReceipt, PageReceipt
from connectors.records import (
    AccountRecord,
    ChangeRecord,
    CredentialRecord,
    EndpointRecord,
    EntitlementRecord,
    FactorRecord,
    GrantRecord,
    IntegrationRecord,
    LoginRecord,
    NestingRecord,
    ObjectRightRecord,
    PackageRecord,
    PersonRecord,
    Record,
    SessionRecord,
    SettingRecord,
    Stream,
    UsageRecord,
)

KIND = "fake"
STREAM_OF: dict[type, Stream] = {
    AccountRecord: Stream.ACCOUNTS,
    EntitlementRecord: Stream.ENTITLEMENTS,
    NestingRecord: Stream.ENTITLEMENTS,
    GrantRecord: Stream.GRANTS,
    LoginRecord: Stream.LOGINS,
    IntegrationRecord: Stream.INTEGRATIONS,
    CredentialRecord: Stream.INTEGRATIONS,
    SettingRecord: Stream.SETTINGS,
    ChangeRecord: Stream.CHANGES,
    ObjectRightRecord: Stream.OBJECT_RIGHTS,
    FactorRecord: Stream.FACTORS,
    SessionRecord: Stream.SESSIONS,
    PackageRecord: Stream.PACKAGES,
    EndpointRecord: Stream.ENDPOINTS,
    UsageRecord: Stream.USAGE,
    PersonRecord: Stream.PEOPLE,
}
CRM_STREAMS = (  # what a world is about unless a test says more; every further stream costs each reading some time
    Stream.ACCOUNTS,
    Stream.ENTITLEMENTS,
    Stream.GRANTS,
    Stream.LOGINS,
    Stream.INTEGRATIONS,
    Stream.SETTINGS,
    Stream.CHANGES,
)
FURTHER_STREAMS = tuple(stream for stream in Stream if stream not in (*CRM_STREAMS, Stream.PEOPLE))


class Crash(Exception):
    """The process dies here: not a ConnectorError, so nobody catches it."""


@dataclass
class World:
    """One pretend CRM. Change its fields between readings to say what happened meanwhile."""

    key: str = "org-1"
    name: str = "Fake CRM"
    principal: str | None = "reader-1"
    executor_principal: str | None = "executor-1"
    streams: tuple[Stream, ...] = CRM_STREAMS
    records: dict[Stream, list[Record]] = field(default_factory=dict)
    page_size: int = 2
    lines: int = 1  # streams that may be read side by side
    counts: bool = True  # whether the server says how many rows there are
    now: datetime = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
    denied: dict[Stream, str] = field(default_factory=dict)  # pull raises Denied(missing=…)
    unreadable: dict[Stream, str] = field(default_factory=dict)  # check() already says that it may not
    lost_pages: dict[Stream, set[int]] = field(default_factory=dict)  # left out; the count stays
    faults: dict[tuple[str, int], list[Exception]] = field(default_factory=dict)
    check_fault: Exception | None = None
    acts: frozenset[ActKind] = frozenset(ActKind)
    act_faults: list[tuple[Exception, bool]] = field(default_factory=list)  # (what to raise, whether it happened)
    by_hand: dict[TargetKind, ByHand] = field(default_factory=dict)
    token: str | None = None  # the only one that enters, when set
    rotates: bool = False
    served: list[tuple[str, int]] = field(default_factory=list)
    performed: list[Act] = field(default_factory=list)
    looked: list[Target] = field(default_factory=list)
    pulled: list[tuple[str, str | None]] = field(default_factory=list)
    _tokens: Iterator[int] = field(default_factory=lambda: itertools.count(2))

    def put(self, *records: Record) -> World:
        """Add records, each to the stream it belongs to."""
        for record in records:
            self.records.setdefault(STREAM_OF[type(record)], []).append(record)
        return self

    def remove(self, *records: Record) -> World:
        """Take records away."""
        for record in records:
            self.records[STREAM_OF[type(record)]].remove(record)
        return self

    def of(self, stream: Stream) -> list[Record]:
        return self.records.get(stream, [])

    def fault(self, stream: Stream, page: int, *errors: Exception) -> World:
        """Raise these, one a try, in place of page `page` (from 0) of a stream."""
        self.faults.setdefault((str(stream), page), []).extend(errors)
        return self

    def enter(self, secret: Secret, keep: Keep) -> Secret:
        """Let a credential in, or raise Denied; with `rotates`, hand out the next token and forget this one."""
        if self.token is not None and secret.get("token") != self.token:
            raise Denied("the token is not valid; connect the system again", missing="a valid token")
        if not self.rotates:
            return secret
        fresh = {**secret, "token": f"token-{next(self._tokens)}"}
        self.token = fresh["token"]  # the CRM forgets the old one whether or not we store the new one
        keep(fresh)
        return fresh


_worlds: dict[str, World] = {}


def world(name: str = "acme", **given: object) -> World:
    """A new world under this name, in place of any former one."""
    _worlds[name] = World(**given)  # type: ignore[arg-type]
    return _worlds[name]


def register(kind: str = KIND) -> None:
    """Make the connector known under `kind` for the life of this process."""
    registry.add(kind, sys.modules[__name__])


def open_reader(config: Config, secret: Secret, keep: Keep) -> Reader:
    return FakeReader(_worlds[config["world"]], secret, keep)


def open_executor(config: Config, secret: Secret, keep: Keep) -> Executor:
    return FakeExecutor(_worlds[config["world"]], secret, keep)


class FakeReader:
    """Reads a world. Usable without a registry: `FakeReader(world)`."""

    def __init__(self, of: World, secret: Secret | None = None, keep: Keep | None = None) -> None:
        self.world = of
        self._secret = secret or {}
        self._keep = keep or (lambda _fresh: None)
        self.closed = False
        self.lines = of.lines

    def check(self) -> Coverage:
        if self.world.check_fault is not None:
            raise self.world.check_fault
        self._secret = self.world.enter(self._secret, self._keep)
        streams = {
            stream: StreamCoverage(stream not in self.world.unreadable, self.world.unreadable.get(stream))
            for stream in self.world.streams
        }
        return Coverage(self.world.key, self.world.name, self.world.principal, streams, api_version="1")

    def pull(self, stream: Stream, resume: str | None = None) -> Iterator[Page]:
        world = self.world
        world.pulled.append((str(stream), resume))
        if stream in world.denied:
            raise Denied(f"{stream} may not be read", missing=world.denied[stream])
        records = list(world.of(stream))
        pages = max(1, -(-len(records) // world.page_size))
        for number in range(int(resume or 0), pages):
            if errors := world.faults.get((str(stream), number)):
                raise errors.pop(0)
            if number in world.lost_pages.get(stream, ()):
                continue
            world.served.append((str(stream), number))
            yield self._page(stream, records, number, last=number == pages - 1)

    def close(self) -> None:
        self.closed = True

    def _page(self, stream: Stream, records: list[Record], number: int, *, last: bool) -> Page:
        size = self.world.page_size
        rows = records[number * size : (number + 1) * size]
        receipt = PageReceipt(
            part=str(stream),
            asked=f"GET /{stream}?page={number}",
            rows=len(rows),
            digest=_digest(repr(rows)),
            at=self.world.now,
            said=len(records) if self.world.counts else None,
            said_after=len(records) if self.world.counts and last else None,
            last=last,
        )
        return Page(stream, rows, receipt, None if last else str(number + 1))


class FakeExecutor:
    """Acts on a world."""

    def __init__(self, of: World, secret: Secret | None = None, keep: Keep | None = None) -> None:
        self.world = of
        self._secret = secret or {}
        self._keep = keep or (lambda _fresh: None)

    def check(self) -> Coverage:
        if self.world.check_fault is not None:
            raise self.world.check_fault
        self._secret = self.world.enter(self._secret, self._keep)
        return Coverage(
            self.world.key, self.world.name, self.world.executor_principal, {}, acts=self.world.acts, api_version="1"
        )

    def look(self, target: Target) -> Look:
        self.world.looked.append(target)
        found = _find(self.world, target)
        facts = {"found": _digest(repr(found))} if found else {}
        state = State.PRESENT if found else State.ABSENT
        return Look(state, facts, asked=f"GET {_name(target)}", digest=_digest(repr(found)), at=self.world.now)

    def plan(self, target: Target, before: Look) -> Sequence[Act] | ByHand:
        if target.kind in self.world.by_hand:
            return self.world.by_hand[target.kind]
        if before.state is State.ABSENT:
            return []
        kind = {
            TargetKind.ACCOUNT: ActKind.DEACTIVATE,
            TargetKind.GRANT: ActKind.REMOVE_GRANT,
            TargetKind.INTEGRATION: ActKind.REVOKE_CREDENTIAL,
            TargetKind.CREDENTIAL: ActKind.REVOKE_CREDENTIAL,
        }[target.kind]
        return [Act(kind, target, says=f"{kind} {_name(target)}", request=f"DELETE {_name(target)}")]

    def perform(self, act: Act) -> ActReceipt:
        raised, happened = self.world.act_faults.pop(0) if self.world.act_faults else (None, True)
        if happened:
            self.world.performed.append(act)
            _take_away(self.world, act)
        if raised is not None:
            raise raised
        return ActReceipt(act.request, 204, _digest(act.request), self.world.now, reference="fake-1")

    def restore(self, before: Look) -> Sequence[Act] | ByHand:
        return ByHand("the fake CRM cannot bring things back", ("Add it again by hand.",))

    def close(self) -> None:
        """Nothing is held open."""


def _find(world: World, target: Target) -> Record | None:
    for record in (each for stream in CRM_STREAMS for each in world.of(stream)):
        if _is(record, target):
            return record
    return None


def _is(record: Record, target: Target) -> bool:
    if target.kind is TargetKind.ACCOUNT:
        return isinstance(record, AccountRecord) and record.key == target.account_key and record.active is not False
    if target.kind is TargetKind.GRANT:
        return isinstance(record, GrantRecord) and (record.account_key, record.entitlement_key, record.source) == (
            target.account_key,
            target.entitlement_key,
            target.source,
        )
    if target.kind is TargetKind.INTEGRATION:
        return isinstance(record, IntegrationRecord) and record.key == target.integration_key
    return isinstance(record, CredentialRecord) and record.key == target.credential_key


def _take_away(world: World, act: Act) -> None:
    found = _find(world, act.target)
    if found is None:
        raise Declined(f"{_name(act.target)} is not there", said="NOT_FOUND")
    of = world.of(STREAM_OF[type(found)])
    if isinstance(found, AccountRecord) and act.kind is not ActKind.REMOVE_ACCOUNT:
        changed = replace(found, frozen=True) if act.kind is ActKind.FREEZE else replace(found, active=False)
        of[of.index(found)] = changed
    else:
        of.remove(found)


def _name(target: Target) -> str:
    parts = [str(value) for key, value in asdict(target).items() if key.endswith("_key") and value]
    return "/".join([str(target.kind), *parts])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def error(kind: type[ConnectorError], text: str = "scripted") -> ConnectorError:
    """An error of this kind with whatever it needs."""
    if kind is Denied:
        return Denied(text, missing=text)
    return Declined(text, said=text) if kind is Declined else kind(text)
