"""campaign and decide: opening, watching, deciding, closing."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from app.api import approvals, overrides
from app.cli import vouching, wording
from app.cli.at_work import at_work
from app.cli.installation import find_campaign, opened, operator, speaking_for
from app.cli.telling import Telling, shown
from app.kit import clock
from app.kit.refusal import Refusal, Refused
from app.means import quiet_hours, review_limits
from app.notices import nudges
from app.remediation.tables import RemediationRow
from app.review import campaigns, decisions, drifts, queries, remainder, schedule, tasks
from app.review.tables import ItemRow, TaskRow
from app.stories import attentive, outlooks


def open_one(
    telling: Telling,
    name: str,
    fallback: str,
    second: str | None,
    systems: list[str] | None,
    days: int | None,
    scope: Path | None,
    override: str | None,
    approval: str | None = None,
    acceptance: str | None = None,
    control_owner: str | None = None,
    many_answers: str | None = None,
) -> None:
    """Open a review at the latest readings."""
    at = clock.now()
    asked = vouching.asked(scope, fallback, second, systems, control_owner)
    asked |= {"many_answers": many_answers} if many_answers else {}
    with ExitStack() as stack:
        means = stack.enter_context(opened())
        word = overrides.read(means, override, name, asked)
        session = stack.enter_context(means.database.transaction())
        row = campaigns.open(
            session,
            name=name,
            scope=asked,
            due_at=at + timedelta(days=days or means.settings.campaign_due_days),
            limits=review_limits(means.settings),
            override=word,
            approval=approvals.read(session, means, approval, name, asked, at),
            acceptance=vouching.read(session, means, acceptance, name, asked, at),
            by=operator(),
            at=at,
        )
        shares = queries.progress(session, row.id)
        asked_of = f"{len(shares)} reviewer{'' if len(shares) == 1 else 's'}"
        telling.say(f"{name} is open: {sum(s.items for s in shares):,} items for {asked_of}, due {row.due_at.date()}.")
        for each in row.excluded:
            telling.say(f"  left out: {remainder.told(each)}")
        telling.answer(
            {"id": row.id, "name": row.name, "items": sum(s.items for s in shares), "reviewers": len(shares)}
        )


def listed(telling: Telling) -> None:
    """All reviews."""
    with opened() as means, means.database.reading() as session:
        rows, no = queries.campaigns(session), queries.why_none_opens(session)
    telling.table(
        ("#", "name", "status", "opened", "due", "closed"),
        (
            (r.id, r.name, r.status, r.opened_at.date(), r.due_at.date(), r.closed_at.date() if r.closed_at else "")
            for r in rows
        ),
        empty="No review yet: rolecall campaign open NAME --fallback ROSTER-ID.",
    )
    if no is not None:
        telling.say(wording.said(no))
    telling.answer([{"id": r.id, "name": r.name, "status": r.status, "due_at": r.due_at} for r in rows])


def show(telling: Telling, name: str) -> None:
    """One review."""
    with opened() as means:
        found = find_campaign(means, name)
        with means.database.reading() as session:
            shares = queries.progress(session, found.id)
            drift = queries.drift(session, found.id)
            outlook = outlooks.outlook(session, found, shares, by=operator(), at=clock.now())
            watched = attentive.attentive(session, found, by=operator()) if found.scope.get("attention") else None
            by_status = (
                select(RemediationRow.status, func.count())
                .where(RemediationRow.campaign_id == found.id)
                .group_by(RemediationRow.status)
            )
            removals = {row.status: row[1] for row in session.execute(by_status)}
    telling.say(f"{found.name}: {found.status}, due {found.due_at.date()}", style="bold")
    if schedule.late(found.planned_at, found.opened_at) and found.planned_at is not None:
        telling.say(
            f"opened late, {found.opened_at:%Y-%m-%d %H:%M} UTC; by its schedule {found.planned_at:%Y-%m-%d %H:%M}"
        )
    telling.table(
        ("reviewer", "items", "keep", "acknowledge", "remove", "change", "no answer"),
        ((s.reviewer, s.items, s.keep, s.acknowledge, s.remove, s.change, s.undecided + s.silent) for s in shares),
    )
    telling.say(f"drift: {len(drift)}; removals: {shown(removals) or 'none'}")
    if found.status == "closed" and found.owner_id is not None:
        telling.say("signed" if found.signature else "not signed by its control owner yet: rolecall campaign sign")
    ends_at = outlook.forecast.ends_at if found.status == "open" else None
    if ends_at is not None:
        telling.say(f"at this pace done on {ends_at.date()}{', after it is due' if outlook.forecast.late else ''}")
    beside = outlook.comparison
    if beside is not None:
        telling.say(f"beside {beside.before.name}: {beside.told()}")
    if watched is not None:
        telling.say(f"attention: {watched.told()}")
    telling.answer(
        {
            "id": found.id, "name": found.name, "status": found.status, "signed": bool(found.signature),
            "planned_at": found.planned_at, "opened_at": found.opened_at, "drift": len(drift), "removals": removals,
            "expected_end": ends_at, "waits_for": [share.reviewer for share in outlook.waits_for],
            "attention": watched,
            "comparison": {"before": beside.before.name, "new": beside.new, "not_asked_then": beside.unasked_then,
                           "gone": beside.gone, "switched_off": beside.off, "not_asked_now": beside.unasked,
                           "otherwise": beside.otherwise} if beside is not None else None,
            "shares": [
                {"reviewer": s.reviewer, "items": s.items, "keep": s.keep, "acknowledge": s.acknowledge,
                 "remove": s.remove, "change": s.change, "no_answer": s.undecided + s.silent}
                for s in shares
            ],
        }
    )  # fmt: skip


def items(telling: Telling, name: str, reviewer: str) -> None:
    """One reviewer's items."""
    with opened() as means:
        found = find_campaign(means, name)
        acting = speaking_for(means, reviewer)
        with means.database.reading() as session:
            rows = queries.queue(session, found.id, by=acting, limit=5000).items
    telling.table(
        ("item", "what", "shown", "outcome"),
        ((row.id, row.kind, _line(row.shown), row.outcome or (row.aside or "").replace("_", " ")) for row in rows),
        empty=f"{acting.name} has nothing to decide in {name}.",
    )
    telling.answer(
        [
            {
                "id": r.id,
                "kind": r.kind,
                "privileged": r.privileged,
                "shown": r.shown,
                "outcome": r.outcome,
                "aside": r.aside,
                "version": r.version,
            }
            for r in rows
        ]
    )


