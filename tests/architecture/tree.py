"""The source as tests of the house see it: its files, what they hold, and where in the tree they stand."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Module:
    """One file of `app` or `connectors`."""

    name: str  # app.review.policy
    path: Path
    text: str
    tree: ast.Module

    @property
    def stage(self) -> str:
        """`review` of app.review.policy; `salesforce` of connectors.salesforce.client."""
        return self.name.split(".")[1] if "." in self.name else ""


@cache
def modules() -> tuple[Module, ...]:
    """Every module of app and connectors."""
    found = []
    for top in ("app", "connectors"):
        for path in sorted((ROOT / top).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            text = path.read_text()
            found.append(Module(name, path, text, ast.parse(text)))
    return tuple(found)


def module(name: str) -> Module:
    """One module by its name."""
    return next(each for each in modules() if each.name == name)


def within(name: str, places: Iterator[str] | tuple[str, ...] | dict[str, str]) -> bool:
    """Whether a module is one of the places or lies below one."""
    return any(name == place or name.startswith(f"{place}.") for place in places)


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function, methods and inner ones too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def dotted(node: ast.AST) -> str:
    """`datetime.now` of the expression datetime.now; "" of anything that is not a name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        below = dotted(node.value)
        return f"{below}.{node.attr}" if below else f"?.{node.attr}"
    return ""
