"""What Salesforce's settings, audit trail, login types and policies mean, in our words.

Settings stand as the Metadata API spells them, numbers written out as words. Of the setup audit trail only `Action`
is matched; most of its words are in no document, so that what is not in the list below is not understood, which is
neither wrong nor right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from connectors.meaning import Act, Admission, Known, Material, Posture, Way, latest, number, truth

ACTS: Mapping[str, Act] = {
    "createduser": Act.ACCOUNT_MADE,
    "createdcustomersuccessuser": Act.ACCOUNT_MADE,
    "permsetassign": Act.ACCESS_CHANGED,
    "permsetgroupassign": Act.ACCESS_CHANGED,
    "permsetenableuserperm": Act.ACCESS_CHANGED,
    "permsetcreate": Act.ACCESS_CHANGED,
    "changedprofileforuser": Act.ACCESS_CHANGED,
    "changedroleforuser": Act.ACCESS_CHANGED,
    "suorgadminlogin": Act.ACTED_AS_ANOTHER,
    "loginasgrantedtosfdc": Act.SUPPORT_LET_IN,
    "dataexport": Act.EXPORTED,
    "insertconnectedapplication": Act.PROGRAM_ADDED,
    "createdconnectedapplication": Act.PROGRAM_ADDED,
    "createdapexclass": Act.CODE_CHANGED,
    "changedapexclass": Act.CODE_CHANGED,
    "deletedapexclass": Act.CODE_CHANGED,
    "createdapextrigger": Act.CODE_CHANGED,
    "changedapextrigger": Act.CODE_CHANGED,
    "createdapexpage": Act.CODE_CHANGED,
    "changedapexpage": Act.CODE_CHANGED,
    "changedinteractionruntimeuser": Act.CODE_CHANGED,
    "deploymentcompleted": Act.DEPLOYED,
    "permsetunassign": Act.OTHER,
    "permsetgroupunassign": Act.OTHER,
}
OUTSIDE = frozenset(
    {"PowerPartner", "PowerCustomerSuccess", "CustomerSuccess", "CspLitePortal", "CsnOnly", "SelfService"}
)
WORDS: Mapping[str, int] = {
    "FifteenMinutes": 15,
    "ThirtyMinutes": 30,
    "SixtyMinutes": 60,
    "OneHour": 60,
    "TwoHours": 120,
    "FourHours": 240,
    "EightHours": 480,
    "TwelveHours": 720,
    "TwentyFourHours": 1440,
}
ATTEMPTS: Mapping[str, int] = {"NoLimit": 0, "ThreeAttempts": 3, "FiveAttempts": 5, "TenAttempts": 10}
ONE_KIND = frozenset({"NoRestriction"})
BROAD = frozenset({"full", "web", "wave_api", "manage_user"})
OPEN = frozenset({"Edit", "ReadEditTransfer", "All"})
TLS = ("TLS 1.0", "TLS 1.1")
PASSWORD_POLICY, RISK = "password_policy.", ".risk"


def act(action: str, text: str | None) -> Act | None:
    """What a row of the setup audit trail was; its sentence is in somebody's language and is not read."""
    del text
    return ACTS.get(action.lower())


def way(way: str | None, application: str | None) -> Way | None:
    """What a login type, with its sub-type after a semicolon, means."""
    del application
    kind, _, sub = (way or "").partition("; ")
    if sub == "OauthUsernamePassword" or kind in ("Other Apex API", "Partner Product"):
        return Way.PROGRAM_PASSWORD
    if kind.startswith("SAML") or kind == "Third Party SSO":
        return Way.SSO
    if "Remote Access" in kind or sub.startswith("Oauth"):
        return Way.PROGRAM
    return Way.PASSWORD if kind == "Application" else None


