"""What a log does not say who did: of whom it names, rules about that act cannot tell; of others, they can."""

from __future__ import annotations

from datetime import timedelta

from app.detection import subjects
from app.detection.rule import CannotTell, Holds, Limits
from app.detection.rules import mass_export, secret_seen
from app.inventory.tables import ChangeRow
from app.kit.db import Database
from tests import make
from tests.make import NOW

LIMITS = Limits(exports_most=2)


def test_rules_about_a_deed_cannot_tell_of_whoever_may_have_done_it(database: Database) -> None:
    with database.transaction() as session:
        system = make.system(session, kind="hubspot")
        for key in ("bo", "cy"):
            make.account(session, system, key=key)
        days = (1, 2, 3, 60)  # the last is not of late
        for day in days:
            told = {"at": NOW - timedelta(days=day), "action": "EXPORT", "named_key": "bo"}
            session.add(ChangeRow(system_id=system.id, key=str(day), **told))
        session.flush()
        facts = {each.key: each for each in subjects.account_facts(session, system.id, LIMITS, at=NOW)}
        assert [each.times for each in facts["bo"].around.doubtful_deeds] == [3]
        assert facts["bo"].around.deeds == facts["cy"].around.doubtful_deeds == ()
        assert isinstance(mass_export.ask(facts["bo"], NOW, LIMITS), CannotTell)
        assert isinstance(mass_export.ask(facts["bo"], NOW, Limits(exports_most=3)), Holds)
        assert isinstance(secret_seen.ask(facts["bo"], NOW, LIMITS), Holds)
        assert isinstance(mass_export.ask(facts["cy"], NOW, LIMITS), Holds)
