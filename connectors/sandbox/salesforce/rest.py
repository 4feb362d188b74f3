"""The REST resources that read: versions, limits, queries and their pages, describes, single records."""

from array import array
from typing import Any

from connectors.sandbox.salesforce import ids, schema, soql
from connectors.sandbox.salesforce.conditions import Sql
from connectors.sandbox.salesforce.errors import Refusal, bad, malformed, no_type, not_found
from connectors.sandbox.salesforce.furniture import ORG
from connectors.sandbox.salesforce.rights import may_see
from connectors.sandbox.salesforce.schema import CEILINGS, Column, Entity
from connectors.sandbox.salesforce.soql import Plan
from connectors.sandbox.salesforce.world import CURSORS_LIVE, Call, Cursor
from connectors.sandbox.wire import Answer

OLDEST, NEWEST = 31, 68  # 31 to 40 still answer, unsupported; what is older is gone
SEASONS = ("Winter", "Spring", "Summer")
SMALLEST_BATCH, LARGEST_BATCH = 200, 2000
LABELS = {"id": "id", "picklist": "picklist", "int": "int"}


def season(version: int) -> str:
    """`Summer '26` for 67."""
    return f"{SEASONS[(version - 65) % 3]} '{26 + (version - 65) // 3}"


def versions() -> list[dict[str, str]]:
    """What `/services/data` lists."""
    return [{"label": season(v), "url": f"/services/data/v{v}.0", "version": f"{v}.0"} for v in range(41, NEWEST + 1)]


def resources(call: Call) -> Answer:
    """`/services/data/vN`."""
    names = ("composite", "limits", "query", "queryAll", "sobjects", "tooling")
    return Answer(
        200,
        {name: f"{call.base}/{name}" for name in names} | {"identity": f"{call.world.url}/id/{ORG}/{call.caller.id}"},
    )


def limits(call: Call) -> Answer:
    """`/limits`: any API caller may ask."""
    most = call.world.daily_limit()
    day = {"Max": most, "Remaining": max(0, most - call.world.used)}
    return Answer(200, {"DailyApiRequests": day, "DailyBulkV2QueryJobs": {"Max": 10000, "Remaining": 10000}})


def query(call: Call, tooling: bool = False) -> Answer:
    """`/query`, `/queryAll`, `/tooling/query`: run a query and answer its first page."""
    text = call.ask.one("q")
    if not text:
        raise malformed("A query string has to be specified")
    plan = soql.plan(text, call.caller, call.world.clock.now(), tooling)
    if plan.count is not None:
        total = call.store.scalar(plan.count.text, plan.count.values)
        return Answer(200, {"totalSize": total, "done": True, "records": []})
    if plan.aggregate is not None:
        return _aggregate(call, plan, plan.aggregate)
    cursor = _open(call, plan, tooling)
    return Answer(200, _page(call, cursor, 0, ""))


def _aggregate(call: Call, plan: Plan, sql: Sql) -> Answer:
    rows = call.store.rows(sql.text, sql.values)
    if len(rows) > LARGEST_BATCH:
        raise bad(
            "EXCEEDED_ID_LIMIT",
            "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch",
        )
    records = []
    for row in rows:
        values = {name: soql.shown(column, value) for (name, column), value in zip(plan.names, row, strict=True)}
        records.append({"attributes": {"type": "AggregateResult"}} | values)
    return Answer(200, {"totalSize": len(records), "done": True, "records": records})


def _open(call: Call, plan: Plan, tooling: bool) -> Cursor:
    keys = array("q", call.store.column(plan.keys.text, plan.keys.values))
    if len(keys) > 1 and any(output.column.single for output in plan.outputs):
        raise malformed(
            "When retrieving results with Metadata or FullName fields, the query qualifications must specify no more "
            "than one row for retrieval."
        )
    size = _batch(call)
    if plan.entity.name in CEILINGS:  # the documented silent end: no error, only fewer rows
        page, most = CEILINGS[plan.entity.name]
        keys, size = keys[:most], min(size, page)
    return Cursor(plan, keys, len(keys), size, tooling, call.world.clock.now())


