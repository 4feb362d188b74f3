"""Every row of the lists in docs/sandbox.md names a test, and that test is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
ROW = re.compile(r"^\| (?P<what>[^|]+) \| `(?P<file>tests/[\w/]+\.py)::(?P<test>test_\w+)` \|$", re.MULTILINE)


def test_every_row_names_a_test_that_is_there() -> None:
    rows = ROW.findall((ROOT / "docs" / "sandbox.md").read_text())
    assert len(rows) >= 72
    there = {
        file: {
            node.name for node in ast.walk(ast.parse((ROOT / file).read_text())) if isinstance(node, ast.FunctionDef)
        }
        for _, file, _ in rows
    }
    assert [f"{what}: {file}::{test}" for what, file, test in rows if test not in there[file]] == []
