"""A SOQL query, made into SQL over what this caller may see, and its rows made into Salesforce's records."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors.sandbox.salesforce import grammar, moments, schema
from connectors.sandbox.salesforce.conditions import Sql, Surroundings, aggregated, condition, joined
from connectors.sandbox.salesforce.errors import bad, malformed, no_column, no_type
from connectors.sandbox.salesforce.grammar import Children, Ordering, Query, SemiJoin
from connectors.sandbox.salesforce.rights import Caller, may_see
from connectors.sandbox.salesforce.schema import Column, Entity

KEPT_FOR = {"LoginHistory": ("LoginTime", timedelta(days=180)), "SetupAuditTrail": ("CreatedDate", timedelta(days=180))}
IN_TOOLING_TOO = frozenset({"User", "Profile", "PermissionSet"})
GREATEST_OFFSET, FIELDS_ALL_LIMIT = 2000, 200


@dataclass
class _Joins:
    """The tables a query walks over, by the path that leads to each."""

    entity: Entity
    caller: Caller
    mark: str = "t"
    alias: str | None = None
    seen: dict[tuple[str, ...], tuple[str, Entity]] = field(default_factory=dict)
    sql: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.seen[()] = (f"{self.mark}0", self.entity)
        self.sql.append(f'"{self.entity.name}" {self.mark}0')

    def walk(self, path: tuple[str, ...]) -> tuple[str, Entity]:
        """The alias and object at the end of a path of relationships. Refuses one that is not there or not seen."""
        known = tuple(p.lower() for p in path)
        if known in self.seen:
            return self.seen[known]
        alias, entity = self.walk(path[:-1])
        column = next((c for c in entity.columns.values() if (c.relationship or "").lower() == known[-1]), None)
        if column is None or not may_see(schema.target(column), self.caller):
            raise bad(
                "INVALID_FIELD",
                f"Didn't understand relationship '{path[-1]}' in field path. If you are attempting to use a custom "
                "relationship, be sure to append the '__r' after the custom relationship name. Please reference your "
                "WSDL or the describe call for the appropriate names.",
            )
        there = f"{self.mark}{len(self.seen)}"
        self.sql.append(f'LEFT JOIN "{schema.target(column).name}" {there} ON {there}."Id" = {alias}."{column.name}"')
        self.seen[known] = (there, schema.target(column))
        return self.seen[known]

    def resolve(self, path: tuple[str, ...]) -> tuple[str, Column]:
        """The SQL expression and the column of a path. `User.Id` may repeat the object's own name."""
        path = self.below(path)
        alias, entity = self.walk(path[:-1])
        column = entity.column(path[-1])
        if column is None:
            raise no_column(path[-1], entity.name)
        if entity.name == "OauthToken" and column.name == "Id":
            return "NULL", column  # documented: reserved, always null
        return f'{alias}."{column.name}"', column

    def below(self, path: tuple[str, ...]) -> tuple[str, ...]:
        """The path without the object's own name in front."""
        known = {self.entity.name.lower(), (self.alias or self.entity.name).lower()}
        return path[1:] if len(path) > 1 and path[0].lower() in known else path

    def spelled(self, path: tuple[str, ...]) -> tuple[str, ...]:
        """The path as the schema spells it."""
        path = self.below(path)
        steps, entity = [], self.entity
        for step in path[:-1]:
            column = next(c for c in entity.columns.values() if (c.relationship or "").lower() == step.lower())
            steps.append(column.relationship or "")
            entity = schema.target(column)
        found = entity.column(path[-1])
        return (*steps, found.name if found else path[-1])


@dataclass(frozen=True)
class Output:
    """One value of a record: where in the record, where in the row, and how it is written."""

    path: tuple[str, ...]
    column: Column
    at: int


NOTHING = Sql("SELECT 0 WHERE 0")
PARENT = object()  # among the values of a query for children: the id they hang below


