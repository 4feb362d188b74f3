"""What HubSpot's security events and scopes mean, in our words.

HubSpot tells no setting of how one signs in; it tells that one was changed. What the events last said is what is
known, and where none was seen nothing is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from connectors.meaning import Act, Admission, Known, Material, Posture, Way, latest

ACTS: Mapping[str, Act] = {
    "ADD_USER": Act.ACCOUNT_MADE,
    "JOINED_PORTAL_VIA_DOMAIN_BASED_INVITE": Act.SELF_JOINED,
    "ADD_ADMIN_USER": Act.ADMIN_GIVEN,
    "ADD_ADMIN_PERMISSIONS": Act.ADMIN_GIVEN,
    "IMPERSONATE_USER": Act.ACTED_AS_ANOTHER,
    "EXPORT": Act.EXPORTED,
    "CONTACT_DATA_EXPORT": Act.EXPORTED,
    "EXPORT_USERS": Act.EXPORTED,
    "EXPORT_DOWNLOAD": Act.EXPORTED,
    "FORM_SUBMISSIONS_EXPORT": Act.EXPORTED,
    "DATA_BACKUP_DOWNLOADED": Act.EXPORTED,
    "DATA_BACKUP_CREATED": Act.BACKED_UP,
    "INSTALL_INTEGRATION": Act.PROGRAM_ADDED,
    "PRIVATE_APP_ACCESS_TOKEN_CREATE": Act.PROGRAM_ADDED,
    "SERVICE_KEY_CREATE": Act.PROGRAM_ADDED,
    "PRIVATE_APP_ACCESS_TOKEN_VIEW": Act.SECRET_SEEN,
    "SERVICE_KEY_REVEAL": Act.SECRET_SEEN,
    "SMTP_TOKEN_RETRIEVED": Act.SECRET_SEEN,
    "PRODUCTION_DEPLOYMENT": Act.DEPLOYED,
    "REMOVE_TWO_FACTOR_AUTHENTICATION": Act.FACTOR_REMOVED,
    "PASSKEY_DELETED": Act.FACTOR_REMOVED,
    "ALLOWED_LOGIN_METHODS_DELETE": Act.SIGN_IN_LOOSENED,
    "REQUIRE_SINGLE_SIGN_ON": Act.SSO_REQUIRED,
    "UNREQUIRE_SINGLE_SIGN_ON": Act.SSO_NOT_REQUIRED,
    "REMOVE_SINGLE_SIGN_ON": Act.SSO_NOT_REQUIRED,
    "HUBSPOT_EMPLOYEE_ACCESS_ENABLED": Act.SUPPORT_LET_IN,
    "HUBSPOT_EMPLOYEE_ACCESS_DISABLED": Act.SUPPORT_SHUT_OUT,
    "ATTACHMENT_LOGGING_DISABLED": Act.LOGGING_OFF,
    "ATTACHMENT_LOGGING_ENABLED": Act.LOGGING_ON,
    "EMAIL_LOGGING_DISABLED": Act.LOGGING_OFF,
    "EMAIL_LOGGING_ENABLED": Act.LOGGING_ON,
    "IP_RESTRICTIONS_ENABLED": Act.ADDRESSES_LIMITED,
    "IP_RESTRICTIONS_DISABLED": Act.ADDRESSES_FREE,
    "AUTOMATED_INACTIVE_USER_DEACTIVATION_ENABLED": Act.IDLE_GUARD_ON,
    "AUTOMATED_INACTIVE_USER_DEACTIVATION_DISABLED": Act.IDLE_GUARD_OFF,
    "GDPR_TOGGLE_ENABLED": Act.PRIVACY_ON,
    "GDPR_TOGGLE_DISABLED": Act.PRIVACY_OFF,
    "LEGAL_BASIS_REQUIREMENT_DISABLED": Act.PRIVACY_OFF,
}
# Understood, and nothing that anybody is asked about.
OTHERS = frozenset(
    {"REMOVE_USER", "DEACTIVATE_USER", "REACTIVATE_USER", "REMOVE_ADMIN_USER", "REMOVE_ADMIN_PERMISSIONS"}
    | {"TEAM_ADDED", "TEAM_DELETED", "TEAM_USER_ADDED", "TEAM_USER_DELETED", "CHANGE_PASSWORD", "PASSKEY_ADDED"}
    | {"ADD_TWO_FACTOR_AUTHENTICATION", "ADD_SINGLE_SIGN_ON", "UNINSTALL_INTEGRATION"}
)
STANDARD = "STANDARD"
BROAD = (
    "settings.users.write",
    "settings.users.teams.write",
    "settings.billing.write",
    "crm.export",
    "account-info.security",
)
SENSITIVE = ".sensitive."


def act(action: str, text: str | None) -> Act | None:
    """What a security event was. The list of types is open, and of what is not in ours the meaning is unknown."""
    del text
    return Act.OTHER if action in OTHERS else ACTS.get(action)


def way(way: str | None, application: str | None) -> Way | None:
    """HubSpot does not tell how somebody signed in."""
    del way, application
    return None


def posture(settings: Mapping[str, str | None], last: Mapping[Act, datetime]) -> Posture:
    """How the portal is set up, as far as events told."""
    kind = settings.get("account.accountType")
    required = latest(last, Act.SSO_REQUIRED, Act.SSO_NOT_REQUIRED)
    return Posture(
        production=None if kind is None else kind == STANDARD,
        sso=required or None,  # no longer required is not gone
        passwords_work=None if required is None else not required,
        addresses_limited=latest(last, Act.ADDRESSES_LIMITED, Act.ADDRESSES_FREE),
        self_join=True if Act.SELF_JOINED in last else None,
        support_open=latest(last, Act.SUPPORT_LET_IN, Act.SUPPORT_SHUT_OUT),
        logging=latest(last, Act.LOGGING_ON, Act.LOGGING_OFF),
        idle_guard=latest(last, Act.IDLE_GUARD_ON, Act.IDLE_GUARD_OFF),
        privacy=latest(last, Act.PRIVACY_ON, Act.PRIVACY_OFF),
        backed_up=last.get(Act.BACKED_UP),
    )


def known(native: Mapping[str, str]) -> Known:
    """Nothing that HubSpot tells of an account says more than the record does."""
    del native
    return Known()


def admission(kind: str, native: Mapping[str, str] | None, scopes: Sequence[str] | None) -> Admission:
    """Which of a program's scopes are broad; whether anybody may let it in is told nowhere."""
    del kind, native
    if scopes is None:
        return Admission()
    return Admission(None, tuple(sorted(each for each in scopes if each.startswith(BROAD) or SENSITIVE in each)))


def material(native: Mapping[str, str]) -> Material:
    """HubSpot shows no certificates."""
    del native
    return Material()
