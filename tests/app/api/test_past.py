"""What somebody could reach on a day that is over."""

from __future__ import annotations

from datetime import timedelta

from tests import make
from tests.app.api.house import NOW, House


def test_an_account_is_told_as_it_stood_at_the_end_of_a_day(shown_house: House) -> None:
    account = shown_house.company.account
    client, path = shown_house.client("auditor"), f"/api/v1/accounts/{account.id}/access"
    now = client.get(path).json()
    assert {held["grant_id"] for held in now["holds"]} >= {shown_house.company.plain.id, shown_house.company.mighty.id}
    assert (now["known"], now["present"], now["key"]) == (True, True, account.key)
    before = client.get(path, params={"on": (make.LONG_AGO - timedelta(days=2)).date().isoformat()}).json()
    assert (before["known"], before["present"], before["holds"]) == (False, False, [])
    assert before["rests_on"] == {"accounts": None, "entitlements": None, "grants": None}


def test_a_person_is_told_with_all_their_accounts(shown_house: House) -> None:
    bo = shown_house.company.bo
    told = shown_house.client("auditor").get(f"/api/v1/people/{bo.key}/past", params={"on": NOW.date().isoformat()})
    assert [each["account_id"] for each in told.json()["accounts"]] == [shown_house.company.account.id]
    assert told.json()["name"] == "Bo"
    nobody = shown_house.client("auditor").get("/api/v1/people/nobody/past", params={"on": NOW.date().isoformat()})
    assert nobody.status_code == 404


def test_tomorrow_is_refused_and_an_account_that_is_not_there_is_not_found(shown_house: House) -> None:
    client, account = shown_house.client("auditor"), shown_house.company.account.id
    refused = client.get(
        f"/api/v1/accounts/{account}/access", params={"on": (NOW + timedelta(days=1)).date().isoformat()}
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "from_the_future")
    assert client.get("/api/v1/accounts/999999/access").status_code == 404
