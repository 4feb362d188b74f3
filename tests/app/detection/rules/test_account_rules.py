"""The rules about accounts, each as a table: facts in, answer out."""

from datetime import date
from typing import Any

import pytest

from app.detection.rule import CannotTell, Fails, Holds, Severity
from app.detection.rules import inactive_account, leaver_active, never_used, nobodys_account, privileged_without_reason
from tests.app.detection.cases import AT, LIMITS, LONG_AGO, account, days, person

INACTIVE: list[tuple[str, dict[str, Any], type]] = [
    ("used last week", {}, Holds),
    ("used 89 days ago", {"last_login": days(89)}, Holds),
    ("used 91 days ago", {"last_login": days(91)}, Fails),
    ("used 31 days ago and privileged", {"last_login": days(31), "privileges": ("export",)}, Fails),
    ("used 29 days ago and privileged", {"last_login": days(29), "privileges": ("export",)}, Holds),
    ("inactive already", {"last_login": days(91), "active": False}, Holds),
    ("not said whether active", {"last_login": days(91), "active": None}, CannotTell),
    ("frozen", {"last_login": days(91), "frozen": True}, Holds),
    ("a guest", {"last_login": None, "kind": "guest"}, Holds),
    ("on leave", {"last_login": days(91), "person": person(away_from=date(2026, 8, 1))}, Holds),
    (
        "back from leave",
        {"last_login": days(91), "person": person(away_from=date(2026, 8, 1), away_until=date(2026, 11, 1))},
        Fails,
    ),
    ("no sign-in seen, and they go back far enough", {"last_login": None, "logins_known_since": days(180)}, Fails),
    ("no sign-in seen, but only 60 days are known", {"last_login": None, "logins_known_since": days(60)}, CannotTell),
    ("sign-ins are no longer told", {"last_login": days(91), "logins_known_since": None}, CannotTell),
    ("sign-ins are no longer told, but the last is recent", {"logins_known_since": None}, Holds),
    ("no sign-ins kept at all", {"last_login": None, "logins_known_since": None}, CannotTell),
    ("never used since it was made: another rule's", {"last_login": None, "logins_known_since": LONG_AGO}, Holds),
    ("a program whose token was used", {"kind": "service", "last_login": days(200), "last_use": days(1)}, Holds),
    ("a program whose token was not", {"kind": "service", "last_login": days(200), "last_use": days(200)}, Fails),
    ("a person whose token was used", {"last_login": days(200), "last_use": days(1)}, Fails),
]
NEVER: list[tuple[str, dict[str, Any], type]] = [
    ("used", {}, Holds),
    ("never used in 400 days", {"last_login": None}, Fails),
    ("made last week", {"last_login": None, "created": days(7), "logins_known_since": days(7)}, Holds),
    ("forgotten sign-ins", {"last_login": None, "logins_known_since": days(90)}, CannotTell),
    ("not said when made", {"last_login": None, "created": None}, CannotTell),
    ("not said whether active", {"last_login": None, "active": None}, CannotTell),
    ("inactive", {"last_login": None, "active": False}, Holds),
    ("a guest", {"last_login": None, "kind": "guest"}, Holds),
    ("a program that enters by token only", {"last_login": None, "last_use": days(2)}, Holds),
]
LEAVER: list[tuple[str, dict[str, Any], type]] = [
    ("works here", {}, Holds),
    ("leaves next month", {"person": person(end=date(2026, 12, 31))}, Holds),
    ("last day is today", {"person": person(end=date(2026, 11, 16))}, Holds),
    ("last day was yesterday: within the grace", {"person": person(end=date(2026, 11, 15))}, Holds),
    ("left two days ago", {"person": person(end=date(2026, 11, 14))}, Fails),
    ("left, and deactivated", {"person": person(end=date(2026, 10, 1)), "active": False}, Holds),
    ("left, and frozen", {"person": person(end=date(2026, 10, 1)), "frozen": True}, Holds),
    ("left, and not said whether active", {"person": person(end=date(2026, 10, 1)), "active": None}, CannotTell),
    ("gone from the roster", {"person": person(in_roster=False)}, Fails),
    ("nobody known: another rule's", {"person": None}, Holds),
]
NOBODY: list[tuple[str, dict[str, Any], type]] = [
    ("somebody's", {}, Holds),
    ("nobody's", {"person": None}, Fails),
    ("nobody's program", {"person": None, "kind": "service"}, Fails),
    ("nobody's, inactive", {"person": None, "active": False}, Holds),
    ("nobody's, a guest", {"person": None, "kind": "guest"}, Holds),
    ("nobody's, not said whether active", {"person": None, "active": None}, CannotTell),
]
PRIVILEGED: list[tuple[str, dict[str, Any], type]] = [
    ("no privilege", {}, Holds),
    ("privileged, no reason", {"privileges": ("administer",)}, Fails),
    ("privileged, with a reason", {"privileges": ("administer",), "justified_until": days(-30)}, Holds),
    ("privileged, the reason ran out", {"privileges": ("administer",), "justified_until": days(1)}, Fails),
    ("privileged, inactive", {"privileges": ("administer",), "active": False}, Holds),
    ("contents not told", {"unknown_privileges": 2}, CannotTell),
]
TABLE = [
    *((inactive_account.ask, *case) for case in INACTIVE),
    *((never_used.ask, *case) for case in NEVER),
    *((leaver_active.ask, *case) for case in LEAVER),
    *((nobodys_account.ask, *case) for case in NOBODY),
    *((privileged_without_reason.ask, *case) for case in PRIVILEGED),
]


@pytest.mark.parametrize(("ask", "said", "facts", "answer"), TABLE, ids=[f"{c[0].__module__}: {c[1]}" for c in TABLE])
def test_an_account_rule_answers_as_its_manual_page_says(
    ask: Any, said: str, facts: dict[str, Any], answer: type
) -> None:
    assert isinstance(ask(account(**facts), AT, LIMITS), answer), said


def test_a_leavers_privileged_account_is_critical() -> None:
    answer = leaver_active.ask(account(person=person(end=date(2026, 10, 1)), privileges=("see_all",)), AT, LIMITS)
    assert answer == Fails("Bo left on 2026-10-01", Severity.CRITICAL)
