"""The one way to write JSON as bytes, so that a digest means the same everywhere (RFC 8785, without fractions).

Fractions are refused: two databases and two languages print them differently. So are whole numbers that JavaScript would
round, and U+0000 and half surrogates, which PostgreSQL does not keep.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

_LARGEST = 2**53 - 1
_HALF = "text holds half of a surrogate pair, which is no character"
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False, allow_nan=False).encode
_encode_sorted = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), sort_keys=True, check_circular=False
).encode


def _by_the_standard_library(value: Any) -> bytes:
    return _encode_sorted(value).encode()


# Writes a value of which `_plain` is sure. `verify.pyz`, which carries this file, finds nothing but Python where it goes.
_sorted_bytes: Callable[[Any], bytes] = _by_the_standard_library
try:
    import msgspec
except ImportError:
    pass
else:
    _sorted_bytes = msgspec.json.Encoder(order="sorted").encode  # the same bytes in a sixth of the time


class Unwritable(ValueError):
    """A value that has no canonical form here; the message says where it stands."""


def dumps(value: Any) -> bytes:
    """The canonical bytes of a JSON value. Raises Unwritable for what cannot be written the same way everywhere."""
    try:
        return _sorted_bytes(value) if _plain(value) else _encode(_ordered(value, "$")).encode()
    except UnicodeEncodeError as error:
        raise Unwritable(_HALF) from error


def text(value: Any) -> str:
    """The same as text, for what is put together of parts."""
    return dumps(value).decode()


def rewritten(text: str) -> bytes:
    """The canonical bytes of a value that stands as JSON text: those of `dumps`, at half the cost for what is long.

    Reading it tells already which numbers are in it, and names are text there, so that only what was written is looked at.
    """
    value = _read(text)
    try:
        written = _sorted_bytes(value)
    except UnicodeEncodeError as error:
        raise Unwritable(_HALF) from error
    if b"\\u0000" in written or not (written.isascii() or _narrow(written)):
        return dumps(value)
    return written


def _narrow(written: bytes) -> bool:
    """Whether every character is among the first 256: names of these are sorted alike by everybody."""
    try:
        written.decode().encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def _fraction(told: str) -> Any:
    raise Unwritable(f"{told} is no whole number, and has no canonical form; write it as text")


def _whole(told: str) -> int:
    number = int(told)
    if not -_LARGEST <= number <= _LARGEST:
        raise Unwritable(f"{told} is beyond 2^53 - 1; write it as text")
    return number


_read = json.JSONDecoder(parse_float=_fraction, parse_constant=_fraction, parse_int=_whole).decode


def _plain(value: Any) -> bool:
    """Whether Python's own encoder is right about this value, as it nearly always is, at a quarter of the cost."""
    kind = type(value)
    if kind is str:
        return "\x00" not in value
    if kind is dict:
        for name, each in value.items():
            if type(name) is not str or not name.isascii() or "\x00" in name:
                return False
            if each is None or (type(each) is str and "\x00" not in each):  # as most are: half the time is the call's
                continue
            if not _plain(each):
                return False
        return True
    if kind is int:
        return bool(-_LARGEST <= value <= _LARGEST)
    if kind is list:
        return all(map(_plain, value))
    return value is None or kind is bool


def _ordered(value: Any, where: str) -> Any:
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        if "\x00" in value:
            raise Unwritable(f"{where}: text holds U+0000, which PostgreSQL does not keep")
        return str(value)
    if isinstance(value, int):
        if not -_LARGEST <= value <= _LARGEST:
            raise Unwritable(f"{where}: {value} is beyond 2^53 - 1; write it as text")
        return int(value)
    if isinstance(value, Mapping):
        return {_key(name, where): _ordered(value[name], f"{where}.{name}") for name in _sorted(value, where)}
    if isinstance(value, list | tuple):
        return [_ordered(each, f"{where}[{index}]") for index, each in enumerate(value)]
    raise Unwritable(f"{where}: {type(value).__name__} has no canonical form; write it as text")


def _key(name: Any, where: str) -> str:
    if "\x00" in name:
        raise Unwritable(f"{where}: a name holds U+0000")
    return str(name)


def _sorted(value: Mapping[Any, Any], where: str) -> list[Any]:
    names = list(value)
    if not all(isinstance(name, str) for name in names):
        raise Unwritable(f"{where}: names are text")
    if all(name.isascii() for name in names):
        return sorted(names)
    # RFC 8785 sorts by UTF-16 units, which differ from code points outside the first 65,536 characters.
    return sorted(names, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
