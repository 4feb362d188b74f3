"""person: who the roster knows, what one person can reach, and what we hold about them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select

from app.cli.installation import opened, operator
from app.cli.telling import Telling, fail
from app.detection import erasures as of_findings
from app.inventory import past, persons
from app.inventory import queries as inventory
from app.inventory.tables import IdentityRow
from app.kit import clock
from app.kit.refusal import Refusal, Refused, insist
from app.ledger import erasures
from app.ledger import queries as ledger
from app.means import Means
from app.notices import erasures as of_messages
from app.remediation import erasures as of_removals
from app.review import erasures as of_reviews
from app.stories import access as stories


def listed(telling: Telling) -> None:
    """Everybody in the roster."""
    with opened() as means, means.database.reading() as session:
        rows = session.scalars(select(IdentityRow).order_by(IdentityRow.name)).all()
    telling.table(
        ("id", "name", "department", "title", "ends"),
        ((row.key, row.name, row.department, row.title, row.end) for row in rows),
        empty="No roster was read yet: `rolecall system add roster NAME`, then `rolecall system roster NAME FILE`.",
    )
    telling.answer([{"id": row.key, "name": row.name, "department": row.department, "end": row.end} for row in rows])


def access(telling: Telling, who: str) -> None:
    """Everything one person can reach."""
    with opened() as means:
        found = _find(means, who)
        with means.database.reading() as session:
            accounts = stories.of(session, found)
    telling.say(f"{found.name} · {found.title or 'no title'} · {found.department or 'no department'}", style="bold")
    for account in accounts:
        state = {True: "active", False: "inactive", None: "not said whether active"}[account.active]
        telling.say(f"\n{account.system}: {account.username} ({state})", style="bold")
        for held in account.holds:
            telling.say(f"  holds {held.kind} {held.name} since {held.began.date()}")
        for privilege, paths in account.may.items():
            telling.say(f"  may {privilege.replace('_', ' ')} through {'; '.join(paths)}")
        for finding in account.findings:
            telling.say(f"  ! {finding}")
    if not accounts:
        telling.say("No account of theirs is known.")
    telling.answer({"person": found.key, "name": found.name, "accounts": accounts})


def past_access(telling: Telling, who: str, on: str) -> None:
    """What one person could reach at the end of a day."""
    with opened() as means:
        found, (day, moment) = _find(means, who), past_day(means, on)
        with means.database.reading() as session:
            accounts = past.of_person(session, found.id, moment)
            systems = {row.id: row.name for row in inventory.systems(session)}
    telling.say(f"{found.name} at the end of {day.isoformat()}, in the accounts that are theirs today", style="bold")
    for account in accounts:
        tell_past(telling, account, systems.get(account.system_id, f"system {account.system_id}"))
    if not accounts:
        telling.say("No account of theirs is known.")
    telling.answer({"person": found.key, "name": found.name, "on": day, "accounts": accounts})


def past_day(means: Means, on: str) -> tuple[date, datetime]:
    """The day that was written, and the moment of its end. Refuses what is no day, or not over yet."""
    zone, now = means.settings.zone, clock.now()
    try:
        day = date.fromisoformat(on)
    except ValueError:
        raise Refused(Refusal("no_day", f"{on!r} is no day.", "Write it like 2026-09-30.", 422)) from None
    insist(past.why_not(day, now.astimezone(zone).date()))
    return day, min(now, past.end_of(day, zone))


def tell_past(telling: Telling, account: past.AccessThen, system: str) -> None:
    """What one account could reach, in a few lines."""
    state = {"true": "active", "false": "inactive", None: "not said whether active"}[account.fields["active"]]
    if not account.known:
        state = "not read by then: nothing is known"
    elif not account.present:
        state = "not there"
    telling.say(f"\n{system}: {account.fields['username']} ({state})", style="bold")
    for held in account.holds:
        without = ", without effect then" if held.effective is False else ""
        telling.say(f"  held {held.kind} {held.name} since {held.began.date()}{without}")
    for reached in account.reaches:
        telling.say(f"  and with it {' > '.join(reached.path)}")
    for may in account.may:
        telling.say(f"  could {may.privilege.replace('_', ' ')} through {' > '.join(may.path)}")
    for stream, since in account.rests_on.items():
        if account.known and since is None:
            telling.say(f"  {stream} had not been read wholly by then", style="yellow")


def export(telling: Telling, who: str) -> None:
    """Everything held about one person."""
    with opened() as means:
        found = _find(means, who)
        with means.database.reading() as session:
            told = persons.export(session, found)
            told["ledger"] = [
                {
                    "entry": value.entry_id,
                    "kind": value.kind,
                    "at": value.at,
                    "field": value.field,
                    "value": value.value,
                }
                for value in ledger.personal(session, f"identity:{found.id}")
            ]
    telling.answer(told)


def erase(telling: Telling, who: str, reason: str, yes: bool) -> None:
    """Erase one person's values."""
    if not yes:
        fail("This cannot be undone. Say --yes to go on; `rolecall person export` shows what would go.")
    at = clock.now()
    with opened() as means:
        found = _find(means, who)
        with means.database.transaction() as session:
            person = session.get_one(IdentityRow, found.id)
            named = persons.named(session, person)
            count = sum(erasures.erase(session, each, by=operator().id, at=at) for each in named.holders)
            # What commits to something comes after the salts are gone: what can still be compared is left as it is.
            left = of_reviews.erase(session, named, by=operator(), at=at)
            for stage in (of_findings, of_removals, of_messages):
                stage.erase(session, named, by=operator(), at=at)
            persons.erase(session, person, reason=reason, by=operator(), at=at)
    telling.say(f"Erased; {count} values are gone from the ledger. Every proof still holds.")
    if left:
        telling.say(f"{left} items keep what was shown: it is committed to under somebody else's name.", style="yellow")


def _find(means: Means, who: str) -> IdentityRow:
    with means.database.reading() as session:
        found = inventory.find_identity(session, who)
    if found is None:
        raise Refused(
            Refusal("nobody", f"Nobody in the roster has the id or address {who!r}.", "See `rolecall person list`.")
        )
    return found
