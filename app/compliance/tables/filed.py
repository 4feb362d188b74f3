"""Rows of what is on file: people's word, why a line does not apply, registers of people and vendors."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base, Big, Moment


class AttestationRow(Base):
    """A person's word about one line, with a text, a link or a file, until an end. A later revision answers it."""

    __tablename__ = "attestations"
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    line: Mapped[str] = mapped_column(String(20))
    system_id: Mapped[int | None] = mapped_column(ForeignKey("systems.id"), index=True)
    revision: Mapped[int]
    statement: Mapped[str] = mapped_column(String)
    link: Mapped[str | None] = mapped_column(String(2000))
    digest: Mapped[str | None] = mapped_column(ForeignKey("documents.digest"), index=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("identities.id"), index=True)  # who gives their word
    made_by: Mapped[str] = mapped_column(String(80))
    made_by_identity_id: Mapped[int | None] = mapped_column(ForeignKey("identities.id"))
    made_at: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime] = mapped_column(Moment)
    status: Mapped[str] = mapped_column(String(10))
    answered_by: Mapped[str | None] = mapped_column(String(80))
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    because: Mapped[str | None] = mapped_column(String)  # why it was declined or withdrawn
    reminded: Mapped[int | None]  # the fewest days before its end that a reminder was given at
    version: Mapped[int] = mapped_column(default=1)
    __table_args__ = (
        CheckConstraint("status IN ('proposed','approved','declined','withdrawn')", name="status_known"),
        Index("ix_attestations_line", "line", "system_id", "revision"),
    )


class ExemptionRow(Base):
    """Why a line does not apply, to all or to one system: justified, approved by somebody else, with an end."""

    __tablename__ = "exemptions"
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    line: Mapped[str] = mapped_column(String(20), index=True)
    system_id: Mapped[int | None] = mapped_column(ForeignKey("systems.id"), index=True)
    justification: Mapped[str] = mapped_column(String)
    until: Mapped[datetime] = mapped_column(Moment)
    made_by: Mapped[str] = mapped_column(String(80))
    made_by_identity_id: Mapped[int | None] = mapped_column(Big)  # no foreign key: SQLite cannot add one to a table
    made_at: Mapped[datetime] = mapped_column(Moment)
    status: Mapped[str] = mapped_column(String(10))
    answered_by: Mapped[str | None] = mapped_column(String(80))
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    version: Mapped[int] = mapped_column(default=1)
    __table_args__ = (CheckConstraint("status IN ('proposed','approved','declined','withdrawn')", name="status_known"),)


class RegisterRow(Base):
    """A register that was handed in as CSV: who was trained, who signed, which vendor has a contract."""

    __tablename__ = "registers"
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), index=True)
    digest: Mapped[str] = mapped_column(ForeignKey("documents.digest"), index=True)
    source: Mapped[str] = mapped_column(String(300))
    extracted_at: Mapped[datetime] = mapped_column(Moment)
    rows: Mapped[int]
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Moment)
    __table_args__ = (
        CheckConstraint(
            "kind IN ('training','screening','confidentiality','third_party_nda','contracts','vendors')",
            name="kind_known",
        ),
    )


class RegisterLineRow(Base):
    """One row of a register: whose it is (an address, a roster id, a vendor's name), since when, until when."""

    __tablename__ = "register_lines"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    register_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("registers.id"))
    whose: Mapped[str] = mapped_column(String(320))  # lower case
    since: Mapped[date]
    until: Mapped[date | None]
    __table_args__ = (UniqueConstraint("register_id", "whose"),)