def _batch(call: Call) -> int:
    options = dict(
        part.strip().partition("=")[::2] for part in call.ask.headers.get("sforce-query-options", "").split(",")
    )
    wanted = options.get("batchSize", "")
    size = min(LARGEST_BATCH, max(SMALLEST_BATCH, int(wanted))) if wanted.isdigit() else LARGEST_BATCH
    return min(size, int(call.world.knobs["largest_page"]))


def _page(call: Call, cursor: Cursor, start: int, locator: str) -> dict[str, Any]:
    before = cursor.starts.get(start, 0)
    size = cursor.size
    if call.world.knobs["short_pages"] and before % 4 == 1:  # the server may return fewer than asked
        size = size * 7 // 8
    keys = cursor.keys[start : start + size]
    rows: dict[int, Any] = {}
    for at in range(0, len(keys), 500):
        some = keys[at : at + 500]
        rows |= {row[0]: row for row in call.store.rows(f"{cursor.plan.page} ({','.join('?' * len(some))})", some)}
    records = [_record(call, cursor.plan, rows[key]) for key in keys if key in rows]
    end = start + len(keys)
    said: dict[str, Any] = {"totalSize": cursor.total, "done": end >= cursor.total}
    if end < cursor.total:
        if not locator:
            call.world.opened += 1
            locator = ids.make("01g", call.world.opened)
            call.world.cursors[locator] = cursor
        cursor.starts[end] = before + 1
        kind = "tooling/query" if cursor.tooling else "query"
        said["nextRecordsUrl"] = f"{call.base}/{kind}/{locator}-{end}"
    return said | {"records": records}


def _record(call: Call, plan: Plan, row: Any) -> dict[str, Any]:
    """One record, with what hangs below it: an answer of the same shape within it, or null where there is nothing."""
    made = soql.record(plan, row, call.base)
    for name, child in plan.children:
        values = [row[-1] if value is soql.PARENT else value for value in child.keys.values]
        keys = call.store.column(child.keys.text, values)[:LARGEST_BATCH]
        marks = ",".join("?" * len(keys))
        found = {each[0]: each for each in call.store.rows(f"{child.page} ({marks})", keys)}
        records = [soql.record(child, found[key], call.base) for key in keys]
        made[name] = {"totalSize": len(records), "done": True, "records": records} if records else None
    return made


def more(call: Call, locator: str) -> Answer:
    """`/query/{locator}`: the page a `nextRecordsUrl` points to."""
    name, _, start = locator.partition("-")
    cursor = call.world.cursors.get(name)
    expired = cursor is not None and call.world.clock.now() - cursor.opened > CURSORS_LIVE
    if cursor is None or expired or not start.isdigit():
        raise bad("INVALID_QUERY_LOCATOR", "invalid query locator")
    return Answer(200, _page(call, cursor, int(start), name))


def visible(call: Call, name: str, tooling: bool = False) -> Entity:
    """An object by name, if this caller has it."""
    entity = schema.entity(name)
    if entity is None or not may_see(entity, call.caller) or (entity.api == "tooling") != tooling:
        raise no_type(name) if entity is None or call.ask.method == "POST" else not_found()
    return entity


