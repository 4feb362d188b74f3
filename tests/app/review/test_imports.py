"""Past answers from a spreadsheet: taken whole or not at all, shown as somebody else's, and never counted as ours."""

from __future__ import annotations

import io
from typing import Any

import pytest
from openpyxl import Workbook
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.inventory import sheets
from app.kit.db import Database
from app.kit.refusal import Refusal, Refused
from app.ledger.tables import EntryRow
from app.review import advice, imports
from app.review.tables import DecisionRow, ImportedDecisionRow, ImportedReviewRow
from tests import make
from tests.app.review import cast
from tests.app.review.cast import Company

HEAD = "account,access,decision,decided_by,decided_on,reason"
GOOD = (
    f"{HEAD}\nbo@corp,Sales rep,approved,Old Boss,2026-08-31,still sells\nBO@CORP,role:boss,revoked,Old Boss,2026-09-01,"
    "\nbo@corp,,keep,Old Boss,2026-08-30,\nleft@corp,Sales rep,keep,Old Boss,2026-08-30,\n"
)


def _take(
    session: Session, company: Company, text: str | bytes = GOOD, name: str = "Q3 elsewhere"
) -> ImportedReviewRow:
    content = text.encode() if isinstance(text, str) else text
    sheet = sheets.read("past.csv", content)
    return imports.take(session, company.system, sheet, name=name, by=make.ADMIN, at=cast.NOW)


def _refused(session: Session, company: Company, text: str | bytes, **given: Any) -> Refusal:
    with pytest.raises(Refused) as refused:
        _take(session, company, text, **given)
    return refused.value.refusal


def test_past_answers_stand_beside_items_as_made_elsewhere(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        taken = _take(session, company)
        assert (taken.rows, taken.unknown, str(taken.decided_on)) == (4, 1, "2026-09-01")
        items = cast.items(session, cast.opened(session))
        plain, mighty = items[f"grant:{company.plain.id}"], items[f"grant:{company.mighty.id}"]
        told = {"campaign": "Q3 elsewhere", "imported": True}
        assert plain.shown["last"] == told | {"answer": "keep", "closed": "2026-08-31"}
        assert mighty.shown["last"] == told | {"answer": "remove", "closed": "2026-09-01"}
        assert items[f"account:{company.account.id}"].shown["last"]["closed"] == "2026-08-30"


def test_they_are_no_decision_no_advice_and_no_outcome_of_ours(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        _take(session, company)
        items = cast.items(session, cast.opened(session))
        plain = items[f"grant:{company.plain.id}"]
        assert "last" not in plain.shown["advice"]["because"].split()
        assert "last" not in advice.codes("grant", plain.shown, cast.NOW.date().isoformat())
        assert session.scalar(select(func.count()).select_from(DecisionRow)) == 0
        assert {item.outcome for item in items.values()} == {None}


def test_what_we_decided_ourselves_is_what_counts_as_last_time(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        first = cast.opened(session, name="ours")
        cast.decide_all(session, company, first)
        cast.campaigns.close(session, first.id, unanswered="keep", by=make.ADMIN, at=cast.NOW)
        _take(session, company)
        again = cast.items(session, cast.opened(session, name="next"))[f"grant:{company.plain.id}"]
        assert again.shown["last"]["campaign"] == "ours"
        assert "imported" not in again.shown["last"]


def test_the_ledger_has_the_files_digest(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        taken = _take(session, company)
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "past.imported")).one()
        assert entry.body["digest"] == taken.digest == sheets.read("x", GOOD.encode()).digest
        assert "Old Boss" not in str(entry.body)


def test_one_bad_row_and_nothing_is_taken(database: Database) -> None:
    rows = (
        "bo@corp,Sales rep,perhaps,Old Boss,2026-08-31,",
        "bo@corp,Sales rep,keep,Old Boss,31.08.2026,",
        "bo@corp,Sales rep,keep,Old Boss,2027-01-01,",
        "bo@corp,Sales rep,keep,,2026-08-31,",
        "bo@corp,Sales rep,keep,Old Boss,2026-08-31,",
        "bo@corp,sales REP,remove,Old Boss,2026-08-31,",
        "bo@corp,Rep,remove,Old Boss,2026-08-31,",
    )
    with database.transaction() as session:
        company = cast.company(session)
        refusal = _refused(session, company, "\n".join([HEAD, *rows]))
        assert (refusal.code, refusal.status) == ("bad_rows", 422)
        told: Any = refusal.facts["rows"]
        assert [row["line"] for row in told] == [2, 3, 4, 5, 7, 8]
        assert [row["because"] for row in told] == [
            '"perhaps" is no answer', '"31.08.2026" is no day', "2027-01-01 has not come yet", "decided_by is empty",
            "line 6 is about the same access", "line 6 is about the same access, by another name",
        ]  # fmt: skip
        assert all(row["way_out"] for row in told)
        assert session.scalar(select(func.count()).select_from(ImportedDecisionRow)) == 0
        assert session.scalar(select(func.count()).select_from(ImportedReviewRow)) == 0


def test_a_name_of_two_accounts_is_asked_about_and_not_guessed(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        make.account(session, company.system, username="bo2@corp", email="bo@corp")
        refusal = _refused(session, company, GOOD)
        assert "is the name of 2 accounts" in refusal.reason


def test_a_file_is_taken_once_and_a_name_belongs_to_one(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        _take(session, company)
        assert _refused(session, company, GOOD, name="again").code == "imported_already"
        assert _refused(session, company, GOOD.replace("sells", "buys")).code == "name_taken"
        assert _refused(session, company, GOOD.replace("sells", "buys"), name=" ").code == "bad_import"
        assert _refused(session, company, GOOD.replace("decided_on", "when")).code == "bad_import"
        assert _refused(session, company, HEAD + "\n").code == "bad_import"


def test_a_workbook_is_read_like_a_text_file() -> None:
    book = Workbook()
    for line in GOOD.strip().splitlines():
        book.active.append(line.split(","))  # type: ignore[union-attr]
    out = io.BytesIO()
    book.save(out)
    assert sheets.read("past.xlsx", out.getvalue()).rows == sheets.read("past.csv", GOOD.encode()).rows


@pytest.mark.parametrize("content", [b"", b"  ", b'account,"cut', b"a,b\n1,2,3\n", b"\xff\xfe", b"PK\x03\x04damaged"])
def test_what_cannot_be_read_whole_is_refused(content: bytes) -> None:
    with pytest.raises(Refused) as refused:
        sheets.read("past.csv", content)
    assert refused.value.refusal.code == "file_unreadable"
