"""Brings an empty database to the present schema, the way an installation does it."""

from __future__ import annotations

from pathlib import Path

import app.actors.tables
import app.detection.tables
import app.inventory.tables
import app.ledger.tables
import app.remediation.tables
import app.review.tables  # noqa: F401
from app.kit.db import Base, Database


def make(database: Database) -> None:
    """Create every table."""
    versions = Path(__file__).parent.parent / "migrations" / "versions"
    if any(versions.glob("2*.py")):
        from app.kit import migration  # arrives with the first migration

        migration.upgrade(database)
    else:
        Base.metadata.create_all(database.writer)
