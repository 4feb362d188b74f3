"""The pretend portal as a whole: whose token a call brings, what it may do, and the headers that count it."""

import dataclasses
import json
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connectors.sandbox.clock import Clock
from connectors.sandbox.company import Wish
from connectors.sandbox.hubspot import acts, errors, oauth, routes, truth
from connectors.sandbox.hubspot.errors import Refusal
from connectors.sandbox.hubspot.world import DAILY, PLANS, Call, Grantee, World, open_world
from connectors.sandbox.wire import Answer, Ask

PER_TEN_SECONDS = {"free": 100, "starter": 100, "professional": 190, "enterprise": 190}
SEARCHES_PER_SECOND = 5
CHOICES = {
    "plan": PLANS,
    "put_mode": ("partial", "replace", "ignores-role"),
    "security_user": ("subject", "actor"),
}


class HubSpot:
    """A `Pretender` for HubSpot."""

    kind = "hubspot"

    def __init__(self, world: World) -> None:
        self.world = world

    def answer(self, ask: Ask) -> Answer:
        """Answer as HubSpot does."""
        try:
            opened = routes.open_door(self.world, ask)
            return opened if opened is not None else self._answer(ask)
        except Refusal as no:
            return no.answer()
        except json.JSONDecodeError:
            return errors.invalid("Invalid input JSON").answer()

    def _answer(self, ask: Ask) -> Answer:
        found = routes.find(ask.path)
        if found is None:
            raise errors.not_found(f"No resource at {ask.path}")
        route, parts = found
        who = oauth.grantee(self.world, ask.bearer)
        if who is None:
            raise errors.unauthenticated()
        searching = ask.path.endswith("/search")
        throttled = self._count(searching)
        if throttled is not None:
            return throttled
        answer = self._allowed(ask, route, parts, who)
        return answer if searching else dataclasses.replace(answer, headers={**answer.headers, **self._counted(who)})

    def _allowed(self, ask: Ask, route: routes.Route, parts: dict[str, str], who: Grantee) -> Answer:
        method = route.by_method.get("GET" if ask.method == "HEAD" else ask.method)
        if method is None:
            return Refusal(405, "METHOD_NOT_ALLOWED", f"HTTP method {ask.method} is not allowed here").answer()
        scopes, function = method
        try:
            if scopes and not set(scopes) & who.scopes:
                raise errors.lacks(scopes)
            state = self.world.store.scalar("SELECT state FROM account WHERE id = ?", [who.account])
            if state != "active":  # a static token acts as the person who made it
                raise Refusal(
                    403,
                    "USER_DOES_NOT_HAVE_PERMISSIONS",
                    "The user who created this token is no longer in the account.",
                )
            family = parts.get("family") or parts.get("family_too") or "v3"
            return routes.run(function, Call(self.world, who, ask, family), parts)
        except Refusal as no:
            return no.answer()

    def _count(self, searching: bool) -> Answer | None:
        world, now = self.world, time.monotonic()
        world.today_used += 1
        plan = world.knobs["plan"]
        window, seconds, most = (
            (world.searches, 1.0, SEARCHES_PER_SECOND) if searching else (world.window, 10.0, PER_TEN_SECONDS[plan])
        )
        _forget(window, now - seconds)
        window.append(now)
        if not world.knobs["enforce_limits"]:
            return None
        if world.today_used > DAILY[plan]:
            return errors.throttled("DAILY")
        if len(window) > most:
            return errors.throttled("SECONDLY" if searching else "TEN_SECONDLY_ROLLING")
        return None

    def _counted(self, who: Grantee) -> dict[str, str]:
        plan = self.world.knobs["plan"]
        most = PER_TEN_SECONDS[plan]
        said = {
            "X-HubSpot-RateLimit-Max": str(most),
            "X-HubSpot-RateLimit-Remaining": str(max(0, most - len(self.world.window))),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
            "X-HubSpot-RateLimit-Secondly": str(most // 10),
            "X-HubSpot-RateLimit-Secondly-Remaining": str(most // 10 - 1),
        }
        daily = {
            "X-HubSpot-RateLimit-Daily": str(DAILY[plan]),
            "X-HubSpot-RateLimit-Daily-Remaining": str(DAILY[plan] - self.world.today_used),
        }
        return said if who.oauth else said | daily

    def principal(self, ask: Ask) -> str | None:
        """Which credential a call came with."""
        try:
            who = oauth.grantee(self.world, ask.bearer)
        except Refusal:
            return None
        return who.principal if who else None

    def refusal(self, fault: str, ask: Ask, options: Mapping[str, Any]) -> Answer | None:
        """A fault in HubSpot's words; paths that are about tokens are left alone."""
        if routes.find(ask.path) is None:
            return None
        after = options.get("retry_after")
        if fault == "stale_cursor":
            return errors.invalid("the paging cursor is not valid").answer() if ask.one("after") else None
        if fault == "server_error":
            status = int(options.get("status", 503))
            more = {"Retry-After": f"{after:g}"} if after is not None else {}
            return dataclasses.replace(Refusal(status, "INTERNAL_ERROR", "internal error").answer(), headers=more)
        if fault == "nested_message":
            inner = errors.invalid("the real reason").envelope()
            return Refusal(int(options.get("status", 400)), "VALIDATION_ERROR", json.dumps(inner)).answer()
        if fault in {"unauthorized", "unauthorized_for_good"}:
            return errors.unauthenticated(expired=fault == "unauthorized").answer()
        policies = {"limit_daily": "DAILY", "limit_concurrent": "SECONDLY", "too_many": "TEN_SECONDLY_ROLLING"}
        return errors.throttled(policies[fault], after) if fault in policies else None

    def suffer(self, fault: str, ask: Ask) -> None:
        """No fault of HubSpot's outlasts its call."""

    def distort(self, fault: str, ask: Ask, answer: Answer, options: Mapping[str, Any]) -> Answer | None:
        """A page of a list with something wrong in it."""
        page = answer.body
        if not isinstance(page, dict) or "results" not in page:
            return None
        world, results = self.world, page["results"]
        if fault == "dropped_page" and "paging" in page:
            return dataclasses.replace(answer, body={k: v for k, v in page.items() if k != "paging"})
        if fault == "count_drift" and "total" in page:
            return dataclasses.replace(answer, body=page | {"total": page["total"] + int(options.get("by", 1))})
        if fault == "short_page" and ask.method == "GET" and "paging" in page and len(results) > 1:
            return self.answer(dataclasses.replace(ask, query={**ask.query, "limit": [str(len(results) // 2)]}))
        if fault == "duplicates":
            echo = world.echo.pop(ask.path, None)  # of this list: several may be read at once
            if results and "paging" in page:
                world.echo[ask.path] = results[-1]
            if ask.one("after") and echo is not None:
                return dataclasses.replace(answer, body=page | {"results": [echo, *results]})
        return None

    def credentials(self, url: str) -> dict[str, Any]:
        """How to sign in here, for each principal, and as an OAuth client."""
        tokens = {principal: {"token": self.world.token(principal)} for principal in ("reader", "executor")}
        return {"base_url": url, "oauth": dict(self.world.keys["oauth"])} | tokens

    def withhold(self, principal: str, without: list[str]) -> list[str]:
        """Take scopes from a principal."""
        return acts.withhold(self.world, principal, without)

    def act(self, act: str, options: Mapping[str, Any]) -> Any:
        """Do something in the portal's pages."""
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
        for name, choices in CHOICES.items():
            if knobs.get(name, choices[0]) not in choices:
                raise ValueError(f"{name} is one of {choices}")
        self.world.knobs |= dict(knobs)
        return dict(self.world.knobs)

    def close(self) -> None:
        """Close the database."""
        self.world.store.close()


def _forget(window: deque[float], before: float) -> None:
    while window and window[0] < before:
        window.popleft()


def open_hubspot(home: Path | None, clock: Clock, keys: dict[str, Any], wish: Wish) -> HubSpot:
    """The portal kept in this home, or a new one."""
    return HubSpot(open_world(home, clock, keys, wish))
