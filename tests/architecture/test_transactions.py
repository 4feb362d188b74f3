"""Doors open transactions and commit them; a verb works in the one it is given, so that what it wrote and what follows
from it are true together or not at all."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.tree import dotted, modules, within

# Who opens or ends a transaction, and why. An excuse that is not needed any more fails.
EDGES = {
    "app.api.answering": "a door: one transaction per write",
    "app.api.entering": "a door: notes that a token was used, or was none, before the endpoint opens its own",
    "app.api.signed": "a door: notes that a hook was used, before the endpoint opens its own",
    "app.cli": "a door",
    "app.console": "a door: one transaction per act, and one that notes that a session was used",
    "app.jobs": "the edge of the jobs: one transaction per step",
    "app.openings": "jobs too: one transaction for each review that opens by itself",
    "app.passes": "jobs too: one transaction for each system that is judged",
    "app.worker": "numbers the ledger and hands its consequences over",
    "app.schema": "migrations",
    "app.kit.db": "where transactions are made",
    "app.kit.engine": "keeps its own rows between the steps of a job",
    "app.inventory.replaying": "reads a sample over the network, and writes down afterwards what differed",
    "app.inventory.sync": "begins a reading, and seals it in one transaction when the network is done with",
    "app.inventory.early": "stages while the network is waited for, in temporary tables of a connection of its own",
    "app.inventory.spooling": "reads over the network for an hour: pages are spooled in a transaction each",
    "app.inventory.readers": "a rotated credential must be durable before it is used",
    "app.remediation.lane": "writes down that an act begins before it is begun, and how it ended; the call is between",
    "app.remediation.ourselves": "an act on this installation is one transaction, as a call to another system is one call",
    "app.notices.sending": "settles the last message and takes the next one; what is sent is sent between",
    "app.evidence.packets": "reads in one steady view, writes files, and only then writes down that it did",
}
ENDS = {"commit", "rollback", "transaction", "hasty", "staging"}
OPENED = {"session", "connection", "engine", "writer", "reader"}


def opens(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every place that opens, commits or rolls back. A savepoint (begin_nested) is the verb's own business."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            name = dotted(node)
            holder = name.rsplit(".", 2)[-2] if "." in name else ""
            if node.attr in ENDS or (node.attr == "begin" and holder in OPENED):
                yield node.lineno, name
        elif isinstance(node, ast.Call) and dotted(node.func) in ("Session", "sessionmaker", "scoped_session"):
            yield node.lineno, dotted(node.func)


def test_nobody_but_the_edges_opens_or_ends_a_transaction() -> None:
    found = [
        f"{each.name}:{line} {what}"
        for each in modules()
        if each.name.startswith("app.") and not within(each.name, EDGES)  # connectors have no database at all
        for line, what in opens(each.tree)
    ]
    assert not found, "a verb works in the transaction it is given:\n" + "\n".join(found)


def test_every_edge_needs_its_excuse() -> None:
    opening = [each.name for each in modules() if any(opens(each.tree))]
    assert [edge for edge in EDGES if not any(within(name, (edge,)) for name in opening)] == []


def test_no_edge_commits_by_hand() -> None:
    """`with database.transaction()` commits or rolls back as a whole; a commit in the middle would tear it."""
    found = [
        f"{each.name}:{line} {what}"
        for each in modules()
        for line, what in opens(each.tree)
        if what.rsplit(".", 1)[-1] in ("commit", "rollback")
    ]
    assert not found


def test_no_session_is_handed_to_an_endpoint_by_the_framework() -> None:
    """A `yield` dependency commits after the reply was sent, and starves a bounded pool."""
    yielding = [
        f"{each.name}.{node.name}"
        for each in modules()
        if each.name.startswith("app.api")
        for node in ast.walk(each.tree)
        if isinstance(node, ast.FunctionDef) and any(isinstance(inner, ast.Yield) for inner in ast.walk(node))
    ]
    assert not yielding


AWAITED = {
    "app.api.signed._body": "a signature is over the bytes that arrived, and the framework has those by await only"
}


def test_the_code_is_synchronous_throughout() -> None:
    places = (
        "app.api", "app.inventory", "app.review", "app.ledger", "app.remediation", "app.evidence", "app.notices",
        "app.jobs",
        "app.openings",
        "app.passes",
    )  # fmt: skip
    found = [
        f"{each.name}.{node.name}"
        for each in modules()
        if within(each.name, places)
        for node in ast.walk(each.tree)
        if isinstance(node, ast.AsyncFunctionDef)
    ]
    assert set(found) == AWAITED.keys()


@pytest.mark.parametrize(
    "line",
    [
        "session.commit()",
        "session.rollback()",
        "with database.transaction() as session: pass",
        "with means.database.transaction() as session: pass",
        "with database.hasty() as session: pass",
        "with session.begin(): pass",
        "with database.writer.begin() as connection: pass",
        "s = Session(engine)",
    ],
)
def test_an_opening_is_seen_however_it_is_written(line: str) -> None:
    assert any(opens(ast.parse(line)))


@pytest.mark.parametrize("line", ["with session.begin_nested(): pass", "snapshots.begin(session)", "session.flush()"])
def test_working_in_the_given_one_is_no_opening(line: str) -> None:
    assert not any(opens(ast.parse(line)))
