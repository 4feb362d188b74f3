"""Cases of the rules about tokens, programs, addresses, packages, entitlements and seats."""

from datetime import date

from app.detection.rule import CannotTell, Fails, Holds
from tests.app.detection.cases import account, days, person
from tests.app.detection.rules.of_people import Case

DEAD: list[Case] = [("revoked", {"active": False}, Holds), ("expired", {"expires": days(1)}, Holds)]
OFF: list[Case] = [("switched off", {"active": False}, Holds)]
GONE = person(end=date(2026, 10, 1))

TABLES: dict[str, list[Case]] = {
    "key_not_rotated": [
        ("a person's consent", {}, Holds),
        ("a key of last month", {"kind": "service_key", "created": days(30)}, Holds),
        ("a key of last year", {"kind": "service_key"}, Fails),
        ("not said when made", {"kind": "service_key", "created": None}, CannotTell),
        *((said, {"kind": "service_key"} | facts, answer) for said, facts, answer in DEAD),
    ],
    "key_expires_soon": [
        ("without an end", {}, Holds),
        ("ends next year", {"expires": days(-300)}, Holds),
        ("ends next week", {"expires": days(-7)}, Fails),
        *DEAD,
    ],
    "nobodys_credential": [
        ("somebody's", {}, Holds),
        ("a program's", {"account": None}, Holds),
        ("somebody's without a program", {"integration": None}, Holds),
        ("nobody's", {"account": None, "integration": None}, Fails),
        *((said, {"account": None, "integration": None} | facts, answer) for said, facts, answer in DEAD),
    ],
    "credential_of_switched_off_account": [
        ("active", {}, Holds),
        ("switched off", {"account": account(active=False)}, Fails),
        ("frozen", {"account": account(frozen=True)}, Fails),
        ("not said", {"account": account(active=None)}, CannotTell),
        ("a leaver's: another rule's", {"account": account(active=False, person=GONE)}, Holds),
        ("no account", {"account": None}, Holds),
        *((said, {"account": account(active=False)} | facts, answer) for said, facts, answer in DEAD),
    ],
    "administrators_token": [
        ("an ordinary person's", {}, Holds),
        ("an administrator's", {"account": account(privileges=("administer",))}, Fails),
        ("a program's own", {"account": account(kind="service", privileges=("administer",))}, Holds),
        ("contents not told", {"account": account(unknown_privileges=1)}, CannotTell),
        *((said, {"account": account(privileges=("administer",))} | facts, answer) for said, facts, answer in DEAD),
    ],
    "integration_without_owner": [
        ("Bo's", {}, Holds),
        ("nobody's", {"owner": None}, Fails),
        ("a leaver's", {"owner": account(person=GONE)}, Fails),
        ("a switched-off account's", {"owner": account(active=False)}, Fails),
        ("not said whether the owner is active", {"owner": account(active=None)}, CannotTell),
        *OFF,
    ],
    "integration_dormant": [
        ("used", {}, Holds),
        ("used 91 days ago", {"used": days(91)}, Fails),
        ("never used, with tokens of last year", {"used": None}, Fails),
        ("never used, and new", {"used": None, "created": days(9), "uses_known_since": days(9)}, Holds),
        ("never used, and let in last week", {"used": None, "created": days(9)}, Holds),
        ("never used, known for a week", {"used": None, "uses_known_since": days(7)}, CannotTell),
        ("uses not told", {"used": None, "uses_known_since": None}, CannotTell),
        *OFF,
    ],
    "integration_over_scoped": [
        ("records", {}, Holds),
        ("everything", {"broad": ("full",)}, Fails),
        ("not told", {"broad": None}, CannotTell),
        *OFF,
    ],
    "integration_self_authorised": [
        ("approved people", {}, Holds),
        ("anybody", {"anybody": True}, Fails),
        ("not told", {"anybody": None}, CannotTell),
        *OFF,
    ],
    "integration_unlisted": [
        ("installed", {}, Holds),
        ("used, not installed", {"kind": "uninstalled_app"}, Fails),
        ("not installed, no token left", {"kind": "uninstalled_app", "tokens": 0}, Holds),
        *OFF,
    ],
    "integration_new": [
        ("always there", {}, Holds),
        ("since last week", {"appeared": days(7)}, Fails),
        ("since half a year", {"appeared": days(180)}, Holds),
        *OFF,
    ],
    "integration_in_many_hands": [("fifty", {"tokens": 50}, Holds), ("fifty-one", {"tokens": 51}, Fails), *OFF],
    "endpoint_unguarded": [
        ("https", {}, Holds),
        ("http", {"guarded": False}, Fails),
        ("not said", {"guarded": None}, CannotTell),
        ("no address", {"guarded": None, "address": None}, Holds),
        ("a self-signed certificate: another rule's", {"kind": "certificate", "guarded": False}, Holds),
        *((said, {"guarded": False} | facts, answer) for said, facts, answer in OFF),
    ],
    "certificate_expires": [
        ("an address", {"expires": days(-7)}, Holds),
        ("ends next year", {"kind": "certificate", "expires": days(-300)}, Holds),
        ("ends next week", {"kind": "certificate", "expires": days(-7)}, Fails),
        ("has ended", {"kind": "certificate", "expires": days(7)}, Fails),
        ("not said", {"kind": "certificate"}, CannotTell),
    ],
    "certificate_weak": [
        ("long, and stays", {"kind": "certificate", "key_bits": 4096, "exportable": False}, Holds),
        ("short", {"kind": "certificate", "key_bits": 1024, "exportable": False}, Fails),
        ("may leave", {"kind": "certificate", "key_bits": 4096, "exportable": True}, Fails),
        ("not said", {"kind": "certificate"}, CannotTell),
        ("an address", {"key_bits": 1024}, Holds),
    ],
    "endpoint_new": [
        ("always there", {}, Holds),
        ("since last week", {"appeared": days(7)}, Fails),
        ("since half a year", {"appeared": days(180)}, Holds),
        ("a certificate", {"kind": "certificate", "appeared": days(7)}, Holds),
    ],
    "package_unreviewed": [
        ("reviewed", {}, Holds),
        ("not reviewed", {"reviewed": False}, Fails),
        ("not said", {"reviewed": None}, CannotTell),
    ],
    "package_new": [
        ("always there", {}, Holds),
        ("since last week", {"appeared": days(7)}, Fails),
        ("since half a year", {"appeared": days(180)}, Holds),
    ],
    "package_expired": [
        ("without an end", {}, Holds),
        ("goes on", {"expires": days(-9)}, Holds),
        ("has ended", {"expires": days(9)}, Fails),
    ],
    "entitlement_undescribed": [
        ("described", {}, Holds),
        ("not described", {"described": False}, Fails),
        ("allows nothing dangerous", {"described": False, "privileges": ()}, Holds),
        ("nobody holds it", {"described": False, "holders": 0}, Holds),
        ("not said what it allows", {"described": False, "privileges": None}, CannotTell),
    ],
    "entitlement_unheld": [
        ("held", {}, Holds),
        ("held by nobody", {"holders": 0}, Fails),
        ("held by a group", {"holders": 0, "nested": True}, Holds),
        ("allows nothing dangerous", {"holders": 0, "privileges": ()}, Holds),
        ("not said what it allows", {"holders": 0, "privileges": None}, CannotTell),
    ],
    "entitlement_too_wide": [
        ("half of all", {"holders": 50}, Holds),
        ("more than half", {"holders": 51}, Fails),
        ("all of a handful", {"holders": 9, "accounts": 9}, Holds),
        ("allows nothing dangerous", {"holders": 100, "privileges": ()}, Holds),
        ("not said what it allows", {"holders": 100, "privileges": None}, CannotTell),
    ],
    "entitlement_opens_everything": [
        ("opens nothing whole", {}, Holds),
        ("opens contacts", {"opens": ("Contact",)}, Fails),
        ("known to see all", {"opens": ("Contact",), "privileges": ("see_all",)}, Holds),
        ("nobody holds it", {"opens": ("Contact",), "holders": 0}, Holds),
    ],
    "seats_paid_for_nothing": [
        ("15 free", {}, Holds),
        ("21 free", {"used": 79}, Fails),
        ("not said how many", {"allowed": None}, CannotTell),
        ("calls", {"used": 1, "period": "day"}, Holds),
    ],
    "allowance_nearly_gone": [
        ("85 used", {}, Holds),
        ("90 used", {"used": 90}, Fails),
        ("not said how many", {"used": None}, CannotTell),
        ("none allowed, none used", {"used": 0, "allowed": 0}, Holds),
    ],
}
