"""Understanding a page by what it says alone, which another process can do as well. Pure."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from connectors import pacing
from connectors.connector import Aside
from connectors.decoding import decoded
from connectors.records import Record
from connectors.salesforce.client import Understood, query_result
from connectors.salesforce.parts import Gathered, Part, Translate
from connectors.salesforce.soql import Row


def translated(
    rows: Iterable[Row], source: str, translate: Translate, gathered: Gathered
) -> tuple[list[Record], list[str]]:
    """The records that rows say, and which rows say nothing that we understand, with the reason."""
    records, dropped = list[Record](), list[str]()
    for row in rows:
        try:
            records += translate(row, gathered)
        except ValueError as error:
            dropped.append(f"{source} {row.get('Id') or 'row'}: {pacing.redact(str(error))}")
    return records, dropped


def by(aside: Aside, part: Part, gathered: Gathered) -> Callable[[bytes, datetime | None], Understood | None]:
    """Has pages of this part understood aside, by what was gathered until now.

    None of a page that is no query's result, has a row without Id, or that nobody understood there.
    """
    wisdom = pickle.dumps((part.source, part.translate, replace(gathered, marks=[])))

    def ask(raw: bytes, at: datetime | None) -> Understood | None:
        heard = aside(understand, raw, wisdom, at)
        return replace(heard[1], packed=heard[0]) if heard else None

    return ask


def understand(raw: bytes, wisdom: bytes, at: datetime | None) -> tuple[list[Record], Understood] | None:
    """What a page says: its records, and all else. `wisdom`: as `by` pickles it."""
    source, translate, gathered = _wise(wisdom)
    try:
        rows, total, link = query_result(decoded(raw))
    except ValueError:
        return None
    ids = [key for row in rows if (key := row.get("Id"))]
    if len(ids) < len(rows):
        return None
    records, dropped = translated(rows, source, translate, replace(gathered, at=at or gathered.at))
    return records, Understood(total, link, ids, dropped)


@lru_cache(8)
def _wise(wisdom: bytes) -> tuple[str, Translate, Gathered]:
    told: tuple[str, Translate, Gathered] = pickle.loads(wisdom)  # noqa: S301 - of the process that started this one
    return told
