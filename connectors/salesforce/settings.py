"""The org's own facts, its password, session and network settings, what its Health Check says, and which TLS is in use.

Most settings stand in the Metadata API only, and reading there needs Modify Metadata. Which TLS people really use is told
by their sign-ins, better than by any setting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from connectors.records import Record, SettingRecord
from connectors.salesforce import metadata, soap
from connectors.salesforce.client import Client
from connectors.salesforce.parts import Gathered, Odd, Part, Said
from connectors.salesforce.soql import Row, moment, quote, text, word

FACTS = (
    *("Id", "Name", "OrganizationType", "InstanceName", "IsSandbox", "IsReadOnly", "TrialExpirationDate"),
    *("NamespacePrefix", "DefaultAccountAccess", "DefaultContactAccess", "DefaultOpportunityAccess"),
    *("DefaultLeadAccess", "DefaultCaseAccess", "PreferencesTerminateOldestSession"),
    *("PreferencesLightningLoginEnabled", "PreferencesOnlyLLPermUserAllowed", "PreferencesTransactionSecurityPolicy"),
)
RISK_WISH = ("DurableId", "RiskType", "Setting", "SettingGroup", "OrgValue", "StandardValue")
HEALTH_RIGHTS = ("ViewHealthCheck", "ManageHealthCheck", "ViewSetup")
LOGIN_RIGHTS = ("MonitorLoginHistory", "ManageUsers")
TLS_DAYS = 30
TLS_VERSIONS = ("TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3")
# Kind of metadata, what its settings are called here, and the one name to ask for, or all of the kind.
ORG_WIDE = (("SecuritySettings", "security", "Security"), ("ConnectedAppSettings", "connected_apps", "ConnectedApp"))
PER_PROFILE = (("ProfilePasswordPolicy", "password_policy"), ("ProfileSessionSetting", "session_policy"))
DELEGATES = "DelegateGroup"


def parts(_client: Client, gathered: Gathered) -> list[Part]:
    """Facts always; the Health Check, the Metadata API's settings and the TLS in use where our rights reach."""
    held = gathered.rights or frozenset()
    # With the right, an absent object means that the org has no Health Check; without, it means nothing.
    lacking = None if held.intersection(HEALTH_RIGHTS) else "View Health Check"
    unmodified = None if held.intersection(metadata.RIGHTS) else "Modify Metadata"
    unseen = None if held.intersection(LOGIN_RIGHTS) else "Monitor Login History"
    health = {"order": "", "tooling": True, "counted": False, "optional": True, "lacking": lacking}
    return [
        Part("Organization", "Organization", FACTS, organization),
        Part("SecurityHealthCheck", "SecurityHealthCheck", ("Score",), score, **health),  # type: ignore[arg-type]
        Part("SecurityHealthCheckRisks", "SecurityHealthCheckRisks", RISK_WISH, risk, **health),  # type: ignore[arg-type]
        *(_told(kind, _settings(called), _asking(kind, [name]), unmodified) for kind, called, name in ORG_WIDE),
        *(_told(kind, _of_profile(called), _asking(kind, ["*"]), unmodified) for kind, called in PER_PROFILE),
        _told(DELEGATES, delegates, _each_delegate, unmodified),
        _told("TLS", tls, _protocols(gathered), unseen),
    ]


Ask = Callable[[Client], Sequence[Said]]
Understand = Callable[[Row, Gathered], Iterator[Record]]


def _told(name: str, understand: Understand, call: Ask, lacking: str | None) -> Part:
    return Part(name, name, (), understand, call=call, optional=True, lacking=lacking)


def _asking(kind: str, names: Sequence[str]) -> Ask:
    return lambda client: [metadata.read(client, kind, names)]


def _each_delegate(client: Client) -> list[Said]:
    listed = metadata.names(client, DELEGATES)
    found = [str(row["fullName"]) for row in listed.rows]
    groups = [found[at : at + metadata.AT_ONCE] for at in range(0, len(found), metadata.AT_ONCE)]
    return [Said([], listed.asked, listed.answer), *(metadata.read(client, DELEGATES, some) for some in groups)]


def _protocols(gathered: Gathered) -> Ask:
    """Which TLS versions the sign-ins of the last month used; whole days, so that a day is asked for alike.

    A count for each, because it is documented that this column can be filtered by, and not that it can be grouped by.
    """
    since = moment(gathered.at.replace(hour=0, minute=0, second=0) - timedelta(days=TLS_DAYS))

    def ask(client: Client) -> list[Said]:
        found = []
        for version in TLS_VERSIONS:
            soql = f"SELECT COUNT() FROM LoginHistory WHERE LoginTime >= {since} AND TlsProtocol = {quote(version)}"
            page = client.query(soql)
            found.append(Said([{"version": version, "used": page.total > 0}], soql, page.answer))
        return found

    return ask


def organization(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """Each fact that could be read, as a setting."""
    for column in FACTS:
        if column in row:
            yield SettingRecord(f"organization.{column}", word(row, column))


def score(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """The Health Check's score."""
    yield SettingRecord("health_check.score", text(row, "Score"))


def risk(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """One setting that the Health Check judges. Risks have no Id; group and name tell them apart."""
    name = f"{text(row, 'SettingGroup') or '-'}.{text(row, 'Setting') or text(row, 'DurableId') or '-'}"
    yield SettingRecord(f"health_check.{name}.value", word(row, "OrgValue"))
    yield SettingRecord(f"health_check.{name}.risk", text(row, "RiskType"))


def _settings(called: str) -> Understand:
    def understand(row: Row, _gathered: Gathered) -> Iterator[Record]:
        for name, said in metadata.flat(row):
            yield SettingRecord(f"{called}.{name}", said)

    return understand


def _of_profile(called: str) -> Understand:
    def understand(row: Row, _gathered: Gathered) -> Iterator[Record]:
        """The policy of one profile; those of deleted profiles are told too, without a profile, and concern nobody."""
        profile = text(row, "profile")
        for name, said in metadata.flat(row) if profile else ():
            if name != "profile":
                yield SettingRecord(f"{called}.{profile}.{name}", said)

    return understand


def delegates(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """What a group of delegated administrators may do. Its members are told nowhere: that is a person's question."""
    label = text(row, "label") or text(row, "fullName")
    if label is None:
        raise Odd("a delegated group without a name")
    for name in ("loginAccess", "profiles", "permissionSets", "roles", "groups"):
        said = [str(each) for each in soap.listed(row.get(name))]
        yield SettingRecord(f"delegated_administration.{label}.{name}", "; ".join(sorted(said)) or None)


def tls(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """Whether any sign-in of late used a TLS version."""
    yield SettingRecord(f"sign_ins.{row['version']}", f"{'used' if row['used'] else 'not used'} in {TLS_DAYS} days")
