"""What was proved to be gone is watched, and says through what it came back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors.actor import SCHEDULER
from app.detection import findings
from app.detection.rule import Fails
from app.detection.tables import FindingRow
from app.inventory.tables import AccountRow, CredentialRow, EdgeRow, GrantRow, IntegrationRow, SnapshotRow, SystemRow
from app.ledger.tables import EntryRow
from app.remediation import comebacks
from tests import make

from .conftest import Town
from .readings import deactivated, ended, looked_again, reading, removed

Change = Callable[[Session, SnapshotRow], None]
ROWS: dict[str, Any] = {"grant": GrantRow, "credential": CredentialRow, "integration": IntegrationRow}


def proved(town: Town, kind: str = "account") -> None:
    """One removal that a reading has proved a day ago."""
    removed(town, kind)
    assert reading(town, ended(ROWS[kind]) if kind in ROWS else deactivated)[1].verified == 1
    town.later(days=1)


def active_again(session: Session, _: SnapshotRow) -> None:
    session.query(AccountRow).filter_by(key="bo").update({"active": True})


def granted(town: Town, **given: Any) -> Change:
    """The grant is there again, as another row."""

    def grant(session: Session, snapshot: SnapshotRow) -> None:
        former = session.get_one(GrantRow, town.only.grant_id)
        same = {
            "system_id": former.system_id, "account_id": former.account_id, "entitlement_id": former.entitlement_id,
            "source": former.source, "authority": "crm", "began": snapshot.began_at,
        }  # fmt: skip
        session.add(GrantRow(**(same | given)))
        session.flush()

    return grant


def nested(town: Town) -> Change:
    """The account holds a group now, and the group holds what was taken away."""

    def nest(session: Session, snapshot: SnapshotRow) -> None:
        former = session.get_one(GrantRow, town.only.grant_id)
        group = make.entitlement(session, town.system(session), name="Sales group")
        session.add(
            EdgeRow(
                system_id=former.system_id, holder_id=group.id, held_id=former.entitlement_id, kind="group",
                began=snapshot.began_at - timedelta(days=900),
            )
        )  # fmt: skip
        granted(town, entitlement_id=group.id)(session, snapshot)

    return nest


def another_account(town: Town, *, hold: bool = False) -> Change:
    """The same person has another account now."""

    def enter(session: Session, snapshot: SnapshotRow) -> None:
        bo = session.scalars(select(AccountRow).where(AccountRow.key == "bo")).one()
        bo.identity_id = make.identity(session, "Bo").id
        make.account(session, town.system(session), key="bo2", username="bo2@example.com",
                     identity_id=bo.identity_id, began=snapshot.began_at)  # fmt: skip
        if hold:
            second = session.scalars(select(AccountRow.id).where(AccountRow.key == "bo2")).one()
            granted(town, account_id=second)(session, snapshot)

    return enter


def another_key(session: Session, snapshot: SnapshotRow) -> None:
    former = session.scalars(select(CredentialRow).where(CredentialRow.key == "t1")).one()
    of = session.get_one(SystemRow, former.system_id)
    new = {"key": "t2", "label": "t2", "kind": former.kind, "account_id": former.account_id}
    make.credential(session, of, began=snapshot.began_at, **new)


WAYS: list[tuple[str, Callable[[Town], Change], str, str]] = [
    ("account", lambda town: active_again, "itself", "the account is active again"),
    ("account", lambda town: another_account(town), "account", "another account of the same person, bo2@example.com"),
    ("grant", lambda town: granted(town, granted_by="eve"), "itself", "given again in the CRM itself by eve"),
    (
        "grant",
        lambda town: granted(town, authority="idp"),
        "itself",
        "taken away in the CRM it would come back once more",
    ),
    ("grant", lambda town: granted(town, source="group:7"), "source", "through group:7, in the CRM itself"),
    ("grant", nested, "nesting", "through Sales group, which includes it"),
    ("grant", lambda town: another_account(town, hold=True), "account", "another account of the same person, bo2"),
    ("credential", lambda town: another_key, "credential", "a new one of the same kind and account, t2"),
]


@pytest.mark.parametrize(("kind", "found", "way", "said"), WAYS, ids=lambda each: each if isinstance(each, str) else "")
def test_what_is_back_has_a_new_life_and_says_through_what(
    town: Town, kind: str, found: Callable[[Town], Change], way: str, said: str
) -> None:
    proved(town, kind)
    assert looked_again(town, found(town)) == 1
    back = town.only
    assert (back.status, back.life, back.due_at) == ("returned", 2, town.now + timedelta(days=7))
    assert said.lower() in (back.because or "").lower()
    with town.database.reading() as session:
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "remediation.returned")).one()
    assert (entry.subject, entry.body["life"], entry.body["through"]) == (f"remediation:{back.id}", 2, [way])


@pytest.mark.parametrize("verdict", ["incomplete", "not_collected"])
def test_a_reading_that_was_not_read_to_the_end_re_opens_nothing(town: Town, verdict: str) -> None:
    proved(town)
    assert looked_again(town, active_again, accounts=verdict) == 0
    assert town.only.status == "verified"


def test_a_reading_that_was_overtaken_re_opens_nothing(town: Town) -> None:
    proved(town)
    older, _ = reading(town)
    reading(town, active_again)
    with town.database.transaction() as session:
        assert comebacks.notice(session, older, by=SCHEDULER, at=town.now) == 0


@pytest.mark.parametrize(("days", "back"), [(28, 1), (31, 0)])
def test_after_the_watch_it_is_new_access(town: Town, days: int, back: int) -> None:
    proved(town)
    town.later(days=days)
    assert looked_again(town, active_again) == back


def test_a_way_that_was_there_when_it_was_decided_is_no_return(town: Town) -> None:
    removed(town, "grant")
    with town.database.transaction() as session:
        bo = session.scalars(select(AccountRow).where(AccountRow.key == "bo")).one()
        bo.identity_id = make.identity(session, "Bo").id
        second = make.account(session, town.system(session), key="bo2", identity_id=bo.identity_id)
        former = session.get_one(GrantRow, town.only.grant_id)
        session.add(
            GrantRow(
                system_id=former.system_id, account_id=second.id, entitlement_id=former.entitlement_id,
                source="direct", authority="crm", began=town.now - timedelta(days=90),
            )
        )  # fmt: skip

    def its_own(session: Session, snapshot: SnapshotRow) -> None:
        session.get_one(GrantRow, town.only.grant_id).ended = snapshot.began_at

    assert reading(town, its_own)[1].verified == 1
    assert looked_again(town) == 0


def test_what_came_back_by_another_way_is_not_proved_by_its_first_way_alone(town: Town) -> None:
    proved(town, "grant")
    looked_again(town, nested(town))
    town.later(days=1)
    assert reading(town)[1].verified == 0
    assert town.only.status == "returned"


def test_what_returned_and_is_gone_again_is_proved_again_and_watched_anew(town: Town) -> None:
    proved(town)
    looked_again(town, active_again)
    town.later(days=20)
    snapshot, counts = reading(town, deactivated)
    assert (counts.verified, town.only.verified_snapshot_id) == (1, snapshot)
    town.later(days=20)
    assert looked_again(town, active_again) == 1
    assert town.only.life == 3


def test_a_return_is_a_finding_until_it_is_proved_gone_again(town: Town) -> None:
    proved(town)

    def told() -> list[str]:
        with town.database.transaction() as session:
            judged = comebacks.judgements(session, town.system_id)
            if comebacks.changes(session, town.system_id, judged):
                findings.reconcile(
                    session, comebacks.SOURCE, judged, rules=[comebacks.RULE.name], system_id=town.system_id, news=True,
                    by=SCHEDULER, at=town.now,
                )  # fmt: skip
            return [f"{row.status} {row.baseline}" for row in session.scalars(select(FindingRow))]

    assert told() == []
    looked_again(town, active_again)
    assert told() == ["open False"], "what came back under our eyes is no baseline"
    with town.database.reading() as session:
        (judged,) = comebacks.judgements(session, town.system_id)
        assert isinstance(judged.answer, Fails)
        assert "the account is active again" in judged.answer.because
        assert not comebacks.changes(session, town.system_id, [judged])
    town.later(days=1)
    reading(town, deactivated)
    assert told() == ["closed False"]
