"""Every row of the lists in docs/sandbox.md names its tests, and they are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
ROW = re.compile(r"^\| ([^|]+) \| (`tests/[^|]+`) \|$", re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def test_every_row_names_tests_that_are_there() -> None:
    rows = dict(ROW.findall((ROOT / "docs" / "sandbox.md").read_text()))
    assert len(rows) >= 74
    named = [(what, *each) for what, tests in rows.items() for each in TEST.findall(tests)]
    assert {what for what, _, _ in named} == set(rows)
    assert len(named) == sum(tests.count("::") for tests in rows.values())
    there = {
        file: {
            node.name for node in ast.walk(ast.parse((ROOT / file).read_text())) if isinstance(node, ast.FunctionDef)
        }
        for _, file, _ in named
    }
    assert [f"{what}: {file}::{test}" for what, file, test in named if test not in there[file]] == []
