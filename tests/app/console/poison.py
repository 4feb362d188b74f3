"""Markup in every text that somebody else can write: a CRM, a roster, a provider, and our own people.

What is poisoned is read off the tables themselves. A column of text is ours and checked (`OURS`), or gets markup with a
sign of its own (`sign`), by which a test finds on which page it is shown; one that is neither makes the test fail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, String, Table, func, insert, inspect, select, update
from sqlalchemy.orm import Session

from app.kit.db import Base, Moment
from tests import make, rows

EVIL = "<img src=x onerror=alert(1)>\"'><script>x</script>"
# Rooms whose rows nobody's words reach: the engine's own, keys, the tree. The ledger's are poisoned by what is recorded.
MACHINE = {
    "engine_jobs", "engine_spent_keys", "engine_steps", "engine_workers", "entries", "leaves", "leafless", "tree_nodes",
    "checkpoints", "checkpoint_keys", "pending", "request_keys", "notice_marks", "personal_values", "spool_pages",
    "failed_entries",
}  # fmt: skip
# Ours and checked, in whichever table: a state, a word that the code looks up, an id, a digest, a reference, an actor.
WORDS = {
    "id", "status", "severity", "verdict", "stream", "source", "subject", "rule", "run", "digest", "kind", "outcome",
    "slot", "privilege", "path", "authority", "matched_by", "wish", "chosen_by", "unanswered", "engagement",
    "rows_digest", "pages_digest", "event", "actor_id", "role", "line", "place", "answer", "way", "purpose", "cadence",
    "zone", "whom", "held", "change", "version_of", "field", "version", "seed", "keys_digest", "action", "media",
    "by", "opened_by", "closed_by", "assigned_by", "acknowledged_by", "asked_by", "decided_by", "made_by", "answered_by",
    "approved_by", "uploaded_by", "submitted_by", "drafted_by", "granted_by", "permitted",
    "ended_by", "settled", "aside", "code", "imported_by",
}  # fmt: skip
OURS = {
    "actors.issuer", "actors.person_key", "actors.subject", "deliveries.cause", "findings.cause", "findings.owner",
    "identities.key", "register_lines.whose", "rule_limits.name", "snapshots.connector", "systems.owner_key",
    "bundle_versions.match", "accounts.manager_key", "channels.kind", "delivery_tries.outcome",
}  # fmt: skip
BUT = {
    "grants.granted_by",
    "imported_decisions.decided_by",
    "assessments.purpose",
    "snapshots.principal",
}  # named like ours, and somebody's words
_KEPT = re.compile(
    r"[\d-]{10}(T.*)?|keep|remove|change|grant|account|integration|credential|crm|direct|all|[a-z_]+:\d+"
)


def texts() -> Iterator[tuple[Table, Column[Any]]]:
    """Every column of text that is not ours alone."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            named = f"{table.name}.{column.name}"
            ours = (column.name in WORDS or named in OURS) and named not in BUT
            if isinstance(column.type, String) and not ours and table.name not in MACHINE:
                yield table, column


def sign(table: Table, column: Column[Any]) -> str:
    """By which what stands in this column is found again."""
    number = [f"{t.name}.{c.name}" for t, c in texts()].index(f"{table.name}.{column.name}")
    return f"Q{number:03d}q"


def poison(session: Session) -> set[str]:
    """Put markup into all of it. Returns the columns that got some."""
    _fill(session)
    told = set()
    for table, column in texts():
        room = column.type.length or 500  # type: ignore[attr-defined]
        evil = f"{sign(table, column)}{EVIL}"
        unique = (
            column.primary_key
            or any(column.name in index.columns for index in table.indexes if index.unique)
            or any(
                column.name in each["column_names"]
                for each in inspect(session.connection()).get_unique_constraints(table.name)
            )
        )
        key = list(table.primary_key.columns)
        there = session.execute(select(*key).where(column.is_not(None))).all()
        for number, row in enumerate(
            there or session.execute(select(*key)).all()
        ):  # what is empty everywhere is filled
            last = str(number) if unique else ""
            where = [each == got for each, got in zip(key, row, strict=True)]
            session.execute(update(table).where(*where).values({column.name: evil[: room - len(last)] + last}))
            told.add(f"{table.name}.{column.name}")
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if table.name not in MACHINE and f"{table.name}.{column.name}" in JSON:
                _poison_json(session, table, column)
    session.flush()
    session.expire_all()
    return told


