"""A packet's rounds, held against its own log: what each came to, what it asked about, and that nobody was asked twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from app.evidence import reconciliation, samples
from app.evidence.samples import Asked


def of_item(item: Mapping[str, Any], asked: Asked) -> Iterator[str]:
    """Where an item's rounds are not what its decisions say, or somebody was in two of them. `asked` is added
    to: which items each further round asked about."""
    former = item.get("rounds") or []
    people: dict[int, set[Any]] = {each["round"]: {each["reviewer_identity"]} for each in former}
    people.setdefault(item.get("round", 1), {item["reviewer_identity"]})
    asked.hear(item)
    if item.get("round", 1) > 1:
        asked.items[item["round"]].append(item["item"])
    for each, answer in zip(former, reconciliation.round_answers(item), strict=False):
        if each["round"] > 1:
            asked.items[each["round"]].append(item["item"])
        if each["answer"] != answer:
            yield f"item {item['item']}: round {each['round']} is told as {each['answer']}, and was answered {answer}"
    for said in item["decisions"]:
        people.setdefault(said.get("round", 1), set()).add(said["by_identity"])
    every = [who for whom in people.values() for who in whom]
    if len(every) != len(set(every)):
        yield f"item {item['item']}: somebody was asked in two of its rounds"


def of_log(begun: list[dict[str, Any]], asked: Asked, opened: Mapping[str, Any] | None) -> Iterator[str]:
    """Every further round asked about those items that the log says, and no others; a sample was drawn by the seed that the
    opening committed to. `opened` is the body of that entry."""
    for body in begun:
        if "seed" not in body:
            continue
        if hashlib.sha256(body["seed"].encode()).hexdigest() != (opened or {}).get("seed_digest"):
            yield f"round {body['round']} drew its sample by another seed than the opening committed to"
        yield from samples.wrong(body, asked.words, asked.rule)
    told = {body["round"]: body for body in begun}
    for number in sorted(told.keys() | asked.items.keys()):
        items = sorted(asked.items.get(number, []))
        digest = hashlib.sha256("".join(f"{item}\n" for item in items).encode()).hexdigest()
        if number not in told:
            yield f"round {number} is told, and no entry began it"
        elif told[number]["digest"] != digest:
            yield f"round {number} asked about other items than the log says"
