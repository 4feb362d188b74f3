"""Whether whose word a review opened by, and whose signature is under it, is the same on the cover as in the log."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from app.ledger import jcs, tree


@dataclass(slots=True)
class Counting:
    """The packet's items, counted as a control owner accepted them."""

    items: dict[str, dict[str, int]] = field(default_factory=dict)
    privileged: int = 0
    of_nobody: int = 0
    _people: set[int] = field(default_factory=set)

    def add(self, item: Mapping[str, Any]) -> None:
        """Count one more."""
        kinds = self.items.setdefault(str(item["system"]), {})
        kinds[item["kind"]] = kinds.get(item["kind"], 0) + 1
        self.privileged += bool(item["privileged"])
        if item["whose_identity"] is None:
            self.of_nobody += 1
        else:
            self._people.add(item["whose_identity"])

    def told(self) -> dict[str, Any]:
        """As the digest has it."""
        people = len(self._people)
        return {"items": self.items, "privileged": self.privileged, "people": people, "of_nobody": self.of_nobody}


def override(shown: Mapping[str, Any] | None, logged: Mapping[str, Any] | None) -> Iterator[str]:
    """What differs about who answered for readings that fall short."""
    if (shown is None) != (logged is None):
        yield (
            "an override is in the log and not on the cover"
            if logged
            else "the override on the cover is not in the log"
        )
    elif shown is not None and logged is not None:
        same = all(shown[name] == logged["body"][name] for name in ("asked_by", "granted_by", "lacks"))
        if not same or logged["opened"].get("reason", shown["reason"]) != shown["reason"]:
            yield "the override on the cover is not the one in the log"


def approval(shown: Mapping[str, Any] | None, logged: Mapping[str, Any] | None) -> Iterator[str]:
    """Whose word it is that something was left out; packets older than such words have none of either."""
    if shown is None and logged is None:
        return
    names = ("asked_by", "granted_by", "given_at")
    if shown is None or logged is None or any(shown[name] != logged["body"][name] for name in names):
        yield "whose word it is that something was left out is not the same on the cover and in the log"
    elif logged["opened"].get("reason", shown["reason"]) != shown["reason"]:
        yield "why something may be left out is not the same on the cover and in the log"


def acceptance(
    shown: Mapping[str, Any] | None,
    logged: Mapping[str, Any] | None,
    opened: Mapping[str, Any],
    frozen: Mapping[str, int],
    population: Mapping[str, Any],
) -> Iterator[str]:
    """What the control owner accepted: the same on the cover as in the log, by somebody else than who opened it, and its
    digest that of the packet's own items. `frozen` are the readings by system, `population` is counted from the items."""
    if shown is None and logged is None:
        return  # small reviews, and packets older than such words
    if shown is None or logged is None or not _same(shown, logged, "remark"):
        yield "what the control owner accepted is not the same on the cover and in the log"
        return
    if logged["author"] in (opened["author"], logged["body"]["asked_by"]) or logged["author"] != shown["granted_by"]:
        yield "who opened the review accepted it, too"
    scope = {word: value for word, value in opened["body"]["scope"].items() if word != "many_answers"}
    whole = {"scope": scope, "snapshots": frozen, "excluded": opened["body"]["excluded"], **population}
    if hashlib.sha256(jcs.dumps(whole)).hexdigest() != shown["digest"]:
        yield "what the control owner accepted is not what the review is of"


def signature(
    shown: Mapping[str, Any] | None,
    logged: Mapping[str, Any] | None,
    closed: Mapping[str, Any] | None,
    deciders: Set[str],
) -> Iterator[str]:
    """What the control owner signed: the same on the cover as in the log, under the closing that is in the log, and by
    nobody of those who decided."""
    if shown is None and logged is None:
        return
    if shown is None or logged is None or not _same(shown, logged, "remark") or logged["author"] != shown["signed_by"]:
        yield "what was signed is not the same on the cover and in the log"
        return
    entry = {name: value for name, value in closed.items() if name != "opened"} if closed is not None else None
    leaf = tree.leaf_hash(jcs.dumps(entry)).hex() if entry is not None else None
    if closed is None or leaf != shown["leaf"] or closed["id"] != shown["closure"]:
        yield "what was signed is another closing than the log's"
    elif closed["body"]["counts"] != shown["counts"] or closed["author"] == shown["signed_by"]:
        yield "what was signed is not what the closing counted, or who closed it signed it"
    if shown["signed_by"] in deciders:
        yield "who signed it decided on some of it"


def _same(shown: Mapping[str, Any], logged: Mapping[str, Any], said: str) -> bool:
    body = {name: value for name, value in logged["body"].items() if name != said}
    return all(shown.get(name) == value for name, value in body.items()) and (
        logged["opened"].get(said, shown[said]) == shown[said]
    )
