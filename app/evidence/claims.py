"""What a packet claims, held against its own log: decisions, removals, readings, counts.

Each function returns what does not hold, in sentences; none when all does. The log itself is checked first, by `read_log`:
everything after rests on entries that are proved to be in it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.evidence import reconciliation, samples, turns, vouched
from app.evidence.unpacking import Unpacked
from app.ledger import jcs, tree
from app.ledger.note import Checkpoint

_MOVES = frozenset({"remediation.moved", "remediation.verified", "remediation.returned", "remediation.undone"})


@dataclass(frozen=True, slots=True)
class Said:
    """A decision as the log has it, small enough to hold a million: a digest of what it says, and whom it concerns."""

    digest: bytes
    shown: bool  # whether the digest of what was shown, and the reason, are open to be compared
    reason: bool
    concerned: tuple[str, ...]


@dataclass(slots=True)
class Log:
    """The entries of a packet, as far as the other claims need them."""

    decisions: dict[str, Said] = field(default_factory=dict)
    told: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)  # the last of each (kind, subject)
    promised: set[str] = field(default_factory=set)  # removals, by subject
    models: set[str] = field(default_factory=set)  # versions of role models that their owners approved
    moves: dict[str, dict[str, Any]] = field(default_factory=dict)  # where each came to last
    acts: dict[str, dict[str, Any]] = field(default_factory=dict)  # how each call ended
    rounds: list[dict[str, Any]] = field(default_factory=list)  # further ones, as each began
    entries: int = 0
    closed_to_us: int = 0  # personal values that were erased or are not shown
    troubles: list[str] = field(default_factory=list)
    unopened: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Counted:
    """The packet's own items, counted."""

    items: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    outcomes: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    decided: Counter[str] = field(default_factory=Counter)
    unanswered: int = 0
    population: vouched.Counting = field(default_factory=vouched.Counting)
    deciders: set[str] = field(default_factory=set)
    # Items that further rounds asked about.
    rounds: samples.Asked = field(default_factory=samples.Asked)
    silent: Any = field(default_factory=hashlib.sha256)
    troubles: list[str] = field(default_factory=list)
    own: list[str] = field(default_factory=list)


def read_log(packet: Unpacked, checkpoint: Checkpoint) -> Log:
    """Prove every entry to be in the log, open its commitments, and keep what the other claims need."""
    log, before = Log(), -1
    for line in packet.lines("log/entries.jsonl"):
        number, entry, opened = line["leaf"], line["entry"], line["opened"]
        log.entries += 1
        proof = [base64.b64decode(each, validate=True) for each in line["proof"]]
        leaf = tree.leaf_hash(jcs.dumps(entry))
        proved = tree.verify_inclusion(leaf, number, checkpoint.size, proof, checkpoint.root)
        if number <= before or not proved:
            log.troubles.append(f"entry {entry.get('id')} (leaf {number}) is not proved to be in the log")
        before = number
        log.unopened += _commitments(entry, opened)
        log.closed_to_us += sum(_committed(value) is not None for value in entry["body"].values()) - len(opened)
        _keep(log, number, entry, {name: each["value"] for name, each in opened.items()})
    return log


def _keep(log: Log, number: int, entry: Mapping[str, Any], opened: Mapping[str, str]) -> None:
    kind, subject, body = entry["kind"], entry["subject"], entry["body"]
    if kind == "decision.recorded":
        parts = (number, subject, entry["author"], entry["at"], body["campaign"], body["about"], body["answer"])
        reason = opened.get("reason") if "reason" in body else ""
        more = (body.get("model"), body.get("round", 1), body.get("until"))
        digest = _digest(*parts, body["change_to"], body["way"], opened.get("shown"), reason, *more)
        open_reason = "reason" in opened or "reason" not in body
        log.decisions[entry["id"]] = Said(digest, "shown" in opened, open_reason, tuple(body["concerned"]))
    elif kind == "bundle.approved":
        log.models.add(f"{subject} v{body['number']}")
    elif kind == "round.begun":
        log.rounds.append({**body, "leaf": number})
    elif kind == "remediation.opened":
        log.promised.add(subject)
    elif kind in _MOVES:
        log.moves[subject] = body
    elif kind == "act.ended":
        log.acts[subject] = body
    else:
        log.told[kind, subject] = {**entry, "opened": dict(opened)}


