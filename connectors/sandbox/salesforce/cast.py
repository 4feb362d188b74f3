"""The fixed furniture of the pretend org: its licences, profiles, permission sets, roles, groups and apps."""

from connectors.sandbox.salesforce import flags

SALES, PLATFORM, INTEGRATION, GUEST = (
    "Salesforce",
    "Salesforce Platform",
    "Salesforce Integration",
    "Guest User License",
)
LICENCES = {  # name -> immutable key
    SALES: "SFDC",
    PLATFORM: "AUL",
    INTEGRATION: "PID_SALESFORCE_INTEGRATION_USER",
    GUEST: "PID_Guest_User",
}


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


STAFF = _set("ApiEnabled RunReports EditTask")
MACHINE = _set("ApiEnabled ApiUserOnly")
PROFILES: dict[str, tuple[str, str, frozenset[str]]] = {  # name -> licence, user type, permissions
    "System Administrator": (SALES, "Standard", flags.ADMINISTRATOR),
    "Standard User": (SALES, "Standard", STAFF),
    "Sales User": (SALES, "Standard", STAFF | _set("EmailMass ManageLeads")),
    "Support Agent": (SALES, "Standard", STAFF | _set("ManageCases")),
    "Marketing User": (SALES, "Standard", STAFF | _set("EmailMass ManageLeads ExportReport")),
    "Read Only": (SALES, "Standard", _set("RunReports")),
    "Minimum Access - Salesforce": (SALES, "Standard", frozenset()),
    "Contractor": (PLATFORM, "Standard", _set("EditTask")),
    "Minimum Access - Platform": (PLATFORM, "Standard", frozenset()),
    "Minimum Access - API Only Integrations": (INTEGRATION, "Standard", MACHINE),
    "Northwind Help Site Profile": (GUEST, "Guest", frozenset()),
}
# name -> label, type, permissions, namespace
SETS: dict[str, tuple[str, str, frozenset[str], str | None]] = {
    "Export_Reports": ("Export Reports", "Regular", _set("ExportReport RunReports"), None),
    "Weekly_Export": ("Weekly Data Export", "Regular", _set("DataExport"), None),
    "Data_Migration": (
        "Data Migration",
        "Regular",
        _set("ModifyAllData ViewAllData BulkApiHardDelete ApiEnabled"),
        None,
    ),
    "View_Everything": ("View Everything", "Regular", _set("ViewAllData ViewAllUsers ViewAllProfiles"), None),
    "Delegated_Admin": (
        "Delegated Administration",
        "Regular",
        _set("ManageUsers ManageInternalUsers ResetPasswords ViewSetup ViewRoles"),
        None,
    ),
    "Deployment": ("Deployment", "Regular", _set("AuthorApex ModifyMetadata CustomizeApplication ViewSetup"), None),
    "Connected_App_Owner": (
        "Connected App Owner",
        "Regular",
        _set("ManageRemoteAccess UseAnyApiAuth CanApproveUninstalledApps ViewSetup"),
        None,
    ),
    "Mass_Email": ("Mass E-mail", "Regular", _set("EmailMass"), None),
    "Case_Supervisor": ("Case Supervisor", "Regular", _set("ManageCases TransferAnyEntity"), None),
    "Lead_Supervisor": ("Lead Supervisor", "Regular", _set("ManageLeads TransferAnyEntity"), None),
    "Finance_Reports": ("Finance Reports", "Regular", _set("RunReports ExportReport"), None),
    "Personal_Data_Reader": ("Personal Data Reader", "Regular", _set("ViewUserPII"), None),
    "Night_Desk": ("Night Desk (while activated)", "Session", _set("ManageCases ViewAllData"), None),
    "Audit_Viewer": (
        "Audit Viewer",
        "Regular",
        _set("ViewSetup ViewEventLogFiles MonitorLoginHistory ViewHealthCheck"),
        None,
    ),
    "Telephony": ("Telephony", "Standard", _set("EditTask"), "ringup"),
    "Contract_Signing": ("Contract Signing", "Standard", _set("EditTask RunReports"), "inkwell"),
    "Billing_Sync": ("Billing Sync", "Integration", _set("ApiEnabled TransferAnyEntity"), None),
    "Warehouse_Loader": ("Warehouse Loader", "Integration", _set("ApiEnabled ViewAllData BulkApiHardDelete"), None),
    "Legacy_Export": ("Legacy Export", "Integration", _set("ApiEnabled ModifyAllData ViewAllData DataExport"), None),
    "Rolecall_Reader": ("Rolecall Reader", "Regular", flags.READER, None),
    "Rolecall_Executor": ("Rolecall Executor", "Regular", flags.EXECUTOR, None),
}
# name -> label, members, muted permissions, status
GROUPS_OF_SETS: dict[str, tuple[str, tuple[str, ...], frozenset[str], str]] = {
    "Sales_Operations": (
        "Sales Operations",
        ("Export_Reports", "Lead_Supervisor", "Mass_Email"),
        frozenset(),
        "Updated",
    ),
    "Support_Leads": (
        "Support Leads",
        ("Case_Supervisor", "Personal_Data_Reader", "Telephony"),
        frozenset(),
        "Updated",
    ),
    "Platform_Team": (
        "Platform Team",
        ("Deployment", "Delegated_Admin", "Audit_Viewer"),
        _set("AuthorApex"),
        "Updated",
    ),
    "Finance_Close": ("Finance Close", ("Finance_Reports", "Weekly_Export"), frozenset(), "Outdated"),
}
ROLES = {  # department -> the role above it
    "Chief Executive": None,
    "Sales": "Chief Executive",
    "Marketing": "Chief Executive",
    "Customer Success": "Chief Executive",
    "Support": "Customer Success",
    "Operations": "Chief Executive",
    "Finance": "Chief Executive",
    "IT": "Operations",
}
PUBLIC_GROUPS = {  # name -> departments in it, groups nested in it
    "All Customer Teams": ((), ("Customer Success Team", "Support Team")),
    "Customer Success Team": (("Customer Success",), ()),
    "Support Team": (("Support",), ()),
    "Pricing Committee": (("Finance", "Operations"), ()),
    "Campaign Approvers": (("Marketing",), ()),
    "Platform Owners": (("IT",), ()),
}
QUEUES = {
    "Support Tier 1": "Support",
    "Support Tier 2": "Support",
    "Inbound Leads": "Sales",
    "Billing Questions": "Finance",
}
QUEUE_OBJECTS = {"Inbound Leads": "Lead"}

