"""What a review shows of groups and definitions, put together before it is frozen: what each contains, who has it, what
changed since it was last decided on.

There are few of them beside grants, so they are thought about one by one, from the same few statements for all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.detection.tables import FindingRow
from app.inventory import composition, contents
from app.inventory import policy as inventory
from app.inventory.composition import GATHERS, Contents
from app.inventory.tables import EntitlementRow, SystemRow
from app.review import advice, asking
from app.review.frozen import CONTENTS
from app.review.scope import ItemKind
from app.review.silence import Settled
from app.review.tables import CampaignRow, ItemRow

CHUNK = 1_000
MOST = 50  # names that one item lists of what came or went
_STAYED = ("keep", "acknowledge")


@dataclass(frozen=True, slots=True)
class Asked:
    """One system, which of the two kinds are asked there, and whether of definitions all."""

    system_id: int
    name: str
    kinds: tuple[ItemKind, ...]
    every_definition: bool


@dataclass(frozen=True, slots=True)
class Former:
    """What the same item showed when it was last decided on in a review that closed, and what came of it."""

    shown: Mapping[str, Any]
    told: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Known:
    """What all of them are told from."""

    rows: Mapping[int, EntitlementRow]
    names: Mapping[tuple[int, str], str]  # by system and key
    brought: Mapping[int, list[dict[str, Any]]]
    made: Mapping[int, Contents]
    found: Mapping[int, list[dict[str, Any]]]
    former: Mapping[int, Former]
    decided: frozenset[tuple[int, str]]  # (system, kind) of which some were decided on before


def kind_of(row: EntitlementRow) -> ItemKind:
    """Whether it is asked for who is in it, or for what it allows."""
    return ItemKind.GROUP if row.kind in GATHERS else ItemKind.DEFINITION


def fill(session: Session, asked: Sequence[Asked], at: datetime) -> None:
    """Fill in the groups and definitions that these systems are asked about."""
    places = {each.system_id: each for each in asked}
    live = (EntitlementRow.system_id.in_(places), EntitlementRow.ended.is_(None))
    rows = {row.id: row for row in session.scalars(select(EntitlementRow).where(*live))}
    brings = brought(session, places, rows)
    ours = set(session.scalars(select(SystemRow.id).where(SystemRow.kind == inventory.OURSELVES)))
    # What this installation's roles allow is built in.
    others = [row for row in rows.values() if row.system_id not in ours]
    wanted = [row.id for row in others if _wanted(row, places[row.system_id], brings)]
    former, decided = _former(session, wanted)
    known = _Known(
        rows,
        names(rows.values()),
        brings,
        contents.contents(session, wanted),
        _findings(session, wanted, at),
        former,
        frozenset(decided),
    )
    made = [_row(rows[number], places[rows[number].system_id].name, known) for number in wanted]
    if made:
        session.execute(insert(CONTENTS), made)


def _wanted(row: EntitlementRow, place: Asked, brought: Mapping[int, list[dict[str, Any]]]) -> bool:
    """A group that the system keeps by itself is nobody's to change; of definitions, what can do harm or does not tell."""
    kind = kind_of(row)
    if kind not in place.kinds:
        return False
    if kind is ItemKind.GROUP:
        return row.revocable
    return place.every_definition or bool(brought.get(row.id)) or row.privileges is None


def names(rows: Iterable[EntitlementRow]) -> dict[tuple[int, str], str]:
    """What each is called, by its system and its key there."""
    return {(row.system_id, row.key): _name(row) for row in rows}


