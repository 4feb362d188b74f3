"""The objects and columns of the pretend org, as a table to read: what `schema` turns into answers.

One line per object: `Name prefix api verbs needs`, then its columns. Verbs: c create, u update, d delete, r
replicateable. Needs: `A|B` any of them, `A&B` both, `own:A` only own rows without it, `read:` a right on the object
itself, `-` nothing. A column is `Name`, `Name:type` (string when left out) or `Name>Object` for a reference; `!` after it
means updateable, `-` not filterable, `^` that records can be addressed by it, `1` that only a single row may show it.
"""

STAMPED = (
    "CreatedDate:datetime CreatedById>User LastModifiedDate:datetime LastModifiedById>User SystemModstamp:datetime"
)

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
    Username!^ Email:email!^ Name FirstName! LastName! Alias! CommunityNickname! IsActive:boolean! UserType:picklist
    ProfileId>Profile! UserRoleId>UserRole! ManagerId>User! DelegatedApproverId>User! Title! Department! Division!
    CompanyName! EmployeeNumber! FederationIdentifier!^ ContactId>Contact AccountId>Account TimeZoneSidKey:picklist!
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
    LoginGeoId>LoginGeo- OptionsIsGet:boolean OptionsIsPost:boolean
AuthSession 0Ak data d ManageUsers
    UsersId>User ParentId>AuthSession SessionType:picklist LoginType:picklist LoginSubType
    SessionSecurityLevel:picklist SourceIp NumSecondsValid:int UserType:picklist IsCurrent:boolean LogoutUrl
    LoginHistoryId>LoginHistory LoginGeoId>LoginGeo IsAssociatedWithJwtAccessToken:boolean
    CreatedDate:datetime LastModifiedDate:datetime
TwoFactorMethodsInfo 0Kg data - ManageTwoFactor
    UserId>User ExternalId HasTotp:boolean HasSalesforceAuthenticator:boolean HasSecurityKey:boolean HasU2F:boolean
    HasBuiltInAuthenticator:boolean HasTempCode:boolean HasUserVerifiedEmailAddress:boolean
    HasUserVerifiedMobileNumber:boolean HasVerifiedMobileNumber:boolean
OauthToken 0CQ data - own:CustomizeApplication
    UserId>User AppName AppMenuItemId>AppMenuItem UseCount:int LastUsedDate:datetime CreatedDate:datetime DeleteToken
    AccessToken RequestToken
ConnectedApplication 0H4 data - CustomizeApplication
    Name StartUrl:url MobileStartUrl:url OptionsAllowAdminApprovedUsersOnly:boolean
    OptionsRefreshTokenValidityMetric:boolean OptionsHasSessionLevelPolicy:boolean OptionsIsInternal:boolean
    RefreshTokenValidityPeriod:int {STAMPED}
ExternalClientApplication 0xI data - ExternalClientAppViewer|ExternalClientAppAdmin
    DeveloperName MasterLabel Description DistributionState ContactEmail ContactPhone Version NamespacePrefix
    IsDeleted:boolean {STAMPED}
ExtlClntAppOauthSettings 0xJ data - ExternalClientAppViewer|ExternalClientAppAdmin
    DeveloperName MasterLabel ExternalClientApplicationId>ExternalClientApplication OauthLink IsDeleted:boolean
    OauthScopesAPI:boolean OauthScopesFULL:boolean OauthScopesREFRESH_TOKEN:boolean OauthScopesWEB:boolean
    OauthScopesOPENID:boolean OauthScopesPROFILE:boolean OauthScopesEMAIL:boolean
    OauthScopesCHATTER_REST_API:boolean OauthScopesMCP_API:boolean {STAMPED}
