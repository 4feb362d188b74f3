"""The edge where stored credentials are opened and connectors are made; what they rotate is durable before it is used."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import select, update

from app.inventory import ourselves, policy, queries
from app.inventory.systems import EXECUTOR, READER, place
from app.inventory.tables import RosterUploadRow, SystemRow
from app.kit.db import Database
from app.kit.refusal import Refusal, Refused
from app.kit.secrets import Keys
from connectors import registry
from connectors.connector import Config, Keep, Reader, Secret


class Superseded(Exception):
    """Somebody replaced the credential while it was in use; what the CRM rotated must not overwrite the new one."""


@dataclass(frozen=True, slots=True)
class Access:
    """What opens one side of a connector. Its secret is not shown when printed."""

    kind: str
    config: Config
    secret: Secret = field(repr=False)
    keep: Keep = field(repr=False)


@contextmanager
def open_reader(
    database: Database,
    system_id: int,
    keys: Keys,
    *,
    clock: Callable[[], datetime] | None = None,
    upload_id: uuid.UUID | None = None,
) -> Iterator[Reader]:
    """A reader of the system, closed afterwards. A roster reads the upload named, or its latest one.

    `clock` is needed to pull from this installation itself, where roles end by it.
    Raises Refused when the system is gone or has nothing to read from, ValueError for a config that names its mistake.
    """
    access = _access(database, system_id, READER, keys)
    if access.kind == policy.OURSELVES:
        yield ourselves.Reader(database, access.config["origin"], clock)
        return
    with _roster_file(database, system_id, access, upload_id) as config:
        reader = registry.open_reader(access.kind, config, access.secret, access.keep)
        try:
            yield reader
        finally:
            reader.close()


def executor_access(database: Database, system_id: int, keys: Keys) -> Access:
    """What remediation needs to open the system's executor. Refuses while the system has no executor credential."""
    return _access(database, system_id, EXECUTOR, keys)


def credentials_keep(
    database: Database, system_id: int, role: str, keys: Keys, *, opened_with: bytes | None = None
) -> Keep:
    """A `keep` for a connector: stores what the CRM rotated in a transaction of its own before it returns.

    `opened_with` is the sealed secret in use; if the row holds another one by then, Superseded is raised.
    """
    column = SystemRow.reader_secret if role == READER else SystemRow.executor_secret
    held = opened_with
    if held is None:
        with database.reading() as session:
            held = session.scalar(select(column).where(SystemRow.id == system_id))

    def keep(fresh: Secret) -> None:
        nonlocal held
        where = place(system_id, role)
        before = keys.open_mapping(held, where=where) if held is not None else {}
        sealed = keys.seal_mapping({**before, **fresh}, where=where)
        with database.transaction() as session:
            mine = (SystemRow.id == system_id, column.is_not_distinct_from(held))
            moved = session.execute(update(SystemRow).where(*mine).values({column: sealed}))
            if moved.rowcount != 1:  # type: ignore[attr-defined]
                raise Superseded(
                    f"the {role}'s credential of system {system_id} was replaced while in use; start again"
                )
        held = sealed

    return keep


def _access(database: Database, system_id: int, role: str, keys: Keys) -> Access:
    with database.reading() as session:
        system = queries.system(session, system_id)
    sealed = system.reader_secret if role == READER else system.executor_secret
    if sealed is None and role == EXECUTOR:
        raise Refused(Refusal("no_executor", f"{system.name} has no executor credential.", "Give it one."))
    secret: Mapping[str, str] = keys.open_mapping(sealed, where=place(system_id, role)) if sealed is not None else {}
    keep = credentials_keep(database, system_id, role, keys, opened_with=sealed)
    return Access(system.kind, {name: str(value) for name, value in system.config.items()}, secret, keep)


@contextmanager
def _roster_file(
    database: Database, system_id: int, access: Access, upload_id: uuid.UUID | None
) -> Iterator[Mapping[str, str]]:
    """The config to open with: for a roster that was handed in, a file of its content for as long as it is read."""
    with database.reading() as session:
        upload = session.get(RosterUploadRow, upload_id) if upload_id else queries.latest_upload(session, system_id)
    if upload is None:
        yield access.config
        return
    with tempfile.TemporaryDirectory(prefix="rolecall-roster-") as folder:
        path = Path(folder) / "roster.csv"
        path.touch(mode=0o600)
        path.write_bytes(upload.content)
        said = {
            "path": str(path),
            "source": upload.source,
            "extracted_at": upload.extracted_at.isoformat(),
            "uploaded_by": upload.uploaded_by,
        }
        if upload.approved_by:
            said["approved_by"] = upload.approved_by
        yield {**access.config, "system_key": access.config.get("system_key", "roster"), **said}
