"""Taking something away because of a finding, without a review: what is offered, and what is refused."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors.actor import Role
from app.detection.tables import FindingRow
from app.kit.refusal import Refused
from app.ledger.tables import EntryRow, PersonalRow
from app.remediation import offers, remediations, verify
from app.remediation.policy import Status
from app.remediation.tables import RemediationRow
from tests import make

from .conftest import Town, administrator

EVE = make.actor(None, Role.IT_SECURITY, name="Eve")


def finding(session: Session, town: Town, subject: str, rule: str = "inactive_account", **given: Any) -> FindingRow:
    values = {
        "source": "detection", "rule": rule, "subject": subject, "system_id": town.system_id, "severity": "high",
        "status": "open", "because": "last used 120 days ago", "facts": {}, "opened_at": town.now,
        "last_seen_at": town.now, "last_run": uuid.uuid4(),
    }  # fmt: skip
    row = FindingRow(**(values | given))
    session.add(row)
    session.flush()
    return row


def start(session: Session, town: Town, found: FindingRow, *subjects: str, reason: str = "left in May") -> list[Any]:
    wanted = subjects or (found.subject,)
    return remediations.open_for_finding(session, found, wanted, reason, by=EVE, at=town.now)


def refused(session: Session, town: Town, found: FindingRow, *subjects: str, **given: Any) -> str:
    with pytest.raises(Refused) as no:
        start(session, town, found, *subjects, **given)
    assert session.scalars(select(RemediationRow)).first() is None
    return no.value.refusal.code


def test_what_is_started_from_a_finding_is_carried_out_and_proved_like_any_removal(town: Town) -> None:
    with town.database.transaction() as session:
        bo = town.account(session)
        (made,) = start(session, town, finding(session, town, f"account:{bo.id}"))
        assert (made.status, made.campaign_id, made.asked_by, made.reason) == ("open", None, EVE.id, "left in May")
    assert town.carry_out().acted == 1
    assert town.crm.effects == [bo.key]
    with town.database.transaction() as session:
        session.merge(bo).active = False
        snapshot = make.snapshot(session, town.system(session), at=town.later(hours=1))
        assert verify.verify(session, snapshot.id, by=EVE, at=town.now).verified == 1
    assert town.only.status == "verified"


def test_the_ledger_names_the_finding_and_keeps_the_reason_as_a_personal_value(town: Town) -> None:
    with town.database.transaction() as session:
        bo = town.account(session)
        found = finding(session, town, f"account:{bo.id}")
        (made,) = start(session, town, found, reason="  left in May ")
        entry = session.scalars(select(EntryRow).where(EntryRow.subject == f"remediation:{made.id}")).one()
        said = session.scalars(select(PersonalRow).where(PersonalRow.entry_id == entry.id)).one()
    assert (entry.kind, entry.author, entry.body["finding"], entry.body["campaign"]) == (
        "remediation.opened", EVE.id, found.id, None,
    )  # fmt: skip
    assert entry.body["reason"].keys() == {"commitment"}
    assert (said.field, said.value, said.person) == ("reason", "left in May", f"account:{bo.id}")


def test_an_account_offers_itself_its_grants_and_its_live_credentials(town: Town) -> None:
    with town.database.transaction() as session:
        bo, system = town.account(session), town.system(session)
        mighty, plain = town.grant(session, bo), town.grant(session, bo)
        make.privilege(session, bo, entitlement_of(session, mighty), "export")
        live = make.credential(session, system, account_id=bo.id)
        make.credential(session, system, account_id=bo.id, active=False)
        make.credential(session, system, account_id=bo.id, ended=town.now)
        told = offers.offers(session, finding(session, town, f"account:{bo.id}"))
    assert [(each.subject, each.chosen) for each in told] == [
        (f"account:{bo.id}", True),
        (f"grant:{mighty.id}", False),
        (f"grant:{plain.id}", False),
        (f"credential:{live.id}", False),
    ]
    assert told[1].privileges == ("export",)
    assert all(each.refusal is None and each.by_hand is None for each in told)


def test_for_privileges_without_a_reason_the_grants_that_carry_them_are_chosen(town: Town) -> None:
    with town.database.transaction() as session:
        bo = town.account(session)
        mighty, _plain = town.grant(session, bo), town.grant(session, bo)
        make.privilege(session, bo, entitlement_of(session, mighty), "export")
        found = finding(session, town, f"account:{bo.id}", rule="privileged_without_reason")
        chosen = [each.subject for each in offers.offers(session, found) if each.chosen]
        assert chosen == [f"grant:{mighty.id}"]
        assert [row.grant_id for row in start(session, town, found, *chosen)] == [mighty.id]


def test_a_credential_offers_itself(town: Town) -> None:
    with town.database.transaction() as session:
        bo = town.account(session)
        token = make.credential(session, town.system(session), account_id=bo.id, label="CI token")
        found = finding(session, town, f"credential:{token.id}", rule="dormant_credential")
        (told,) = offers.offers(session, found)
        assert (told.subject, told.name, told.chosen) == (f"credential:{token.id}", "CI token", True)
        (made,) = start(session, town, found)
    assert (made.kind, made.credential_id, made.account_id) == ("credential", token.id, bo.id)


@pytest.mark.parametrize(
    ("status", "reason", "code"),
    [
        ("closed", "left in May", "finding_not_open"),
        ("waived", "left in May", "finding_not_open"),
        ("open", " ok ", "no_reason"),
    ],
)  # fmt: skip
def test_it_takes_an_open_finding_and_a_reason(town: Town, status: str, reason: str, code: str) -> None:
    with town.database.transaction() as session:
        bo = town.account(session)
        found = finding(session, town, f"account:{bo.id}", status=status)
        assert refused(session, town, found, reason=reason) == code


def test_nothing_of_anybody_else_can_be_taken_away_with_it(town: Town) -> None:
    with town.database.transaction() as session:
        bo, cy = town.account(session), town.account(session)
        found = finding(session, town, f"account:{bo.id}")
        assert refused(session, town, found, f"account:{bo.id}", f"account:{cy.id}") == "not_offered"
        with pytest.raises(Refused, match="Nothing was chosen"):
            remediations.open_for_finding(session, found, [], "left in May", by=EVE, at=town.now)


def test_what_is_gone_is_not_taken_away(town: Town) -> None:
    with town.database.transaction() as session:
        bo, cy = town.account(session, active=False), town.account(session, ended=town.now)
        assert refused(session, town, finding(session, town, f"account:{bo.id}")) == "gone"
        assert refused(session, town, finding(session, town, f"account:{cy.id}")) == "gone"


def test_the_account_that_rolecall_signs_in_with_is_not_taken_away(town: Town) -> None:
    with town.database.transaction() as session:
        own = town.account(session, key="reader")
        token = make.credential(session, town.system(session), account_id=own.id)
        assert refused(session, town, finding(session, town, f"account:{own.id}")) == "own_account"
        found = finding(session, town, f"credential:{token.id}", rule="dormant_credential")
        assert refused(session, town, found) == "own_account"


def test_the_last_administrator_is_not_taken_away(town: Town) -> None:
    with town.database.transaction() as session:
        bo = town.account(session)
        held = administrator(session, bo)
        found = finding(session, town, f"account:{bo.id}")
        spare = session.scalars(select(make.AccountRow).where(make.AccountRow.key == "spare-admin")).one()
        spare.frozen = True
        session.flush()
        assert refused(session, town, found) == "last_administrator"
        assert refused(session, town, found, f"grant:{held.id}") == "last_administrator"
        spare.frozen = False
        session.flush()
        assert len(start(session, town, found)) == 1


def test_a_system_that_is_read_only_makes_it_a_persons_task_with_steps(town: Town) -> None:
    with town.database.transaction() as session:
        system, bo = town.system(session), town.account(session)
        system.executor_secret, system.writing = None, []
        found = finding(session, town, f"account:{bo.id}")
        (own, *_rest) = offers.offers(session, found)
        assert own.refusal is None
        assert own.by_hand is not None
        assert own.by_hand.code == "writing_off"
        start(session, town, found)
    town.carry_out()
    assert (town.only.status, bool(town.only.steps), town.crm.log) == ("by_hand", True, [])


def test_an_act_that_is_not_switched_on_is_told_beforehand(town: Town) -> None:
    with town.database.transaction() as session:
        system, bo = town.system(session), town.account(session)
        system.writing = ["revoke_credential"]
        grant = town.grant(session, bo, authority="idp")
        make.credential(session, system, account_id=bo.id)
        told = {each.subject: each for each in offers.offers(session, finding(session, town, f"account:{bo.id}"))}
    codes = [each.by_hand.code if each.by_hand else None for each in told.values()]
    assert codes == ["writing_off", "granted_elsewhere", None]
    assert told[f"grant:{grant.id}"].refusal is None


def test_what_is_being_taken_away_is_not_taken_away_twice(town: Town) -> None:
    with town.database.transaction() as session:
        bo = town.account(session)
        one, other = (
            finding(session, town, f"account:{bo.id}"),
            finding(session, town, f"account:{bo.id}", rule="other"),
        )
        (made,) = start(session, town, one)
        for status in [each for each in Status if each not in (Status.VERIFIED, Status.UNDONE)]:
            made.status = status
            session.flush()
            with pytest.raises(Refused) as no:
                start(session, town, other)
            assert (no.value.refusal.code, no.value.refusal.facts["removal"]) == ("underway", str(made.id))


def test_of_two_people_at_once_one_is_told_that_the_other_was_first(town: Town) -> None:
    """What the unique index is for: both have looked before either has written."""
    with town.database.transaction() as session:
        bo = town.account(session)
        found = finding(session, town, f"account:{bo.id}")
        (made,) = start(session, town, found)
        made.status, made.verified_snapshot_id = "verified", make.snapshot(session, town.system(session)).id
        session.flush()
        with pytest.raises(Refused) as no:
            start(session, town, found)
        assert no.value.refusal.status == 412
    with town.database.transaction() as session:  # opened again later: another turn, another removal
        again = session.get_one(FindingRow, found.id)
        again.times_opened += 1
        assert len(start(session, town, again)) == 1


def entitlement_of(session: Session, grant: Any) -> Any:
    return session.get_one(make.EntitlementRow, grant.entitlement_id)
