"""Packs a page of records to wait in the spool, and unpacks it as plain rows, ready to be staged.

A page is compact JSON, compressed: for each kind of record its rows, each a list in the order of `FIELDS` and on a line of
its own. The digest of a page's rows is taken over the JSON, before compression. Pure.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, date, datetime
from enum import StrEnum
from itertools import groupby
from operator import attrgetter
from typing import Any, get_args, get_type_hints

import msgspec

from app import __version__
from app.ledger import jcs
from connectors.connector import Packed, Rest
from connectors.receipt import PageReceipt, PartReceipt
from connectors.records import LoginRecord, Record

KINDS: Mapping[str, type] = {kind.__name__: kind for kind in get_args(Record)}
FIELDS: Mapping[str, tuple[str, ...]] = {
    name: getattr(kind, "_fields", None) or tuple(field.name for field in fields(kind)) for name, kind in KINDS.items()
}
# Of the release that packs, of how it packs, and of what: what another packed may have been taken otherwise by it.
FORM = f"{__version__} lines {hashlib.sha256(json.dumps(FIELDS, sort_keys=True).encode()).hexdigest()[:16]}"
BY_LINE = {"GrantRecord", "LoginRecord"}  # kinds without a list inside: pages of these can be compared line by line
_GET: Mapping[type, Callable[[Any], tuple[Any, ...]]] = {
    kind: tuple if issubclass(kind, tuple) else attrgetter(*FIELDS[name]) for name, kind in KINDS.items()
}


def _times() -> Mapping[str, tuple[tuple[int, Callable[[str], Any]], ...]]:
    """Per kind of record, where its times stand and how to read them back."""
    found: dict[str, tuple[tuple[int, Callable[[str], Any]], ...]] = {}
    for name, kind in KINDS.items():
        hints = get_type_hints(kind)
        readers: list[tuple[int, Callable[[str], Any]]] = []
        for place, field in enumerate(FIELDS[name]):
            allowed = get_args(hints[field]) or (hints[field],)
            if datetime in allowed:
                readers.append((place, datetime.fromisoformat))
            elif date in allowed:
                readers.append((place, date.fromisoformat))
        found[name] = tuple(readers)
    return found


_TIMES = _times()
_MOMENTS = {name: [place for place, read in of if read == datetime.fromisoformat] for name, of in _TIMES.items()}


def pack(records: Iterable[Record]) -> tuple[bytes, str]:
    """The page's bytes for the spool, and the digest of its rows. Refuses a time without a zone (ValueError)."""
    rows: dict[str, list[Sequence[Any]]] = {}
    for kind, of_kind in groupby(records, type):
        rows.setdefault(kind.__name__, []).extend(map(_GET[kind], of_kind))
    for name, of_name in rows.items():
        _bring_to_utc(of_name, _MOMENTS[name])
    try:
        text = _text_of(rows)
    except UnicodeEncodeError:  # half a surrogate pair is no text
        text = _NUL
    if _NUL in text:  # PostgreSQL keeps none in text
        text = _text_of({name: [_cleaned(row) for row in of_name] for name, of_name in rows.items()})
    return zlib.compress(text, 1), hashlib.sha256(text).hexdigest()


def understood(
    understand: Callable[..., tuple[Sequence[Record], Rest] | None], *given: object
) -> tuple[Packed, Rest] | None:
    """What a connector makes of a page, its records packed: for another process to do."""
    said = understand(*given)
    return None if said is None else (packed(said[0]), said[1])


_NUL = b"\\u0000"  # or a backslash and what only looks like it, which costs nothing but time


def _bring_to_utc(rows: list[Sequence[Any]], places: Sequence[int]) -> None:
    """See that the moments at these places are of UTC, by their zones alone where they are, as nearly all pages' are."""
    for place in places:
        zones = {row[place].tzinfo for row in rows if row[place] is not None}
        if None in zones:
            naive = next(row[place] for row in rows if row[place] is not None and row[place].tzinfo is None)
            raise ValueError(f"a connector gave the time {naive.isoformat()} without its zone")
        if not zones <= {UTC}:
            for number, row in enumerate(rows):
                if (at := row[place]) is not None:
                    rows[number] = [*row[:place], at.astimezone(UTC), *row[place + 1 :]]


