"""What surrounds the accounts of the pretend org: seats, object rights, territories, jobs, ways in and out."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from connectors.sandbox.company import DOMAIN
from connectors.sandbox.salesforce import cast
from connectors.sandbox.salesforce.furniture import FOUNDER, ORG
from connectors.sandbox.salesforce.org import Draft, ago, ahead

Row = dict[str, Any]
OBJECTS = ("Account", "Contact", "Lead", "Opportunity", "Case", "Contract")
# Whose holders get what on objects: read, create, edit, delete, view all, modify all.
RIGHTS = {
    "profile:System Administrator": "rcedvm",
    "profile:Standard User": "rce",
    "profile:Sales User": "rced",
    "profile:Support Agent": "rce",
    "profile:Marketing User": "rc",
    "profile:Read Only": "r",
    "profile:Northwind Help Site Profile": "r",
    "Data_Migration": "rcedvm",
    "View_Everything": "rv",
    "Case_Supervisor": "rce",
    "Billing_Sync": "rce",
    "Warehouse_Loader": "rv",
    "Legacy_Export": "rcedvm",
}
ONLY = {"profile:Northwind Help Site Profile": ("Case", "Lead"), "Case_Supervisor": ("Case",)}
HEALTH = (  # risk, setting, group, what is, what ought to be
    ("HIGH_RISK", "Maximum invalid login attempts", "PasswordPolicies", "No Limit", "3"),
    ("HIGH_RISK", "Number of expired certificates", "CertificateAndKeyManagement", "1", "0"),
    ("MEDIUM_RISK", "Timeout value", "SessionSettings", "12 hours", "2 hours"),
    ("MEDIUM_RISK", "Force logout on session timeout", "SessionSettings", "Disabled", "Enabled"),
    ("MEETS_STANDARD", "Minimum password length", "PasswordPolicies", "12", "8"),
    ("MEETS_STANDARD", "Require HttpOnly attribute", "SessionSettings", "Enabled", "Enabled"),
    (
        "MEETS_STANDARD",
        "Enforce password history",
        "PasswordPolicies",
        "3 passwords remembered",
        "3 passwords remembered",
    ),
)


def write(draft: Draft) -> None:
    """All of it, after the accounts."""
    draft.fill("ObjectPermissions", OBJECT_COLUMNS, _object_rights(draft))
    _field_rights(draft)
    _seats(draft)
    _territories(draft)
    _jobs(draft)
    _records(draft)
    _sites(draft)
    _apps(draft)
    _ways_out(draft)
    _posture(draft)


OBJECT_COLUMNS = (
    *("ParentId", "SobjectType", "PermissionsRead", "PermissionsCreate", "PermissionsEdit", "PermissionsDelete"),
    *("PermissionsViewAllRecords", "PermissionsModifyAllRecords", "PermissionsViewAllFields"),
    *("CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp"),
)


def _object_rights(draft: Draft) -> Iterator[tuple[Any, ...]]:
    stamp = ago(draft.company, 700)
    for holder, letters in RIGHTS.items():
        for name in ONLY.get(holder, OBJECTS):
            on = (int(letter in letters) for letter in "rcedvm")
            yield (draft.named["PermissionSet", holder], name, *on, 0, stamp, FOUNDER, stamp, FOUNDER, stamp)


def _field_rights(draft: Draft) -> None:
    for holder, field, edit in (
        ("profile:Standard User", "Account.Phone", 1),
        ("profile:Marketing User", "Contact.Email", 0),
        ("Personal_Data_Reader", "Contact.Birthdate", 0),
    ):
        row: Row = {
            "ParentId": draft.named["PermissionSet", holder],
            "SobjectType": field.split(".")[0],
            "Field": field,
        }
        draft.add("FieldPermissions", row | {"PermissionsRead": 1, "PermissionsEdit": edit})


def _accounts(draft: Draft, department: str, active: bool = True) -> list[str]:
    return draft.store.column(
        'SELECT "Id" FROM "User" WHERE "Department" = ? AND "IsActive" = ? ORDER BY "Id"', [department, int(active)]
    )


def _seats(draft: Draft) -> None:
    """Licences for sets and packages. One seat is still held by somebody who was deactivated."""
    for name, label, department in (("SalesConsole", "Sales Console", "Sales"), ("FieldDesk", "Field Desk", "Support")):
        holders = [*_accounts(draft, department)[:12], *_accounts(draft, department, active=False)[:1]]
        row: Row = {
            "DeveloperName": name,
            "MasterLabel": label,
            "PermissionSetLicenseKey": f"{name}Psl",
            "Status": "Active",
        }
        row |= {"TotalLicenses": len(draft.company.people), "UsedLicenses": len(holders), "Status": "Active"}
        flags: Row = {"IsAvailableForIntegrations": 0, "IsSupplementLicense": 0, "IsDeleted": 0}
        licence = draft.add("PermissionSetLicense", row | flags, name)
        for holder in holders:
            row = {"AssigneeId": holder, "PermissionSetLicenseId": licence, "IsDeleted": 0}
            draft.add("PermissionSetLicenseAssign", row)
    for _, namespace, _, reviewed in cast.PACKAGES:
        holders = _accounts(draft, "Support" if namespace == "ringup" else "Sales")[:8] if reviewed else []
        row = {"NamespacePrefix": namespace, "Status": "Active" if reviewed else "Trial", "UsedLicenses": len(holders)}
        row |= {"AllowedLicenses": 50 if reviewed else -1, "IsProvisioned": 1, "IsAvailableForIntegrations": 0}
        licence = draft.add("PackageLicense", row, namespace)
        for holder in holders:
            draft.add("UserPackageLicense", {"PackageLicenseId": licence, "UserId": holder})


def _territories(draft: Draft) -> None:
    for name, state in (("Regions 2026", "Active"), ("Regions 2027", "Planning")):
        row: Row = {"Name": name, "DeveloperName": name.replace(" ", "_"), "State": state, "IsDeleted": 0}
        draft.add(
            "Territory2Model", row | {"ActivatedDate": ago(draft.company, 300) if state == "Active" else None}, name
        )
    levels = {"AccountAccessLevel": "Edit", "OpportunityAccessLevel": "Edit", "CaseAccessLevel": "Read"}
    for name, above in (("Europe", None), ("North", "Europe"), ("South", "Europe")):
        row = {"Name": name, "DeveloperName": name, "Territory2ModelId": draft.named["Territory2Model", "Regions 2026"]}
        draft.add("Territory2", row | levels | {"ParentTerritory2Id": above and draft.named["Territory2", above]}, name)
    for n, holder in enumerate(_accounts(draft, "Sales")):
        where = draft.named["Territory2", ("North", "South")[n % 2]]
        row = {"UserId": holder, "Territory2Id": where, "IsActive": 1, "RoleInTerritory2": "Owner" if n < 2 else None}
        draft.add("UserTerritory2Association", row)


def _jobs(draft: Draft) -> None:
    """What runs as somebody, and would stop with them."""
    departed = draft.accounts[draft.company.parts["departed_admin"][0]]
    lead = draft.accounts[draft.company.line_managers[0]]
    for name, kind, owner in (
        ("Nightly dedupe", "7", departed),
        ("Renewal mails", "7", FOUNDER),
        ("Month end", "3", lead),
    ):
        detail = draft.add("CronJobDetail", {"Name": name, "JobType": kind})
        row: Row = {"CronJobDetailId": detail, "OwnerId": owner, "State": "WAITING", "CronExpression": "0 0 2 * * ?"}
        row |= {"NextFireTime": ahead(draft.company, 1), "TimesTriggered": 211, "TimeZoneSidKey": "Europe/Amsterdam"}
        draft.add("CronTrigger", row)
    for title, kind, runs_as in (("Pipeline", "SpecifiedUser", departed), ("My Day", "LoggedInUser", lead)):
        row = {"Title": title, "DeveloperName": title.replace(" ", "_"), "Type": kind, "RunningUserId": runs_as}
        draft.add("Dashboard", row | {"FolderName": "Sales Dashboards", "IsDeleted": 0})
    agent = draft.store.scalar("""SELECT "Id" FROM "User" WHERE "Name" = 'Insights Integration'""")
    row = {
        "DeveloperName": "Order_Helper",
        "MasterLabel": "Order Helper",
        "BotUserId": agent,
        "Type": "ExternalCopilot",
    }
    draft.add("BotDefinition", row | {"AgentType": "EinsteinServiceAgent", "IsDeleted": 0})
    for owner, member in zip(_accounts(draft, "Sales")[:3], _accounts(draft, "Support")[:3], strict=False):
        draft.add("UserTeamMember", {"OwnerId": owner, "UserId": member, "OpportunityAccessLevel": "Read"})


def _records(draft: Draft) -> None:
    """A few records of each kind, some of them a leaver's."""
    stuck, lead = draft.planted["leavers_salesforce"][0], draft.accounts[draft.company.line_managers[0]]
    for n, owner in enumerate((stuck, stuck, lead)):
        account = draft.add("Account", {"Name": f"Customer {n}", "OwnerId": owner, "IsDeleted": 0})
        deal: Row = {
            "Name": f"Renewal {n}",
            "AccountId": account,
            "OwnerId": owner,
            "IsDeleted": 0,
            "IsClosed": int(n == 1),
        }
        draft.add("Opportunity", deal | {"IsClosed": int(n == 1), "StageName": "Closed Won" if n == 1 else "Proposal"})
        who = {"Name": f"Buyer {n}", "LastName": f"Buyer {n}", "AccountId": account, "OwnerId": owner, "IsDeleted": 0}
        draft.add("Contact", who)
        draft.add(
            "Case", {"CaseNumber": f"{1000 + n:08}", "OwnerId": owner, "Status": "New", "IsClosed": 0, "IsDeleted": 0}
        )
    draft.add(
        "Lead", {"Name": "Prospect", "LastName": "Prospect", "Company": "Elsewhere", "OwnerId": stuck, "IsDeleted": 0}
    )
    draft.add("Contract", {"ContractNumber": "00000100", "OwnerId": lead, "Status": "Activated", "IsDeleted": 0})


