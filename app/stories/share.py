"""One reviewer's share of a campaign as they decide on it: by person, the unusual first, the ordinary together.

The order rests on what was frozen, not on what was answered, so that nothing jumps while somebody works through it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.inventory.tables import IdentityRow
from app.kit.refusal import Refusal
from app.review import apart, leanings, policy, queries, unusual
from app.review.independence import Lean
from app.review.policy import Status
from app.review.tables import CampaignRow, CampaignSnapshotRow, DecisionRow, ItemRow, TaskRow
from app.review.unusual import Beside, Reason
from app.stories import alternatives, going
from app.stories.going import Going

MOST = 3_000  # items that are put in order for one share; who has more sees the riskiest of them first
PAGE = 60  # lines to a page at most


@dataclass(frozen=True, slots=True)
class Line:
    """One item with why it stands alone (nothing: it is ordinary), how many hold the same, its latest answer with what it
    names to change to, how its reviewer leans, and whether it is being taken away already."""

    item: ItemRow
    reasons: tuple[Reason, ...]
    holders: int
    people: int
    answer: DecisionRow | None = None
    answered_by: str = ""
    change_to: str = ""
    leans: tuple[Lean, ...] = ()
    going: Going | None = None

    @property
    def ordinary(self) -> bool:
        """Whether it may be answered together with others."""
        return not self.reasons

    @property
    def needs_why(self) -> bool:
        """Whether it is kept only with a reason."""
        return self.item.privileged or unusual.against(self.reasons) is not None


@dataclass(frozen=True, slots=True)
class Group:
    """One person with what of theirs is on this page. `continued`: it began on the page before."""

    key: str
    who: Mapping[str, Any]
    unusual: Sequence[Line]
    ordinary: Sequence[Line]
    continued: bool

    @property
    def open(self) -> list[Line]:
        """The ordinary ones without an answer, which one answer can keep or acknowledge."""
        return [line for line in self.ordinary if line.item.outcome is None and line.item.aside is None]

    @property
    def covered(self) -> list[Line]:
        """Those of them that the role model of their job covers."""
        return [line for line in self.ordinary if line.item.bundle_version_id is not None]

    @property
    def model(self) -> Mapping[str, Any] | None:
        """The role model of their job, as far as this page rests on it."""
        return next((line.item.shown.get("model") for line in self.covered), None)


@dataclass(frozen=True, slots=True)
class Share:
    """A share with one page of it. `counts` by outcome, or by why it is set aside, over all of it, undecided under None;
    `refusal` if nothing of it can be decided any more; `beyond` are the items that are not put in order."""

    campaign: CampaignRow
    task: TaskRow
    reviewer: IdentityRow
    counts: Mapping[str | None, int]
    groups: Sequence[Group]
    number: int
    pages: int
    alone: int
    together: int
    beyond: int
    refusal: Refusal | None
    own: bool

    @property
    def items(self) -> int:
        """All items of the share."""
        return sum(self.counts.values())

    @property
    def undecided(self) -> int:
        """Those without an answer."""
        return self.counts.get(None, 0)


def share(
    session: Session,
    campaign_id: int,
    *,
    by: Actor,
    reviewer_id: int | None = None,
    number: int = 1,
    undecided: bool = False,
    name: str = "",
) -> Share | None:
    """Page `number` of `by`'s share, or of `reviewer_id`'s for those who see all; None if there is none to see.

    `undecided` leaves out what has an answer, `name` all but people whose name has it in it.
    """
    whose = reviewer_id if reviewer_id is not None and apart.sees_all(by) else by.identity_id
    if by.campaign_id is not None and by.campaign_id != campaign_id:
        return None
    row = session.execute(
        select(TaskRow, CampaignRow, IdentityRow)
        .join(CampaignRow, CampaignRow.id == TaskRow.campaign_id)
        .join(IdentityRow, IdentityRow.id == TaskRow.reviewer_id)
        .where(TaskRow.campaign_id == campaign_id, TaskRow.reviewer_id == whose)
    ).one_or_none()
    if row is None:
        return None
    task, campaign, reviewer = row
    counts = counted(session, task.id)
    every = lines(session, campaign, task.id)
    ordered = [line for line in every if _wanted(line, undecided, name)]
    begins = breaks(ordered)
    pages = len(begins)
    number = min(max(1, number), pages)
    first = begins[number - 1]
    shown = answered(session, ordered[first : begins[number] if number < pages else None])
    before = key_of(ordered[first - 1].item) if first else None
    return Share(
        campaign=campaign,
        task=task,
        reviewer=reviewer,
        counts=counts,
        groups=_groups(shown, before),
        number=number,
        pages=pages,
        alone=sum(not line.ordinary for line in every),
        together=len({key_of(line.item) for line in every if line.ordinary}),
        beyond=max(0, sum(counts.values()) - len(every)),
        refusal=policy.why_not_change(campaign.status, task.status),
        own=task.reviewer_id == by.identity_id,
    )


def counted(session: Session, task_id: int) -> dict[str | None, int]:
    """How many items of a share have which outcome, or are set aside for which cause; undecided under None."""
    said = func.coalesce(ItemRow.outcome, ItemRow.aside)
    rows = session.execute(select(said, func.count()).where(ItemRow.task_id == task_id).group_by(said))
    return dict(rows.all())


def lines(session: Session, campaign: CampaignRow, task_id: int) -> list[Line]:
    """A share's items by person, the one with the riskiest first, and within each the unusual first."""
    mine = select(ItemRow).where(ItemRow.task_id == task_id).order_by(ItemRow.risk.desc(), ItemRow.id).limit(MOST)
    items = session.scalars(mine).all()
    before = _reviewed_before(session, campaign, {item.system_id for item in items})
    apart = {item.account_id for item in items if item.kind == "account"}
    people: dict[int, set[int | None]] = defaultdict(set)
    holders: Counter[tuple[int, str]] = Counter()
    for item in items:
        if item.kind == "grant":
            people[item.system_id].add(item.account_id)
            holders[item.system_id, _what(item)] += 1
    worst: dict[str, int] = {}
    told = []
    for item in items:
        beside = Beside(
            item.system_id in before,
            holders[item.system_id, _what(item)],
            len(people[item.system_id]),
            item.account_id in apart,
        )
        why = unusual.reasons(item.kind, privileged=item.privileged, shown=item.shown, beside=beside)
        told.append(Line(item, why, beside.holders, beside.people))
        worst.setdefault(key_of(item), len(worst))  # items come riskiest first
    told.sort(key=lambda line: (worst[key_of(line.item)], line.ordinary, -line.item.risk, line.item.id))
    return told