# Apps that hold tokens. `installed`: whether ConnectedApplication lists it; the rest show only in OauthToken.
APPS: dict[str, bool] = {
    "Salesforce for iOS": True,
    "Data Loader Partner": True,
    "Billing Sync": True,
    "Warehouse Loader": True,
    "Support Telephony": True,
    "Marketing Bridge": True,
    "Contract Signing": True,
    "Legacy Export": True,
    "Badge Printer 2019": True,
    "Spreadsheet Connector": False,
    "Quote Calculator Trial": False,
}
DORMANT_APPS = ("Badge Printer 2019", "Quote Calculator Trial", "Spreadsheet Connector", "Contract Signing")
PACKAGES = (
    ("RingUp Telephony", "ringup", "RingUp Ltd.", True),
    ("Inkwell Signatures", "inkwell", "Inkwell GmbH", True),
    ("Quote Calculator", "qcalc", "(unknown)", False),
)
# Why the org will not deactivate somebody: code and words. The codes are not documented, hence they differ on purpose.
BLOCKERS = {
    "web_to_lead_creator": ("FIELD_INTEGRITY_EXCEPTION", "You cannot disable the Web to Lead Default Creator"),
    "case_default_owner": ("DEPENDENCY_EXISTS", "You cannot deactivate a user who is the default owner of cases"),
    "default_workflow": ("UNKNOWN_EXCEPTION", "You cannot deactivate the Default Workflow User"),
    "hierarchy_field": (
        "FIELD_INTEGRITY_EXCEPTION",
        "Cannot inactivate user that is the value of a hierarchy field:Deputy__c",
    ),
    "approver": ("DEPENDENCY_EXISTS", "You cannot deactivate a user who is an approver in an approval process"),
}
