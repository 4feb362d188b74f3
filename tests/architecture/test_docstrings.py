"""Every module, function and class that others may use says what it is for."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.tree import Module, modules

# What says all there is to say by its name and the protocol it fills.
NEEDS_NONE = {"process_bind_param", "process_result_value", "send", "close", "init_poolmanager"}


def _protocol(node: ast.ClassDef) -> bool:
    return any(isinstance(base, ast.Name) and base.id == "Protocol" for base in node.bases)


def silent(body: list[ast.stmt], path: str) -> Iterator[str]:
    """Public functions and classes without a docstring."""
    for node in body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        if not ast.get_docstring(node) and node.name not in NEEDS_NONE:
            yield f"{path}.{node.name}"
        if isinstance(node, ast.ClassDef) and not _protocol(node):
            yield from silent(node.body, f"{path}.{node.name}")


@pytest.mark.parametrize("top", ["app", "connectors"])
def test_everything_others_may_use_says_what_it_is_for(top: str) -> None:
    here = [each for each in modules() if each.name.split(".")[0] == top]
    assert not [name for each in here for name in silent(each.tree.body, each.name)]


def _first_line(module: Module) -> str:
    return (ast.get_docstring(module.tree) or "").split("\n")[0]


def test_every_file_opens_with_what_it_is_for() -> None:
    lacking = [each.name for each in modules() if not _first_line(each)]
    assert not lacking


def test_the_first_line_is_a_sentence() -> None:
    """It may go on in the next line; it does not begin with the file's own name."""
    odd = [
        f"{each.name}: {_first_line(each)}"
        for each in modules()
        if len(_first_line(each)) < 15
        or _first_line(each).lower().startswith(("this module", "module for", "this file"))
    ]
    assert not odd


# Who may see every failure, and why. A handler that raises again only tidies up, and needs no excuse.
SEES_ALL = {
    "app.kit.engine.attempts": "the worker's edge: notes the failure, and the job is tried again",
    "app.worker": "the relay's edge: a thread that ended would take all work with it, unseen",
    "app.inventory.early": "what could not be staged ahead is staged at sealing, where it is raised if it fails again",
    "app.kit.engine.engine": "carries a failure out of a thread, and raises it in the caller's",
}


def _everything(node: ast.AST) -> bool:
    """A bare `except`, or one of Exception or BaseException, that does not raise again."""
    if not isinstance(node, ast.ExceptHandler):
        return False
    named = node.type is None or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException"))
    return named and not (isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None)


def test_nothing_catches_everything() -> None:
    """What nobody foresaw may crash the job: the engine records it and tries again."""
    catching = {each.name for each in modules() if any(map(_everything, ast.walk(each.tree)))}
    assert catching == SEES_ALL.keys()
