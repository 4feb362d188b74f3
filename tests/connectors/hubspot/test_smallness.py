"""A right that is missing never looks like a small portal: our own rows alone, and lists that disagree, are no proof."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.errors import Misread
from connectors.hubspot import accounts, logins, smallness, usage
from connectors.hubspot.lists import Shelf
from connectors.records import AccountRecord
from tests.connectors.hubspot.conftest import Reply, Server, said

OWN, OTHERS = "1", ("2", "3", "4")
DATE = "Sun, 22 Nov 2026 12:00:00 GMT"
Lists = dict[str, list[dict[str, Any]] | int]


def portal(server: Server, **lists: Any) -> None:
    """A portal whose lists are these; a number in place of a list is the status that it is refused with."""
    everybody = [{"id": key, "email": f"u{key}@example.com"} for key in (OWN, *OTHERS)]
    there: Lists = {
        "/settings/users/2026-03": everybody,
        "/settings/v3/users": [row | {"seatNames": ["Core"]} for row in everybody],
        "/crm/owners/2026-03": [{"id": f"o{row['id']}", "userId": int(row["id"])} for row in everybody],
        "/crm/objects/2026-03/users": 403,
        "/account-info/2026-03/activity/login": [
            {"id": "s1", "userId": 1, "loginAt": "2026-11-20T10:00:00Z", "loginSucceeded": True}
        ],
        "/account-info/2026-03/activity/security": [
            {"id": f"e{n}", "type": "EXPORT", "userId": int(key), "createdAt": "2026-11-20T10:00:00Z"}
            for n, key in enumerate(OTHERS)
        ],
        "/account-info/2026-03/api-usage/daily/private-apps": 403,
    }
    names = {
        "users": "/settings/users/2026-03",
        "seats": "/settings/v3/users",
        "owners": "/crm/owners/2026-03",
        "events": "/account-info/2026-03/activity/security",
    }
    there |= {names[name]: rows for name, rows in lists.items()}

    def reply(handler: BaseHTTPRequestHandler) -> Reply:
        parts = urlsplit(handler.path)
        asked = parse_qs(parts.query)
        if "access-token-info" in parts.path:
            return said(200, {"userId": int(OWN), "hubId": 77, "appId": 5, "scopes": []})
        found = there.get(parts.path)
        if found is None:
            key = parts.path.rpartition("/")[2]
            known = any(row["id"] == key for row in everybody)
            return said(200 if known else 404, {"id": key, "email": f"u{key}@example.com"}, Date=DATE)
        if isinstance(found, int):
            return said(found, {"category": "MISSING_SCOPES", "message": "no"})
        rows = [row for row in found if "userId" not in asked or str(row.get("userId")) == asked["userId"][0]]
        if asked.get("archived") == ["true"]:
            rows = []
        return said(200, {"results": rows}, Date=DATE)

    server.will(reply)


def read(server: Server, shelf: Shelf | None = None) -> dict[str, AccountRecord]:
    pages = accounts.pull(server.client(), shelf or Shelf(), None)
    return {each.key: each for page in pages for each in page.records if isinstance(each, AccountRecord)}


def test_a_user_list_of_the_keys_owner_alone_is_believed_only_with_a_witness(server: Server) -> None:
    mine = [{"id": OWN, "email": "u1@example.com"}]
    portal(server, users=mine, seats=mine, owners=403)
    with pytest.raises(Misread, match="the key's own account alone"):
        read(server)
    portal(server, users=mine, seats=mine, owners=[{"id": "o1", "userId": 1}])
    assert read(server).keys() == {OWN}


def test_sign_ins_of_the_owner_alone_are_not_believed_while_others_do_things(server: Server) -> None:
    portal(server)
    shelf = Shelf()
    assert read(server, shelf)[OWN].last_login is None
    with pytest.raises(Misread, match="only the key's own sign-ins are shown, although 3 other users"):
        list(logins.pull(server.client(), shelf, None))


def test_sign_ins_of_the_owner_alone_are_believed_where_nobody_else_did_anything(server: Server) -> None:
    portal(server, events=[])
    shelf = Shelf()
    assert read(server, shelf)[OWN].last_login is not None
    assert len(list(logins.pull(server.client(), shelf, None))) == 1


@pytest.mark.parametrize(
    ("counts", "own", "acting", "doubted"),
    [
        ({"1": 4}, "1", {"2", "3", "4"}, True),
        ({"1": 4}, "1", {"1", "2", "3"}, False),
        ({"1": 4, "2": 1}, "1", {"2", "3", "4"}, False),
        ({"2": 4}, "1", {"2", "3", "4"}, False),
        ({}, "1", {"2", "3", "4"}, False),
        ({"1": 4}, None, {"2", "3", "4"}, False),
    ],
)
def test_what_makes_sign_ins_look_like_our_own_alone(
    counts: dict[str, int], own: str | None, acting: set[str], doubted: bool
) -> None:
    assert (smallness.doubted_sign_ins(counts, own, acting) is not None) is doubted


def test_a_newcomer_whom_every_list_lacks_is_known_by_the_history(server: Server) -> None:
    """Lists that are cut short together lack the same people; whoever is new stands in no former reading either."""

    def event(kind: str, day: int) -> dict[str, Any]:
        at = f"2026-11-{day}T10:00:00Z"
        return {"id": f"{kind} {day}", "type": kind, "userId": 1, "objectId": "4", "createdAt": at}

    fewer = [{"id": key, "email": f"u{key}@example.com"} for key in (OWN, *OTHERS[:2])]
    owners = [{"id": f"o{row['id']}", "userId": int(row["id"])} for row in fewer]
    came, went = event("ADD_USER", 18), event("REMOVE_USER", 19)
    portal(server, users=fewer, seats=fewer, owners=owners, events=[came])
    with pytest.raises(Misread, match="ended without user 4, who is in the security history"):
        read(server)
    portal(server, users=fewer, seats=fewer, owners=owners, events=[went, came])
    assert read(server).keys() == {OWN, *OTHERS[:2]}
    portal(server, users=fewer, seats=fewer, owners=owners, events=[event("ADD_USER", 20), went, came])
    with pytest.raises(Misread, match="ended without user 4"):
        read(server)


def test_seats_are_not_counted_from_a_list_that_lacks_a_user(server: Server) -> None:
    portal(server, seats=[{"id": key, "seatNames": ["Core"]} for key in (OWN, *OTHERS[:2])])
    shelf = Shelf()
    pages = list(accounts.pull(server.client(), shelf, None))
    assert "seats: 1 of 4 users are not in this list" in json.dumps([page.receipt.missing for page in pages])
    with pytest.raises(Misread, match="the list of seats ended without user 4, who is in the user list"):
        list(usage.pull(server.client(), shelf, None))
