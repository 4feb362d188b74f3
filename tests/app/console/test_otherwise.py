"""The less usual answers: not mine, cannot say, until a day, something else instead; all of them plain forms."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.inventory.tables import IdentityRow
from app.review import queries
from app.review.tables import DecisionRow, ItemRow, TaskRow
from tests import make
from tests.app.api.house import House
from tests.app.console.visiting import Visitor, visitor

SCRIPT = {"HX-Request": "true"}


def _item(house: House) -> ItemRow:
    with house.database.reading() as session:
        return session.get_one(ItemRow, house.plain.id)


def _say(browser: Visitor, house: House, said: str, **fields: object) -> tuple[int, str]:
    item = _item(house)
    given = {name.replace("_", "-") + f"-{item.id}": value for name, value in fields.items()}
    answer = browser.act(f"/reviews/{house.campaign.id}/answers", {said: f"{item.id}:{item.version}", **given})
    return answer.status_code, answer.text


def _last(house: House) -> DecisionRow:
    with house.database.reading() as session:
        return queries.decisions(session, [house.plain.id])[house.plain.id][-1]


def test_they_stand_on_the_items_page_and_the_script_fetches_them_into_the_row(shown_house: House) -> None:
    ada, path = visitor(shown_house, "ada"), f"/reviews/{shown_house.campaign.id}"
    share = ada.get(path).text
    assert f'href="{path}/items/{shown_house.plain.id}#otherwise"' in share
    page = ada.get(f"{path}/items/{shown_house.plain.id}").text
    piece = ada.get(f"{path}/items/{shown_house.plain.id}", headers=SCRIPT).text
    assert "<html" in page
    assert "<html" not in piece
    for each in (page, piece):
        assert all(f'name="{name}"' in each for name in ("not_mine", "cannot_say", "until"))
        assert "When you submit, Cy is asked instead." in each
    looking = visitor(shown_house, "auditor").get(f"{path}/items/{shown_house.plain.id}", headers=SCRIPT)
    assert 'name="not_mine"' not in looking.text


def test_what_is_set_aside_can_be_taken_back_and_goes_on_when_it_is_submitted(house: House) -> None:
    ada, path = visitor(house, "ada"), f"/reviews/{house.campaign.id}"
    assert _say(ada, house, "not_mine", note="moved to another team")[0] == 303
    assert (_item(house).outcome, _item(house).aside, _last(house).reason) == (
        None,
        "not_mine",
        "moved to another team",
    )
    page = ada.get(path).text
    assert "1 set aside as not yours" in page
    assert "goes on when you submit" in page
    assert "1 not mine" in page
    assert f'id="item-{house.plain.id}"' not in ada.get(f"{path}?show=open").text
    assert _say(ada, house, "withdraw")[0] == 303
    assert _item(house).aside is None
    assert _say(ada, house, "cannot_say")[0] == 303
    with house.database.transaction() as session:
        for each in session.scalars(select(ItemRow).where(ItemRow.task_id == house.plain.task_id)):
            if each.id != house.plain.id:
                each.outcome = "keep"
    before = ada.get(f"{path}/submission").text
    assert "Cy is asked about 1 item that you set aside." in before
    ada.act(f"{path}/submission", {})
    assert "1 passed on to whoever is asked next." in ada.get(path).text
    with house.database.reading() as session:
        reviewer = session.scalar(
            select(IdentityRow.name)
            .join(TaskRow, TaskRow.reviewer_id == IdentityRow.id)
            .where(TaskRow.id == _item(house).task_id)
        )
    assert (reviewer, _item(house).aside) == ("Cy", None)


def test_it_stays_until_the_end_of_a_day_where_the_company_is(house: House) -> None:
    ada = visitor(house, "ada")
    assert _say(ada, house, "until", until="2026-12-24")[0] == 422
    assert _say(ada, house, "until", until="soon", note="project ends")[0] == 422
    assert _say(ada, house, "until", note="project ends")[0] == 422
    assert _item(house).outcome is None
    assert _say(ada, house, "until", until="2026-12-24", note="project ends")[0] == 303
    assert (_last(house).answer, _last(house).until) == ("remove", datetime(2026, 12, 24, 23, 59, 59, tzinfo=UTC))
    page = ada.get(f"/reviews/{house.campaign.id}").text
    assert re.search(r"To be removed</span> <span>after <time[^>]*>24 Dec 2026", page)
    assert "1 removal waits for the day that you named" in ada.get(f"/reviews/{house.campaign.id}/submission").text


def test_something_else_of_the_same_kind_is_given_instead(house: House) -> None:
    ada, path = visitor(house, "ada"), f"/reviews/{house.campaign.id}"
    with house.database.transaction() as session:
        make.entitlement(session, house.company.system, key="role:junior", name="Junior", label="Junior rep")
        make.entitlement(
            session, house.company.system, key="set:x", name="X", kind="permission_set", label="Another kind"
        )
    panel = ada.get(f"{path}/items/{house.plain.id}", headers=SCRIPT).text
    offered = re.findall(r'<option value="([^"]+)"', panel)
    assert "role:junior" in offered
    assert not {"set:x", house.company.role.key, house.company.boss.key} & set(offered)  # Bo has those
    assert _say(ada, house, "change", note="less will do")[0] == 422
    assert _say(ada, house, "change", to="role:junior")[0] == 422
    assert _say(ada, house, "change", to="role:junior", note="less will do")[0] == 303
    assert (_last(house).answer, _last(house).change_to) == ("change", "role:junior")
    assert "to Junior rep" in ada.get(path).text


def test_several_ordinary_ones_are_set_aside_at_once(house: House) -> None:
    ada, item = visitor(house, "ada"), _item(house)
    account = house.items[f"account:{house.company.account.id}"]
    chosen = [f"{item.id}:{item.version}", f"{account.id}:{account.version}"]
    answer = ada.act(f"/reviews/{house.campaign.id}/answers", {"many": "not_mine", "chosen": chosen})
    assert answer.status_code == 303
    with house.database.reading() as session:
        said = session.scalars(select(ItemRow.aside).where(ItemRow.id.in_((item.id, account.id)))).all()
    assert said == ["not_mine", "not_mine"]


@pytest.mark.parametrize("said", ["not_mine", "cannot_say"])
def test_whom_nobody_follows_decides(house: House, said: str) -> None:
    with house.database.transaction() as session:
        gone = select(IdentityRow).where(IdentityRow.name.in_(("Cy", "Flo", "Fay")))
        for each in session.scalars(gone):
            each.ended = make.NOW
    ada = visitor(house, "ada")
    status, told = _say(ada, house, said)
    assert (status, _item(house).aside) == (409, None)
    assert "Nobody else is left who may decide on this." in told
    panel = ada.get(f"/reviews/{house.campaign.id}/items/{house.plain.id}", headers=SCRIPT).text
    assert re.search(rf'name="{said}"[^>]* disabled', panel)
