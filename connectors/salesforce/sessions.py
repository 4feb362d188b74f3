"""Who is signed in at this moment. Read only where an operator switched it on; no addresses, no places.

A session's Id is enough to end it, so what we keep is a digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta

from connectors.errors import Denied
from connectors.records import Record, SessionRecord
from connectors.salesforce.client import Client
from connectors.salesforce.licences import count
from connectors.salesforce.parts import Gathered, Odd, Part
from connectors.salesforce.soql import Row, text, when

SOURCE = "AuthSession"
WISH = ("Id", "UsersId", "SessionType", "LoginType", "CreatedDate", "LastModifiedDate", "NumSecondsValid")
OFF = "live sessions are switched off; set `sessions` to `on` to read them"


def parts(client: Client, _gathered: Gathered) -> list[Part]:
    """One part, if it is switched on."""
    if not client.access.sessions:
        raise Denied(f"sessions: {OFF}", missing=OFF)
    return [Part(SOURCE, SOURCE, WISH, translate)]


def translate(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """One live session; it ends that many seconds after it was last touched."""
    key, account = text(row, "Id"), text(row, "UsersId")
    if key is None or account is None:
        raise Odd("a session without Id or account")
    touched, seconds = when(row.get("LastModifiedDate")), count(row, "NumSecondsValid")
    yield SessionRecord(
        key=hashlib.sha256(f"session\x1f{key}".encode()).hexdigest()[:32],
        account_key=account,
        kind=text(row, "SessionType") or "unknown",
        began=when(row.get("CreatedDate")),
        expires=touched + timedelta(seconds=seconds) if touched and seconds is not None else None,
        application=text(row, "LoginType"),
    )
