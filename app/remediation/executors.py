"""A system's executor, opened with the credential that is its own, and asked what it can do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from app.inventory import checks, readers
from app.inventory import queries as inventory
from app.inventory.checks import Checked
from app.inventory.policy import OURSELVES
from app.inventory.tables import SystemRow
from app.kit.db import Database
from app.kit.secrets import Keys
from app.remediation import ourselves
from connectors import registry
from connectors.connector import Executor


@contextmanager
def opened(
    database: Database, system_id: int, keys: Keys, clock: Callable[[], datetime] | None = None
) -> Iterator[Executor]:
    """The system's executor, closed afterwards. Refuses a system without an executor credential."""
    with database.reading() as session:
        system = inventory.system(session, system_id)
    if system.kind == OURSELVES:
        if clock is None:
            raise ValueError("what somebody may do here ends by the clock, and none was given")
        yield ourselves.Executor(database, system.config["origin"], clock)
        return
    access = readers.executor_access(database, system_id, keys)
    executor = registry.open_executor(access.kind, access.config, access.secret, access.keep)
    try:
        yield executor
    finally:
        executor.close()


def check(database: Database, system_id: int, keys: Keys, clock: Callable[[], datetime]) -> Checked:
    """Ask a connected system what its executor can do now. Refuses a system without one, and one that does not answer."""
    with checks.answering(), opened(database, system_id, keys, clock) as executor:
        return checks.told(executor.check(), {})


def has(system: SystemRow) -> bool:
    """Whether there is an executor: a credential of its own, or, in this installation, the house's own verbs."""
    return system.executor_secret is not None or system.kind == OURSELVES
