"""Cases at the edges of rules: the very moment, the very number, what is switched off, whoever is meant to be left alone.

Each is there because a rule that gets it wrong fails nothing else.
"""

from datetime import date, timedelta
from typing import Any

from app.detection.rule import CannotTell, Fails, Holds, Severity
from app.inventory.facts import Act, Way
from tests.app.detection.cases import AT, LIMITS, LONG_AGO, account, days, person, seen

Case = tuple[str, dict[str, Any], type]
ADMIN = account(privileges=("administer",))
OFF = account(active=False)
GONE = account(person=person(end=date(2026, 10, 1)), active=False)
ENDS_NOW = ("it ends at this very moment", {"expires": AT}, Holds)
SWITCHED_OFF: Any = {"active": False}


def _ends_now(**given: Any) -> list[Case]:
    """A token that fails, and the same once its end has come."""
    later = {"expires": AT + timedelta(days=300)}
    return [
        ("it does not end", given, Fails),
        ("it ends next year", given | later, Fails),
        (ENDS_NOW[0], given | ENDS_NOW[1], Holds),
    ]


def _in(n: float) -> Any:
    return AT + timedelta(days=n)


EDGES: dict[str, list[Case]] = {
    "administrators_token": [
        *_ends_now(account=ADMIN),
        ("nobody's", {"account": None}, Holds),
        ("an administrator who is switched off", {"account": account(privileges=("administer",), active=False)}, Holds),
        ("of no program that is known", {"account": ADMIN, "integration": None}, Holds),
    ],
    "allowance_nearly_gone": [("used, and of how much is not said", {"allowed": None}, CannotTell)],
    "certificate_expires": [
        ("switched off", {"kind": "certificate", "expires": days(1), **SWITCHED_OFF}, Holds),
        ("ends on the last day", {"kind": "certificate", "expires": _in(LIMITS.expiry_days)}, Fails),
    ],
    "certificate_weak": [
        ("switched off", {"kind": "certificate", "key_bits": 1024, "exportable": False, **SWITCHED_OFF}, Holds),
        ("just long enough", {"kind": "certificate", "key_bits": 2048, "exportable": False}, Holds),
        ("how long is not said", {"kind": "certificate", "key_bits": None, "exportable": False}, CannotTell),
        ("whether it may leave is not said", {"kind": "certificate", "key_bits": 4096, "exportable": None}, CannotTell),
    ],
    "contractor_without_end": [
        ("a program's", {"person": person(kind="service", engagement="contractor")}, Holds),
        ("an employee", {"person": person(engagement="employee")}, Holds),
        ("engaged in another way", {"person": person(engagement="service")}, Holds),
    ],
    "credential_of_switched_off_account": [
        *_ends_now(account=OFF),
        ("frozen, and not said whether active", {"account": account(active=None, frozen=True)}, Fails),
    ],
    "dormant_credential": [
        *_ends_now(last_used=days(120)),
        ("used on the very day", {"last_used": days(LIMITS.dormant_credential_days)}, Fails),
        (
            "watched since the very day, made at an unknown time",
            {"last_used": None, "created": None, "uses_known_since": days(LIMITS.dormant_credential_days)},
            Fails,
        ),
        (
            "watched of late, made at an unknown time",
            {"last_used": None, "created": None, "uses_known_since": days(10)},
            CannotTell,
        ),
    ],
    "early_access": [
        ("nobody's", {"person": None}, Holds),
        ("when they start is not said", {"person": person(start=None)}, Holds),
    ],
    "endpoint_new": [
        ("switched off", {"appeared": days(3), **SWITCHED_OFF}, Holds),
        ("always there", {"appeared": None}, Holds),
    ],
    "entitlement_opens_everything": [
        ("what else it allows is not said", {"opens": ("Contact",), "privileges": None}, Fails),
    ],
    "entitlement_too_wide": [
        ("as many as have a custom", {"holders": LIMITS.peers_at_least, "accounts": 12}, Fails),
    ],
    "foreign_domain": [
        ("a program's", {"home": False, "email": "x@agency.example", "kind": "service"}, Holds),
        ("a guest's", {"home": False, "email": "x@agency.example", "kind": "guest"}, Holds),
        ("nobody's", {"home": False, "email": "x@agency.example", "person": None}, Fails),
    ],
    "guest_with_privileges": [
        ("a guest that is switched off", {"kind": "guest", "privileges": ("see_all",), **SWITCHED_OFF}, Holds),
    ],
    "health_check_low": [("no score, and no risks", {"health": None, "health_risks": ()}, CannotTell)],
    "inactive_account": [("a guest, whom nobody signs in as", {"kind": "guest", "last_login": days(400)}, Holds)],
    "initial_password_waits": [
        ("sign-ins are not told", {"last_login": None, "logins_known_since": None}, CannotTell),
        ("when it was made is not said", {"last_login": None, "created": None, "password_changed": days(30)}, Fails),
    ],
    "integration_dormant": [
        ("switched off", {"used": days(400), **SWITCHED_OFF}, Holds),
        ("never used, watched long, made at an unknown time", {"used": None, "created": None}, Fails),
        (
            "never used, watched of late, made at an unknown time",
            {"used": None, "created": None, "uses_known_since": days(10)},
            CannotTell,
        ),
    ],
    "integration_in_many_hands": [("switched off", {"tokens": 999, **SWITCHED_OFF}, Holds)],
    "integration_new": [
        ("switched off", {"appeared": days(3), **SWITCHED_OFF}, Holds),
        ("always there", {"appeared": None}, Holds),
    ],
    "integration_over_scoped": [("switched off", {"broad": ("full",), **SWITCHED_OFF}, Holds)],
    "integration_self_authorised": [("switched off", {"anybody": True, **SWITCHED_OFF}, Holds)],
    "integration_unlisted": [("switched off", {"kind": "uninstalled_app", "tokens": 3, **SWITCHED_OFF}, Holds)],
    "integration_without_owner": [("switched off", {"owner": None, **SWITCHED_OFF}, Holds)],
    "key_expires_soon": [
        ("ends on the last day that is warned of", {"expires": _in(LIMITS.expiry_days)}, Fails),
        ("it has ended", {"expires": AT}, Holds),
        ("revoked", {"expires": _in(3), **SWITCHED_OFF}, Holds),
    ],
    "key_not_rotated": _ends_now(kind="service_key", created=LONG_AGO),
    "leaver_credential": _ends_now(account=GONE),
    "licence_unused": [
        ("a guest's", {"licence": "Site", "last_login": days(200), "kind": "guest"}, Holds),
        (
            "of somebody who is away",
            {"licence": "Sales", "last_login": days(200), "person": person(away_from=date(2026, 5, 1))},
            Holds,
        ),
    ],
    "mover_keeps_access": [("no change of job is known", {"moved": None, "kept": 3}, Holds)],
    "never_used": [
        ("frozen", {"last_login": None, "frozen": True}, Holds),
        ("used, by the system's word alone", {"last_use": None}, Holds),
        ("of somebody who is away", {"last_login": None, "person": person(away_from=date(2026, 5, 1))}, Holds),
        ("sign-ins are not told", {"last_login": None, "logins_known_since": None}, CannotTell),
        (
            "made on the very day",
            {"last_login": None, "created": days(LIMITS.never_used_days), "logins_known_since": LONG_AGO},
            Fails,
        ),
    ],
    "new_administrator": [
        ("an administrator of old", {"admin_since": None}, Holds),
        ("its reason ends at this very moment", {"admin_since": days(3), "justified_until": AT}, Fails),
    ],
    "nobodys_credential": _ends_now(account=None, integration=None),
    "nobodys_report": [("nobody's", {"person": None}, Holds)],
    "outside_without_sponsor": [
        (
            "whose manager nobody named",
            {"outside": True, "person": person(manager_id=None, end=date(2027, 1, 1))},
            Fails,
        ),
    ],
    "package_expired": [("ends at this very moment", {"expires": AT}, Fails)],
    "package_new": [("always there", {"appeared": None}, Holds)],
    "private_address": [("a guest's", {"email": "somebody@gmail.com", "kind": "guest"}, Holds)],
    "privileged_without_reason": [
        ("its reason ends at this very moment", {"privileges": ("export",), "justified_until": AT}, Fails),
    ],
    "residual_access": [
        ("frozen, and not said whether active", {"active": None, "frozen": True, "privileges": ("export",)}, Fails),
    ],
    "seats_paid_for_nothing": [
        ("how many are held is not said", {"used": None}, CannotTell),
        ("as many free as may be", {"used": 80, "allowed": 100}, Holds),
    ],
    "several_accounts": [
        ("a program's", {"siblings": 1, "kind": "service"}, Holds),
        ("its reason ends at this very moment", {"siblings": 1, "justified_until": AT}, Fails),
    ],
    "shared_account": [("nobody's", {"username": "sales@example.com", "person": None}, Fails)],
    "system_without_owner": [
        ("its owner's last day is today", {"owner": person(end=AT.date())}, Holds),
        ("its owner leaves next year", {"owner": person(end=date(2027, 3, 1))}, Holds),
    ],
    "weak_second_factor": [
        (
            "a program's",
            {"privileges": ("export",), "kind": "service", "factors": ("totp",), "strong_factor": False},
            Holds,
        ),
        ("a program's, contents not told", {"unknown_privileges": 1, "kind": "service", "factors": ("totp",)}, Holds),
        (
            "privileged, and other contents not told",
            {"privileges": ("export",), "unknown_privileges": 1, "factors": ("totp",), "strong_factor": False},
            Fails,
        ),
        ("contents not told, and no factor", {"unknown_privileges": 1, "factors": ()}, Holds),
    ],
}
GRAVE = {"privileges": ("export",)}
LEFT = person(end=date(2026, 10, 1))
# What is worse for some, and how grave it is for them and for the others.
SEVERITIES: list[tuple[str, dict[str, Any], Severity | None]] = [
    ("contractor_without_end", {"person": person(engagement="contractor")}, None),
    ("early_access", {"person": person(start=date(2027, 1, 1)), "last_login": None}, None),
    ("early_access", {"person": person(start=date(2027, 1, 1))}, Severity.HIGH),
    ("failed_sign_ins", {"failures": 99}, None),
    ("failed_sign_ins", {"failures": 99} | GRAVE, Severity.HIGH),
    ("foreign_domain", {"home": False, "email": "x@agency.example"}, None),
    ("foreign_domain", {"home": False, "email": "x@agency.example"} | GRAVE, Severity.MEDIUM),
    ("leaver_active", {"person": LEFT}, None),
    ("leaver_credential", {"account": GONE, "last_used": None}, None),
    ("leaver_credential", {"account": GONE, "last_used": days(30)}, Severity.CRITICAL),
    ("leaver_credential", {"account": GONE, "last_used": AT.replace(month=10, day=1)}, None),
    ("leaver_credential", {"account": account(person=LEFT, **GRAVE), "last_used": None}, Severity.CRITICAL),
    ("leaver_credential", {"account": account(person=person(in_roster=False)), "last_used": days(1)}, None),
    ("nobodys_account", {"person": None}, None),
    ("nobodys_account", {"person": None} | GRAVE, Severity.CRITICAL),
    ("peer_outlier", {"rare": ("Export",), "peers": 20}, None),
    ("private_address", {"email": "somebody@gmail.com"}, None),
    ("private_address", {"email": "somebody@gmail.com"} | GRAVE, Severity.HIGH),
    ("second_factor_missing", {"factors": ()}, None),
    ("shared_account", {"username": "sales@example.com"}, None),
    ("shared_account", {"username": "sales@example.com"} | GRAVE, Severity.HIGH),
    ("certificate_expires", {"kind": "certificate", "expires": AT}, Severity.HIGH),
    ("certificate_expires", {"kind": "certificate", "expires": _in(3)}, None),
]
# What a finding says, where one word of it hangs on what is known.
WORDS: list[tuple[str, dict[str, Any], str]] = [
    ("secret_seen", {"deeds": (seen(Act.SECRET_SEEN),)}, "shown a secret once of late"),
    ("acted_as_another", {"deeds": (seen(Act.ACTED_AS_ANOTHER, 2),)}, "another account 2 times of late"),
    ("password_beside_sso", {"ways": (seen(Way.PASSWORD),), "sso": True}, "by password once of late"),
    ("credential_of_switched_off_account", {"account": account(frozen=True)}, "is frozen"),
    ("credential_of_switched_off_account", {"account": OFF}, "is switched off"),
    ("early_access", {"person": person(start=date(2027, 1, 1))}, "it has been signed in to already"),
    ("endpoint_unguarded", {"guarded": False}, "https://ledger.example is called"),
    ("endpoint_unguarded", {"guarded": False, "address": None}, "Ledger is called"),
    ("foreign_domain", {"home": False, "email": "x@agency.example"}, "is at agency.example"),
    ("inactive_account", {"last_login": days(120)}, "last used 120 days ago"),
    ("password_beside_sso", {"ways": (seen(Way.PASSWORD, ago=1),), "sso": True}, "last a day ago"),
    ("password_beside_sso", {"ways": (seen(Way.PASSWORD, ago=0.5),), "sso": True}, "last less than a day ago"),
    ("integration_unlisted", {"kind": "uninstalled_app", "tokens": 1}, "1 token, and nobody"),
    ("integration_unlisted", {"kind": "uninstalled_app", "tokens": 2}, "2 tokens, and nobody"),
    (
        "mover_keeps_access",
        {"moved": days(30), "kept": 1},
        "changed jobs 30 days ago and still holds an entitlement from",
    ),
    ("mover_keeps_access", {"moved": days(30), "kept": 2}, "still holds 2 entitlements from"),
    ("inactive_account", {"last_login": None, "created": None}, "no sign-in in the 400 days"),
    ("leaver_credential", {"account": GONE, "last_used": days(30)}, "the token was used since"),
    ("package_unreviewed", {"reviewed": False}, "Signer Inc."),
    ("package_unreviewed", {"reviewed": False, "publisher": None}, "nobody named"),
    ("privileged_without_reason", {"privileges": ("administer", "export")}, "everything"),
    ("privileged_without_reason", GRAVE, "no reason on file"),
    ("privileged_without_reason", GRAVE | {"justified_until": days(1)}, "its reason ran out"),
    ("several_accounts", {"siblings": 1}, "1 more active account here"),
    ("several_accounts", {"siblings": 2}, "2 more active accounts here"),
]
