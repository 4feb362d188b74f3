"""controls words, attest, approve, decline, withdraw: people's word for lines of the checklist."""

from __future__ import annotations

import mimetypes
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.actors.policy import May
from app.cli import checklist, second
from app.cli.installation import find_system, opened, operator
from app.cli.telling import Telling
from app.compliance import attestations, queries
from app.inventory import queries as inventory
from app.inventory.tables import IdentityRow
from app.kit import clock
from app.kit.refusal import Refusal, Refused
from app.ledger.papers import File


def listed(telling: Telling, line: str | None) -> None:
    """Words on file, by line, the latest revision first."""
    wanted = checklist.find(line).id if line is not None else None
    with opened() as means, means.database.reading() as session:
        rows = queries.attestations(session, line=wanted)
        told: list[dict[str, Any]] = [
            {
                "id": row.id, "line": row.line, "system": row.system_id, "revision": row.revision, "status": row.status,
                "statement": row.statement, "owner": session.get_one(IdentityRow, row.owner_id).name, "until": row.until,
                "digest": row.digest, "link": row.link, "made_by": row.made_by, "answered_by": row.answered_by,
            }
            for row in rows
        ]  # fmt: skip
    telling.table(
        ("id", "line", "revision", "owner", "until", "stands"),
        ((x["id"], x["line"], x["revision"], x["owner"], x["until"].date(), x["status"]) for x in told),
        empty="Nobody has given their word yet.",
    )
    telling.answer(told)


def attest(
    telling: Telling, line: str, statement: str, owner: str, until: str, file: Path | None, link: str | None,
    system: str | None,
) -> None:  # fmt: skip
    """Put somebody's word on file: the next revision for that line."""
    known, paper = checklist.find(line), read(file) if file is not None else None
    with opened() as means, means.database.transaction() as session:
        who = inventory.find_identity(session, owner)
        if who is None:
            raise Refused(Refusal("no_person", f"The roster has nobody {owner!r}.", "Give an address.", status=422))
        row = attestations.propose(
            session, known.id, statement, owner=who, until=_end(until, means.settings.zone), link=link, file=paper,
            system_id=find_system(session, system).id if system is not None else None, by=operator(), at=clock.now(),
        )  # fmt: skip
        number, revision, digest = row.id, row.revision, row.digest
    kept = f" Its file is kept as {digest}." if digest is not None else ""
    telling.say(f"{number}: revision {revision} for {known.id}.{kept} It counts once somebody else has approved it.")
    telling.answer({"id": number, "line": known.id, "revision": revision, "digest": digest})


def approve(telling: Telling, number: str, token: Path) -> None:
    """Accept somebody else's word."""
    shown = second.presented(token)
    with opened() as means, means.database.transaction() as session:
        at = clock.now()
        by = second.person(session, shown, May.APPROVE_PAPERS, at=at)
        row = attestations.approve(session, attestations.found(session, _id(number)), by=by, at=at)
        told = f"{row.line} rests on it until {row.until.date().isoformat()}."
    telling.say(f"Approved. {told} The line is looked at anew within a minute.")


def decline(telling: Telling, number: str, reason: str) -> None:
    """Say why a word does not do."""
    with opened() as means, means.database.transaction() as session:
        attestations.decline(
            session, attestations.found(session, _id(number)), reason, by=operator(), at=clock.now()
        )  # fmt: skip
    telling.say("Declined.")


def withdraw(telling: Telling, number: str, reason: str) -> None:
    """Take a word back."""
    with opened() as means, means.database.transaction() as session:
        attestations.withdraw(
            session, attestations.found(session, _id(number)), reason, by=operator(), at=clock.now()
        )  # fmt: skip
    telling.say("Withdrawn; an earlier revision that was approved counts again.")


def read(file: Path) -> File:
    """A file of this machine, to be handed in. Refuses (422) one that cannot be read."""
    try:
        content = file.read_bytes()
    except OSError:
        raise Refused(Refusal("no_file", f"{file} cannot be read.", "Name a file.", status=422)) from None
    return File(file.name, mimetypes.guess_type(file.name)[0] or "application/octet-stream", content)


def _end(day: str, zone: ZoneInfo) -> datetime:
    """The end of a day in the operator's zone."""
    try:
        return datetime.combine(datetime.fromisoformat(day).date(), time(23, 59, 59), zone).astimezone(UTC)
    except ValueError:
        raise Refused(Refusal("no_day", f"{day} is not a day.", "Give one: 2027-03-01.", status=422)) from None


def _id(number: str) -> UUID:
    try:
        return UUID(number)
    except ValueError:
        told = f"{number} is not the id of a word."
        raise Refused(Refusal("not_found", told, "See `rolecall controls words`.", status=404)) from None
