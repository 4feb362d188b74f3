"""The one way to talk to an org: simple-salesforce behind a guard.

The guard signs in when first needed, refreshes once on 401 and never again for the same request, sorts errors by
`refusals`, retries reads within a budget and changes never, counts calls, and takes the raw body's digest and the
server's clock of every answer. simple-salesforce runs in direct mode, where it has no sign-in of its own to loop in.

A `Client` is one line and belongs to one thread; `line()` opens another beside it, over the same `Connection`.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError
from simple_salesforce.util import exception_handler

from connectors import pacing
from connectors.connector import Packed
from connectors.decoding import decoded
from connectors.errors import Denied, Misread, Unreachable
from connectors.salesforce import refusals, soap
from connectors.salesforce.auth import Access, Token
from connectors.salesforce.connection import Columns, Connection
from connectors.salesforce.refusals import SignedOut
from connectors.salesforce.soql import Row


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: what it says, the SHA-256 of its raw body, the server's clock, and its status."""

    body: Any
    digest: str
    at: datetime | None
    status: int
    reference: str | None = None  # the server's own name for the request


@dataclass(frozen=True, slots=True)
class Understood:
    """What a page says whose rows were understood apart; `ids` of all its rows, by which repeats are known."""

    total: int
    next: str | None
    ids: list[str]
    dropped: list[str]
    packed: Packed | None = None


@dataclass(frozen=True, slots=True)
class QueryPage:
    """One page of a query, already checked: `total` is the server's own count, `next` leads on, None at the end.

    `understood`: what was made of its rows where they were understood apart; then they are not here.
    """

    rows: list[Row]
    total: int
    next: str | None
    answer: Answer
    understood: Understood | None = None


Apart = Callable[[bytes, datetime | None], Understood | None]  # a page as it came, and the server's clock


def query_result(body: Any) -> tuple[list[Row], int, str | None]:
    """A query's answer as its rows, the server's count and the link to go on by. Raises ValueError for any other answer."""
    said = body if isinstance(body, dict) else {}
    rows, total, done, link = (said.get(name) for name in ("records", "totalSize", "done", "nextRecordsUrl"))
    if not isinstance(rows, list) or not isinstance(total, int) or not isinstance(done, bool):
        raise ValueError("the answer is not a query result")
    if not done and not isinstance(link, str):
        raise ValueError("the answer is not the end, but does not say how to go on")
    return rows, total, None if done else str(link)


