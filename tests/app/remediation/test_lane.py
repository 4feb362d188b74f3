"""Carrying removals out: no effect twice, no call without its row, no second call without a look between."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta

import pytest

from app.inventory.tables import SystemRow
from app.kit.db import Database
from app.kit.refusal import Refused
from app.remediation.brakes import Brakes
from app.remediation.policy import Caps
from connectors.connector import ActKind
from connectors.errors import Declined, Denied, Misread, Throttled, Unreachable
from tests import make

from .conftest import Town, administrator
from .crm import Crm, Died


def one_account(town: Town, key: str = "bo") -> None:
    with town.database.transaction() as session:
        town.decided(session, town.account(session, key=key))
    town.open_all()


def fails(error: BaseException, *, times: int = 1) -> Callable[[str], None]:
    left = [times]

    def fail(_: str) -> None:
        if left[0]:
            left[0] -= 1
            raise error

    return fail


def test_a_removal_is_looked_at_acted_on_and_looked_at_again(town: Town) -> None:
    one_account(town)
    counts = town.carry_out()
    assert (counts.acted, counts.unproved) == (1, 1)
    assert town.crm.log == ["look:bo", "do:bo", "look:bo"]
    done = town.only
    assert (done.status, done.acted_at, done.verified_at) == ("acted", town.now, None)
    assert done.before
    assert done.before["state"] == "present"
    assert done.after
    assert done.after["state"] == "absent"
    assert town.acts == [("deactivate", "done")]
    assert town.crm.closed == 1


def test_a_second_run_has_nothing_to_do(town: Town) -> None:
    one_account(town)
    town.carry_out()
    assert (town.carry_out().acted, town.carry_out().unproved) == (0, 1)
    assert town.crm.effects == ["bo"]


def test_what_is_gone_already_is_not_acted_on(town: Town) -> None:
    one_account(town)
    town.crm.present.clear()
    counts = town.carry_out()
    assert (counts.gone_already, counts.acted) == (1, 0)
    assert town.crm.log == ["look:bo"]
    assert town.only.status == "acted"
    assert "gone when we looked" in str(town.only.because)


def test_each_call_has_a_committed_row_before_it_is_made_and_no_transaction_is_open(town: Town) -> None:
    one_account(town)
    seen: list[tuple[str, str]] = []

    def ask(_: str) -> None:
        with town.database.transaction() as session:  # on SQLite this waits for whoever holds the writer's lock
            session.get_one(SystemRow, town.system_id).owner_key = "somebody"
        seen.extend(town.acts)

    town.crm.before_effect = ask
    town.crm.before_look = lambda _: ask(_) if not seen else None
    town.carry_out()
    assert seen == [("deactivate", "begun")]


@pytest.mark.parametrize("where", ["before_look", "before_effect", "after_effect", "look_after"])
def test_killed_anywhere_nothing_has_an_effect_twice_and_no_call_is_made_without_a_look(town: Town, where: str) -> None:
    one_account(town)
    if where == "look_after":
        town.crm.before_look = lambda _: fails(Died())("") if len(town.crm.log) > 2 else None
    else:
        setattr(town.crm, where, fails(Died()))
    with pytest.raises(Died):
        town.carry_out()
    town.crm.before_look = town.crm.before_effect = town.crm.after_effect = lambda _: None
    for _ in range(2):
        town.carry_out()
    assert town.only.status == "acted"
    assert town.crm.effects == ["bo"]
    between_calls = [line for line in town.crm.log if line.startswith(("do", "look"))]
    for earlier, later in itertools.pairwise(between_calls):
        assert not (earlier.startswith("do") and later.startswith("do"))
    assert "begun" not in [status for _, status in town.acts]


@pytest.mark.parametrize(("happened", "calls", "status"), [(True, 1, "done"), (False, 2, "ambiguous")])
def test_a_call_whose_end_nobody_knows_is_resolved_by_looking(
    town: Town, happened: bool, calls: int, status: str
) -> None:
    one_account(town)
    doubt = fails(Unreachable("the line was cut", ambiguous=True))
    if happened:
        town.crm.after_effect = doubt
    else:
        town.crm.before_effect = doubt
    with pytest.raises(Unreachable):
        town.carry_out()
    assert town.only.status == "acting"
    town.carry_out()
    assert town.only.status == "acted"
    assert town.crm.log.count("do:bo") == calls
    assert town.crm.effects == ["bo"]
    assert town.acts[0] == ("deactivate", status)


def test_an_answer_that_cannot_be_trusted_is_as_doubtful_as_none(town: Town) -> None:
    one_account(town)
    town.crm.after_effect = fails(Misread("half a page"))
    with pytest.raises(Misread):
        town.carry_out()
    town.carry_out()
    assert town.crm.log.count("do:bo") == 1


def test_one_doubtful_call_does_not_keep_the_others_waiting(town: Town) -> None:
    one_account(town, "bo")
    one_account(town, "cy")
    town.crm.after_effect = fails(Unreachable("cut", ambiguous=True))
    with pytest.raises(Unreachable):
        town.carry_out()
    assert [row.status for row in town.all()] == ["acting", "acted"]


def test_while_nobody_can_see_whether_a_call_took_effect_nothing_is_called(town: Town) -> None:
    one_account(town)
    town.crm.before_effect = fails(Unreachable("cut", ambiguous=True))
    with pytest.raises(Unreachable):
        town.carry_out()
    town.crm.unknown.add("bo")
    assert town.carry_out().held == 1
    assert town.only.status == "acting"
    assert town.crm.log.count("do:bo") == 1


def test_what_the_crm_declines_becomes_a_persons_task_in_its_own_words(town: Town) -> None:
    one_account(town)
    town.crm.before_effect = fails(Declined("declined", said="You cannot deactivate the owner of 12 dashboards."))
    assert town.carry_out().declined == 1
    assert (town.only.status, town.only.because) == ("declined", "You cannot deactivate the owner of 12 dashboards.")
    assert any("Deactivate the account" in step for step in town.only.steps)
    assert town.carry_out().acted == 0
    assert town.acts == [("deactivate", "declined")]


def test_a_missing_right_becomes_a_persons_task_that_names_it(town: Town) -> None:
    one_account(town)
    town.crm.before_effect = fails(Denied("may not", missing="Manage Users"))
    assert town.carry_out().by_hand == 1
    assert "Manage Users" in str(town.only.because)


@pytest.mark.parametrize("error", [Throttled("too often", wait=30), Unreachable("nobody answers")])
def test_a_call_that_was_never_made_is_tried_again_later(town: Town, error: Exception) -> None:
    one_account(town)
    town.crm.before_effect = fails(error)
    with pytest.raises(type(error)):
        town.carry_out()
    assert town.only.status == "open"
    assert town.acts == [("deactivate", "skipped")]
    assert town.carry_out().acted == 1
    assert town.acts == [("deactivate", "skipped"), ("deactivate", "done")]


def test_what_no_api_can_do_comes_with_the_connectors_steps(town: Town) -> None:
    one_account(town)
    town.crm.by_hand.add("bo")
    assert town.carry_out().by_hand == 1
    assert (town.only.status, town.only.because) == ("by_hand", "the API cannot do this")
    assert town.only.steps == ["Open Setup.", "Remove it."]


def test_what_cannot_be_seen_is_not_acted_on(town: Town) -> None:
    one_account(town)
    town.crm.unknown.add("bo")
    assert town.carry_out().by_hand == 1
    assert town.crm.effects == []
    assert town.only.steps


def test_an_exchange_is_done_by_a_person(town: Town) -> None:
    with town.database.transaction() as session:
        held = town.grant(session, town.account(session))
        town.decided(session, held, "change", change_to="role:lesser")
    town.open_all()
    town.carry_out()
    assert town.only.status == "by_hand"
    assert any("First assign role:lesser, then take away role" in step for step in town.only.steps)
    assert town.crm.log == []


def test_several_calls_of_one_plan_are_each_written_down(town: Town) -> None:
    one_account(town)
    town.crm.also_ends_sessions = True
    town.carry_out()
    assert town.crm.effects == ["sessions", "bo"]
    assert town.acts == [("end_sessions", "done"), ("deactivate", "done")]


# --- interlocks, one by one ---


def nothing_was_done(town: Town, reason: str) -> None:
    assert town.crm.effects == []
    assert "begun" not in [status for _, status in town.acts]
    assert reason in str(town.only.because)


def test_a_read_only_system_is_a_persons_work_and_its_executor_is_not_even_opened(town: Town) -> None:
    one_account(town)
    with town.database.transaction() as session:
        town.system(session).writing = []
    assert town.carry_out().by_hand == 1
    nothing_was_done(town, "read-only")
    assert town.crm.closed == 0
    assert town.only.steps[-1].endswith("shows that it is gone.")


def test_a_kind_of_act_that_is_switched_off_is_a_persons_work(town: Town) -> None:
    one_account(town)
    town.crm.also_ends_sessions = True
    with town.database.transaction() as session:
        town.system(session).writing = ["end_sessions", "remove_grant"]
    town.carry_out()
    nothing_was_done(town, "read-only for this kind of act (deactivate)")
    assert town.only.status == "by_hand"


def test_writing_switched_off_in_the_middle_of_a_plan_stops_the_next_call(town: Town) -> None:
    one_account(town)
    town.crm.also_ends_sessions = True

    def switch_off(name: str) -> None:
        with town.database.transaction() as session:
            town.system(session).writing = []

    town.crm.after_effect = switch_off
    town.carry_out()
    assert town.crm.effects == ["sessions"]
    assert town.only.status == "by_hand"


def test_an_executor_that_may_not_is_not_asked_to(town: Town) -> None:
    one_account(town)
    town.crm.acts = frozenset({ActKind.REMOVE_GRANT})
    town.carry_out()
    nothing_was_done(town, "credential may not do this (deactivate)")


@pytest.mark.parametrize("key", ["reader", "executor", "pinned"])
def test_our_own_accounts_are_never_touched(town: Town, key: str) -> None:
    with town.database.transaction() as session:
        town.system(session).executor_principal = "pinned"
    one_account(town, key)
    town.carry_out()
    nothing_was_done(town, "Rolecall itself signs in with")
    assert town.only.status == "by_hand"


def test_a_grant_of_our_own_account_is_not_touched_either(town: Town) -> None:
    with town.database.transaction() as session:
        town.decided(session, town.grant(session, town.account(session, key="reader")))
    town.open_all()
    town.carry_out()
    nothing_was_done(town, "Rolecall itself signs in with")


def test_a_credential_of_our_own_account_is_not_touched_either(town: Town) -> None:
    with town.database.transaction() as session:
        us = town.account(session, key="executor")
        token = make.credential(session, town.system(session), account_id=us.id, key="t1")
        town.crm.present.add("t1")
        town.decided(session, token)
    town.open_all()
    town.carry_out()
    nothing_was_done(town, "Rolecall itself signs in with")


def last_administrator(town: Town, **spare: object) -> None:
    """Bo administers, and the other one cannot any more."""
    with town.database.transaction() as session:
        from app.inventory.tables import AccountRow

        other = session.query(AccountRow).filter_by(key="spare-admin").one()
        for name, value in spare.items():
            setattr(other, name, value)
        bo = town.account(session, key="bo")
        administrator(session, bo)
        town.decided(session, bo)
    town.open_all()


@pytest.mark.parametrize("spare", [{"active": False}, {"active": None}, {"frozen": True}])
def test_the_last_administrator_is_not_taken_away(town: Town, spare: dict[str, object]) -> None:
    last_administrator(town, **spare)
    town.carry_out()
    nothing_was_done(town, "last account known to be able to administer")


def test_an_administrator_beside_another_may_go(town: Town) -> None:
    last_administrator(town)
    assert town.carry_out().acted == 1


def test_two_administrators_removed_in_one_run_do_not_vouch_for_each_other(town: Town) -> None:
    last_administrator(town, active=False)
    with town.database.transaction() as session:
        cy = town.account(session, key="cy")
        administrator(session, cy)
        town.decided(session, cy)
    town.open_all()
    town.carry_out()
    assert sorted(row.status for row in town.all()) == ["acted", "by_hand"]
    assert town.crm.effects == ["bo"]


def test_the_grant_that_makes_the_last_administrator_stays_while_another_grant_may_go(town: Town) -> None:
    with town.database.transaction() as session:
        from app.inventory.tables import AccountRow

        session.query(AccountRow).filter_by(key="spare-admin").one().active = False
        bo = town.account(session, key="bo")
        made = administrator(session, bo)
        town.decided(session, made)
        town.decided(session, town.grant(session, bo))
        from app.inventory.tables import EntitlementRow

        town.crm.present.add(f"bo/{session.get_one(EntitlementRow, made.entitlement_id).key}")
    town.open_all()
    town.carry_out()
    assert [row.status for row in town.all()] == ["by_hand", "acted"]


def test_of_an_account_whose_rights_the_system_does_not_tell_nobody_can_say_that_it_is_not_the_last(town: Town) -> None:
    with town.database.transaction() as session:
        from app.inventory.tables import AccountRow

        session.query(AccountRow).filter_by(key="spare-admin").one().active = False
        bo = town.account(session, key="bo")
        town.grant(session, bo, privileges=None)
        town.decided(session, bo)
    town.open_all()
    town.carry_out()
    nothing_was_done(town, "does not say what this account may do")


@pytest.mark.parametrize("kind", ["guest", "service"])
def test_accounts_of_programs_and_sites_are_a_persons_work(town: Town, kind: str) -> None:
    with town.database.transaction() as session:
        town.decided(session, town.account(session, kind=kind))
    town.open_all()
    town.carry_out()
    nothing_was_done(town, f"This is a {kind} account")


@pytest.mark.parametrize("authority", ["idp", "policy"])
def test_what_is_granted_elsewhere_is_taken_away_there(town: Town, authority: str) -> None:
    with town.database.transaction() as session:
        town.decided(session, town.grant(session, town.account(session), authority=authority))
    town.open_all()
    town.carry_out()
    nothing_was_done(town, "it would come back")


def test_a_run_that_would_take_too_many_takes_none(town: Town) -> None:
    for key in ("a", "b", "c"):
        one_account(town, key)
    assert town.carry_out(brakes=Brakes(Caps(per_run=2, percent=100))).held == 3
    assert town.crm.log == []
    assert {row.status for row in town.all()} == {"open"}
    assert "ROLECALL_MAX_REMOVALS_PER_RUN" in str(town.all()[0].because)
    assert town.carry_out(brakes=Brakes(Caps(per_run=3, percent=100))).acted == 3


def test_a_run_that_would_take_too_large_a_share_takes_none(town: Town) -> None:
    for key in ("a", "b", "c"):
        one_account(town, key)
    assert town.carry_out(brakes=Brakes(Caps(percent=50, percent_from=2))).held == 3
    assert town.crm.effects == []
    assert "3 of 4 accounts" in str(town.all()[0].because)


def test_a_cap_does_not_leave_a_doubtful_call_unresolved(town: Town) -> None:
    one_account(town, "bo")
    town.crm.after_effect = fails(Unreachable("cut", ambiguous=True))
    with pytest.raises(Unreachable):
        town.carry_out()
    one_account(town, "cy")
    town.carry_out(brakes=Brakes(Caps(per_run=0)))
    assert town.acts == [("deactivate", "done")]


def test_the_kill_switch_stops_everything_before_the_first_call(town: Town) -> None:
    one_account(town)
    assert town.carry_out(stopped=lambda: True).held == 1
    nothing_was_done(town, "stopped everywhere")
    assert town.only.status == "open"
    assert town.crm.closed == 0


def test_the_kill_switch_stops_a_run_between_two_calls(town: Town) -> None:
    for key in ("a", "b", "c"):
        one_account(town, key)
    counts = town.carry_out(stopped=lambda: bool(town.crm.effects))
    assert (counts.acted, counts.held) == (1, 2)
    assert [row.status for row in town.all()] == ["acted", "open", "open"]
    assert all("stopped everywhere" in str(row.because) for row in town.all()[1:])


def test_another_org_than_the_one_that_was_read_is_refused(town: Town) -> None:
    one_account(town)
    town.crm.key = "another org"
    with pytest.raises(Refused, match="enters another org"):
        town.carry_out()
    assert town.crm.effects == []
    assert town.crm.closed == 1


def test_only_this_systems_removals_are_carried_out(town: Town, database: Database) -> None:
    one_account(town)
    with database.transaction() as session:
        other = make.system(session, writing=["deactivate"], executor_secret=b"x")
        town.system_id, mine = other.id, town.system_id
    assert town.carry_out().acted == 0
    town.system_id = mine
    town.later(hours=1)
    assert town.carry_out().acted == 1
    assert town.only.since - town.only.opened_at == timedelta(hours=1)


def test_the_executors_own_credential_is_what_is_opened(town: Town) -> None:
    """Without one, nothing but a person's task comes of it."""
    one_account(town)
    with town.database.transaction() as session:
        town.system(session).executor_secret = None
    assert town.carry_out().by_hand == 1
    assert Crm().closed == town.crm.closed == 0
