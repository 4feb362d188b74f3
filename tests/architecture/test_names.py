"""Names say what a thing is. A drawer for everything has no name, so those names are not used."""

from __future__ import annotations

import ast
import re

import pytest

from tests.architecture.tree import functions, modules

# `user` could be an identity, an account or an actor; the rest say nothing about what is inside.
BANNED = {
    "user", "users", "util", "utils", "helper", "helpers", "common", "core", "misc", "manager", "managers", "service",
    "services", "info", "data", "process", "processes", "handle", "handler", "handlers",
}  # fmt: skip
CLASSES = re.compile(r"(Service|Manager|Repository|Handler|Helper|Util|Utils|Factory|Info|Data)$")


def _banned(name: str) -> bool:
    return bool(BANNED & set(name.split("_"))) or bool(re.search(r"_?v\d+$", name))


def test_no_module_is_a_drawer() -> None:
    offenders = [each.name for each in modules() if _banned(each.name.rsplit(".", 1)[-1])]
    assert not offenders


def test_no_class_is_a_manager_of_something() -> None:
    offenders = [
        f"{each.name}.{node.name}"
        for each in modules()
        for node in ast.walk(each.tree)
        if isinstance(node, ast.ClassDef) and CLASSES.search(node.name)
    ]
    assert not offenders


def test_nothing_is_just_executed() -> None:
    offenders = [
        f"{each.name}.{function.name}"
        for each in modules()
        for function in functions(each.tree)
        if function.name in ("execute", "process", "handle", "do_it")
    ]
    assert not offenders


@pytest.mark.parametrize("name", ["utils", "user", "user_sync", "accounts_v2", "data", "core"])
def test_a_banned_name_is_seen(name: str) -> None:
    assert _banned(name)


@pytest.mark.parametrize("name", ["accounts", "reconciliation", "metadata", "handling"])
def test_an_honest_name_passes(name: str) -> None:
    assert not _banned(name)


def test_every_stage_uses_the_same_words_for_the_same_things() -> None:
    """`tables` holds rows, as a module or as a package of them, and nobody else does."""
    offenders = [
        f"{each.name}.{node.name}"
        for each in modules()
        if each.name.startswith("app.") and "tables" not in each.name.split(".")
        for node in ast.walk(each.tree)
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id == "Base" for base in node.bases)
    ]
    assert not offenders
