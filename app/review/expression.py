"""A readable expression over facts: `department = "Sales" and not privileged`, read, checked, and asked of one subject.

    expression   one of: a test · not … · … and … · … or … · ( … )
    test         privileged                       a fact that is true or false
                 department = "Sales"             also !=, and: in ("Sales", "Service"), not in (…)
                 privilege = "export"             of a fact with several values: it is among them
                 department is unknown            also: is known, no owner (nobody is known)

What is not known makes a test neither true nor false, as in SQL: `not (department = "Sales")` does not hold for somebody
of no known department. Who wants those asks for them: `department is unknown`. A word that is no fact is refused.
The set-wise twin is in `asking`; a property test proves that both agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.kit.refusal import Refusal, Refused

MOST = 2_000  # letters; who needs more wants several reviews
DEEPEST = 30  # brackets within brackets


class Sort(StrEnum):
    """What a fact can be asked for."""

    FLAG = "true or false"
    TEXT = "text"
    MANY = "several values"


@dataclass(frozen=True, slots=True)
class Flag:
    """A fact that is true or false, by itself."""

    word: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """Whether a fact is one of these values, or, of several values, has one of them."""

    word: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """Whether anything is known of a fact. Always answered."""

    word: str


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary."""

    of: Expression


@dataclass(frozen=True, slots=True)
class Both:
    """All of them hold."""

    of: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of them holds."""

    of: tuple[Expression, ...]


Expression = Flag | OneOf | Known | Not | Both | Either
_TOKEN = re.compile(r'\s*(?:(?P<text>"[^"]*")|(?P<sign>!=|[=(),])|(?P<word>[A-Za-z0-9_.@:+-]+))')
_KEPT = {"and", "or", "not", "in", "is", "known", "unknown", "no"}


def read(written: str, facts: Mapping[str, Sort]) -> Expression:
    """Read an expression over these facts, or raise Refused (422) naming the first thing that is not understood."""
    if len(written) > MOST:
        raise _no("it is too long", f"Use at most {MOST} letters.")
    tokens = list(_tokens(written))
    if not tokens:
        raise _no("it is empty", f"Known facts are {', '.join(sorted(facts))}.")
    reader = _Reader(tokens, facts)
    found = reader.either(0)
    reader.end()
    return found


def words(of: Expression) -> frozenset[str]:
    """The facts that an expression asks for."""
    if isinstance(of, Flag | OneOf | Known):
        return frozenset({of.word})
    return frozenset().union(*(words(part) for part in _parts(of)))


def values(of: Expression, word: str) -> frozenset[str]:
    """The values that an expression holds a fact against, wherever it does."""
    if isinstance(of, OneOf):
        return frozenset(of.values) if of.word == word else frozenset()
    return frozenset().union(*(values(part, word) for part in _parts(of)))


def holds(of: Expression, facts: Mapping[str, Any]) -> bool | None:
    """Whether it holds for one subject; None: something in it is not known. Several values are a list, tuple or set."""
    match of:
        case Flag(word):
            value = facts.get(word)
            return None if value is None else bool(value)
        case OneOf(word, values):
            return _one_of(facts.get(word), values)
        case Known(word):
            return facts.get(word) is not None
        case Not(inner):
            answer = holds(inner, facts)
            return None if answer is None else not answer
        case Both(parts):
            told = [holds(part, facts) for part in parts]
            return False if False in told else None if None in told else True
        case Either(parts):
            told = [holds(part, facts) for part in parts]
            return True if True in told else None if None in told else False


def written(of: Expression) -> str:
    """The expression in one spelling, with brackets where they are needed."""
    match of:
        case Flag(word):
            return word
        case OneOf(word, (value,)):
            return f"{word} = {_quoted(value)}"
        case OneOf(word, values):
            return f"{word} in ({', '.join(map(_quoted, values))})"
        case Known(word):
            return f"{word} is known"
        case Not(Known(word)):
            return f"{word} is unknown"
        case Not(inner):
            return f"not {_bracketed(inner)}"
        case Both(parts):
            return " and ".join(_bracketed(part) for part in parts)
        case Either(parts):
            return " or ".join(_bracketed(part) for part in parts)


def _quoted(value: str) -> str:
    if '"' in value:
        raise _no(f"{value} has a quotation mark in it", "Write the expression by another fact.")
    return f'"{value}"'


def _bracketed(of: Expression) -> str:
    return f"({written(of)})" if isinstance(of, Both | Either) else written(of)


def _parts(of: Expression) -> tuple[Expression, ...]:
    if isinstance(of, Not):
        return (of.of,)
    return of.of if isinstance(of, Both | Either) else ()


def _one_of(value: Any, values: Sequence[str]) -> bool | None:
    if value is None:
        return None
    if isinstance(value, list | tuple | set | frozenset):
        return any(str(each) in values for each in value)
    return str(value) in values


def _tokens(written: str) -> Iterator[str]:
    place = 0
    while written[place:].strip():
        found = _TOKEN.match(written, place)
        if found is None:
            raise _no(f"{written[place:].strip()[:20]!r} cannot be read", 'Write texts in quotation marks: "Sales".')
        yield found.group().strip()
        place = found.end()


class _Reader:
    """Reads the tokens from the left, one rule of the grammar to a function."""

    def __init__(self, tokens: Sequence[str], facts: Mapping[str, Sort]) -> None:
        self._tokens, self._place, self._facts = tokens, 0, facts

    def either(self, depth: int) -> Expression:
        parts = [self._both(depth)]
        while self._took("or"):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def end(self) -> None:
        if self._next() is not None:
            raise _no(f"nothing was expected after {self._before()}, and there is {self._next()}", "Join by and, or.")

    def _both(self, depth: int) -> Expression:
        parts = [self._one(depth)]
        while self._took("and"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _one(self, depth: int) -> Expression:
        if depth > DEEPEST:
            raise _no("its brackets are too deep", "Make it simpler.")
        if self._took("not"):
            return Not(self._one(depth + 1))
        if self._took("("):
            inner = self.either(depth + 1)
            self._expect(")")
            return inner
        if self._took("no"):
            return Not(Known(self._fact()))
        return self._test()

    def _test(self) -> Expression:
        word = self._fact()
        if self._took("is"):
            known = not self._took("not")
            if self._took("unknown"):
                known = not known
            else:
                self._expect("known")
            return Known(word) if known else Not(Known(word))
        if self._took("="):
            return self._asked(word, (self._value(),))
        if self._took("!="):
            return Not(self._asked(word, (self._value(),)))
        if self._took("in"):
            return self._asked(word, self._values())
        if self._next() == "not" and self._after() == "in":
            self._place += 2
            return Not(self._asked(word, self._values()))
        if self._facts[word] is Sort.TEXT:
            raise _no(f'"{word}" by itself says nothing', f'Say what it should be: {word} = "…", or {word} is known.')
        return Flag(word)

    def _asked(self, word: str, values: tuple[str, ...]) -> Expression:
        if self._facts[word] is Sort.FLAG:
            raise _no(f'"{word}" is true or false', f"Write {word}, or not {word}.")
        return OneOf(word, values)

    def _fact(self) -> str:
        word = self._next()
        if word is None or word in _KEPT or word not in self._facts:
            told = f"{word} is not a known fact" if word is not None else f"something is missing after {self._before()}"
            raise _no(told, f"Known are {', '.join(sorted(self._facts))}.")
        self._place += 1
        return word

    def _values(self) -> tuple[str, ...]:
        self._expect("(")
        found = [self._value()]
        while self._took(","):
            found.append(self._value())
        self._expect(")")
        return tuple(dict.fromkeys(found))

    def _value(self) -> str:
        token = self._next()
        if token is None or token in ("(", ")", ",", "=", "!="):
            raise _no(f"a value is missing after {self._before()}", 'Write it in quotation marks: "Sales".')
        self._place += 1
        return token.strip('"')

    def _took(self, token: str) -> bool:
        if self._next() != token:
            return False
        self._place += 1
        return True

    def _expect(self, token: str) -> None:
        if not self._took(token):
            raise _no(f'"{token}" is missing after {self._before()}', "Complete it.")

    def _next(self) -> str | None:
        return self._tokens[self._place] if self._place < len(self._tokens) else None

    def _after(self) -> str | None:
        return self._tokens[self._place + 1] if self._place + 1 < len(self._tokens) else None

    def _before(self) -> str:
        return self._tokens[self._place - 1] if self._place else "the beginning"


def _no(reason: str, way_out: str) -> Refused:
    return Refused(Refusal("bad_expression", f"This expression is not understood: {reason}.", way_out, status=422))
