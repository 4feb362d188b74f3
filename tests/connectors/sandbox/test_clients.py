"""The clients that everybody uses, unchanged, can talk to the sandboxes."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from hubspot.client import Client
from hubspot.settings.users import exceptions
from hubspot.utils.objects import fetch_all
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed, SalesforceMalformedRequest

from connectors.sandbox.serve import Running


class Detour(HTTPAdapter):
    """simple-salesforce always speaks https to a Salesforce host; this leads it to the sandbox."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.host = urlsplit(url).netloc

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        assert request.url is not None
        request.url = urlsplit(request.url)._replace(scheme="http", netloc=self.host).geturl()
        return super().send(request, *args, **more)


def led_to(running: Running) -> requests.Session:
    session = requests.Session()
    session.mount("https://", Detour(running.url))
    return session


def by_secret(running: Running, principal: str = "reader") -> Any:
    known = running.credentials[principal]
    return Salesforce(
        consumer_key=known["client_id"],
        consumer_secret=known["client_secret"],
        domain="northwind.my",
        version="67.0",
        session=led_to(running),
    )


def test_simple_salesforce_signs_in_by_secret_and_reads_everything(read_salesforce: Running) -> None:
    sf = by_secret(read_salesforce)
    rows = list(sf.query_all_iter("SELECT Id FROM LoginHistory", headers={"Sforce-Query-Options": "batchSize=1000"}))
    assert len(rows) == sf.query("SELECT COUNT() FROM LoginHistory")["totalSize"]
    assert sf.api_usage["api-usage"].used > 0
    assert sf.User.describe()["keyPrefix"] == "005"
    assert sf.limits()["DailyApiRequests"]["Remaining"] > 0
    assert sf.toolingexecute("query/?q=SELECT+Id+FROM+InstalledSubscriberPackage")["totalSize"] == 3


def test_simple_salesforce_signs_in_by_assertion(read_salesforce: Running) -> None:
    known = read_salesforce.credentials["reader"]
    sf: Any = Salesforce(
        username=known["username"],
        consumer_key=known["client_id"],
        privatekey=known["private_key"],
        version="67.0",
        session=led_to(read_salesforce),
    )
    assert sf.query("SELECT Id FROM User LIMIT 1")["records"][0]["Id"]
    with pytest.raises(SalesforceAuthenticationFailed):
        Salesforce(
            username="nobody@else.example",
            consumer_key=known["client_id"],
            privatekey=known["private_key"],
            session=led_to(read_salesforce),
        )


def test_simple_salesforce_hears_refusals_in_the_shape_it_expects(read_salesforce: Running) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        by_secret(read_salesforce).query("SELECT Nope FROM User")
    assert "INVALID_FIELD" in str(refused.value.content)


def test_simple_salesforce_changes_and_deletes(salesforce: Running) -> None:
    sf = by_secret(salesforce, "executor")
    row = sf.query(
        "SELECT Id, AssigneeId, PermissionSetId FROM PermissionSetAssignment "
        "WHERE PermissionSet.Name = 'Mass_Email' LIMIT 1"
    )["records"][0]
    assert sf.PermissionSetAssignment.delete(row["Id"]) == 204
    made = sf.PermissionSetAssignment.create(
        {"AssigneeId": row["AssigneeId"], "PermissionSetId": row["PermissionSetId"]}
    )
    assert made["success"]
    assert sf.User.update(row["AssigneeId"], {"Title": "Changed"}) == 204
    assert sf.User.get(row["AssigneeId"])["Title"] == "Changed"


def client(running: Running, principal: str = "reader") -> Any:
    return Client(access_token=running.credentials[principal]["token"], host=running.url)


def test_the_hubspot_client_reads_accounts_roles_teams_and_owners(read_hubspot: Running) -> None:
    api = client(read_hubspot)
    accounts = fetch_all(api.settings.users.users_api)
    assert len(accounts) == len({a.id for a in accounts}) > 100
    assert sum(a.super_admin for a in accounts) == 6
    assert len(api.settings.users.roles_api.get_all().results) == 9
    assert any(team.user_ids for team in api.settings.users.teams_api.get_all().results)
    assert len(api.crm.owners.get_all()) > 100
    found = api.settings.users.users_api.get_by_id(accounts[0].email, id_property="EMAIL")
    assert found.id == accounts[0].id


def test_the_hubspot_client_reads_and_searches_records(read_hubspot: Running) -> None:
    api = client(read_hubspot)
    page = api.crm.objects.basic_api.get_page("users", limit=50, properties=["hs_email"])
    assert page.results[0].properties["hs_email"]
    wish = {
        "filterGroups": [{"filters": [{"propertyName": "hs_deactivated", "operator": "EQ", "value": "true"}]}],
        "limit": 50,
    }
    assert api.crm.objects.search_api.do_search("users", public_object_search_request=wish).total == 2


def test_the_hubspot_client_changes_and_removes(hubspot: Running) -> None:
    api = client(hubspot, "executor")
    who = next(
        a for a in api.settings.users.users_api.get_page(limit=100).results if not a.super_admin and a.primary_team_id
    )
    changed = api.settings.users.users_api.replace(
        who.id, public_user_update={"roleId": "300007", "primaryTeamId": who.primary_team_id}
    )
    assert changed.role_id == "300007"
    api.settings.users.users_api.archive(who.email, id_property="EMAIL")
    with pytest.raises(exceptions.NotFoundException):
        api.settings.users.users_api.get_by_id(who.id)
    api.settings.users.users_api.archive(who.id)