@dataclass(frozen=True)
class Plan:
    """What to run. `keys` finds the rows, `page` reads some of them; an aggregate or a count has its own statement."""

    entity: Entity
    keys: Sql = NOTHING
    page: str = ""
    outputs: tuple[Output, ...] = ()
    parents: tuple[tuple[tuple[str, ...], str, int], ...] = ()
    count: Sql | None = None
    aggregate: Sql | None = None
    names: tuple[tuple[str, Column | None], ...] = ()
    children: tuple[tuple[str, "Plan"], ...] = ()  # relationship, and the query for what hangs below one record


def plan(text: str, caller: Caller, now: datetime, tooling: bool = False) -> Plan:
    """Read and check a query and say what to run. Refuses as Salesforce does, and before anything is run."""
    query = grammar.parse(text)
    entity = _entity(query.entity, caller, text, tooling)
    joins = _Joins(entity, caller, alias=query.alias)
    around = Surroundings(joins.resolve, lambda join: _inner(join, caller, now), now)
    paths = _selected(query, entity)
    functions = [i for i in query.items if i.function]
    outputs = None if functions or query.group or query.count_only else _outputs(joins, paths)
    filters = [_scope(entity, caller, now, "t0")]
    if query.where is not None:
        filters.append(condition(query.where, around))
    where = joined(filters)
    if outputs is None and not query.count_only:
        if query.children:
            raise malformed("a query that aggregates cannot select child rows")
        return _aggregate(query, joins, where, around)
    order = _order(query, joins)
    cut = _cut(query)
    tables = " ".join(joins.sql)
    if query.count_only:
        inner = f"SELECT 1 FROM {tables} WHERE {where.text}{cut}"
        return Plan(entity, count=Sql(f"SELECT COUNT(*) FROM ({inner})", where.values))
    columns, found, parents = outputs or ([], (), ())
    page = f"SELECT t0.rowid, {', '.join(columns)} FROM {tables} WHERE t0.rowid IN "
    keys = Sql(f"SELECT t0.rowid FROM {tables} WHERE {where.text}{order}{cut}", where.values)
    children = tuple(_children(entity, each, caller, now) for each in query.children)
    return Plan(entity, keys, page, found, parents, children=children)


def _children(parent: Entity, wish: Children, caller: Caller, now: datetime) -> tuple[str, Plan]:
    """The query for what hangs below one record by a relationship."""
    known = parent.children.get(wish.relationship.lower())
    entity = schema.ENTITIES[known[1].lower()] if known else None
    if known is None or entity is None or not may_see(entity, caller):
        raise bad("INVALID_TYPE", f"Didn't understand relationship '{wish.relationship}' in FROM part of query call.")
    joins = _Joins(entity, caller)

    def inner(join: SemiJoin) -> Sql:
        return _inner(join, caller, now)

    columns, outputs, parents = _outputs(joins, list(wish.paths))
    filters = [_scope(entity, caller, now, "t0")]
    if wish.where is not None:
        filters.append(condition(wish.where, Surroundings(joins.resolve, inner, now)))
    filters.append(Sql(f't0."{known[2]}" = ?', (PARENT,)))
    where, tables = joined(filters), " ".join(joins.sql)
    query = Query((), entity.name, wish.where, (), wish.order, wish.limit, None, False, None)
    order, cut = _order(query, joins), _cut(query)
    tables = " ".join(joins.sql)
    keys = Sql(f"SELECT t0.rowid FROM {tables} WHERE {where.text}{order}{cut}", where.values)
    page = f"SELECT t0.rowid, {', '.join(columns)} FROM {tables} WHERE t0.rowid IN "
    return known[0], Plan(entity, keys, page, outputs, parents)


