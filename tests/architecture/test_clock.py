"""Only the edges look at the clock. A stage is told what time it is, so that a review of last quarter can be replayed."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.tree import Module, dotted, modules, within

# Where the present is looked at, and why there.
EDGES = {
    "app.cli": "a door: it tells the verbs when they happen",
    "app.worker": "the edge of the jobs: deadlines, and when a checkpoint is due",
    "app.means": "hands the clock to the doors",
    "app.kit.clock": "the clock",
    "app.kit.ids": "identifiers sort by the time they were made",
    "app.kit.beside": "a process that says nothing for so many seconds is killed",
    "app.kit.http": "a call has so many seconds in all",
    "app.kit.engine": "pauses between attempts, heartbeats, deadlines",
    "connectors.pacing": "budgets of calls are counted by the clock",
    "connectors.bottlecrm": "a token is renewed before it expires",
    "connectors.hubspot": "budgets of calls",
    "connectors.salesforce": "a token is renewed before it expires; a daily allowance comes back at midnight",
    "connectors.sandbox": "it is a CRM: it says when things happened in it",
}
LOOKS = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "datetime.datetime.now", "datetime.date.today",
    "time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns", "time.perf_counter", "time.localtime",
    "time.gmtime", "clock.now", "func.now", "func.current_timestamp", "func.current_date", "sa.func.now",
}  # fmt: skip
MODULES_OF_TIME = {"time", "app.kit.clock"}
NAMES_OF_TIME = {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "localtime", "gmtime", "now"}


def looks(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every place that looks at the clock, or takes the means to do so; the database's clock counts too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and dotted(node) in LOOKS:
            yield node.lineno, dotted(node)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES_OF_TIME:
            for name in node.names:
                if name.name in NAMES_OF_TIME:
                    yield node.lineno, f"from {node.module} import {name.name}"
        elif isinstance(node, ast.Constant) and node.value == "CURRENT_TIMESTAMP":
            yield node.lineno, "CURRENT_TIMESTAMP"


def test_only_the_edges_look_at_the_clock() -> None:
    found = [
        f"{each.name}:{line} {what}"
        for each in modules()
        if not within(each.name, EDGES)
        for line, what in looks(each.tree)
    ]
    assert not found, "these are told what time it is; they do not look:\n" + "\n".join(found)


def test_every_edge_needs_its_excuse() -> None:
    looking = [each.name for each in modules() if any(looks(each.tree))]
    assert [edge for edge in EDGES if not any(within(name, (edge,)) for name in looking)] == []


@pytest.mark.parametrize(
    "line",
    [
        "from datetime import datetime, UTC\nat = datetime.now(UTC)",
        "import datetime\nat = datetime.datetime.now()",
        "from datetime import date\nday = date.today()",
        "import time\nt = time.time()",
        "from time import time",
        "from app.kit import clock\nat = clock.now()",
        "from app.kit.clock import now",
        "from sqlalchemy import func\nx = func.now()",
        "default = 'CURRENT_TIMESTAMP'",
    ],
)
def test_a_look_is_seen_however_it_is_written(line: str) -> None:
    assert any(looks(ast.parse(line)))


@pytest.mark.parametrize(
    "line", ["from app.kit.clock import utc", "from app.kit import clock\nclock.utc(at)", "at = now"]
)
def test_using_a_time_one_was_given_is_no_look(line: str) -> None:
    assert not any(looks(ast.parse(line)))


def stages() -> list[Module]:
    names = ("ledger", "actors", "inventory", "detection", "review", "remediation", "evidence", "notices", "stories")
    return [each for each in modules() if each.name.startswith("app.") and each.stage in names]


def test_no_stage_is_an_edge() -> None:
    assert not [each.name for each in stages() if within(each.name, EDGES)]


def test_every_verb_that_takes_an_author_takes_a_time() -> None:
    """`by` and `at` go together: what is written down has both."""
    lacking = []
    for each in stages():
        for node in each.tree.body:
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
                continue
            named = {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}
            writes = any(
                isinstance(inner, ast.Attribute) and inner.attr in ("record", "record_many") for inner in ast.walk(node)
            )
            if "by" in named and writes and not named & {"at", "clock", "means"}:
                lacking.append(f"{each.name}.{node.name}")
    assert not lacking
