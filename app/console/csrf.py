"""Whether a form was ours: a word only this browser's session can have been given, and where the browser says it is from.

The word is r ‖ HMAC(cookie, r), new on every page, so that nothing about it can be learnt by watching compressed answers
change. Both have to agree; either alone has been got round before.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from app.kit.refusal import Refusal

FIELD, HEADER = "csrf", "X-CSRF-Token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_SALT = 16


def make(cookie: str) -> str:
    """A word for a form of whoever holds this cookie."""
    salt = os.urandom(_SALT)
    return base64.urlsafe_b64encode(salt + _tag(cookie, salt)).decode().rstrip("=")


def fits(cookie: str, word: str | None) -> bool:
    """Whether the word was made for this cookie."""
    try:
        raw = base64.urlsafe_b64decode((word or "") + "==")
    except (ValueError, binascii.Error):
        return False
    return hmac.compare_digest(_tag(cookie, raw[:_SALT]), raw[_SALT:])


def why_not_from_here(headers: Mapping[str, str], base_url: str) -> Refusal | None:
    """Why an act is not taken from this request: the browser says that another site's page sent it.

    Browsers say so by Sec-Fetch-Site, older ones by Origin; a program that says neither still needs the word.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return None if site in ("same-origin", "none") else _foreign()
    if origin is None:
        return None
    parts = urlsplit(base_url)
    known = {f"{parts.scheme}://{parts.netloc}"} | {f"{scheme}://{headers.get('host')}" for scheme in ("http", "https")}
    return None if origin in known else _foreign()


def foreign_form() -> Refusal:
    """The word is missing or another session's."""
    return Refusal(
        "form_expired",
        "This form is not from a page that you have open now, so nothing was done.",
        "Go back, load the page again, and send it once more.",
        status=403,
    )


def _foreign() -> Refusal:
    return Refusal(
        "foreign_form",
        "Your browser says that this came from another site, so nothing was done.",
        "Open Rolecall itself and do it there. If this was Rolecall, its address differs from ROLECALL_BASE_URL.",
        status=403,
    )


def _tag(cookie: str, salt: bytes) -> bytes:
    return hmac.new(cookie.encode("utf-8", "surrogatepass"), b"csrf" + salt, hashlib.sha256).digest()