def _text_of(rows: Mapping[str, Iterable[Sequence[Any]]]) -> bytes:
    """JSON, a row a line: no text in JSON has a new line in it, and `lines` cuts there."""
    kinds = (
        b'"%s":[%s]' % (name.encode(), _ENCODER.encode_lines(rows[name])[:-1].replace(b"\n", b",\n"))
        for name in sorted(rows)
    )
    return b"{%s}" % b",".join(kinds)


def _cleaned(value: Any) -> Any:
    """The same without what no database keeps as text."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {_cleaned(key): _cleaned(each) for key, each in value.items()}
    if isinstance(value, (set, frozenset)):
        return {_cleaned(each) for each in value}
    return [_cleaned(each) for each in value] if isinstance(value, (tuple, list)) else value


def packed(records: Sequence[Record]) -> Packed:
    """The page as the spool keeps it. Refuses a time without a zone (ValueError)."""
    data, digest = pack(records)
    oldest = min((each.at for each in records if type(each) is LoginRecord), default=None)
    return Packed(data, digest, len(records), oldest)


def unpack(packed: bytes, *, times: bool = True) -> dict[str, list[list[Any]]]:
    """The page's rows by kind of record, times as times; without `times` as the text of UTC that they are kept as."""
    rows: dict[str, list[list[Any]]] = _DECODER.decode(zlib.decompress(packed))
    for kind, of_kind in rows.items() if times else ():
        for place, read in _TIMES[kind]:
            for row in of_kind:
                if row[place] is not None:
                    row[place] = read(row[place])
    return rows


def lines(packed: bytes, kind: str) -> list[bytes]:
    """The rows of a page that holds nothing else, each as the text it was packed as; `of_lines` reads them.

    A page of another make is one line, or more than one row a line: it is like no other, and reads the same.
    """
    text = zlib.decompress(packed)
    head, tail = f'{{"{kind}":[['.encode(), b"]]}"
    if text == b"{}":
        return []
    if not (text.startswith(head) and text.endswith(tail)):
        raise ValueError(f"a page that holds other things than {kind}")
    return text[len(head) : -len(tail)].split(b"],\n[")


def of_lines(found: Iterable[bytes]) -> list[list[Any]]:
    """Rows from their lines, times as text."""
    rows: list[list[Any]] = _DECODER.decode(b"[[" + b"],[".join(found) + b"]]")
    return [row for row in rows if row]


def receipt_out(receipt: PageReceipt) -> dict[str, Any]:
    """A page's receipt as JSON."""
    return asdict(receipt) | {"at": receipt.at.isoformat() if receipt.at else None}


def receipt_in(kept: Mapping[str, Any]) -> PageReceipt:
    """A page's receipt as it was before `receipt_out`."""
    values = {field.name: kept[field.name] for field in fields(PageReceipt) if field.name in kept}
    values["at"] = datetime.fromisoformat(values["at"]) if values.get("at") else None
    values["dropped"] = tuple(values.get("dropped") or ())
    values["missing"] = tuple(values.get("missing") or ())
    return PageReceipt(**values)


def parts_out(parts: Sequence[PartReceipt]) -> list[dict[str, Any]]:
    """A stream's receipt, question by question, as JSON."""
    times = ("first_at", "last_at")
    return [asdict(part) | {name: _text(getattr(part, name)) for name in times} for part in parts]


# What a stream's receipt says: shown in evidence, and bound to the ledger's entry by `receipt_digest`.
RECEIPT = (
    "stream", "verdict", "because", "rows", "records", "distinct", "pages", "calls", "said", "said_after", "missing",
    "dropped", "asked", "parts", "began_at", "ended_at", "server_at", "skew_seconds", "pages_digest", "rows_digest",
)  # fmt: skip


def receipt_digest(receipt: Any) -> str:
    """SHA-256 over what a stream's receipt says, as RFC 8785 JSON: an auditor can compute it from the evidence."""
    return hashlib.sha256(jcs.dumps({name: _text(getattr(receipt, name)) for name in RECEIPT})).hexdigest()


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, StrEnum) else value


def chained(digests: Sequence[str]) -> str:
    """One digest over many, in order."""
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a record holds {type(value).__name__}, which has no place in the spool")


# Python's own JSON took half of all that a large reading thinks. Keys and sets in order, so that like pages are alike.
_ENCODER = msgspec.json.Encoder(enc_hook=_plain, order="deterministic")
_DECODER = msgspec.json.Decoder()
