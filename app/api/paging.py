"""Pages of a list by key, with cursors that nobody can make up.

A cursor is the last row's sort key, signed; with another list's, or an edited one, the request is refused. Rows that come
or go between two pages neither repeat nor hide others.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from app.kit.refusal import Refusal, Refused
from app.kit.secrets import Keys

MOST = 200


def seal(keys: Keys, name: str, place: list[Any]) -> str:
    """A cursor for the list `name` that goes on after `place`."""
    body = json.dumps(place, separators=(",", ":")).encode()
    tag = _tag(keys.derive("cursors"), name, body)
    return base64.urlsafe_b64encode(tag + body).decode().rstrip("=")


def read(keys: Keys, name: str, cursor: str | None) -> list[Any] | None:
    """The place a cursor names. Refuses (400) one that we did not make for this list."""
    if cursor is None:
        return None
    no = Refused(Refusal("bad_cursor", "This cursor is not one of this list's.", "Begin without a cursor.", status=400))
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except ValueError:
        raise no from None
    tag, body = raw[:16], raw[16:]
    if not any(hmac.compare_digest(tag, _tag(key, name, body)) for key in keys.derive_all("cursors")):
        raise no
    place = json.loads(body)
    if not isinstance(place, list):
        raise no
    return place


def _tag(key: bytes, name: str, body: bytes) -> bytes:
    return hmac.new(key, name.encode() + b"\x00" + body, hashlib.sha256).digest()[:16]