class Client:
    """A guarded line to one org. Not for several threads at once; each takes a `line` of its own."""

    def __init__(
        self,
        access: Access,
        *,
        timeouts: pacing.Timeouts | None = None,
        budget: pacing.Budget | None = None,
        clock: pacing.Clock = time.monotonic,
        sleep: pacing.Sleep = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        over: Connection | None = None,
    ) -> None:
        self.connection = over or Connection(
            access, timeouts=timeouts, budget=budget, clock=clock, sleep=sleep, now=now
        )
        self.access, self.now = access, self.connection.now
        self.spent = 0  # calls of this line alone
        self._token: Token | None = None
        self._crm: _Fast | None = None
        self._session: requests.Session | None = None
        self._last: requests.Response | None = None

    def line(self) -> Client:
        """Another line to the same org, for another thread."""
        return Client(self.access, over=self.connection)

    # --- who we are, and what it cost ---

    @property
    def calls(self) -> int:
        """Calls made over the connection, by all lines."""
        return self.connection.calls

    @property
    def usage(self) -> tuple[int, int] | None:
        """API calls used, and allowed, in the last 24 hours, as Salesforce last said."""
        return self.connection.usage

    @property
    def token(self) -> Token:
        """The current token; signs in when there is none."""
        self._connected()
        if self._token is None:
            raise Denied("not signed in", missing="sign-in")
        return self._token

    def offered_versions(self) -> list[str]:
        """The API versions that the org offers, oldest first."""
        self._connected()
        path = "/services/data/"
        answer = self.read(f"GET {path}", lambda crm: crm.query_more(path, identifier_is_url=True))
        rows = answer.body if isinstance(answer.body, list) else []
        return sorted((str(row.get("version")) for row in rows if isinstance(row, dict)), key=_version_order)

    def hang_up(self) -> None:
        """Let go of this line's connections; the token stays for the others."""
        if self._session:
            self._session.close()
        self._crm = self._session = self._last = None

    def close(self) -> None:
        """Hang up, and forget the token."""
        self.hang_up()
        self._token = None
        self.connection.forget()

    # --- reading ---

    def query(self, soql: str, *, tooling: bool = False, apart: Apart | None = None) -> QueryPage:
        """The first page of a query. `apart` understands it as it came, or says None: then it is read here."""
        headers = {"Sforce-Query-Options": f"batchSize={self.access.page_size}"}
        where = "tooling/query/" if tooling else "query/"
        return self._page(soql, lambda crm: crm.restful(where, params={"q": soql}, headers=headers), apart)

    def more(self, link: str, soql: str, *, apart: Apart | None = None) -> QueryPage:
        """The page that a former page's `next` leads to; a link to another host or service is a Misread."""
        base = f"https://{self._connected().sf_instance}"
        parts = urlsplit(pacing.same_host(link, base))
        if not parts.path.startswith("/services/data/"):
            raise Misread(f"{soql}: the next page's address is not one of the query service")
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return self._page(soql, lambda crm: crm.query_more(path, identifier_is_url=True), apart)

    def count(self, source: str, where: str = "") -> int:
        """The server's own count of the rows that match."""
        return self.query(f"SELECT COUNT() FROM {source}" + (f" WHERE {where}" if where else "")).total

    def columns(self, source: str, *, tooling: bool = False) -> Columns:
        """Every column that we may see, with the name of the relation that starts there (or None). Asked once."""
        return self._described(source, tooling)[0]

    def choices(self, source: str, column: str) -> frozenset[str]:
        """The values that a column may have, where it has a fixed list of them and tells it."""
        return self._described(source, False)[1].get(column, frozenset())

    def _described(self, source: str, tooling: bool) -> tuple[Columns, Mapping[str, frozenset[str]]]:
        return self.connection.kept(("describe", source, tooling), lambda: self._describe(source, tooling))

    def _describe(self, source: str, tooling: bool) -> tuple[Columns, Mapping[str, frozenset[str]]]:
        path = f"{'tooling/' if tooling else ''}sobjects/{source}/describe"
        answer = self.read(f"describe {source}", lambda crm: crm.restful(path))
        fields = answer.body.get("fields") if isinstance(answer.body, dict) else None
        if not isinstance(fields, list):
            raise Misread(f"describe {source}: the answer lists no fields")
        columns = {str(each.get("name")): each.get("relationshipName") for each in fields}
        lists = {str(each.get("name")): each.get("picklistValues") or () for each in fields}
        return columns, {name: frozenset(str(one.get("value")) for one in said) for name, said in lists.items() if said}

    def objects(self) -> frozenset[str]:
        """The names of all objects that we may see. Asked once."""
        return self.connection.kept("objects", self._objects)

    def _objects(self) -> frozenset[str]:
        answer = self.read("describe all objects", lambda crm: crm.restful("sobjects/"))
        rows = answer.body.get("sobjects") if isinstance(answer.body, dict) else None
        if not isinstance(rows, list):
            raise Misread("describe all objects: the answer lists none")
        return frozenset(str(row.get("name")) for row in rows)

    def soap(self, service: str, namespace: str, body: str, what: str) -> Answer:
        """Ask one of the SOAP services (`m`: metadata). For reads only."""

        def ask(crm: Salesforce) -> Any:
            path = f"/services/Soap/{service}/{self.access.api_version}"
            question = soap.question(namespace, body, self.token.value)
            headers = {**soap.HEADERS, "SOAPAction": '""'}
            return _said(crm.session.post(f"https://{crm.sf_instance}{path}", data=question, headers=headers), what)

        return self.read(what, ask)

    def read(self, what: str, ask: Callable[[Salesforce], Any]) -> Answer:
        """Ask with patience. `ask` must not change anything."""
        return self.connection.patiently(lambda: self._once(what, ask))

    def _page(self, soql: str, ask: Callable[[Salesforce], Any], apart: Apart | None = None) -> QueryPage:
        if apart is None:
            answer = self.read(soql, ask)
        else:
            answer = self.connection.patiently(lambda: self._apart(soql, ask, apart))
            if isinstance(said := answer.body, Understood):
                return QueryPage([], said.total, said.next, replace(answer, body=None), said)
        try:
            rows, total, link = query_result(answer.body)
        except ValueError as wrong:
            raise Misread(f"{soql}: {wrong}") from None
        return QueryPage(rows, total, link, answer)

    def _apart(self, soql: str, ask: Callable[[Salesforce], Any], apart: Apart) -> Answer:
        """Ask once, outside of whose turn it is let the answer be understood apart; read it here where it is not."""

        def unread(crm: Salesforce) -> Any:
            fast = self._connected()
            fast.reads = False
            try:
                return ask(crm)
            finally:
                fast.reads = True

        answer = self._once(soql, unread)
        understood = apart(answer.body, answer.at)
        if understood is not None:
            return replace(answer, body=understood)
        if (last := self._last) is None:
            raise Misread(f"{soql}: nothing was sent")
        with self._sorted(soql, changes=False):
            return replace(answer, body=self._connected().parse_result_to_json(last))

    # --- changing ---

    def change(self, what: str, act: Callable[[Salesforce], Any]) -> Answer:
        """Send an act, once. A 401 proves that it was not carried out, so then it goes again with a fresh token."""
        return self._once(what, act, changes=True)

    def revoke_token(self, handle: str) -> Answer:
        """Revoke an OAuth token by its DeleteToken, sent in the form body (an address would end up in logs)."""

        def act(crm: Salesforce) -> None:
            url = f"https://{crm.sf_instance}/services/oauth2/revoke"
            answer = crm.session.post(url, data={"token": handle}, headers={"Accept": "application/json"})
            if answer.status_code >= 300:
                exception_handler(answer, name="revoke")

        return self._once("POST /services/oauth2/revoke", act, changes=True)

    # --- the guard ---

    def _once(self, what: str, ask: Callable[[Salesforce], Any], *, changes: bool = False) -> Answer:
        try:
            return self._sent(what, ask, changes)
        except SignedOut as refused:
            if not refused.heals:
                raise Denied(f"{refused}; no new sign-in will heal this", missing="API access") from None
        self._reconnect()
        try:
            return self._sent(what, ask, changes)
        except SignedOut as refused:
            raise Denied(f"{refused}; a fresh token was refused too", missing="API access") from None

    def _sent(self, what: str, ask: Callable[[Salesforce], Any], changes: bool) -> Answer:
        crm = self._connected()
        self._last = None
        with self._sorted(what, changes), self.connection.turn():
            body = ask(crm)
        raw = self._last
        if raw is None:
            raise Misread(f"{what}: nothing was sent")
        digest, reference = hashlib.sha256(raw.content).hexdigest(), raw.headers.get("X-Request-Id")
        return Answer(body, digest, pacing.server_time(raw.headers), raw.status_code, reference)

    @contextmanager
    def _sorted(self, what: str, changes: bool) -> Iterator[None]:
        """Turn what the library raises into our errors."""
        try:
            yield
        except SalesforceError as error:
            headers = self._last.headers if self._last is not None else {}
            at = pacing.server_time(headers)
            wait = pacing.retry_after(headers, at or self.now())
            status = error.status if isinstance(error.status, int) else 500
            raise refusals.translate(status, error.content, what, changes=changes, wait=wait, at=at) from None
        except requests.exceptions.InvalidJSONError:
            raise Unreachable(f"{what}: the answer is not readable", ambiguous=changes) from None
        except requests.RequestException as error:
            raise pacing.sorted_error(error, what, changes=changes) from None
        except json.JSONDecodeError:
            raise Unreachable(f"{what}: the answer is not readable", ambiguous=changes) from None

    def _connected(self) -> _Fast:
        return self._crm or self._open(self.connection.token(None, self._counted))

    def _reconnect(self) -> None:
        """Go on with a fresh token: one that another line has fetched meanwhile, or one of our own."""
        refused = self._token
        self.hang_up()
        self._open(self.connection.token(refused, self._counted))

    def _open(self, token: Token) -> _Fast:
        parts = urlsplit(token.instance_url)
        # The library insists on https; the adapter speaks http to a loopback address that said so itself.
        plain = frozenset({parts.netloc}) if parts.scheme == "http" else frozenset[str]()
        self._token, self._session = token, pacing.open_session(self.connection.timeouts, plain=plain)
        self._session.hooks["response"].append(self._heard)
        self._crm = _Fast(
            session_id=token.value,
            instance_url=token.instance_url,
            version=self.access.api_version,
            session=self._session,
        )
        return self._crm

    def _counted(self, limit_header: str | None = None) -> None:
        self.spent += 1
        self.connection.count(limit_header)

    def _heard(self, response: requests.Response, *_args: Any, **_options: Any) -> None:
        self._last = response
        self._counted(response.headers.get("Sforce-Limit-Info"))


class _Fast(Salesforce):
    """simple-salesforce, but for the reading of JSON: its ordered dicts take six times as long, and nobody needs them."""

    reads = True  # or answers are given as they came

    def parse_result_to_json(self, result: requests.Response) -> Any:
        if not self.reads:
            return result.content
        try:
            return decoded(result.content)
        except ValueError:
            return result.json()  # in another encoding, if the answer says so; otherwise its error


def _said(response: requests.Response, what: str) -> Any:
    """A SOAP answer as plain values; a fault becomes what the same refusal is over REST."""
    try:
        return soap.answer(response.content, what)
    except soap.Fault as fault:
        content = [{"errorCode": fault.code, "message": fault.said}]
        status = 401 if fault.code == "INVALID_SESSION_ID" else 403 if "ACCESS" in fault.code else 400
        if fault.code in ("UNKNOWN_EXCEPTION", "SERVER_UNAVAILABLE", "Server", ""):
            status = 503
        raise refusals.translate(status, content, what, changes=False, wait=None, at=None) from None


def _version_order(version: str) -> float:
    try:
        return float(version)
    except ValueError:
        return 0.0