def brought(
    session: Session, places: Iterable[int], rows: Mapping[int, EntitlementRow]
) -> Mapping[int, list[dict[str, Any]]]:
    """The privileges that holding each brings, its own and by what it includes, with the names on the way."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for place in places:
        for number, privilege, path in sorted(contents.reach(session, place), key=lambda each: (each[0], each[1])):
            via = [_name(rows[int(step)]) for step in path.split(">")[1:]]
            found[number].append({"privilege": privilege, "via": via})
    return found


def _name(row: EntitlementRow) -> str:
    return row.label or row.name


def _former(session: Session, wanted: Sequence[int]) -> tuple[dict[int, Former], set[tuple[int, str]]]:
    """What was last decided on each, and of which kinds of which systems anything was."""
    found: dict[int, Former] = {}
    decided: set[tuple[int, str]] = set()
    for start in range(0, len(wanted), CHUNK):
        rows: Any = session.execute(
            select(
                ItemRow.entitlement_id, ItemRow.system_id, ItemRow.kind, ItemRow.outcome, ItemRow.settled, ItemRow.shown,
                CampaignRow.name, CampaignRow.closed_at,
            )
            .join(CampaignRow, CampaignRow.id == ItemRow.campaign_id)
            .where(ItemRow.entitlement_id.in_(wanted[start : start + CHUNK]))
            .where(CampaignRow.status == "closed", ItemRow.outcome.is_not(None))
            .order_by(CampaignRow.closed_at, CampaignRow.id)
        )  # fmt: skip
        for row in rows:
            decided.add((row.system_id, row.kind))
            told = {
                "answer": row.outcome,
                "campaign": row.name,
                "closed": row.closed_at.date().isoformat(),
                "silent": row.settled == Settled.SILENCE,
            }
            found[row.entitlement_id] = Former(row.shown, told)
    return found, decided


def _findings(session: Session, wanted: Sequence[int], at: datetime) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for start in range(0, len(wanted), CHUNK):
        subjects = {f"entitlement:{number}": number for number in wanted[start : start + CHUNK]}
        rows = (
            select(FindingRow)
            .where(FindingRow.subject.in_(subjects), FindingRow.status == "open", FindingRow.opened_at <= at)
            .order_by(FindingRow.subject, FindingRow.rule)
        )
        for row in session.scalars(rows):
            told = {"rule": row.rule, "severity": row.severity, "because": row.because}
            found[subjects[row.subject]].append(told)
    return found


# --- one of them ---


def _row(row: EntitlementRow, system: str, known: _Known) -> dict[str, Any]:
    kind, made = kind_of(row), known.made[row.id]
    brought, found, former = known.brought.get(row.id, []), known.found.get(row.id, []), known.former.get(row.id)
    what = what_of(row, made, brought, known.names)
    changed = changes(former.shown.get("what") or {}, what) if former is not None else None
    told = former.told if former is not None else None
    stayed = told is not None and told["answer"] in _STAYED and not told["silent"]
    worst = max((advice.FINDING_RISK.get(each["severity"], 0) for each in found), default=0)
    shown = {
        "what": what,
        "system": system,
        "how": {"since": row.began.date().isoformat()},
        "findings": found,
        "last": told,
        "new": former is None and (row.system_id, str(kind)) in known.decided,
        "changed": changed or [],
        "advice": advice.of_contents(
            held=made.reached > 0,
            changed=bool(changed),
            serious=any(each["severity"] in advice.SERIOUS for each in found),
            stayed=stayed,
        ),
    }
    return {
        "entitlement_id": row.id,
        "kind": str(kind),
        "system_id": row.system_id,
        "key": row.key,
        "privileged": bool(brought),
        "known": row.privileges is not None,
        "flags": asking.packed(sorted({each["privilege"] for each in brought})) if row.privileges is not None else None,
        "fresh": shown["new"],
        "changed": None if changed is None else bool(changed),
        "rules": asking.packed([each["rule"] for each in found]),
        "risk": _risk(row, made, bool(brought), bool(changed)) + worst,
        "shown": shown,
    }


def _risk(row: EntitlementRow, made: Contents, privileged: bool, changed: bool) -> int:
    """How much it deserves a second look, without what was found wrong with it."""
    return (
        (advice.PRIVILEGED if privileged else 0)
        + (0 if row.privileges is not None else advice.CONTENTS_UNKNOWN)
        + (advice.CONTENTS_CHANGED if changed else 0)
        + (0 if made.reached else advice.USE_RISK[advice.Use.NEVER])
    )


def what_of(
    row: EntitlementRow, made: Contents, brought: list[dict[str, Any]], called: Mapping[tuple[int, str], str]
) -> dict[str, Any]:
    """What it is, in words, and a digest of each part. `called`: what others are (`names`)."""

    def named(keys: Sequence[str]) -> list[str]:
        return sorted(called.get((row.system_id, key), key) for key in keys)

    return {
        "kind": row.kind,
        "label": _name(row),
        "name": row.name,
        "key": row.key,
        "description": row.description,
        "privileges": None if row.privileges is None and not brought else brought,
        "own": list(made.privileges) if made.privileges is not None else None,
        "native": list(made.native),
        "includes": named(made.includes),
        "rights": list(made.rights) if made.rights is not None else None,
        "inside": named(made.inside),
        "direct": made.direct,
        "reached": made.reached,
        "digests": composition.parts(made),
    }


_LISTS = {"privileges": "own", "native": "native", "includes": "includes", "rights": "rights", "inside": "inside"}


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What came and what went, part by part."""
    told: list[dict[str, Any]] = []
    for part in composition.differing(before.get("digests") or {}, now["digests"]):
        if part == "members":
            told.append({"part": part, "before": before.get("direct"), "now": now["direct"]})
            continue
        was, is_now = set(before.get(_LISTS[part]) or ()), set(now[_LISTS[part]] or ())
        told.append({"part": part, "came": sorted(is_now - was)[:MOST], "went": sorted(was - is_now)[:MOST]})
    return told
