"""Connecting systems: adding, configuring, credentials that are written and never read, writing switched on, removing.

A credential is tried before it is kept, outside any transaction: what the system exchanged it for is what is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.api import answering, paging, systems
from app.api.answering import IfMatch, Key
from app.api.entering import Entered, With
from app.api.shapes import Asked, Nothing, Told
from app.api.systems import SystemStory
from app.api.words import DataClass
from app.inventory import checks
from app.inventory import systems as verbs
from app.inventory.checks import Checked
from app.inventory.systems import EXECUTOR, READER
from app.inventory.tables import SystemRow
from app.kit.refusal import Refusal, Refused, insist
from app.ledger.kinds import Kind
from app.means import Means
from app.remediation import policy as remediation
from app.remediation import queries as removals

router = APIRouter(prefix="/api/v1/systems", tags=["systems"])
UNCHECKED = "roster"  # read from files that are handed in; there is nobody to ask
NO_ANSWER: dict[int | str, dict[str, Any]] = {502: {"description": "The system does not answer"}}
Words = Annotated[dict[str, Annotated[str, Field(max_length=20_000)]], Field(max_length=50)]
_TURNS = (Kind.SYSTEM_ADDED, Kind.SYSTEM_CHANGED, Kind.WRITING_SWITCHED)


class Connecting(Asked):
    """A system to connect. `reader` and `executor` are credentials: they are kept sealed and never shown again."""

    name: str = Field(min_length=1, max_length=200, examples=["Acme Salesforce"])
    kind: str = Field(max_length=40, examples=["salesforce"])
    config: Words = Field(default_factory=dict, description="Addresses and the like, as docs/connect-….md says.")
    reader: Words = Field(default_factory=dict)
    executor: Words | None = None
    owner_key: str | None = Field(None, max_length=200, description="The roster's id of who answers for it.")


class Changing(Asked):
    """What is to be different; null leaves one as it is. Another `config` needs the credentials again."""

    name: str | None = Field(None, min_length=1, max_length=200)
    owner_key: str | None = Field(None, max_length=200, description="Empty: nobody.")
    held: DataClass | None = Field(None, description="How what it holds is classed; findings there weigh accordingly.")
    config: Words | None = None
    reader: Words | None = None
    executor: Words | None = None


class CredentialGiven(Asked):
    """A new credential. It is kept sealed and never shown again."""

    secret: Words = Field(min_length=1)


class Writing(Asked):
    """The kinds of act that may be carried out, all of them; an empty list is read-only."""

    acts: list[Annotated[str, Field(max_length=40)]] = Field(max_length=40, examples=[["remove_grant", "deactivate"]])


class StreamReadable(Told):
    """Whether a stream can be read now; `missing` is the right, scope or plan, in the system's own words."""

    stream: str
    readable: bool
    missing: str | None
    note: str | None


class Check(Told):
    """What a credential can do at this moment."""

    system_key: str
    system_name: str
    principal: str | None
    streams: list[StreamReadable]
    acts: list[str]
    notes: list[str]


