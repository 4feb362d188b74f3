"""Secrets that are made once, shown once and kept only as a hash: of tokens, links and sessions.

They are 256 bits from the system's generator, so a plain SHA-256 is enough: there is nothing to guess, and a slow hash
would cap the doors at a dozen requests a second.
"""

from __future__ import annotations

import hashlib
import re
import secrets


def make() -> tuple[str, str]:
    """A new public id (48 bits) and its secret (256 bits)."""
    return secrets.token_hex(6), secrets.token_urlsafe(32)


def id_in(text: str) -> str:
    """The id, if the text can be one, else nothing: what somebody presents is not put to a database as it is."""
    return text if re.fullmatch("[0-9a-f]{12}", text) else ""


def digest(secret: str) -> bytes:
    """What is kept of it."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
