"""findings, finding and justify: what is wrong, what is done about it, and the reasons on file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.actors.policy import May
from app.cli import second
from app.cli.installation import find_system, opened, operator
from app.cli.telling import Telling
from app.detection import acknowledgements, comments, justifications, lives, owners, ownership, queries, waivers
from app.detection.policy import Status
from app.detection.rule import Severity
from app.detection.tables import FindingRow
from app.inventory.tables import AccountRow, SystemRow
from app.kit import clock
from app.kit.refusal import Refusal, Refused
from app.means import finding_terms
from app.stories import findings, queue, rules
from app.stories.queue import Wanted

ORDERS: dict[str, Any] = {"worst": queries.WEIGHT, "priority": FindingRow.priority.desc(), "due": queue.DUE}


def show(
    telling: Telling, *, status: str, rule: str | None, system: str | None, severity: str | None, owner: str | None,
    due: str | None, unnoticed: bool, sort: str,
) -> None:  # fmt: skip
    """Findings, worst first unless asked otherwise, with what to do."""
    _known("status", status, (*Status, "all"))
    _known("sort", sort, ORDERS)
    _known("severity", severity, Severity)
    _known("due", due, ("late", "soon"))
    _known("rule", rule, rules.RULES)
    with opened() as means, means.database.reading() as session:
        at = clock.now()
        mine = owner == "me"
        whose = (ownership.find(session, owner, by=operator()),) if owner and not mine else ()
        wanted = Wanted(
            status=None if status == "all" else status, rule=rule, severity=severity, due=due,
            system=find_system(session, system).id if system is not None else None,
            owners=tuple(ownership.mine(operator())) if mine else whose, noticed=False if unnoticed else None,
        )  # fmt: skip
        found = queue.narrowed(select(FindingRow), wanted, at).order_by(ORDERS[sort], FindingRow.id)
        rows = session.scalars(found).all()
        names = {row.id: row.name for row in session.execute(select(SystemRow.id, SystemRow.name))}
        owners_of = ownership.names(session, (row.owner for row in rows))
    telling.table(
        ("#", "severity", "rule", "where", "subject", "because", "owner", "due"),
        (
            (
                row.id, row.severity, row.rule, names.get(row.system_id or 0, ""), _subject(row), row.because,
                owners_of[row.owner], _due(row, at),
            )
            for row in rows
        ),
        empty="No finding. `rolecall doctor` says what could not be read.",
    )  # fmt: skip
    telling.answer([_told(row, names, owners_of) for row in rows])


def one(telling: Telling, number: int) -> None:
    """One finding's story."""
    with opened() as means, means.database.reading() as session:
        story = findings.story(session, number, by=operator())
        if story is None:
            raise Refused(Refusal("not_found", f"There is no finding {number}.", "See `rolecall findings`.", 404))
        names = {row.id: row.name for row in session.execute(select(SystemRow.id, SystemRow.name))}
        told = _told(story.row, names, {story.row.owner: story.line.owner_name})
    line = story.line
    telling.say(f"{line.title}: {line.name}{f' in {line.system}' if line.system else ''}", style="bold")
    telling.say(
        f"{line.because}. {line.severity}, {line.status}, due {_due(story.row, clock.now())}, {line.owner_name}'s."
    )
    for step in story.steps:
        telling.say(f"  - {step}")
    if story.siblings:
        telling.say(f"Of the same cause: {', '.join(str(each.id) for each in story.siblings)}.")
    telling.table(
        ("when", "what", "who", "because"),
        (
            (each.at.isoformat(timespec="minutes"), each.kind, story.names.get(each.by, each.by), each.because)
            for each in story.history
        ),
    )
    telling.answer(
        told
        | {
            "steps": list(story.steps),
            "siblings": [each.id for each in story.siblings],
            "lives": [{"number": x.number, "began": x.began, "ended": x.ended} for x in story.lives],
            "history": [{"at": x.at, "kind": x.kind, "by": x.by, "because": x.because} for x in story.history],
            "waivers": [
                {"status": x.status, "until": x.until, "reason": x.reason, "asked_by": x.asked_by,
                 "decided_by": x.decided_by} for x in story.waivers
            ],
        }
    )  # fmt: skip


def acknowledge(telling: Telling, numbers: list[int]) -> None:
    """Take note of findings."""
    with opened() as means, means.database.transaction() as session:
        rows = [lives.finding(session, number) for number in numbers]
        fresh = acknowledgements.give(session, rows, by=operator(), at=clock.now())
    telling.say(f"Noted: {len(fresh)} of {len(numbers)}; of the others somebody had before.")


