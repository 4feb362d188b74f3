"""Decisions: recorded once each, never edited; who changes their mind adds another, also to take an answer back to none.

An item moves by compare-and-swap on its version, so of two people who decide at once one wins and the other is told who
it was. On PostgreSQL a decision holds its campaign's row shared until it commits, so that none slips in behind a closing.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Row, String, Table, bindparam, select, tuple_, update
from sqlalchemy import cast as typed
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.inventory.tables import EntitlementRow, GrantRow, IdentityRow
from app.kit import clock, rows
from app.kit.refusal import Refusal, insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.review import against, heirs, lasting, leanings, outcomes, policy, queries, ties
from app.review.aside import SAYS_NOTHING, Aside
from app.review.independence import Lean
from app.review.policy import Answer, ItemFacts
from app.review.tables import BundleVersionRow, CampaignRow, DecisionRow, ItemRow, TaskRow


@dataclass(frozen=True, slots=True)
class Ask:
    """One wish of a bulk: this answer for this item. `version` is the one that was seen; None takes the present one."""

    item_id: int
    answer: str
    reason: str = ""
    version: int | None = None
    change_to: str | None = None
    until: datetime | None = None  # with "remove": it may stay until then


@dataclass(frozen=True, slots=True)
class Said:
    """One decision as it was written (see `DecisionRow`)."""

    id: uuid.UUID  # also of its ledger entry
    item_id: int
    answer: str
    reason: str
    change_to: str | None
    round: int
    until: datetime | None
    delegation_id: int | None
    by: str
    by_identity_id: int | None
    way: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one wish: a decision, or the reason why not."""

    item_id: int
    decision: uuid.UUID | None = None
    refusal: Refusal | None = None


# The tables themselves, and statements put together once: by the unit of work each would cost twice as much as it asks.
_ITEM, _TASK, _CAMPAIGN, _VERSION, _DECISIONS = (
    cast(Table, row.__table__) for row in (ItemRow, TaskRow, CampaignRow, BundleVersionRow, DecisionRow)
)
_WANTED = _ITEM.c.id.in_(bindparam("items", expanding=True))
# FOR SHARE: nobody closes the campaign until this transaction has ended. In order, so that two bulks never wait crosswise.
_HOLD = (
    select(_CAMPAIGN.c.id)
    .where(_CAMPAIGN.c.id.in_(select(_ITEM.c.campaign_id).where(_WANTED)))
    .order_by(_CAMPAIGN.c.id)
    .with_for_update(read=True)
)
_ITEMS = ties.beside(  # as one statement: each costs a journey to the database
    select(
        _ITEM.c.id,
        _ITEM.c.campaign_id,
        _ITEM.c.task_id,
        _ITEM.c.kind,
        _ITEM.c.subject,
        _ITEM.c.system_id,
        _ITEM.c.account_id,
        _ITEM.c.grant_id,
        _ITEM.c.entitlement_id,
        _ITEM.c.subject_identity_id,
        _ITEM.c.privileged,
        typed(_ITEM.c.shown, String).label("shown"),  # as text: it is digested one by one, and no thousands are kept
        _ITEM.c.version,
        _ITEM.c.outcome,
        _ITEM.c.aside,
        _ITEM.c.round,
        _ITEM.c.bundle_version_id,
        _ITEM.c.delegation_id,
        _VERSION.c.bundle_id,
        _VERSION.c.number.label("model"),
        _CAMPAIGN.c.status,
        _CAMPAIGN.c.configurer_id,
        _CAMPAIGN.c.owner_id,
        _CAMPAIGN.c.scope["granters"].as_string().label("granters"),
        _CAMPAIGN.c.scope["holders"].as_string().label("holders"),
        _CAMPAIGN.c.round.label("campaign_round"),
        _TASK.c.reviewer_id,
        _TASK.c.status.label("task_status"),
    )
    .join(_CAMPAIGN, _CAMPAIGN.c.id == _ITEM.c.campaign_id)
    .join(_TASK, _TASK.c.id == _ITEM.c.task_id)
    .outerjoin(_VERSION, _VERSION.c.id == _ITEM.c.bundle_version_id)
    .where(_WANTED)
)
_SWAP = (
    update(_ITEM)
    .where(_WANTED, _ITEM.c.version == bindparam("seen"))
    .values(outcome=bindparam("answer"), aside=bindparam("aside"), version=bindparam("next"))
    .returning(_ITEM.c.id)
)
_ASIDE = frozenset(Aside)


