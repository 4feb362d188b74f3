"""What access contains that changed since a review was frozen: groups and definitions part by part, as they were frozen; of
what is only held in it, whether holding it brings other privileges than was shown.

What was not told then, or is not told now, is not compared: unknown is no change. A decision holds for the contents that
it was made on: what contains something else after it is open once more, and says what was decided before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.inventory import composition, contents
from app.inventory.composition import Contents
from app.inventory.tables import EntitlementRow, GrantRow, SnapshotRow, SystemRow
from app.review import defining
from app.review.dialect import insert_or_skip
from app.review.scope import ItemKind
from app.review.tables import CampaignSnapshotRow, DriftRow, ItemRow

CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class _Now:
    """One thing as it is by now; `joined`: somebody is in it who was not when the review was frozen."""

    row: EntitlementRow
    system: str
    made: Contents
    brings: frozenset[str]
    joined: bool
    names: Mapping[tuple[int, str], str]  # of what there is, by system and key

    @property
    def digests(self) -> dict[str, str | None]:
        """A digest of each part, and of the privileges that it brings however it comes by them."""
        return composition.parts(self.made) | {"brings": composition.digest(sorted(self.brings))}


def record(session: Session, campaign_id: int, systems: Sequence[SystemRow]) -> int:
    """List what contains something else by now, and bring up to date what is listed. Returns how many rows are new."""
    mine = select(DriftRow).where(DriftRow.campaign_id == campaign_id, DriftRow.change != "ended")
    listed = {row.subject: row for row in session.scalars(mine)}
    before, fresh = _frozen(session, campaign_id), []
    for now in _now(session, campaign_id, systems, sorted(before)):
        subject = f"{defining.kind_of(now.row)}:{now.row.id}"
        told = _told(before[now.row.id], now)
        row = listed.get(subject)
        if row is None and told["shown"]["changed"]:
            fresh.append({"campaign_id": campaign_id, "subject": subject, "change": CHANGED, **told})
        elif row is not None and row.change == CHANGED:
            _update(session, row, told)
    if fresh:
        session.execute(insert_or_skip(session, DriftRow), fresh)
    return len(fresh)


def _frozen(session: Session, campaign_id: int) -> dict[int, Mapping[str, Any]]:
    """What each entitlement was shown to be when the review was frozen: as an item, else beside a grant of it."""
    held = (
        select(GrantRow.entitlement_id, func.min(ItemRow.id).label("item_id"))
        .join(ItemRow, ItemRow.grant_id == GrantRow.id)
        .where(ItemRow.campaign_id == campaign_id)
        .group_by(GrantRow.entitlement_id)
        .subquery()
    )
    beside = select(held.c.entitlement_id, ItemRow.shown).join(ItemRow, ItemRow.id == held.c.item_id)
    itself = select(ItemRow.entitlement_id, ItemRow.shown).where(
        ItemRow.campaign_id == campaign_id, ItemRow.entitlement_id.is_not(None)
    )
    found: dict[int, Mapping[str, Any]] = {}
    for asked in (beside, itself):
        found |= {number: shown.get("what") or {} for number, shown in session.execute(asked)}
    return found


def _now(session: Session, campaign_id: int, systems: Sequence[SystemRow], wanted: Sequence[int]) -> Iterator[_Now]:
    called = {system.id: system.name for system in systems}
    live = select(EntitlementRow).where(EntitlementRow.system_id.in_(called), EntitlementRow.ended.is_(None))
    rows = {row.id: row for row in session.scalars(live)}
    names = {(row.system_id, row.key): row.label or row.name for row in rows.values()}
    brings, joined = contents.brought(session, called), _joined(session, campaign_id)
    there = [number for number in wanted if number in rows]
    made = contents.contents(session, there)
    for number in there:
        row = rows[number]
        yield _Now(row, called[row.system_id], made[number], brings.get(number, frozenset()), number in joined, names)


def _joined(session: Session, campaign_id: int) -> set[int]:
    """The groups that somebody is in since a later reading than the one that the review was frozen at."""
    groups = select(ItemRow.entitlement_id).where(ItemRow.campaign_id == campaign_id, ItemRow.kind == ItemKind.GROUP)
    rows = (
        select(GrantRow.entitlement_id)
        .join(CampaignSnapshotRow, CampaignSnapshotRow.campaign_id == campaign_id)
        .join(SnapshotRow, SnapshotRow.id == CampaignSnapshotRow.snapshot_id)
        .where(
            GrantRow.entitlement_id.in_(groups),
            GrantRow.system_id == SnapshotRow.system_id,
            GrantRow.began > SnapshotRow.began_at,
            GrantRow.ended.is_(None),
        )
    )
    return set(session.scalars(rows.distinct()))


def _told(frozen: Mapping[str, Any], now: _Now) -> dict[str, Any]:
    """What is listed of it. Who only left a group, and nothing else, is nothing that could do harm."""
    changed, then, row = list(_changes(frozen, now)), _brought(frozen), now.row
    more = any(each["part"] != "members" or now.joined for each in changed)
    mighty = bool(now.brings or then) or then is None or row.privileges is None
    what = {"kind": row.kind, "label": row.label or row.name, "name": row.name, "key": row.key, "digests": now.digests}
    return {
        "privileged": mighty and more,
        "shown": {"what": what, "system": now.system, "changed": changed},
    }


def _changes(frozen: Mapping[str, Any], now: _Now) -> Iterator[dict[str, Any]]:
    """What came and what went, part by part; and which privileges it brings, if its own do not say that already."""
    named = {
        part: sorted(now.names.get((now.row.system_id, key), key) for key in getattr(now.made, part))
        for part in ("includes", "inside")
    }
    is_now = {"own": now.made.privileges, "native": now.made.native, "rights": now.made.rights, **named}
    told = defining.changes(frozen, is_now | {"direct": now.made.direct, "digests": composition.parts(now.made)})
    yield from told
    then = _brought(frozen)
    if then is None or now.row.privileges is None or then == now.brings:
        return
    words = {"came": sorted(now.brings - then), "went": sorted(then - now.brings)}
    if {"part": "privileges", **words} not in told:
        yield {"part": "brings", **words}


def _brought(frozen: Mapping[str, Any]) -> frozenset[str] | None:
    """The privileges that it was shown to bring; None: that was not known."""
    told = frozen.get("privileges")
    return None if told is None else frozenset(each["privilege"] for each in told)


def _update(session: Session, row: DriftRow, told: dict[str, Any]) -> None:
    """What was not decided on tells the latest. What was, and contains something else since, is to be decided on anew,
    unless it is again what was frozen. Either way it is another version; an answer given at the same time stands."""
    values, shown = dict(told), told["shown"]
    if row.shown["what"].get("digests") == shown["what"]["digests"] or (
        row.answer is not None and not shown["changed"]
    ):
        return
    if row.answer is not None and row.at is not None:
        earlier = {"answer": row.answer, "at": row.at.isoformat()}
        values |= {"answer": None, "reason": None, "by": None, "at": None, "shown": shown | {"earlier": earlier}}
    elif "earlier" in row.shown:
        values["shown"] = shown | {"earlier": row.shown["earlier"]}
    session.execute(
        update(DriftRow)
        .where(DriftRow.id == row.id, DriftRow.version == row.version)
        .values(version=row.version + 1, **values)
        .execution_options(synchronize_session=False)
    )
    session.expire(row)
