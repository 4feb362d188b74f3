"""What a review is of is accepted on a page of its own and signed on another: by its control owner, at a sealed address."""

from __future__ import annotations

import html
import re
from typing import Any

from sqlalchemy import select, update

from app.review.tables import CampaignRow, DriftRow, ScheduleRow, TaskRow
from app.review.workdays import WEEKDAYS
from tests.app.api.house import House
from tests.app.api.test_acceptances import strict
from tests.app.console.visiting import visitor

REMARK = "Looked at every system, and it is all there"


def opening(house: House, **other: Any) -> dict[str, Any]:
    """The form of a review for which Ada answers."""
    return {
        "name": "Extra <b>", "systems": ["Sales org"], "kinds": ["grant", "account"], "fallback": "flo", "second": "cy",
        "due_days": "7", "control_owner": house.company.ada.key,
    } | other  # fmt: skip


def address(page: str) -> str:
    found = re.search(r'href="[^"]*(/campaigns/new/acceptance\?[^"]+)"', page)
    assert found, page
    return html.unescape(found[1])


def given(house: House, path: str, who: str = "ada", **other: str) -> Any:
    """Follow the address and accept."""
    browser = visitor(house, who)
    page = browser.get(path).text
    return page, browser.act("/campaigns/new/acceptance", hidden(page) | {"remark": REMARK} | other)


def hidden(page: str) -> dict[str, Any]:
    form: dict[str, Any] = {}
    for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page):
        form.setdefault(name, []).append(html.unescape(value))
    form.pop("csrf", None)
    return form


def word(answer: Any) -> str:
    found = re.search(r"readonly>([\w=-]+)<", answer.text)
    assert found, answer.text
    return found[1]


def test_the_owner_sees_what_it_is_of_and_it_opens_with_their_word_and_is_signed(house: House) -> None:
    strict(house)
    admin, ada = visitor(house, "admin"), visitor(house, "ada")
    assert "names no control owner" in admin.act("/campaigns/new", opening(house, control_owner="")).text
    looked = admin.act("/campaigns/new", opening(house))
    assert looked.status_code == 200, looked.text
    label = looked.text.partition('name="acceptance"')[0].rpartition("<label")[2]
    assert ("control owner" in label, "optional" in label) == (True, False)
    path = address(looked.text)
    page, answer = given(house, path)
    items = re.search(r"<strong>It would ask \d+ reviewers? about (\d+) items", looked.text)
    assert items, looked.text
    assert f"{items[1]} items" in page
    assert "<b>" not in page
    assert page.count('<th scope="row">Sales org</th>') == 2, "on a phone each row is by itself"
    form = opening(house, acceptance=word(answer))
    seen = re.search(r'name="seen" value="([0-9a-f]{64})"', admin.act("/campaigns/new", form).text)
    assert seen
    unasked = admin.act("/campaigns/new", opening(house) | {"go": "open", "seen": seen[1]})
    assert "waits for the word of" in unasked.text
    opened = admin.act("/campaigns/new", form | {"go": "open", "seen": seen[1]})
    assert opened.status_code == 303, opened.text
    where = opened.headers["location"]
    assert REMARK in admin.get(where).text
    number = int(where.rsplit("/", 1)[1])
    with house.database.transaction() as session:
        session.execute(update(DriftRow).where(DriftRow.campaign_id == number).values(answer="keep"))
        session.execute(update(TaskRow).where(TaskRow.campaign_id == number).values(status="submitted"))
    closed = admin.act(where + "/closure", {"unanswered": "remove"})
    assert closed.status_code == 303, closed.text
    assert "Not signed yet" in admin.get(where).text
    assert "waits for your signature" in ada.get("/").text
    page = ada.get(where + "/signature").text
    leaf = re.search(r'name="seen" value="([0-9a-f]{64})"', page)
    assert leaf, page
    assert "in a sentence" in ada.act(where + "/signature", {"remark": "ok", "seen": leaf[1]}).text
    assert visitor(house, "boss").act(where + "/signature", {"remark": REMARK, "seen": leaf[1]}).status_code == 403
    assert ada.act(where + "/signature", {"remark": REMARK, "seen": leaf[1]}).status_code == 303
    assert REMARK in admin.get(where).text
    assert "waits for your signature" not in ada.get("/").text


def test_an_address_that_was_changed_shows_nothing_and_what_changed_is_not_accepted(house: House) -> None:
    path = address(visitor(house, "admin").act("/campaigns/new", opening(house)).text)
    for other in (path.replace("kinds=grant", "kinds=integration"), path.replace("name=Extra", "name=Other")):
        assert other != path
        answer = visitor(house, "ada").get(other)
        assert (answer.status_code, "Left out" in answer.text) == (403, False)
    assert visitor(house, "ada").get("/campaigns/new/acceptance").status_code == 404
    assert given(house, path, seen="0" * 64)[1].status_code == 412
    boss = visitor(house, "boss")
    page, form = boss.get(path).text, hidden(visitor(house, "ada").get(path).text)
    assert ("who is not you" in page, "Accept it" in page) == (True, False)
    assert boss.act("/campaigns/new/acceptance", form | {"remark": REMARK}).status_code == 403


def test_another_owner_is_named_on_the_reviews_page(house: House) -> None:
    where = f"/campaigns/{house.campaign.id}"
    admin = visitor(house, "admin")
    assert "It has no control owner" in admin.get(where).text
    assert visitor(house, "ada").get(where + "/signature").status_code == 404
    assert admin.act(where + "/control-owner", {"to": "eve", "reason": "nobody was named"}).status_code == 303
    assert "Its control owner is Eve" in admin.get(where).text


def test_a_schedule_waits_for_a_standing_word(house: House) -> None:
    strict(house)
    admin = visitor(house, "admin")
    plan = {"cadence": "quarterly", "every": "1", "opens_on_day": "46", "opens_at_hour": "9", "zone": "UTC",
            "starts_on": "", "days": list(WEEKDAYS), "closed": "", "due_days": "21"}  # fmt: skip
    form = opening(house, **plan)
    refused = admin.act("/schedules", form)
    assert "waits for the word of" in refused.text
    page, answer = given(house, address(refused.text))
    assert "each review is of what there is when it opens" in page
    made = admin.act("/schedules", form | {"acceptance": word(answer)})
    assert made.status_code == 303, made.text
    with house.database.reading() as session:
        row = session.scalars(select(ScheduleRow).where(ScheduleRow.name == form["name"])).one()
        assert row.acceptance is not None
        assert session.scalars(select(CampaignRow).where(CampaignRow.name == form["name"])).all() == []
    assert REMARK in admin.get(f"/schedules/{row.id}").text