def decide(
    telling: Telling, item: int, answer: str, reviewer: str, reason: str, change_to: str | None, until: datetime | None
) -> None:
    """Pass on one decision."""
    with opened() as means:
        acting = speaking_for(means, reviewer)
        with means.database.transaction() as session:
            row = decisions.record(
                session, item, answer, reason=reason, change_to=change_to, until=until, by=acting, at=clock.now()
            )
            telling.answer({"item": item, "answer": row.answer, "decision": row.id, "by": row.by})
    telling.say(f"Item {item}: {answer}, by {acting.name}.")


def submit(telling: Telling, name: str, reviewer: str) -> None:
    """Submit one reviewer's share."""
    with opened() as means:
        found = find_campaign(means, name)
        acting = speaking_for(means, reviewer)
        with means.database.transaction() as session:
            mine = select(TaskRow.id).where(TaskRow.campaign_id == found.id, TaskRow.reviewer_id == acting.identity_id)
            row = tasks.submit(session, session.scalar(mine) or 0, by=acting, at=clock.now())
            telling.answer({"task": row.id, "status": row.status, "submitted_at": row.submitted_at})
    telling.say(f"Submitted, for {acting.name}: these answers stand.")


def close(telling: Telling, name: str, unanswered: str | None) -> None:
    """Close a review, and see to what was decided."""
    at = clock.now()
    with opened() as means:
        found = find_campaign(means, name)
        with means.database.transaction() as session:
            drifts.detect(session, found.id, by=operator(), at=at)
        with means.database.transaction() as session:
            campaigns.close(session, found.id, unanswered=unanswered, by=operator(), at=at)
        with telling.step("Carrying out what was decided") as progress, at_work(means, progress) as wait:
            wait()
    show(telling, name)


