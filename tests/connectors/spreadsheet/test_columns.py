"""Headings are recognised, or named when they are not."""

from __future__ import annotations

import pytest

from connectors.errors import Misread
from connectors.spreadsheet.columns import Columns, Preset, recognise


def found(*header: str, preset: Preset | None = None, **mapping: str) -> Columns:
    return recognise(header, preset, mapping, "x.csv")


def test_a_salesforce_user_report_is_recognised() -> None:
    columns = found(
        "Username", "First Name", "Last Name", "Active", "Profile: Name", "Role: Name", "Last Login", "Alias"
    )
    assert columns.preset is Preset.SALESFORCE
    assert columns.heading["profile"] == "Profile: Name"
    assert columns.ignored == ("Alias",)
    assert columns.rights == ("profile", "role")
    assert "permission_set" in columns.absent


def test_a_salesforce_data_export_is_recognised() -> None:
    columns = found(
        "Id", "Username", "Email", "IsActive", "Profile.Name", "UserRole.Name", "LastLoginDate", "CreatedDate"
    )
    assert columns.preset is Preset.SALESFORCE
    assert columns.ignored == ()


def test_a_hubspot_user_export_is_recognised() -> None:
    columns = found(
        "Email", "First name", "Last name", "Super admin", "Permission Set", "Main team", "Additional teams"
    )
    assert columns.preset is Preset.HUBSPOT
    assert columns.heading["role"] == "Permission Set"
    assert columns.rights == ("role", "super_admin", "team", "teams")


def test_anything_with_an_address_is_a_plain_list() -> None:
    assert found("E-mail", "Role").preset is Preset.PLAIN


def test_a_mapping_overrides_the_headings() -> None:
    columns = found("Who", "Email", "Email address", preset=Preset.PLAIN, username="who", email="Email address")
    assert columns.heading == {"username": "Who", "email": "Email address"}
    assert columns.ignored == ("Email",)


@pytest.mark.parametrize(
    ("header", "mapping", "why"),
    [
        (("Name", "Role"), {}, "no column is recognised as e-mail, username or id; the file has: Name, Role"),
        (("Email", "Mail"), {}, "'Email' and 'Mail' may both be the email"),
        (("Email",), {"role": "Job"}, "column 'Job', named for role, is not there"),
        (("Email", "Job", "job"), {"role": "Job"}, "stands twice"),
        (("Email",), {"email": "Email", "username": "Email"}, "named for two fields"),
    ],
)
def test_what_cannot_be_told_apart_is_refused(header: tuple[str, ...], mapping: dict[str, str], why: str) -> None:
    with pytest.raises(Misread) as caught:
        found(*header, **mapping)
    assert why in str(caught.value)
