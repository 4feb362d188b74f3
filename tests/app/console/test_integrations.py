"""Integrations on a page: a list that can be searched, and a card that says what is not known."""

from __future__ import annotations

from app.inventory.tables import ChangeRow, CredentialRow, IntegrationRow
from tests import make
from tests.app.api.house import House
from tests.app.console.visiting import visitor

HOSTILE = "<script>alert(1)</script>"


def test_the_list_is_searched_by_name_and_says_when_there_is_none(house: House) -> None:
    security = visitor(house, "it_security")
    name = house.integration.name
    assert name in security.get("/integrations").text
    assert name in security.get("/integrations", params={"text": name[:4].upper()}).text
    assert "No integration is like that." in security.get("/integrations", params={"text": "nothing of the sort"}).text
    assert name in security.get("/integrations", params={"system": str(house.company.system.id)}).text
    assert "No integration is like that." in security.get("/integrations", params={"gone": "true"}).text


def test_a_card_says_what_the_system_did_not_say(house: House) -> None:
    security = visitor(house, "it_security")
    with house.database.transaction() as session:
        row = session.get_one(IntegrationRow, house.integration.id)
        row.scopes, row.active, row.owner_account_id, row.derived = None, None, None, True
    text = security.get(f"/integrations/{house.integration.id}").text
    assert "The system does not say what it may do." in text
    assert "Nobody answers for it." in text
    assert "has no list of its integrations" in text
    assert house.credential.label in text
    assert security.get("/integrations/999999").status_code == 404


def test_what_a_crm_says_is_text_and_never_markup(house: House) -> None:
    with house.database.transaction() as session:
        row = session.get_one(IntegrationRow, house.integration.id)
        row.name = row.publisher = row.key = row.kind = HOSTILE
        row.scopes, row.native = [HOSTILE], {HOSTILE: HOSTILE}
        credential = session.get_one(CredentialRow, house.credential.id)
        credential.label = credential.kind = HOSTILE
        change = {"system_id": row.system_id, "key": "1", "at": make.NOW, "subject_key": HOSTILE}
        session.add(ChangeRow(**change, action=HOSTILE, text=HOSTILE))
    security = visitor(house, "it_security")
    for path in ("/integrations", f"/integrations/{house.integration.id}"):
        assert HOSTILE not in security.get(path).text
        assert "&lt;script&gt;" in security.get(path).text


def test_a_reviewer_does_not_see_them(shown_house: House) -> None:
    assert visitor(shown_house, "reviewer").get("/integrations").status_code == 403