def _sites(draft: Draft) -> None:
    for name, guest in zip(("Help", "Events"), draft.planted["guests"], strict=True):
        row: Row = {
            "Name": name,
            "MasterLabel": name,
            "Status": "Active",
            "SiteType": "ChatterNetwork",
            "GuestUserId": guest,
        }
        draft.add("Site", row | {"AdminId": FOUNDER, "Subdomain": name.lower(), "UrlPathPrefix": name.lower()})
    network = draft.add("Network", {"Name": "Help", "Status": "Live", "OptionsSelfRegistrationEnabled": 1}, "Help")
    draft.add("NetworkMember", {"NetworkId": network, "MemberId": FOUNDER, "DigestFrequency": "N"})
    draft.add("Domain", {"Domain": f"help.{DOMAIN}", "DomainType": "DNS", "HttpsOption": "CdnPartner"})


def _apps(draft: Draft) -> None:
    """The policies of external client apps, the menu, and what a custom permission is for."""
    flow_user = draft.accounts["rolecall-reader"]
    for name, label, flow in (("Rolecall", "Rolecall", 1), ("Expense_Bot", "Expense Bot", 0)):
        app: Row = {"ExternalClientApplicationId": draft.named["ExternalClientApplication", label], "IsDeleted": 0}
        app |= {"DeveloperName": name, "MasterLabel": label}
        scopes = {"OauthScopesAPI": 1, "OauthScopesFULL": int(not flow), "OauthScopesREFRESH_TOKEN": int(not flow)}
        settings = draft.add("ExtlClntAppOauthSettings", app | scopes)
        policy: Row = {"PermittedUsersPolicyType": "AdminApprovedPreAuthorized" if flow else "AllSelfAuthorized"}
        policy |= {"IsClientCredentialsFlowEnabled": flow, "IpRelaxationPolicyType": "Enforce", "PolicyAction": None}
        policy |= {"ClientCredentialsFlowUser": flow_user if flow else None, "RequiredSessionLevel": None}
        policy |= {"RefreshTokenPolicyType": "Infinite", "IsNamedUserJwtEnabled": 0, "IsTokenExchangeFlowEnabled": 0}
        draft.add("ExtlClntAppOauthPlcyCnfg", app | policy | {"ExtlClntAppOauthSettingsId": settings})
        draft.add("ExtlClntAppPlcyCnfg", app | {"IsEnabled": 1, "OauthPluginStatus": "Enabled"})
        draft.add("ExtlClntAppOauthConsumer", app | {"ExtlClntAppOauthSettingsId": settings})
    installed = [name for name, there in cast.APPS.items() if there]
    for n, name in enumerate(installed):
        row: Row = {"Name": name.replace(" ", "_"), "Label": name, "Type": "ConnectedApplication", "SortOrder": n}
        row |= {"ApplicationId": draft.named["ConnectedApplication", name], "IsAccessible": 1, "IsVisible": 1}
        draft.add("AppMenuItem", row | {"IsUsingAdminAuthorization": 0, "IsDeleted": 0}, name)
    row = {"DeveloperName": "Override_Discounts", "MasterLabel": "Override Discounts", "IsDeleted": 0, "IsLicensed": 0}
    custom = draft.add("CustomPermission", row | {"IsProtected": 0, "Language": "en_US"})
    row = {"ParentId": draft.named["PermissionSet", "Lead_Supervisor"], "SetupEntityId": custom}
    draft.add("SetupEntityAccess", row | {"SetupEntityType": "CustomPermission"})


