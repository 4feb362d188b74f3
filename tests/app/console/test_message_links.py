"""Every link in every message leads to a room that its reader may open, by real visits."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from app.notices import policy, wording
from app.notices.events import EVENTS, FOR_REVIEWERS, Event
from app.remediation.tables import RemediationRow
from app.review.tables import CampaignRow
from tests.app.api.house import House
from tests.app.console.visiting import visitor
from tests.app.notices.test_shapes import EXAMPLES

WATCHING = [role.removeprefix("role:") for role in policy.ROLES]


def _path(house: House, event: Event, **more: Any) -> str:
    """Where the message leads, about what is in this house."""
    facts = {name: value for name, value in EXAMPLES[event].items() if name != "reviewers"} | more
    here = {"campaign": house.campaign.id, "system": house.company.system.id, "channel": house.channel.id}
    if "finding" in facts:
        here["finding"] = house.finding.id
    return wording.word(event, facts | {name: number for name, number in here.items() if name in facts}).path


@pytest.mark.parametrize("role", WATCHING)
@pytest.mark.parametrize("event", Event)
def test_whoever_watches_may_open_what_a_message_leads_to(shown_house: House, event: Event, role: str) -> None:
    more = {"reviewers": 2} if event in FOR_REVIEWERS else {}
    path = _path(shown_house, event, **more)
    assert visitor(shown_house, role).get(path).status_code == 200, path


CONCERNING = [event for event, about in EVENTS.items() if about.concerns and event is not Event.REVIEW_UNSIGNED]


def test_a_message_about_removals_leads_to_where_they_are_listed(house: House) -> None:
    """Or to what holds them. The system's own page lists none."""
    mine = str(house.remediation.id)
    for event, status in (
        (Event.REMOVAL_BY_HAND, "by_hand"), (Event.REMOVAL_FAILED, "declined"), (Event.REMOVAL_OVERDUE, "acted"),
        (Event.REMOVAL_RETURNED, "returned"), (Event.REMOVAL_HELD, "open"),
    ):  # fmt: skip
        with house.database.transaction() as session:
            session.execute(update(RemediationRow).values(status=status))
        page = visitor(house, "admin").get(_path(house, event))
        assert page.status_code == 200, event
        assert f"/removals/{mine}" in page.text, event


@pytest.mark.parametrize("event", CONCERNING)
def test_whoever_a_message_is_about_may_open_what_it_leads_to(shown_house: House, event: Event) -> None:
    # The manager of whom it is about, or whoever gave their word, may be let in to nothing else.
    own = event.endswith(".escalated") or event is Event.ATTESTATION_ENDING
    who = "eve" if own else "it_security" if event.startswith("finding.") else "ada"
    path = _path(shown_house, event, **({"reviewers": 1, "own": True} if own else {}))
    assert visitor(shown_house, who).get(path).status_code == 200, path


def test_whoever_answers_for_a_review_may_open_what_waits_for_their_signature(house: House) -> None:
    with house.database.transaction() as session:
        row = session.get_one(CampaignRow, house.campaign.id)
        row.owner_id = house.company.ada.id
    path = _path(house, Event.REVIEW_UNSIGNED)
    assert [visitor(house, who).get(path).status_code for who in ("ada", "eve")] == [200, 404]
