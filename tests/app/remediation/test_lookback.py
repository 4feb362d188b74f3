"""What an account did between the promise and the moment its access went; what no log reaches is unknown."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.inventory.tables import AccountRow, ChangeRow, CredentialRow, LoginRow, SnapshotRow
from app.remediation import lookback, remediations, undoings
from app.remediation.lookback import Lookback, Reach
from app.remediation.policy import Status
from app.remediation.tables import ActRow, RemediationRow
from tests import make

from .conftest import Town
from .readings import COMPLETE, deactivated, ended, looked_again, reading, removed

HOUR = timedelta(hours=1)


def gone(town: Town, kind: str = "account", **streams: str) -> None:
    """A removal that is promised, carried out two hours later and proved two hours after that. Nothing was logged."""
    with town.database.transaction() as session:
        make.snapshot(session, town.system(session), at=town.now - timedelta(days=90), streams=LOGS)
        bo = town.account(session, key="bo", logins_known_since=town.now - timedelta(days=200))
        subject: Any = bo
        if kind == "credential":
            subject = make.credential(session, town.system(session), account_id=bo.id, key="t1", last_used=None,
                                      uses_known_since=town.now - timedelta(days=200))  # fmt: skip
            town.crm.present.add("t1")
        town.decided(session, subject)
    town.open_all()
    town.later(hours=2)
    assert town.carry_out().acted == 1
    town.later(hours=2)
    assert (
        reading(town, ended(CredentialRow) if kind == "credential" else deactivated, **LOGS | streams)[1].verified == 1
    )


LOGS = COMPLETE | {"changes": "complete"}


def signed_in(town: Town, *when: datetime, succeeded: bool | None = True) -> None:
    with town.database.transaction() as session:
        bo = session.scalars(select(AccountRow).where(AccountRow.key == "bo")).one()
        for at in when:
            row = LoginRow(system_id=bo.system_id, account_id=bo.id, key=f"{at}{succeeded}", at=at, succeeded=succeeded)
            session.add(row)


def back(town: Town, **given: Any) -> Lookback:
    with town.database.reading() as session:
        told = lookback.of(session, session.scalars(select(RemediationRow)).one(), at=town.now, **given)
    assert told is not None
    return told


def test_sign_ins_and_changes_are_counted_from_the_promise_until_it_went(town: Town) -> None:
    began = town.now
    gone(town)
    signed_in(town, began - HOUR, began, began + HOUR, began + 3 * HOUR)
    signed_in(town, began + HOUR, succeeded=False)
    with town.database.transaction() as session:
        for number, (at, actor) in enumerate([(began - HOUR, "bo"), (began + HOUR, "bo"), (began + HOUR, "cy")]):
            changed = {"system_id": town.system_id, "key": str(number), "at": at, "actor_key": actor}
            session.add(ChangeRow(action="exported", **changed))
    told = back(town)
    assert (told.began, told.ended) == (began, began + 2 * HOUR), "it went with the call, not with the reading"
    assert (told.sign_ins.reach, told.sign_ins.count, told.sign_ins.kinds) == (Reach.WHOLE, 2, (("failed", 1),))
    assert (told.changes.reach, told.changes.count, told.changes.kinds) == (Reach.WHOLE, 1, (("exported", 1),))


def _logged(town: Town, *rows: dict[str, Any]) -> None:
    with town.database.transaction() as session:
        for number, row in enumerate(rows):
            session.add(ChangeRow(**{"system_id": town.system_id, "key": str(number), "action": "exported"} | row))


def test_what_may_have_been_done_to_it_is_no_act_of_its_own_and_no_none_either(town: Town) -> None:
    began = town.now
    gone(town)
    _logged(town, {"at": began + HOUR, "named_key": "bo"}, {"at": began + 3 * HOUR, "named_key": "bo"})
    told = back(town).changes
    assert (told.reach, told.count, told.kinds) == (Reach.PART, 0, ())
    assert told.because == "1 more entry names it, and does not say whether it acted or was acted upon"
    _logged(town, *({"key": f"more {n}", "at": began + HOUR, "named_key": "bo"} for n in range(2)))
    assert back(town).changes.because.startswith("3 more entries name it, and do not say")


def test_what_another_log_may_tell_once_more_is_counted_once(town: Town) -> None:
    began = town.now
    gone(town)
    at = {"at": began + HOUR, "actor_key": "bo"}
    _logged(town, at, at | {"action": "EXPORT", "same_as": "0"}, at | {"at": began - HOUR, "same_as": "0"})
    told = back(town).changes
    assert (told.reach, told.count, told.kinds) == (Reach.PART, 1, (("exported", 1),))
    assert told.because == "1 entry of another log is not counted: it may tell of the same"


def test_nothing_seen_where_the_logs_reach_is_none(town: Town) -> None:
    gone(town)
    told = back(town)
    assert (told.sign_ins.reach, told.sign_ins.count) == (Reach.WHOLE, 0)
    assert (told.changes.reach, told.changes.count, told.used) == (Reach.WHOLE, 0, None)


@pytest.mark.parametrize("stream", ["logins", "changes"])
@pytest.mark.parametrize("verdict", ["incomplete", "not_collected"])
def test_a_log_that_was_not_read_to_the_end_afterwards_is_unknown_and_no_zero(
    town: Town, stream: str, verdict: str
) -> None:
    gone(town, **{stream: verdict})
    told = back(town)
    seen = told.sign_ins if stream == "logins" else told.changes
    assert (seen.reach, seen.count) == (Reach.UNKNOWN, None)
    assert seen.because


def test_a_log_that_begins_in_between_tells_a_part(town: Town) -> None:
    began = town.now
    gone(town)
    with town.database.transaction() as session:
        session.query(AccountRow).filter_by(key="bo").update({"logins_known_since": began + HOUR})
    signed_in(town, began + HOUR + timedelta(minutes=1))
    told = back(town)
    assert (told.sign_ins.reach, told.sign_ins.count) == (Reach.PART, 1)
    assert "only from" in told.sign_ins.because
    assert back(town, kept=timedelta(0)).sign_ins.reach is Reach.UNKNOWN, "what was forgotten is not known"


@pytest.mark.parametrize("proved", [True, False], ids=["and came back", "and was there still"])
def test_what_a_person_ended_after_a_call_that_did_not_last_went_at_the_reading(town: Town, proved: bool) -> None:
    removed(town)
    if proved:
        assert reading(town, deactivated)[1].verified == 1
        town.later(hours=1)
        assert looked_again(town, active_again) == 1
    else:
        assert reading(town)[1].still_there == 1
    with town.database.transaction() as session:
        row = session.scalars(select(RemediationRow)).one()
        if proved:
            remediations.try_again(session, row, "once more", by=make.ADMIN, at=town.now)
        remediations.move(session, row, Status.BY_HAND, because="read-only by now", by=make.ADMIN, at=town.now)
        remediations.say_done(session, row, "in Setup", by=make.ADMIN, at=town.later(hours=1))
    town.later(hours=1)
    assert reading(town, deactivated)[1].verified == 1
    assert back(town).ended == town.now, "the first call is not when it went"


def test_a_call_of_which_nobody_knows_whether_it_happened_is_not_when_it_went(town: Town) -> None:
    gone(town)
    called = back(town).ended
    assert called is not None
    with town.database.transaction() as session:
        session.scalars(select(ActRow)).one().status = "ambiguous"
    assert back(town).ended == called + 2 * HOUR, "the reading is"


def test_what_a_reading_proved_before_a_late_call_went_at_the_reading(town: Town) -> None:
    gone(town)
    with town.database.transaction() as session:
        session.scalars(select(ActRow)).one().ended_at = town.now + HOUR
    assert back(town).ended == town.now, "the reading had shown it gone before that"


def active_again(session: Session, _: SnapshotRow) -> None:
    session.query(AccountRow).filter_by(key="bo").update({"active": True})


def test_what_was_done_by_hand_went_at_the_reading_at_the_latest(town: Town) -> None:
    town.crm.by_hand.add("bo")
    with town.database.transaction() as session:
        town.decided(session, town.account(session, key="bo"))
    town.open_all()
    town.carry_out()
    town.later(hours=1)
    with town.database.transaction() as session:
        row = session.scalars(select(RemediationRow)).one()
        remediations.say_done(session, row, "in Setup", by=make.ADMIN, at=town.now)
    town.later(hours=1)
    assert back(town).ended is None, "somebody's word is no end"
    reading(town, deactivated)
    assert back(town).ended == town.now


@pytest.mark.parametrize("returned", [False, True])
def test_what_was_undone_after_it_had_gone_went_then_unless_it_was_back(town: Town, returned: bool) -> None:
    began = town.now
    gone(town)
    if returned:
        town.later(hours=1)
        assert looked_again(town, active_again) == 1
    with town.database.transaction() as session:
        row = session.scalars(select(RemediationRow)).one()
        assert row.status == (Status.RETURNED if returned else Status.VERIFIED)
        undoings.undo(session, row, "needed after all", by=make.ADMIN, at=town.now)
    with town.database.reading() as session:
        first = session.scalars(select(RemediationRow).where(RemediationRow.undoes_id.is_(None))).one()
        told = lookback.of(session, first, at=town.now)
    assert told is not None
    assert told.ended == (None if returned else began + 2 * HOUR)


def test_until_it_has_gone_the_time_runs(town: Town) -> None:
    began = town.now
    removed(town)
    signed_in(town, began + HOUR / 2)
    told = back(town)
    assert (told.ended, told.sign_ins.count, told.sign_ins.reach) == (None, None, Reach.UNKNOWN)


@pytest.mark.parametrize(("used", "count", "reach"), [(None, 0, Reach.WHOLE), (1, 1, Reach.PART)])
def test_of_a_key_its_last_use_is_told(town: Town, used: int | None, count: int, reach: Reach) -> None:
    began = town.now
    gone(town, "credential")
    if used:
        with town.database.transaction() as session:
            session.query(CredentialRow).update({"last_used": began + HOUR})
    told = back(town).used
    assert told is not None
    assert (told.count, told.reach) == (count, reach)
    with town.database.transaction() as session:
        session.query(CredentialRow).update({"last_used": None, "uses_known_since": None})
    told = back(town).used
    assert told is not None
    assert (told.count, told.reach) == (None, Reach.UNKNOWN)
