"""Programs with their own way in (personal access tokens) or with data sent to them (webhooks).

BottleCRM has no list of integrations, so each token stands for the program that holds it (`derived`). Revoked and
expired tokens stay in its list and in ours, inactive. A webhook's address often is a secret: only its host is taken.
The organisation's API key is not read, because its endpoint answers with the key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from connectors.bottlecrm.accounts import login_of, moment
from connectors.errors import Misread
from connectors.records import CredentialRecord, IntegrationRecord

Row = Mapping[str, Any]
TOKEN, WEBHOOK = "personal_access_token", "webhook"


def owners(people: Sequence[Row]) -> dict[str, str]:
    """Profile id to account key, because a token names its owner's profile."""
    return {str(row["id"]): str(login_of(row)["id"]) for row in people}


def tokens(body: Any) -> tuple[Sequence[Row], int]:
    """The rows of `org/tokens/` and the server's own count of them."""
    try:
        return list(body["tokens"]), int(body["totals"]["count"])
    except (KeyError, TypeError, ValueError) as error:
        raise Misread("BottleCRM, tokens: the answer has no list where one was due") from error


def webhooks(body: Any) -> Sequence[Row]:
    """The rows of `webhooks/`."""
    try:
        return list(body["endpoints"])
    except (KeyError, TypeError) as error:
        raise Misread("BottleCRM, webhooks: the answer has no list where one was due") from error


def of_token(row: Row, owner: Mapping[str, str]) -> tuple[IntegrationRecord, CredentialRecord]:
    """A token twice: as the program that enters by it, and as the credential that can be revoked."""
    holder = owner.get(str((row.get("owner") or {}).get("id")))
    scopes = _scopes(row)
    created, used = moment(row.get("created_at")), moment(row.get("last_used_at"))
    live = row.get("is_live") if isinstance(row.get("is_live"), bool) else None
    program = IntegrationRecord(
        key=f"token:{row['id']}",
        kind=TOKEN,
        name=str(row.get("name") or row.get("token_prefix")),
        owner_key=holder,
        scopes=scopes,
        active=live,
        created=created,
        last_used=used,
        derived=True,
    )
    credential = CredentialRecord(
        key=str(row["id"]),
        kind=TOKEN,
        label=f"{row.get('name')} ({row.get('token_prefix')}…)",
        integration_key=program.key,
        account_key=holder,
        scopes=scopes,
        active=live,
        created=created,
        last_used=used,
        uses_known_since=created,
        expires=moment(row.get("expires_at")),
    )
    return program, credential


def of_webhook(row: Row) -> IntegrationRecord:
    """A standing export: what is sent, to which host, and who answers for it."""
    host = urlsplit(str(row.get("url") or "")).hostname or "an address we cannot read"
    creator = row.get("created_by")
    return IntegrationRecord(
        key=f"webhook:{row['id']}",
        kind=WEBHOOK,
        name=f"{row['description']} ({host})" if row.get("description") else host,
        publisher=host,
        owner_key=str(creator["id"]) if isinstance(creator, Mapping) else None,
        scopes=tuple(map(str, row.get("events") or ())),
        active=row.get("is_active") if isinstance(row.get("is_active"), bool) else None,
        created=moment(row.get("created_at")),
    )


def _scopes(row: Row) -> tuple[str, ...] | None:
    listed = row.get("scopes")
    if not isinstance(listed, list):
        return None
    return tuple(map(str, listed)) or ("*",)  # BottleCRM reads an empty list as "everything"
