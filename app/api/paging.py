"""Pages of a list by key, with cursors that nobody can make up.

A cursor is the last row's sort key, signed for the list, its filters, its order and whoever asks; with another list's, or
an edited one, the request is refused. Rows that come or go between two pages neither repeat nor hide others.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Path, Query, Request
from sqlalchemy import ColumnElement, Row, Select, Uuid, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.api.entering import Entered, With
from app.api.shapes import MOST_NUMBER
from app.kit.db import Moment
from app.kit.refusal import Refusal, Refused
from app.kit.secrets import Keys

MOST = 200
Number = Annotated[int, Path(ge=1, le=MOST_NUMBER)]
Numbered = Annotated[int | None, Query(ge=1, le=MOST_NUMBER)]
Column = ColumnElement[Any] | InstrumentedAttribute[Any]


@dataclass(frozen=True, slots=True)
class Order:
    """How a list is ordered: columns without null, the last of them unique; `falling` from the greatest down."""

    columns: tuple[Column, ...]
    falling: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """Which page is asked for: up to `limit` rows behind `place`. `name` is the list as this actor asked for it."""

    name: str
    limit: int
    place: list[Any] | None
    keys: Keys

    def cursor(self, place: list[Any]) -> str:
        """The cursor of the page behind `place`."""
        return seal(self.keys, self.name, place)

    def page(
        self, session: Session, statement: Select[*tuple[Any, ...]], order: Order
    ) -> tuple[list[Row[*tuple[Any, ...]]], str | None]:
        """This page's rows of a statement without an order, and the cursor of the next page or None."""
        if self.place is not None:
            statement = statement.where(_behind(order, self.place))
        ordered = [column.desc() if order.falling else column.asc() for column in order.columns]
        rows = session.execute(statement.add_columns(*order.columns).order_by(*ordered).limit(self.limit + 1)).all()
        if len(rows) <= self.limit:
            return list(rows), None
        return list(rows[: self.limit]), self.cursor(list(rows[self.limit - 1][-len(order.columns) :]))


def turn(
    request: Request,
    means: With,
    actor: Entered,
    limit: Annotated[int, Query(ge=1, le=MOST, description="How many rows a page has at most.")] = 50,
    after: Annotated[str | None, Query(max_length=4000, description="`next` of the page before.")] = None,
) -> Turn:
    """The page that the request asks for. Refuses (400) a cursor that is not of this list, these filters or this actor."""
    filters = sorted((name, value) for name, value in request.query_params.multi_items() if name not in _OF_PAGES)
    name = json.dumps([request.url.path, actor.id, filters])
    return Turn(name, limit, read(means.keys, name, after), means.keys)


Asked = Annotated[Turn, Depends(turn)]
_OF_PAGES = frozenset({"limit", "after"})


def seal(keys: Keys, name: str, place: Sequence[Any]) -> str:
    """A cursor for the list `name` that goes on after `place`."""
    body = json.dumps(list(place), separators=(",", ":"), default=_written).encode()
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


def _behind(order: Order, place: Sequence[Any]) -> ColumnElement[bool]:
    values = [_value(column, each) for column, each in zip(order.columns, place, strict=True)]
    here, there = tuple_(*order.columns), tuple_(*values)
    return here < there if order.falling else here > there


def _value(column: Column, written: Any) -> ColumnElement[Any]:
    """What a cursor wrote down, as the column's own type: JSON knows neither times nor ids."""
    if isinstance(column.type, Moment):
        written = datetime.fromisoformat(written)
    elif isinstance(column.type, Uuid):
        written = UUID(written)
    return literal(written, column.type)


def _written(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _tag(key: bytes, name: str, body: bytes) -> bytes:
    return hmac.new(key, name.encode() + b"\x00" + body, hashlib.sha256).digest()[:16]
