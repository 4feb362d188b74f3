"""Does it add up? The server's counts, the rows read, the population, the items and what was left out, side by side.

Pure, and used twice: to write the packet's `reconciliation.json`, and by the verifier, which counts the packet's own
files and must arrive at the same document. What does not add up is not hidden and not smoothed: it is said, in a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

KINDS = ("account", "grant", "integration", "credential")
CONTENTS = ("group", "definition")  # told where they were asked for; older packets know nothing of them
_FILE_OF = {
    "account": "accounts",
    "grant": "grants",
    "integration": "integrations",
    "credential": "credentials",
    "group": "entitlements",
    "definition": "entitlements",
}
_KIND = re.compile(r"\b(grant|account|integration|credential)s?\b")
_WHOLE = frozenset({"complete", "explained"})
_SAYS_NOTHING = (None, "withdraw", "not_mine", "cannot_say")  # of an item's last words, those that are no answer


def compose(
    systems: Iterable[Mapping[str, Any]],
    receipts: Iterable[Mapping[str, Any]],
    population: Mapping[int, Mapping[str, int]],
    items: Mapping[int, Mapping[str, int]],
    outcomes: Mapping[str, int],
    excluded: Iterable[Mapping[str, Any]],
) -> dict[str, Any]:
    """The reconciliation of one packet.

    `systems` are the cover's (id, name, snapshot, reviewed: kinds of item), `receipts` those of their frozen snapshots,
    `population` counts the lines of each population file per system, `items` the items per system and kind, `outcomes` the
    items per way they ended, and `excluded` is the campaign's own list of what was left out.
    """
    excluded = list(excluded)
    by_snapshot: dict[int, list[Mapping[str, Any]]] = {}
    for receipt in receipts:
        by_snapshot.setdefault(receipt["snapshot"], []).append(receipt)
    told = [
        _system(each, by_snapshot.get(each["snapshot"], []), population.get(each["id"], {}), items.get(each["id"], {}))
        for each in systems
    ]
    asked = [kind for kind in CONTENTS if any(kind in system["reviewed"] for system in told)]
    kinds = {kind: _kind(kind, told, excluded) for kind in (*KINDS, *asked)}
    said = [sentence for system in told for sentence in system.pop("said")]
    said += [sentence for kind in kinds.values() for sentence in kind.pop("said")]
    return {
        "systems": told,
        "kinds": kinds,
        "items": sum(kind["items"] for kind in kinds.values()),
        "outcomes": dict(outcomes),
        "excluded": excluded,
        "adds_up": not said,
        "said": said,
    }


def outcome(item: Mapping[str, Any]) -> str:
    """How one line of `decisions.jsonl` ended, in a word: also that nobody answered."""
    if not item["outcome"]:
        return "open"
    return str(item["outcome"]) if any(round_answers(item)) else f"{item['outcome']} (unanswered)"


def round_answers(item: Mapping[str, Any]) -> list[str | None]:
    """What was said last in each round that asked about an item, in order; None: nothing, or none any more."""
    asked = [*(each["round"] for each in item.get("rounds") or ()), item.get("round", 1)]
    last: dict[int, str] = {said.get("round", 1): str(said["answer"]) for said in item["decisions"]}
    return [said if (said := last.get(number)) not in _SAYS_NOTHING else None for number in asked]


def tally(rule: str, answers: Sequence[str | None]) -> str | None:
    """What several rounds' answers come to by a review's rule (twin of the review's own); None while nobody answered."""
    said = [answer for answer in answers if answer]
    if not said:
        return None
    removed = "remove" in said
    if rule == "any_removal":
        return "remove" if removed else said[-1]
    if rule == "all_keep":
        if removed or ("change" not in said and len(said) < len(answers)):
            return "remove"
        return "change" if "change" in said else said[-1]
    return said[0] if rule == "first" else said[-1]


def _system(
    system: Mapping[str, Any],
    receipts: list[Mapping[str, Any]],
    population: Mapping[str, int],
    items: Mapping[str, int],
) -> dict[str, Any]:
    streams = {
        receipt["stream"]: {
            "server_counted": receipt["said"],
            "rows_read": receipt["rows"],
            "records": receipt["records"],
            "rows_dropped": len(receipt["dropped"]),
            "verdict": receipt["verdict"],
        }
        for receipt in receipts
    }
    said = [sentence for receipt in receipts for sentence in _doubts(system["name"], receipt)]
    accounts = streams.get("accounts")
    # A stream's rows are the server's, of every list it takes to know an account; its records are the accounts themselves.
    if accounts and accounts["verdict"] in _WHOLE and accounts["records"] != population.get("accounts", 0):
        said.append(
            f"{system['name']}: {accounts['records']} accounts were read, "
            f"but the population has {population.get('accounts', 0)}"
        )
    return {
        "id": system["id"],
        "name": system["name"],
        "snapshot": system["snapshot"],
        "reviewed": list(system["reviewed"]),
        "streams": streams,
        "population": dict(population),
        "items": dict(items),
        "said": said,
    }


def _doubts(name: str, receipt: Mapping[str, Any]) -> Iterable[str]:
    """What a stream's receipt itself leaves open."""
    stream, verdict = receipt["stream"], receipt["verdict"]
    if verdict == "incomplete":
        yield f"{name}: the reading of {stream} was incomplete ({receipt['because']})"
    if verdict == "complete" and receipt["said"] is not None and receipt["said"] != receipt["rows"]:
        yield f"{name}: the server counted {receipt['said']} {stream}, {receipt['rows']} rows were read"


def _kind(kind: str, systems: list[dict[str, Any]], excluded: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Population = items + what was left out, over the systems in which this kind was reviewed or left out by name."""
    reviewed = [system for system in systems if kind in system["reviewed"]]
    population = sum(system["population"].get(_FILE_OF[kind], 0) for system in reviewed)
    items = sum(system["items"].get(kind, 0) for system in systems)
    left_out = sum(int(each["count"]) for each in excluded if _about(each) == kind and not _whole(each, systems))
    said = []
    if population != items + left_out:
        said.append(
            f"of {population} {_FILE_OF[kind]} in scope, {items} were reviewed and {left_out} left out with a reason"
        )
    return {"population": population, "items": items, "left_out": left_out, "said": said}


def _about(excluded: Mapping[str, Any]) -> str | None:
    """Which kind an exclusion counts: its own word for it, or the first that its sentence names."""
    if excluded.get("kind"):
        return str(excluded["kind"])
    found = _KIND.search(str(excluded.get("what", "")))
    return found[1] if found else None


def _whole(excluded: Mapping[str, Any], systems: list[dict[str, Any]]) -> bool:
    """Whether it leaves a kind out of a whole system, whose population is then not in scope."""
    whole = {
        f"{kind}s of {system['name']}"
        for system in systems
        for kind in (*KINDS, *CONTENTS)
        if kind not in system["reviewed"]
    }
    return str(excluded.get("what", "")) in whole
