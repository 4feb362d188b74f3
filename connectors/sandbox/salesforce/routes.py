"""Which path leads where: the REST resources below `/services/data/vN`, with their methods, also within a composite."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlsplit

from connectors.sandbox.salesforce import changes, composite, creations, lookups, rest
from connectors.sandbox.salesforce.errors import Refusal, not_found
from connectors.sandbox.salesforce.world import Call
from connectors.sandbox.wire import Answer

Function = Callable[..., Answer]
_ID = r"(?P<id>[^/]+)"
_NAME = r"(?P<name>\w+)"


@dataclass(frozen=True)
class Route:
    """One resource: a pattern below the version, and a function per method."""

    pattern: re.Pattern[str]
    by_method: dict[str, Function]


def _route(pattern: str, **by_method: Function) -> Route:
    return Route(re.compile(pattern + r"\Z"), by_method)


def _tooling(function: Function) -> Function:
    return lambda call, **parts: function(call, tooling=True, **parts)


ROUTES = (
    _route("", GET=rest.resources),
    _route("/limits", GET=rest.limits),
    _route("/query", GET=rest.query),
    _route("/queryAll", GET=rest.query),
    _route("/(query|queryAll)/(?P<locator>[^/]+)", GET=rest.more),
    _route("/tooling/query", GET=_tooling(rest.query)),
    _route("/tooling/query/(?P<locator>[^/]+)", GET=rest.more),
    _route("/tooling/sobjects", GET=_tooling(rest.sobjects)),
    _route(f"/tooling/sobjects/{_NAME}/describe", GET=_tooling(rest.describe)),
    _route("/sobjects", GET=rest.sobjects),
    _route(f"/sobjects/{_NAME}/describe", GET=rest.describe),
    _route(f"/sobjects/{_NAME}", GET=rest.outline, POST=creations.create),
    _route(f"/sobjects/{_NAME}/(?P<which>updated|deleted)", GET=lookups.replicated),
    _route(f"/sobjects/EventLogFile/{_ID}/LogFile", GET=lookups.content),
    _route(
        f"/sobjects/{_NAME}/(?P<field>\\w+)/(?P<value>.+)",
        GET=lookups.get,
        PATCH=lookups.upsert,
        DELETE=lookups.delete,
    ),
    _route(f"/tooling/sobjects/{_NAME}/{_ID}", GET=_tooling(rest.get)),
    _route("/composite/sobjects/" + _NAME, GET=rest.several, POST=rest.several),
    _route(f"/sobjects/{_NAME}/{_ID}", GET=rest.get, PATCH=changes.update, DELETE=changes.delete),
    _route("/composite", POST=lambda call: composite.composite(call, within)),
    _route("/composite/batch", POST=lambda call: composite.batch(call, within)),
    _route(
        "/composite/sobjects",
        POST=lambda call: composite.collection(call, within),
        PATCH=lambda call: composite.collection(call, within),
        DELETE=lambda call: composite.collection(call, within),
    ),
)


def dispatch(call: Call, path: str) -> Answer:
    """Answer a call to `path` below the version. Raises `Refusal`."""
    for route in ROUTES:
        found = route.pattern.match(path)
        if found is None:
            continue
        function = route.by_method.get("GET" if call.ask.method == "HEAD" else call.ask.method)
        if function is None:
            allowed = ",".join(sorted(route.by_method))
            said = f"HTTP Method '{call.ask.method}' not allowed. Allowed are {allowed}"
            return replace(Refusal(405, "METHOD_NOT_ALLOWED", said).answer(), headers={"Allow": allowed})
        return function(call, **found.groupdict())
    raise not_found()


def within(call: Call, method: str, url: str, body: bytes) -> Answer:
    """Answer a call inside another one. What it refuses becomes its answer."""
    parts = urlsplit(url)
    inner = call.another(method.upper(), parts.path.rstrip("/"), parse_qs(parts.query, keep_blank_values=True), body)
    below = re.sub(r"\A/services/data/v\d+\.\d", "", parts.path.rstrip("/"))
    try:
        return dispatch(inner, below)
    except Refusal as no:
        return no.answer()
