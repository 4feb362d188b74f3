"""Sign-ins from the audit log: mailed links and codes, and sessions that a program or an app renewed.

Renewals count because a session can be renewed for ever without a new sign-in, and `last_login` does not move then.
Addresses and browsers are in the log too; they are not taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.bottlecrm.accounts import moment
from connectors.errors import Misread
from connectors.records import LoginRecord

EVENTS = ("LOGIN_SUCCESS", "TOKEN_REFRESH")
NOT_ALL = (
    "sign-ins by Google, by code for members of several organisations, and failed ones are not in BottleCRM's log; "
    "the last sign-in on the account counts them"
)
_WAYS = {
    "/api/auth/magic-link/verify/": "mailed link",
    "/api/auth/magic-link/verify-code/": "mailed code",
    "/api/auth/refresh-token/": "session renewed",
}


def since(now: float, days: int) -> str:
    """The first day to ask for, as the log wants it; one more, because its days are the organisation's."""
    return (datetime.fromtimestamp(now, UTC) - timedelta(days=days + 1)).date().isoformat()


def translate(rows: Sequence[Mapping[str, Any]]) -> list[LoginRecord]:
    """Audit rows as sign-ins."""
    return [_login(row) for row in rows]


def _login(row: Mapping[str, Any]) -> LoginRecord:
    at = moment(row.get("created_at"))
    if at is None:
        raise Misread("BottleCRM, audit log: a row without a time")
    actor = row.get("actor")
    path = str(row.get("request_path") or "")
    way = "session renewed" if row.get("event_type") == "TOKEN_REFRESH" else _WAYS.get(path)
    return LoginRecord(
        key=str(row["id"]),
        account_key=str(actor["id"]) if isinstance(actor, Mapping) else None,
        at=at,
        succeeded=row.get("success") if isinstance(row.get("success"), bool) else None,
        way=way,
    )
