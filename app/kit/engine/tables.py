"""Rows the engine keeps beside DBOS's own: who is alive, whose a job is, what its steps gave, and which keys are spent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base, Json, Moment


class WorkerRow(Base):
    """A worker process on PostgreSQL. Without a fresh `beat`, by the database's clock, it is dead."""

    __tablename__ = "engine_workers"
    id: Mapped[str] = mapped_column(String(120), primary_key=True)
    beat: Mapped[datetime] = mapped_column(Moment)


class JobRow(Base):
    """A job that was started. `owner` is the start that may go on with it; a former one stops at its next step."""

    __tablename__ = "engine_jobs"
    key: Mapped[str] = mapped_column(String(300), primary_key=True)
    owner: Mapped[str | None] = mapped_column(String(40))  # null: cancelled
    starts: Mapped[int]  # since the last step that ended: what kills every worker that takes it up
    attempt: Mapped[int]
    wake: Mapped[datetime | None] = mapped_column(Moment)  # not to be tried again before


class StepRow(Base):
    """What a step that ended gave. Found by its name, so that a job need not take the same way twice."""

    __tablename__ = "engine_steps"
    key: Mapped[str] = mapped_column(String(300), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # the how many-th of that name
    gave: Mapped[Any] = mapped_column(Json, nullable=True)


class SpentKeyRow(Base):
    """The key of a job that ended and was forgotten, so that it still runs once, for ever."""

    __tablename__ = "engine_spent_keys"
    key: Mapped[str] = mapped_column(String(300), primary_key=True)