def _commitments(entry: Mapping[str, Any], opened: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    for name, each in opened.items():
        made = hashlib.sha256(bytes.fromhex(each["salt"]) + each["value"].encode()).hexdigest()
        if _committed(entry["body"].get(name)) != made:
            yield f"entry {entry['id']}: {name} is not the value that was committed to"


def _committed(value: Any) -> str | None:
    return value["commitment"] if isinstance(value, dict) and set(value) == {"commitment"} else None


def _digest(*parts: Any) -> bytes:
    return hashlib.sha256(jcs.dumps(list(parts))).digest()


# --- decisions ---


def decisions(packet: Unpacked, cover: Mapping[str, Any], log: Log) -> Counted:
    """Hold every item's decisions against the log, and count the items."""
    counted, left = Counted(rounds=samples.Asked(cover["scope"].get("attention"))), set(log.decisions)
    campaign = cover["campaign"]
    for item in packet.lines("decisions.jsonl"):
        counted.items[item["system"]][item["kind"]] += 1
        counted.kinds[item["kind"]] += 1
        counted.population.add(item)
        counted.outcomes[reconciliation.outcome(item)] += 1
        for said in item["decisions"]:
            left.discard(said["entry"])
            _decision(item, said, campaign["id"], log.decisions.get(said["entry"]), counted)
            if said["answer"] == "acknowledge" and said.get("model") not in log.models:
                counted.troubles.append(f"item {item['item']}: no owner approved {said.get('model')}, says the log")
        _outcome(item, campaign["unanswered"], cover["scope"].get("outcome") or "last", counted)
        counted.troubles += turns.of_item(item, counted.rounds)
    if left:
        counted.troubles.append(f"the log holds {len(left)} decisions that the packet leaves out")
    return counted


def _decision(
    item: Mapping[str, Any], said: Mapping[str, Any], campaign: int, logged: Said | None, counted: Counted
) -> None:
    where = f"item {item['item']}: the decision at {said['at']}"
    counted.deciders.add(said["by"])
    if logged is None:
        counted.troubles.append(f"{where} is in no entry of the log")
        return
    parts = (said["leaf"], f"item:{item['item']}", said["by"], said["at"], campaign, item["subject"], said["answer"])
    shown = hashlib.sha256(jcs.dumps(item["shown"])).hexdigest() if logged.shown else None
    reason = said["reason"] if logged.reason else None
    more = (said.get("model"), said.get("round", 1), said.get("until"))
    if _digest(*parts, said["change_to"], said["way"], shown, reason, *more) != logged.digest:
        counted.troubles.append(f"{where} is not what the log says")
    if said["self_review"] or f"identity:{said['by_identity']}" in logged.concerned:
        counted.own.append(f"{where} is by the person whose access it is")


def _outcome(item: Mapping[str, Any], unanswered: str | None, rule: str, counted: Counted) -> None:
    answers = reconciliation.round_answers(item)
    last = reconciliation.tally(rule, answers)
    if last is not None:
        counted.decided[last] += 1
        waits = item["outcome"] is None and answers[-1] is None  # of a draft: its present round is open
        if item["outcome"] != last and not waits:
            counted.troubles.append(f"item {item['item']} ended as {item['outcome']}, but was answered {last}")
        return
    counted.unanswered += 1
    counted.silent.update(f"{item['item']}\n".encode())
    if item["outcome"] != unanswered:
        counted.troubles.append(f"item {item['item']} has an outcome and no decision")


def rounds(cover: Mapping[str, Any], log: Log, counted: Counted) -> Iterator[str]:
    """What further rounds asked about."""
    opened = log.told.get(("campaign.opened", f"campaign:{cover['campaign']['id']}"))
    return turns.of_log(log.rounds, counted.rounds, opened["body"] if opened is not None else None)


def campaign(cover: Mapping[str, Any], log: Log, counted: Counted) -> Iterator[str]:
    """What the cover says of the campaign, against what was written when it was opened, overridden and closed."""
    subject = f"campaign:{cover['campaign']['id']}"
    opened, closed = log.told.get(("campaign.opened", subject)), log.told.get(("campaign.closed", subject))
    if opened is None:
        yield "the log does not say that the campaign was opened"
        return
    body = opened["body"]
    named = {word: _told(cover["scope"].get(word)) for word in opened["opened"]}
    if _scope(cover["scope"], body) != body["scope"] or named != opened["opened"]:
        yield "the scope on the cover is not that of the log"
    if body["excluded"] != cover["excluded"]:
        yield "what the cover says was left out is not what the log says"
    if sorted(body["snapshots"].values()) != sorted(each["snapshot"] for each in cover["systems"]):
        yield "the readings on the cover are not those that the review was frozen at"
    if {kind: count for kind, count in body["items"].items() if count} != dict(counted.kinds):
        yield f"{sum(body['items'].values())} items were frozen, {sum(counted.kinds.values())} are in the packet"
    yield from vouched.override(cover["override"], log.told.get(("campaign.overridden", subject)))
    yield from vouched.approval(cover.get("approval"), log.told.get(("exclusions.approved", subject)))
    frozen = {str(each["id"]): each["snapshot"] for each in cover["systems"]}
    accepted, signed = (log.told.get((kind, subject)) for kind in ("population.accepted", "outcome.signed"))
    yield from vouched.acceptance(cover.get("acceptance"), accepted, opened, frozen, counted.population.told())
    yield from vouched.signature(cover.get("signature"), signed, closed, counted.deciders)
    yield from _stamps(cover["stamps"], demo=bool(body["demo"]), draft=closed is None)
    if closed is not None:
        yield from _closing(closed["body"], counted)


def _scope(shown: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """The scope without the people whom the entry only commits to; a word that it does not know stays, and differs."""
    return {
        word: value
        for word, value in shown.items()
        if word in body["scope"] or not (value is None or _committed(body.get(word)))
    }


def _told(value: Any) -> Any:
    """A word of a scope as an entry commits to it."""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)


def _closing(body: Mapping[str, Any], counted: Counted) -> Iterator[str]:
    counts = body["counts"]
    answers = ("keep", "remove", "change", "acknowledge")  # the last is younger than some logs
    found = {answer: counted.decided[answer] for answer in answers if answer in counts or counted.decided[answer]}
    found |= {"items": sum(counted.kinds.values()), "unanswered": counted.unanswered}
    for name, count in found.items():
        if counts.get(name, 0) != count:
            yield f"when the campaign was closed the count of {name} was {counts.get(name, 0)}; in the packet it is {count}"
    if counted.unanswered and body["unanswered_items"] != counted.silent.hexdigest():
        yield "the items without an answer are not those of the closing"


def _stamps(stamps: list[str], *, demo: bool, draft: bool) -> Iterator[str]:
    if demo and "DEMO" not in stamps:
        yield "this is a demonstration and is not stamped as one"
    if draft != ("DRAFT" in stamps):
        yield (
            "the campaign is not closed and the packet is not stamped DRAFT"
            if draft
            else "a draft of a closed campaign"
        )


def drift(packet: Unpacked, log: Log) -> Iterator[str]:
    """What was decided on access that began meanwhile."""
    for each in packet.lines("drift.jsonl"):
        if each["answer"] is None:
            continue
        entry = log.told.get(("drift.decided", f"drift:{each['id']}"))
        if entry is None:
            yield f"drift {each['id']} was answered, and no entry says so"
            continue
        opened, body = entry["opened"], entry["body"]
        shown = hashlib.sha256(jcs.dumps(each["shown"])).hexdigest()
        same = (body["answer"], body["about"], entry["author"]) == (each["answer"], each["subject"], each["by"])
        if not same or opened.get("reason", each["reason"]) != each["reason"] or opened.get("shown", shown) != shown:
            yield f"what was decided on drift {each['id']} is not what the log says"


# --- removals and readings ---


def remediations(packet: Unpacked, log: Log, readings: set[int]) -> Iterator[str]:
    """Every removal in the log is shown, where it came to last; one called verified has a reading that shows it."""
    left, undone, given_back = set(log.promised), list[str](), list[str | None]()
    for each in packet.lines("remediations.jsonl"):
        subject, status = f"remediation:{each['id']}", each["status"]
        if subject not in left:
            yield f"{each['subject']}: no entry says that its removal was promised"
        left.discard(subject)
        last = log.moves.get(subject, {"to": "open"})
        if last["to"] != status and status != "acting":  # a call that begins has an entry of its own
            yield f"the removal of {each['subject']} is called {status}, the log says {last['to']}"
        proof = each["verified_by"] or {}
        if status == "verified" and not (
            proof.get("snapshot") in readings and proof["snapshot"] == last.get("snapshot")
        ):
            yield f"the removal of {each['subject']} is called verified, and no reading shows it"
        yield from _acts(each, log)
        yield from _meanwhile(each)
        if status == "undone":
            undone.append(each["id"])
        given_back.append(each.get("undoes"))
    for number in undone:
        if given_back.count(number) != 1:
            yield f"removal {number} is called undone, and {given_back.count(number)} removals give its access back"
    if left:
        yield f"the log holds {len(left)} removals that the packet leaves out"


def _acts(remediation: Mapping[str, Any], log: Log) -> Iterator[str]:
    for act in remediation["acts"]:
        where, told = f"{remediation['subject']}: act {act['number']}", log.acts.get(f"act:{act['act']}")
        if (told["ended"] if told else "begun") != act["status"]:
            yield f"{where} is called {act['status']}, and the log says otherwise"
        elif told and told.get("digest") != (act["receipt"] or {}).get("digest"):
            yield f"{where} has another receipt than the log says"


def _meanwhile(remediation: Mapping[str, Any]) -> Iterator[str]:
    """What was done until it went: of no other time than the removal's own, and nothing is counted that nobody saw."""
    told = remediation.get("meanwhile")  # packets from before this was told have none
    if told is None:
        return
    read = (remediation["verified_by"] or {}).get("read_at")
    late = told["ended"] is not None and (read is None or told["ended"] > read)
    if told["began"] != remediation["opened_at"] or late:
        yield f"{remediation['subject']}: what was done meanwhile is told of another time than the removal's"
    for name in ("sign_ins", "changes", "used"):
        seen = told[name]
        if seen is not None and (seen["count"] is None) != (seen["reach"] == "unknown"):
            yield f"{remediation['subject']}: {name} are counted where no log reaches, or not where one does"


def checklist(packet: Unpacked) -> Iterator[str]:
    """Each line of the checklist stands once for each place, with an outcome and why."""
    seen: set[tuple[str, int | None]] = set()
    for line in packet.lines("controls.jsonl"):
        place = (str(line["line"]), line["system"])
        if place in seen or not (line["outcome"] and isinstance(line["because"], str)):
            yield f"controls.jsonl tells {line['line']} twice, or without an outcome"
        seen.add(place)


def receipts(packet: Unpacked, log: Log) -> tuple[list[dict[str, Any]], list[str]]:
    """The receipts, and where they are not those that were written when the reading was sealed."""
    found = list(packet.lines("population/receipts.jsonl"))
    by_snapshot: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for receipt in found:
        by_snapshot[receipt["snapshot"]].append(receipt)
    return found, [trouble for snapshot, each in by_snapshot.items() for trouble in _reading(snapshot, each, log)]


def _reading(snapshot: int, receipts: list[dict[str, Any]], log: Log) -> Iterator[str]:
    entry = log.told.get(("snapshot.sealed", f"snapshot:{snapshot}"))
    if entry is None:
        yield f"no entry says that snapshot {snapshot} was sealed"
        return
    body, names = entry["body"], ("verdict", "rows", "said", "pages", "pages_digest", "rows_digest")
    shown = {receipt["stream"]: {name: receipt[name] for name in names} for receipt in receipts}
    logged = {stream: {name: told[name] for name in names} for stream, told in body["streams"].items()}
    if shown != logged or any(receipt["snapshot_digest"] != body["digest"] for receipt in receipts):
        yield f"the receipts of snapshot {snapshot} are not those that were sealed"
    for receipt in receipts if "receipt" in body else ():  # readings from before whole receipts were bound have none
        whole = {name: receipt.get(name, "(left out)") for name in body["receipt"]}
        if hashlib.sha256(jcs.dumps(whole)).hexdigest() != body["streams"][receipt["stream"]].get("receipt_digest"):
            yield f"the receipt of {receipt['stream']} in snapshot {snapshot} does not say what it said when it was sealed"


def counts(
    packet: Unpacked, cover: Mapping[str, Any], receipts: list[dict[str, Any]], counted: Counted
) -> tuple[list[str], list[str]]:
    """Count the packet's files anew and reconcile them. Returns what is wrong, and what is said not to add up."""
    population = {
        each["id"]: {
            name: _rising(packet, f"{each['folder']}/{name}.jsonl")
            for name in ("accounts", "entitlements", "nesting", "grants", "integrations", "credentials")
        }
        for each in cover["systems"]
    }
    frozen = [receipt for receipt in receipts if receipt["rests"] == "frozen"]
    made = reconciliation.compose(
        cover["systems"], frozen, population, counted.items, counted.outcomes, cover["excluded"]
    )
    said = packet.document("reconciliation.json")
    if jcs.dumps(_keyed(made)) != jcs.dumps(_keyed(said)):
        parts = [name for name in made if _keyed(made[name]) != _keyed(said.get(name))]
        return [f"reconciliation.json does not follow from the packet's files ({', '.join(parts)})"], []
    return [], list(made["said"])


def _rising(packet: Unpacked, path: str) -> int:
    """How many lines a population file has, each of them another one."""
    count, before = 0, 0
    for line in packet.lines(path):
        if line["id"] <= before:
            raise ValueError(f"{path} holds a line twice")
        count, before = count + 1, line["id"]
    return count


def _keyed(value: Any) -> Any:
    """As JSON reads it back."""
    if isinstance(value, dict):
        return {str(name): _keyed(each) for name, each in value.items()}
    return [_keyed(each) for each in value] if isinstance(value, list | tuple) else value
