"""Only a later, complete reading proves that something is gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors.actor import SCHEDULER
from app.inventory.tables import AccountRow, CredentialRow, GrantRow, IntegrationRow, SnapshotRow
from app.ledger.tables import EntryRow
from app.remediation import verify
from app.remediation.verify import Counts
from tests import make

from .conftest import Town
from .readings import COMPLETE, deactivated, ended, reading, removed


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("grant", ended(GrantRow)), ("account", ended(AccountRow)), ("account", deactivated),
        ("credential", ended(CredentialRow)), ("integration", ended(IntegrationRow)),
    ],
)  # fmt: skip
def test_a_later_complete_reading_that_lacks_it_proves_it(
    town: Town, kind: str, found: Callable[[Session, SnapshotRow], None]
) -> None:
    removed(town, kind)
    snapshot, counts = reading(town, found)
    assert counts.verified == 1
    proven = town.only
    assert (proven.status, proven.verified_snapshot_id, proven.verified_at) == ("verified", snapshot, town.now)
    with town.database.reading() as session:
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "remediation.verified")).one()
    assert entry.subject == f"remediation:{proven.id}"
    assert entry.body["snapshot"] == snapshot


@pytest.mark.parametrize(
    ("kind", "stream", "found"),
    [
        ("grant", "grants", ended(GrantRow)), ("grant", "accounts", ended(GrantRow)),
        ("grant", "entitlements", ended(GrantRow)), ("account", "accounts", deactivated),
        ("credential", "integrations", ended(CredentialRow)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("verdict", ["incomplete", "not_collected"])
def test_a_reading_that_did_not_read_the_stream_whole_proves_nothing(
    town: Town, kind: str, stream: str, found: Callable[[Session, SnapshotRow], None], verdict: str
) -> None:
    removed(town, kind)
    _, counts = reading(town, found, **{stream: verdict})
    assert (counts.verified, counts.still_there) == (0, 0)
    assert kind in counts.unproved
    assert town.only.status == "acted"


def test_an_explained_reading_is_as_good_as_a_complete_one(town: Town) -> None:
    removed(town)
    assert reading(town, deactivated, accounts="explained")[1].verified == 1


def test_a_reading_that_began_before_the_act_proves_nothing(town: Town) -> None:
    removed(town)
    town.later(hours=-2)
    _, counts = reading(town, deactivated)
    assert counts.verified == 0
    assert town.only.status == "acted"


def test_a_reading_begun_at_the_very_moment_of_the_act_proves_nothing(town: Town) -> None:
    removed(town)
    town.later(hours=-1)
    assert reading(town, deactivated)[1].verified == 0


def test_a_reading_that_was_overtaken_says_nothing(town: Town) -> None:
    removed(town)
    with town.database.transaction() as session:
        older = make.snapshot(session, town.system(session), at=town.now, streams=COMPLETE)
        make.snapshot(session, town.system(session), at=town.later(hours=1), streams=COMPLETE)
        deactivated(session, older)
        assert verify.verify(session, older.id, by=SCHEDULER, at=town.now) == Counts()


def test_what_is_still_there_after_it_was_acted_on_is_open_again(town: Town) -> None:
    removed(town)
    snapshot, counts = reading(town)
    assert counts.still_there == 1
    assert (town.only.status, town.only.verified_at) == ("open", None)
    assert f"Reading {snapshot} still shows it" in str(town.only.because)


def test_an_account_of_which_the_system_does_not_say_whether_it_is_active_is_neither_gone_nor_there(town: Town) -> None:
    removed(town)

    def silent(session: Session, _: SnapshotRow) -> None:
        session.query(AccountRow).filter_by(key="bo").update({"active": None})

    assert reading(town, silent)[1] == Counts()
    assert town.only.status == "acted"


@pytest.mark.parametrize("status", ["by_hand", "declined"])
def test_what_a_person_did_is_proven_without_being_reported(town: Town, status: str) -> None:
    from connectors.errors import Declined

    with town.database.transaction() as session:
        town.decided(session, town.account(session, key="bo"))
    town.open_all()

    def no(_: str) -> None:
        raise Declined("no", said="no")

    town.later(hours=1)
    if status == "by_hand":
        town.crm.by_hand.add("bo")
    town.crm.before_effect = no
    town.carry_out()
    assert town.only.status == status
    town.later(minutes=-30)  # begun before it became a task, and after it was promised
    assert reading(town, deactivated)[1].verified == 1


def test_a_persons_task_that_is_not_done_stays_a_task(town: Town) -> None:
    with town.database.transaction() as session:
        town.decided(session, town.account(session, key="bo"))
        town.system(session).writing = []
    town.open_all()
    town.carry_out()
    town.later(hours=1)
    assert reading(town)[1] == Counts()
    assert town.only.status == "by_hand"


@pytest.mark.parametrize("held_instead", [True, False])
def test_an_exchange_is_true_when_the_old_is_gone_and_the_new_is_held(town: Town, held_instead: bool) -> None:
    with town.database.transaction() as session:
        bo = town.account(session, key="bo")
        town.decided(session, town.grant(session, bo), "change", change_to="role:lesser")
        lesser = make.entitlement(session, town.system(session), key="role:lesser")
        account, entitlement = bo.id, lesser.id
    town.open_all()
    town.carry_out()
    town.later(hours=1)

    def exchanged(session: Session, snapshot: SnapshotRow) -> None:
        ended(GrantRow)(session, snapshot)
        session.flush()
        if held_instead:
            make.grant(
                session,
                session.get_one(AccountRow, account),
                _entitlement(session, entitlement),
                began=snapshot.began_at,
            )

    assert reading(town, exchanged)[1].verified == int(held_instead)


def test_a_call_whose_end_is_not_known_is_left_to_the_lane(town: Town) -> None:
    from connectors.errors import Unreachable

    with town.database.transaction() as session:
        town.decided(session, town.account(session, key="bo"))
    town.open_all()

    def cut(_: str) -> None:
        raise Unreachable("cut", ambiguous=True)

    town.crm.after_effect = cut
    with pytest.raises(Unreachable):
        town.carry_out()
    town.later(hours=1)
    assert reading(town, deactivated)[1] == Counts()
    assert town.only.status == "acting"


def test_verifying_twice_changes_nothing_more(town: Town) -> None:
    removed(town)
    snapshot, _ = reading(town, deactivated)
    with town.database.transaction() as session:
        assert verify.verify(session, snapshot, by=SCHEDULER, at=town.now) == Counts()


def test_a_reading_of_one_system_says_nothing_about_another(town: Town) -> None:
    removed(town)
    with town.database.transaction() as session:
        deactivated(session, make.snapshot(session, make.system(session)))
        other = make.snapshot(session, make.system(session), at=town.now)
        assert verify.verify(session, other.id, by=SCHEDULER, at=town.now) == Counts()


def _entitlement(session: Session, entitlement_id: int) -> Any:
    from app.inventory.tables import EntitlementRow

    return session.get_one(EntitlementRow, entitlement_id)
