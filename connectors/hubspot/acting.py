"""Who did it. An event of the security history has a `userId` and, at times, an `actingUser` (an address), and HubSpot does
not say which of the two acted where they are different people.

Where the address is another account's, that one acted and the `userId` is whom it happened to. Where nobody knows whose
address it is, who acted is not known: the `userId` may have. The audit log names one person, who acted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from connectors.errors import Denied
from connectors.hubspot import refusals
from connectors.hubspot.client import Client
from connectors.hubspot.lists import Row, Shelf, text, walk
from connectors.hubspot.paths import Place
from connectors.records import ChangeRecord, Stream

LIMIT = 100

# Both logs are stamped by HubSpot, which does not say by how much one may lag behind the other.
SAME = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Who:
    """Who `acted`; None: it is not known, and `named` may have. `other`: whom the event names besides who acted."""

    acted: str | None
    named: str | None = None
    other: str | None = None


def who(row: Row, people: Mapping[str, str]) -> Who:
    """Who an event of the security history says acted. `people`: address, in small letters -> account key."""
    user, address = text(row, "userId"), text(row, "actingUser")
    if address is None:
        return Who(user)
    acted = people.get(address.lower())
    if acted is None:
        return Who(None, user)
    return Who(acted, other=user if user != acted else None)


def known(client: Client, shelf: Shelf, stream: Stream) -> tuple[dict[str, str], int]:
    """Whose which address is, by the lists of sign-ins, which know who has gone since, and of users; and how many calls it
    took. Where the users were not fetched yet, as after a crash, they are; where they may not be read, nobody is known."""
    calls = 0
    if Place.USERS not in shelf.addresses:
        try:
            calls = sum(
                batch.calls
                for batch in shelf.batches(Place.USERS, stream, lambda: walk(client, Place.USERS, limit=LIMIT))
            )
        except Denied as error:
            refusals.closed(error)  # which is raised again, where the token itself is no good
            shelf.addresses[Place.USERS] = {}
    found = shelf.addresses.get(Place.LOGINS, {}) | shelf.addresses[Place.USERS]
    return found, calls


# --- one event, told by two logs ---


@dataclass(slots=True)
class Told:
    """What the security history told of late, to be held against the audit log: each of its events is one of that log's at
    most."""

    events: dict[str, list[ChangeRecord]] = field(default_factory=lambda: defaultdict(list))

    def remember(self, records: Iterable[ChangeRecord], since: datetime) -> None:
        """What happened since then, and a little before."""
        for record in records:
            account = record.actor_key or record.named_key
            if account is not None and record.at >= since - SAME:
                self.events[account].append(record)

    def settle(self, entry: ChangeRecord) -> ChangeRecord | None:
        """None: the security history told of it already. Else the entry, with the event that it may tell of once more.

        It is the same where the same account did the same act to the same object at the same moment, as nearly as the two
        logs' clocks allow. Where the act or the object is called otherwise, or the history does not say who acted, it may
        be.
        """
        near = [each for each in self.events.get(entry.actor_key or "", ()) if abs(each.at - entry.at) <= SAME]
        near.sort(key=lambda each: abs(each.at - entry.at))
        same = next((each for each in near if _same(each, entry)), None)
        if same is not None:
            self.events[entry.actor_key or ""].remove(same)
            return None
        return replace(entry, same_as=near[0].key) if near else entry


def _same(event: ChangeRecord, entry: ChangeRecord) -> bool:
    if event.actor_key is None or event.action not in entry.action.split("/"):
        return False
    objects = {about for each in (event, entry) if (about := _about(each))}
    return len(objects) < 2


def _about(of: ChangeRecord) -> str | None:
    """What it was done to, as either log has it."""
    return of.text.removeprefix("object ") if of.text else of.subject_key