def _entity(name: str, caller: Caller, text: str, tooling: bool) -> Entity:
    entity = schema.entity(name)
    column = text.lower().find(name.lower(), text.lower().find("from")) + 1
    where = grammar.where_it_is(text, 1, column)
    if entity is None or not may_see(entity, caller):
        raise no_type(name, where)
    if (entity.api == "tooling") != tooling and not (tooling and entity.name in IN_TOOLING_TOO):
        raise no_type(name, where)
    return entity


def _selected(query: Query, entity: Entity) -> list[tuple[str, ...]]:
    """The paths to read. FIELDS() stands for columns; a column twice is refused."""
    if query.all_fields:
        if query.all_fields != "fields(standard)" and (query.limit is None or query.limit > FIELDS_ALL_LIMIT):
            raise malformed("The SOQL FIELDS function must have a LIMIT of at most 200")
        fields = [] if query.all_fields == "fields(custom)" else [(c.name,) for c in entity.columns.values()]
        return fields + [i.path for i in query.items]
    paths = [i.path for i in query.items if not i.function]
    seen: set[tuple[str, ...]] = set()
    for path in paths:
        folded = tuple(p.lower() for p in path)
        if folded in seen:
            raise malformed(f"duplicate field selected: {'.'.join(path)}")
        seen.add(folded)
    return paths


def _outputs(joins: _Joins, paths: list[tuple[str, ...]]) -> tuple[list[str], tuple[Output, ...], Any]:
    """The columns to select: each parent's id first, so that a missing parent is null and not an object of nulls."""
    columns, outputs = list[str](), list[Output]()
    for path in paths:
        expression, column = joins.resolve(path)
        outputs.append(Output(joins.spelled(path), column, len(columns) + 1))
        columns.append(expression)
    parents = []
    walked = {o.path[:n] for o in outputs for n in range(1, len(o.path))}
    for steps in sorted(walked, key=len):
        alias, entity = joins.walk(steps)
        parents.append((steps, entity.name, len(columns) + 1))
        columns += [f'{alias}."Id"', f'{alias}."Type"' if entity.name == "Name" else f"'{entity.name}'"]
    columns.append('t0."Id"')
    return columns, tuple(outputs), tuple(parents)


def _scope(entity: Entity, caller: Caller, now: datetime, alias: str) -> Sql:
    """What is there at all for this caller: own rows where rights are missing, and nothing older than is kept."""
    parts = []
    if entity.own and not caller.holds_any(entity.needs):
        parts.append(Sql(f'{alias}."{entity.owner_column()}" = ?', (caller.id,)))
    if entity.name in KEPT_FOR:
        column, age = KEPT_FOR[entity.name]
        parts.append(Sql(f'{alias}."{column}" >= ?', (moments.written(now - age),)))
    return joined(parts)


def _inner(join: SemiJoin, caller: Caller, now: datetime) -> Sql:
    entity = _entity(join.entity, caller, join.entity, tooling=False)
    joins = _Joins(entity, caller, mark="s")

    def nested(_: SemiJoin) -> Sql:
        raise malformed("Nesting of semi join sub-selects is not supported")

    expression, column = joins.resolve(join.path)
    if column.type not in {"id", "reference"}:
        raise malformed(f"Semi join sub-selects can only query id fields, cannot use: '{column.name}'")
    parts = [_scope(entity, caller, now, "s0"), Sql(f"{expression} IS NOT NULL")]
    if join.where is not None:
        parts.append(condition(join.where, Surroundings(joins.resolve, nested, now)))
    where = joined(parts)
    return Sql(f"SELECT {expression} FROM {' '.join(joins.sql)} WHERE {where.text}", where.values)


def _order(query: Query, joins: _Joins) -> str:
    keys = []
    for ordering in query.order:
        if ordering.function:
            raise malformed("ORDER BY an aggregate needs a GROUP BY")
        expression, _ = joins.resolve(ordering.path)
        nulls = "LAST" if ordering.nulls_last else "FIRST"  # SOQL's default either way
        keys.append(f"{expression} {'DESC' if ordering.descending else 'ASC'} NULLS {nulls}")
    return f" ORDER BY {', '.join(keys)}" if keys else " ORDER BY t0.rowid"


