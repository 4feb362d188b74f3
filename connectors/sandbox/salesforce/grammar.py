"""SOQL, read by a real grammar: what it does not know is refused, never skipped.

A query that silently loses a clause reads the wrong rows and looks complete. So the grammar is the whole of what is
understood; the rest answers MALFORMED_QUERY with the place where it stopped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedInput, UnexpectedToken
from lark.exceptions import VisitError

from connectors.sandbox.names import words
from connectors.sandbox.salesforce.errors import Refusal, malformed

GRAMMAR = r"""
query: SELECT selection FROM NAME [alias] [where] [group] [having] [order] [limit] [offset] [note]
alias: [AS] NAME
note: FOR NOTED
selection: item ("," item)*
item: path                                  -> field
    | COUNT "(" ")"                         -> count_rows
    | FUNCTION "(" path ")" [NAME]          -> aggregate
    | COUNT "(" path ")" [NAME]             -> aggregate
    | FIELDS "(" FIELD_KIND ")"             -> fields
    | "(" SELECT below FROM NAME [where] [order] [limit] ")" -> children
below: path ("," path)*
path: NAME ("." NAME)*
where: WHERE condition
?condition: unary
    | unary (AND unary)+                    -> all_of
    | unary (OR unary)+                     -> any_of
?unary: NOT unary                           -> negated
    | "(" condition ")"
    | comparison
comparison: operand OPERATOR value          -> compared
    | operand LIKE string                   -> like
    | operand IN set                        -> within
    | operand NOT IN set                    -> without
operand: path | aggregate_of
aggregate_of: (FUNCTION | COUNT) "(" path ")"
having: HAVING condition
?set: "(" value ("," value)* ")"            -> values
    | "(" SELECT path FROM NAME [where] ")" -> semi_join
?value: string | number | TRUE -> true | FALSE -> false | NULL -> null | DATETIME -> instant | DATE -> day | date_literal
date_literal: DATE_WORD [":" INTEGER]
string: STRING
number: INTEGER | DECIMAL
group: GROUP BY path ("," path)*
order: ORDER BY ordering ("," ordering)*
ordering: operand [DIRECTION] [NULLS_WHERE]
limit: LIMIT INTEGER
offset: OFFSET INTEGER

