"""The rules about tokens and keys, each as a table."""

from datetime import date
from typing import Any

import pytest

from app.detection.rule import CannotTell, Fails, Holds, Severity
from app.detection.rules import dormant_credential, leaver_credential
from tests.app.detection.cases import AT, LIMITS, account, credential, days, person

GONE = account(active=False, person=person(end=date(2026, 10, 1)))
DORMANT: list[tuple[str, dict[str, Any], type]] = [
    ("used last week", {}, Holds),
    ("used 91 days ago", {"last_used": days(91)}, Fails),
    ("never used in 400 days", {"last_used": None}, Fails),
    ("made last week", {"last_used": None, "created": days(7), "uses_known_since": days(7)}, Holds),
    ("made last week, uses known for longer", {"last_used": None, "created": days(7)}, Holds),
    ("uses not kept", {"last_used": None, "uses_known_since": None}, CannotTell),
    ("uses kept for too short", {"last_used": None, "uses_known_since": days(20)}, CannotTell),
    ("expired", {"last_used": days(91), "expires": days(1)}, Holds),
    ("revoked", {"last_used": days(91), "active": False}, Holds),
    ("not said whether active: it may be", {"last_used": days(91), "active": None}, Fails),
]
LEAVERS: list[tuple[str, dict[str, Any], type]] = [
    ("its person works here", {}, Holds),
    ("its person left; the account is off, the token is not", {"account": GONE}, Fails),
    ("its person left; revoked", {"account": GONE, "active": False}, Holds),
    ("its person left; expired", {"account": GONE, "expires": days(1)}, Holds),
    ("nobody's", {"account": account(person=None)}, Holds),
    ("no account", {"account": None}, Holds),
]
TABLE = [
    *((dormant_credential.ask, *case) for case in DORMANT),
    *((leaver_credential.ask, *case) for case in LEAVERS),
]


@pytest.mark.parametrize(("ask", "said", "facts", "answer"), TABLE, ids=[f"{c[0].__module__}: {c[1]}" for c in TABLE])
def test_a_credential_rule_answers_as_its_manual_page_says(
    ask: Any, said: str, facts: dict[str, Any], answer: type
) -> None:
    assert isinstance(ask(credential(**facts), AT, LIMITS), answer), said


def test_a_token_used_after_its_person_left_is_critical() -> None:
    answer = leaver_credential.ask(credential(account=GONE, last_used=days(2)), AT, LIMITS)
    assert isinstance(answer, Fails)
    assert answer.severity == Severity.CRITICAL