def _cut(query: Query) -> str:
    if (query.limit or 0) < 0 or (query.offset or 0) < 0:
        raise malformed("LIMIT and OFFSET must not be negative")
    if (query.offset or 0) > GREATEST_OFFSET:
        raise bad("NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {GREATEST_OFFSET}")
    if query.limit is None and not query.offset:
        return ""
    return f" LIMIT {-1 if query.limit is None else query.limit} OFFSET {query.offset or 0}"


def _aggregate(query: Query, joins: _Joins, where: Sql, around: Surroundings) -> Plan:
    grouped = {tuple(p.lower() for p in path) for path in query.group}
    columns, names = list[str](), list[tuple[str, Column | None]]()
    unnamed = 0
    for item in query.items:
        expression, column = joins.resolve(item.path)
        if item.function is None:
            if tuple(p.lower() for p in item.path) not in grouped:
                raise malformed(f"Field must be grouped or aggregated: {'.'.join(item.path)}")
            columns.append(expression)
            names.append((column.name, column))
            continue
        name = item.alias
        if name is None:
            name, unnamed = f"expr{unnamed}", unnamed + 1
        columns.append(aggregated(item.function, expression, column)[0])
        names.append((name, column if item.function in {"max", "min"} else None))
    keys = [joins.resolve(path)[0] for path in query.group]
    order = [f"{_key(o, joins, grouped)} {'DESC' if o.descending else 'ASC'}" for o in query.order]
    having = condition(query.having, around, top=False) if query.having is not None else Sql("")
    text = f"SELECT {', '.join(columns)} FROM {' '.join(joins.sql)} WHERE {where.text}"
    text += f" GROUP BY {', '.join(keys)}" if keys else ""
    text += f" HAVING {having.text}" if having.text else ""
    text += f" ORDER BY {', '.join(order)}" if order else ""
    return Plan(joins.entity, aggregate=Sql(text + _cut(query), where.values + having.values), names=tuple(names))


def _key(ordering: Ordering, joins: _Joins, grouped: set[tuple[str, ...]]) -> str:
    """What an aggregate query is ordered by: something grouped, or an aggregate."""
    expression, column = joins.resolve(ordering.path)
    if ordering.function is not None:
        return aggregated(ordering.function, expression, column)[0]
    if tuple(p.lower() for p in ordering.path) not in grouped:
        raise malformed(f"Ordered field must be grouped or aggregated: {'.'.join(ordering.path)}")
    return expression


def record(found: Plan, row: sqlite3.Row | Sequence[Any], base: str) -> dict[str, Any]:
    """One row as a record: attributes, values, and parents as objects of the same shape or null."""
    made: dict[str, Any] = {
        "attributes": {"type": found.entity.name, "url": f"{base}/sobjects/{found.entity.name}/{row[-1]}"}
    }
    places: dict[tuple[str, ...], dict[str, Any] | None] = {(): made}
    heads = {steps: (name, at) for steps, name, at in found.parents}
    for output in found.outputs:
        for n in range(1, len(output.path)):
            steps = output.path[:n]
            if steps in places:
                continue
            name, at = heads[steps]
            above = places[steps[:-1]]
            url = f"{base}/sobjects/{row[at + 1]}/{row[at]}"
            here = None if above is None or row[at] is None else {"attributes": {"type": name, "url": url}}
            places[steps] = here
            if above is not None:
                above[steps[-1]] = here
        place = places[output.path[:-1]]
        if place is not None:
            place[output.path[-1]] = shown(output.column, row[output.at])
    return made


def shown(column: Column | None, value: Any) -> Any:
    """A stored value as the API writes it: a checkbox is never null."""
    return bool(value) if column is not None and column.type == "boolean" else value
