"""The pages of what holds removals: everybody sees why something waits, and whoever may lets it go on."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import select

from app.ledger.tables import EntryRow
from app.remediation import braking
from app.remediation.tables import LaneRow, WaitRow
from tests.app.api.house import House, removal
from tests.app.console.visiting import actor_of, visitor
from tests.app.review.cast import NOW


def lane_of(house: House) -> str:
    return f"/systems/{house.company.system.id}/lane"


def kinds(house: House) -> list[str]:
    with house.database.reading() as session:
        removing = EntryRow.kind.like("removals.%")
        return list(session.scalars(select(EntryRow.kind).where(removing).order_by(EntryRow.id)))


def test_everything_is_stopped_and_goes_on_with_a_reason_on_one_page(house: House) -> None:
    browser = visitor(house, "it_security")
    assert "Say why" in browser.act("/removals/stop", {"reason": "x"}).text
    assert browser.act("/removals/stop", {"reason": "the wrong people"}).status_code == 303
    for page in ("/removals", lane_of(house), f"/removals/{house.remediation.id}"):
        told = visitor(house, "auditor").get(page).text
        assert "stopped everywhere" in told, page
        assert "the wrong people" in told, page
    assert "has stopped them already" in browser.act("/removals/stop", {"reason": "once more"}).text
    assert browser.act("/removals/stop/end", {"reason": "false alarm"}).status_code == 303
    assert kinds(house) == ["removals.stopped", "removals.resumed"]


def test_a_system_is_given_brakes_of_its_own_and_follows_the_settings_again(house: House) -> None:
    browser = visitor(house, "admin")
    given = {"per_run": "5", "hours": "Mon-Fri 09:00-17:00", "because": "its support asks",
             "left_out": "2026-12-24 to 2027-01-01; 2027-04-05"}  # fmt: skip
    assert browser.act(lane_of(house), given).status_code == 303
    page = browser.get(lane_of(house)).text
    assert "5 removals, and 10 %" in page
    assert "Mon-Fri 09:00-17:00 (UTC), not on 2026-12-24 to 2027-01-01, 2027-04-05" in page
    assert 'value="2026-12-24 to 2027-01-01, 2027-04-05"' in page
    assert browser.act(lane_of(house), {"hours": "always", "left_out": "none", "because": "no more"}).status_code == 303
    with house.database.reading() as session:
        row = session.get_one(LaneRow, house.company.system.id)
    assert (row.per_run, row.hours, row.left_out) == (None, "", [])
    for wrong in ({"hours": "nine to five"}, {"per_run": "many"}, {"zone": "Mars/Olympus"}):
        assert browser.act(lane_of(house), wrong | {"because": "its support asks"}).status_code == 422


def test_a_second_person_releases_exactly_what_they_looked_at(house: House) -> None:
    admin, other = visitor(house, "admin"), visitor(house, "boss")
    admin.act(lane_of(house), {"release_above": "0", "because": "two people each time"})
    with house.database.transaction() as session:
        session.merge(house.campaign).closed_by = actor_of(house, "admin").id
    page = other.get(lane_of(house)).text
    assert ("Release it" in page, "exactly this one" in page, "these 1" in page) == (True, True, False)
    assert "1 removal waits for a second person: each does here." in page
    seen = re.search(r'name="seen" value="(\w+)"', page)[1]  # type: ignore[index]
    assert f"/removals/{house.remediation.id}" in page
    with house.database.transaction() as session:
        session.add(
            WaitRow(
                system_id=house.company.system.id,
                code="needs_release",
                because="each does here",
                way_out="",
                removals=1,
                since=NOW,
            )
        )
    lane = other.get(lane_of(house)).text
    assert lane.count("each does here") == 1, "said once, where it is released"
    asks = f'href="{lane_of(house)}"'
    assert "for a second person" in other.get("/").text
    assert asks in other.get("/").text, "whoever may give the word is led to the list"
    assert asks not in admin.get("/").text, "who asked for it cannot"
    mine = html.unescape(admin.get(lane_of(house)).text)
    assert "You asked for these removals yourself" in mine  # the button says why it cannot be pressed
    release = f"/systems/{house.company.system.id}/release"
    assert admin.act(release, {"seen": seen, "reason": "looked at it"}).status_code == 403
    with house.database.transaction() as session:
        removal(session, house)
    assert "Release these 2" in other.get(lane_of(house)).text
    assert other.act(release, {"seen": seen, "reason": "looked at it"}).status_code == 412
    seen = re.search(r'name="seen" value="(\w+)"', other.get(lane_of(house)).text)[1]  # type: ignore[index]
    assert other.act(release, {"seen": seen, "reason": "looked at it"}).status_code == 303
    with house.database.reading() as session:
        assert braking.waiting(session, house.company.system.id) == []
    assert "each does here" not in other.get(lane_of(house)).text, (
        "it waits no longer, though the lane has not come by yet"
    )


def test_a_removals_page_says_what_would_be_done_and_what_stands_against_it(house: House) -> None:
    page = visitor(house, "it_security").get(f"/removals/{house.remediation.id}").text
    for part in ("What would be done", "read-only for this kind of act", "switch it on", "With which credential"):
        assert part in page, part


@pytest.mark.parametrize(("who", "status"), [("auditor", 403), ("it_security", 200)])
def test_only_who_may_take_away_has_the_system_asked(house: House, who: str, status: int) -> None:
    assert visitor(house, who).get(f"/removals/{house.remediation.id}?look=now").status_code == status
