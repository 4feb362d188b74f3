"""How we talk to somebody else's server: patiently, within a budget, to one host only, and without telling secrets.

Only reads are ever asked again (`read`); a request that changes something is sent once. Clock, sleep and chance come in
as arguments, so that tests run in virtual time. Nothing here knows a vendor.
"""

from __future__ import annotations

import ipaddress
import random
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit, urlunsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from connectors.errors import ConnectorError, Misread, Throttled, Unreachable

Clock = Callable[[], float]  # seconds, never going back
Sleep = Callable[[float], None]
Answer = TypeVar("Answer")


# --- budgets and retry ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Budget:
    """How long one read may be tried: `attempts` in all, within `seconds` counted from the first, waits included."""

    attempts: int = 5
    seconds: float = 300.0
    first_wait: float = 1.0
    longest_wait: float = 60.0


def read(
    ask: Callable[[], Answer],
    budget: Budget | None = None,
    *,
    clock: Clock = time.monotonic,
    sleep: Sleep = time.sleep,
    chance: Callable[[], float] = random.random,
) -> Answer:
    """Ask until there is an answer or the budget is spent; then raise the last error.

    Asks again only on Unreachable and on Throttled without `until` (a daily allowance does not come back as we wait).
    A wait that would not fit in the budget is not begun. For reads only: never pass a request that changes something.
    """
    budget = budget or Budget()
    began = clock()
    for attempt in range(1, budget.attempts + 1):
        try:
            return ask()
        except (Unreachable, Throttled) as error:
            wait = wait_before(attempt, error, budget, chance)
            if wait is None or attempt == budget.attempts or clock() - began + wait > budget.seconds:
                raise
            sleep(wait)
    raise ValueError("a budget needs at least one attempt")


def wait_before(
    attempt: int, error: ConnectorError, budget: Budget, chance: Callable[[], float] = random.random
) -> float | None:
    """Seconds to wait after failed attempt number `attempt` (from 1); None: waiting is no use.

    What the server asked for is obeyed and a little is added; otherwise "full jitter": anywhere between nothing and a
    doubling limit, but at least a tenth of it, so that many readers do not return at the same moment.
    """
    limit: float = min(budget.longest_wait, budget.first_wait * 2 ** (attempt - 1))
    if isinstance(error, Throttled):
        if error.until is not None:
            return None
        if error.wait is not None:
            return error.wait + limit * chance() / 10
    return limit * (0.1 + 0.9 * chance())


@dataclass(slots=True)
class Pace:
    """At most `calls` requests begin in any stretch of `seconds`; `keep` waits as long as that needs.

    Streams that are read side by side share one: whoever waits holds the others up, because their turn is not before.
    """

    calls: int
    seconds: float
    clock: Clock = time.monotonic
    sleep: Sleep = time.sleep
    _begun: deque[float] = field(default_factory=deque)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def keep(self) -> None:
        """Wait for our turn, then count this request."""
        with self._turn:
            now = self.clock()
            if len(self._begun) >= self.calls:
                due = self._begun[-self.calls] + self.seconds
                if due > now:
                    self.sleep(due - now)
                    now = self.clock()
            self._begun.append(now)
            while len(self._begun) > self.calls:
                self._begun.popleft()


# --- paging -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Pages:
    """Ends a paging that would not end: a link or cursor seen before, or more than `limit` pages, is a Misread."""

    what: str
    limit: int = 100_000
    _seen: set[str] = field(default_factory=set)

    def turn(self, link: str) -> str:
        """Count the page that `link` leads to and give the link back."""
        if link in self._seen:
            raise Misread(f"{self.what}: the server sends us round in a circle; read this stream again")
        self._seen.add(link)
        if len(self._seen) > self.limit:
            raise Misread(f"{self.what}: more than {self.limit} pages; raise the page limit if that is right")
        return link


