"""Digests: messages to one reader by one channel that wait for the same hour leave as one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

MOST = 50  # a digest longer than that is not read


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that waits. Only those that are for a digest (`digest`) may be put together."""

    id: UUID
    channel: int
    whom: str
    digest: bool
    not_before: datetime


def together(rows: Sequence[Waiting], at: datetime) -> list[tuple[Waiting, ...]]:
    """The messages to send at a moment: each group leaves as one, its first row carries it, oldest first.

    A row is in one group at most; rows of different readers or channels are never in one.
    """
    due = sorted((row for row in rows if row.not_before <= at), key=lambda row: (row.not_before, row.id))
    groups: list[list[Waiting]] = []
    open_groups: dict[tuple[int, str], list[Waiting]] = {}
    for row in due:
        known = open_groups.get((row.channel, row.whom)) if row.digest else None
        if known is not None and len(known) < MOST:
            known.append(row)
            continue
        groups.append([row])
        if row.digest:
            open_groups[(row.channel, row.whom)] = groups[-1]
    return [tuple(group) for group in groups]