def _ways_out(draft: Draft) -> None:
    """What the org calls, trusts and signs with. One remote site speaks without TLS; one certificate has run out."""
    row: Row = {"DeveloperName": "Staff_Login", "FriendlyName": "Staff Login", "ProviderType": "OpenIdConnect"}
    row |= {"ExecutionUserId": FOUNDER, "OptionsRequireMfa": 1, "OptionsIsPkceEnabled": 1, "OptionsSendSecretInApis": 0}
    provider = draft.add("AuthProvider", row, "Staff_Login")
    saml: Row = {
        "DeveloperName": "Staff_SSO",
        "MasterLabel": "Staff SSO",
        "Issuer": f"https://login.{DOMAIN}",
        "Version": "SAML2_0",
    }
    saml |= {
        "ExecutionUserId": FOUNDER,
        "OptionsUserProvisioning": 0,
        "IsDeleted": 0,
        "IdentityMapping": "FEDERATION_ID",
    }
    draft.add("SamlSsoConfig", saml | {"ValidationCert": "MIIC-not-a-certificate", "OptionsRequireMfaSaml": 1})
    source: Row = {"DeveloperName": "Warehouse", "MasterLabel": "Warehouse", "Type": "SimpleURL", "Protocol": "Oauth"}
    source |= {
        "Endpoint": f"https://warehouse.{DOMAIN}/odata",
        "PrincipalType": "NamedUser",
        "AuthProviderId": provider,
    }
    there = draft.add("ExternalDataSource", source | {"IsWritable": 0, "IsDeleted": 0})
    row = {"ExternalDataSourceId": there, "UserId": FOUNDER, "Protocol": "Oauth", "Username": "sync", "IsDeleted": 0}
    draft.add("ExternalDataUserAuth", row | {"AuthProviderId": provider})
    for name, url, mismatch in (("Rates", f"https://rates.{DOMAIN}", 0), ("Old_Printer", "http://printer.example", 1)):
        row = {"SiteName": name, "EndpointUrl": url, "IsActive": 1, "ProtocolMismatch": mismatch, "FullName": name}
        draft.add("RemoteProxy", row | {"ManageableState": "unmanaged"})
    for name, url, context in (
        ("Maps", f"https://maps.{DOMAIN}", "All"),
        ("Anywhere", "https://*.example", "Communities"),
    ):
        row = {"DeveloperName": name, "MasterLabel": name, "EndpointUrl": url, "Context": context, "IsActive": 1}
        draft.add("CspTrustedSite", row | {"IsApplicableToConnectSrc": 1, "IsApplicableToImgSrc": 1, "IsDeleted": 0})
    row = {"DeveloperName": "Ledger", "MasterLabel": "Ledger", "AuthenticationProtocol": "Oauth", "FullName": "Ledger"}
    draft.add("ExternalCredential", row | {"ManageableState": "unmanaged"})
    for name, days, size in (("SelfSigned_2025", -20, 2048), ("Staff_SSO_2027", 290, 4096)):
        row = {
            "DeveloperName": name,
            "MasterLabel": name,
            "ExpirationDate": str(draft.company.today + timedelta(days=days)),
        }
        row |= {"KeySize": size, "OptionsIsCaSigned": 0, "OptionsIsPrivateKeyExportable": int(size == 2048)}
        draft.add("Certificate", row | {"OptionsIsUnusable": 0})


