"""removals: what was promised, what was done about it, and what the CRM says now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.cli import filing
from app.cli.at_work import at_work
from app.cli.installation import find_system, opened, operator
from app.cli.telling import Telling
from app.kit import clock
from app.kit.refusal import Refusal, Refused
from app.ledger import documents, entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.means import Means
from app.remediation import handovers, lookback, queries, remediations, undoings
from app.remediation.tables import RemediationRow
from app.stories import removals
from app.stories.removals import Line

_CHUNK = 500


def show(telling: Telling, run: str | None, status: str | None) -> None:
    """List removals; with `run`, carry out one system's open ones first."""
    with opened() as means:
        if run is not None:
            with telling.step(f"Carrying out what is open in {run}") as progress:
                _ask(means, run)
                with at_work(means, progress) as wait:
                    wait()
        statement = select(RemediationRow)
        if status is not None:
            statement = statement.where(RemediationRow.status == status)
        with means.database.reading() as session:
            told = _lines(session, session.scalars(statement.order_by(RemediationRow.id)).all())
    telling.table(
        ("id", "system", "whose", "what", "status", "because"),
        (
            (line.row.id, line.system, _whose(line), line.what, line.row.status.replace("_", " "), line.row.because)
            for line in told
        ),
        empty="Nothing was promised to be removed.",
    )
    for line in told:
        row = line.row
        if row.status in ("by_hand", "declined") and row.steps:
            telling.say(f"\n{line.system}, {_named(line)} ({row.id}):", style="bold")
            if line.reason:
                telling.say(f"  To {row.wish.replace('_', ' ')}: {line.reason}")
            for number, step in enumerate(row.steps, 1):
                telling.say(f"  {number}. {step}")
    telling.answer(
        [
            {
                "id": line.row.id, "system": line.system, "what": line.what, "whose": line.whose, "person": line.person,
                "subject": line.row.subject, "target": line.row.target, "wish": line.row.wish, "reason": line.reason,
                "status": line.row.status, "because": line.row.because, "steps": line.row.steps,
                "due_at": line.row.due_at, "acted_at": line.row.acted_at, "verified_at": line.row.verified_at,
                "verified_snapshot": line.row.verified_snapshot_id,
            }
            for line in told
        ]
    )  # fmt: skip


def done(telling: Telling, removal: str, note: str) -> None:
    """Say that a removal was done by hand."""
    with opened() as means, means.database.transaction() as session:
        row = _found(session, removal)
        remediations.say_done(session, row, note, by=operator(), at=clock.now())
        called = _called(session, row)
    telling.say(f"{called}: said to be done. The system's next complete reading proves it.")
    telling.answer({"id": row.id, "status": row.status, "because": row.because})


def again(telling: Telling, removal: str, reason: str) -> None:
    """Put a removal back among the open ones, and carry out what is open in its system."""
    with opened() as means:
        with means.database.transaction() as session:
            row = _found(session, removal)
            remediations.try_again(session, row, reason, by=operator(), at=clock.now())
            called = _called(session, row)
        with telling.step(f"Trying {called} again") as progress:
            _ask(means, str(row.system_id))
            with at_work(means, progress) as wait:
                wait()
        with means.database.reading() as session:
            row = _found(session, removal)
    telling.say(f"{called}: {row.status.replace('_', ' ')}{f', {row.because}' if row.because else ''}")
    telling.answer({"id": row.id, "status": row.status, "because": row.because})


def undo(telling: Telling, removal: str, reason: str) -> None:
    """Decide that the access may be there again, and have it given back."""
    with opened() as means:
        sla = timedelta(days=means.settings.removal_sla_days)
        with means.database.transaction() as session:
            row = undoings.undo(session, _found(session, removal), reason, sla=sla, by=operator(), at=clock.now())
            made, system, called = row.id, row.system_id, _called(session, row)
        with telling.step("Giving it back") as progress:
            _ask(means, str(system))
            with at_work(means, progress) as wait:
                wait()
        with means.database.reading() as session:
            row = _found(session, str(made))
    telling.say(
        f"{called}: undone. Giving it back: {row.status.replace('_', ' ')}{f', {row.because}' if row.because else ''}"
    )
    telling.answer({"id": row.id, "undoes": row.undoes_id, "status": row.status, "because": row.because})


