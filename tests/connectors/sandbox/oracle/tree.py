"""What a query means, written the same way whoever parsed it: our grammar or the oracle."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.salesforce import conditions, grammar
from connectors.sandbox.salesforce.errors import Refusal

Tree = Any


def ours(text: str) -> Tree | None:
    """How the pretend org reads a query; `None`: not at all."""
    try:
        query = grammar.parse(text)
    except Refusal:
        return None
    chosen = [_item(each) for each in query.items]
    if query.count_only:
        chosen.append("count()")
    if query.all_fields:
        chosen.append(query.all_fields)
    chosen += [_below(each) for each in query.children]
    return {
        "chosen": sorted(chosen, key=str),
        "from": query.entity.lower(),
        "where": _ours(query.where),
        "group": [_path(p) for p in query.group],
        "having": _ours(query.having),
        "order": [_ordering(o) for o in query.order],
        "limit": query.limit,
        "offset": query.offset,
    }


def _path(path: tuple[str, ...]) -> str:
    return ".".join(path).lower()


def _item(item: grammar.Item) -> str:
    said = f"{item.function}({_path(item.path)})" if item.function else _path(item.path)
    return f"{said} {item.alias.lower()}" if item.alias else said


def _below(children: grammar.Children) -> Tree:
    return {
        "chosen": sorted(map(_path, children.paths)),
        "from": children.relationship.lower(),
        "where": _ours(children.where),
        "order": [_ordering(o) for o in children.order],
        "limit": children.limit,
    }


def _ordering(ordering: grammar.Ordering) -> str:
    said = f"{ordering.function}({_path(ordering.path)})" if ordering.function else _path(ordering.path)
    return f"{said} {'desc' if ordering.descending else 'asc'}{' nulls last' if ordering.nulls_last else ''}"


def _ours(condition: grammar.Condition | None) -> Tree:
    if condition is None:
        return None
    if isinstance(condition, grammar.Joined):
        return _joined(condition.how, [_ours(part) for part in condition.parts])
    left = f"{condition.function}({_path(condition.path)})" if condition.function else _path(condition.path)
    value = condition.value
    if isinstance(value, grammar.SemiJoin):
        right: Tree = {"chosen": [_path(value.path)], "from": value.entity.lower(), "where": _ours(value.where)}
    elif isinstance(value, tuple):
        right = [_literal(each) for each in value]
    else:
        right = _literal(value)
    return [left, condition.operator, right]


def _literal(literal: grammar.Literal) -> str:
    if literal.kind == "string":
        return f"'{conditions.unescaped(literal.value, like=True)}'"
    if literal.kind == "range":
        word, n = literal.value
        return f"{word}:{n}".lower() if "_N_" in word else word.lower()
    return str(literal.value).lower().replace("+", "") if literal.kind == "number" else str(literal.value).lower()


def _joined(how: str, parts: list[Tree]) -> Tree:
    """`AND` within `AND` is one; so is `OR` within `OR`."""
    if how == "NOT":
        return ["NOT", parts]
    flat: list[Tree] = []
    for part in parts:
        flat += part[1] if isinstance(part, list) and part and part[0] == how and isinstance(part[1], list) else [part]
    return [how, flat]


def theirs(told: dict[str, Any]) -> Tree:
    """How the oracle reads a query."""
    return {
        "chosen": sorted((_field(f) for f in told["fields"]), key=str),
        "from": str(told["sObject"]).lower(),
        "where": _theirs(told.get("where")),
        "group": [_function(g) for g in told.get("groupBy") or []],
        "having": _theirs(told.get("having")),
        "order": [_key(o) for o in told.get("orderBy") or []],
        "limit": told.get("limit"),
        "offset": told.get("offset"),
    }


def _field(field: dict[str, Any]) -> Tree:
    if field["type"] == "FieldSubquery":
        below = field["subquery"]
        return {
            "chosen": sorted(_field(f) for f in below["fields"]),
            "from": below["relationshipName"].lower(),
            "where": _theirs(below.get("where")),
            "order": [_key(o) for o in below.get("orderBy") or []],
            "limit": below.get("limit"),
        }
    said = field.get("rawValue") or field["field"]
    return f"{said} {field['alias']}".lower() if field.get("alias") else str(said).lower()


def _function(at: dict[str, Any]) -> str:
    return str(at["fn"]["rawValue"] if "fn" in at else at["field"]).lower()


def _key(key: dict[str, Any]) -> str:
    down, last = key.get("order") == "DESC", key.get("nulls") == "LAST"
    return f"{_function(key)} {'desc' if down else 'asc'}{' nulls last' if last else ''}"


def _theirs(where: dict[str, Any] | None) -> Tree:
    """Their chain of tests with counted parentheses, as a tree."""
    if where is None:
        return None
    words = _words(where)
    return _either(words)


def _words(at: dict[str, Any] | None) -> list[Any]:
    made: list[Any] = []
    while at is not None:
        left = at.get("left")
        if left is not None:
            made += ["("] * left.get("openParen", 0)
            if "operator" in left:
                made.append(_one(left))
            made += [")"] * left.get("closeParen", 0)
        if at.get("operator"):
            made.append(str(at["operator"]).upper())
        at = at.get("right")
    return made


def _either(words: list[Any]) -> Tree:
    parts = [_both(words)]
    while words and words[0] == "OR":
        words.pop(0)
        parts.append(_both(words))
    return parts[0] if len(parts) == 1 else _joined("OR", parts)


def _both(words: list[Any]) -> Tree:
    parts = [_single(words)]
    while words and words[0] == "AND":
        words.pop(0)
        parts.append(_single(words))
    return parts[0] if len(parts) == 1 else _joined("AND", parts)


def _single(words: list[Any]) -> Tree:
    word = words.pop(0)
    if word == "NOT":
        return _joined("NOT", [_single(words)])
    if word == "(":
        inner = _either(words)
        words.pop(0)
        return inner
    return word


def _one(test: dict[str, Any]) -> Tree:
    operator = test["operator"].lower().replace("<>", "!=")
    if "valueQuery" in test:
        inner = test["valueQuery"]
        chosen = [_field(f) for f in inner["fields"]]
        right: Tree = {"chosen": chosen, "from": inner["sObject"].lower(), "where": _theirs(inner.get("where"))}
    elif isinstance(test["value"], list):
        right = [_value(each) for each in test["value"]]
    else:
        right = _value(test["value"])
    return [_function(test), operator, right]


def _value(text: str) -> str:
    if text.startswith("'"):
        return f"'{conditions.unescaped(text[1:-1], like=True)}'"
    said = text.lower()
    return {"true": "true", "false": "false", "null": "none"}.get(
        said, said.replace("+", "") if said[:1] == "+" else said
    )
