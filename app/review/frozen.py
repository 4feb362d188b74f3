"""Scratch tables in which a review is put together, inside one transaction and seen by nobody else.

Building piece by piece keeps every statement a plain join: what a thousand grants share (the person, the entitlement, who
reviews) is worked out once, and joined by numbers. Pieces of what is shown are text (see `dialect`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from sqlalchemy import Boolean, Column, Dialect, Integer, MetaData, PrimaryKeyConstraint, String, Table, text
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateTable

from app.kit import db
from app.kit.db import Big, JsonText, Moment

_scratch = MetaData()


def _table(name: str, *columns: Column[object], key: tuple[str, ...]) -> Table:
    return Table(
        name,
        _scratch,
        *columns,
        PrimaryKeyConstraint(*key),
        prefixes=["TEMPORARY"],
        sqlite_with_rowid=len(key) == 1,  # else its key would be a second tree, to be searched before the rows
    )


# One row per system in scope: what is reviewed there, who owns it, and what was asked last time.
SYSTEMS = _table(
    "frozen_systems",
    Column("system_id", Big, autoincrement=False),
    Column("name", String, nullable=False),
    Column("owner_id", Big),  # null: nobody, or nobody who is able to review
    Column("seen_at", Moment, nullable=False),
    Column("recent_from", Moment, nullable=False),
    Column("quarter_from", Moment, nullable=False),
    Column("year_from", Moment, nullable=False),
    Column("grants", Boolean, nullable=False),
    Column("accounts", Boolean, nullable=False),
    Column("integrations", Boolean, nullable=False),
    Column("credentials", Boolean, nullable=False),
    Column("groups", Boolean, nullable=False),
    Column("definitions", Boolean, nullable=False),
    Column("every_definition", Boolean, nullable=False),
    Column("named", String, nullable=False),  # its name as JSON
    Column("previous_id", Big),
    Column("previous", String),  # members: which review it was, and the day it closed
    Column("imported_id", Big),  # a review made elsewhere; only where none of ours has closed
    Column("imported", String),  # members: which review that was
    key=("system_id",),
)

# Who may not decide on what.
CONCERNS = _table(
    "frozen_concerns",
    Column("kind", String(12)),
    Column("row_id", Big, autoincrement=False),
    Column("identity_id", Big, autoincrement=False),
    key=("kind", "row_id", "identity_id"),
)

# Who can give access in which system; empty unless the review bars them.
GRANTERS = _table(
    "frozen_granters",
    Column("system_id", Big, autoincrement=False),
    Column("identity_id", Big, autoincrement=False),
    key=("system_id", "identity_id"),
)

# Accounts, integrations and credentials that may become items, or whose grants may.
SUBJECTS = _table(
    "frozen_subjects",
    Column("kind", String(12)),
    Column("row_id", Big, autoincrement=False),
    Column("system_id", Big, nullable=False),
    Column("account_id", Big),
    Column("identity_id", Big),
    Column("manager_id", Big),  # whom to ask first, whether able or not
    Column("inside", Boolean, nullable=False),
    key=("kind", "row_id"),
)

# Who is asked about what hangs on a subject, by each rule that may hold for it.
CHOICES = _table(
    "frozen_choices",
    Column("kind", String(12)),
    Column("row_id", Big, autoincrement=False),
    Column("route", Integer, autoincrement=False),  # which rule of the scope it is chosen by
    Column("reviewer_id", Big),
    Column("chosen_by", String(12)),
    key=("kind", "row_id", "route"),
)

# Whose share is which, of the review that is being opened. Of `tasks` PostgreSQL does not know before the end how many are
# this review's, believes one, and seeks row by row for every item whatever else it joins.
TASKS = _table(
    "frozen_tasks",
    Column("reviewer_id", Big, autoincrement=False),
    Column("task_id", Big, nullable=False),
    key=("reviewer_id",),
)

# The members of groups that are asked to review, and each manager's line of managers: those of them who are able.
GROUPS = _table(
    "frozen_groups",
    Column("number", Integer, autoincrement=False),
    Column("turn", Integer, autoincrement=False),  # who is asked first of them goes round
    Column("position", Integer, autoincrement=False),
    Column("identity_id", Big, nullable=False),
    key=("number", "turn", "position"),
)
LINES = _table(
    "frozen_lines",
    Column("start_id", Big, autoincrement=False),
    Column("depth", Integer, autoincrement=False),
    Column("identity_id", Big, nullable=False),
    key=("start_id", "depth"),
)

# What is shown of each account, whoever asks, and what it makes of each of its grants: worked out once for all of them.
PEOPLE = _table(
    "frozen_people",
    Column("account_id", Big, autoincrement=False),
    Column("system_id", Big, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("gone", Boolean, nullable=False),
    Column("bits", Integer, nullable=False),  # of advice, as far as the account gives it
    Column("weight", Integer, nullable=False),  # its risk with that of its use
    Column("odd", Boolean, nullable=False),  # decided by itself for whose it is, or for its use
    Column("odd_grants", Boolean, nullable=False),  # so is each of its grants, since nobody is asked about the account
    Column("uncovered", Boolean, nullable=False),  # and a role model covers none of them
    Column("job", String),  # department and title; null: one of them is not known
    Column("version_id", Big),  # the role model of their job
    Column("department", String),
    Column("title", String),
    Column("kind", String(10)),
    Column("flags", String),  # its privileges, packed (see `asking`)
    Column("rules", String),  # the rules it fails, packed
    Column("who", String, nullable=False),
    Column("used", String, nullable=False),
    Column("beside", String, nullable=False),  # members: what is shown of it with each of its grants, besides who it is
    Column("privileges", String),
    Column("risk", Integer, nullable=False),
    Column("findings", String),
    Column("finding_risk", Integer, nullable=False),
    key=("account_id",),
)

ENTITLEMENTS = _table(
    "frozen_entitlements",
    Column("entitlement_id", Big, autoincrement=False),
    Column("privileged", Boolean, nullable=False),
    Column("known", Boolean, nullable=False),  # whether the system says what it allows
    Column("bits", Integer, nullable=False),  # of advice, as far as it gives it
    Column("risk", Integer, nullable=False),  # what it adds by what it allows
    Column("odd", Boolean, nullable=False),  # decided by itself, whoever holds it
    Column("what", String, nullable=False),
    Column("key", String, nullable=False),
    Column("flags", String),  # the privileges it brings, packed; null: the system does not say
    Column("low_risk", Boolean),
    Column("revocable", Boolean, nullable=False),
    key=("entitlement_id",),
)

# What is asked about by its contents: groups, and definitions of what can be held.
CONTENTS = _table(
    "frozen_contents",
    Column("entitlement_id", Big, autoincrement=False),
    Column("kind", String(12), nullable=False),
    Column("system_id", Big, nullable=False),
    Column("key", String, nullable=False),
    Column("privileged", Boolean, nullable=False),
    Column("known", Boolean, nullable=False),
    Column("flags", String),  # as for entitlements
    Column("fresh", Boolean, nullable=False),  # others of the kind were decided on before, and this was not
    Column("changed", Boolean),  # null: it was never decided on
    Column("rules", String, nullable=False),  # those it fails, packed
    Column("risk", Integer, nullable=False),
    Column("shown", JsonText, nullable=False),
    key=("entitlement_id",),
)

FINDINGS = _table(
    "frozen_findings",
    Column("row_id", Big, autoincrement=False),
    Column("kind", String(12)),
    Column("told", String, nullable=False),
    Column("rules", String, nullable=False),
    Column("risk", Integer, nullable=False),
    key=("row_id", "kind"),
)


# Every advice there can be, by its bits (see `advice.BITS`).
ADVICE = _table(
    "frozen_advice",
    Column("bits", Integer, autoincrement=False),
    Column("told", String, nullable=False),  # members
    Column("covering", String, nullable=False),  # members: whether a role model covers it, too
    key=("bits",),
)

# What became of each subject in its system's last review; without what nobody answered. A table of its own, because SQLite
# first copies whatever is to be inserted into a table that is read for it.
LAST = _table(
    "frozen_last",
    Column("row_id", Big, autoincrement=False),
    Column("kind", String(12)),
    Column("outcome", String(12), nullable=False),
    Column("settled", String(10)),
    key=("row_id", "kind"),
)

# Role models in force, and whose job is which.
VERSIONS = _table(
    "frozen_versions",
    Column("version_id", Big, autoincrement=False),
    Column("told", String, nullable=False),
    key=("version_id",),
)
MODELS = _table(
    "frozen_models",
    Column("identity_id", Big, autoincrement=False),
    Column("version_id", Big, nullable=False),
    key=("identity_id",),
)

# Which job of a system each live account is of, by the least account of that job, and how many people have it. Counting by
# numbers takes half the time of counting by what the jobs are called.
PEERS = _table(
    "frozen_peers",
    Column("account_id", Big, autoincrement=False),
    Column("job", Big, nullable=False),
    Column("people", Integer, nullable=False),
    key=("account_id",),
)

# How many people of a job hold an entitlement, of how many.
HELD = _table(
    "frozen_held",
    Column("job", Big, autoincrement=False),
    Column("entitlement_id", Big, autoincrement=False),
    Column("bits", Integer, nullable=False),  # of advice, as far as custom gives it
    Column("odd", Boolean, nullable=False),  # only one of many has it
    Column("told", String, nullable=False),
    key=("job", "entitlement_id"),
)


@contextmanager
def tables(session: Session) -> Iterator[None]:
    """The scratch tables, empty at first and gone afterwards; a transaction that fails takes them with it."""
    # With the usual 4 MB people are sought one by one for each grant: of 300,000 that is 4.2 s of a core instead of 2.6.
    db.room_to_join(session)
    connection = session.connection()
    made, dropped = _statements(connection.dialect)
    for statement in made:
        connection.exec_driver_sql(statement)
    yield
    for statement in dropped:
        connection.exec_driver_sql(statement)


@lru_cache(maxsize=8)
def _statements(dialect: Dialect) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What makes the tables and what drops them: all at once, except where a database takes one at a time."""
    tables = _scratch.sorted_tables
    made = tuple(str(CreateTable(each).compile(dialect=dialect)).strip() for each in tables)
    if dialect.name == "sqlite":
        return made, tuple(f"DROP TABLE {each.name}" for each in tables)
    return ("; ".join(made),), (f"DROP TABLE {', '.join(each.name for each in tables)}",)


def analyze(session: Session, *names: str) -> None:
    """Tell PostgreSQL how large the scratch tables, or those named, have become.

    It never looks by itself inside a transaction, and a new campaign that it believes empty makes it compare every item
    with every other when drift is sought: half a minute for 50,000 items instead of a second.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"ANALYZE {', '.join(names or [t.name for t in _scratch.sorted_tables])}"))
