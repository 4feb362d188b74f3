"""The secrets of a sandbox's callers: made once, kept in its home and readable by its owner only."""

import json
import os
import secrets
import uuid
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

PRINCIPALS = ("reader", "executor")


def load(home: Path | None, kind: str) -> dict[str, Any]:
    """The secrets of this home, made now if it has none. Without a home they are new each time."""
    if home is None:
        return _make(kind)
    home.mkdir(parents=True, exist_ok=True)
    path = home / "keys.json"
    if path.exists():
        kept: dict[str, Any] = json.loads(path.read_text())
        return kept
    made = _make(kind)
    # Opened with its mode, so that there is no moment in which others can read it.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(made, file)
    return made


def _make(kind: str) -> dict[str, Any]:
    if kind == "salesforce":
        return {"admin_key": secrets.token_urlsafe(18)} | {name: _salesforce() for name in PRINCIPALS}
    oauth = {
        "client_id": str(uuid.uuid4()),
        "client_secret": str(uuid.uuid4()),
        "refresh_token": f"na1-{secrets.token_hex(16)}",
    }
    tokens = {name: {"token": f"pat-na1-{uuid.uuid4()}"} for name in PRINCIPALS}
    return {"admin_key": secrets.token_urlsafe(18), "oauth": oauth} | tokens


def _salesforce() -> dict[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {
        "client_id": f"3MVG9{secrets.token_urlsafe(45)}",
        "client_secret": secrets.token_hex(32).upper(),
        "password": secrets.token_urlsafe(12),
        "security_token": secrets.token_urlsafe(18),
        "private_key": private.decode(),
        "public_key": public.decode(),
    }
