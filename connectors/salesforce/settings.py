"""The org's own facts and what its Health Check says about its security settings."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.records import Record, SettingRecord
from connectors.salesforce.client import Client
from connectors.salesforce.reading import Gathered, Part
from connectors.salesforce.soql import Row, text, value

FACTS = (
    *("Id", "Name", "OrganizationType", "InstanceName", "IsSandbox", "IsReadOnly", "TrialExpirationDate"),
    *("NamespacePrefix", "DefaultAccountAccess", "DefaultContactAccess", "DefaultOpportunityAccess"),
    *("DefaultLeadAccess", "DefaultCaseAccess", "PreferencesTerminateOldestSession"),
    *("PreferencesLightningLoginEnabled", "PreferencesOnlyLLPermUserAllowed", "PreferencesTransactionSecurityPolicy"),
)
RISK_WISH = ("DurableId", "RiskType", "Setting", "SettingGroup", "OrgValue", "StandardValue")
HEALTH_RIGHTS = ("ViewHealthCheck", "ManageHealthCheck", "ViewSetup")


def parts(_client: Client, gathered: Gathered) -> list[Part]:
    """Facts always; the Health Check where our rights reach."""
    # With the right, an absent object means that the org has no Health Check; without, it means nothing.
    held = gathered.rights is not None and gathered.rights.intersection(HEALTH_RIGHTS)
    lacking = None if held else "View Health Check"
    return [
        Part("Organization", "Organization", FACTS, organization),
        Part(
            "SecurityHealthCheck",
            "SecurityHealthCheck",
            ("Score",),
            score,
            order="",
            tooling=True,
            counted=False,
            optional=True,
            lacking=lacking,
        ),
        Part(
            "SecurityHealthCheckRisks",
            "SecurityHealthCheckRisks",
            RISK_WISH,
            risk,
            order="",
            tooling=True,
            counted=False,
            optional=True,
            lacking=lacking,
        ),
    ]


def _said(row: Row, column: str) -> str | None:
    found = value(row, column)
    return str(found).lower() if isinstance(found, bool) else text(row, column)


def organization(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """Each fact that could be read, as a setting."""
    for column in FACTS:
        if column in row:
            yield SettingRecord(f"organization.{column}", _said(row, column))


def score(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """The Health Check's score."""
    yield SettingRecord("health_check.score", text(row, "Score"))


def risk(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """One setting that the Health Check judges. Risks have no Id; group and name tell them apart."""
    name = f"{text(row, 'SettingGroup') or '-'}.{text(row, 'Setting') or text(row, 'DurableId') or '-'}"
    yield SettingRecord(f"health_check.{name}.value", _said(row, "OrgValue"))
    yield SettingRecord(f"health_check.{name}.risk", text(row, "RiskType"))
