"""The objects and columns this org has, and what may be done with each: describe and every query are answered from here.

Our own tables, for what is served. One line per object: `Name prefix api verbs needs`, then its columns. A column is
`Name`, `Name:type` (string when left out) or `Name>Object` for a reference; `!` after it means updateable, `-` not
filterable. The relationship of `ManagerId` is `Manager`.
"""

from dataclasses import dataclass
from typing import Literal

from connectors.sandbox.salesforce import flags

Api = Literal["data", "tooling"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `to` is the object it points to; `Name` stands for any object that has a name."""

    name: str
    type: str
    to: str | None
    updateable: bool
    filterable: bool

    @property
    def relationship(self) -> str | None:
        """The name by which SOQL walks along this reference."""
        if self.to is None:
            return None
        return self.name[:-2] if self.name.endswith("Id") else None


@dataclass(frozen=True, slots=True)
class Entity:
    """One object. `needs`: any one of these permissions makes it visible; `own`: without them only one's own rows are."""

    name: str
    prefix: str
    api: Api
    verbs: str
    needs: tuple[str, ...]
    own: bool
    columns: dict[str, Column]

    def column(self, name: str) -> Column | None:
        """A column by its name, whatever the case."""
        return self.columns.get(name.lower())

    def owner_column(self) -> str:
        """The column that says whose row it is."""
        return "Id" if self.name == "User" else "UserId"


STAMPED = (
    "CreatedDate:datetime CreatedById>User LastModifiedDate:datetime LastModifiedById>User SystemModstamp:datetime"
)

# verbs: c create, u update, d delete, r replicateable. needs: A|B any of; `own:` own rows only without it; `-` nothing.
TABLES = f"""
Organization 00D data u -
    Name Division Street:textarea City State PostalCode Country Phone:phone PrimaryContact LanguageLocaleKey:picklist
    TimeZoneSidKey:picklist OrganizationType:picklist InstanceName IsSandbox:boolean IsReadOnly:boolean
    NamespacePrefix TrialExpirationDate:datetime DefaultAccountAccess:picklist DefaultContactAccess:picklist
    DefaultOpportunityAccess:picklist DefaultLeadAccess:picklist DefaultCaseAccess:picklist
    WebToLeadDefaultOwnerId>User WebToLeadDefaultCreatorId>User WebToCaseDefaultOwnerId>User
    WebToCaseDefaultCreatorId>User {STAMPED}
UserLicense 100 data - -
    Name MasterLabel LicenseDefinitionKey Status:picklist TotalLicenses:int UsedLicenses:int CreatedDate:datetime
    LastModifiedDate:datetime SystemModstamp:datetime
Profile 00e data udr -
    Name UserType:picklist UserLicenseId>UserLicense Description {STAMPED} FLAGS
User 005 data cur own:ViewAllUsers
    Username! Email:email! Name FirstName! LastName! Alias! CommunityNickname! IsActive:boolean! UserType:picklist
    ProfileId>Profile! UserRoleId>UserRole! ManagerId>User! DelegatedApproverId>User! Title! Department! Division!
    CompanyName! EmployeeNumber! FederationIdentifier! ContactId AccountId TimeZoneSidKey:picklist!
    LocaleSidKey:picklist! LanguageLocaleKey:picklist! EmailEncodingKey:picklist! LastLoginDate:datetime
    LastPasswordChangeDate:datetime PasswordExpirationDate:datetime NumberOfFailedLogins:int
    HasUserVerifiedEmail:boolean HasUserVerifiedPhone:boolean SuAccessExpirationDate:date {STAMPED}
UserLogin 0Yw data u ManageUsers
    UserId>User IsFrozen:boolean! IsPasswordLocked:boolean! LastModifiedDate:datetime LastModifiedById>User
UserRole 00E data cudr ViewRoles
    Name! DeveloperName! ParentRoleId>UserRole! PortalType:picklist RollupDescription!
    OpportunityAccessForAccountOwner:picklist! LastModifiedDate:datetime LastModifiedById>User SystemModstamp:datetime
PermissionSet 0PS data cud -
    Name! Label! Description! Type:picklist IsOwnedByProfile:boolean IsCustom:boolean ProfileId>Profile LicenseId>Name
    PermissionSetGroupId>PermissionSetGroup HasActivationRequired:boolean! NamespacePrefix {STAMPED} FLAGS
PermissionSetGroup 0PG data cud ViewSetup
    DeveloperName! MasterLabel! Description! Status:picklist HasActivationRequired:boolean! NamespacePrefix
    Language:picklist IsDeleted:boolean {STAMPED}
PermissionSetGroupComponent 0PM data cd ViewSetup
    PermissionSetGroupId>PermissionSetGroup PermissionSetId>PermissionSet IsDeleted:boolean {STAMPED}
MutingPermissionSet 0QM data cud ViewSetup
    DeveloperName! MasterLabel! Language:picklist IsDeleted:boolean {STAMPED} FLAGS
PermissionSetAssignment 0Pa data cud ViewSetup|AssignPermissionSets|ManageUsers
    AssigneeId>User PermissionSetId>PermissionSet PermissionSetGroupId>PermissionSetGroup ExpirationDate:datetime!
    IsActive:boolean SystemModstamp:datetime
Group 00G data cudr ViewSetup
    Name! DeveloperName! Type:picklist RelatedId>Name OwnerId>Name Email:email! Description!
    DoesIncludeBosses:boolean! DoesSendEmailToMembers:boolean! {STAMPED}
GroupMember 011 data cd -
    GroupId>Group UserOrGroupId>Name SystemModstamp:datetime
QueueSobject 03g data cd -
    QueueId>Group SobjectType:picklist CreatedById>User SystemModstamp:datetime
LoginHistory 0Ya data - own:ManageUsers|MonitorLoginHistory
    UserId>User LoginTime:datetime LoginType:picklist LoginSubType:picklist- Status- Application- SourceIp-
    ForwardedForIp- CountryIso Browser- Platform- ApiType- ApiVersion- ClientVersion- LoginUrl
    AuthenticationServiceId>Name AuthMethodReference- TlsProtocol:picklist CipherSuite:picklist NetworkId>Name
    LoginGeoId>Name- OptionsIsGet:boolean OptionsIsPost:boolean
AuthSession 0Ak data d ManageUsers
    UsersId>User ParentId>AuthSession SessionType:picklist LoginType:picklist LoginSubType
    SessionSecurityLevel:picklist SourceIp NumSecondsValid:int UserType:picklist IsCurrent:boolean LogoutUrl
    LoginHistoryId>LoginHistory IsAssociatedWithJwtAccessToken:boolean CreatedDate:datetime LastModifiedDate:datetime
TwoFactorMethodsInfo 0Kg data - ManageTwoFactor
    UserId>User ExternalId HasTotp:boolean HasSalesforceAuthenticator:boolean HasSecurityKey:boolean HasU2F:boolean
    HasBuiltInAuthenticator:boolean HasTempCode:boolean HasUserVerifiedEmailAddress:boolean
    HasUserVerifiedMobileNumber:boolean HasVerifiedMobileNumber:boolean
OauthToken 0CQ data - own:CustomizeApplication
    UserId>User AppName AppMenuItemId>Name UseCount:int LastUsedDate:datetime CreatedDate:datetime DeleteToken
    AccessToken RequestToken
ConnectedApplication 0H4 data - CustomizeApplication
    Name StartUrl:url MobileStartUrl:url OptionsAllowAdminApprovedUsersOnly:boolean
    OptionsRefreshTokenValidityMetric:boolean OptionsHasSessionLevelPolicy:boolean OptionsIsInternal:boolean
    RefreshTokenValidityPeriod:int {STAMPED}
ExternalClientApplication 0xI data - ExternalClientAppViewer|ExternalClientAppAdmin
    DeveloperName MasterLabel Description DistributionState ContactEmail Version IsDeleted:boolean {STAMPED}
SetupEntityAccess 0J0 data cd ViewSetup
    ParentId>PermissionSet SetupEntityId>Name SetupEntityType:picklist SystemModstamp:datetime
NamedCredential 0XA data - ViewSetup
    DeveloperName MasterLabel Description Endpoint PrincipalType:picklist AuthProviderId>Name NamespacePrefix
    IsDeleted:boolean {STAMPED}
SetupAuditTrail 0Ym data - ViewSetup
    Action Section Display DelegateUser CreatedByContext CreatedByIssuer ResponsibleNamespacePrefix
    CreatedDate:datetime CreatedById>User SystemModstamp:datetime
InstalledSubscriberPackage 0A3 tooling - ViewSetup
    SubscriberPackageId>SubscriberPackage SubscriberPackageVersionId>SubscriberPackageVersion MinPackageVersionId
SubscriberPackage 033 tooling - ViewSetup
    Name NamespacePrefix Description IsPackageValid:boolean
SubscriberPackageVersion 04t tooling - ViewSetup
    SubscriberPackageId>SubscriberPackage Name PublisherName MajorVersion:int MinorVersion:int PatchVersion:int
    BuildNumber:int IsManaged:boolean IsBeta:boolean IsDeprecated:boolean IsSecurityReviewed:boolean ReleaseState
"""


def _column(word: str) -> Column:
    updateable, filterable = "!" in word, "-" not in word
    word = word.rstrip("!-")
    name, _, to = word.partition(">")
    name, _, kind = name.partition(":")
    return Column(name, "reference" if to else kind or "string", to or None, updateable, filterable)


def _entity(head: str, body: list[str]) -> Entity:
    name, prefix, api, verbs, needs = head.split()
    words = [
        w
        for word in ("Id:id", *body)
        for w in ([f"{c}:boolean!" for c in flags.COLUMNS] if word == "FLAGS" else [word])
    ]
    columns = {c.name.lower(): c for c in map(_column, words)}
    wanted = tuple(needs.removeprefix("own:").split("|")) if needs != "-" else ()
    return Entity(
        name, prefix, "tooling" if api == "tooling" else "data", verbs, wanted, needs.startswith("own:"), columns
    )


def _read(text: str) -> dict[str, Entity]:
    entities: dict[str, Entity] = {}
    head, body = "", list[str]()
    for line in [*text.strip().splitlines(), "end"]:
        if line.startswith(" "):
            body += line.split()
            continue
        if head:
            entity = _entity(head, body)
            entities[entity.name.lower()] = entity
        head, body = line, []
    return entities


ENTITIES = _read(TABLES)
# What a reference to "any object with a name" can be asked for.
NAME = Entity(
    "Name",
    "",
    "data",
    "",
    (),
    False,
    {c.lower(): Column(c, t, None, False, True) for c, t in (("Id", "id"), ("Name", "string"), ("Type", "string"))},
)
NAMED = ("User", "UserRole", "Group", "Profile", "UserLicense", "ConnectedApplication", "PermissionSet")
EXPIRIES = """CREATE INDEX "expiries" ON "PermissionSetAssignment" ("ExpirationDate")
    WHERE "ExpirationDate" IS NOT NULL AND "IsActive" = 1"""
CEILINGS = {"OauthToken": (500, 2500), "TwoFactorMethodsInfo": (500, 2500)}  # page, and where the rows silently end


def entity(name: str) -> Entity | None:
    """An object by its name, whatever the case."""
    return ENTITIES.get(name.lower())


def target(column: Column) -> Entity:
    """The object a reference points to."""
    found = None if column.to is None else entity(column.to)
    return found or NAME


def create_statements() -> list[str]:
    """The tables, indexes and the view of names, as SQL."""
    made = []
    for item in ENTITIES.values():
        columns = ", ".join(f'"{c.name}" {_sql_type(c)}' for c in item.columns.values() if c.name != "Id")
        made.append(f'CREATE TABLE "{item.name}" ("Id" TEXT PRIMARY KEY, {columns})')
        made += [
            f'CREATE INDEX "{item.name}_{c.name}" ON "{item.name}" ("{c.name}")'
            for c in item.columns.values()
            if c.name
            in {
                "UserId",
                "UsersId",
                "AssigneeId",
                "PermissionSetId",
                "GroupId",
                "UserOrGroupId",
                "LoginTime",
                "ProfileId",
            }
        ]
    union = " UNION ALL ".join(f"""SELECT "Id", "Name", '{name}' AS "Type" FROM "{name}" """ for name in NAMED)
    return [*made, f'CREATE VIEW "Name" AS {union}', EXPIRIES, 'CREATE TABLE "_gone" (id TEXT PRIMARY KEY)']


def _sql_type(column: Column) -> str:
    return {"boolean": "INTEGER", "int": "INTEGER", "id": "TEXT", "reference": "TEXT", "datetime": "TEXT"}.get(
        column.type, "TEXT COLLATE NOCASE"
    )
