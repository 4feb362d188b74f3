"""What people hand in about removals is kept and on record, and proves nothing."""

from __future__ import annotations

import hashlib

import pytest
from sqlalchemy import func, select

from app.kit.db import Database
from app.kit.refusal import Refused
from app.ledger import documents
from app.ledger.papers import LARGEST, File
from app.ledger.tables import DocumentRow, EntryRow
from app.remediation import handovers, policy, queries, remediations
from app.remediation.policy import Status
from app.remediation.tables import RemediationRow
from tests import make
from tests.app.api.house import removal_of
from tests.app.review import cast

NOW = make.NOW
TICKET = File("ticket-12.txt", "text/plain", b"closed")


def test_a_file_is_kept_once_by_its_digest_and_moves_nothing(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        first, second = (removal_of(session, campaign.id, company.system.id) for _ in range(2))
        first.status = second.status = Status.BY_HAND
        first.account_id = company.account.id
        made = handovers.hand_in(session, first, TICKET, " the closed ticket ", by=make.ADMIN, at=NOW)
        handovers.hand_in(session, second, TICKET, "the same ticket", by=make.ADMIN, at=NOW)
        assert made.digest == hashlib.sha256(b"closed").hexdigest()
        assert documents.content(session, made.digest) == b"closed"
        assert session.scalar(select(func.count()).select_from(DocumentRow)) == 1
        assert [row.note for row in queries.papers(session, [first.id])[first.id]] == ["the closed ticket"]
        session.refresh(first)
        assert (first.status, first.version, first.acted_at, first.verified_at) == ("by_hand", 1, None, None)
        entry = session.get_one(EntryRow, made.id)
        assert (entry.kind, entry.subject) == ("remediation.paper", f"remediation:{first.id}")
        assert (entry.body["digest"], entry.body["status"]) == (made.digest, "by_hand")
        assert "closed ticket" not in str(entry.body), "what was written about a person enters as a commitment"
        remediations.say_done(session, first, "in Setup", by=make.ADMIN, at=NOW)
        assert first.status == "acted", "and only a reading verifies it"


def _code(session: object, row: RemediationRow, file: File, note: str = "the ticket") -> str | None:
    try:
        handovers.hand_in(session, row, file, note, by=make.ADMIN, at=NOW)  # type: ignore[arg-type]
    except Refused as refused:
        return refused.refusal.code
    return None


def test_what_is_no_evidence_is_refused(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        row = removal_of(session, cast.opened(session).id, company.system.id)
        for status in Status:
            expected = "no_task" if status in (Status.OPEN, Status.ACTING, Status.UNDONE) else None
            refused = policy.why_not_hand_in(status, "the ticket", 0, again=False)
            assert (refused and refused.code) == expected, status
        row.status = Status.DECLINED
        session.flush()
        assert _code(session, row, TICKET, " ok ") == "no_reason"
        assert _code(session, row, File("a.exe", "application/x-msdownload", b"MZ")) == "not_a_paper"
        assert _code(session, row, File("a.txt", "text/plain", b"")) == "empty_file"
        assert _code(session, row, File("a.txt", "text/plain", b"0" * (LARGEST + 1))) == "too_large"
        assert _code(session, row, TICKET) is None
        assert _code(session, row, TICKET) == "there_already"
        for number in range(1, policy.MOST_PAPERS):
            assert _code(session, row, File("a.txt", "text/plain", str(number).encode())) is None
        assert _code(session, row, File("a.txt", "text/plain", b"one more")) == "too_many"


def test_a_file_about_something_else_is_not_found_here(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        mine, other = (removal_of(session, campaign.id, company.system.id) for _ in range(2))
        mine.status = Status.BY_HAND
        made = handovers.hand_in(session, mine, TICKET, "the ticket", by=make.ADMIN, at=NOW)
        assert queries.paper(session, mine.id, made.digest) is made
        with pytest.raises(Refused):
            queries.paper(session, other.id, made.digest)
        with pytest.raises(Refused):
            documents.content(session, "0" * 64)
