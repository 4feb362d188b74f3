"""A rule that was asked of nobody closes nothing."""

from datetime import datetime, timedelta

from sqlalchemy import select

from app.detection import findings
from app.detection.judgement import Counted, Judgement
from app.detection.rule import CannotTell, Fails, Holds, Severity
from app.detection.tables import FindingRow
from app.kit.db import Database
from tests import make

BAD = Judgement("inactive_account", "account:1", Severity.HIGH, Fails("idle"))
UNREAD = Counted("inactive_account", CannotTell("accounts: cut"), 5)


def test_a_finding_stays_open_while_its_rule_is_asked_of_nobody(database: Database, at: datetime) -> None:
    statuses = []
    with database.transaction() as session:
        system = make.system(session)
        for n, told in enumerate((BAD, UNREAD, Counted("inactive_account", Holds(), 5))):
            run = findings.reconcile(
                session, "detection", [told], rules=["inactive_account"], system_id=system.id, by=make.ADMIN,
                at=at + timedelta(n),
            )  # fmt: skip
            statuses.append((session.scalars(select(FindingRow.status)).one(), run.cannot_tell))
    assert statuses == [("open", 0), ("open", 5), ("closed", 0)]
