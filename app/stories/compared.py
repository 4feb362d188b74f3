"""A review beside the last whole one: what is new, what is no longer there, what was answered otherwise.

Like is held against like: the kinds of item of those systems that both asked about. That something is no longer there, or
new, is told by what the readings saw, and not by a review's silence about it: the other may just not have asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.inventory.tables import (
    AccountChangeRow,
    AccountRow,
    CredentialRow,
    EntitlementRow,
    GrantRow,
    IntegrationRow,
    ReturnRow,
    SnapshotRow,
    SystemRow,
)
from app.review import policy, queries
from app.review import scope as scopes
from app.review.silence import Settled
from app.review.tables import CampaignRow, CampaignSnapshotRow, ItemRow

_NARROWING = ("where", "department", "exclude", "definitions")
# Each row of the inventory with what an item names it by, and what it is called among those that came back.
_THINGS: tuple[tuple[Any, Any, str | None], ...] = (
    (GrantRow, ItemRow.grant_id, None),  # a grant that comes back is another
    (IntegrationRow, ItemRow.integration_id, "integration"),
    (CredentialRow, ItemRow.credential_id, "credential"),
    (EntitlementRow, ItemRow.entitlement_id, "entitlement"),
    (AccountRow, ItemRow.account_id, "account"),
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What of this review was not in the last one, and the other way round, in items. `then` and `now`: answers to what
    both asked about, by outcome; what nobody answered is under None, whatever closing made of it. `alike`: nothing
    narrows one of them down that does not narrow the other, so that shares of them can be held against each other.
    """

    before: CampaignRow
    then: Mapping[str | None, int]
    now: Mapping[str | None, int]
    new: int  # not there at the last one's reading
    unasked_then: int  # there, and not asked about
    gone: int  # not there any more at this one's reading
    off: int  # there, of an account that is switched off
    unasked: int  # there, and not asked about in this one
    otherwise: int  # answered in both, otherwise than then
    alike: bool

    def told(self) -> str:
        """The whole of it in a sentence, without the other's name and the full stop."""
        said = [f"{_items(self.new)} new", f"{self.gone:,} no longer there"]
        said += [f"{self.off:,} of accounts that are switched off"] if self.off else []
        said += [f"{self.unasked:,} not asked about in this one"] if self.unasked else []
        said += [f"{self.unasked_then:,} not asked about then"] if self.unasked_then else []
        said += [f"{self.otherwise:,} answered otherwise than then"]
        return ", ".join(said) + f"; {self._shares()}"

    def _shares(self) -> str:
        if not self.alike:
            return "one of them asks about less, so how much of each is to be removed says nothing"
        now, then = _removed(self.now), _removed(self.then)
        if then is None:
            return "nothing of it was answered then"
        silent = self.then.get(None, 0)
        told = f"{then} % then" + (f" ({silent:,} had no answer)" if silent else "")
        return f"{now} % of what is answered is to be removed, {told}" if now is not None else f"{told} to be removed"


def comparison(session: Session, campaign: CampaignRow) -> Comparison | None:
    """A review beside the last whole one that closed before it opened and asked about some kind of item of a system that
    it asks about, too. None where there was none."""
    asked = _asked(session, campaign)
    systems = sorted({system_id for system_id, _ in asked})
    for before in reversed(queries.closed_before(session, systems, campaign.opened_at)):
        if before.id == campaign.id or not queries.whole(before) or not _same_department(before, campaign):
            continue
        if both := asked & _asked(session, before):
            return _compared(session, campaign, before, both)
    return None


def _compared(
    session: Session, campaign: CampaignRow, before: CampaignRow, both: Collection[tuple[int, str]]
) -> Comparison:
    now: Counter[str | None] = Counter()
    then: Counter[str | None] = Counter()
    met = otherwise = unasked_then = unasked = 0
    for system_id, kind, answer, former, again, count in session.execute(_met(campaign, before)):
        if (system_id, kind) not in both:
            unasked_then += count
            continue
        now[answer] += count
        if again:
            met += count
            stays, stayed = answer in policy.STAYS, former in policy.STAYS
            otherwise += count if answer and former and stays != stayed else 0
    for system_id, kind, answer, count in session.execute(_answers(before)):
        if (system_id, kind) in both:
            then[answer] += count
        else:
            unasked += count
    fresh = _alone(session, campaign, before, both, _fresh()) if met < now.total() else Counter()
    left = _alone(session, before, campaign, both, _left()) if met < then.total() else Counter()
    return Comparison(
        before, then, now, new=fresh["new"], unasked_then=unasked_then + fresh["there"], gone=left["gone"],
        off=left["off"], unasked=unasked + left["there"], otherwise=otherwise, alike=_alike(campaign, before),
    )  # fmt: skip


def _asked(session: Session, campaign: CampaignRow) -> set[tuple[int, str]]:
    """The kinds of item of each system that a review asked about."""
    scope = scopes.read(campaign.scope)
    named = session.execute(
        select(SystemRow.id, SystemRow.name)
        .join(CampaignSnapshotRow, CampaignSnapshotRow.system_id == SystemRow.id)
        .where(CampaignSnapshotRow.campaign_id == campaign.id)
    )
    return {(system_id, str(kind)) for system_id, name in named for kind in scope.kinds_of(name)}


