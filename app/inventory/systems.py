"""Systems: connected with a reader's credential, read-only until writing is switched on with an executor's own.

Secrets are sealed for the row and the role they belong to, so that a ciphertext copied elsewhere opens nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.inventory import policy
from app.inventory.tables import SystemRow
from app.kit.refusal import Refusal, insist
from app.kit.secrets import Keys
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from connectors import registry

READER = "reader"
EXECUTOR = "executor"


def place(system_id: int, role: str) -> str:
    """Where a system's secret is sealed for: "system:3:reader"."""
    return f"system:{system_id}:{role}"


def add(
    session: Session,
    *,
    name: str,
    kind: str,
    config: Mapping[str, str],
    reader: Mapping[str, str],
    executor: Mapping[str, str] | None = None,
    owner_key: str | None = None,
    demo: bool = False,
    keys: Keys,
    by: Actor,
    at: datetime,
) -> SystemRow:
    """Connect a system, read-only. `config` may be seen by every admin; `reader` and `executor` by nobody.

    `owner_key` is the roster's key of whoever answers for it. Refuses an unknown kind, a taken name, and an executor
    with the reader's credential.
    """
    insist(policy.why_not_kind(kind, registry.kinds()))
    insist(policy.why_not_name(name, bool(session.scalar(select(exists().where(SystemRow.name == name))))))
    insist(policy.why_not_credentials(reader, executor))
    system = SystemRow(
        name=name, kind=kind, config=dict(config), owner_key=owner_key, demo=demo, writing=[], added=at, version=1
    )
    session.add(system)
    session.flush()  # the seal is bound to the row's id
    system.reader_secret = _sealed(keys, system.id, READER, reader)
    system.executor_secret = _sealed(keys, system.id, EXECUTOR, executor)
    session.flush()
    body = {"name": name, "kind": kind, "demo": demo, "executor": bool(executor)}
    entries.record(session, Entry(Kind.SYSTEM_ADDED, f"system:{system.id}", body), by=by.id, at=at)
    return system