def assign(telling: Telling, numbers: list[int], to: str) -> None:
    """Hand findings to somebody."""
    with opened() as means, means.database.transaction() as session:
        rows = [lives.finding(session, number) for number in numbers]
        owner = ownership.find(session, to, by=operator())
        owners.assign(session, rows, owner, by=operator(), at=clock.now())
        name = ownership.names(session, [owner])[owner]
    telling.say(f"Handed to {name}.")


def comment(telling: Telling, number: int, text: str) -> None:
    """Say something about a finding."""
    with opened() as means, means.database.transaction() as session:
        comments.add(session, lives.finding(session, number), text, by=operator(), at=clock.now())
    telling.say("Said.")


def waive(telling: Telling, number: int, reason: str, days: int) -> None:
    """Ask for a waiver."""
    at = clock.now()
    with opened() as means, means.database.transaction() as session:
        waivers.ask(
            session, lives.finding(session, number), reason, until=at + timedelta(days=min(days, 36_500)),
            most_days=means.settings.waiver_most_days, by=operator(), at=at,
        )  # fmt: skip
    telling.say("Asked for. It stays open until somebody else approves: `rolecall finding approve`.")


def approve(telling: Telling, number: int, token: Path) -> None:
    """Approve a waiver."""
    shown, at = second.presented(token), clock.now()
    with opened() as means, means.database.transaction() as session:
        by = second.person(session, shown, May.APPROVE_WAIVERS, at=at)
        made = waivers.approve(session, lives.finding(session, number), by=by, at=at)
        until = made.until.date().isoformat()
    telling.say(f"Waived until {until}.")


def refuse(telling: Telling, number: int, reason: str) -> None:
    """Refuse a waiver."""
    with opened() as means, means.database.transaction() as session:
        waivers.refuse(session, lives.finding(session, number), reason, by=operator(), at=clock.now())
    telling.say("Refused; it stays open.")


def unwaive(telling: Telling, number: int, reason: str) -> None:
    """Withdraw or end a waiver."""
    with opened() as means, means.database.transaction() as session:
        row, terms = lives.finding(session, number), finding_terms(means.settings)
        waivers.end(session, row, reason, terms=terms, by=operator(), at=clock.now())
    telling.say("The waiver has ended; the finding is open.")


def _known(what: str, given: str | None, words: Iterable[str]) -> None:
    """Refuse a word misspelt: a list that is short because of it would look like good news."""
    if given is not None and given not in set(words):
        told = f"There is no {what} {given!r}."
        raise Refused(Refusal(f"no_such_{what}", told, f"There are: {', '.join(map(str, words))}.", status=422))


def _subject(row: FindingRow) -> str:
    named = (row.facts.get(word) for word in ("account", "credential", "channel", "review"))
    return str(next(filter(None, named), row.subject))


def _due(row: FindingRow, at: datetime) -> str:
    if row.due_at is None or row.status == Status.CLOSED:
        return ""
    return f"{row.due_at.date().isoformat()}{' late' if row.status == Status.OPEN and row.due_at <= at else ''}"


def _told(row: FindingRow, systems: dict[int, str], owners_of: dict[str, str]) -> dict[str, Any]:
    rule = rules.RULES.get(row.rule)
    names = (
        "id", "rule", "severity", "status", "subject", "because", "facts", "opened_at", "last_seen_at", "closed_at",
        "times_opened", "baseline", "priority", "cause", "owner", "due_at", "acknowledged_at", "acknowledged_by",
    )  # fmt: skip
    return {name: getattr(row, name) for name in names} | {
        "system": systems.get(row.system_id or 0),
        "owner_name": owners_of[row.owner],
        "todo": rule.todo if rule else None,
    }


def justify(telling: Telling, account: str, reason: str, days: int) -> None:
    """Put a reason on file for one account's privileges."""
    at = clock.now()
    system_name, _, username = account.partition("/")
    with opened() as means:
        with means.database.transaction() as session:
            row = session.scalar(
                select(AccountRow)
                .join(SystemRow, SystemRow.id == AccountRow.system_id)
                .where(SystemRow.name == system_name, AccountRow.username == username)
            )
            if row is None:
                raise Refused(
                    Refusal(
                        "no_account", f"No account {username!r} in a system {system_name!r}.", "Write SYSTEM/USERNAME."
                    )
                )
            justifications.record(
                session,
                row,
                reason,
                until=at + timedelta(days=days),
                most_days=means.settings.justification_days,
                by=operator(),
                at=at,
            )
        telling.say(f"On file for {days} days. The finding closes with the next run of the rules.")
