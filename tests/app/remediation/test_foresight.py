"""Seeing what a machine would do, without doing it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any

import pytest

from app.kit.db import Database
from app.kit.refusal import Refused
from app.kit.secrets import Keys
from app.remediation import foresight
from app.remediation.foresight import Foreseen
from connectors.connector import Target, TargetKind
from connectors.errors import Unreachable
from tests import make

from .crm import Crm

KEYS = Keys(b"k" * 32)
ANY: Any = None  # nothing is read from the database when the executor is given


def account(key: str) -> Target:
    return Target(TargetKind.ACCOUNT, account_key=key)


def test_each_thing_is_looked_at_and_nothing_is_changed() -> None:
    crm = Crm(present={"a", "b", "c"}, by_hand={"b"}, unknown={"c"})
    targets = {f"account:{key}": account(key) for key in "abcd"}
    told = foresight.foresee(ANY, 1, targets, keys=KEYS, open_executor=crm.open)
    assert told == {
        "account:a": Foreseen(calls=(("Remove a", "DELETE a"),), acts=("deactivate",)),
        "account:b": Foreseen(by_hand="the API cannot do this", steps=("Open Setup.", "Remove it.")),
        "account:c": Foreseen(by_hand="it cannot be seen"),
        "account:d": Foreseen(gone=True),
    }
    assert crm.effects == []
    assert [line for line in crm.log if line.startswith("do:")] == []
    assert crm.closed == 1


def test_a_crm_that_does_not_answer_is_a_refusal_and_not_a_crash() -> None:
    @contextmanager
    def silent() -> Any:
        raise Unreachable("No answer from the CRM.")
        yield

    with pytest.raises(Refused, match="could not be asked: No answer") as no:
        foresight.foresee(ANY, 1, {"account:1": account("a")}, keys=KEYS, open_executor=silent)
    assert no.value.refusal.status == 502


def test_no_more_is_looked_at_than_somebody_waits_for() -> None:
    crm = Crm()
    told = foresight.foresee(ANY, 1, {str(n): account(str(n)) for n in range(50)}, keys=KEYS, open_executor=crm.open)
    assert len(told) == len(crm.log) == foresight.MOST


def test_a_system_without_an_executor_is_told_so(database: Database) -> None:
    with database.transaction() as session:
        system = make.system(session)
    with pytest.raises(Refused, match="has no executor credential"):
        foresight.foresee(database, system.id, {"account:1": account("a")}, keys=KEYS)
