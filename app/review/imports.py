"""Imports: past answers from a spreadsheet, taken whole or not at all, with the file's digest in the ledger.

What they are about is found by name among what was ever read of the system; what is not there any more stays a line of
history. They are never joined with decisions: other tables, other words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.inventory.sheets import Sheet
from app.inventory.tables import AccountRow, EntitlementRow, SystemRow
from app.kit import clock
from app.kit.refusal import insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.review import elsewhere
from app.review.elsewhere import Bad, Past
from app.review.tables import ImportedDecisionRow, ImportedReviewRow

_CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Found:
    """Whom and what a past answer is about, as far as it is known here."""

    account_id: int | None
    entitlement_id: int | None


def take(session: Session, system: SystemRow, sheet: Sheet, *, name: str, by: Actor, at: datetime) -> ImportedReviewRow:
    """Take the past answers of one review of one system.

    Refuses a table without the columns, one in which any row cannot be taken (all of them named), a file that was
    imported already, and a name that is taken. An account or access that is not known is history of what is gone.
    """
    at = clock.utc(at)
    insist(elsewhere.why_not_these(sheet.headings, len(sheet.rows)))
    same = select(ImportedReviewRow.name).where(
        ImportedReviewRow.system_id == system.id, ImportedReviewRow.digest == sheet.digest
    )
    taken = session.scalar(select(ImportedReviewRow.id).where(ImportedReviewRow.name == name.strip())) is not None
    insist(elsewhere.why_not_name(name, taken, session.scalar(same)))
    past, bad = elsewhere.read(sheet.rows, at.date())
    found, unclear = _found(session, system.id, past)
    insist(elsewhere.why_not_rows([*bad, *unclear]))
    row = ImportedReviewRow(
        name=name.strip(), system_id=system.id, digest=sheet.digest, rows=len(past),
        unknown=sum(_unknown(each, found[each.line]) for each in past),
        decided_on=max(each.decided_on for each in past), imported_by=by.id, imported_at=at,
    )  # fmt: skip
    session.add(row)
    session.flush()
    made = [_row(row.id, each, found[each.line]) for each in past]
    for start in range(0, len(made), _CHUNK):
        session.execute(insert(ImportedDecisionRow), made[start : start + _CHUNK])
    body = {"import": row.id, "digest": row.digest, "rows": row.rows, "unknown": row.unknown, "name": row.name}
    entries.record(session, Entry(Kind.PAST_IMPORTED, f"system:{system.id}", body), by=by.id, at=at)
    return row


def _unknown(past: Past, found: Found) -> bool:
    return found.account_id is None or (past.access is not None and found.entitlement_id is None)


def _row(review: int, past: Past, found: Found) -> dict[str, Any]:
    return {
        "review_id": review,
        "line": past.line,
        "account": past.account,
        "access": past.access,
        "account_id": found.account_id,
        "entitlement_id": found.entitlement_id,
        "of_account": past.access is None,
        "answer": past.answer,
        "decided_by": past.decided_by,
        "decided_on": past.decided_on,
        "reason": past.reason,
    }


def _found(session: Session, system_id: int, past: Sequence[Past]) -> tuple[dict[int, Found], list[Bad]]:
    """What each line is about; lines that could be about two things are bad, and so are two lines about one."""
    accounts = _names(session, system_id, AccountRow, ("key", "username", "email"))
    rights = _names(session, system_id, EntitlementRow, ("key", "name", "label"))
    found, bad = {}, []
    first: dict[tuple[int, int | None], int] = {}
    for each in past:
        whose, what = accounts[each.account.casefold()], rights[(each.access or "").casefold()] if each.access else {0}
        if len(whose) > 1 or len(what) > 1:
            which = f'"{each.account}" is the name of {len(whose)} accounts'
            if len(whose) <= 1:
                which = f'"{each.access}" is the name of {len(what)} kinds of access'
            bad.append(Bad(each.line, which, "Write its id in the CRM instead."))
            continue
        account, right = next(iter(whose), None), next(iter(what), None) or None
        found[each.line] = Found(account, right)
        if account is None or (each.access and right is None):
            continue
        before = first.setdefault((account, right), each.line)
        if before != each.line:
            bad.append(
                Bad(
                    each.line, f"line {before} is about the same access, by another name", "Leave the one that counted."
                )
            )
    return found, bad


def _names(session: Session, system_id: int, row: Any, columns: Sequence[str]) -> Mapping[str, set[int]]:
    """The rows of a system by everything they are called. What ended counts where nothing live has the name."""
    live: dict[str, set[int]] = defaultdict(set)
    ended: dict[str, set[int]] = defaultdict(set)
    wanted = [row.id, row.ended, *(getattr(row, name) for name in columns)]
    for number, end, *names in session.execute(select(*wanted).where(row.system_id == system_id)):
        for name in {str(name).casefold() for name in names if name}:
            (live if end is None else ended)[name].add(number)
    for name, numbers in ended.items():
        if name not in live:
            live[name] = {max(numbers)}
    return live
