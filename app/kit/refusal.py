"""Saying no, once: a rule answers `Refusal | None`, a verb insists, a door renders.

A refusal is not a bug: it names what stands in the way and the way out, and it never holds a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not. `code` is stable and machine-readable (`self_review`); `reason` is for people; `way_out` is what to do, and
    `way` what each door has and calls otherwise: it is named here, and said by the door (`leads`)."""

    code: str
    reason: str
    way_out: str = ""
    status: int = (
        409  # what an HTTP door answers: 403 who, 404 what, 409 when, 412 someone else was first, 422 how, 429 wait
    )
    facts: Mapping[str, object] = field(default_factory=dict)
    way: StrEnum | None = field(default=None, kw_only=True)

    def leads(self, words: Mapping[StrEnum, str]) -> str:
        """The whole way out, with the words that a door has for what it calls otherwise than the others."""
        return f"{self.way_out} {words[self.way] if self.way is not None else ''}".strip()

    @property
    def headers(self) -> dict[str, str]:
        """What HTTP says beside the answer: when to try again, if waiting helps (`facts["retry_after"]`, in seconds)."""
        return {"Retry-After": str(self.facts["retry_after"])} if "retry_after" in self.facts else {}


class Refused(Exception):
    """A verb's no. Doors show `refusal`; nothing was changed."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"{refusal.reason} {refusal.way_out}".strip())
        self.refusal = refusal


def insist(refusal: Refusal | None) -> None:
    """Raise Refused if a rule said no."""
    if refusal is not None:
        raise Refused(refusal)
