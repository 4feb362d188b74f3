"""Where a sandbox keeps what is true in it: one SQLite database, in memory or in its home.

Everything a caller was told has happened is committed before the answer leaves, so a sandbox that is killed comes
back as its callers left it.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Store:
    """One open database, used from one thread at a time."""

    def __init__(self, home: Path | None, large: bool = False) -> None:
        if home is not None:
            home.mkdir(parents=True, exist_ok=True)
        self.path = None if home is None else home / "state.sqlite"
        # An empty name is a file that SQLite makes and forgets: what does not fit into its cache goes to the disk.
        self.db = sqlite3.connect(
            self.path or ("" if large else ":memory:"), check_same_thread=False, isolation_level=None
        )
        self.db.row_factory = sqlite3.Row
        self.db.create_function("fold", 1, _fold, deterministic=True)
        self.db.execute("PRAGMA journal_mode=WAL")
        # A killed process loses nothing under NORMAL; only a power cut could, and this is a toy.
        self.db.execute("PRAGMA synchronous=NORMAL")
        self.db.execute("CREATE TABLE IF NOT EXISTS _kept (name TEXT PRIMARY KEY, value TEXT NOT NULL)")

    @contextmanager
    def change(self) -> Iterator[None]:
        """A transaction: all of it is on disk afterwards, or none."""
        if self.db.in_transaction:  # a change within a change belongs to the outer one
            yield
            return
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """All rows of a query."""
        return self.db.execute(sql, values).fetchall()

    def row(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        """The first row of a query, if any."""
        found: sqlite3.Row | None = self.db.execute(sql, values).fetchone()
        return found

    def scalar(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """The first value of the first row, or `None`."""
        found = self.row(sql, values)
        return None if found is None else found[0]

    def column(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """The first value of every row."""
        return [row[0] for row in self.db.execute(sql, values)]

    def fill(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Insert many rows, streamed."""
        names, marks = ", ".join(f'"{c}"' for c in columns), ", ".join("?" * len(columns))
        self.db.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', rows)

    def add(self, table: str, row: dict[str, Any]) -> None:
        """Insert one row."""
        self.fill(table, list(row), [list(row.values())])

    def kept(self, name: str, default: Any = None) -> Any:
        """A value kept under a name, as JSON."""
        found = self.scalar("SELECT value FROM _kept WHERE name = ?", [name])
        return default if found is None else json.loads(found)

    def keep(self, name: str, value: Any) -> None:
        """Keep a value under a name."""
        self.db.execute("INSERT OR REPLACE INTO _kept VALUES (?, ?)", [name, json.dumps(value)])

    def close(self) -> None:
        """Close the database."""
        self.db.close()


def _fold(text: str | None) -> str | None:
    return None if text is None else str(text).casefold()
