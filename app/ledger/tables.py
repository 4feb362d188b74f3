"""Rows of the ledger. Append-only: triggers on both databases refuse UPDATE, DELETE, TRUNCATE and INSERT OR REPLACE.

Files that were handed in stand beside it: an entry names them by their digest.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, ForeignKey, Index, LargeBinary, SmallInteger, String, Table, Uuid, event
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base, Big, Json, Moment
from app.ledger import guards


class EntryRow(Base):
    """One thing that happened. Written in the verb's own transaction; has no number until `integrate` gives it one."""

    __tablename__ = "entries"
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(120))  # "campaign:12", "item:99"
    author: Mapped[str] = mapped_column(String(80))  # an actor's id as text; no key upwards to actors
    at: Mapped[datetime] = mapped_column(Moment)
    body: Mapped[dict[str, Any]] = mapped_column(Json)  # personal values appear only as salted commitments
    leaf: Mapped[bytes] = mapped_column(LargeBinary(32))  # SHA-256(0x00 ‖ RFC 8785 of the entry)
    __table_args__ = (
        Index("ix_entries_subject_at", "subject", "at"),
        Index("ix_entries_kind_at", "kind", "at"),
        Index("ix_entries_author_at", "author", "at"),
        Index("ix_entries_at", "at", "id"),
    )


class DocumentRow(Base):
    """A file that was handed in, kept under its digest: the same file twice is kept once."""

    __tablename__ = "documents"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256 of the content
    name: Mapped[str] = mapped_column(String(300))  # as it was called when it came first
    media: Mapped[str] = mapped_column(String(120))
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Moment)


class LeaflessRow(Base):
    """An entry without a number yet. Written with the entry, gone when it is numbered: nobody has to search for it.

    `position` is drawn when the row is written, so an entry that another one could have seen always comes before it; the
    clocks of two machines, and with them the entries' ids, may disagree.
    """

    __tablename__ = "leafless"
    position: Mapped[int] = mapped_column(Big, primary_key=True)
    entry_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("entries.id"), unique=True)
    leaf: Mapped[bytes] = mapped_column(LargeBinary(32))


class LeafRow(Base):
    """A committed entry's gapless place in the tree."""

    __tablename__ = "leaves"
    number: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    entry_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("entries.id"), unique=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class NodeRow(Base):
    """The hash of a perfect subtree of 256, 65,536, … leaves, so that no root or proof reads more than some 100 rows."""

    __tablename__ = "tree_nodes"
    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)  # 8, 16, 24 …
    number: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class PersonalRow(Base):
    """A personal value and its salt. Erasing both leaves the commitment in the entry, and every proof, as they were."""

    __tablename__ = "personal_values"
    entry_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("entries.id"), primary_key=True)
    field: Mapped[str] = mapped_column(String(60), primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary(32))
    value: Mapped[str] = mapped_column(String)
    person: Mapped[str | None] = mapped_column(String(120), index=True)  # whose it is, for export and erasure


class PendingRow(Base):
    """An entry whose consequences have not been handed to the engine yet."""

    __tablename__ = "pending"
    entry_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("entries.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))


class CheckpointRow(Base):
    """A signed statement of the tree's size and root (C2SP checkpoint). Several of one size prove that nothing happened."""

    __tablename__ = "checkpoints"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    size: Mapped[int] = mapped_column(Big)
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    at: Mapped[datetime] = mapped_column(Moment)
    note: Mapped[str] = mapped_column(String)  # the signed text, exactly as handed out
    __table_args__ = (Index("ix_checkpoints_size", "size"),)


class CheckpointKeyRow(Base):
    """A public key that checkpoints were signed with. Former ones stay, so that what they signed can still be checked."""

    __tablename__ = "checkpoint_keys"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)  # the key's fingerprint
    verifier: Mapped[str] = mapped_column(String)  # its C2SP form: origin+id+key
    began: Mapped[datetime] = mapped_column(Moment)
    # A checkpoint signed by this key and by the one before it: whoever trusts that one may trust this one.
    handover: Mapped[str | None] = mapped_column(String)


@event.listens_for(Table, "after_create")
def _guard(table: Table, connection: Connection, **_: Any) -> None:
    if table.name in guards.GUARDED:
        guards.install(connection, [table.name])