def found_ourselves(session: Session, origin: str, *, by: Actor, at: datetime) -> SystemRow:
    """Make this installation a system under review, once; the same one again. What it may do to itself is switched on."""
    already = select(SystemRow).where(SystemRow.kind == policy.OURSELVES)
    row = session.scalar(already)
    if row is not None:
        return row
    taken = bool(session.scalar(select(exists().where(SystemRow.name == "Rolecall"))))
    row = SystemRow(
        name="Rolecall (this installation)" if taken else "Rolecall", kind=policy.OURSELVES, config={"origin": origin},
        key=origin, demo=False, writing=list(policy.OWN_ACTS), added=at, version=1,
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # somebody else began at the same moment
        return session.scalars(already).one()
    body = {"name": row.name, "kind": row.kind, "demo": False, "executor": True}
    entries.record(session, Entry(Kind.SYSTEM_ADDED, f"system:{row.id}", body), by=by.id, at=at)
    return row


def change_credentials(
    session: Session,
    system: SystemRow,
    *,
    reader: Mapping[str, str] | None = None,
    executor: Mapping[str, str] | None = None,
    keys: Keys,
    by: Actor,
    at: datetime,
) -> SystemRow:
    """Replace the reader's or the executor's credential; None leaves one as it is. Whose it is, the next check says."""
    now = {READER: reader, EXECUTOR: executor}
    kept = {role: _opened(keys, system, role) if given is None else given for role, given in now.items()}
    insist(policy.why_not_credentials(kept[READER] or {}, kept[EXECUTOR]))
    values: dict[str, Any] = {}
    if reader is not None:
        values |= {"reader_secret": _sealed(keys, system.id, READER, reader), "principal": None}
    if executor is not None:
        values |= {"executor_secret": _sealed(keys, system.id, EXECUTOR, executor), "executor_principal": None}
    _move(session, system, **values)
    body = {"credentials": [role for role, given in now.items() if given is not None]}
    entries.record(session, Entry(Kind.SYSTEM_CHANGED, f"system:{system.id}", body), by=by.id, at=at)
    return system


def change(
    session: Session,
    system: SystemRow,
    *,
    name: str | None = None,
    owner_key: str | None = None,
    held: str | None = None,
    config: Mapping[str, str] | None = None,
    reader: Mapping[str, str] | None = None,
    executor: Mapping[str, str] | None = None,
    keys: Keys,
    by: Actor,
    at: datetime,
) -> SystemRow:
    """Give a system another name, owner, class of what it holds, or configuration; None leaves one as it is, an empty owner
    is nobody.

    Another configuration may lead to another address, and what is stored is never sent to an address that it was not
    given for: so it needs its credentials again. Refuses a taken name, and a configuration without them.
    """
    values: dict[str, Any] = {}
    if name is not None and name != system.name:
        insist(policy.why_not_name(name, bool(session.scalar(select(exists().where(SystemRow.name == name))))))
        values["name"] = name
    if owner_key is not None:
        values["owner_key"] = owner_key or None
    if held is not None and held != system.held:
        insist(policy.why_not_class(held))
        values["held"] = held
    if config is not None and dict(config) != system.config:
        insist(policy.why_not_configure(system.executor_secret is not None, reader=reader, executor=executor))
        insist(policy.why_not_credentials(reader or {}, executor))
        values |= {"config": dict(config), "principal": None, "executor_principal": None}
        values["reader_secret"] = _sealed(keys, system.id, READER, reader)
        values["executor_secret"] = _sealed(keys, system.id, EXECUTOR, executor)
    if values:
        _move(session, system, **values)
        told = [name for name in values if name in ("name", "owner_key", "held", "config")]
        entry = Entry(Kind.SYSTEM_CHANGED, f"system:{system.id}", {"changed": sorted(told)})
        entries.record(session, entry, by=by.id, at=at)
    return system


def remove(session: Session, system: SystemRow, *, by: Actor, at: datetime) -> SystemRow:
    """Read a system no more and forget its credentials. What was seen there, and what was decided on it, stays."""
    insist(policy.why_not_remove(system.kind))
    _move(session, system, removed=at, reader_secret=None, executor_secret=None, writing=[])
    entries.record(session, Entry(Kind.SYSTEM_REMOVED, f"system:{system.id}", {"name": system.name}), by=by.id, at=at)
    return system


def switch_writing(
    session: Session, system: SystemRow, act_kinds: Sequence[str], *, by: Actor, at: datetime
) -> SystemRow:
    """Let the executor carry out exactly these kinds of act; an empty list makes the system read-only again."""
    wanted = sorted({str(kind) for kind in act_kinds})
    insist(policy.why_not_write(wanted, has_executor=policy.has_executor(system.kind, system.executor_secret)))
    before = list(system.writing)
    _move(session, system, writing=wanted)
    body = {"on": sorted(set(wanted) - set(before)), "off": sorted(set(before) - set(wanted)), "writing": wanted}
    entries.record(session, Entry(Kind.WRITING_SWITCHED, f"system:{system.id}", body), by=by.id, at=at)
    return system


def pin(
    session: Session,
    system: SystemRow,
    *,
    key: str,
    principal: str | None,
    role: str = READER,
    by: Actor,
    at: datetime,
) -> bool:
    """Hold what a check said: which org or portal this is, and whose the credential is. Returns whether that was new.

    Refuses a credential that enters another org than the one pinned by the first check.
    """
    insist(policy.why_not_pin(system.key, key, name=system.name))
    column = "principal" if role == READER else "executor_principal"
    if system.key == key and getattr(system, column) == principal:
        return False
    _move(session, system, **{"key": key, column: principal})
    body = {"key": key, "role": role, "principal": principal}
    entries.record(session, Entry(Kind.SYSTEM_CHANGED, f"system:{system.id}", body), by=by.id, at=at)
    return True


def rotate(session: Session, *, keys: Keys, by: Actor, at: datetime) -> int:
    """Seal every secret anew that was sealed with a former key. Returns how many were."""
    count = 0
    for system in session.scalars(select(SystemRow).order_by(SystemRow.id)):
        for role in (READER, EXECUTOR):
            sealed = getattr(system, f"{role}_secret")
            if sealed is not None and keys.needs_rotation(sealed):
                opened = keys.open_mapping(sealed, where=place(system.id, role))
                setattr(system, f"{role}_secret", _sealed(keys, system.id, role, opened))
                count += 1
    session.flush()
    body = {"secrets": count, "key": keys.current_id}
    entries.record(session, Entry(Kind.KEY_ROTATED, "systems", body), by=by.id, at=at)
    return count


def _sealed(keys: Keys, system_id: int, role: str, secret: Mapping[str, str] | None) -> bytes | None:
    return keys.seal_mapping(secret, where=place(system_id, role)) if secret else None


def _opened(keys: Keys, system: SystemRow, role: str) -> dict[str, str] | None:
    sealed: bytes | None = getattr(system, f"{role}_secret")
    return keys.open_mapping(sealed, where=place(system.id, role)) if sealed is not None else None


def _move(session: Session, system: SystemRow, **values: Any) -> None:
    """Change the row if nobody else did meanwhile."""
    mine = (SystemRow.id == system.id, SystemRow.version == system.version)
    moved = session.execute(update(SystemRow).where(*mine).values(version=system.version + 1, **values))
    insist(None if moved.rowcount == 1 else _overtaken(system))  # type: ignore[attr-defined]
    session.refresh(system)


def _overtaken(system: SystemRow) -> Refusal:
    return Refusal("changed_meanwhile", f"{system.name} was changed by somebody else.", "Look again and repeat.", 412)
