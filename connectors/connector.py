"""What every connector can do, as two protocols: a `Reader` for seeing, an `Executor` for taking away.

They hold different credentials on purpose: what proves a removal must not be what carried it out. Every method may raise
`connectors.errors.ConnectorError`. None of them retries a request that changes something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeVar

from connectors.receipt import ActReceipt, PageReceipt
from connectors.records import Record, Stream

Config = Mapping[str, str]  # what an admin may see: addresses, versions, portal ids
Secret = Mapping[str, str]  # what nobody may see: keys, tokens
Keep = Callable[[Secret], None]  # commits a rotated credential; returns only when it is durable


@dataclass(frozen=True, slots=True)
class StreamCoverage:
    """Whether a stream can be read now, and what is missing where it cannot."""

    readable: bool
    missing: str | None = None  # right, scope or plan, in the vendor's words
    note: str | None = None  # "90 days only", "derived from events"


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many calls the system lets all its clients make in a period, and how many of them were made by now."""

    used: int
    allowed: int
    period: str  # "24 hours", "day"


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a credential can do here. `principal` is its own account's key, which no act may ever target.

    `streams` names what this kind of system is about; a stream that is never its matter (people, for a CRM) is left out.
    """

    system_key: str  # org id, portal id
    system_name: str
    principal: str | None
    streams: Mapping[Stream, StreamCoverage]
    acts: frozenset[ActKind] = frozenset()
    api_version: str | None = None
    notes: tuple[str, ...] = ()
    allowance: Allowance | None = None  # None: it has none, or does not tell
    server_at: datetime | None = None  # the server's own clock when it answered
    ends: datetime | None = None  # when the credential stops working; None: it does not tell


@dataclass(frozen=True, slots=True)
class Packed:
    """Records as whoever reads wants to keep them, packed where they were understood."""

    data: bytes
    digest: str
    many: int  # records
    oldest: datetime | None  # when the first of the sign-ins among them was


@dataclass(frozen=True, slots=True)
class Page:
    """One page of one stream. `resume` is opaque text from which `pull` can go on after a crash; None on the last page.

    `packed`: what an `Aside` made of its records, which then are none here.
    """

    stream: Stream
    records: Sequence[Record]
    receipt: PageReceipt
    resume: str | None
    packed: Packed | None = None

    @property
    def many(self) -> int:
        """How many records it has."""
        return len(self.records) if self.packed is None else self.packed.many


Rest = TypeVar("Rest")


class Aside(Protocol):
    """Has a page understood by another process, which packs its records too, while this one goes on."""

    def __call__(
        self, understand: Callable[..., tuple[Sequence[Record], Rest] | None], *given: object
    ) -> tuple[Packed, Rest] | None:
        """What `understand` makes of what is given: a function of a module, pure, its arguments such as can be pickled.

        None where that process cannot say, whatever the reason: then understand the page here.
        """
        ...


class TargetKind(StrEnum):
    """What kind of thing an act takes away."""

    ACCOUNT = "account"
    GRANT = "grant"
    INTEGRATION = "integration"
    CREDENTIAL = "credential"
    ENTITLEMENT = "entitlement"  # what it contains: a person's to change, so no executor is ever given one


@dataclass(frozen=True, slots=True)
class Target:
    """What an act is about, by the CRM's own keys. The human-readable fields guard against acting on a re-used key."""

    kind: TargetKind
    account_key: str | None = None
    entitlement_key: str | None = None
    entitlement_kind: str | None = None
    source: str = "direct"
    integration_key: str | None = None
    credential_key: str | None = None
    username: str | None = None
    email: str | None = None
    until: str | None = None  # ISO 8601, UTC: let the grant stand, but give it this end


class State(StrEnum):
    """Whether a target is there; UNKNOWN when the CRM would not say."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Look:
    """A target's state at this moment, read fresh. `facts` is the before-state that `restore` works from; no secrets."""

    state: State
    facts: Mapping[str, str | None]
    asked: str
    digest: str
    at: datetime | None = None
    because: str | None = None  # why UNKNOWN