AS.3: /as(?!\w)/i
FOR.3: /for(?=\s+(view|reference)\s*$)/i
NOTED.3: /(view|reference)(?=\s*$)/i
HAVING.3: /having(?!\w)/i
SELECT.3: /select(?!\w)/i
FROM.3: /from(?!\w)/i
WHERE.3: /where(?!\w)/i
GROUP.3: /group(?=\s+by\s)/i
ORDER.3: /order(?=\s+by\s)/i
BY.3: /by(?!\w)/i
AND.3: /and(?!\w)/i
OR.3: /or(?!\w)/i
NOT.3: /not(?!\w)/i
IN.3: /in(?!\w)/i
LIKE.3: /like(?!\w)/i
LIMIT.3: /limit(?=\s+[\d-])/i
OFFSET.3: /offset(?=\s+[\d-])/i
TRUE.3: /true(?!\w)/i
FALSE.3: /false(?!\w)/i
NULL.3: /null(?!\w)/i
COUNT.3: /count(?=\s*\()/i
FUNCTION.3: /(count_distinct|max|min|sum|avg)(?=\s*\()/i
FIELDS.3: /fields(?=\s*\()/i
FIELD_KIND.3: /(all|standard|custom)(?!\w)/i
DIRECTION.3: /(asc|desc)(?!\w)/i
NULLS_WHERE.3: /nulls\s+(first|last)(?!\w)/i
DATE_WORD.2: /((to|yester)day|tomorrow|(last|next)_(n_(day|week|month|year)s|90_days)|(last|this|next)_(week|month|year))/i
OPERATOR: "!=" | "<>" | "<=" | ">=" | "=" | "<" | ">"
NAME: /[a-z][a-z0-9_]*/i
STRING: /'(?:[^'\\]|\\.)*'/
DATETIME.4: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?(?:Z|[+-]\d\d:?\d\d)/i
DATE.3: /\d{4}-\d\d-\d\d/
DECIMAL.2: /[+-]?\d+\.\d+/
INTEGER: /[+-]?(0|[1-9]\d*)(?![\d\w])/
%import common.WS
%ignore WS
"""


# Words that name nothing, wherever they stand; an object may be called Group.
RESERVED = frozenset(
    words(
        "and asc desc excludes first from group having in includes last like limit not null nulls or select using "
        "where with"
    )
)


@dataclass(frozen=True)
class Literal:
    """A value written in a query. `kind`: string, number, boolean, null, datetime, date, range (a date literal)."""

    kind: str
    value: Any


@dataclass(frozen=True)
class Item:
    """One thing selected: a path, possibly under a function."""

    path: tuple[str, ...]
    function: str | None = None
    alias: str | None = None


@dataclass(frozen=True)
class Test:
    """`path operator value`. The operator is one of = != < <= > >= like in not-in."""

    path: tuple[str, ...]
    operator: str
    value: "Literal | tuple[Literal, ...] | SemiJoin"
    function: str | None = None  # only in HAVING

    __test__ = False  # no test, whatever pytest may think of the name


@dataclass(frozen=True)
class Joined:
    """Conditions under `AND`, `OR` or `NOT`."""

    how: str
    parts: tuple["Condition", ...]


Condition = Test | Joined


@dataclass(frozen=True)
class SemiJoin:
    """`(SELECT path FROM entity WHERE …)`."""

    path: tuple[str, ...]
    entity: str
    where: Condition | None


@dataclass(frozen=True)
class Ordering:
    """One sort key."""

    path: tuple[str, ...]
    descending: bool
    nulls_last: bool
    function: str | None = None


@dataclass(frozen=True)
class Children:
    """`(SELECT … FROM relationship …)` among what is selected."""

    paths: tuple[tuple[str, ...], ...]
    relationship: str
    where: Condition | None
    order: tuple[Ordering, ...]
    limit: int | None


@dataclass(frozen=True)
class Query:
    """A whole query. `limit` and `offset` are `None` when not said."""

    items: tuple[Item, ...]
    entity: str
    where: Condition | None
    group: tuple[tuple[str, ...], ...]
    order: tuple[Ordering, ...]
    limit: int | None
    offset: int | None
    count_only: bool
    all_fields: str | None
    alias: str | None = None
    having: Condition | None = None
    children: tuple[Children, ...] = ()


class _Build(Transformer[Token, Query]):
    """From the parse tree to the frozen values above."""

    def path(self, parts: list[Token]) -> tuple[str, ...]:
        return (*map(_object, parts[:-1]), _named(parts[-1]))  # a relationship may be called Group

    def field(self, parts: list[Any]) -> Item:
        return Item(parts[0])

    def count_rows(self, parts: list[Any]) -> Item:
        return Item((), "count()")

    def aggregate(self, parts: list[Any]) -> Item:
        return Item(parts[1], str(parts[0]).lower(), _named(parts[2]) if parts[2] else None)

    def fields(self, parts: list[Any]) -> Item:
        return Item((), f"fields({str(parts[1]).lower()})")

    def below(self, parts: list[Any]) -> tuple[Any, ...]:
        return tuple(parts)

    def children(self, parts: list[Any]) -> Children:
        _, paths, _, relationship, where, order, limit = parts
        return Children(paths, _named(relationship), where, order or (), limit)

    def alias(self, parts: list[Any]) -> str:
        return _named(parts[1])

    def aggregate_of(self, parts: list[Any]) -> Item:
        return Item(parts[1], str(parts[0]).lower())

    def operand(self, parts: list[Any]) -> Item:
        return parts[0] if isinstance(parts[0], Item) else Item(parts[0])

    def having(self, parts: list[Any]) -> Condition:
        condition: Condition = parts[1]
        return condition

    def selection(self, parts: list[Item]) -> tuple[Item, ...]:
        return tuple(parts)

    def string(self, parts: list[Token]) -> Literal:
        return Literal("string", str(parts[0])[1:-1])  # still escaped: LIKE and = read the escapes differently

    def number(self, parts: list[Token]) -> Literal:
        text = str(parts[0])
        return Literal("number", float(text) if "." in text else int(text))

    def true(self, parts: list[Any]) -> Literal:
        return Literal("boolean", True)

    def false(self, parts: list[Any]) -> Literal:
        return Literal("boolean", False)

    def null(self, parts: list[Any]) -> Literal:
        return Literal("null", None)

    def instant(self, parts: list[Token]) -> Literal:
        return Literal("datetime", str(parts[0]))

    def day(self, parts: list[Token]) -> Literal:
        return Literal("date", str(parts[0]))

    def date_literal(self, parts: list[Any]) -> Literal:
        word, n = str(parts[0]).upper(), parts[1]
        if ("_N_" in word) != (n is not None):
            raise malformed(f"unexpected token: '{word}'")
        return Literal("range", (word, int(n) if n is not None else 0))

    def values(self, parts: list[Literal]) -> tuple[Literal, ...]:
        return tuple(parts)

    def semi_join(self, parts: list[Any]) -> SemiJoin:
        return SemiJoin(parts[1], _object(parts[3]), parts[4])

    def compared(self, parts: list[Any]) -> Test:
        return _test(parts[0], "!=" if parts[1] == "<>" else str(parts[1]), parts[2])

    def like(self, parts: list[Any]) -> Test:
        return _test(parts[0], "like", parts[2])

    def within(self, parts: list[Any]) -> Test:
        return _test(parts[0], "in", _as_set(parts[2]))

    def without(self, parts: list[Any]) -> Test:
        return _test(parts[0], "not in", _as_set(parts[3]))

    def negated(self, parts: list[Any]) -> Joined:
        return Joined("NOT", (parts[1],))

    def all_of(self, parts: list[Any]) -> Joined:
        return Joined("AND", tuple(p for p in parts if not isinstance(p, Token)))

    def any_of(self, parts: list[Any]) -> Joined:
        return Joined("OR", tuple(p for p in parts if not isinstance(p, Token)))

    def where(self, parts: list[Any]) -> Condition:
        condition: Condition = parts[1]
        if _aggregates(condition):
            raise malformed("Aggregate functions are not allowed in WHERE; use HAVING")
        return condition

    def group(self, parts: list[Any]) -> tuple[tuple[str, ...], ...]:
        return tuple(parts[2:])

    def order(self, parts: list[Any]) -> tuple[Ordering, ...]:
        return tuple(parts[2:])

    def ordering(self, parts: list[Any]) -> Ordering:
        nulls = str(parts[2] or "").lower()
        return Ordering(parts[0].path, str(parts[1] or "").lower() == "desc", nulls.endswith("last"), parts[0].function)

    def limit(self, parts: list[Token]) -> int:
        return int(parts[1])

    def offset(self, parts: list[Token]) -> int:
        return int(parts[1])

    def query(self, parts: list[Any]) -> Query:
        _, chosen, _, entity, alias, where, group, having, order, limit, offset, _ = parts
        children = tuple(i for i in chosen if isinstance(i, Children))
        items = [i for i in chosen if not isinstance(i, Children)]
        if having is not None and not group:
            raise malformed("HAVING needs a GROUP BY")
        counts = [i for i in items if i.function == "count()"]
        if counts and len(chosen) > 1:
            raise malformed("Grouped field should not be aggregated: COUNT() stands alone")
        fields = next((i.function for i in items if i.function and i.function.startswith("fields(")), None)
        kept = tuple(i for i in items if not (i.function and i.function.endswith(")")))
        return Query(
            kept,
            _object(entity),
            where,
            group or (),
            order or (),
            limit,
            offset,
            bool(counts),
            fields,
            alias,
            having,
            children,
        )


def _named(word: Token) -> str:
    if word.lower() in RESERVED:
        raise malformed(f"unexpected token: '{word}'")
    return str(word)


def _object(word: Token) -> str:
    return str(word) if word.lower() == "group" else _named(word)


def _test(operand: Item, operator: str, value: Any) -> Test:
    return Test(operand.path, operator, value, operand.function)


def _aggregates(condition: Condition) -> bool:
    if isinstance(condition, Test):
        return condition.function is not None
    return any(map(_aggregates, condition.parts))


def _as_set(value: Any) -> "tuple[Literal, ...] | SemiJoin":
    return value if isinstance(value, (tuple, SemiJoin)) else (value,)


_PARSER = Lark(GRAMMAR, start="query", parser="lalr", maybe_placeholders=True)


def parse(text: str) -> Query:
    """Read a query. Refuses with MALFORMED_QUERY whatever is not understood to its end."""
    try:
        tree = _PARSER.parse(text)
    except UnexpectedInput as wrong:
        raise _refuse(text, wrong) from None
    try:
        return _Build().transform(tree)
    except VisitError as wrong:  # lark wraps what its callbacks raise
        raise wrong.orig_exc from None


def where_it_is(text: str, line: int, column: int) -> str:
    """The lines with which Salesforce points into a query."""
    written = (text.splitlines() or [""])[line - 1 : line] or [""]
    return f"\n{written[0]}\n{' ' * max(0, column - 1)}^\nERROR at Row:{line}:Column:{column}\n"


def _refuse(text: str, wrong: UnexpectedInput) -> Refusal:
    line, column = wrong.line, wrong.column
    if isinstance(wrong, UnexpectedToken) and wrong.token.type == "$END":
        return malformed(f"{where_it_is(text, 1, len(text) + 1)}unexpected token: '<EOF>'")
    rest: Sequence[str] = text[getattr(wrong, "pos_in_stream", 0) or 0 :].split()
    return malformed(f"{where_it_is(text, line, column)}unexpected token: '{rest[0] if rest else '<EOF>'}'")