ExtlClntAppOauthPlcyCnfg 0xK data - ExternalClientAppViewer|ExternalClientAppAdmin
    DeveloperName MasterLabel ExternalClientApplicationId>ExternalClientApplication
    ExtlClntAppOauthSettingsId>ExtlClntAppOauthSettings PermittedUsersPolicyType ClientCredentialsFlowUser
    IsClientCredentialsFlowEnabled:boolean RefreshTokenPolicyType RefreshTokenValidityPeriod:int
    RefreshTokenValidityUnit IpRelaxationPolicyType PolicyAction RequiredSessionLevel SessionTimeoutInMinutes:int
    IsNamedUserJwtEnabled:boolean IsTokenExchangeFlowEnabled:boolean IsDeleted:boolean {STAMPED}
ExtlClntAppPlcyCnfg 0xL data - ExternalClientAppViewer|ExternalClientAppAdmin
    DeveloperName MasterLabel ExternalClientApplicationId>ExternalClientApplication IsEnabled:boolean
    OauthPluginStatus SamlPluginStatus StartPage StartUrl IsDeleted:boolean {STAMPED}
ExtlClntAppOauthConsumer 0xM data - ExternalClientAppViewer|ExternalClientAppAdmin
    DeveloperName MasterLabel ExternalClientApplicationId>ExternalClientApplication
    ExtlClntAppOauthSettingsId>ExtlClntAppOauthSettings IsDeleted:boolean {STAMPED}
AppMenuItem 0DS data - -
    Name Label Type:picklist ApplicationId>Name SortOrder:int IsAccessible:boolean IsVisible:boolean
    IsUsingAdminAuthorization:boolean NamespacePrefix StartUrl:url IsDeleted:boolean {STAMPED}
SetupEntityAccess 0J0 data cd ViewSetup
    ParentId>PermissionSet SetupEntityId>Name SetupEntityType:picklist SystemModstamp:datetime
NamedCredential 0XA data - ViewSetup
    DeveloperName MasterLabel Description Endpoint PrincipalType:picklist AuthProviderId>AuthProvider
    NamespacePrefix CalloutOptionsGenerateAuthorizationHeader:boolean
    CalloutOptionsAllowMergeFieldsInHeader:boolean CalloutOptionsAllowMergeFieldsInBody:boolean
    Language:picklist IsDeleted:boolean {STAMPED}
SetupAuditTrail 0Ym data - ViewSetup
    Action Section Display DelegateUser CreatedByContext CreatedByIssuer ResponsibleNamespacePrefix
    CreatedDate:datetime CreatedById>User SystemModstamp:datetime
PermissionSetLicense 0PL data - -
    DeveloperName MasterLabel PermissionSetLicenseKey Status:picklist TotalLicenses:int UsedLicenses:int
    ExpirationDate:date IsAvailableForIntegrations:boolean IsSupplementLicense:boolean Language:picklist
    LicenseExpirationPolicy IsDeleted:boolean {STAMPED}
PermissionSetLicenseAssign 2LA data cd ViewSetup|AssignPermissionSets|ManageUsers
    AssigneeId>User PermissionSetLicenseId>PermissionSetLicense IsDeleted:boolean {STAMPED}
PackageLicense 050 data - -
    NamespacePrefix Status:picklist AllowedLicenses:int UsedLicenses:int ExpirationDate:datetime
    IsProvisioned:boolean IsAvailableForIntegrations:boolean CreatedDate:datetime LastModifiedDate:datetime
    SystemModstamp:datetime
UserPackageLicense 051 data cd -
    PackageLicenseId>PackageLicense UserId>User {STAMPED}
ObjectPermissions 110 data - ViewSetup
    ParentId>PermissionSet SobjectType:picklist PermissionsRead:boolean PermissionsCreate:boolean
    PermissionsEdit:boolean PermissionsDelete:boolean PermissionsViewAllRecords:boolean
    PermissionsModifyAllRecords:boolean PermissionsViewAllFields:boolean {STAMPED}
FieldPermissions 01k data - ViewSetup
    ParentId>PermissionSet SobjectType:picklist Field:picklist PermissionsRead:boolean PermissionsEdit:boolean
    SystemModstamp:datetime
