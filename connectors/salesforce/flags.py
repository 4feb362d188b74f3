"""What Salesforce's permission names mean in our words.

The names are those of API 67 without the prefix `Permissions`; an org shows only some of them, so every reading asks
for those that its describe lists. Baseline rights (use the API, see Setup) are kept by name but endanger nothing alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connectors.records import Privilege
from connectors.records import Privilege as P

FLAGS: Mapping[str, tuple[Privilege, ...]] = {
    # Critical
    "ModifyAllData": (P.CHANGE_ALL, P.SEE_ALL),
    "ViewAllData": (P.SEE_ALL,),
    "CustomizeApplication": (P.CUSTOMIZE,),
    "AuthorApex": (P.DEVELOP,),
    # People and their rights
    "ManageUsers": (P.MANAGE_PEOPLE, P.MANAGE_ACCESS),
    "ManageInternalUsers": (P.MANAGE_PEOPLE,),
    "ManagePartners": (P.MANAGE_PEOPLE,),
    "ManageCssUsers": (P.MANAGE_PEOPLE,),
    "DelegatedPortalUserAdmin": (P.MANAGE_PEOPLE,),
    "ResetPasswords": (P.MANAGE_PEOPLE,),
    "FreezeUsers": (P.MANAGE_PEOPLE,),
    "ManageRoles": (P.MANAGE_ACCESS,),
    "ManageProfilesPermissionsets": (P.MANAGE_ACCESS,),
    "AssignPermissionSets": (P.MANAGE_ACCESS,),
    "ManageSessionPermissionSets": (P.MANAGE_ACCESS,),
    "ManageSharing": (P.MANAGE_ACCESS,),
    "TransferAnyEntity": (),  # moves ownership, within what one may edit
    # Signing in
    "BypassMFAForUiLogins": (P.BYPASS_SIGN_IN,),
    "PasswordNeverExpires": (P.BYPASS_SIGN_IN,),
    "ManageTwoFactor": (P.MANAGE_SECURITY,),
    "DelegatedTwoFactor": (P.MANAGE_SECURITY,),
    "ManageLoginAccessPolicies": (P.MANAGE_SECURITY,),
    "ManagePasswordPolicies": (P.MANAGE_SECURITY,),
    "ManageIpAddresses": (P.MANAGE_SECURITY,),
    # Programs
    "UseAnyApiAuth": (P.MANAGE_INTEGRATIONS,),
    "CanApproveUninstalledApps": (P.MANAGE_INTEGRATIONS,),
    "ManageRemoteAccess": (P.MANAGE_INTEGRATIONS,),
    "ExternalClientAppAdmin": (P.MANAGE_INTEGRATIONS,),
    "ExternalClientAppDeveloper": (P.MANAGE_INTEGRATIONS,),
    "ViewClientSecret": (P.MANAGE_INTEGRATIONS,),
    "ClientSecretRotation": (P.MANAGE_INTEGRATIONS,),
    "ManageAuthProviders": (P.MANAGE_INTEGRATIONS, P.MANAGE_SECURITY),
    "ManageNamedCredentials": (P.MANAGE_INTEGRATIONS,),
    "ManageExternalConnections": (P.MANAGE_INTEGRATIONS,),
    "ManageDataIntegrations": (P.MANAGE_INTEGRATIONS,),
    "InstallPackaging": (P.MANAGE_INTEGRATIONS, P.CUSTOMIZE),
    "Packaging2": (P.CUSTOMIZE,),
    "ModifyMetadata": (P.CUSTOMIZE,),
    "MCPMetadataApi": (P.CUSTOMIZE,),
    "ManageReleaseUpdates": (P.CUSTOMIZE,),
    "CanInsertFeedSystemFields": (),
    # Data leaving
    "ExportReport": (P.EXPORT,),
    "DataExport": (P.EXPORT, P.SEE_ALL),
    "QueryAllFiles": (P.EXPORT, P.SEE_ALL),
    "BulkApiHardDelete": (P.CHANGE_ALL,),
    "ViewEncryptedData": (),  # unmasks fields, on records one may see anyway
    "ViewUserPII": (),
    # Security tooling
    "ManageEncryptionKeys": (P.MANAGE_SECURITY,),
    "ManageCertificates": (P.MANAGE_SECURITY,),
    "ManageHealthCheck": (P.MANAGE_SECURITY,),
    "ManageSecurityCommandCenter": (P.MANAGE_SECURITY,),
    "ModifyTransactionSecurityPolicies": (P.MANAGE_SECURITY,),
    "TransactionSecurityExempt": (P.BYPASS_SIGN_IN,),
    "ManageDataMaskPolicies": (P.MANAGE_SECURITY,),
    "MonitorLoginHistory": (),
    "ViewEventLogFiles": (),
    "EventLogReadAccess": (),
    "ViewHealthCheck": (),
    "ViewSecurityCommandCenter": (),
    # Baseline
    "ApiEnabled": (),
    "ApiUserOnly": (),
    "ViewSetup": (),
    "ViewRoles": (),
    "ViewAllUsers": (),
    "ViewAllProfiles": (),
    "ExternalClientAppViewer": (),
    "IsSsoEnabled": (),
    "ForceTwoFactor": (),
    "TwoFactorApi": (),
    "AllowLightningLogin": (),
}
ADMINISTRATOR = frozenset({"ModifyAllData", "ManageUsers", "CustomizeApplication"})


def column(flag: str) -> str:
    """The column that holds a permission."""
    return f"Permissions{flag}"


def privileges(held: Iterable[str]) -> tuple[Privilege, ...]:
    """Our words for a set of permission names, in the order of `Privilege`."""
    names = frozenset(held)
    found = {privilege for name in names for privilege in FLAGS.get(name, ())}
    if names >= ADMINISTRATOR:
        found.add(Privilege.ADMINISTER)
    return tuple(privilege for privilege in Privilege if privilege in found)
