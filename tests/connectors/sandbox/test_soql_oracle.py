"""SOQL means here what it means to another, well-kept parser: what that rejects we reject, what we accept means the same.

The other one is npm's `@jetstreamapp/soql-parser-js`. Its verdicts on our own corpus are recorded and checked everywhere;
where node is at hand (`-m oracle`), it is asked again, and about queries that nobody has seen before.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.sandbox.oracle import corpus, tree

HERE = Path(__file__).parent / "oracle"
RECORDED = HERE / "recorded.json"
PACKAGE = "@jetstreamapp/soql-parser-js@6.3.1"
SEED, COUNT = 1, 160
# The vendor's pages have OFFSET without LIMIT, which the oracle takes behind some clauses only.
THEIR_OWN = re.compile(r"\bOFFSET\b", re.IGNORECASE)


def disagreements(queries: list[str], told: list[Any]) -> list[str]:
    found = []
    for query, theirs in zip(queries, told, strict=True):
        ours = tree.ours(query)
        if theirs is None and ours is not None and not (THEIR_OWN.search(query) and "LIMIT" not in query.upper()):
            found.append(f"accepted, though the oracle rejects it: {query}")
        if theirs is not None and ours is not None and ours != theirs:
            found.append(f"read otherwise: {query}\n  {ours}\n  {theirs}")
    return found


def test_our_grammar_agrees_with_the_recorded_verdicts() -> None:
    recorded = json.loads(RECORDED.read_text())
    assert [each["query"] for each in recorded] == corpus.queries(SEED, COUNT)
    told = [each["tree"] for each in recorded]
    assert disagreements([each["query"] for each in recorded], told) == []
    read = sum(tree.ours(each["query"]) is not None for each in recorded)
    assert sum(each is None for each in told) > COUNT / 4
    assert read > COUNT / 2.5


def test_what_means_to_be_right_is_read() -> None:
    assert [q for q in corpus.queries(5, 400)[:200] if tree.ours(q) is None] == []


@pytest.mark.parametrize(
    "query",
    [
        "SELECT Id FROM User AND",
        "SELECT Id FROM User LIKE WHERE Name = 'x'",
        "SELECT Id FROM User WHERE NumberOfFailedLogins = 00",
        "SELECT TYPEOF What WHEN Account THEN Name END FROM Event",
        "SELECT Id FROM User WHERE Name = 'a' AND Name = 'b' OR Name = 'c'",
        "SELECT Id FROM User WHERE COUNT(Id) > 1",
        "SELECT Id FROM User HAVING COUNT(Id) > 1",
        "SELECT Id FROM User WHERE Name = 'x' ALL ROWS",
        "SELECT Id FROM User WITH SECURITY_ENFORCED",
        "SELECT Id FROM User; DELETE",
        "SELECT (SELECT Id FROM ManagedUsers), COUNT() FROM User",
        "SELECT COUNT(Id) FROM User GROUP BY Name,",
        "SELECT Id FROM User LIMIT 1.5",
    ],
)
def test_what_is_not_understood_is_refused_and_never_skipped(query: str) -> None:
    assert tree.ours(query) is None


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The other parser, installed once into a folder of its own (`ROLECALL_ORACLE` keeps it between runs)."""
    kept = os.environ.get("ROLECALL_ORACLE")
    folder = Path(kept) if kept else tmp_path_factory.mktemp("oracle")
    assert shutil.which("npm"), "-m oracle needs node and npm"
    if not (folder / "node_modules" / "@jetstreamapp").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)]
        subprocess.run([*install, PACKAGE], check=True, cwd=folder, timeout=300)

    def ask(queries: list[str]) -> list[Any]:
        shutil.copy(HERE / "ask.cjs", folder / "ask.cjs")
        done = subprocess.run(
            ["node", "ask.cjs"], input=json.dumps(queries), capture_output=True, text=True, check=True, cwd=folder
        )
        return [None if each is None else tree.theirs(each) for each in json.loads(done.stdout)]

    return ask


@pytest.mark.oracle
def test_the_recorded_verdicts_are_the_oracles(oracle: Any) -> None:
    """`ROLECALL_RECORD=1` writes them anew."""
    queries = corpus.queries(SEED, COUNT)
    now = [{"query": query, "tree": told} for query, told in zip(queries, oracle(queries), strict=True)]
    if os.environ.get("ROLECALL_RECORD"):
        lines = ",\n".join(json.dumps(each, ensure_ascii=False) for each in now)
        RECORDED.write_text(f"[\n{lines}\n]\n")
    assert json.loads(RECORDED.read_text()) == json.loads(json.dumps(now))


@pytest.mark.oracle
@pytest.mark.parametrize("seed", range(10, 15))
def test_our_grammar_agrees_with_the_oracle_on_new_queries(oracle: Any, seed: int) -> None:
    queries = corpus.queries(seed, 1000)
    assert disagreements(queries, oracle(queries)) == []
