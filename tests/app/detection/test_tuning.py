"""Turning the rules: a system's own numbers, what people are told of, and when a rule proposes to be turned."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app.detection import limits, queries, rulebook, tuning
from app.detection.limits import Limits
from app.detection.tables import FindingRow
from app.kit import ids
from app.kit.db import Database
from app.kit.refusal import Refused
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow
from tests import make

WHY = "our policy says so"


def test_a_system_is_judged_by_a_number_of_its_own_until_it_is_cleared(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        strict, other = make.system(session), make.system(session)
        tuning.set_limit(session, strict, "inactive_days", 60, WHY, by=make.ADMIN, at=at)
        tuning.set_limit(session, strict, "inactive_days", 45, WHY, by=make.ADMIN, at=at + timedelta(1))
        assert queries.limits_of(session, strict.id, Limits()).inactive_days == 45
        assert queries.limits_of(session, other.id, Limits()) == Limits()
        (row,) = queries.own_limits(session, strict.id)
        assert (row.because, row.by) == (WHY, make.ADMIN.id)
        tuning.clear_limit(session, strict, "inactive_days", WHY, by=make.ADMIN, at=at + timedelta(2))
        tuning.clear_limit(session, strict, "inactive_days", WHY, by=make.ADMIN, at=at + timedelta(3))
        assert queries.limits_of(session, strict.id, Limits()) == Limits()
        said = session.scalars(
            select(EntryRow.body).where(EntryRow.kind == Kind.RULE_LIMIT_SET).order_by(EntryRow.at)
        ).all()
    assert [(each["was"], each["value"]) for each in said] == [(None, 60), (60, 45), (45, None)]


@pytest.mark.parametrize(
    ("name", "value", "because", "code"),
    [
        ("no_such", 5, WHY, "no_such_limit"),
        ("inactive_days", 0, WHY, "limit_out_of_bounds"),
        ("rare_percent", 101, WHY, "limit_out_of_bounds"),
        ("inactive_days", 60, "because", "reason_missing"),
    ],
)
def test_a_number_that_makes_no_sense_is_refused(
    database: Database, at: datetime, name: str, value: int, because: str, code: str
) -> None:
    with database.transaction() as session, pytest.raises(Refused) as no:
        tuning.set_limit(session, make.system(session), name, value, because, by=make.ADMIN, at=at)
    assert no.value.refusal.code == code


def test_a_rule_tells_people_as_it_was_made_to_unless_somebody_chose(database: Database, at: datetime) -> None:
    quiet, loud = rulebook.RULES["peer_outlier"], rulebook.RULES["leaver_active"]
    with database.transaction() as session:
        before = queries.alerting(session)
        tuning.switch_alerts(session, quiet, WHY, on=True, by=make.ADMIN, at=at)
        tuning.switch_alerts(session, loud, WHY, on=False, by=make.ADMIN, at=at)
        after = queries.alerting(session)
    assert before == {rule.name for rule in rulebook.RULES.values() if rule.alerts}
    assert after == before - {"leaver_active"} | {"peer_outlier"}


def test_about_fifteen_rules_tell_people_by_themselves() -> None:
    assert 12 <= sum(rule.alerts for rule in rulebook.RULES.values()) <= 18


def test_a_rule_whose_findings_are_mostly_accepted_proposes_what_to_turn(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        system = make.system(session)
        for n, (rule, status) in enumerate(
            [("inactive_account", "waived")] * 3 + [("inactive_account", "open")] * 6
            + [("never_used", "waived")] * 3 + [("never_used", "open")] * 7
            + [("shared_account", "waived")] * 3
            + [("peer_outlier", "waived")] * 2
        ):  # fmt: skip
            session.add(_finding(rule, status, n, system.id, at))
        session.flush()
        proposed = {each.rule.name: each.proposes for each in queries.standing(session) if each.proposes}
    assert set(proposed) == {"inactive_account", "shared_account"}
    assert "inactive_days" in (proposed["inactive_account"] or "")
    assert "whether it should be asked" in (proposed["shared_account"] or "")


def test_every_number_is_judged_by_somewhere_and_says_why() -> None:
    used = {each for rule in rulebook.RULES for each in rulebook.limits_in(rule)}
    # The grace of leavers is in what `left` asks, and the age of a roster in how far its reading is trusted; `rare_percent`
    # is what the peers are counted by.
    assert set(limits.NAMES) - used == {"leaver_grace_hours", "roster_max_age_days", "rare_percent"}
    assert all(len(why.split()) > 5 for why in limits.WHY.values())


def _finding(rule: str, status: str, number: int, system_id: int, at: datetime) -> FindingRow:
    said = {
        "source": "detection", "rule": rule, "subject": f"account:{number}", "system_id": system_id, "severity": "low",
        "status": status, "because": "x", "facts": {}, "opened_at": at, "last_seen_at": at, "last_run": ids.uuid7(),
        "owner": "", "cause": f"{rule}:{number}", "priority": 1, "privileged": False, "held": "internal",
    }  # fmt: skip
    return FindingRow(**{name: value for name, value in said.items() if hasattr(FindingRow, name)})
