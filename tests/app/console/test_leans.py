"""That a reviewer leans is said wherever somebody looks at the item or runs the review."""

from __future__ import annotations

from app.inventory.tables import PrivilegeRow
from tests import make
from tests.app.api.house import House
from tests.app.console.visiting import visitor


def test_pages_and_api_say_that_the_reviewer_could_grant_the_access(house: House) -> None:
    item, campaign = house.plain, house.campaign
    pages = {
        "ada": (f"/reviews/{campaign.id}", f"/reviews/{campaign.id}/items/{item.id}"),
        "admin": (f"/campaigns/{campaign.id}",),
    }
    said = ("could grant", "can give access in this system")

    def seen() -> list[bool]:
        texts = [visitor(house, who).get(path).text for who, paths in pages.items() for path in paths]
        return [any(words in text for words in said) for text in texts]

    assert seen() == [False, False, False]
    with house.database.transaction() as session:
        account = make.account(session, house.company.system, identity_id=house.company.ada.id, username="ada@corp")
        grant = make.grant(session, account, house.company.role)
        session.add(
            PrivilegeRow(
                system_id=account.system_id, account_id=account.id, privilege="administer",
                entitlement_id=grant.entitlement_id, path=str(grant.entitlement_id),
            )
        )  # fmt: skip
    assert seen() == [True, True, True]
    assert house.client("ada").get(f"/api/v1/items/{item.id}").json()["leans"] == ["grants"]
    listed = house.client("ada").get(f"/api/v1/items?campaign={campaign.id}").json()["items"]
    assert {each["id"]: each["leans"] for each in listed}[item.id] == ["grants"]
    counts = house.client("admin").get(f"/api/v1/campaigns/{campaign.id}").json()["leans"]
    assert counts["each_other"] == 0
    assert counts["grants"] == len([each for each in listed if each["leans"]])
