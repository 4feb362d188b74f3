"""What the vendors' own words mean in ours; what is not known means nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors import registry
from connectors.hubspot import meanings as hubspot
from connectors.meaning import Act, Admission, Known, Material, Posture, Way, latest
from connectors.salesforce import meanings as salesforce

DAY = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "way"),
    [
        ("Application", Way.PASSWORD),
        ("SAML Sfdc Initiated SSO", Way.SSO),
        ("Third Party SSO", Way.SSO),
        ("Oauth2, Remote Access 2.0; OauthRefreshToken", Way.PROGRAM),
        ("Remote Access 2.0; OauthUsernamePassword", Way.PROGRAM_PASSWORD),
        ("Other Apex API", Way.PROGRAM_PASSWORD),
        ("Something New", None),
        (None, None),
    ],
)
def test_a_login_type_says_how_somebody_signed_in(said: str | None, way: Way | None) -> None:
    assert salesforce.way(said, None) == way


def test_a_logged_change_means_an_act_or_nothing() -> None:
    assert salesforce.act("changedApexClass", "in any language") == Act.CODE_CHANGED
    assert salesforce.act("somethingNew", None) is None
    assert hubspot.act("CONTACT_DATA_EXPORT", None) == Act.EXPORTED
    assert hubspot.act("SOMETHING_NEW", None) is None
    assert hubspot.act("REMOVE_USER", None) == salesforce.act("PermSetUnassign", None) == Act.OTHER


def test_nothing_said_is_nothing_known() -> None:
    assert salesforce.posture({}, {}) == Posture()
    assert hubspot.posture({}, {}) == Posture()
    assert salesforce.admission("connected_app", None, None) == Admission()
    assert salesforce.known({}) == hubspot.known({"superAdmin": "true"}) == Known()
    assert salesforce.material({}) == Material()


@pytest.mark.parametrize(
    ("saml", "shut", "work"), [("true", "true", False), ("true", "false", True), ("false", "true", True)]
)
def test_passwords_work_unless_everybody_comes_by_the_single_sign_on(saml: str, shut: str, work: bool) -> None:
    name = "security.singleSignOnSettings"
    said = {f"{name}.enableSamlLogin": saml, f"{name}.isLoginWithSalesforceCredentialsDisabled": shut}
    told = salesforce.posture(said, {})
    assert (told.passwords_work, told.sso) == (work, saml == "true")


def test_a_portals_switches_are_what_its_log_said_last() -> None:
    last = {Act.SSO_REQUIRED: DAY, Act.SSO_NOT_REQUIRED: DAY + timedelta(1), Act.LOGGING_OFF: DAY}
    told = hubspot.posture({"account.accountType": "SANDBOX"}, last)
    assert (told.passwords_work, told.sso, told.logging, told.production) == (True, None, False, False)
    assert latest({}, Act.LOGGING_ON, Act.LOGGING_OFF) is None
    assert latest({Act.LOGGING_ON: DAY + timedelta(1), Act.LOGGING_OFF: DAY}, Act.LOGGING_ON, Act.LOGGING_OFF) is True


def test_who_may_let_a_program_in_and_what_it_may_do() -> None:
    assert salesforce.admission("x", {"OptionsAllowAdminApprovedUsersOnly": "false"}, ["api", "full"]) == Admission(
        True, ("full",)
    )
    assert salesforce.admission("x", {"PermittedUsersPolicyType": "AdminApprovedPreAuthorized"}, None).anybody is False
    assert hubspot.admission("x", None, ["crm.objects.contacts.read", "crm.export"]).broad == ("crm.export",)


def test_kinds_without_words_of_their_own_have_no_meanings() -> None:
    assert registry.meanings("salesforce") is not None
    assert registry.meanings("spreadsheet") is None
    assert registry.meanings("no such kind") is None
