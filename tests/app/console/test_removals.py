"""The room of removals: where each stands and why, and what a person says about it."""

from __future__ import annotations

import re
import uuid

from sqlalchemy import select, update

from app.ledger.tables import EntryRow
from app.remediation import lanes
from app.remediation.brakes import Own
from app.remediation.tables import RemediationRow
from connectors.connector import ActKind
from tests import make
from tests.app.api.house import House, removal
from tests.app.console.visiting import visitor


def by_hand(house: House) -> uuid.UUID:
    with house.database.transaction() as session:
        row = removal(session, house)
        row.status, row.because, row.steps = "by_hand", "The API cannot do this.", ["Open Setup.", "Take it away."]
        return row.id


def test_a_list_says_where_each_stands_and_is_narrowed_by_that(house: House) -> None:
    mine = by_hand(house)
    browser = visitor(house, "auditor")
    everything = browser.get("/removals").text
    assert f"/removals/{mine}" in everything
    assert f"/removals/{house.remediation.id}" in everything
    narrowed = browser.get("/removals?group=by_hand").text
    assert "The API cannot do this." in narrowed
    assert f"/removals/{house.remediation.id}" not in narrowed
    assert "No removal is like this." in browser.get("/removals?group=returned").text


def test_a_long_list_goes_on_where_it_ended(house: House) -> None:
    with house.database.transaction() as session:
        for _ in range(51):
            removal(session, house)
    browser = visitor(house, "admin")
    first = browser.get("/removals").text
    more = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = browser.get(more).text
    assert f"/removals/{house.remediation.id}" not in first
    assert f"/removals/{house.remediation.id}" in second


def test_one_says_why_it_waits_what_to_do_and_is_reported_done_by_whoever_did_it(house: House) -> None:
    mine = by_hand(house)
    browser = visitor(house, "it_security")
    page = browser.get(f"/removals/{mine}").text
    for part in ("The API cannot do this.", "<li>Open Setup.</li>", "No call was made yet."):
        assert part in page
    assert browser.act(f"/removals/{mine}/report", {"note": " "}).status_code == 422
    assert browser.act(f"/removals/{mine}/report", {"note": "done in Setup"}).status_code == 303
    with house.database.reading() as session:
        assert session.get_one(RemediationRow, mine).status == "acted"
    page = browser.get(f"/removals/{mine}").text
    assert "A person did it by hand" in page
    assert "No call was made yet." not in page


def test_one_that_is_tried_again_sends_the_systems_lane_to_work(house: House) -> None:
    mine = by_hand(house)
    assert visitor(house, "admin").act(f"/removals/{mine}/retry", {"reason": "it is ours again"}).status_code == 303
    with house.database.reading() as session:
        assert session.get_one(RemediationRow, mine).status == "open"
        asked = select(EntryRow).where(EntryRow.kind == "removal.requested").order_by(EntryRow.id.desc())
        assert session.scalars(asked).first().subject == f"system:{house.company.system.id}"  # type: ignore[union-attr]


def test_one_is_undone_by_a_new_decision_and_leads_to_what_gives_it_back(house: House) -> None:
    mine = by_hand(house)
    assert "Undo the removal" not in visitor(house, "auditor").get(f"/removals/{mine}").text
    browser = visitor(house, "it_security")
    assert "Undo the removal" in browser.get(f"/removals/{mine}").text
    refused = browser.act(f"/removals/{mine}/undoing", {"reason": "ok"})
    assert (refused.status_code, "Say why it may be there again" in refused.text) == (422, True)
    made = browser.act(f"/removals/{mine}/undoing", {"reason": "the audit needs it"}).headers["location"]
    page = browser.get(made).text
    assert f'href="/removals/{mine}"' in page
    assert "give it back: the audit needs it" in page
    assert "Undone. A person does it. It counts as there when a later reading shows it." in page  # it is read-only
    with house.database.transaction() as session:
        proved = {"status": "verified", "verified_at": make.NOW, "verified_snapshot_id": house.snapshot_id}
        session.execute(update(RemediationRow).where(RemediationRow.wish == "restore").values(proved))
    page = browser.get(made).text
    assert ("proved: a later reading shows it" in page, "lacks it" in page) == (True, False)
    former = browser.get(f"/removals/{mine}").text
    assert f'href="{made}"' in former
    assert "undone: decided anew" in former
    with house.database.reading() as session:
        asked = select(EntryRow).where(EntryRow.kind == "removal.requested").order_by(EntryRow.id.desc())
        assert session.scalars(asked).first().body["because"] == "a removal was undone"  # type: ignore[union-attr]


