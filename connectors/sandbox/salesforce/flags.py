"""The permission columns that profiles, permission sets and muting sets of this org have, and the sets that grant them."""

from connectors.sandbox.names import words

NAMES = words(
    "ModifyAllData ViewAllData CustomizeApplication AuthorApex ManageUsers ManageInternalUsers ManageRoles "
    "ManageProfilesPermissionsets AssignPermissionSets ManageSessionPermissionSets ManageSharing ResetPasswords "
    "FreezeUsers ManageLoginAccessPolicies ManagePasswordPolicies ManageIpAddresses PasswordNeverExpires "
    "BypassMFAForUiLogins ManageTwoFactor DelegatedTwoFactor ApiEnabled ApiUserOnly ModifyMetadata MCPMetadataApi "
    "ManageRemoteAccess UseAnyApiAuth CanApproveUninstalledApps ExternalClientAppAdmin ExternalClientAppDeveloper "
    "ExternalClientAppViewer ViewClientSecret ManageAuthProviders ManageNamedCredentials InstallPackaging "
    "BulkApiHardDelete ExportReport DataExport QueryAllFiles ViewEncryptedData ViewUserPII ManageEncryptionKeys "
    "ManageCertificates ManageHealthCheck ViewHealthCheck ModifyTransactionSecurityPolicies "
    "TransactionSecurityExempt ViewEventLogFiles EventLogReadAccess MonitorLoginHistory ViewSetup ViewRoles "
    "ViewAllUsers ViewAllProfiles TransferAnyEntity IsSsoEnabled RunReports EditTask EmailMass ManageLeads "
    "ManageCases"
)
COLUMNS = tuple(f"Permissions{name}" for name in NAMES)
CRITICAL = frozenset({"ModifyAllData", "ViewAllData", "CustomizeApplication", "AuthorApex"})

# A human administrator holds all but what only machines get and what weakens the sign-in.
ADMINISTRATOR = frozenset(NAMES) - {
    "ApiUserOnly",
    "BypassMFAForUiLogins",
    "PasswordNeverExpires",
    "TransactionSecurityExempt",
}

READER = frozenset(
    words(
        "ApiEnabled ApiUserOnly ViewSetup ViewRoles ViewAllUsers ManageUsers MonitorLoginHistory ManageTwoFactor "
        "CustomizeApplication ManageAuthProviders ViewEventLogFiles ViewHealthCheck ExternalClientAppViewer "
        "ModifyMetadata"
    )
)
EXECUTOR = frozenset(
    words(
        "ApiEnabled ApiUserOnly ViewSetup ViewRoles ViewAllUsers ManageUsers ManageInternalUsers FreezeUsers "
        "AssignPermissionSets ManageRoles CustomizeApplication"
    )
)
