"""An identity provider of our own that can be told to lie, on a port of this machine; it checks PKCE as a real one does.

Signing keys are made once: making one costs more than a test.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.jwk import RSAKey

from tests import make

CLIENT, SECRET = "rolecall", "s3cret"
KEYS = [RSAKey.generate_key(2048, {"kid": f"key-{n}", "use": "sig", "alg": "RS256"}) for n in range(2)]
NOW = int(make.NOW.timestamp())


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _part(told: dict[str, Any]) -> str:
    return _b64(json.dumps(told).encode())


@dataclass
class Hostile:
    """What it answers. `claims` go over the honest ones (None takes one out); `codes`: what each code was given for."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] | None = None
    signs: str = "RS256"
    key: int = 0
    shown: list[int] = field(default_factory=lambda: [0])
    status: int = 200
    once: bool = True
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def grant(self, asked: dict[str, str], code: str = "code-1") -> str:
        """What the provider would do with a browser sent to it: note the request, and give a code."""
        self.codes[code] = asked
        return code

    def token(self, asked: dict[str, str]) -> str:
        """The ID token for what a code was given for."""
        honest = {
            "iss": self.issuer, "aud": CLIENT, "sub": "ada-1", "iat": NOW, "exp": NOW + 300, "nonce": asked["nonce"],
            "name": "Ada", "email": "ada@example.com", "email_verified": True, "groups": ["managers"],
        }  # fmt: skip
        claims = {name: value for name, value in (honest | self.claims).items() if value is not None}
        if self.signs == "none":
            return f"{_part({'alg': 'none'})}.{_part(claims)}."
        if self.signs == "HS256":  # with the public key as the shared secret, the oldest trick there is
            signed = f"{_part({'alg': 'HS256', 'kid': KEYS[self.key].kid})}.{_part(claims)}"
            return f"{signed}.{_b64(hmac.digest(KEYS[self.key].as_pem(private=False), signed.encode(), 'sha256'))}"
        made = jwt.encode({"alg": "RS256", "kid": KEYS[self.key].kid}, claims, KEYS[self.key])
        return made[:-8] + ("A" * 8 if made[-8:] != "A" * 8 else "B" * 8) if self.signs == "forged" else made


@contextmanager
def serving() -> Iterator[Hostile]:
    """It runs until the block ends."""
    told = Hostile()

    class Door(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None: ...

        def do_GET(self) -> None:
            told.calls.append(self.path)
            if self.path == "/.well-known/openid-configuration":
                own = {
                    name: f"{told.issuer}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
                }
                own |= {"userinfo_endpoint": f"{told.issuer}/userinfo"} if told.userinfo is not None else {}
                self._say({"issuer": told.issuer} | own | told.metadata)
            elif self.path == "/jwks_uri":
                self._say({"keys": [KEYS[n].as_dict(private=False) for n in told.shown] + [{"kty": "new"}]})
            elif self.path == "/userinfo":
                self._say(told.userinfo or {})
            else:
                self._say({}, 404)

        def do_POST(self) -> None:
            told.calls.append(self.path)
            sent = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: one[0] for name, one in parse_qs(sent).items()}
            asked = told.codes.pop(form["code"], None) if told.once else told.codes.get(form["code"])
            proof = _b64(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
            right = f"Basic {base64.b64encode(f'{CLIENT}:{SECRET}'.encode()).decode()}"
            if asked is None or proof != asked["code_challenge"] or self.headers["authorization"] != right:
                self._say({"error": "invalid_grant"}, 400)
            else:
                self._say({"token_type": "Bearer", "access_token": "at", "id_token": told.token(asked)})

        def _say(self, body: dict[str, Any], status: int = 200) -> None:
            given = json.dumps(body).encode()
            self.send_response(told.status if told.status != 200 else status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(given)))
            self.end_headers()
            self.wfile.write(given)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    told.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True, kwargs={"poll_interval": 0.01}).start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
