"""What the Metadata API tells of the org's policies. Every value goes out as text; a policy may outlive its profile."""

from typing import Any

from connectors.sandbox.salesforce import moments
from connectors.sandbox.salesforce.furniture import FOUNDER
from connectors.sandbox.salesforce.org import FOUNDED
from connectors.sandbox.salesforce.world import World

MOST_NAMES = 10
PROFILE_POLICIES = ("System Administrator", "Standard User", "Contractor")
KINDS = (
    *("SecuritySettings", "ConnectedAppSettings", "ProfilePasswordPolicy", "ProfileSessionSetting", "DelegateGroup"),
    *("ExternalClientApplication", "ExtlClntAppOauthConfigurablePolicies"),
)
SECURITY: dict[str, Any] = {
    "fullName": "Security",
    "canUsersGrantLoginAccess": True,
    "enableAdminLoginAsAnyUser": False,
    "enableAuditFieldsInactiveOwner": False,
    "enableRequireHttpsConnection": True,
    "networkAccess": {"ipRanges": [{"description": "Office", "end": "203.0.113.63", "start": "203.0.113.0"}]},
    "passwordPolicies": {
        "complexity": "UpperLowerCaseNumericSpecialCharacters",
        "expiration": "NinetyDays",
        "historyRestriction": "3",
        "lockoutInterval": "FifteenMinutes",
        "maxLoginAttempts": "NoLimit",
        "minimumPasswordLength": "12",
        "minimumPasswordLifetime": False,
        "obscureSecretAnswer": False,
        "questionRestriction": "DoesNotContainPassword",
    },
    "sessionSettings": {
        "disableTimeoutWarning": False,
        "enableCSRFOnGet": True,
        "enableCSRFOnPost": True,
        "enforceIpRangesEveryRequest": False,
        "forceLogoutOnSessionTimeout": False,
        "forceRelogin": True,
        "identityConfirmationOnEmailChange": True,
        "lockSessionsToDomain": True,
        "lockSessionsToIp": False,
        "requireHttpOnly": True,
        "sessionTimeout": "TwelveHours",
    },
    "singleSignOnSettings": {"enableSamlLogin": True, "isLoginWithSalesforceCredentialsDisabled": False},
}


def read(world: World, kind: str, names: list[str]) -> list[dict[str, Any]] | None:
    """The components of a kind by name, `*` for all; what is not there is an empty record. `None`: no such kind."""
    if kind not in KINDS:
        return None
    there = {each["fullName"]: each for each in _all(world, kind)}
    if "*" in names:
        return list(there.values())
    return [there.get(name, {}) for name in names]


def listed(world: World, kinds: list[str]) -> list[dict[str, Any]]:
    """What there is of some kinds, by name only."""
    made = moments.written(FOUNDED).replace("+0000", "Z")
    stamps = {"createdById": FOUNDER, "createdByName": "Founder", "createdDate": made}
    found = []
    for kind in kinds:
        for each in _all(world, kind) if kind in KINDS else []:
            name = each["fullName"]
            found.append(stamps | {"fileName": f"{kind}/{name}", "fullName": name, "id": "", "type": kind})
    return found


def _all(world: World, kind: str) -> list[dict[str, Any]]:
    if kind == "SecuritySettings":
        return [SECURITY]
    if kind == "ConnectedAppSettings":
        return [{"fullName": "ConnectedApp", "enableAdminApprovedAppsOnly": world.knobs["only_approved_apps"]}]
    if kind == "DelegateGroup":
        group = {"fullName": "Help_Desk", "label": "Help Desk", "loginAccess": True, "groups": ["Support_Team"]}
        return [group | {"permissionSets": ["Case_Supervisor"], "profiles": ["Support Agent"], "roles": ["Support"]}]
    if kind == "ProfilePasswordPolicy":
        return [_passwords(name) for name in (*PROFILE_POLICIES, None)]
    if kind == "ProfileSessionSetting":
        return [_sessions(name) for name in PROFILE_POLICIES]
    return _client_apps(world, kind)


def _passwords(profile: str | None) -> dict[str, Any]:
    """The password policy of a profile; `None`: of one that was deleted, which is still told."""
    strict = profile == "System Administrator"
    name = (profile or "Old Profile").replace(" ", "") + "_PasswordPolicy1520000000000"
    return {
        "fullName": name,
        "forgotPasswordRedirect": False,
        "lockoutInterval": "15",
        "maxLoginAttempts": "3" if strict else "10",
        "minimumPasswordLength": "14" if strict else "8",
        "minimumPasswordLifetime": False,
        "obscure": False,
        "passwordComplexity": "4",
        "passwordExpiration": "90",
        "passwordHistory": "3",
        "passwordQuestion": "1",
        "profile": profile,
    }


def _sessions(profile: str) -> dict[str, Any]:
    strict = profile == "System Administrator"
    said = {"fullName": f"{profile.replace(' ', '')}_SessionSetting1520000000000", "forceLogout": strict}
    said |= {"externalCommunityUserIdentityVerif": False, "profile": profile, "sessionPersistence": False}
    said |= {"requiredSessionLevel": "HIGH_ASSURANCE" if strict else "STANDARD"}
    return said | {"sessionTimeout": "120" if strict else "720", "sessionTimeoutWarning": True}


def _client_apps(world: World, kind: str) -> list[dict[str, Any]]:
    if "external_client_apps" not in world.knobs["features"]:
        return []
    rows = world.store.rows(
        'SELECT a."DeveloperName", a."MasterLabel", a."ContactEmail", p.* FROM "ExternalClientApplication" a '
        'JOIN "ExtlClntAppOauthPlcyCnfg" p ON p."ExternalClientApplicationId" = a."Id" ORDER BY a."Id"'
    )
    if kind == "ExternalClientApplication":
        return [
            {"fullName": r["DeveloperName"], "contactEmail": r["ContactEmail"], "distributionState": "Local"}
            | {"isProtected": False, "label": r["MasterLabel"]}
            for r in rows
        ]
    said = []
    for row in rows:
        name = world.store.scalar('SELECT "Username" FROM "User" WHERE "Id" = ?', [row["ClientCredentialsFlowUser"]])
        policy = {"fullName": f"{row['DeveloperName']}_oauthPlcy", "clientCredentialsFlowUser": name}
        policy |= {"externalClientApplication": row["DeveloperName"], "ipRelaxationPolicyType": "Enforce"}
        policy |= {"isClientCredentialsFlowEnabled": bool(row["IsClientCredentialsFlowEnabled"])}
        policy |= {"label": row["MasterLabel"], "permittedUsersPolicyType": row["PermittedUsersPolicyType"]}
        said.append(policy | {"refreshTokenPolicyType": row["RefreshTokenPolicyType"]})
    return said