def sobjects(call: Call, tooling: bool = False) -> Answer:
    """All objects this caller has."""
    seen = [e for e in schema.ENTITIES.values() if may_see(e, call.caller) and (e.api == "tooling") == tooling]
    return Answer(200, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": [_outline(call, e) for e in seen]})


def _outline(call: Call, entity: Entity) -> dict[str, Any]:
    url = f"{call.base}/sobjects/{entity.name}"
    flags = {"createable": "c", "updateable": "u", "deletable": "d", "replicateable": "r"}
    return {
        "name": entity.name,
        "label": entity.name,
        "labelPlural": entity.name,
        "keyPrefix": entity.prefix,
        "custom": False,
        "queryable": True,
        "retrieveable": entity.name not in {"OauthToken", "TwoFactorMethodsInfo"},
        "searchable": entity.name in {"User", "Group"},
        "layoutable": False,
        "urls": {"sobject": url, "describe": f"{url}/describe", "rowTemplate": f"{url}/{{ID}}"},
    } | {flag: letter in entity.verbs for flag, letter in flags.items()}


def outline(call: Call, name: str) -> Answer:
    """`GET /sobjects/X`: the object in short."""
    return Answer(200, {"objectDescribe": _outline(call, visible(call, name)), "recentItems": []})


def describe(call: Call, name: str, tooling: bool = False) -> Answer:
    """`/sobjects/X/describe`."""
    entity = visible(call, name, tooling)
    fields = [_field(entity, column) for column in entity.columns.values()]
    children = [
        {"relationshipName": name, "childSObject": child, "field": column, "cascadeDelete": False}
        for name, child, column in schema.children(entity)
        if may_see(schema.ENTITIES[child.lower()], call.caller)
    ]
    more = {"fields": fields, "childRelationships": children, "recordTypeInfos": [], "supportedScopes": []}
    return Answer(200, _outline(call, entity) | more)


def _field(entity: Entity, column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "label": column.name,
        "type": column.type,
        "custom": False,
        "nillable": column.type not in {"boolean", "id"},
        "filterable": column.filterable,
        "sortable": True,
        "groupable": column.type not in {"datetime", "textarea"},
        "createable": column.updateable and "c" in entity.verbs,
        "updateable": column.updateable and "u" in entity.verbs,
        "idLookup": column.lookup or column.type == "id",
        "externalId": False,
        "permissionable": False,
        "length": {"id": 18, "reference": 18, "string": 255, "email": 128}.get(column.type, 0),
        "referenceTo": list(schema.NAMED) if column.to == "Name" else [column.to] if column.to else [],
        "relationshipName": column.relationship,
        "picklistValues": [],
    }


def several(call: Call, name: str) -> Answer:
    """`/composite/sobjects/X`: many records by `ids`, in their order; what is not there is null."""
    sent = call.ask.json() if call.ask.method == "POST" else None
    wanted = sent.get("ids", []) if isinstance(sent, dict) else [i for i in call.ask.one("ids").split(",") if i]
    fields = sent.get("fields", []) if isinstance(sent, dict) else call.ask.one("fields").split(",")
    if not wanted or len(wanted) > LARGEST_BATCH or not fields:
        raise bad("INVALID_FIELD", f"name fields, and 1 to {LARGEST_BATCH} ids")
    found: list[Any] = []
    for id in wanted:
        one = call.another("GET", call.ask.path, {"fields": [",".join(fields)]}, b"")
        try:
            found.append(get(one, name, str(id)).body)
        except Refusal as no:
            if no.status != 404:
                raise
            found.append(None)
    return Answer(200, found)


def get(call: Call, name: str, id: str, tooling: bool = False) -> Answer:
    """`GET /sobjects/X/{id}`: one record, all columns or those named by `fields`."""
    entity = visible(call, name, tooling)
    row_id = wanted_id(entity, id)
    wanted = call.ask.one("fields")
    columns = [c.strip() for c in wanted.split(",")] if wanted else [c.name for c in entity.columns.values()]
    text = f"SELECT {', '.join(columns)} FROM {entity.name} WHERE Id = '{row_id}'"
    plan = soql.plan(text, call.caller, call.world.clock.now(), entity.api == "tooling")
    keys = call.store.column(plan.keys.text, plan.keys.values)
    if not keys:
        raise missing(call, row_id)
    row = call.store.rows(f"{plan.page} (?)", keys[:1])[0]
    return Answer(200, soql.record(plan, row, call.base))


def wanted_id(entity: Entity, id: str) -> str:
    """The 18-character id, checked to be one of this object's."""
    normal = ids.normal(id)
    if normal is None or not normal.startswith(entity.prefix):
        raise bad("MALFORMED_ID", f"{entity.name}: bad id {id}")
    return normal


def missing(call: Call, id: str) -> Exception:
    """What to say of a record that is not there: deleted here, or never known."""
    gone = call.store.scalar("SELECT 1 FROM _gone WHERE id = ?", [id])
    if gone and call.world.knobs["gone_is_cross_reference"]:
        return bad("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    refusal = not_found()
    if gone:
        refusal.code, refusal.message = "ENTITY_IS_DELETED", "entity is deleted"
    return refusal
