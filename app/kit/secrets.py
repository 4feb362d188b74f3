"""Keeps what nobody may read: secrets sealed for one place, and separate keys for separate purposes.

One 32-byte key, and the former ones it replaced, are all an operator guards; every other key is derived from them
(HKDF-SHA256). A sealed value is AES-256-GCM bound to the place it was sealed for, so that a ciphertext copied into another
row does not open there, and it names its key, so that keys can be replaced one row at a time.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import os
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
PURPOSES = frozenset({"secrets", "links", "checkpoints", "cursors", "sources", "flash"})
_VERSION = b"\x01"
_ID_BYTES = 8
_NONCE_BYTES = 12
_HEAD = len(_VERSION) + _ID_BYTES + _NONCE_BYTES


class SecretsError(Exception):
    """Base of what goes wrong with keys and sealed values.

    SecretsError
    ├── BadKey       a configured key is missing, unreadable or not 32 bytes
    ├── UnknownKey   sealed with a key that is not configured here any more
    └── Tampered     changed, cut off, or moved from the place it was sealed for
    """


class BadKey(SecretsError):
    """A key cannot be used; the message says where it came from and what to do."""


class UnknownKey(SecretsError):
    """The key that sealed this is neither the current one nor among the former ones."""


class Tampered(SecretsError):
    """The value does not open here: it was changed, cut off, or belongs elsewhere."""


class KeySource(Protocol):
    """What `load_keys` needs of the settings."""

    @property
    def key(self) -> object: ...
    @property
    def key_file(self) -> Path | None: ...
    @property
    def former_keys(self) -> Sequence[object]: ...
    @property
    def home(self) -> Path: ...
    @property
    def embedded(self) -> bool: ...


class Keys:
    """A current key and former ones. Seals with the current one, opens with any of them."""

    def __init__(self, current: bytes, former: Sequence[bytes] = ()) -> None:
        for key in (current, *former):
            if len(key) != KEY_BYTES:
                raise BadKey(f"a key has {len(key)} bytes; it needs {KEY_BYTES} (make one: openssl rand -base64 32)")
        self._keys = tuple(dict.fromkeys((current, *former)))
        self._ids = {_derive(key, "key id", _ID_BYTES): key for key in self._keys}

    def __repr__(self) -> str:
        return f"<Keys: one current, {len(self._keys) - 1} former>"

    @property
    def current_id(self) -> str:
        """The current key's public name, for logs and the key.rotated entry."""
        return _derive(self._keys[0], "key id", _ID_BYTES).hex()

    def seal(self, plain: bytes, *, where: str) -> bytes:
        """Encrypt for one place, for example "system:3:reader". It opens only there."""
        head = _VERSION + _derive(self._keys[0], "key id", _ID_BYTES)
        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(_derive(self._keys[0], "secrets")).encrypt(nonce, plain, head + where.encode())
        return head + nonce + sealed

    def open(self, sealed: bytes, *, where: str) -> bytes:
        """Decrypt what was sealed for this place. Raises UnknownKey or Tampered."""
        key = self._key_of(sealed)
        head, nonce = sealed[: _HEAD - _NONCE_BYTES], sealed[_HEAD - _NONCE_BYTES : _HEAD]
        try:
            return AESGCM(_derive(key, "secrets")).decrypt(nonce, sealed[_HEAD:], head + where.encode())
        except InvalidTag as error:
            raise Tampered(
                f"the secret kept for {where} was changed, or moved here from elsewhere; enter it anew"
            ) from error

    def needs_rotation(self, sealed: bytes) -> bool:
        """Whether it was sealed with a former key, so that it should be opened and sealed again."""
        return self._key_of(sealed) != self._keys[0]

    def seal_mapping(self, plain: Mapping[str, str], *, where: str) -> bytes:
        """Seal a connector's secret: names to text."""
        return self.seal(json.dumps(dict(plain), sort_keys=True).encode(), where=where)

    def open_mapping(self, sealed: bytes, *, where: str) -> dict[str, str]:
        """Open what `seal_mapping` sealed."""
        return {str(name): str(value) for name, value in json.loads(self.open(sealed, where=where)).items()}

    def derive(self, purpose: str) -> bytes:
        """The current 32-byte key for one of `PURPOSES`; knowing it tells nothing about the others."""
        return self.derive_all(purpose)[0]

    def derive_all(self, purpose: str) -> list[bytes]:
        """The keys for a purpose, current first, so that what a former one signed can still be checked."""
        if purpose not in PURPOSES:
            raise ValueError(f"no key is derived for {purpose!r}; there are: {', '.join(sorted(PURPOSES))}")
        return [_derive(key, purpose) for key in self._keys]

    def _key_of(self, sealed: bytes) -> bytes:
        if len(sealed) < _HEAD or sealed[:1] != _VERSION:
            raise Tampered("this is no sealed secret, or it was cut off; enter the secret anew")
        identifier = sealed[1 : 1 + _ID_BYTES]
        if identifier not in self._ids:
            raise UnknownKey(
                f"a secret was sealed with key {identifier.hex()}, which is not configured. Point ROLECALL_KEY_FILE at the "
                "file that holds it, or add it to ROLECALL_FORMER_KEYS"
            )
        return self._ids[identifier]


