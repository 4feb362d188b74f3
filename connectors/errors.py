"""What can go wrong between us and a CRM, sorted by what the caller should do next.

ConnectorError
├── Unreachable    no answer, or one that a later try may better (time-out, 5xx, reset): try again later
├── Throttled      a limit was hit; `wait` seconds, or `until` for a daily allowance: try again then
├── Denied         the credential may not; `missing` names the right, scope or plan: tell the admin, go on without
├── Misread        the answer cannot be trusted (truncated, contradictory, not what is documented): record as incomplete
└── Declined       the CRM understood an act and said no; `said` is its own sentence: show it, make it a person's task

Each message names the thing and the way out, and never holds a secret.
"""

from __future__ import annotations

from datetime import datetime


class ConnectorError(Exception):
    """Base of everything a connector raises on purpose."""


class Unreachable(ConnectorError):
    """No answer, or one that a later try may better.

    `ambiguous=True`: a request that changes something may or may not have arrived; look before trying again.
    """

    def __init__(self, message: str, *, ambiguous: bool = False) -> None:
        super().__init__(message)
        self.ambiguous = ambiguous


class Throttled(ConnectorError):
    """A limit was hit. `wait`: seconds until it makes sense to ask again; `until`: when a daily allowance returns."""

    def __init__(self, message: str, *, wait: float | None = None, until: datetime | None = None) -> None:
        super().__init__(message)
        self.wait = wait
        self.until = until


class Denied(ConnectorError):
    """The credential may not. `missing` is the right, scope or plan in the vendor's own words."""

    def __init__(self, message: str, *, missing: str) -> None:
        super().__init__(message)
        self.missing = missing


class Misread(ConnectorError):
    """The answer cannot be trusted. `restart=True`: the place to resume from is gone; begin the stream again."""

    def __init__(self, message: str, *, restart: bool = False) -> None:
        super().__init__(message)
        self.restart = restart


class Declined(ConnectorError):
    """The CRM understood the act and refused it. `said` is its own sentence, verbatim."""

    def __init__(self, message: str, *, said: str) -> None:
        super().__init__(message)
        self.said = said
