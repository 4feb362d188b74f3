"""The rules over a whole system: who is judged, and what is not asked because it was not read."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from app.detection import detect, justifications, rulebook
from app.detection.judgement import Counted, Judgement
from app.detection.rule import CannotTell, Fails, Holds, Limits, Subject
from app.inventory.tables import StreamRow, SystemRow
from app.kit.db import Database
from app.kit.refusal import Refused
from tests import make

READ = {"accounts": "complete", "entitlements": "complete", "grants": "complete", "integrations": "complete"}


def _company(session: Session, at: datetime, **verdicts: str) -> SystemRow:
    """A read CRM and a read roster."""
    roster = make.system(session, kind="roster")
    extracted = at - timedelta(days=int(verdicts.pop("roster_days", "1")))
    read = make.snapshot(session, roster, streams={"people": verdicts.pop("people", "complete")}, at=at)
    session.get_one(StreamRow, (read.id, "people")).server_at = extracted
    system = make.system(session)
    make.snapshot(session, system, streams=READ | verdicts, at=at)
    return system


def _judged(session: Session, system: SystemRow, at: datetime) -> dict[tuple[str, str], Judgement]:
    """What was not simply right, by rule and subject."""
    told = list(detect.judgements(session, system.id, Limits(), at=at))
    return {(j.rule, j.subject): j for j in told if isinstance(j, Judgement)}


def _counted(session: Session, system: SystemRow, at: datetime) -> dict[str, Counted]:
    told = list(detect.judgements(session, system.id, Limits(), at=at))
    return {j.rule: j for j in told if isinstance(j, Counted)}


def test_each_live_account_and_credential_is_asked_every_rule_of_its_kind(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        system = _company(session, at)
        bo = make.account(session, system, identity_id=make.identity(session).id)
        make.account(session, system, ended=at)
        make.credential(
            session, system, account_id=bo.id, last_used=at - timedelta(days=200), uses_known_since=bo.created
        )
        judged, counted = _judged(session, system, at), _counted(session, system, at)
    (dormant,) = [j for (rule, _), j in judged.items() if rule == "dormant_credential"]
    assert isinstance(dormant.answer, Fails)
    assert dormant.account_id == bo.id
    assert counted["inactive_account"] == Counted("inactive_account", Holds(), 1)
    answered = {rule for rule, _ in judged} | set(counted)
    assert answered >= {rule.name for rule, _ in (*rulebook.ASKED[Subject.ACCOUNT], *rulebook.ASKED[Subject.SYSTEM])}


def test_a_rule_whose_stream_was_not_read_cannot_tell_and_says_which(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        system = _company(session, at, integrations="not_collected")
        bo = make.account(session, system, last_login=at - timedelta(days=200))
        make.credential(session, system, account_id=bo.id, last_used=at - timedelta(days=200))
        make.credential(session, system, account_id=bo.id)
        judged, counted = _judged(session, system, at), _counted(session, system, at)
    for rule in ("dormant_credential", "leaver_credential"):
        answer = counted[rule].answer
        assert isinstance(answer, CannotTell)
        assert "integrations" in answer.because
        assert counted[rule].times == 2
        assert not [rule for name, _ in judged if name == rule]
    assert isinstance(judged[("inactive_account", f"account:{bo.id}")].answer, Fails)


def test_a_programs_inactivity_rests_on_its_tokens_too(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        system = _company(session, at, integrations="incomplete")
        program = make.account(session, system, kind="service", last_login=at - timedelta(days=200))
        person = make.account(session, system, last_login=at - timedelta(days=200))
        judged = _judged(session, system, at)
    assert isinstance(judged[("inactive_account", f"account:{program.id}")].answer, CannotTell)
    assert isinstance(judged[("inactive_account", f"account:{person.id}")].answer, Fails)


@pytest.mark.parametrize("trouble", [{"people": "incomplete"}, {"roster_days": "8"}])
def test_without_a_trusted_roster_nobody_is_called_a_leaver_or_nobodys(
    database: Database, at: datetime, trouble: dict[str, str]
) -> None:
    with database.transaction() as session:
        system = _company(session, at, **trouble)
        make.account(session, system)
        counted = _counted(session, system, at)
    for rule in ("leaver_active", "nobodys_account"):
        assert isinstance(counted[rule].answer, CannotTell), rule


def test_a_reason_on_file_holds_until_its_end_and_not_beyond(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        system = _company(session, at)
        admin = make.entitlement(session, system, privileges=["administer"])
        bo = make.account(session, system, identity_id=make.identity(session).id)
        make.grant(session, bo, admin)
        make.privilege(session, bo, admin, "administer")
        subject = ("privileged_without_reason", f"account:{bo.id}")
        assert isinstance(_judged(session, system, at)[subject].answer, Fails)
        until = at + timedelta(days=30)
        justifications.record(session, bo, "runs the CRM", until=until, most_days=90, by=make.ADMIN, at=at)
        assert subject not in _judged(session, system, at)
        assert isinstance(_judged(session, system, until)[subject].answer, Fails)


def test_a_reason_is_a_sentence_with_an_end_not_too_far_away(database: Database, at: datetime) -> None:
    refused = []
    with database.transaction() as session:
        bo = make.account(session, make.system(session))
        for reason, days in (("because", 30), ("runs the CRM", -1), ("runs the CRM", 91)):
            try:
                until = at + timedelta(days=days)
                justifications.record(session, bo, reason, until=until, most_days=90, by=make.ADMIN, at=at)
            except Refused as no:
                refused.append(no.refusal.code)
    assert refused == ["reason_missing", "end_in_the_past", "end_too_far"]
