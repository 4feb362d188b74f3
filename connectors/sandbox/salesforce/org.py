"""The company as a Salesforce org: who has which account, and everything that hangs on it, written into an empty store.

Order matters twice: what is referred to comes first, and ids are counted per key prefix, so the same company always
gets the same ids.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from connectors.sandbox.company import Company, Person
from connectors.sandbox.salesforce import ids, moments, schema
from connectors.sandbox.store import Store

FOUNDED = datetime(2018, 3, 1, 9, tzinfo=UTC)


@dataclass
class Draft:
    """An org being written: the store, the counters of ids, and the ids of what has a name."""

    store: Store
    company: Company
    counters: dict[str, int] = field(default_factory=dict)
    named: dict[tuple[str, str], str] = field(default_factory=dict)
    planted: dict[str, list[str]] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)  # roster id -> User id

    def id(self, entity: str) -> str:
        """The next id of an object."""
        prefix = schema.ENTITIES[entity.lower()].prefix
        self.counters[prefix] = self.counters.get(prefix, 0) + 1
        return ids.make(prefix, self.counters[prefix])

    def add(self, entity: str, row: dict[str, Any], name: str | None = None) -> str:
        """Write one row; under a name, others can refer to it."""
        row = {"Id": row.get("Id") or self.id(entity)} | row | self._stamps(entity, row)
        self.store.add(entity, row)
        if name is not None:
            self.named[entity, name] = row["Id"]
        return str(row["Id"])

    def fill(self, entity: str, columns: tuple[str, ...], rows: Iterator[tuple[Any, ...]]) -> None:
        """Write many rows without their ids."""
        self.store.fill(entity, ("Id", *columns), ((self.id(entity), *row) for row in rows))

    def plant(self, what: str, id: str) -> None:
        """Note something that a reviewer ought to find."""
        self.planted.setdefault(what, []).append(id)

    def rng(self, what: str) -> random.Random:
        """A random stream of its own for each concern."""
        return random.Random(f"salesforce:{self.company.seed}:{what}")

    def _stamps(self, entity: str, row: dict[str, Any]) -> dict[str, Any]:
        columns = schema.ENTITIES[entity.lower()].columns
        made = row.get("CreatedDate") or moments.written(FOUNDED)
        founder = self.named.get(("User", "founder"))
        wanted = {
            "CreatedDate": made,
            "LastModifiedDate": made,
            "SystemModstamp": made,
            "CreatedById": founder,
            "LastModifiedById": founder,
        }
        return {k: v for k, v in wanted.items() if k.lower() in columns and k not in row}


def day(value: date, hour: int = 9) -> str:
    """A day, as the moment something was entered on it."""
    return moments.written(datetime.combine(value, time(hour), UTC))


def ago(company: Company, days: float) -> str:
    """So many days before today, written."""
    return moments.written(company.midnight() - timedelta(days=days))


def ahead(company: Company, days: float) -> str:
    """So many days after today, written."""
    return ago(company, -days)


def left(person: Person, today: date) -> bool:
    """Whether somebody no longer works here."""
    return person.end is not None and person.end < today