def posture(settings: Mapping[str, str | None], last: Mapping[Act, datetime]) -> Posture:
    """How the org is set up. What the Metadata API or the Health Check did not tell stays None."""
    sandbox = truth(settings.get("organization.IsSandbox"))
    shortest = number(settings.get("security.passwordPolicies.minimumPasswordLength"))
    complexity = settings.get("security.passwordPolicies.complexity")
    session = settings.get("security.sessionSettings.sessionTimeout")
    saml = truth(settings.get("security.singleSignOnSettings.enableSamlLogin"))
    shut = truth(settings.get("security.singleSignOnSettings.isLoginWithSalesforceCredentialsDisabled"))
    return Posture(
        production=None if sandbox is None else not sandbox,
        shortest_password=shortest,
        password_mixed=None if complexity is None else complexity not in ONE_KIND,
        password_attempts=_attempts(settings.get("security.passwordPolicies.maxLoginAttempts")),
        weaker_profiles=_weaker(settings, shortest),
        session_minutes=WORDS.get(session or "") or number(session),
        session_ends=truth(settings.get("security.sessionSettings.forceLogoutOnSessionTimeout")),
        https_only=truth(settings.get("security.enableRequireHttpsConnection")),
        addresses_limited=_limited(settings),
        login_as_anyone=truth(settings.get("security.enableAdminLoginAsAnyUser")),
        sso=saml,
        passwords_work=None if saml is None or shut is None else not (saml and shut),
        only_approved_programs=truth(settings.get("connected_apps.enableAdminApprovedAppsOnly")),
        # Access for Salesforce's support ends by itself, at a time that is told nowhere: seen open means nothing later on.
        support_open=latest(last, Act.SUPPORT_LET_IN, Act.SUPPORT_SHUT_OUT),
        health=number(settings.get("health_check.score")),
        health_risks=_risks(settings),
        old_tls=_old_tls(settings),
        open_records=_open(settings),
    )


def known(native: Mapping[str, str]) -> Known:
    """When the password was last changed, and whether the account is a partner's or a customer's."""
    changed, kind = native.get("LastPasswordChangeDate"), native.get("UserType")
    return Known(_moment(changed), None if kind is None else kind in OUTSIDE)


def admission(kind: str, native: Mapping[str, str] | None, scopes: Sequence[str] | None) -> Admission:
    """Whether people may let an app in for themselves, and which of its scopes are broad."""
    del kind
    said = native or {}
    approved = truth(said.get("OptionsAllowAdminApprovedUsersOnly"))
    policy = said.get("PermittedUsersPolicyType")
    anybody = not approved if approved is not None else None
    if anybody is None and policy is not None:
        anybody = policy == "AllSelfAuthorized"
    return Admission(anybody, None if scopes is None else tuple(sorted(BROAD.intersection(scopes))))


def material(native: Mapping[str, str]) -> Material:
    """How long a certificate's key is, and whether it may leave the org."""
    return Material(number(native.get("KeySize")), truth(native.get("OptionsIsPrivateKeyExportable")))


def _attempts(said: str | None) -> int | None:
    return ATTEMPTS.get(said or "", number(said))


def _weaker(settings: Mapping[str, str | None], shortest: int | None) -> tuple[str, ...] | None:
    of_profiles = {
        name.removeprefix(PASSWORD_POLICY).rpartition(".")[0]: number(said)
        for name, said in settings.items()
        if name.startswith(PASSWORD_POLICY) and name.endswith(".minimumPasswordLength")
    }
    if shortest is None or not of_profiles:
        return None
    return tuple(sorted(name for name, length in of_profiles.items() if length is not None and length < shortest))


def _limited(settings: Mapping[str, str | None]) -> bool | None:
    """Trusted ranges alone only spare a confirmation; they limit where every request is held against them."""
    return truth(settings.get("security.sessionSettings.enforceIpRangesEveryRequest"))


def _risks(settings: Mapping[str, str | None]) -> tuple[str, ...] | None:
    told = {name: said for name, said in settings.items() if name.startswith("health_check.") and name.endswith(RISK)}
    if not told:
        return None
    high = [name.removeprefix("health_check.").removesuffix(RISK) for name, said in told.items() if said == "HIGH_RISK"]
    return tuple(sorted(high))


def _old_tls(settings: Mapping[str, str | None]) -> tuple[str, ...] | None:
    told = {version: settings.get(f"sign_ins.{version}") for version in TLS}
    if any(said is None for said in told.values()):
        return None
    return tuple(version for version, said in told.items() if said and said.startswith("used"))


def _open(settings: Mapping[str, str | None]) -> tuple[str, ...] | None:
    names = {
        name: f"organization.Default{name}Access" for name in ("Account", "Contact", "Opportunity", "Lead", "Case")
    }
    told = {name: settings.get(key) for name, key in names.items()}
    if all(said is None for said in told.values()):
        return None
    return tuple(name for name, said in told.items() if said in OPEN)


def _moment(said: str | None) -> datetime | None:
    if said is None:
        return None
    try:
        return datetime.strptime(said, "%Y-%m-%dT%H:%M:%S.%f%z")
    except ValueError:
        return None
