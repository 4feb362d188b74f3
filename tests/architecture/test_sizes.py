"""Files and functions stay small enough to be read in one sitting. What is too long is split by concept."""

from __future__ import annotations

import pytest

from tests.architecture.tree import Module, functions, modules

LINES_OF_A_FILE = 400
LINES_OF_A_FUNCTION = 60
# What may be longer, and why. An excuse that is not needed any more fails.
EXCUSED_FILES = {
    "app.cli.commands": "a table: every command's options and help, and nothing that does anything",
}


def _length(module: Module) -> int:
    return len(module.text.splitlines())


def test_no_file_is_too_long_to_be_read() -> None:
    long = {each.name: _length(each) for each in modules() if _length(each) > LINES_OF_A_FILE}
    offenders = {name: lines for name, lines in long.items() if name not in EXCUSED_FILES}
    assert not offenders, f"over {LINES_OF_A_FILE} lines; split by concept: {offenders}"


def test_every_excuse_is_needed() -> None:
    assert [each.name for each in modules() if each.name in EXCUSED_FILES and _length(each) <= LINES_OF_A_FILE] == []


def test_no_function_is_too_long_to_be_read() -> None:
    offenders = [
        f"{each.name}.{function.name}: {length}"
        for each in modules()
        for function in functions(each.tree)
        if (length := (function.end_lineno or 0) - function.lineno + 1) > LINES_OF_A_FUNCTION
    ]
    assert not offenders, f"over {LINES_OF_A_FUNCTION} lines:\n" + "\n".join(offenders)


@pytest.mark.parametrize("each", [each for each in modules() if each.name in EXCUSED_FILES], ids=lambda each: each.name)
def test_what_is_excused_holds_short_functions_only(each: Module) -> None:
    assert max((function.end_lineno or 0) - function.lineno + 1 for function in functions(each.tree)) <= 30
