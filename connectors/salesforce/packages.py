"""Other people's code in the org: packages, who made them, whether Salesforce reviewed them, and their seats."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.records import PackageRecord, Record
from connectors.salesforce.client import Client
from connectors.salesforce.licences import count
from connectors.salesforce.parts import Gathered, Odd, Part
from connectors.salesforce.soql import Row, text, truth, value, when

SOURCE = "InstalledSubscriberPackage"
_VERSION = "SubscriberPackageVersion"
NUMBERS = tuple(f"{_VERSION}.{name}Version" for name in ("Major", "Minor", "Patch"))
WISH = (
    *("Id", "SubscriberPackageId", "SubscriberPackage.Name", "SubscriberPackage.NamespacePrefix"),
    *(f"{_VERSION}.{name}" for name in ("Name", "PublisherName", "IsSecurityReviewed")),
    *NUMBERS,
)
SEATS_WISH = ("Id", "NamespacePrefix", "AllowedLicenses", "UsedLicenses", "ExpirationDate", "Status")


def parts(_client: Client, _gathered: Gathered) -> list[Part]:
    """Seats before packages; a package without a row of seats is not licensed by seat."""
    return [
        Part(
            "PackageLicense", "PackageLicense", SEATS_WISH, note_seats, counted=False, optional=True, gathers=True,
            lookup=True,
        ),
        Part(SOURCE, SOURCE, WISH, translate, tooling=True, counted=False, optional=True),
    ]  # fmt: skip


def note_seats(row: Row, gathered: Gathered) -> Iterator[Record]:
    """Remember a package's seats."""
    if namespace := text(row, "NamespacePrefix"):
        gathered.table("seats")[namespace] = row
    return iter(())


def translate(row: Row, gathered: Gathered) -> Iterator[Record]:
    """One installed package."""
    key = text(row, "Id")
    if key is None:
        raise Odd("an installed package without Id")
    namespace = text(row, "SubscriberPackage.NamespacePrefix")
    seats = gathered.table("seats").get(namespace or "", {})
    numbers = [str(int(found)) for column in NUMBERS if isinstance(found := value(row, column), int | float)]
    yield PackageRecord(
        key,
        name=text(row, "SubscriberPackage.Name") or text(row, f"{_VERSION}.Name") or namespace or key,
        namespace=namespace,
        version=".".join(numbers) or text(row, f"{_VERSION}.Name"),
        publisher=text(row, f"{_VERSION}.PublisherName"),
        reviewed=truth(row, f"{_VERSION}.IsSecurityReviewed"),
        licences_used=count(seats, "UsedLicenses"),
        licences_allowed=count(seats, "AllowedLicenses"),
        expires=when(seats.get("ExpirationDate")),
    )