def record(
    session: Session,
    item_id: int,
    answer: str,
    *,
    reason: str = "",
    change_to: str | None = None,
    until: datetime | None = None,
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> Said:
    """Record `by`'s answer on one item; `policy.WITHDRAW` takes the one there is back to none, an `Aside` gives none.

    Refuses an item that is another reviewer's, concerns `by`, or has ended, an answer without a reason that needs one (also
    to keep what is privileged, or what something serious speaks against),
    setting aside what nobody else may decide on, and (412, naming the winner) an item that is no longer at `version`.
    """
    at = clock.utc(at)
    asks = [Ask(item_id, answer, reason, version, change_to, until)]
    refused, said = _recorded(session, asks, by, at)
    insist(refused.get(item_id))
    return Said(**said[0])


def record_many(session: Session, asks: Sequence[Ask], *, by: Actor, at: datetime) -> list[Result]:
    """Record up to 5,000 answers set-wise. Each wish has its own result, in order; one refused does not spoil the rest."""
    at = clock.utc(at)
    refused, said = _recorded(session, asks, by, at)
    made = {row["item_id"]: row["id"] for row in said}
    return [Result(ask.item_id, made.get(ask.item_id), refused.get(ask.item_id)) for ask in asks]


def _recorded(
    session: Session, asks: Sequence[Ask], by: Actor, at: datetime
) -> tuple[dict[int, Refusal], list[dict[str, Any]]]:
    """What was refused, by item, and the rows of the decisions that were made."""
    insist(policy.why_not_bulk([ask.item_id for ask in asks]))
    session.flush()  # statements over tables do not see to that
    items = _load(session, [ask.item_id for ask in asks])
    concerned = ties.of_rows(session, items.values())
    replacements = _replacements(session, asks, items)
    set_aside = [ask.item_id for ask in asks if ask.answer in _ASIDE and ask.item_id in items]
    others = heirs.heirs(session, set_aside, at) if set_aside else {}
    unsaid = [ask.item_id for ask in asks if ask.answer in policy.STAYS and not ask.reason.strip()]
    grave = against.of_rows(session, [items[item_id] for item_id in unsaid if item_id in items])
    refused: dict[int, Refusal] = {}
    agreed: list[Ask] = []
    for ask in asks:
        item = items.get(ask.item_id)
        concerns = concerned.get(ask.item_id, frozenset())
        refusal = _why_not(ask, item, concerns, replacements, others, grave.get(ask.item_id), by, at)
        if refusal is not None:
            refused[ask.item_id] = refusal
        else:
            agreed.append(ask)
    moved = _move(session, agreed, items)
    won = [ask for ask in agreed if ask.item_id in moved]
    lost = [ask.item_id for ask in agreed if ask.item_id not in moved]
    refused |= _winners(session, lost)
    return refused, _write(session, won, items, concerned, by, at)


def _load(session: Session, item_ids: Sequence[int]) -> dict[int, Row[Any]]:
    """The items with their campaign's status and their reviewer, the campaigns held shared where that is possible."""
    connection = session.connection()  # of statements over tables a session knows no more, and takes as long again
    if connection.dialect.name != "sqlite":  # which has one writer anyway
        connection.execute(_HOLD, {"items": item_ids}).all()
    found = connection.execute(_ITEMS, {"items": item_ids}).all()
    return {row.id: row for row in found}


def _replacements(session: Session, asks: Iterable[Ask], items: Mapping[int, Row[Any]]) -> set[tuple[int, str]]:
    """Of the changes asked for, the (item, entitlement key) pairs that name another live entitlement of the same system."""
    wanted = [(ask.item_id, ask.change_to) for ask in asks if ask.change_to is not None and ask.item_id in items]
    if not wanted:
        return set()
    held = select(GrantRow.id, GrantRow.entitlement_id).where(
        GrantRow.id.in_([items[item_id].grant_id for item_id, _ in wanted if items[item_id].grant_id])
    )
    has = dict(session.execute(held).all())
    named = {(items[item_id].system_id, key) for item_id, key in wanted}
    rows = session.execute(
        select(EntitlementRow.system_id, EntitlementRow.key, EntitlementRow.id).where(
            tuple_(EntitlementRow.system_id, EntitlementRow.key).in_(named), EntitlementRow.ended.is_(None)
        )
    )
    live = {(row.system_id, row.key): row.id for row in rows}
    return {
        (item_id, key)
        for item_id, key in wanted
        if (found := live.get((items[item_id].system_id, key))) and found != has.get(items[item_id].grant_id)
    }


def _why_not(
    ask: Ask,
    item: Row[Any] | None,
    concerned: frozenset[int],
    replacements: set[tuple[int, str]],
    others: Mapping[int, int | None],
    grave: str | None,
    by: Actor,
    at: datetime,
) -> Refusal | None:
    if item is None:
        return Refusal("not_found", f"There is no item {ask.item_id}.", "Look at your list.", status=404)
    facts = ItemFacts(item.status, item.kind, item.reviewer_id, concerned, item.privileged, item.task_status,
        campaign_id=item.campaign_id, configurer_id=item.configurer_id, owner_id=item.owner_id,
        covered=item.bundle_version_id is not None,
        answered=item.aside is not None or outcomes.may_follow(item.outcome, None), heir=others.get(ask.item_id),
        round=item.round, campaign_round=item.campaign_round, against=grave,
    )  # fmt: skip
    changeable = ask.change_to is not None and (ask.item_id, ask.change_to) in replacements
    refusal = policy.why_not_decide(
        facts, ask.answer, reason=ask.reason, change_to=ask.change_to, changeable=changeable, by=by
    )
    for_now = clock.utc(ask.until) - at if ask.until is not None else None
    return refusal or lasting.why_not_until(ask.answer, for_now, kind=item.kind)


def _move(session: Session, asks: Sequence[Ask], items: Mapping[int, Row[Any]]) -> set[int]:
    """Swap the outcomes of those items that are still as they were seen; returns which."""
    alike: dict[tuple[str, int], list[int]] = defaultdict(list)
    for ask in asks:
        seen = ask.version if ask.version is not None else items[ask.item_id].version
        alike[(ask.answer, seen)].append(ask.item_id)
    moved: set[int] = set()
    for (answer, version), item_ids in sorted(alike.items()):
        swap = {
            "items": sorted(item_ids),
            "seen": version,
            "answer": None if answer in SAYS_NOTHING else answer,
            "aside": answer if answer in _ASIDE else None,
            "next": version + 1,
        }
        moved |= {row[0] for row in session.connection().execute(_SWAP, swap).all()}
    return moved


def _winners(session: Session, item_ids: Sequence[int]) -> dict[int, Refusal]:
    """For each item that was not as it was seen: who got there first."""
    if not item_ids:
        return {}
    said = queries.decisions(session, item_ids)
    versions = dict(session.execute(select(ItemRow.id, ItemRow.version).where(ItemRow.id.in_(item_ids))).all())
    people = {rows[-1].by_identity_id for rows in said.values() if rows}
    names = dict(session.execute(select(IdentityRow.id, IdentityRow.name).where(IdentityRow.id.in_(people))).all())
    return {
        item_id: policy.too_late(
            version=versions[item_id],
            answer=rows[-1].answer if rows else None,
            who=names.get(rows[-1].by_identity_id or 0, rows[-1].by) if rows else None,
            at=rows[-1].at if rows else None,
        )
        for item_id, rows in said.items()
    }


def _write(
    session: Session,
    asks: Sequence[Ask],
    items: Mapping[int, Row[Any]],
    concerned: Mapping[int, frozenset[int]],
    by: Actor,
    at: datetime,
) -> list[dict[str, Any]]:
    """The decisions and their ledger entries, which share their ids."""
    if not asks:
        return []
    leans = leanings.of_rows(session, [items[ask.item_id] for ask in asks])
    told = [_entry(ask, items[ask.item_id], concerned[ask.item_id], leans.get(ask.item_id, ()), by) for ask in asks]
    made = entries.record_many(session, told, by=by.id, at=at)
    said = [
        {
            "id": identifier,
            "item_id": ask.item_id,
            "answer": str(ask.answer),
            "reason": ask.reason.strip(),
            "change_to": ask.change_to,
            "round": items[ask.item_id].round,
            "until": clock.utc(ask.until) if ask.until is not None else None,
            "delegation_id": items[ask.item_id].delegation_id,
            "by": by.id,
            "by_identity_id": by.identity_id,
            "way": by.way,
            "at": at,
        }
        for ask, identifier in zip(asks, made, strict=True)
    ]
    rows.add(session, _DECISIONS, said)
    return said


def _entry(ask: Ask, item: Row[Any], concerned: frozenset[int], leans: Sequence[Lean], by: Actor) -> Entry:
    """What was shown is digested, and the digest committed to with a salt: it holds names, and a bare digest of little
    known text can be guessed."""
    person = f"identity:{item.subject_identity_id}" if item.subject_identity_id else None
    personal = {"shown": queries.digest_of_text(item.shown)}
    if ask.reason.strip():
        personal["reason"] = ask.reason.strip()
    return Entry(
        Kind.DECISION_RECORDED,
        f"item:{ask.item_id}",
        {
            "campaign": item.campaign_id,
            "item": ask.item_id,
            "about": item.subject,
            "answer": ask.answer,
            "change_to": ask.change_to,
            "reviewer": f"identity:{item.reviewer_id}",
            "concerned": [f"identity:{identity}" for identity in sorted(concerned)],
            "way": by.way,
            **({"round": item.round} if item.round > 1 else {}),
            **({"delegation": f"delegation:{item.delegation_id}"} if item.delegation_id else {}),  # for whom
            **({"leans": [str(lean) for lean in leans]} if leans else {}),
            **({"granters": item.granters} if item.granters else {}),  # whether whoever can grant it was passed over
            **({"holders": item.holders} if item.holders else {}),  # and whoever holds it
            **({"until": clock.utc(ask.until).isoformat()} if ask.until is not None else {}),
            **({"model": f"bundle:{item.bundle_id} v{item.model}"} if ask.answer == Answer.ACKNOWLEDGE else {}),
        },
        personal,
        person or (f"account:{item.account_id}" if item.account_id else None),
    )