JSON = {
    "campaigns.excluded", "campaigns.override", "items.shown", "findings.facts", "remediations.target",
    "remediations.before", "remediations.after", "remediations.steps", "drift.shown", "snapshot_streams.missing",
    "snapshot_streams.dropped", "snapshot_streams.asked", "integrations.scopes", "credentials.scopes",
    "integrations.native", "entitlements.native", "accounts.native", "observations.facts", "replays.differences",
    "channels.shown", "deliveries.facts", "control_outcomes.proof", "acts.receipt", "detection_runs.cannot_tell",
    "statements.content", "subscriptions.departments", "snapshots.coverage", "integrations.permitted",
}  # fmt: skip

# Markup in these is written by the test itself, where each word has a place of its own in the whole.
WHOLE = {
    "campaigns.moved", "campaigns.acceptance", "campaigns.approval", "campaigns.signature", "schedules.calendar",
    "schedules.acceptance", "schedules.approval", "schedules.scope",
    "campaigns.scope", "systems.config",
}  # fmt: skip
# Numbers, and words that are ours and checked when they come in.
CODES = {
    "status_runs.counts", "status_runs.sections", "systems.writing", "entitlements.privileges", "lanes.left_out",
    "subscriptions.events", "subscriptions.rules", "tokens.scope", "snapshots.counts", "detection_runs.basis",
    "detection_runs.counts", "replays.receipts", "snapshot_streams.parts", "assessments.classes", "assessments.answers",
    "channels.config", "bundle_versions.proposed",
}  # fmt: skip


def documents() -> set[str]:
    """Every column of JSON in which somebody's words may stand."""
    return {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, sa.JSON) and table.name not in MACHINE
    }


def _poison_json(session: Session, table: Table, column: Column[Any]) -> None:
    key = list(table.primary_key.columns)
    for row in session.execute(select(column, *key)).all():
        if row[0] is not None:
            where = [each == got for each, got in zip(key, row[1:], strict=True)]
            session.execute(update(table).where(*where).values({column.name: poisoned(row[0])}))


def poisoned(value: Any) -> Any:
    """The same shape with markup for every word that the code does not look up."""
    if isinstance(value, dict):
        return {key: poisoned(each) for key, each in value.items()}
    if isinstance(value, list):
        return [poisoned(each) for each in value]
    return EVIL if isinstance(value, str) and not _KEPT.fullmatch(value) else value


def _fill(session: Session) -> None:
    """One row in each table that has none, so that every column is there to be poisoned; no column is left empty."""
    connection = session.connection()
    for table in Base.metadata.sorted_tables:
        if table.name in MACHINE or session.scalar(select(func.count()).select_from(table)):
            continue
        words = rows.words(connection, table)
        values = {column.name: _value(connection, column, words) for column in table.columns}
        connection.execute(insert(table).values(values))


def _value(connection: sa.Connection, column: Column[Any], words: dict[str, str]) -> Any:
    for key in column.foreign_keys:
        return connection.execute(select(key.column).limit(1)).scalar()
    if isinstance(column.type, Moment):
        return make.NOW
    if column.name == "zone":  # one that exists, for moments are told in it
        return "UTC"
    if (column.table.name, column.name) == ("privileges", "path"):  # numbers of entitlements, ours
        return str(connection.execute(select(Base.metadata.tables["entitlements"].c.id).limit(1)).scalar())
    return words.get(column.name) or rows.VALUES.get(column.type.python_type, {})
