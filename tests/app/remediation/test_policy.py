"""The machine in a table, and every reason why it may not act."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.remediation import instructions, policy
from app.remediation.policy import MOVES, PROVABLE, Caps, Circumstances, Status
from connectors.connector import Target, TargetKind

FREE = Circumstances(
    act="deactivate",
    kind="account",
    writing=frozenset({"deactivate"}),
    able=frozenset({"deactivate"}),
    own_keys=frozenset({"us"}),
    account_key="bo",
    account_kind="person",
    administers=False,
    other_administrators=0,
)
NOW = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


def test_every_status_has_its_moves() -> None:
    assert set(MOVES) == set(Status)
    ends = [status for status in Status if not MOVES[status]]
    assert ends == [Status.UNDONE], "only what was decided anew is out of reach of a reading"


def test_only_a_reading_can_verify_and_only_what_was_verified_can_return() -> None:
    assert {status for status in Status if Status.RETURNED in MOVES[status]} == {Status.VERIFIED}
    assert set(PROVABLE) == set(Status) - {Status.ACTING, Status.VERIFIED, Status.UNDONE}


@pytest.mark.parametrize("now", list(Status))
@pytest.mark.parametrize("to", list(Status))
def test_a_move_is_refused_exactly_if_it_is_not_in_the_table(now: Status, to: Status) -> None:
    assert (policy.why_not_move(now, to) is None) is (to in MOVES[now])


@pytest.mark.parametrize("now", list(Status))
def test_nobody_is_erased_before_every_removal_of_theirs_is_proved_or_undone(now: Status) -> None:
    refusal = policy.why_not_erase([Status.VERIFIED, now])
    assert (refusal is None) is (now in (Status.VERIFIED, Status.UNDONE))


def test_with_nothing_against_it_a_call_may_be_made() -> None:
    assert policy.why_not_perform(FREE) is None


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"account_key": "us"}, "own_account"),
        ({"account_key": None}, None),
        ({"administers": True}, "last_administrator"),
        ({"administers": True, "kind": "grant"}, "last_administrator"),
        ({"administers": True, "kind": "credential"}, None),
        ({"administers": None}, "last_administrator"),
        ({"administers": True, "other_administrators": 1}, None),
        ({"administers": None, "other_administrators": 1}, None),
        ({"account_kind": "guest"}, "not_a_person"),
        ({"account_kind": "service"}, "not_a_person"),
        ({"account_kind": "service", "kind": "credential"}, None),
        ({"account_kind": "unknown"}, None),
        ({"authority": "crm"}, None),
        ({"authority": "idp"}, "granted_elsewhere"),
        ({"authority": "something new"}, "granted_elsewhere"),
        ({"writing": frozenset()}, "writing_off"),
        ({"writing": frozenset({"freeze"})}, "writing_off"),
        ({"able": frozenset()}, None),
        ({"able": frozenset({"freeze"})}, "executor_may_not"),
    ],
)
def test_each_reason_stands_alone(given: dict[str, object], code: str | None) -> None:
    refusal = policy.why_not_perform(replace(FREE, **given))  # type: ignore[arg-type]
    assert (refusal.code if refusal else None) == code
    assert refusal is None or refusal.way_out


@pytest.mark.parametrize(
    ("planned", "held", "code"),
    [
        (1, 1, None),
        (10, 10, None),  # a small system: a share says nothing yet
        (11, 110, None),
        (11, 109, "too_large_a_share"),
        (200, 5000, None),
        (201, 100_000, "too_many_removals"),
    ],
)
def test_a_run_takes_neither_too_many_nor_too_large_a_share(planned: int, held: int, code: str | None) -> None:
    refusal = policy.why_not_run(planned, held, "accounts", Caps())
    assert (refusal.code if refusal else None) == code
    if refusal is not None:  # it is kept with what waits, and read at every door
        assert refusal.way is None
        for door in ("on the system's page", "`rolecall system lane`", "by the API", "ROLECALL_MAX_REMOVALS_PER"):
            assert door in refusal.way_out


@pytest.mark.parametrize(
    ("status", "read", "tells"),
    [
        ("acted", timedelta(minutes=30), False),
        ("acted", timedelta(hours=1), False),
        ("acted", timedelta(hours=2), True),
        ("returned", timedelta(minutes=30), False),
        ("by_hand", timedelta(minutes=30), True),
        ("declined", timedelta(minutes=30), True),
        ("by_hand", timedelta(0), False),
    ],
)
def test_a_reading_tells_only_of_what_was_done_before_it_began(status: str, read: timedelta, tells: bool) -> None:
    assert policy.later(status, NOW, NOW + timedelta(hours=1), NOW + read) is tells


@pytest.mark.parametrize("status", ["open", "cancelled", "not there"])
def test_promises_wait_for_the_campaign_to_close(status: str) -> None:
    assert policy.why_not_open(status) is not None
    assert policy.why_not_open("closed") is None


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (Target(TargetKind.ACCOUNT, "005", username="bo@example.com"), "Open bo@example.com."),
        (Target(TargetKind.GRANT, "005", "role:1", "role"), "Take away role role:1."),
        (Target(TargetKind.CREDENTIAL, "005", credential_key="t1"), "Find the token or key t1 of 005."),
        (Target(TargetKind.CREDENTIAL, credential_key="t1"), "Find the token or key t1."),
        (Target(TargetKind.INTEGRATION, integration_key="app:9"), "Find the integration app:9."),
    ],
)
def test_every_kind_of_subject_has_steps_by_hand(target: Target, said: str) -> None:
    steps = instructions.steps(target, system="Northwind CRM")
    assert steps[0] == "Sign in to Northwind CRM as an administrator."
    assert said in steps
    assert steps[-1] == instructions.PROOF


def test_an_exchange_gives_before_it_takes() -> None:
    steps = instructions.steps(Target(TargetKind.GRANT, "005", "role:1", "role"), system="X", wish="change")
    assert "First assign what was decided, then take away role role:1." in steps


@pytest.mark.parametrize("status", list(Status))
def test_what_may_be_undone(status: Status) -> None:
    no = policy.why_not_undo(status, "remove", "needed until June", own=False)
    assert (no.code if no else None) == {Status.UNDONE: "undone", Status.ACTING: "acting"}.get(status)
    if no is None:
        assert Status.UNDONE in MOVES[status]
