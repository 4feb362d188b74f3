"""Records addressed by a value instead of an id, what changed in a span of time, and the content of a file column."""

from datetime import datetime, timedelta
from typing import Any

from connectors.sandbox.salesforce import changes, creations, moments, rest
from connectors.sandbox.salesforce.errors import Refusal, bad, not_found
from connectors.sandbox.salesforce.schema import Entity
from connectors.sandbox.salesforce.world import Call
from connectors.sandbox.wire import Answer

REACH = {"updated": timedelta(days=30), "deleted": timedelta(days=15)}


def _found(call: Call, entity: Entity, field: str, value: str) -> list[str]:
    column = entity.column(field)
    if column is None or not (column.lookup or column.name == "Id"):
        raise Refusal(404, "NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {field}")
    return call.store.column(f'SELECT "Id" FROM "{entity.name}" WHERE "{column.name}" = ? ORDER BY "Id"', [value])


def _several(call: Call, entity: Entity, found: list[str]) -> Answer:
    return Answer(300, [f"{call.base}/sobjects/{entity.name}/{id}" for id in found])


def get(call: Call, name: str, field: str, value: str) -> Answer:
    """`GET /sobjects/X/field/value`: the one record, 404, or 300 and where each of several is."""
    entity = rest.visible(call, name)
    found = _found(call, entity, field, value)
    if not found:
        raise not_found()
    return rest.get(call, name, found[0]) if len(found) == 1 else _several(call, entity, found)


def upsert(call: Call, name: str, field: str, value: str) -> Answer:
    """`PATCH /sobjects/X/field/value`: change the one record (200), or create it (201)."""
    entity = rest.visible(call, name)
    found = _found(call, entity, field, value)
    if len(found) > 1:
        return _several(call, entity, found)
    if not found:
        sent = changes.body(call) | {field: value}
        return creations.create(changes.with_body(call, sent), name)
    answer = changes.update(call, name, found[0])
    said = {"id": found[0], "success": True, "errors": [], "created": False}
    return Answer(200, said) if answer.status == 204 else answer


def delete(call: Call, name: str, field: str, value: str) -> Answer:
    """`DELETE /sobjects/X/field/value`."""
    entity = rest.visible(call, name)
    found = _found(call, entity, field, value)
    if not found:
        raise not_found()
    return changes.delete(call, name, found[0]) if len(found) == 1 else _several(call, entity, found)


def replicated(call: Call, name: str, which: str) -> Answer:
    """`/sobjects/X/updated` and `/deleted`: ids in a span. Only what is replicateable has such a log."""
    entity = rest.visible(call, name)
    if "r" not in entity.verbs:
        raise bad("INVALID_TYPE_FOR_OPERATION", f"object type {entity.name} is not replicatable")
    start, end = _moment(call, "start"), _moment(call, "end")
    now = call.world.clock.now()
    if start >= end:
        raise bad("INVALID_REPLICATION_DATE", "startDate before endDate is required")
    if start < now - REACH[which]:
        raise bad("INVALID_REPLICATION_DATE", "startDate before the beginning of the replication log")
    span = [moments.written(start), moments.written(end)]
    covered = moments.written(min(end, now))
    if which == "updated":
        sql = f'SELECT "Id" FROM "{entity.name}" WHERE "SystemModstamp" >= ? AND "SystemModstamp" < ? ORDER BY "Id"'
        return Answer(200, {"ids": call.store.column(sql, span), "latestDateCovered": covered})
    rows = call.store.rows(
        "SELECT id, at FROM _gone WHERE at >= ? AND at < ? AND substr(id, 1, 3) = ? ORDER BY at", [*span, entity.prefix]
    )
    said: dict[str, Any] = {"deletedRecords": [{"id": r["id"], "deletedDate": r["at"]} for r in rows]}
    earliest = moments.written(now - REACH["deleted"])
    return Answer(200, said | {"earliestDateAvailable": earliest, "latestDateCovered": covered})


def _moment(call: Call, name: str) -> datetime:
    try:
        return moments.read(call.ask.one(name).replace(" ", "+"))
    except ValueError:
        raise bad("INVALID_REPLICATION_DATE", f"{name} must be a date and time with a zone") from None


def content(call: Call, id: str) -> Answer:
    """`/sobjects/EventLogFile/{id}/LogFile`: the log as CSV."""
    entity = rest.visible(call, "EventLogFile")
    row_id = rest.wanted_id(entity, id)
    kind = call.store.scalar('SELECT "EventType" FROM "EventLogFile" WHERE "Id" = ?', [row_id])
    if kind is None:
        raise rest.missing(call, row_id)
    rows = call.store.rows('SELECT "Id", "LastLoginDate" FROM "User" WHERE "LastLoginDate" IS NOT NULL LIMIT 5')
    lines = ["EVENT_TYPE,TIMESTAMP_DERIVED,USER_ID_DERIVED", *(f"{kind},{r[1]},{r[0]}" for r in rows)]
    return Answer(200, "\n".join(lines) + "\n", media="text/csv")
