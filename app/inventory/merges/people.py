"""People: a roster's stream becomes identities, their e-mail addresses, and who manages whom.

Somebody who is gone from a complete roster has ended; the addresses stay, because that is how a leaver's accounts are
found. An address belongs to whoever the roster gave it last.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ColumnElement, Integer, String, Table, delete, func, insert, literal, or_, select, update

from app.inventory import absence, policy
from app.inventory.merges.sealing import Sealing, end, pages, say, take_back, told_repeats
from app.inventory.packing import FIELDS
from app.inventory.tables import IdentityEmailRow, IdentityRow, MoveRow, RosterUploadRow, SnapshotRow
from app.kit import bulk
from connectors.receipt import Verdict
from connectors.records import Stream

IDENTITIES: Table = IdentityRow.__table__  # type: ignore[assignment]
MOVES: Table = MoveRow.__table__  # type: ignore[assignment]
EMAILS: Table = IdentityEmailRow.__table__  # type: ignore[assignment]
COLUMNS = [name for name in FIELDS["PersonRecord"] if name not in ("key", "emails", "manager_key")]


def merge(sealing: Sealing) -> None:
    """Merge the PEOPLE stream."""
    session = sealing.session
    emails: list[list[Any]] = []
    staged = _staged(sealing, emails)
    told_repeats(sealing, Stream.PEOPLE, bulk.ready(session, staged, ["key"]), "people")
    _distrust_if_shrunk(sealing, staged)
    _claim(sealing, staged)
    _note_moves(sealing, staged)
    ours = [IDENTITIES.c.system_id == sealing.system_id, IDENTITIES.c.erased.is_(None)]
    returned = take_back(sealing, IDENTITIES, staged, "identity", ours)
    changed = bulk.update_changed(session, IDENTITIES, staged, on=["key"], columns=COLUMNS, where=ours)
    constants = {"system_id": sealing.system_id, "began": sealing.moment}
    began = bulk.insert_new(session, IDENTITIES, staged, on=["key"], columns=["key", *COLUMNS], constants=constants)
    changed += _link_managers(sealing, staged)
    ended = 0
    if sealing.ends(Stream.PEOPLE):
        ended = end(sealing, IDENTITIES, [ours[0], bulk.absent(IDENTITIES, staged, ["key"])])
    sealing.count(IDENTITIES.name, began=began, changed=changed, returned=returned, ended=ended)
    _merge_emails(sealing, staged, emails)
    bulk.drop(session, staged)


def _staged(sealing: Sealing, emails: list[list[Any]]) -> Table:
    fields = FIELDS["PersonRecord"]
    columns = [bulk.like(IDENTITIES.c[name]) for name in ("key", *COLUMNS)]
    staged = bulk.stage(
        sealing.session, "stage_people", [Column(bulk.PART, Integer), *columns, Column("manager_key", String)]
    )
    for part, rows in pages(sealing, Stream.PEOPLE):
        of_page = []
        for row in rows.get("PersonRecord", ()):
            person = dict(zip(fields, row, strict=True))
            emails += [[email.strip().lower(), person["key"]] for email in person["emails"]]
            of_page.append([part, person["key"], *(person[name] for name in COLUMNS), person["manager_key"]])
        bulk.fill(sealing.session, staged, of_page)
    return staged


def _distrust_if_shrunk(sealing: Sealing, staged: Table) -> None:
    """A roster that lost many people ends nobody until a second person has approved it."""
    session = sealing.session
    mine = (IdentityRow.system_id == sealing.system_id, IdentityRow.ended.is_(None))
    before = session.scalar(select(func.count()).select_from(IdentityRow).where(*mine)) or 0
    now = session.scalar(select(func.count()).select_from(staged)) or 0
    approved = session.scalar(
        select(RosterUploadRow.approved_at)
        .join(SnapshotRow, SnapshotRow.upload_id == RosterUploadRow.id)
        .where(SnapshotRow.id == sealing.snapshot_id)
    )
    row = sealing.streams[Stream.PEOPLE]
    if policy.shrunk(now, before) and approved is None and absence.trusted(row.verdict):
        row.verdict = Verdict.INCOMPLETE
        row.because = f"the roster names {now} people where {before} were known, and nobody has approved that"


def _claim(sealing: Sealing, staged: Table) -> None:
    """Leave out who belongs to another roster; take on who belongs to none."""
    connection = sealing.session.connection()
    others = select(IDENTITIES.c["key"]).where(IDENTITIES.c.system_id != sealing.system_id)
    theirs = bulk.written(sealing.session, delete(staged).where(staged.c["key"].in_(others)))
    if theirs:
        say(sealing.streams[Stream.PEOPLE], [f"{theirs} people belong to another roster and were left to it"])
    free = (IDENTITIES.c.system_id.is_(None), IDENTITIES.c["key"].in_(select(staged.c["key"])))
    connection.execute(update(IDENTITIES).where(*free).values(system_id=sealing.system_id))


def _note_moves(sealing: Sealing, staged: Table) -> None:
    """Write down whose title or department differs. What was not said before, or is not now, differs in nothing."""
    for name in ("title", "department"):
        _note(sealing, name, staged, [IDENTITIES.c[name] != staged.c[name]])


def _note_managers(sealing: Sealing, staged: Table, manager: Any) -> None:
    """Write down who has another manager although the former one is still here."""
    former = IDENTITIES.alias("former")
    here = (
        select(former.c.id)
        .join(staged, staged.c["key"] == former.c["key"])
        .where(
            or_(former.c.end.is_(None), former.c.end > sealing.moment.date()),
            former.c.id == IDENTITIES.c.manager_id,
        )
        .correlate(IDENTITIES)
        .exists()
    )
    _note(sealing, "manager", staged, [here, IDENTITIES.c.manager_id != manager])


def _note(sealing: Sealing, name: str, staged: Table, where: list[ColumnElement[bool]]) -> None:
    rows = (
        select(IDENTITIES.c.id, literal(sealing.snapshot_id), literal(name))
        .join(staged, staged.c["key"] == IDENTITIES.c["key"])
        .where(
            IDENTITIES.c.system_id == sealing.system_id,
            IDENTITIES.c.kind == "person",
            IDENTITIES.c.erased.is_(None),
            *where,
        )
    )
    sealing.session.connection().execute(insert(MOVES).from_select(["identity_id", "snapshot_id", "field"], rows))


def _link_managers(sealing: Sealing, staged: Table) -> int:
    """Point each person that was read at their manager's identity, by the roster's key."""
    boss = IDENTITIES.alias("boss")
    manager = (
        select(boss.c.id)
        .join(staged, staged.c.manager_key == boss.c["key"])
        .where(staged.c["key"] == IDENTITIES.c["key"])
        .correlate(IDENTITIES)
        .scalar_subquery()
    )
    _note_managers(sealing, staged, manager)
    read = IDENTITIES.c["key"].in_(select(staged.c["key"])) & IDENTITIES.c.erased.is_(None)
    link = update(IDENTITIES).where(read, IDENTITIES.c.manager_id.is_distinct_from(manager)).values(manager_id=manager)
    bulk.written(sealing.session, link.where(IDENTITIES.c.began == sealing.moment))  # new people: that is no change
    return bulk.written(sealing.session, link)


def _merge_emails(sealing: Sealing, people: Table, emails: list[list[Any]]) -> None:
    session = sealing.session
    connection = session.connection()
    claimed = bulk.stage(session, "stage_claims", [bulk.like(EMAILS.c.email), bulk.like(IDENTITIES.c["key"])])
    bulk.fill(session, claimed, emails)
    bulk.ready(session, claimed, ["email"])
    staged = bulk.stage(
        session, "stage_emails", [bulk.like(EMAILS.c.email), Column("identity_id", IDENTITIES.c.id.type)]
    )
    read = (IDENTITIES.c["key"] == claimed.c["key"], claimed.c["key"].in_(select(people.c["key"])))
    rows = select(claimed.c.email, IDENTITIES.c.id).where(*read, IDENTITIES.c.erased.is_(None))
    connection.execute(insert(staged).from_select(["email", "identity_id"], rows))
    bulk.ready(session, staged, ["email"])
    # Addresses that somebody who was read no longer has; those of people who were not read stay with them.
    of_read = select(IDENTITIES.c.id).where(IDENTITIES.c["key"].in_(select(people.c["key"])))
    dropped = delete(EMAILS).where(EMAILS.c.identity_id.in_(of_read), bulk.absent(EMAILS, staged, ["email"]))
    ended = bulk.written(session, dropped)
    changed = bulk.update_changed(session, EMAILS, staged, on=["email"], columns=["identity_id"])
    began = bulk.insert_new(session, EMAILS, staged, on=["email"], columns=["email", "identity_id"])
    sealing.count(EMAILS.name, began=began, changed=changed, ended=ended)
    bulk.drop(session, claimed)
    bulk.drop(session, staged)
