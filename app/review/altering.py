"""What access contains that changed since a review was frozen: groups and definitions part by part, as they were frozen; of
what is only held in it, whether holding it brings other privileges than was shown. What began since is held against what it
was when somebody decided on it.

What was not told then, or is not told now, is not compared: unknown is no change. A decision holds for the contents that
it was made on: what contains something else after it is open once more, and says what was decided before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.inventory import composition, contents
from app.inventory.composition import Contents
from app.inventory.tables import EntitlementRow, GrantRow, SnapshotRow, SystemRow
from app.review import defining
from app.review.dialect import insert_or_skip
from app.review.scope import CONTENTS, ItemKind
from app.review.tables import CampaignSnapshotRow, DriftRow, ItemRow

BEGAN = "began"
CHANGED = "changed"
CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class _Now:
    """One thing as it is by now; `joined`: somebody is in it who was not when the review was frozen."""

    row: EntitlementRow
    system: str
    made: Contents
    brought: Sequence[Mapping[str, Any]]
    what: Mapping[str, Any]
    joined: bool

    @property
    def subject(self) -> str:
        return f"{defining.kind_of(self.row)}:{self.row.id}"

    @property
    def brings(self) -> frozenset[str]:
        """The privileges that holding it brings, however it comes by them."""
        return frozenset(each["privilege"] for each in self.brought)


def record(session: Session, campaign_id: int, systems: Sequence[SystemRow]) -> int:
    """List what contains something else by now, and bring up to date what is listed. Returns how many rows are new."""
    mine = select(DriftRow).where(DriftRow.campaign_id == campaign_id, DriftRow.change != "ended")
    rows = session.scalars(mine.order_by(DriftRow.change.desc())).all()
    listed = {row.subject: row for row in rows}  # as what began, if also as what changed
    before, new = _given(session, rows) | _frozen(session, campaign_id), []
    for now in _now(session, campaign_id, systems, sorted(before.keys() | _own(rows))):
        row = listed.get(now.subject)
        if row is not None and row.change == BEGAN:
            _update(session, row, _grown(row, now))
        elif row is not None:
            _update(session, row, _told(before[now.row.id], now))
        elif (told := _told(before[now.row.id], now))["shown"]["changed"]:
            new.append({"campaign_id": campaign_id, "subject": now.subject, "change": CHANGED, **told})
    if new:
        session.execute(insert_or_skip(session, DriftRow), new)
    return len(new)


def _own(rows: Iterable[DriftRow]) -> set[int]:
    """The groups and definitions that began."""
    parted = (row.subject.partition(":") for row in rows if row.change == BEGAN)
    return {int(number) for kind, _, number in parted if kind in CONTENTS}


def _given(session: Session, rows: Iterable[DriftRow]) -> dict[int, Mapping[str, Any]]:
    """What each entitlement was shown to be beside the first grant of it that began."""
    began = (row for row in rows if row.change == BEGAN and row.subject.startswith("grant:"))
    shown = {int(row.subject.partition(":")[2]): row.shown for row in began}
    numbers, found = sorted(shown, reverse=True), dict[int, Mapping[str, Any]]()
    for start in range(0, len(numbers), CHUNK):
        some = select(GrantRow.id, GrantRow.entitlement_id).where(GrantRow.id.in_(numbers[start : start + CHUNK]))
        for grant, entitlement in session.execute(some.order_by(GrantRow.id.desc())):
            found[entitlement] = shown[grant].get("what") or {}
    return found


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
    names, joined = defining.names(rows.values()), _joined(session, campaign_id)
    brought = defining.brought(session, called, rows)
    there = [number for number in wanted if number in rows]
    made = contents.contents(session, there)
    for number in there:
        row, brings = rows[number], brought.get(number, [])
        what = defining.what_of(row, made[number], brings, names)
        # What others bring is known of what tells its own; else nothing can be held against it.
        own = None if row.privileges is None else composition.digest(sorted({each["privilege"] for each in brings}))
        what["digests"] |= {"brings": own}
        yield _Now(row, called[row.system_id], made[number], brings, what, number in joined)


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
    changed = list(_changes(frozen, now))
    more = any(each["part"] != "members" or now.joined for each in changed)
    return {
        "privileged": _mighty(frozen, now) and more,
        "shown": {"what": now.what, "system": now.system, "changed": changed},
    }


def _grown(row: DriftRow, now: _Now) -> dict[str, Any]:
    """What is told of something that began: what came and went since it was decided on, if it was. What a former review
    knew it by is not told of other contents."""
    earlier = row.shown.get("earlier") or {}
    decided = row.shown["what"] if row.answer is not None else earlier.get("what")
    if decided is not None:
        changed = list(_changes(decided, now))
    else:
        first = row.shown["what"].get("digests") or {}
        changed = [] if composition.differing(first, now.what["digests"]) else row.shown.get("changed", [])
    shown = {**row.shown, "what": now.what, "changed": changed}
    return {"privileged": _mighty(decided or {"privileges": []}, now), "shown": shown}


def _mighty(before: Mapping[str, Any], now: _Now) -> bool:
    """Whether it brings a privilege, did, or does not tell; unknown is not no."""
    then = _brought(before)
    return bool(now.brought or then) or then is None or now.row.privileges is None


def _changes(before: Mapping[str, Any], now: _Now) -> Iterator[dict[str, Any]]:
    """What came and what went, part by part; and which privileges it brings, if its own do not say that already."""
    parts = {name: value for name, value in now.what["digests"].items() if name != "brings"}
    told = defining.changes(before, {**now.what, "digests": parts})
    yield from told
    then = _brought(before)
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
    before, now = row.shown["what"].get("digests") or {}, told["shown"]["what"]["digests"]
    differs = bool(composition.differing(before, now))
    if row.answer is None:
        same = before == now
    else:
        same = not differs or (row.change == CHANGED and not told["shown"]["changed"])
    if same:
        return
    only_more = "brings" not in before and not differs  # what began is listed without it
    session.execute(
        update(DriftRow)
        .where(DriftRow.id == row.id, DriftRow.version == row.version)
        .values(version=row.version + (0 if only_more else 1), **told | _opened(row, told["shown"]))
        .execution_options(synchronize_session=False)
    )
    session.expire(row)


def _opened(row: DriftRow, shown: Mapping[str, Any]) -> dict[str, Any]:
    """An answer makes room for the next, and is told beside it; of what began, with the contents that it was on."""
    if row.answer is None or row.at is None:
        return {"shown": {**shown, "earlier": row.shown["earlier"]}} if "earlier" in row.shown else {}
    earlier = {"answer": row.answer, "at": row.at.isoformat()}
    if row.change == BEGAN:
        earlier |= {"what": row.shown["what"]}
    return {"answer": None, "reason": None, "by": None, "at": None, "shown": {**shown, "earlier": earlier}}
