"""Cases of the rules about a whole system."""

from datetime import date

from app.detection.rule import CannotTell, Fails, Holds
from tests.app.detection.cases import days, person
from tests.app.detection.rules.of_people import Case


def _switch(name: str, good: bool) -> list[Case]:
    """A switch that ought to be this way."""
    good_one, bad_one = ("as it should", {name: good}, Holds), ("the other way", {name: not good}, Fails)
    return [good_one, bad_one, ("not told", {}, CannotTell)]


TABLES: dict[str, list[Case]] = {
    "too_many_administrators": [("five", {"administrators": 5}, Holds), ("six", {"administrators": 6}, Fails)],
    "single_administrator": [("two", {"administrators": 2}, Holds), ("one", {"administrators": 1}, Fails)],
    "system_without_owner": [
        ("Bo", {}, Holds),
        ("nobody", {"owner": None}, Fails),
        ("somebody who left", {"owner": person(end=date(2026, 10, 1))}, Fails),
        ("somebody who is gone from the roster", {"owner": person(in_roster=False)}, Fails),
    ],
    "streams_not_read": [
        ("all read", {}, Holds),
        ("one missing", {"unread": {"factors": "a right is missing"}}, Fails),
        ("never read", {"read_at": None}, CannotTell),
    ],
    "reading_stale": [
        ("last night", {}, Holds),
        ("three days ago", {"read_at": days(3)}, Fails),
        ("never", {"read_at": None}, CannotTell),
    ],
    "log_gap": [
        ("last night", {}, Holds),
        ("sign-ins three days ago", {"logs_read": {"logins": days(3), "changes": days(1)}}, Fails),
        ("never completely", {"logs_read": {"logins": None}}, CannotTell),
        ("no log", {"logs_read": {}}, CannotTell),
    ],
    "password_too_short": [
        ("twelve", {"shortest_password": 12}, Holds),
        ("eight", {"shortest_password": 8}, Fails),
        ("eight, but passwords are shut", {"shortest_password": 8, "passwords_work": False}, Holds),
        ("not told", {}, CannotTell),
    ],
    "password_policy_overridden": [
        ("the same for all", {"weaker_profiles": ()}, Holds),
        ("weaker for some", {"weaker_profiles": ("Contractor",)}, Fails),
        ("not told", {}, CannotTell),
    ],
    "password_guessing_unlimited": [
        ("ten", {"password_attempts": 10}, Holds),
        ("without limit", {"password_attempts": 0}, Fails),
        ("a hundred", {"password_attempts": 100}, Fails),
        ("not told", {}, CannotTell),
    ],
    "session_too_long": [
        ("two hours, then out", {"session_minutes": 120, "session_ends": True}, Holds),
        ("twelve hours", {"session_minutes": 720, "session_ends": True}, Fails),
        ("two hours, then a warning", {"session_minutes": 120, "session_ends": False}, Fails),
        ("two hours, then who knows", {"session_minutes": 120}, CannotTell),
        ("not told", {}, CannotTell),
    ],
    "cleartext_allowed": _switch("https_only", True),
    "old_tls_used": [
        ("none", {"old_tls": ()}, Holds),
        ("1.0", {"old_tls": ("TLS 1.0",)}, Fails),
        ("not told", {}, CannotTell),
    ],
    "addresses_not_limited": _switch("addresses_limited", True),
    "login_as_anyone": _switch("login_as_anyone", False),
    "sso_not_required": _switch("passwords_work", False),
    "programs_not_approved": _switch("only_approved_programs", True),
    "health_check_low": [
        ("high, without risks", {"health": 80, "health_risks": ()}, Holds),
        ("low", {"health": 79, "health_risks": ()}, Fails),
        ("high, with a risk", {"health": 95, "health_risks": ("Sessions.Timeout",)}, Fails),
        ("a score, risks not told", {"health": 95}, CannotTell),
        ("not told", {}, CannotTell),
    ],
    "records_open_to_all": [
        ("private", {"open_records": ()}, Holds),
        ("accounts open", {"open_records": ("Account",)}, Fails),
        ("not told", {}, CannotTell),
    ],
    "self_join_open": _switch("self_join", False),
    "support_access_open": _switch("support_open", False),
    "logging_switched_off": _switch("logging", True),
    "idle_guard_off": _switch("idle_guard", True),
    "privacy_switched_off": _switch("privacy", True),
    "backup_stale": [
        ("last week", {"backed_up": days(6)}, Holds),
        ("two weeks ago", {"backed_up": days(14)}, Fails),
        ("not told", {}, CannotTell),
    ],
}