CustomPermission 0CP data - ViewSetup
    DeveloperName MasterLabel Description:textarea NamespacePrefix Language:picklist IsLicensed:boolean
    IsProtected:boolean IsDeleted:boolean {STAMPED}
SessionPermSetActivation 5Pa data d ManageUsers
    UserId>User AuthSessionId>AuthSession PermissionSetId>PermissionSet PermissionSetGroupId>PermissionSetGroup
    Description IsDeleted:boolean {STAMPED}
LoginGeo 04F data - ManageUsers
    LoginTime:datetime Country CountryIso City PostalCode Subdivision Latitude:double Longitude:double
    IsDeleted:boolean {STAMPED}
LoginIp 710 data d ManageUsers
    UsersId>User SourceIp IsAuthenticated:boolean ChallengeMethod:picklist ChallengeSentDate:datetime
    CreatedDate:datetime
TwoFactorInfo 0HN data d ManageTwoFactor
    UserId>User Type:picklist SharedKey IsDeleted:boolean {STAMPED}
VerificationHistory 0tv data - ManageUsers
    UserId>User Activity:picklist Policy:picklist VerificationMethod:picklist Status:picklist
    VerificationTime:datetime ResourceId>ConnectedApplication LoginHistoryId>LoginHistory LoginGeoId>LoginGeo
    SourceIp Remarks EventGroup:int IsDeleted:boolean {STAMPED}
ThirdPartyAccountLink 0Jr data - ManageUsers
    UserId>User Provider RemoteIdentifier Handle SsoProviderId>AuthProvider SsoProviderName
    ThirdPartyAccountLinkKey IsNotSsoUsable:boolean
AuthProvider 0SO data - CustomizeApplication&ManageAuthProviders
    DeveloperName FriendlyName ProviderType:picklist ExecutionUserId>User ConsumerKey AuthorizeUrl:url
    TokenUrl:url UserInfoUrl:url ErrorUrl DefaultScopes OptionsRequireMfa:boolean OptionsIsPkceEnabled:boolean
    OptionsSendSecretInApis:boolean CreatedDate:datetime
SamlSsoConfig 0LE data - ViewSetup
    DeveloperName MasterLabel Issuer Audience LoginUrl LogoutUrl ErrorUrl ExecutionUserId>User ValidationCert
    IdentityMapping:picklist IdentityLocation:picklist Version:picklist RequestSignatureMethod:picklist
    OptionsUserProvisioning:boolean OptionsRequireMfaSaml:boolean NamespacePrefix Language:picklist
    IsDeleted:boolean {STAMPED}
ExternalDataSource 0XC data - ViewSetup
    DeveloperName MasterLabel Type:picklist Endpoint PrincipalType:picklist Protocol:picklist
    AuthProviderId>AuthProvider NamedCredentialId>NamedCredential IsWritable:boolean NamespacePrefix
    Language:picklist IsDeleted:boolean {STAMPED}
ExternalDataUserAuth 0XU data - ViewSetup
    ExternalDataSourceId>ExternalDataSource UserId>User Protocol:picklist Username AuthProviderId>AuthProvider
    IsDeleted:boolean {STAMPED}
CspTrustedSite 08y data - ViewSetup
    DeveloperName MasterLabel Description EndpointUrl Context:picklist IsActive:boolean
    IsApplicableToConnectSrc:boolean IsApplicableToFontSrc:boolean IsApplicableToFrameSrc:boolean
    IsApplicableToImgSrc:boolean IsApplicableToMediaSrc:boolean IsApplicableToStyleSrc:boolean
    CanAccessCamera:boolean CanAccessMicrophone:boolean NamespacePrefix Language:picklist IsDeleted:boolean
    {STAMPED}
Territory2Model 0MA data - -
    Name DeveloperName State:picklist Description:textarea ActivatedDate:datetime DeactivatedDate:datetime
    IsDeleted:boolean {STAMPED}
Territory2 0MI data - -
    Name DeveloperName Description Territory2ModelId>Territory2Model ParentTerritory2Id>Territory2
    ForecastUserId>User AccountAccessLevel:picklist OpportunityAccessLevel:picklist CaseAccessLevel:picklist
    ContactAccessLevel:picklist LastModifiedById>User LastModifiedDate:datetime SystemModstamp:datetime