def _posture(draft: Draft) -> None:
    draft.add("SecurityHealthCheck", {"DurableId": "SecurityHealthCheck", "Score": "71"})
    for n, (risk, setting, group, actual, standard) in enumerate(HEALTH, 1):
        row: Row = {"DurableId": f"{group}.{n}", "RiskType": risk, "Setting": setting, "SettingGroup": group}
        row |= {"SettingRiskCategory": risk, "OrgValue": actual, "OrgValueRaw": actual, "StandardValue": standard}
        draft.add("SecurityHealthCheckRisks", row | {"StandardValueRaw": standard})
    info = draft.add(
        "SandboxInfo", {"SandboxName": "staging", "LicenseType": "PARTIAL", "Description": "For rehearsals"}
    )
    row = {"SandboxInfoId": info, "SandboxName": "staging", "Status": "Completed", "SandboxOrganization": ORG[:15]}
    draft.add("SandboxProcess", row | {"CopyProgress": 100, "LicenseType": "PARTIAL"})
    for n, kind in enumerate(("Login", "API", "ReportExport")):
        row = {
            "EventType": kind,
            "LogDate": ago(draft.company, 1),
            "Interval": "Daily",
            "Sequence": 0,
            "ApiVersion": 67.0,
        }
        draft.add("EventLogFile", row | {"LogFileLength": 420 + n, "LogFileContentType": "text/csv", "IsDeleted": 0})
    draft.add("TenantSecret", {"Type": "Data", "Version": 1, "Status": "ACTIVE", "Source": "HSM", "IsDeleted": 0})