def evidence(telling: Telling, removal: str, file: Path | None, note: str, fetch: str | None, out: Path | None) -> None:
    """List what was handed in about a removal; hand a file in, or fetch one."""
    with opened() as means:
        if file is not None:
            paper = filing.read(file)
            with means.database.transaction() as session:
                handovers.hand_in(session, _found(session, removal), paper, note, by=operator(), at=clock.now())
        with means.database.reading() as session:
            row = _found(session, removal)
            if fetch is not None:
                content = documents.content(session, queries.paper(session, row.id, fetch).digest)
                (out or Path(fetch[:12])).write_bytes(content)
                telling.say(f"Written to {out or fetch[:12]}, {len(content):,} bytes.")
            rows, called = queries.papers(session, [row.id])[row.id], _called(session, row)
    telling.table(
        ("file", "what it shows", "by", "when", "SHA-256"),
        ((each.name, each.note, each.by, f"{each.at:%Y-%m-%d %H:%M} UTC", each.digest) for each in rows),
        empty="Nothing was handed in about it.",
    )
    if file is not None:
        stays = row.status.replace("_", " ")
        telling.say(f"{called} stays {stays}: a file is no proof, the next complete reading is.")
    telling.answer(
        [{"digest": each.digest, "name": each.name, "note": each.note, "by": each.by, "at": each.at} for each in rows]
    )


def look_back(telling: Telling, removal: str) -> None:
    """What the account did between the promise and the moment the access went."""
    with opened() as means, means.database.reading() as session:
        row = _found(session, removal)
        kept = timedelta(days=means.settings.login_retention_days)
        back, called = lookback.of(session, row, kept=kept, at=clock.now()), _called(session, row)
    if back is None:
        raise Refused(Refusal("takes_nothing", "This takes no access away.", "Look back on a removal.", 409))
    still = "and it went and is back" if row.status == "returned" else "and it has not gone yet"
    until = f"until it went at {back.ended:%Y-%m-%d %H:%M} UTC" if back.ended else still
    telling.say(f"{called}: from {back.began:%Y-%m-%d %H:%M} UTC, {until}.", style="bold")
    for name, seen in (("sign-ins", back.sign_ins), ("acts in the log", back.changes), ("uses of it", back.used)):
        if seen is not None:
            some = "none seen" if not seen.count else f"at least {seen.count}"
            count = "unknown" if seen.count is None else some if seen.reach != "whole" else str(seen.count)
            kinds = ", ".join(f"{what}: {times}" for what, times in seen.kinds)
            said = "; ".join(each for each in (kinds, seen.because) if each)
            telling.say(f"  {name}: {count}{f' ({said})' if said else ''}")
    telling.answer(lookback.as_json(back))


def _found(session: Session, removal: str) -> RemediationRow:
    try:
        row = session.get(RemediationRow, UUID(removal))
    except ValueError:
        row = None
    if row is None:
        way_out = "See `rolecall removals`: what waits for a person is told with its id."
        raise Refused(Refusal("no_removal", f"There is no removal {removal!r}.", way_out, status=404))
    return row


def _ask(means: Means, name: str) -> None:
    with means.database.transaction() as session:
        row = find_system(session, name)
        entry = Entry(Kind.REMOVAL_REQUESTED, f"system:{row.id}", {"system": row.id, "because": "asked for"})
        entries.record(session, entry, by=operator().id, at=clock.now())


def _lines(session: Session, rows: Sequence[RemediationRow]) -> list[Line]:
    """These removals in words, in their order."""
    parts = (rows[start : start + _CHUNK] for start in range(0, len(rows), _CHUNK))
    return [line for some in parts for line in removals.lines(session, some)]


def _whose(line: Line) -> str:
    """Who loses it: the person, and the login where there is one."""
    return " ".join(each for each in (line.person, line.whose and f"({line.whose})") if each)


def _named(line: Line) -> str:
    """What, and whose, in one line."""
    return f"{line.what} of {_whose(line)}" if _whose(line) else line.what


def _called(session: Session, row: RemediationRow) -> str:
    return _named(removals.lines(session, [row])[0])