def remind(telling: Telling, name: str, whom: Sequence[str], again: bool) -> None:
    """Remind those who are not done."""
    with opened() as means:
        found = find_campaign(means, name)
        people = [speaking_for(means, who).identity_id for who in whom]
        with means.database.transaction() as session:
            told = nudges.remind(
                session, found.id, whom=[who for who in people if who is not None] if whom else None, again=again,
                hours=quiet_hours(means.settings), by=operator(), at=clock.now(),
            )  # fmt: skip
    telling.say(f"{told.reminded} of {told.pending} who are not done are reminded; {told.lately} heard within a day.")
    telling.answer({"pending": told.pending, "reminded": told.reminded, "lately": told.lately})


def cancel(telling: Telling, name: str, reason: str) -> None:
    """End a review without consequences."""
    with opened() as means:
        found = find_campaign(means, name)
        with means.database.transaction() as session:
            campaigns.cancel(session, found.id, reason=reason, by=operator(), at=clock.now())
    telling.say(f"{found.name} is cancelled: nothing follows from it. What was decided stays on record.")


def hand_on(telling: Telling, name: str, giver: str, taker: str, reason: str, chosen: Sequence[int]) -> None:
    """Give one reviewer's items, or those chosen of them, to another."""
    with opened() as means:
        found = find_campaign(means, name)
        former, new = speaking_for(means, giver), speaking_for(means, taker)
        with means.database.transaction() as session:
            mine = select(TaskRow.id).where(TaskRow.campaign_id == found.id, TaskRow.reviewer_id == former.identity_id)
            task = session.scalar(mine)
            theirs = set(session.scalars(select(ItemRow.id).where(ItemRow.task_id == task)))
            strange = sorted(set(chosen) - theirs)
            if not theirs or strange:
                told = f"Item {strange[0]} is not {former.name}'s" if theirs else f"Nothing is {former.name}'s"
                way_out = f"See `rolecall campaign show`; {former.name} has {len(theirs)} items."
                raise Refused(Refusal("not_theirs", f"{told} in {found.name}.", way_out, status=404))
            items = sorted(set(chosen)) or None
            tasks.reassign(
                session, found.id, to_id=new.identity_id or 0, reason=reason, items=items,
                task=None if items else task, by=operator(), at=clock.now(),
            )  # fmt: skip
    count = len(set(chosen) or theirs)
    telling.say(f"Handed on from {former.name} to {new.name}: {count} item{'s' if count > 1 else ''}.")
    telling.answer({"items": count, "from": former.name, "to": new.name})


def _line(known: dict[str, Any]) -> str:
    """What an item shows, in one line: whose, what, what it allows, how it came, use, and what is wrong."""
    who, what, how = known.get("who") or {}, known.get("what") or {}, known.get("how") or {}
    job = ", ".join(part for part in (who.get("title"), who.get("department")) if part)
    whose = f"{who.get('name') or who.get('account') or 'nobody'}{f' ({job})' if job else ''}"
    told = [each["privilege"] if isinstance(each, dict) else each for each in what.get("privileges") or ()]
    allows = ", ".join(privilege.replace("_", " ") for privilege in told)
    parts = [
        whose,
        f"{what.get('kind')} {what.get('label') or what.get('name')}",
        f"may {allows}" if allows else "",
        "not said what it allows" if what.get("privileges", ()) is None else "",
        f"since {how['since']}" if how.get("since") else "",
        f"used {known['use']}" if known.get("use") else "",
    ]
    wrong = [*known.get("findings", ()), *known.get("account_findings", ())]
    parts += [f"! {finding['rule'].replace('_', ' ')}: {finding['because']}" for finding in wrong]
    return f"{known.get('system')}: " + " · ".join(part for part in parts if part)
