"""What a review leaves out is approved on a page of its own: by whom the scope names, at an address that is sealed."""

from __future__ import annotations

import html
import re
from typing import Any

from sqlalchemy import select

from app.review.tables import CampaignRow, ScheduleRow
from app.review.workdays import WEEKDAYS
from tests.app.api.house import House
from tests.app.console.visiting import visitor

OPENING = {
    "name": "Extra <b>", "systems": ["Sales org"], "kinds": ["grant", "account"], "fallback": "flo", "second": "cy",
    "due_days": "7", "exclude": "privileged", "exclude_because": "seen each month",
}  # fmt: skip
REASON = "I see them each month, one by one"


def opening(house: House, **other: str) -> dict[str, Any]:
    """The form of a review that leaves something out; Ada approves that."""
    return OPENING | {"approver": house.company.ada.key} | other


def address(page: str) -> str:
    found = re.search(r'href="[^"]*(/campaigns/new/approval\?[^"]+)"', page)
    assert found, page
    return html.unescape(found[1])


def given(house: House, path: str, who: str = "ada", **other: str) -> Any:
    """Follow the address and approve."""
    browser = visitor(house, who)
    page = browser.get(path).text
    form: dict[str, Any] = {}
    for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page):
        form.setdefault(name, []).append(html.unescape(value))
    form.pop("csrf", None)
    return page, browser.act("/campaigns/new/approval", form | {"reason": REASON} | other)


def word(answer: Any) -> str:
    found = re.search(r"readonly>([\w=-]+)<", answer.text)
    assert found, answer.text
    return found[1]


def test_the_approver_sees_what_is_left_out_and_a_review_opens_with_their_word(house: House) -> None:
    admin = visitor(house, "admin")
    refused = admin.act("/campaigns/new", opening(house))
    assert (refused.status_code, "waits for the word of" in refused.text) == (409, True)
    assert "the address that stands on this page" in refused.text
    assert "/api/" not in refused.text
    page, answer = given(house, address(refused.text))
    assert "<code>privileged</code>: seen each month" in page
    assert re.search(r"<li>1 grant that is excluded: seen each month", page), page
    assert "<b>" not in page
    form = opening(house, approval=word(answer))
    looked = admin.act("/campaigns/new", form)
    assert REASON in looked.text
    seen = re.search(r'name="seen" value="([0-9a-f]{64})"', looked.text)
    assert seen, looked.text
    opened = admin.act("/campaigns/new", form | {"go": "open", "seen": seen[1]})
    assert opened.status_code == 303, opened.text
    assert REASON in admin.get(opened.headers["location"]).text
    with house.database.reading() as session:
        row = session.scalars(select(CampaignRow).where(CampaignRow.name == OPENING["name"])).one()
        assert row.approval is not None


def test_an_address_that_nobody_asked_for_shows_nothing(house: House) -> None:
    path = address(visitor(house, "admin").act("/campaigns/new", opening(house)).text)
    for other in (
        path.replace("exclude=privileged", "exclude=temporary"),
        re.sub("seal=[0-9a-f]+", "seal=%C3%A9", path),
    ):
        answer = visitor(house, "ada").get(other)
        assert answer.status_code == 403
        assert "nobody asked for it here" in answer.text
        assert "seen each month" not in answer.text
    _, answer = given(house, path, "bo")
    assert answer.status_code == 403
    assert "who is not you" in answer.text
    _, short = given(house, path, reason="ok")
    assert (short.status_code, "Say why, in a sentence" in short.text) == (422, True)


def test_a_schedule_asks_for_the_word_as_well_and_tells_whose_it_has(house: House) -> None:
    admin, row = visitor(house, "admin"), house.schedule
    without = [{"system": "Sales org", "kind": "integration", "reason": "read by hand"}]
    with house.database.transaction() as session:
        session.get_one(ScheduleRow, row.id).scope = row.scope | {"without": without}
    assert "It opens nothing" in admin.get(f"/schedules/{row.id}").text
    plan = {name: str(getattr(row, name)) for name in ("zone", "opens_on_day", "opens_at_hour", "due_days", "version")}
    form = plan | {"days": list(WEEKDAYS), "systems": "all", "kinds": row.scope["kinds"], "fallback": "flo",
                   "second": "fay", "approver": house.company.ada.key}  # fmt: skip
    refused = admin.act(f"/schedules/{row.id}", form)
    assert refused.status_code == 409, refused.text
    page, answer = given(house, address(refused.text))
    assert "Programs of Sales org: read by hand" in page
    assert admin.act(f"/schedules/{row.id}", form | {"approval": word(answer)}).status_code == 303
    assert "approved by whom its scope names on" in admin.get(f"/schedules/{row.id}").text
