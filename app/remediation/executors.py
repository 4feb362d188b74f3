"""A system's executor, opened with the credential that is its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from app.inventory import readers
from app.kit.db import Database
from app.kit.secrets import Keys
from connectors import registry
from connectors.connector import Executor


@contextmanager
def opened(database: Database, system_id: int, keys: Keys) -> Iterator[Executor]:
    """The system's executor, closed afterwards. Refuses a system without an executor credential."""
    access = readers.executor_access(database, system_id, keys)
    executor = registry.open_executor(access.kind, access.config, access.secret, access.keep)
    try:
        yield executor
    finally:
        executor.close()