def parse_key(text: str, *, source: str) -> bytes:
    """The 32 bytes behind 64 hexadecimal digits or base64 text. `source` names where it was configured."""
    text = text.strip()
    try:
        if len(text) == 2 * KEY_BYTES:
            key = bytes.fromhex(text)
        else:
            key = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (ValueError, binascii.Error) as error:
        raise BadKey(
            f"{source}: not a key; a key is 32 bytes, written as base64 or as 64 hexadecimal digits"
        ) from error
    if len(key) != KEY_BYTES:
        raise BadKey(f"{source}: holds {len(key)} bytes; a key has {KEY_BYTES} (make one: openssl rand -base64 32)")
    return key


def generate_key_file(path: Path) -> None:
    """Write a new random key, readable by its owner alone. Refuses (FileExistsError) to overwrite anything."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp makes it 0600
    try:
        with os.fdopen(number, "w") as file:
            file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode() + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)  # appears whole or not at all, and never over another one
    finally:
        os.unlink(name)


def read_key_file(path: Path) -> bytes:
    """The key in a file. Raises BadKey when it cannot be read or holds no key."""
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not text"
        raise BadKey(
            f"{path}: cannot be read ({why}); ROLECALL_KEY_FILE must name a file that holds the key"
        ) from error
    return parse_key(text, source=str(path))


def load_keys(settings: KeySource) -> Keys:
    """The keys an installation is configured with.

    Embedded (SQLite), a missing key is made on first use, 0600, at `home/key`. Elsewhere it must be configured: several
    processes that each made their own could not read one another's secrets.
    """
    former = [parse_key(reveal(each), source="ROLECALL_FORMER_KEYS") for each in settings.former_keys]
    if settings.key is not None:
        return Keys(parse_key(reveal(settings.key), source="ROLECALL_KEY"), former)
    if settings.key_file is not None:
        return Keys(read_key_file(settings.key_file), former)
    if not settings.embedded:
        raise BadKey("on PostgreSQL a key must be configured: set ROLECALL_KEY_FILE (or ROLECALL_KEY)")
    path = settings.home / "key"
    if not path.exists():
        with contextlib.suppress(FileExistsError):  # another process was first; its key is as good
            generate_key_file(path)
    return Keys(read_key_file(path), former)


def reveal(value: object) -> str:
    """The text of a configured secret, wrapped (pydantic's SecretStr) or bare."""
    unwrap = getattr(value, "get_secret_value", None)
    return str(unwrap()) if unwrap else str(value)


def _derive(key: bytes, purpose: str, length: int = KEY_BYTES) -> bytes:
    return HKDF(SHA256(), length=length, salt=None, info=f"rolecall/1/{purpose}".encode()).derive(key)
