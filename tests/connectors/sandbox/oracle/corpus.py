"""Queries invented from a seed: some right, some with a word missing, doubled, swapped or misspelled."""

from __future__ import annotations

import random

FIELDS = ("Id", "Name", "Email", "IsActive", "CreatedDate", "Profile.Name", "Profile.UserLicense.Name", "UserRole.Name")
DATES = ("TODAY", "YESTERDAY", "LAST_N_DAYS:30", "LAST_MONTH", "NEXT_N_WEEKS:2", "THIS_YEAR", "2026-01-02T03:04:05Z")
TEXTS = ("'x'", "'O\\'Brien'", "'50%'", "'a_b'", "''", "'line\\nbreak'", "'back\\\\slash'", "'Zoë'")
CHILDREN = ("PermissionSetAssignments", "ManagedUsers", "UserLogins")
EXTRAS = ("FROM", "WHERE", "AND", ",", "(", ")", "'", "LIKE", "NOT", "ORDER BY", "LIMIT", "=", "Id Id", "GROUP BY", ";")


def query(rng: random.Random) -> str:
    """One query that means to be right."""
    kind = rng.random()
    if kind < 0.12:
        return f"SELECT COUNT() FROM User{_where(rng, 0.8)}{_limit(rng)}"
    if kind < 0.3:
        return _grouped(rng)
    chosen = rng.sample(FIELDS, rng.randint(1, 5))
    if rng.random() < 0.2:
        inner = f"SELECT Id{', AssigneeId' if rng.random() < 0.5 else ''} FROM {rng.choice(CHILDREN)}"
        chosen.append(f"({inner}{_where(rng, 0.3)}{_order(rng, 0.3)}{' LIMIT 3' if rng.random() < 0.5 else ''})")
    tail = " FOR VIEW" if rng.random() < 0.05 else " FOR REFERENCE" if rng.random() < 0.05 else ""
    space = "  " if rng.random() < 0.1 else " "
    said = f"SELECT{space}{', '.join(chosen)}{space}FROM User{_where(rng, 0.75)}{_order(rng, 0.5)}{_limit(rng)}{tail}"
    return said.lower() if rng.random() < 0.05 and "'" not in said and "T0" not in said else said


def _grouped(rng: random.Random) -> str:
    call = rng.choice(
        ("COUNT(Id)", "COUNT(Id) c", "MAX(CreatedDate)", "MIN(CreatedDate) earliest", "COUNT_DISTINCT(Email)")
    )
    having = f" HAVING COUNT(Id) > {rng.randint(1, 9)}" if rng.random() < 0.4 else ""
    order = f" ORDER BY {rng.choice(('COUNT(Id) DESC', 'Department', 'Department DESC NULLS LAST'))}"
    said = f"SELECT Department, {call} FROM User{_where(rng, 0.5)} GROUP BY Department{having}"
    return said + (order if rng.random() < 0.5 else "")


def _where(rng: random.Random, share: float) -> str:
    return f" WHERE {_condition(rng, 2)}" if rng.random() < share else ""


def _condition(rng: random.Random, depth: int) -> str:
    if depth == 0 or rng.random() < 0.45:
        return _test(rng)
    if rng.random() < 0.2:
        return f"NOT ({_condition(rng, depth - 1)})" if rng.random() < 0.6 else f"NOT {_test(rng)}"
    word = rng.choice((" AND ", " OR "))
    parts = [_test(rng) if rng.random() < 0.6 else f"({_condition(rng, depth - 1)})" for _ in range(rng.randint(2, 3))]
    return word.join(parts)


def _test(rng: random.Random) -> str:
    return rng.choice(
        (
            lambda: f"Name {rng.choice(('=', '!=', '<', '>=', 'LIKE'))} {rng.choice(TEXTS)}",
            lambda: f"IsActive = {rng.choice(('true', 'FALSE', 'True'))}",
            lambda: f"CreatedDate {rng.choice(('<', '>', '<=', '>=', '='))} {rng.choice(DATES)}",
            lambda: f"Email {rng.choice(('=', '!='))} null",
            lambda: f"Name {rng.choice(('IN', 'NOT IN'))} ({', '.join(rng.sample(TEXTS, rng.randint(1, 3)))})",
            lambda: "Id IN (SELECT AssigneeId FROM PermissionSetAssignment WHERE IsActive = true)",
            lambda: "Id NOT IN (SELECT UserId FROM UserLogin)",
            lambda: f"NumberOfFailedLogins {rng.choice(('=', '>', '!='))} {rng.choice(('0', '3', '-1', '+2'))}",
            lambda: "Profile.Name = 'Standard User'",
        )
    )()


def _order(rng: random.Random, share: float) -> str:
    if rng.random() > share:
        return ""
    keys = [
        f"{f}{rng.choice(('', ' ASC', ' DESC'))}{rng.choice(('', '', ' NULLS FIRST', ' NULLS LAST'))}"
        for f in rng.sample(FIELDS[:5], 2)
    ]
    return f" ORDER BY {', '.join(keys[: rng.randint(1, 2)])}"


def _limit(rng: random.Random) -> str:
    return f" LIMIT {rng.randint(1, 200)}{' OFFSET 5' if rng.random() < 0.2 else ''}" if rng.random() < 0.5 else ""


def broken(rng: random.Random, said: str) -> str:
    """The same query with one mistake in it, which may by chance be none."""
    words = said.split(" ")
    at = rng.randrange(len(words))
    how = rng.randrange(5)
    if how == 0:
        del words[at]
    elif how == 1:
        words.insert(at, rng.choice(EXTRAS))
    elif how == 2:
        other = rng.randrange(len(words))
        words[at], words[other] = words[other], words[at]
    elif how == 3:
        words[at] = words[at][:-1]
    else:
        words[at] = words[at] + words[at]
    return " ".join(words)


def queries(seed: int, count: int) -> list[str]:
    """So many queries, half of them broken."""
    rng = random.Random(f"soql:{seed}")
    made = [query(rng) for _ in range(count // 2)]
    return [*made, *(broken(rng, rng.choice(made)) for _ in range(count - len(made)))]