def _same_department(before: CampaignRow, campaign: CampaignRow) -> bool:
    """A review of one department is no whole one, except for another of the same."""
    return before.scope.get("department") in (None, campaign.scope.get("department"))


def _alike(campaign: CampaignRow, before: CampaignRow) -> bool:
    """Whether the same expressions narrow both; the reasons for them may differ."""

    def narrowing(row: CampaignRow) -> list[Any]:
        told = {word: row.scope.get(word) or None for word in _NARROWING}
        told["exclude"] = sorted(each["where"] for each in told["exclude"] or [])
        return [told[word] for word in _NARROWING]

    return narrowing(campaign) == narrowing(before)


def _answer(item: Any) -> ColumnElement[Any]:
    """What somebody answered; silence is no answer, whatever closing made of it."""
    return case((func.coalesce(item.settled, "") != str(Settled.SILENCE), item.outcome))


def _met(campaign: CampaignRow, before: CampaignRow) -> Any:
    """This review's items by system, kind, answer, and the answer of the last one's item of the same thing."""
    here, there = aliased(ItemRow), aliased(ItemRow)
    again = there.id.is_not(None)
    rows = (
        select(
            here.system_id, here.kind, _answer(here).label("now"), _answer(there).label("then"), again.label("again")
        )
        .select_from(here)
        .outerjoin(there, and_(there.campaign_id == before.id, there.subject == here.subject))
        .where(here.campaign_id == campaign.id)
    )
    return _counted(rows)


def _answers(before: CampaignRow) -> Any:
    return _counted(
        select(ItemRow.system_id, ItemRow.kind, _answer(ItemRow).label("then")).where(ItemRow.campaign_id == before.id)
    )


def _counted(rows: Any) -> Any:
    """How many rows are alike. By their columns' names: PostgreSQL takes an expression with a value in it for two."""
    each = rows.subquery()
    return select(*each.c, func.count()).group_by(*each.c)


# --- what only one of them has ---

_READ = SnapshotRow.began_at  # of the other review's reading of the item's system


def _alone(
    session: Session, one: CampaignRow, other: CampaignRow, both: Collection[tuple[int, str]], verdict: Any
) -> Counter[str]:
    """Items of what both asked about that only `one` has, by what the inventory says of them at `other`'s reading."""
    met = aliased(ItemRow)
    rows = (
        select(ItemRow.system_id, ItemRow.kind, verdict.label("told"))
        .join(
            CampaignSnapshotRow,
            and_(CampaignSnapshotRow.campaign_id == other.id, CampaignSnapshotRow.system_id == ItemRow.system_id),
        )
        .join(SnapshotRow, SnapshotRow.id == CampaignSnapshotRow.snapshot_id)
        .where(ItemRow.campaign_id == one.id)
        .where(~exists().where(met.campaign_id == other.id, met.subject == ItemRow.subject))
    )
    for row, key, _ in _THINGS:
        rows = rows.outerjoin(row, row.id == key)
    found: Counter[str] = Counter()
    for system_id, kind, told, count in session.execute(_counted(rows)):
        found[told] += count if (system_id, kind) in both else 0
    return found


def _fresh() -> Any:
    """Whether it was not there at the last one's reading: it began since, or was gone at that moment."""
    began = func.coalesce(*(row.began for row, _, _ in _THINGS))
    return case((or_(began > _READ, *_in_a_gap()), "new"), else_="there")


def _left() -> Any:
    """What became of it by this one's reading. A token outlives the switching off of its account."""
    gone = or_(*(row.ended <= _READ for row, _, _ in _THINGS), *_in_a_gap())
    later = aliased(SnapshotRow)
    was = (  # what the first change after that reading found in its place; without any, it is as it was
        select(AccountChangeRow.before)
        .join(later, later.id == AccountChangeRow.snapshot_id)
        .where(
            AccountChangeRow.account_id == AccountRow.id,
            AccountChangeRow.field == "active",
            later.began_at > _READ,
        )
        .order_by(later.began_at, AccountChangeRow.id)
        .limit(1)
        .correlate(AccountRow, SnapshotRow)
        .scalar_subquery()
    )
    active = func.coalesce(was, case((AccountRow.active.is_(False), "false")))
    off = and_(ItemRow.credential_id.is_(None), active == "false")
    return case((gone, "gone"), (off, "off"), else_="there")


def _in_a_gap() -> Sequence[ColumnElement[bool]]:
    """Whether it, or its account, was gone at that reading and has come back since."""
    return [
        exists()
        .where(
            ReturnRow.kind == called, ReturnRow.subject_id == row.id, ReturnRow.gone <= _READ, ReturnRow.back > _READ
        )
        .correlate(row, SnapshotRow)
        for row, _, called in _THINGS
        if called is not None
    ]


def _items(count: int) -> str:
    return f"{count:,} item{'' if count == 1 else 's'}"


def _removed(counts: Mapping[str | None, int]) -> int | None:
    """How many of a hundred that were answered were to be removed; None: nothing was answered."""
    answered = sum(count for outcome, count in counts.items() if outcome is not None)
    return round(100 * counts.get("remove", 0) / answered) if answered else None
