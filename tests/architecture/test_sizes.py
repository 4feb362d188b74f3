"""Files and functions stay small enough to be read in one sitting. What is too long is split by concept."""

from __future__ import annotations

from tests.architecture.tree import Module, functions, modules

LINES_OF_A_FILE = 400
LINES_OF_A_FUNCTION = 60


def _length(module: Module) -> int:
    return len(module.text.splitlines())


def test_no_file_is_too_long_to_be_read() -> None:
    offenders = {each.name: _length(each) for each in modules() if _length(each) > LINES_OF_A_FILE}
    assert not offenders, f"over {LINES_OF_A_FILE} lines; split by concept: {offenders}"


def test_no_function_is_too_long_to_be_read() -> None:
    offenders = [
        f"{each.name}.{function.name}: {length}"
        for each in modules()
        for function in functions(each.tree)
        if (length := (function.end_lineno or 0) - function.lineno + 1) > LINES_OF_A_FUNCTION
    ]
    assert not offenders, f"over {LINES_OF_A_FUNCTION} lines:\n" + "\n".join(offenders)
