"""What comes over the wire and goes back: the one shape in which both sandboxes hear and answer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qs

READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True)
class Ask:
    """One request, read whole. `path` is without query and without a trailing slash; header names are lower case."""

    method: str
    path: str
    query: Mapping[str, list[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def one(self, name: str, default: str = "") -> str:
        """The first value of a query parameter, or `default`."""
        return (self.query.get(name) or [default])[0]

    def form(self) -> dict[str, str]:
        """The body as a URL-encoded form, first values only."""
        return {name: values[0] for name, values in parse_qs(self.body.decode("utf-8", "replace")).items()}

    def json(self) -> Any:
        """The body as JSON, `None` when empty. Raises `json.JSONDecodeError` when it is not JSON."""
        return json.loads(self.body) if self.body.strip() else None

    @property
    def bearer(self) -> str:
        """The token of the Authorization header, or nothing."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() in {"bearer", "oauth"} else ""


@dataclass(frozen=True)
class Answer:
    """One reply. `body` is anything JSON takes; `None` sends no body; a `str` goes out as it is, as `media`."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = "application/json;charset=UTF-8"

    def content(self) -> bytes:
        """The bytes of the body."""
        if self.body is None:
            return b""
        if isinstance(self.body, str) and not self.media.startswith("application/json"):
            return self.body.encode()
        return json.dumps(self.body, ensure_ascii=False).encode()


class Pretender(Protocol):
    """A pretend CRM, as the web front, the faults and the admin routes see it."""

    kind: str

    def answer(self, ask: Ask) -> Answer:
        """Answer as the CRM would."""

    def principal(self, ask: Ask) -> str | None:
        """Whose credential this is (`reader`, `executor`), for the list of calls."""

    def refusal(self, fault: str, ask: Ask, options: Mapping[str, Any]) -> Answer | None:
        """How this CRM words a fault instead of an answer; `None` when it cannot happen to this call."""

    def suffer(self, fault: str, ask: Ask) -> None:
        """Let a fault that happened have its lasting effect, such as a session that is over."""

    def distort(self, fault: str, ask: Ask, answer: Answer, options: Mapping[str, Any]) -> Answer | None:
        """A page of rows with this fault in it; `None` when the answer is no such page."""

    def credentials(self, url: str) -> dict[str, Any]:
        """What a client needs to sign in to the sandbox at `url`."""

    def withhold(self, principal: str, without: list[str]) -> list[str]:
        """Take exactly these rights from a principal and give back all others; says what it holds now."""

    def act(self, act: str, options: Mapping[str, Any]) -> Any:
        """Do what a person would do in the CRM's own pages. Refuses what it does not know with `ValueError`."""

    def truth(self) -> dict[str, Any]:
        """What is really there, whatever was answered."""

    def set_knobs(self, knobs: Mapping[str, Any]) -> dict[str, Any]:
        """Turn knobs, answer with all of them. Refuses an unknown one with `ValueError`."""

    def close(self) -> None:
        """Let go of the state on disk."""
