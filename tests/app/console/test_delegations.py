"""Delegating one's reviews at the console: made and ended by the reviewer, seen by both, and by nobody else."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import select, update

from app.review import delegations, silences
from app.review.tables import CampaignRow, DelegationRow, ItemRow
from tests import make
from tests.app.api.house import House
from tests.app.console.visiting import visitor
from tests.app.review.cast import NOW

PATH = "/reviews/delegations"
DAY = (NOW + timedelta(days=5)).date().isoformat()


def _made(house: House, to: str = "cy") -> DelegationRow:
    form = {"to": to, "until": DAY, "scope": 'system = "Sales org"', "reason": "a week in the hills"}
    answer = visitor(house, "ada").act(PATH, form)
    assert answer.status_code == 303, answer.text
    with house.database.reading() as session:
        return session.scalars(select(DelegationRow)).one()


def test_a_reviewer_delegates_and_ends_it_and_nobody_else_sees_or_ends_it(house: House) -> None:
    ada, eve = visitor(house, "ada"), visitor(house, "eve")
    assert PATH in ada.get("/reviews").text
    row = _made(house)
    assert (row.from_id, row.reason) == (house.company.ada.id, "a week in the hills")
    assert row.until.date().isoformat() >= DAY
    page = ada.get(PATH).text
    assert "a week in the hills" in page
    assert f"{PATH}/{row.id}/end" in page
    assert "a week in the hills" not in eve.get(PATH).text
    assert eve.act(f"{PATH}/{row.id}/end").status_code == 404
    assert ada.act(f"{PATH}/{row.id}/end").status_code == 303
    after = ada.get(PATH).text
    assert "a week in the hills" in after
    assert f"{PATH}/{row.id}/end" not in after


def test_who_delegated_all_there_is_is_told_with_whom_it_is_and_not_that_nothing_was_ever_given(house: House) -> None:
    form = {"to": "cy", "until": DAY, "reason": "a week in the hills"}
    with house.database.transaction() as session:
        session.execute(update(ItemRow).values(outcome=None))
    ada = visitor(house, "ada")
    assert ada.act(PATH, form).status_code == 303
    assert "3 items are with them now." in ada.get(PATH).text
    page = visitor(house, "ada").get("/reviews").text
    assert "No review has been given to you yet." not in page
    assert f'href="{PATH}"' in page
    assert "Cy reviews for you until" in page
    share = visitor(house, "ada").get(f"/reviews/{house.campaign.id}").text
    assert ("0 items for you" in share, "answers will do" in share) == (True, False)
    assert "reviews for you until" not in visitor(house, "eve").get("/reviews").text
    number = re.search(rf'action="{PATH}/(\d+)/end"', visitor(house, "ada").get(PATH).text)
    assert number is not None
    assert visitor(house, "ada").act(f"{PATH}/{number[1]}/end").status_code == 303
    assert "reviews for you until" not in visitor(house, "ada").get("/reviews").text


def test_what_does_not_fit_is_said_beside_what_was_typed_and_nothing_is_delegated(house: House) -> None:
    ada = visitor(house, "ada")
    good = {"to": "cy", "until": DAY, "reason": "a week in the hills"}
    for wrong, said in (
        ({"to": "nobody at all"}, "Nobody in the roster"),
        ({"until": "soon"}, "is not a day"),
        ({"until": "2001-01-01"}, "ends in the past"),
        ({"reason": " "}, "needs a reason"),
        ({"scope": "moon = 3"}, "moon"),
    ):
        answer = ada.act(PATH, good | wrong)
        assert answer.status_code == 422
        assert said in answer.text
        assert 'value="{}"'.format((good | wrong)["to"]) in answer.text
    with house.database.reading() as session:
        assert session.scalars(select(DelegationRow)).all() == []


def test_a_share_says_what_of_it_is_reviewed_for_somebody_else_until_that_ends(house: House) -> None:
    ada, boss, admin = visitor(house, "ada"), visitor(house, "boss"), visitor(house, "admin")
    with house.database.reading() as session:
        campaign = session.scalars(select(CampaignRow.id)).first()
    page = f"/reviews/{campaign}"
    assert "reviews for" not in ada.get(page).text
    row = _made(house, house.company.flo.key)
    gave, took = ada.get(page).text, boss.get(page).text
    assert f"with {house.company.flo.name}, who reviews for you until" in gave
    assert "Ada’s, who has you review for them until" in took
    for told in (gave, took):
        assert "a week in the hills" in told
    looked = admin.get(f"{page}?reviewer={house.company.flo.id}").text
    assert f"Ada’s, who has {house.company.flo.name} review for them until" in looked
    assert "Who reviews for whom" not in looked, "an administrator's own page of delegations does not have it"
    found = re.search(r'name="keep"[^>]* value="(\d+:\d+)"', took)
    assert found, took
    assert boss.act(f"{page}/answers", {"keep": found[1], "reason": "needed"}).status_code == 303
    assert ada.act(f"{PATH}/{row.id}/end").status_code == 303
    assert "reviews for you" not in ada.get(page).text, (
        "what was answered stays with who answered it, and nothing comes"
    )


def test_who_delegated_hears_what_their_deputy_did_not_answer(house: House) -> None:
    with house.database.transaction() as session:
        until, at = NOW + timedelta(days=3), house.means.clock()
        ada, eve = house.company.ada.id, house.company.eve.id
        delegations.make(session, from_id=ada, to_id=eve, reason="on leave", until=until, by=make.ADMIN, at=at)
        silences.pass_on(session, house.campaign.id, to="owner", reason="two weeks", by=make.ADMIN, at=at)
    page = visitor(house, "ada").get(f"/reviews/{house.campaign.id}").text
    assert re.search("What Eve, to whom it was delegated, had not answered by .* went on to Cy", page)
    assert "to whom it was delegated" not in visitor(house, "eve").get(f"/reviews/{house.campaign.id}").text
