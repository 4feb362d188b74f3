"""Brings an empty database to the present schema, the way an installation does it."""

from __future__ import annotations

from pathlib import Path

from app import schema
from app.kit.db import Database


def make(database: Database) -> None:
    """Create every table, by the migrations once there are any."""
    versions = Path(__file__).parent.parent / "migrations" / "versions"
    if any(versions.glob("2*.py")):
        schema.upgrade(database)
    else:
        schema.METADATA.create_all(database.writer)
