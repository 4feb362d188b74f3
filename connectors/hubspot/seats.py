"""Which paid seats a user has. Of the paths that HubSpot supports today, only the v3 user list names them.

So it is read once more by those paths, whatever the version otherwise: the same facts then come out of either version, and
changing it makes no seat appear or vanish. `"seats": "off"` leaves it out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from connectors.errors import Denied
from connectors.hubspot.client import Client
from connectors.hubspot.lists import Batch, Shelf, text, texts, walk
from connectors.hubspot.paths import Place, Version
from connectors.records import Stream

LIMIT = 100


def kept(client: Client, shelf: Shelf, stream: Stream) -> Iterator[Batch]:
    """The user list with its seats, fetched once; on v3 paths it is the very list of the accounts.

    Raises Denied when it is switched off, or the v3 paths are gone.
    """
    if not client.seats:
        raise Denied("seats are switched off", missing='"seats" is off in this system\'s configuration')
    place = Place.USERS if client.version is Version.V3 else Place.SEATS
    return shelf.batches(place, stream, lambda: walk(client, place, limit=LIMIT))


def by_user(batches: Sequence[Batch]) -> dict[str, tuple[str, ...]]:
    """The names of each user's seats, by the settings user's id; a user whose row says nothing of seats is left out."""
    return {
        key: texts(row, "seatNames")
        for batch in batches
        for row in batch.rows
        if "seatNames" in row and (key := text(row, "id"))
    }


def counted(of_users: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """How many users have each seat."""
    names = [name for each in of_users.values() for name in each]
    return {name: names.count(name) for name in sorted(set(names))}


def unsaid(batches: Sequence[Batch]) -> tuple[str, ...]:
    """Said when rows came and none of them so much as mentions seats."""
    rows = [row for batch in batches for row in batch.rows]
    return ("seats: no row of the user list names any",) if rows and not any("seatNames" in row for row in rows) else ()
