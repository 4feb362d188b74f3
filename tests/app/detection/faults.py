"""The faults that are planted in the generated company, each with the rules that ought to tell it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from app.inventory.tables import AccountRow
from tests import make
from tests.app.detection.planted import Company, moved
from tests.make import NOW

POWER = ("privileged_without_reason",)
OFTEN = 4  # of each fault


def _ago(days: float) -> Any:
    return NOW - timedelta(days)


def of_people(made: Company) -> None:
    """Whose the accounts are."""
    for n in range(OFTEN):
        gone = made.person(end=date(2026, 9, 1 + n))
        made.account(("leaver_active",), person=gone)
        made.account(("leaver_active",), person=made.person(ended=_ago(30)))
        made.account(("nobodys_account",), nobody=True)
        made.account(("contractor_without_end",), person=made.person(engagement="contractor"))
        made.account(("early_access",), person=made.person(start=date(2027, 1, 1)), last_login=None, created=_ago(3),
                     logins_known_since=_ago(3), native={})  # fmt: skip
        made.account(("department_differs",), department="Legal")
        made.account(("nobodys_report",), person=made.person(manager_id=None))
        twice = made.person()
        made.account(("several_accounts",), person=twice)
        made.account(("several_accounts",), person=twice)
        made.account(("shared_account",), username=f"sales{n + 2}@northwind.example")
        made.account(("private_address",), email=f"someone{n}@gmail.com")
        made.account(("foreign_domain",), email=f"someone{n}@agency.example")
        outside = {"UserType": "PowerPartner", "LastPasswordChangeDate": "2026-09-01T08:00:00.000+0000"}
        made.account(("outside_without_sponsor",), native=outside)
        mover = made.account(("mover_keeps_access",))
        moved(made, mover, ago=40)
        moved(made, made.account(), ago=5)
        joined = made.account(("self_registered",), of=made.systems[2], factor=None, roles=())
        made.plant(("holds_nothing", "second_factor_missing"), f"account:{joined.id}")
        made.logged("JOINED_PORTAL_VIA_DOMAIN_BASED_INVITE", joined, of=made.systems[2])
    made.plant(("self_join_open",), f"system:{made.systems[2].id}")


def of_use(made: Company) -> None:
    """How they are used."""
    for _ in range(OFTEN):
        made.account(("inactive_account",), last_login=_ago(120))
        made.account(("inactive_account", "licence_unused"), last_login=_ago(120), licence="Sales")
        made.account(("inactive_account", *POWER), last_login=_ago(40), roles=("basic", "exporter"))
        made.account(("never_used", "initial_password_waits"), last_login=None)
        made.account(("licence_unused",), last_login=_ago(70), licence="Sales")
        made.account(
            ("initial_password_waits",), last_login=None, created=_ago(20), logins_known_since=_ago(20), native={}
        )
        # Forgotten by the system: unknown, and no fault that anybody could tell.
        made.account(last_login=None, logins_known_since=_ago(30), created=_ago(400))


def of_power(made: Company) -> None:
    """What they may do."""
    for _ in range(OFTEN):
        made.account(("toxic_combination", *POWER), roles=("basic", "pair"))
        made.account(("exempt_from_second_factor", *POWER), roles=("basic", "exempt"))
        made.account(("weak_second_factor", *POWER), roles=("basic", "reader"), factor="totp")
        made.account(("residual_access",), active=False, roles=("basic", "reader"))
        made.account(("holds_nothing",), roles=())
        lapsed = made.account(("temporary_access_outlived",))
        over = make.entitlement(made.session, made.systems[0], kind="permission_set", description="Month end.")
        make.grant(made.session, lapsed, over, until=_ago(10), effective=True)
        ended = made.account()
        make.grant(made.session, ended, over, until=_ago(10), effective=False)
        made.plant(("peer_outlier",), f"account:{lapsed.id}")
        made.plant(("peer_outlier",), f"account:{ended.id}")
    new = made.account(("new_administrator", "peer_outlier", *POWER), roles=("basic",))
    made.give(new, "admin", granted=_ago(5))
    guest = made.account(("guest_with_privileges", *POWER), kind="guest", nobody=True, factor=None, last_login=None,
                         roles=("reader",))  # fmt: skip
    assert guest.kind == "guest"
    program = made.person(kind="service", engagement="service", manager_id=None)
    made.account(("program_administers", *POWER), person=program, kind="service", factor=None, roles=("admin",))
    nested = made.account(("hidden_privilege", "peer_outlier", *POWER), roles=("basic",))
    outer = make.entitlement(made.session, made.systems[0], kind="group", description="Holds another.")
    make.grant(made.session, nested, outer)
    path = f"{outer.id}>{made.roles['reader'].id}"
    make.privilege(made.session, nested, outer, "see_all", path=path)
    for _ in range(3):
        made.account(POWER, roles=("admin",), last_login=_ago(1))
    made.plant(("too_many_administrators",), f"system:{made.systems[0].id}")
    _in_a_plain_system(made)


def _in_a_plain_system(made: Company) -> None:
    """A neglected CRM: people without a second factor who sign in by password."""
    other = made.systems[1]
    plain = make.entitlement(made.session, other, kind="profile", privileges=[])
    for n in range(OFTEN):
        row = made.account(("second_factor_missing",), of=other, factor=None, roles=())
        make.grant(made.session, row, plain)
        if n % 2:
            made.signed_in(row, "Application", times=3)
            made.plant(("password_beside_sso",), f"account:{row.id}")
    common = make.entitlement(made.session, other, kind="permission_set", privileges=["export"], description="Why.")
    made.plant(("entitlement_too_wide",), f"entitlement:{common.id}")
    for _ in range(12):
        row = made.account(("second_factor_missing", *POWER), of=other, factor=None, roles=(), last_login=_ago(1))
        make.grant(made.session, row, common)
        make.privilege(made.session, row, common, "export")
    root = make.entitlement(made.session, other, kind="profile", privileges=["administer"], description="Why.")
    alone = made.account(POWER, of=other, roles=(), last_login=_ago(1))
    make.grant(made.session, alone, root)
    make.privilege(made.session, alone, root, "administer")
    made.plant(("single_administrator",), f"system:{other.id}")
    made.plant(("peer_outlier",), f"account:{alone.id}")


def of_deeds(made: Company) -> None:
    """What they did of late."""
    kept, portal = made.systems[0], made.systems[2]
    for _ in range(2):
        made.signed_in(made.account(("legacy_sign_in",)), "Remote Access 2.0; OauthUsernamePassword")
        made.signed_in(made.account(("failed_sign_ins",)), "Application", times=30, succeeded=False)
        made.signed_in(made.account(), "SAML Sfdc Initiated SSO", times=9)
        both = made.account(("password_beside_sso",))
        made.signed_in(both, "SAML Sfdc Initiated SSO", times=5)
        made.signed_in(both, "Application")
        program = made.person(kind="service", engagement="service", manager_id=None)
        by_hand = made.account(("program_signs_in_by_hand",), person=program, kind="service", factor=None)
        made.signed_in(by_hand, "Application")
        made.logged("changedApexClass", made.account(("changes_in_production",)), of=kept)
        made.logged("suOrgAdminLogin", made.account(("acted_as_another",)), of=kept)
        made.logged("changedApexClass", made.account(), of=kept, ago=90)
        for rule, actions in (
            ("mass_export", ["CONTACT_DATA_EXPORT"] * 25),
            ("secret_seen", ["SERVICE_KEY_REVEAL"]),
            ("second_factor_removed", ["REMOVE_TWO_FACTOR_AUTHENTICATION"]),
            ("sign_in_loosened", ["ALLOWED_LOGIN_METHODS_DELETE"]),
        ):
            doer = made.account((rule,), of=portal, roles=())
            made.plant(("holds_nothing",), f"account:{doer.id}")
            for action in actions:
                made.logged(action, doer, of=portal)


def of_programs(made: Company) -> None:
    """Programs, and what they enter by."""
    kept, owner = made.systems[0], made.account()
    good = {"native": {"OptionsAllowAdminApprovedUsersOnly": "true"}, "scopes": ["api"], "created": _ago(600)}
    good |= {"owner_account_id": owner.id, "last_used": _ago(2)}

    def program(*rules: str, **given: Any) -> Any:
        row = make.integration(made.session, kept, **(good | given))
        made.plant(rules, f"integration:{row.id}")
        return row

    def token(*rules: str, account: AccountRow | None = owner, **given: Any) -> None:
        said = {"account_id": account.id if account else None, "last_used": _ago(2), "uses_known_since": _ago(300)}
        row = make.credential(made.session, kept, **(said | given))
        made.plant(rules, f"credential:{row.id}")

    mailer = program()
    gone, off = made.person(end=date(2026, 8, 1)), made.account(active=False)
    for _ in range(OFTEN):
        program("integration_without_owner", owner_account_id=None)
        program("integration_without_owner", owner_account_id=off.id)
        program("integration_dormant", last_used=_ago(200))
        program("integration_over_scoped", scopes=["api", "full"])
        program("integration_self_authorised", native={"OptionsAllowAdminApprovedUsersOnly": "false"})
        program("integration_new", created=_ago(6))
        program(last_used=_ago(89))
        token(integration_id=mailer.id)
        token("dormant_credential", integration_id=mailer.id, last_used=_ago(120))
        token("key_not_rotated", integration_id=mailer.id, kind="service_key", created=_ago(300))
        token(integration_id=mailer.id, kind="service_key", created=_ago(100))
        token("key_expires_soon", integration_id=mailer.id, expires=NOW + timedelta(9))
        token("nobodys_credential", account=None)
        token("credential_of_switched_off_account", account=off, integration_id=mailer.id)
        left = made.account(person=gone, active=False)
        token("leaver_credential", account=left, integration_id=mailer.id)
        unlisted = program("integration_unlisted", kind="uninstalled_app", native=None, derived=True)
        token(integration_id=unlisted.id)
    admin = made.account(POWER, roles=("admin",), last_login=_ago(1))
    token("administrators_token", account=admin, integration_id=mailer.id)
    crowded = program("integration_in_many_hands")
    for _ in range(51):
        token(integration_id=crowded.id)


def of_things(made: Company) -> None:
    """Addresses, packages, entitlements and seats."""
    kept = made.systems[0]

    def seen(stream: str, *rules: str, began: Any = make.LONG_AGO, kind: str = "package", **facts: Any) -> None:
        row = make.observation(made.session, kept, stream, kind=kind, facts=facts, began=began)
        word = {"endpoints": "endpoint", "packages": "package", "usage": "usage"}[stream]
        made.plant(rules, f"{word}:{row.id}")

    site = {"address": "https://ledger.example", "active": True, "guarded": True}
    stays = {"KeySize": "4096", "OptionsIsPrivateKeyExportable": "false"}
    for _ in range(OFTEN):
        seen("endpoints", kind="remote_site", **site)
        seen("endpoints", "endpoint_unguarded", kind="remote_site", **site | {"guarded": False})
        seen("endpoints", kind="remote_site", **site | {"guarded": False, "active": False})
        seen("endpoints", "endpoint_new", kind="remote_site", began=_ago(4), **site)
        seen("endpoints", "certificate_expires", kind="certificate", expires="2026-11-30T00:00:00+00:00", native=stays)
        seen("endpoints", kind="certificate", expires="2027-11-30T00:00:00+00:00", native=stays)
        weak = stays | {"KeySize": "1024"}
        seen("endpoints", "certificate_weak", kind="certificate", expires="2027-11-30T00:00:00+00:00", native=weak)
        seen("packages", reviewed=True)
        seen("packages", "package_unreviewed", reviewed=False)
        seen("packages", "package_new", began=_ago(4), reviewed=True)
        seen("packages", "package_expired", reviewed=True, expires="2026-10-01T00:00:00+00:00")
        seen("usage", used=90, allowed=101, kind="usage")
        seen("usage", "seats_paid_for_nothing", used=60, allowed=100, kind="usage")
        seen("usage", "allowance_nearly_gone", used=99, allowed=100, kind="usage")
    _entitlements(made)


def _entitlements(made: Company) -> None:
    kept = made.systems[0]

    def held(*rules: str, **given: Any) -> Any:
        row = make.entitlement(made.session, kept, **({"kind": "permission_set", "description": "Why."} | given))
        made.plant(rules, f"entitlement:{row.id}")
        return row

    for _ in range(OFTEN):
        held("entitlement_unheld", privileges=["export"])
        held(privileges=[])
        silent = held("entitlement_undescribed", privileges=["see_all"], description=None)
        made.give_row(made.account(POWER), silent)
        wide = held("entitlement_opens_everything", privileges=[])
        made.give_row(made.account(), wide)
        facts = {"view_all": True, "change_all": False}
        make.observation(made.session, kept, "object_rights", name="Contact", entitlement_id=wide.id, facts=facts)


def of_reading(made: Company) -> None:
    """A CRM that has not been read for a week, and was not read completely then."""
    assert made.boss is not None
    late = make.system(made.session, kind="salesforce", owner_key=made.boss.key)
    read = {"accounts": "complete", "logins": "complete", "changes": "not_collected", "factors": "incomplete"}
    make.snapshot(made.session, late, streams=read, at=_ago(7))
    made.systems.append(late)
    made.plant(("reading_stale", "log_gap", "streams_not_read"), f"system:{late.id}")