def same_host(link: str, base: str) -> str:
    """Make a next-page link absolute against `base`; one that leads to another scheme, host or port is a Misread.

    Our token goes with every request, so a link that somebody planted must not choose where it goes.
    """
    target = urljoin(base, link)
    ours, theirs = urlsplit(base), urlsplit(target)
    if (theirs.scheme, theirs.hostname, theirs.port, theirs.username) != (ours.scheme, ours.hostname, ours.port, None):
        raise Misread(f"a next-page link leads away from {ours.hostname} to {theirs.hostname}; it was not followed")
    return target


# --- secrets ----------------------------------------------------------------------------------------------------------

_NAMED = re.compile(
    r"""(?ix) \b(access_?token|refresh_?token|id_?token|delete_?token|request_?token|token|client_?secret|assertion|
    hapikey|api_?key|password|private_?key|secret|code_verifier) (["']?\s*[=:]\s*["']?) ([^\s&"',;}<]+)"""
)
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=!-]{8,}")
_SHAPED = re.compile(
    r"\beyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*"  # JSON Web Token
    r"|\b00D[A-Za-z0-9]{9,15}![\w.!-]{6,}"  # Salesforce session id
    r"|\b5Aep[\w.!-]{12,}"  # Salesforce refresh token
    r"|\bpat-(?:na|eu|ap)\d-[0-9a-fA-F-]{16,}"  # HubSpot private app token
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
HIDDEN = "[hidden]"


def redact(text: str, *secrets: str) -> str:
    """`text` without the given secrets, and without whatever looks like one by its name or shape."""
    for secret in sorted((s for s in secrets if len(s) > 3), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    text = _SHAPED.sub(HIDDEN, text)
    text = _BEARER.sub(lambda match: f"{match[1]} {HIDDEN}", text)
    return _NAMED.sub(lambda match: f"{match[1]}{match[2]}{HIDDEN}", text)


# --- sessions ---------------------------------------------------------------------------------------------------------


def is_loopback(host: str | None) -> bool:
    """Whether a host name can only mean this machine (`localhost`, 127.0.0.0/8, ::1)."""
    if host is None:
        return False
    if host.lower() == "localhost" or host.lower().endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def why_not_address(address: str) -> str | None:
    """What is wrong with a server's address, or None: https:// with a host; http:// for this machine only."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "must be an address such as https://example.com"
    if parts.username or parts.password:
        return "must not hold a user name or password"
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        return "must begin with https:// (http:// is allowed for this machine only)"
    return None


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, between two pieces of an answer, and for one answer as a whole."""

    connect: float = 10.0
    silence: float = 120.0
    whole: float = 600.0
    largest: int = 64 * 1024 * 1024  # bytes of one answer


class GuardedAdapter(HTTPAdapter):
    """Sends with time-outs that nobody can forget, and without TLS only to this machine.

    `plain`: host:port pairs of this machine that speak http although the client library insists on https.
    The whole body is read here, against a deadline: `requests` alone would let a server drip for ever.
    """

    def __init__(self, timeouts: Timeouts, plain: frozenset[str] = frozenset(), clock: Clock = time.monotonic) -> None:
        self.timeouts, self.plain, self.clock = timeouts, plain, clock
        super().__init__(max_retries=urllib3.Retry(0, read=False))

    def send(self, request: requests.PreparedRequest, *_args: Any, **options: Any) -> requests.Response:
        parts = urlsplit(str(request.url))
        loopback = is_loopback(parts.hostname)
        if parts.scheme == "http" and not loopback:
            raise requests.exceptions.InvalidSchema(f"http:// is allowed for this machine only, not {parts.hostname}")
        if loopback:
            options["proxies"] = {}
            if parts.netloc in self.plain:
                request.url = urlunsplit(("http", *parts[1:]))
        options |= {"timeout": (self.timeouts.connect, self.timeouts.silence), "stream": True}
        deadline = self.clock() + self.timeouts.whole
        response = super().send(request, **options)
        try:
            response._content = self._body(response, deadline)
        except urllib3.exceptions.HTTPError as error:
            raise requests.exceptions.ChunkedEncodingError(error, request=request) from error
        finally:
            response.close()
        response._content_consumed = True  # type: ignore[attr-defined]
        return response

    def _body(self, response: requests.Response, deadline: float) -> bytes:
        pieces, size = [], 0
        while piece := response.raw.read1(1 << 20, decode_content=True):
            pieces.append(piece)
            size += len(piece)
            if size > self.timeouts.largest:
                raise requests.exceptions.InvalidHeader(f"an answer of more than {self.timeouts.largest} bytes")
            if self.clock() > deadline:
                raise requests.exceptions.ReadTimeout(f"no whole answer within {self.timeouts.whole:.0f} s")
        return b"".join(pieces)


class GuardedSession(requests.Session):
    """A session that looks into the environment (proxies, certificates) once for each host, not once for each call."""

    def __init__(self) -> None:
        super().__init__()
        self._surroundings: dict[tuple[Any, ...], Mapping[str, Any]] = {}

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """What `requests` would find, remembered."""
        parts = urlsplit(str(url))
        key = (parts.scheme, parts.netloc, str(proxies), stream, verify, cert)
        if key not in self._surroundings:
            found = super().merge_environment_settings(url, proxies, stream, verify, cert)
            self._surroundings[key] = found
        return self._surroundings[key]


def _leave_alone(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def open_session(
    timeouts: Timeouts | None = None, *, plain: frozenset[str] = frozenset(), clock: Clock = time.monotonic
) -> requests.Session:
    """A `requests.Session` that follows no redirect, reads no ~/.netrc, and keeps to `timeouts`.

    `plain`: "host:port" of this machine to which https:// is sent as http:// (ValueError for any other host).
    """
    if strangers := sorted(each for each in plain if not is_loopback(urlsplit(f"//{each}").hostname)):
        raise ValueError(f"http:// is allowed for this machine only, not for {', '.join(strangers)}")
    session = GuardedSession()
    session.max_redirects = 0
    session.auth = _leave_alone  # otherwise a ~/.netrc entry replaces our Authorization header
    adapter = GuardedAdapter(timeouts or Timeouts(), plain, clock)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def sorted_error(error: requests.RequestException, what: str, *, changes: bool = False) -> ConnectorError:
    """Translate what `requests` raised into ours. `changes`: the request may have had an effect before it failed.

    The library's own message is left out: it may quote an address with a query.
    """
    kinds = requests.exceptions
    if isinstance(error, kinds.TooManyRedirects | kinds.InvalidSchema | kinds.InvalidURL | kinds.InvalidHeader):
        return Misread(f"{what}: the answer was a redirect, too large or an address we do not follow")
    if isinstance(error, kinds.SSLError):
        return Unreachable(f"{what}: no trusted TLS connection; check the address and the certificate", ambiguous=False)
    if isinstance(error, kinds.ConnectTimeout):
        return Unreachable(f"{what}: no connection in time", ambiguous=False)
    kind = "no answer in time" if isinstance(error, kinds.Timeout) else "the connection broke"
    return Unreachable(f"{what}: {kind}", ambiguous=changes and not _never_sent(error))


def _never_sent(error: BaseException) -> bool:
    reason = error.args[0] if error.args else None
    reason = getattr(reason, "reason", reason)
    return isinstance(reason, urllib3.exceptions.NewConnectionError)


# --- headers ----------------------------------------------------------------------------------------------------------


def server_time(headers: Mapping[str, str]) -> datetime | None:
    """The server's own clock, from the Date header; None when it is absent or unreadable."""
    try:
        when = parsedate_to_datetime(headers.get("Date") or "")
    except ValueError:
        return None
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that a Retry-After header asks us to wait (a number or a date); None when it does not ask."""
    value = (headers.get("Retry-After") or "").strip()
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - now).total_seconds())
