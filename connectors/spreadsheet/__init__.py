"""Accounts and their rights from a CSV or XLSX export: the smallest connector, and the one to copy.

For a first review without credentials, and for systems without an API. See docs/spreadsheet.md for the columns.
"""

from __future__ import annotations

from connectors.connector import Config, Executor, Keep, Reader, Secret


def open_reader(config: Config, secret: Secret, keep: Keep) -> Reader:
    """Open the file named by config "path". Raises ValueError for a config that names no file or an unknown option."""
    from connectors.spreadsheet.reader import SpreadsheetReader

    return SpreadsheetReader(config)


def open_executor(config: Config, secret: Secret, keep: Keep) -> Executor:
    """Open the acting side, which can change nothing: every plan is a person's steps."""
    from connectors.spreadsheet.byhand import SpreadsheetExecutor

    return SpreadsheetExecutor(config)