UserTerritory2Association 0R0 data cud ManageUsers|ViewSetup
    UserId>User Territory2Id>Territory2 RoleInTerritory2:picklist! IsActive:boolean LastModifiedById>User
    LastModifiedDate:datetime SystemModstamp:datetime
UserTeamMember 00p data - -
    OwnerId>User UserId>User TeamMemberRole:picklist OpportunityAccessLevel:picklist {STAMPED}
Site 0DM data - ViewSetup
    Name MasterLabel Status:picklist SiteType:picklist GuestUserId>User AdminId>User Subdomain UrlPathPrefix
    {STAMPED}
Network 0DB data - ViewSetup
    Name Status:picklist UrlPathPrefix Description OptionsSelfRegistrationEnabled:boolean
    SelfRegProfileId>Profile {STAMPED}
NetworkMember 0DO data - ViewSetup
    NetworkId>Network MemberId>User DigestFrequency:picklist CreatedById>User CreatedDate:datetime
    SystemModstamp:datetime
Domain 0I4 data - ViewSetup
    Domain DomainType:picklist HttpsOption:picklist CnameTarget OptionsHstsPreload:boolean {STAMPED}
CronJobDetail 08a data - ViewSetup
    Name JobType:picklist
CronTrigger 08e data - ViewSetup
    CronJobDetailId>CronJobDetail OwnerId>User State CronExpression NextFireTime:datetime
    PreviousFireTime:datetime StartTime:datetime EndTime:datetime TimesTriggered:int TimeZoneSidKey:picklist
    CreatedById>User CreatedDate:datetime LastModifiedById>User
Dashboard 01Z data - -
    Title DeveloperName Type:picklist RunningUserId>User FolderName Description IsDeleted:boolean {STAMPED}
BotDefinition 0Xx data - -
    DeveloperName MasterLabel Description:textarea BotUserId>User Type:picklist AgentType:picklist AgentTemplate
    IsDeleted:boolean {STAMPED}
TenantSecret 02G data - ManageEncryptionKeys
    Type:picklist Version:int Status:picklist Source:picklist Description:textarea IsDeleted:boolean {STAMPED}
EventLogFile 0AT data - ViewEventLogFiles|ViewAllData
    EventType:picklist LogDate:datetime Interval:picklist Sequence:int LogFile:base64 LogFileLength:double
    LogFileFieldNames LogFileFieldTypes LogFileContentType ApiVersion:double IsDeleted:boolean {STAMPED}
Account 001 data - read:
    Name OwnerId>User IsDeleted:boolean {STAMPED}
Contact 003 data - read:
    Name LastName AccountId>Account OwnerId>User Email:email IsDeleted:boolean {STAMPED}
Lead 00Q data - read:
    Name LastName Company OwnerId>Name Status:picklist IsConverted:boolean IsDeleted:boolean {STAMPED}
Opportunity 006 data - read:
    Name AccountId>Account OwnerId>User StageName:picklist IsClosed:boolean CloseDate:date IsDeleted:boolean
    {STAMPED}
Case 500 data - read:
    CaseNumber Subject OwnerId>Name Status:picklist IsClosed:boolean IsDeleted:boolean {STAMPED}
Contract 800 data - read:
    ContractNumber AccountId>Account OwnerId>User Status:picklist IsDeleted:boolean {STAMPED}
InstalledSubscriberPackage 0A3 tooling - ViewSetup
    SubscriberPackageId>SubscriberPackage SubscriberPackageVersionId>SubscriberPackageVersion MinPackageVersionId
SubscriberPackage 033 tooling - ViewSetup
    Name NamespacePrefix Description IsPackageValid:boolean
