"""No page and no answer reads through a whole table that grows with the company, but where it is written down here why.

SQLite says how it would look for each statement that a page runs. Without statistics it takes an index wherever one fits,
so a table that it would walk through has none that does.
"""

from __future__ import annotations

import re
import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event

from app.actors.policy import MAY, May
from app.api.rights import RIGHTS as CALLS
from app.console.rights import RIGHTS as PAGES
from app.kit.db import Database
from tests.app.api.house import House, furnish
from tests.app.console.visiting import visitor

# What a company of 100,000 accounts has tens of thousands of.
LARGE = {
    "accounts", "account_changes", "acts", "credentials", "decisions", "deliveries", "entries", "finding_events",
    "findings",
    "grants", "identities", "identity_emails", "items", "leaves", "logins", "observations", "privileges", "remediations",
    "returns",
}  # fmt: skip
ELSEWHERE = {"/sign-in/provider", "/sign-in/callback"}  # go to the identity provider
ASKED = (
    "/people?q=bo", "/findings?severity=high&status=closed", "/findings?department=Sales",
    "/activity?kind=decision.recorded", "/reviews/{campaign_id}?name=bo&show=open", "/integrations?text=program",
    "/removals?group=verified", "/activity?subject=campaign:", "/findings?due=week", "/findings?rule=inactive_account",
)  # fmt: skip
# What is walked through all the same: why, and by what.
COUNTED = "each of them is counted, or shares in a count"
SORTED = "a list of all, by a name that has no index: 100,000 are sorted well within the time of an answer"
ALLOWED: dict[str, dict[str, set[str]]] = {
    "accounts": {
        SORTED: {"/api/v1/accounts"},
        COUNTED: {"/api/v1/bundles/proposals", "/bundles"},
        "part of a name is looked for, and may stand anywhere in it": {"/people?q=bo"},
    },
    "credentials": {SORTED: {"/api/v1/credentials"}},
    "deliveries": {SORTED: {"/api/v1/deliveries"}},
    "findings": {
        COUNTED: {
            "/", "/api/v1/rules", "/api/v1/rules/{rule}", "/findings", "/findings?department=Sales", "/findings?due=week",
            "/findings?rule=inactive_account", "/findings?severity=high&status=closed",
        },
    },
    "identities": {
        "whether there is one": {"/"},
        COUNTED: {"/api/v1/bundles/{bundle_id}", "/bundles/{bundle_id}", "/systems/{system_id}"},
        "a name is looked for however it is written": {"/schedules/{schedule_id}"},
    },
    "identity_emails": {"part of a name is looked for, and may stand anywhere in it": {"/people?q=bo"}},
    "leaves": {"the first of them, in the order they have": {"/api/v1/ledger/entries"}},
    "privileges": {
        "which entitlements bring any": {"/api/v1/bundles/proposals", "/bundles", "/bundles/{bundle_id}"},
    },
    "remediations": {COUNTED: {"/", "/removals", "/removals?group=verified"}},
}  # fmt: skip


@contextmanager
def _noting(house: House) -> Iterator[dict[str, Any]]:
    """Every statement that is asked meanwhile, with one set of its values."""
    noted: dict[str, Any] = {}

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        if not many and statement.lstrip().upper().startswith(("SELECT", "WITH")):
            noted[statement] = values

    engines = {house.database.reader, house.database.writer}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield noted
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


def _who(act: May | None, path: str) -> str:
    if act is None or path.startswith("/reviews") or "own" in path:
        return "ada"
    return next((who for who in ("admin", "it_security", "auditor", "service") if act in MAY[who]), "ada")  # type: ignore[index]


def _walked(house: House, statements: dict[str, Any]) -> set[str]:
    """The large tables that are walked through to their end: not those read in an index's order up to a limit."""
    found = set()
    with house.database.reader.connect() as connection:
        cursor = connection.connection.cursor()
        for statement, values in statements.items():
            plan = [row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
            sorts = any("TEMP B-TREE" in step for step in plan)
            for step in plan:
                scan = re.match(r"SCAN (\w+)(.*)", step)
                if scan and not ("LIMIT" in statement and "USING" in scan[2] and not sorts):
                    found.add(scan[1])
    return found & LARGE


def _asked(house: House) -> Iterator[tuple[str, TestClient]]:
    """Every page and answer that only looks, with whoever may ask for it."""
    calls = {path: act for (method, path), act in CALLS.items() if method == "GET"}
    pages = {path: act for (method, path), act in PAGES.items() if method == "GET" and path not in ELSEWHERE}
    pages |= {path: PAGES["GET", path.partition("?")[0]] for path in ASKED}
    for routes, door in ((pages, lambda who: visitor(house, who)), (calls, house.client)):
        clients: dict[str, TestClient] = {}
        for path, act in routes.items():
            who = _who(act, path)
            clients[who] = clients.get(who) or door(who)
            clients[who].event_hooks["response"].clear()  # whether it keeps to its description is asked elsewhere
            yield path, clients[who]


@pytest.fixture
def fresh(sqlite_template: Path, tmp_path: Path) -> Iterator[House]:
    """A house of its own: in one that others have changed before, some pages ask less."""
    shutil.copy(sqlite_template, tmp_path / "house.db")
    database = Database(f"sqlite:///{tmp_path}/house.db")
    yield furnish(database)
    database.close()


def test_no_page_and_no_answer_walks_through_what_grows(fresh: House) -> None:
    numbers = {**fresh.numbers(), "link": "0123456789ab.AAAA", "kind": "hubspot"}
    walked: dict[str, set[str]] = defaultdict(set)
    for path, client in _asked(fresh):
        address = re.sub(r"{(\w+)}", lambda found: str(numbers[found[1]]), path)
        with _noting(fresh) as noted:
            assert client.get(address).status_code < 500, path
        for table in _walked(fresh, noted):
            walked[table].add(path)
    assert walked == {table: set().union(*where.values()) for table, where in ALLOWED.items()}