def test_what_waits_for_a_second_person_is_not_told_to_be_done_within_minutes(house: House) -> None:
    browser, system = visitor(house, "it_security"), house.company.system
    with house.database.transaction() as session:
        row = session.merge(system)
        row.writing, row.executor_secret = list(ActKind), b"sealed"
    mine = by_hand(house)
    assert browser.act(f"/removals/{mine}/retry", {"reason": "it has an executor now"}).status_code == 303
    assert "It is tried again within minutes." in browser.get(f"/removals/{mine}").text
    with house.database.transaction() as session:
        lanes.brake(session, system.id, Own(release_above=0), "two people, always", by=make.ADMIN, at=make.NOW)
    mine = by_hand(house)
    assert browser.act(f"/removals/{mine}/retry", {"reason": "it has an executor now"}).status_code == 303
    assert "It waits. A second person has to look at the list and release it first." in browser.get("/removals").text
    made = browser.act(f"/removals/{mine}/undoing", {"reason": "the audit needs it"}).headers["location"]
    assert "Undone. It waits. A second person has to look" in browser.get(made).text


def test_a_file_about_what_was_done_by_hand_is_handed_in_and_fetched_and_proves_nothing(house: House) -> None:
    mine = by_hand(house)
    browser, at = visitor(house, "it_security"), f"/removals/{mine}"
    assert "Hand it in" in browser.get(at).text
    assert "Hand it in" not in visitor(house, "auditor").get(at).text
    assert browser.act(f"{at}/evidence", {"note": "the closed ticket"}).status_code == 422
    ticket = {"file": ("ticket.txt", b"closed", "text/plain")}
    assert browser.act(f"{at}/evidence", {"note": "the closed ticket"}, files=ticket).status_code == 303
    page = browser.get(at).text
    assert re.search(r"the closed ticket <small>it_security, <time", page), "who handed it in, by name"
    (link,) = re.findall(rf'href="({at}/evidence/[0-9a-f]{{64}})"', page)
    got = visitor(house, "auditor").get(link)
    assert (got.content, got.headers["content-type"]) == (b"closed", "application/octet-stream")
    assert got.headers["content-disposition"].startswith("attachment")
    digest = link.rsplit("/", 1)[1]
    assert browser.get(f"/removals/{house.remediation.id}/evidence/{digest}").status_code == 404
    with house.database.reading() as session:
        assert session.get_one(RemediationRow, mine).status == "by_hand"


def test_what_was_done_meanwhile_is_told_with_how_far_it_is_known(house: House) -> None:
    page = visitor(house, "auditor").get(f"/removals/{house.remediation.id}").text
    assert "What was done meanwhile" in page
    assert "no account is known for it" in page, "what nobody knows is no zero"


def test_whoever_only_reads_is_told_why_they_cannot_say_it(house: House) -> None:
    page = visitor(house, "auditor").get(f"/removals/{by_hand(house)}").text
    assert "You may not report removals done by hand." in page


def test_what_is_not_there_is_said_so(house: House) -> None:
    assert visitor(house, "admin").get(f"/removals/{uuid.uuid4()}").status_code == 404


def test_looking_back_tells_what_came_back_from_what_never_went_and_nothing_seen_from_a_count(house: House) -> None:
    path = f"/removals/{house.remediation.id}"
    assert "now: it has not gone yet" in visitor(house, "admin").get(path).text
    with house.database.transaction() as session:
        session.merge(house.remediation).status = "returned"
    page = visitor(house, "admin").get(path).text
    assert ("now: it went, and is back" in page, "not gone yet" in page) == (True, False)
    assert "at least 0" not in page
    assert re.search(r'(none seen|unknown</mark>|unknown</span>): <span class="quiet">', page), page
