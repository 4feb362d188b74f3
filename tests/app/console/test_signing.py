"""A control owner signs several reviews on one page, each by itself and as it was shown."""

from __future__ import annotations

import re

from sqlalchemy import select

from app.ledger.tables import EntryRow
from app.review import campaigns, signatures
from app.review.tables import CampaignRow
from tests import make
from tests.app.api.house import NOW, House
from tests.app.console.visiting import visitor
from tests.app.review import cast

REMARK = "Looked at each of them, and at what became of the removals."


def closed(house: House, *names: str) -> dict[str, int]:
    """Reviews that Eve answers for, closed."""
    made = {}
    with house.database.transaction() as session:
        for name in names:
            row = cast.opened(session, name=name)
            row.owner_id = house.company.eve.id
            session.flush()
            campaigns.close(session, row.id, unanswered="remove", by=make.ADMIN, at=NOW)
            made[name] = row.id
    return made


def signed(house: House) -> dict[str, bool]:
    with house.database.reading() as session:
        return {row.name: row.signature is not None for row in session.scalars(select(CampaignRow)) if row.closed_at}


def offered(page: str) -> dict[str, str]:
    return dict(re.findall(r'name="sign" value="(\d+):([0-9a-f]{64})"', page))


def test_several_are_signed_on_one_page_each_with_an_entry_of_its_own(house: House) -> None:
    made, eve = closed(house, "One", "Two", "Three"), visitor(house, "eve")
    home = eve.get("/").text
    assert "3 reviews wait for your signature" in home
    assert 'href="/signatures"' in home
    page = eve.get("/signatures").text
    leaves = offered(page)
    assert set(leaves) == {str(number) for number in made.values()}
    assert len(re.findall(r'<td class="number">[1-9]\d* \(to be removed\)</td>', page)) == 3  # of which nobody answered
    two = [f"{number}:{leaves[str(number)]}" for number in (made["One"], made["Two"])]
    assert "None of them was chosen" in eve.act("/signatures", {"remark": REMARK}).text
    assert "in a sentence" in eve.act("/signatures", {"remark": "ok", "sign": two}).text
    assert set(signed(house).values()) == {False}
    assert eve.act("/signatures", {"remark": REMARK, "sign": two}).status_code == 303
    assert signed(house) == {"One": True, "Two": True, "Three": False}
    with house.database.reading() as session:
        entries = session.scalars(select(EntryRow.subject).where(EntryRow.kind == "outcome.signed")).all()
    assert sorted(entries) == sorted(f"campaign:{made[name]}" for name in ("One", "Two"))
    assert "Three waits for your signature" in eve.get("/").text


def test_what_is_not_as_it_was_shown_is_not_signed_and_the_others_are(house: House) -> None:
    made, eve = closed(house, "One", "Two"), visitor(house, "eve")
    leaves = offered(eve.get("/signatures").text)
    chosen = [f"{made['One']}:{'0' * 64}", f"{made['Two']}:{leaves[str(made['Two'])]}"]
    page = eve.act("/signatures", {"remark": REMARK, "sign": chosen})
    assert page.status_code == 412
    assert "Signed all the same: Two." in page.text
    assert signed(house) == {"One": False, "Two": True}


def test_nobody_signs_for_others_there(house: House) -> None:
    made = closed(house, "One", "Two")
    with house.database.reading() as session:
        leaf = signatures.closure(session, made["One"])
    assert leaf is not None
    assert offered(visitor(house, "bo").get("/signatures").text) == {}
    asked = {"remark": REMARK, "sign": [f"{made['One']}:{leaf.leaf}"]}
    assert visitor(house, "bo").act("/signatures", asked).status_code in (403, 404)
    assert visitor(house, "admin").act("/signatures", asked).status_code == 403
    assert set(signed(house).values()) == {False}
