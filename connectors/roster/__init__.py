"""Who works here, from a CSV file: people, their managers, and who is away or has left.

A system like any other, with readings and freshness. See docs/roster.md for the file's columns.
"""

from __future__ import annotations

from connectors.connector import Config, Executor, Keep, Reader, Secret


def open_reader(config: Config, secret: Secret, keep: Keep) -> Reader:
    """Open the file named by config "path". Raises ValueError for a config that lacks it or names a broken time."""
    from connectors.roster.reader import RosterReader

    return RosterReader(config)


def open_executor(config: Config, secret: Secret, keep: Keep) -> Executor:
    """Open the acting side, which can change nothing: every plan is a person's steps."""
    from connectors.roster.byhand import RosterExecutor

    return RosterExecutor(config)
