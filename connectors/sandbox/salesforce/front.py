"""The pretend org as a whole: which door a call comes to, who is calling, and the headers every answer carries."""

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connectors.sandbox.clock import Clock
from connectors.sandbox.company import Wish
from connectors.sandbox.salesforce import acts, errors, oauth, rest, routes, soap, truth
from connectors.sandbox.salesforce.errors import Refusal
from connectors.sandbox.salesforce.furniture import ORG
from connectors.sandbox.salesforce.rights import caller
from connectors.sandbox.salesforce.world import ACCOUNT_OF, Call, Session, World, open_world
from connectors.sandbox.wire import Answer, Ask

DATA = re.compile(r"/services/data/v(?P<version>\d+)\.\d(?P<below>/.*)?\Z")
IDENTITY = re.compile(r"/id/(?P<org>\w+)/(?P<account>\w+)\Z")
API_VERSION = "67.0"


class Salesforce:
    """A `Pretender` for Salesforce."""

    kind = "salesforce"

    def __init__(self, world: World) -> None:
        self.world = world

    def answer(self, ask: Ask) -> Answer:
        """Answer as Salesforce does."""
        path = ask.path
        if path == "/services/oauth2/token":
            return oauth.token(self.world, ask)
        if path == "/services/oauth2/revoke":
            return oauth.revoke(self.world, ask)
        if path.lower().startswith("/services/soap/"):
            return soap.answer(self.world, ask)
        if path == "/services/oauth2/introspect":
            return oauth.introspect(self.world, ask)
        if path == "/services/oauth2/authorize":
            return oauth.authorize(self.world, ask)
        if path == "/services/data":
            return Answer(200, rest.versions())
        if path == "/services/oauth2/userinfo" or IDENTITY.match(path):
            return self._identity(ask)
        data = DATA.match(path)
        if data is None:
            return errors.not_found().answer()
        return self._data(ask, int(data["version"]), data["below"] or "")

    def _data(self, ask: Ask, version: int, below: str) -> Answer:
        if version < rest.OLDEST:
            return Refusal(410, "GONE", f"The requested version {version}.0 is retired").answer()
        if version > rest.NEWEST:
            return errors.not_found().answer()
        session = self._session(ask)
        if session is None:
            return errors.unauthorized().answer()
        world = self.world
        world.used += 1
        try:
            answer = self._allowed(ask, session, f"/services/data/v{version}.0", below)
        except Refusal as no:
            answer = no.answer()
        usage = {"Sforce-Limit-Info": f"api-usage={world.used}/{world.daily_limit()}"}
        return dataclasses.replace(answer, headers={**answer.headers, **usage})

    def _allowed(self, ask: Ask, session: Session, base: str, below: str) -> Answer:
        world = self.world
        who = caller(world.store, session.account, session.principal, world.clock.now(), world.absent())
        if "ApiEnabled" not in who.holds:
            raise Refusal(403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.")
        if world.used > world.daily_limit():
            raise Refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        world.store.db.execute(  # assignments run out by the clock
            'UPDATE "PermissionSetAssignment" SET "IsActive" = 0 WHERE "ExpirationDate" <= ? AND "IsActive" = 1',
            [world.now()],
        )
        return routes.dispatch(Call(world, who, ask, base), below)

    def _session(self, ask: Ask) -> Session | None:
        return self.world.session(ask.bearer)

    def _identity(self, ask: Ask) -> Answer:
        session = self._session(ask)
        if session is None:
            return Answer(403, "Bad_OAuth_Token", media="text/html")
        found = IDENTITY.match(ask.path)
        if found and found["org"][:15] != ORG[:15]:
            return Answer(403, "Wrong_Org", media="text/html")
        said = oauth.identity(self.world, found["account"] if found else session.account)
        return Answer(200, said) if said else Answer(404, "Missing_User", media="text/html")

    def principal(self, ask: Ask) -> str | None:
        """Which credential a call came with."""
        session = self.world.sessions.get(ask.bearer)
        return session.principal if session else None

    def refusal(self, fault: str, ask: Ask, options: Mapping[str, Any]) -> Answer | None:
        """A fault in Salesforce's words. Limits and sessions concern data calls only; signing in is left alone."""
        if DATA.match(ask.path) is None and fault not in {"server_error"}:
            return None
        if fault == "stale_cursor":
            cursor = re.search(r"/query(All)?/01g", ask.path)
            return errors.bad("INVALID_QUERY_LOCATOR", "invalid query locator").answer() if cursor else None
        known = {
            "unauthorized": errors.unauthorized(),
            "unauthorized_for_good": Refusal(
                401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API"
            ),
            "limit_daily": Refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
            "limit_concurrent": Refusal(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded."),
            "too_many": Refusal(
                403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
            ),
            "server_error": Refusal(
                int(options.get("status", 503)), "SERVER_UNAVAILABLE", "The server is not available. Try again later."
            ),
            "lock": errors.bad("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record"),
        }
        return known[fault].answer() if fault in known else None

    def suffer(self, fault: str, ask: Ask) -> None:
        """An expired session stays expired."""
        if fault == "unauthorized":
            self.world.sessions.pop(ask.bearer, None)

    def distort(self, fault: str, ask: Ask, answer: Answer, options: Mapping[str, Any]) -> Answer | None:
        """A page of a query with something wrong in it."""
        page = answer.body
        if not isinstance(page, dict) or "totalSize" not in page:
            return None
        world, records = self.world, page["records"]
        if fault == "count_drift":
            return dataclasses.replace(answer, body=page | {"totalSize": page["totalSize"] + int(options.get("by", 1))})
        if fault == "dropped_page" and not page["done"]:
            return dataclasses.replace(
                answer, body={k: v for k, v in page.items() if k != "nextRecordsUrl"} | {"done": True}
            )
        if fault == "short_page" and not page["done"] and len(records) > 1:
            return dataclasses.replace(answer, body=_shortened(page))
        if fault == "duplicates":
            echo = world.echo.pop(_cursor(ask.path), None)  # of this query: several may be read at once
            if records and not page["done"]:
                world.echo[_cursor(page["nextRecordsUrl"])] = records[-1]
            if echo is not None:
                return dataclasses.replace(answer, body=page | {"records": [echo, *records]})
        return None

    def credentials(self, url: str) -> dict[str, Any]:
        """How to sign in here, for each principal."""
        self.world.url = url
        said: dict[str, Any] = {"login_url": url, "api_version": API_VERSION}
        for principal in ACCOUNT_OF:
            keys = self.world.keys[principal]
            username = self.world.store.scalar(
                'SELECT "Username" FROM "User" WHERE "Id" = ?', [self.world.account_of(principal)]
            )
            said[principal] = {
                k: keys[k]
                for k in ("client_id", "client_secret", "private_key", "password", "security_token")
                if k in keys
            } | {"username": username}
        return said

    def withhold(self, principal: str, without: list[str]) -> list[str]:
        """Take permissions from a principal."""
        return acts.withhold(self.world, principal, without)

    def act(self, act: str, options: Mapping[str, Any]) -> Any:
        """Do something in the org's pages."""
        try:
            return acts.act(self.world, act, options)
        except Refusal as no:
            raise ValueError(str(no)) from None

    def truth(self) -> dict[str, Any]:
        """What is really there."""
        return truth.told(self.world)

    def set_knobs(self, knobs: Mapping[str, Any]) -> dict[str, Any]:
        """Turn knobs."""
        unknown = sorted(set(knobs) - set(self.world.knobs))
        if unknown:
            raise ValueError(f"unknown knobs {unknown}; there are {sorted(self.world.knobs)}")
        self.world.knobs |= dict(knobs)
        return dict(self.world.knobs)

    def close(self) -> None:
        """Close the database."""
        self.world.store.close()


def _cursor(path: str) -> str:
    """Which query a page's address belongs to; "" for a first page."""
    found = re.search(r"/query(?:All)?/(01g\w+)", path)
    return found[1] if found else ""


def _shortened(page: dict[str, Any]) -> dict[str, Any]:
    """The first half of a page; its link leads to where it stops."""
    link, _, end = str(page["nextRecordsUrl"]).rpartition("-")
    kept = page["records"][: len(page["records"]) // 2]
    return page | {"records": kept, "nextRecordsUrl": f"{link}-{int(end) - len(page['records']) + len(kept)}"}


def open_salesforce(home: Path | None, clock: Clock, keys: dict[str, Any], wish: Wish) -> Salesforce:
    """The org kept in this home, or a new one."""
    return Salesforce(open_world(home, clock, keys, wish))
