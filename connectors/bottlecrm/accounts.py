"""Who can sign in to the organisation: one account per membership, keyed by the login's id.

Everything that acts on a person wants the login's id, and a login has one membership per organisation. An account is
active when both are: switching off the membership shuts the person out at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.errors import Misread
from connectors.records import AccountRecord

Row = Mapping[str, Any]


def translate(rows: Sequence[Row]) -> list[AccountRecord]:
    """Profile rows of the people list as accounts. A row without its login is a Misread: it would hide a person."""
    return [account(row) for row in rows]


def account(row: Row) -> AccountRecord:
    """One profile row. `last_login` covers every organisation of the server; null means never since the login began."""
    login = login_of(row)
    created = moment(row.get("created_at"))
    return AccountRecord(
        key=str(login["id"]),
        username=str(login["email"]),
        email=str(login["email"]),
        name=login.get("name") or None,
        active=_both(row.get("is_active"), login.get("is_active")),
        created=created,
        last_login=moment(login.get("last_login")),
        logins_known_since=created,  # the login is at least as old as the membership, and every way in moves last_login
        native={
            "profile": str(row.get("id")),
            "role": str(row.get("role")),
            "membership active": str(row.get("is_active")),
            "login active": str(login.get("is_active")),
            **({"live tokens": str(row["active_token_count"])} if "active_token_count" in row else {}),
        },
    )


def login_of(row: Row) -> Row:
    """The login behind a profile row, with at least its id and e-mail."""
    login = row.get("user_details")
    if not isinstance(login, Mapping) or not login.get("id") or not login.get("email"):
        raise Misread("BottleCRM, people: a row without the login's id and e-mail")
    return login


def moment(text: object) -> datetime | None:
    """BottleCRM's time (`2026-11-22T20:32:36.711516Z`, or with an offset) in UTC; None for null."""
    if text is None:
        return None
    try:
        when = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise Misread(f"BottleCRM: {str(text)[:40]!r} is not a time") from error
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def _both(membership: object, login: object) -> bool | None:
    if membership is False or login is False:
        return False
    return True if membership is True and login is True else None
