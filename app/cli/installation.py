"""Opening the installation that a command works on: settings, database at its present revision, keys.

Embedded, the first command makes everything it needs. On PostgreSQL nothing is migrated in passing: `rolecall migrate`
does that, once, when the operator says so.
"""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app import __version__, schema, settings
from app.actors.actor import Actor, Role
from app.inventory import queries as inventory
from app.inventory import systems
from app.inventory.policy import OURSELVES
from app.inventory.tables import SystemRow
from app.kit import clock
from app.kit.db import Database
from app.kit.engine import EmbeddedLock
from app.kit.refusal import Refusal, Refused, insist
from app.kit.secrets import load_keys
from app.ledger import entries, signing
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.means import Means
from app.review import queries as review
from app.review.tables import CampaignRow


@contextmanager
def opened(*, migrate: bool = False, demo: bool = False, **given: Any) -> Iterator[Means]:
    """The means of this installation; closed when the block ends. `given` wins over the environment."""
    chosen = settings.read(**given)
    chosen.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys = load_keys(chosen)
    database = Database(chosen.database_url)
    try:
        if chosen.embedded or migrate:
            schema.upgrade(database)
        insist(schema.why_not_current(database))
        with database.reading() as session:
            named = signing.origin(session) is not None
        if not named:
            with database.transaction() as session:
                signing.found(session, version=__version__, demo=demo, by=operator().id, at=clock.now())
        _review_ourselves(database)
        yield Means(database, keys, chosen)
    finally:
        database.close()


def _review_ourselves(database: Database) -> None:
    """Make this installation a system under review, and ask for its first reading, when it is not one yet."""
    with database.reading() as session:
        if inventory.systems(session, kind=OURSELVES):
            return
    with database.transaction() as session:
        row = systems.found_ourselves(session, signing.origin(session) or "", by=operator(), at=clock.now())
        body = {"system": row.id, "because": "a new installation is read at once"}
        entries.record(session, Entry(Kind.SYNC_REQUESTED, f"system:{row.id}", body), by=operator().id, at=clock.now())


def address(means: Means) -> str:
    """Where people reach the console, as links in messages begin: ROLECALL_BASE_URL, if this command knows it; else where
    this home is served now, which an option or a free port may have decided; else where it would be."""
    settings = means.settings
    served = None if "base_url" in settings.model_fields_set else EmbeddedLock.address(settings.home)
    return (served or settings.base_url).rstrip("/")


def operator() -> Actor:
    """Whoever sits at the command line: it can read the key, so it is an admin. Named after the login of this machine."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())
    return Actor(f"cli:{name}", name, frozenset({Role.ADMIN}), way="cli")


def speaking_for(means: Means, who: str, role: Role = Role.REVIEWER) -> Actor:
    """The operator, passing on what a reviewer said. `who` is a roster id or an e-mail address.

    Recorded as said at the command line by the operator for that person; a person's own sign-in is better evidence.
    """
    with means.database.reading() as session:
        person = inventory.find_identity(session, who)
    if person is None:
        raise Refused(
            Refusal(
                "nobody",
                f"Nobody in the roster has the id or address {who!r}.",
                "See `rolecall person list`.",
                status=404,
            )
        )
    sitting = operator()
    return Actor(f"{sitting.id} for person:{person.key}", person.name, frozenset({role}), person.id, "cli")


def find_campaign(means: Means, named: str) -> CampaignRow:
    """The review of this name or number. Raises Refused naming those there are."""
    with means.database.reading() as session:
        rows = review.campaigns(session)
    for row in rows:
        if row.name == named or str(row.id) == named:
            return row
    known = ", ".join(row.name for row in rows[:10]) or "none"
    raise Refused(Refusal("no_campaign", f"There is no review {named!r}.", f"There are: {known}.", status=404))


def find_system(session: Session, named: str) -> SystemRow:
    """The system of this name or number. Raises Refused naming those there are."""
    row = inventory.find_system(session, named)
    if row is None:
        known = ", ".join(each.name for each in inventory.systems(session)) or "none"
        raise Refused(Refusal("no_system", f"There is no system {named!r}.", f"There are: {known}.", status=404))
    return row


def json_object(file: Path, shown_in: str) -> dict[str, Any]:
    """A JSON file's names and values. Raises Refused naming the file, and never what is in it: it may be a credential."""
    way_out = f"Write it like {shown_in} shows."
    try:
        told = json.loads(file.read_text())
    except ValueError:
        raise Refused(Refusal("no_json", f"{file} is not JSON.", way_out)) from None
    if not isinstance(told, dict):
        raise Refused(Refusal("no_json", f"{file} is not a JSON object.", way_out))
    return told