SubscriberPackageVersion 04t tooling - ViewSetup
    SubscriberPackageId>SubscriberPackage Name PublisherName MajorVersion:int MinorVersion:int PatchVersion:int
    BuildNumber:int IsManaged:boolean IsBeta:boolean IsDeprecated:boolean IsSecurityReviewed:boolean ReleaseState
RemoteProxy 0rp tooling - ViewSetup
    SiteName EndpointUrl Description IsActive:boolean ProtocolMismatch:boolean NamespacePrefix ManageableState
    FullName1 Metadata1
Certificate 0P1 tooling - ViewSetup|ManageCertificates
    DeveloperName MasterLabel ExpirationDate:date KeySize:double OptionsIsCaSigned:boolean
    OptionsIsPrivateKeyExportable:boolean OptionsIsUnusable:boolean
ExternalCredential 0pt tooling - ViewSetup
    DeveloperName MasterLabel AuthenticationProtocol Description NamespacePrefix ManageableState Language FullName1
    Metadata1
SecurityHealthCheck 0Gi tooling - ViewSetup
    DurableId Score CustomBaselineId
SecurityHealthCheckRisks 0KO tooling - ViewSetup
    DurableId RiskType Setting SettingGroup SettingRiskCategory OrgValue OrgValueRaw StandardValue
    StandardValueRaw SecurityHealthCheckId
SandboxInfo 0GQ tooling - ViewSetup
    SandboxName LicenseType Description AutoActivate:boolean SourceId
SandboxProcess 0GR tooling - ViewSetup
    SandboxInfoId SandboxName Status SandboxOrganization LicenseType CopyProgress:double StartDate:datetime
    EndDate:datetime ActivatedDate:datetime
"""

# `object.relationship`: the object whose rows hang below, by which of its references.
CHILDREN = """
User PermissionSetAssignments PermissionSetAssignment.AssigneeId
User PermissionSetLicenseAssignments PermissionSetLicenseAssign.AssigneeId
User ManagedUsers User.ManagerId
User DelegatedUsers User.DelegatedApproverId
User UserLogins UserLogin.UserId
User UserSites Site.GuestUserId
User UserTeams UserTeamMember.OwnerId
User UserTerritory2Associations UserTerritory2Association.UserId
User SessionPermSetActivations SessionPermSetActivation.UserId
User NetworkMemberUsers NetworkMember.MemberId
User ExternalDataUserAuths ExternalDataUserAuth.UserId
Profile Users User.ProfileId
UserRole Users User.UserRoleId
PermissionSet Assignments PermissionSetAssignment.PermissionSetId
PermissionSet ObjectPerms ObjectPermissions.ParentId
PermissionSet FieldPerms FieldPermissions.ParentId
PermissionSet SetupEntityAccessItems SetupEntityAccess.ParentId
PermissionSet PermissionSetGroupComponents PermissionSetGroupComponent.PermissionSetId
PermissionSet SessionActivations SessionPermSetActivation.PermissionSetId
PermissionSetGroup Assignments PermissionSetAssignment.PermissionSetGroupId
PermissionSetGroup PermissionSetGroupComponents PermissionSetGroupComponent.PermissionSetGroupId
PermissionSetGroup SessionActivations SessionPermSetActivation.PermissionSetGroupId
PermissionSetLicense PermissionSetLicenseAssignments PermissionSetLicenseAssign.PermissionSetLicenseId
Group GroupMembers GroupMember.GroupId
Group QueueSobjects QueueSobject.QueueId
Territory2 UserTerritory2Associations UserTerritory2Association.Territory2Id
Territory2Model Territory2s Territory2.Territory2ModelId
AuthSession SessionPermSetActivations SessionPermSetActivation.AuthSessionId
CustomPermission SetupEntityAccessItems SetupEntityAccess.SetupEntityId
ConnectedApplication SetupEntityAccessItems SetupEntityAccess.SetupEntityId
ExternalClientApplication SetupEntityAccessItems SetupEntityAccess.SetupEntityId
Network NetworkMembers NetworkMember.NetworkId
ExternalDataSource UserAuths ExternalDataUserAuth.ExternalDataSourceId
"""