class ActKind(StrEnum):
    """Kinds of act that an operator switches on one by one."""

    FREEZE = "freeze"
    END_SESSIONS = "end_sessions"
    REVOKE_CREDENTIAL = "revoke_credential"
    REMOVE_GRANT = "remove_grant"
    CHANGE_GRANT = "change_grant"
    TIME_BOX = "time_box"
    DEACTIVATE = "deactivate"
    REMOVE_ACCOUNT = "remove_account"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Act:
    """One call that changes something, described before it is made. `request` is what will be sent, without secrets."""

    kind: ActKind
    target: Target
    says: str  # "Remove permission set Export Reports from bo@example.com", for people
    request: str  # "DELETE /sobjects/PermissionSetAssignment/0Pa…"
    arguments: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ByHand:
    """What no API can do: the steps a person takes in the CRM, in order."""

    because: str
    steps: tuple[str, ...]


class Reader(Protocol):
    """Sees a system through a credential that should not be able to change anything.

    Used by one thread, unless it has an attribute `lines` above one; then `pull` is called by as many.
    """

    def check(self) -> Coverage:
        """Ask who we are, what we may read, and what is missing. Cheap; raises Denied only if nothing can be read."""
        ...

    def pull(self, stream: Stream, resume: str | None = None) -> Iterator[Page]:
        """Read a stream page by page, from the start or from a former page's `resume`.

        Raises Denied(missing) when the stream as a whole may not be read; Misread when an answer contradicts itself. A
        stream that ends without a page whose `resume` is None was not read to its end.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


def lines(reader: Reader) -> int:
    """How many streams the reader can read side by side, each in a thread of its own: its attribute `lines`, or one.

    A reader that says more keeps its pace and its sign-in over all of them together.
    """
    return max(1, int(getattr(reader, "lines", 1)))


@contextmanager
def lent(reader: Reader, aside: Aside | None) -> Iterator[None]:
    """Meanwhile the reader may have large pages understood aside, if it is one that can: its attribute `aside`."""
    able = hasattr(reader, "aside")
    if able:
        setattr(reader, "aside", aside)  # noqa: B010 - not every reader has it
    try:
        yield
    finally:
        if able:
            setattr(reader, "aside", None)  # noqa: B010


def again(reader: Reader, account_keys: Sequence[str]) -> Iterator[Page]:
    """Pages of accounts and grants, read now, in which all that is told of these accounts is found; others may be too.

    A reader that can ask for some accounts alone has a method `again(account_keys)` of this shape; with any other, both
    streams are read whole.
    """
    asks = getattr(reader, "again", None)
    if asks is not None:
        yield from asks(account_keys)
        return
    for stream in (Stream.ACCOUNTS, Stream.GRANTS):
        yield from reader.pull(stream)


def asks_about(reader: Reader, stream: Stream) -> Callable[[Target], Look] | None:
    """How the reader asks about one thing of this stream by itself, where nobody counts the stream's list; else None.

    Such a reader names the streams in an attribute `uncounted` and has a method `look(target)`, as an executor has, with
    its own credential. `asked` of what it returns holds one "->" for each call.
    """
    return getattr(reader, "look", None) if stream in getattr(reader, "uncounted", ()) else None


class Executor(Protocol):
    """Takes away, one act at a time, through a credential of its own."""

    def check(self) -> Coverage:
        """As `Reader.check`, with `acts` saying which kinds this credential may carry out."""
        ...

    def look(self, target: Target) -> Look:
        """Read one target's state now. Only the vendor's proof of absence yields ABSENT; a refusal yields UNKNOWN."""
        ...

    def plan(self, target: Target, before: Look) -> Sequence[Act] | ByHand:
        """Say which calls, in which order, would take the target away. Pure: no request is made."""
        ...

    def perform(self, act: Act) -> ActReceipt:
        """Carry out one act, once. Raises Declined with the CRM's own sentence; Unreachable(ambiguous=True) when it
        may or may not have happened."""
        ...

    def restore(self, before: Look) -> Sequence[Act] | ByHand:
        """Say which calls would bring back what `before` shows. Pure."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