@router.post("", status_code=201, response_model=SystemStory, responses=NO_ANSWER)
def add_system(asked: Connecting, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """Connect a system, read-only. Its credentials are tried first; 502 if it does not answer."""
    tried: dict[str, Checked] = {}

    def check() -> None:
        if asked.kind != UNCHECKED:
            tried[READER] = checks.check(asked.kind, asked.config, asked.reader, name=asked.name)
            if asked.executor:
                tried[EXECUTOR] = _tried(asked.kind, asked.config, asked.executor, EXECUTOR, tried[READER], asked.name)

    def verb(session: Session, at: datetime) -> SystemStory:
        row = verbs.add(
            session,
            name=asked.name,
            kind=asked.kind,
            config=asked.config,
            reader=_kept(tried, READER, asked.reader) or {},
            executor=_kept(tried, EXECUTOR, asked.executor),
            owner_key=asked.owner_key,
            keys=means.keys,
            by=actor,
            at=at,
        )
        _pin(session, row, tried, actor, at)
        return systems.told(row, actor)

    return answering.once(means, actor, key, asked, request, verb, status=201, before=check)


@router.patch("/{system_id}", response_model=SystemStory, responses=NO_ANSWER)
def change_system(
    system_id: paging.Number,
    asked: Changing,
    request: Request,
    means: With,
    actor: Entered,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """Give a system another name, owner or configuration. A stored credential is never sent to another address."""
    tried: dict[str, Checked] = {}

    def check() -> None:
        row = _system(means, system_id)
        if asked.config is not None and asked.reader is not None and row.kind != UNCHECKED:
            tried[READER] = checks.check(row.kind, asked.config, asked.reader, pinned=row.key, name=row.name)
            if asked.executor:
                tried[EXECUTOR] = _tried(row.kind, asked.config, asked.executor, EXECUTOR, tried[READER], row.name)

    def verb(session: Session, at: datetime) -> SystemStory:
        row = _unchanged(session, system_id, if_match)
        if asked.config is None and (asked.reader is not None or asked.executor is not None):
            raise Refused(
                Refusal("does_not_fit", "A credential alone has a place of its own.", "PUT …/credentials/reader.", 422)
            )
        verbs.change(
            session,
            row,
            name=asked.name,
            owner_key=asked.owner_key,
            held=asked.held,
            config=asked.config,
            reader=_kept(tried, READER, asked.reader),
            executor=_kept(tried, EXECUTOR, asked.executor),
            keys=means.keys,
            by=actor,
            at=at,
        )
        _pin(session, row, tried, actor, at)
        return systems.told(row, actor)

    return answering.once(means, actor, key, asked, request, verb, before=check)


@router.put("/{system_id}/credentials/{role}", response_model=SystemStory, responses=NO_ANSWER)
def replace_credential(
    system_id: paging.Number,
    role: Literal["reader", "executor"],
    asked: CredentialGiven,
    request: Request,
    means: With,
    actor: Entered,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """Replace the reader's or the executor's credential. It is tried first, and has to enter the same org as before."""
    tried: dict[str, Checked] = {}

    def check() -> None:
        row = _system(means, system_id)
        tried[role] = checks.check(row.kind, row.config, asked.secret, role=role, pinned=row.key, name=row.name)

    def verb(session: Session, at: datetime) -> SystemStory:
        row = _unchanged(session, system_id, if_match)
        given: dict[str, Mapping[str, str]] = {role: tried[role].secret}
        verbs.change_credentials(
            session, row, reader=given.get(READER), executor=given.get(EXECUTOR), keys=means.keys, by=actor, at=at
        )
        _pin(session, row, tried, actor, at)
        return systems.told(row, actor)

    return answering.once(means, actor, key, asked, request, verb, before=check)


@router.put("/{system_id}/writing", response_model=SystemStory)
def switch_writing(
    system_id: paging.Number,
    asked: Writing,
    request: Request,
    means: With,
    actor: Entered,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """Let exactly these kinds of act be carried out. Refuses a system without an executor's credential."""

    def verb(session: Session, at: datetime) -> SystemStory:
        row = _unchanged(session, system_id, if_match)
        return systems.told(verbs.switch_writing(session, row, asked.acts, by=actor, at=at), actor)

    return answering.once(means, actor, key, asked, request, verb)


@router.delete("/{system_id}", status_code=204)
def remove_system(
    system_id: paging.Number, request: Request, means: With, actor: Entered, key: Key = None, if_match: IfMatch = None
) -> Response:
    """Read a system no more and forget its credentials. What was seen and decided stays. Refuses one that is needed."""

    def verb(session: Session, at: datetime) -> None:
        row = _unchanged(session, system_id, if_match)
        needed = removals.reviews_of(session, system_id), removals.unfinished(session, system_id)
        insist(remediation.why_not_leave(*needed))
        verbs.remove(session, row, by=actor, at=at)

    return answering.once(means, actor, key, Nothing(), request, verb)


def _system(means: Means, system_id: int) -> SystemRow:
    with means.database.reading() as session:
        return systems.found(session, system_id)


def _unchanged(session: Session, system_id: int, if_match: str | None) -> SystemRow:
    row = systems.found(session, system_id)
    answering.insist_unchanged(session, if_match, row.version, f"system:{row.id}", _TURNS, what="system")
    return row


def _tried(
    kind: str, config: Mapping[str, str], secret: Mapping[str, str], role: str, reader: Checked, name: str
) -> Checked:
    return checks.check(kind, config, secret, role=role, pinned=reader.system_key, name=name)


def _kept(tried: Mapping[str, Checked], role: str, given: Mapping[str, str] | None) -> Mapping[str, str] | None:
    """What to store: one that is good for one use was exchanged when it was tried."""
    return tried[role].secret if role in tried else given


def _pin(session: Session, row: SystemRow, tried: Mapping[str, Checked], actor: Any, at: datetime) -> None:
    for role, found in tried.items():
        verbs.pin(session, row, key=found.system_key, principal=found.principal, role=role, by=actor, at=at)