def answered(session: Session, some: Sequence[Line]) -> list[Line]:
    """The lines with their latest answers, who gave them, what they name to change to, and how their reviewer leans."""
    leans = leanings.of_items(session, [line.item.id for line in some])
    away = going.of(session, [line.item for line in some])
    some = [replace(line, leans=leans.get(line.item.id, ()), going=away.get(line.item.id)) for line in some]
    said = queries.decisions(session, [line.item.id for line in some])
    latest = {item_id: rows[-1] for item_id, rows in said.items() if rows}
    ids = {row.by_identity_id for row in latest.values() if row.by_identity_id is not None}
    names = dict(session.execute(select(IdentityRow.id, IdentityRow.name).where(IdentityRow.id.in_(ids))).all())
    labels = alternatives.labels(session, {row.change_to for row in latest.values() if row.change_to})

    def changed(line: Line, row: DecisionRow) -> str:
        return labels.get((line.item.system_id, row.change_to or ""), row.change_to or "")

    return [
        replace(line, answer=row, answered_by=names.get(row.by_identity_id or 0, row.by), change_to=changed(line, row))
        if (row := latest.get(line.item.id)) is not None
        else line
        for line in some
    ]


def key_of(item: ItemRow) -> str:
    """Whom an item is grouped with: its person, or, where nobody is known, what stands behind it."""
    if item.entitlement_id is not None:
        return f"c{item.system_id}"
    if item.subject_identity_id is not None:
        return f"p{item.subject_identity_id}"
    return f"a{item.account_id}" if item.account_id is not None else f"s{item.system_id}"


def breaks(ordered: Sequence[Line]) -> list[int]:
    """Where each page begins. Nobody is torn over two pages, or one answer for a person would become two; but who has
    more than a page holds fills several."""
    begins, size = [0], 0
    for _, group in groupby(ordered, key=lambda line: key_of(line.item)):
        count = len(list(group))
        if size and size + count > PAGE:
            begins.append(begins[-1] + size)
            size = 0
        while size + count > PAGE:
            begins.append(begins[-1] + PAGE)
            count -= PAGE
        size += count
    return begins


def _what(item: ItemRow) -> str:
    return str((item.shown.get("what") or {}).get("key"))


def _wanted(line: Line, undecided: bool, name: str) -> bool:
    if undecided and (line.item.outcome is not None or line.item.aside is not None):
        return False
    who = line.item.shown.get("who") or {}
    return not name or name.casefold() in str(who.get("name") or who.get("account") or "").casefold()


def grouped(every: Sequence[Line], keys: Collection[str]) -> list[Group]:
    """These people's groups as a whole, whichever page they are on."""
    return _groups([line for line in every if key_of(line.item) in keys], None)


def _groups(some: Sequence[Line], before: str | None) -> list[Group]:
    by_key: dict[str, list[Line]] = {}
    for line in some:
        by_key.setdefault(key_of(line.item), []).append(line)
    return [
        Group(
            key=key,
            who=_who(of),
            unusual=[line for line in of if not line.ordinary],
            ordinary=[line for line in of if line.ordinary],
            continued=key == before,
        )
        for key, of in by_key.items()
    ]


def _who(of: Sequence[Line]) -> Mapping[str, Any]:
    """Who they all are about: what was frozen with the first; nobody's things are named by their system."""
    item = of[0].item
    who: Mapping[str, Any] = item.shown.get("who") or {}
    if item.entitlement_id is not None:
        return {"name": f"What access contains in {item.shown.get('system')}"}
    if item.subject_identity_id is None and item.account_id is None:
        return {"name": f"Programs and keys of nobody in {item.shown.get('system')}"}
    return who


def _reviewed_before(session: Session, campaign: CampaignRow, systems: Collection[int]) -> set[int]:
    """Which of the systems had a whole review that closed before this one was frozen: there, what was not in it is new."""
    rows = session.execute(
        select(CampaignSnapshotRow.system_id, CampaignRow)
        .join(CampaignRow, CampaignRow.id == CampaignSnapshotRow.campaign_id)
        .where(
            CampaignSnapshotRow.system_id.in_(systems),
            CampaignRow.status == Status.CLOSED,
            CampaignRow.closed_at <= campaign.opened_at,
        )
    )
    return {system for system, row in rows if queries.whole(row)}
