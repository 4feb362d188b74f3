"""Let HubSpot's own client (hubspot-api-client) build the v3 requests, and send them ourselves.

Left alone it waits for ever, repeats PUT and DELETE silently, follows redirects, drops fields that its models do not
know, and raises another ApiException per package. So its connection pool is replaced by ours: the client chooses path,
query and body; our guarded session sends them; the raw answer is kept as it came. Its `host` is set as well, because
otherwise a test against a sandbox would reach the real HubSpot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from hubspot.crm.objects.exceptions import ApiException as ObjectsError
from hubspot.crm.owners.exceptions import ApiException as OwnersError
from hubspot.hubspot import HubSpot
from hubspot.marketing.transactional.exceptions import ApiException as TransactionalError
from hubspot.settings.users.exceptions import ApiException as UsersError

from connectors.errors import Misread
from connectors.hubspot.paths import Place
from connectors.hubspot.wire import Answer, Wire

Query = Sequence[tuple[str, str]]
# Raised by the client once it has seen an answer that it does not like; the last one by its decoding of such an answer.
SEEN = (UsersError, OwnersError, ObjectsError, TransactionalError, UnicodeDecodeError)


@dataclass(frozen=True, slots=True)
class _Reply:
    """What the client wants to see of an answer."""

    status: int
    reason: str
    data: bytes
    headers: Mapping[str, str]

    def getheaders(self) -> Mapping[str, str]:
        return self.headers


class _Pool:
    """Stands where the client expects its urllib3 pool."""

    def __init__(self, wire: Wire, authorization: Callable[[], str]) -> None:
        self._wire, self._authorization = wire, authorization
        self.changes = False
        self.answer: Answer | None = None

    def request(self, method: str, url: str, **options: Any) -> _Reply:
        fields = options.get("fields")
        headers = {**options["headers"], "Authorization": self._authorization()}
        target = f"{url}?{urlencode(fields)}" if fields else url
        body = options.get("body")
        self.answer = self._wire.send(method, target, headers=headers, body=body, changes=self.changes)
        return _Reply(self.answer.status, "", self.answer.raw, self.answer.headers)


class Vendor:
    """The client's calls for the places that it knows."""

    def __init__(self, wire: Wire, authorization: Callable[[], str]) -> None:
        self._pool = _Pool(wire, authorization)
        client = HubSpot(host=wire.base_url, base_url=wire.base_url)
        # Each property access would build another client with another pool; these are kept.
        self._apis: Mapping[Place, Any] = {
            Place.USERS: client.settings.users.users_api,
            Place.ROLES: client.settings.users.roles_api,
            Place.TEAMS: client.settings.users.teams_api,
            Place.OWNERS: client.crm.owners.owners_api,
            Place.CRM_USERS: client.crm.objects.basic_api,
            Place.SMTP_TOKENS: client.marketing.transactional.public_smtp_tokens_api,
        }
        for api in self._apis.values():
            api.api_client.rest_client.pool_manager = self._pool

    def knows(self, place: Place) -> bool:
        """Whether the client has calls for this place (it has none for account-info)."""
        return place in self._apis

    def send(self, method: str, place: Place, key: str | None, query: Query, body: Mapping[str, Any] | None) -> Answer:
        """Make one call and give back the raw answer, refusals included."""
        call = self._call(method, place, key, dict(query), body)
        self._pool.answer, self._pool.changes = None, method != "GET"
        with suppress(*SEEN):
            call(_preload_content=False)
        if self._pool.answer is None:
            raise Misread(f"{method} {place}: hubspot-api-client sent nothing")
        return self._pool.answer

    def _call(
        self, method: str, place: Place, key: str | None, query: dict[str, str], body: Mapping[str, Any] | None
    ) -> Callable[..., Any]:
        api = self._apis[place]
        paging: dict[str, Any] = {name: query[name] for name in ("limit", "after") if name in query}
        by = {"id_property": query["idProperty"]} if "idProperty" in query else {}
        wanted = {"properties": query["properties"].split(",")} if "properties" in query else {}
        archived = {"archived": query["archived"] == "true"} if "archived" in query else {}
        match method, place:
            case "GET", Place.ROLES | Place.TEAMS:
                return _with(api.get_all)
            case "GET", Place.SMTP_TOKENS:
                return _with(api.get_tokens_page, **paging)
            case "GET", Place.CRM_USERS if key is None:
                return _with(api.get_page, "users", **paging, **wanted)
            case "GET", Place.CRM_USERS:
                return _with(api.get_by_id, "users", key, **by, **wanted)
            case "GET", _ if key is None:
                return _with(api.get_page, **paging, **archived)
            case "GET", Place.USERS:
                return _with(api.get_by_id, key, **by)
            case "PUT", Place.USERS:
                return _with(api.replace, key, dict(body or {}), **by)  # a model would drop explicit nulls
            case "POST", Place.USERS:
                return _with(api.create, dict(body or {}))
            case "DELETE", Place.USERS:
                return _with(api.archive, key, **by)
        raise ValueError(f"no call for {method} {place}")


def _with(call: Callable[..., Any], *given: Any, **named: Any) -> Callable[..., Any]:
    return lambda **more: call(*given, **named, **more)
