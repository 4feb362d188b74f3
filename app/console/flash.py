"""What a page says once after an act, carried over the redirect in a signed cookie that lives a minute.

Signed, so that nobody puts words into our mouth by planting a cookie; it is shown once and then forgotten.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

from starlette.requests import Request
from starlette.responses import Response

from app.kit.secrets import Keys

COOKIE = "rolecall_said"
MOST = 1_500  # a cookie holds 4,096 bytes, and base64 takes a third more


def say(response: Response, keys: Keys, text: str, *, tone: str = "good", https: bool) -> None:
    """Have the next page say this. `tone` is "good" or "warn"."""
    body = json.dumps([tone, text[:MOST]], ensure_ascii=False).encode()
    value = base64.urlsafe_b64encode(_tag(keys.derive("flash"), body) + body).decode()
    response.set_cookie(COOKIE, value, max_age=60, httponly=True, samesite="lax", secure=https, path="/")


def heard(request: Request, keys: Keys) -> tuple[str, str] | None:
    """What is to be said on this page, as (tone, text). What we did not sign is nothing."""
    given = request.cookies.get(COOKIE)
    if not given:
        return None
    try:
        raw = base64.urlsafe_b64decode(given)
    except ValueError:
        return None
    tag, body = raw[:16], raw[16:]
    if not any(hmac.compare_digest(tag, _tag(key, body)) for key in keys.derive_all("flash")):
        return None
    tone, text = json.loads(body)
    return str(tone), str(text)


def forget(response: Response) -> None:
    """It was said."""
    response.delete_cookie(COOKIE, path="/")


def _tag(key: bytes, body: bytes) -> bytes:
    return hmac.new(key, body, hashlib.sha256).digest()[:16]
