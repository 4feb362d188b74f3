"""The room of findings: a queue to live in, one finding's story, and having something taken away because of one."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from app.detection.tables import FindingEventRow, FindingRow, JustificationRow
from app.inventory.tables import AccountRow, SystemRow
from app.ledger.tables import EntryRow, PendingRow
from app.remediation import lanes
from app.remediation.brakes import Own
from app.remediation.tables import RemediationRow
from connectors.connector import ActKind
from tests import make
from tests.app.api.house import House
from tests.app.api.house import finding as an_open_finding
from tests.app.console.visiting import visitor

SEC = "it_security"


def about(house: House, **given: Any) -> int:
    """An open finding about Bo's account that can be acted on."""
    with house.database.transaction() as session:
        values = {"subject": f"account:{house.company.account.id}", "rule": "leaver_active"} | given
        return an_open_finding(session, house.company, **values).id


def test_the_queue_shows_what_is_open_with_a_way_to_each(house: House) -> None:
    number = about(house, severity="critical", because="Bo left on 2026-10-31")
    page = visitor(house, SEC).get("/findings").text
    assert page.index("Leaver&#39;s account still active") < page.index("Inactive account</a>"), "the worst first"
    for part in (
        f'href="/findings/{number}"',
        "Bo left on 2026-10-31",
        "Sales org",
        'name="finding"',
        "2 findings match",
    ):
        assert part in page
    assert "1 finding matches" in visitor(house, SEC).get("/findings?severity=critical").text


def test_what_is_found_about_no_account_has_a_name_and_nothing_is_offered_that_cannot_be(house: House) -> None:
    system = house.company.system
    given = {"rule": "system_without_owner", "facts": {"system": "Sales org", "kind": "sandbox"}, "account_id": None}
    number = about(house, subject=f"system:{system.id}", because="nobody is entered", **given)
    page = visitor(house, SEC).get(f"/findings/{number}").text
    assert '<p class="lead">Sales org: nobody is entered.</p>' in page
    assert f"system:{system.id}" not in page.partition("<main")[2]
    assert "Take it away" not in page, "a system is not taken away"
    assert "Take it away" in visitor(house, SEC).get(f"/findings/{about(house)}").text


def test_what_cannot_be_taken_away_is_not_begun(house: House) -> None:
    number = about(house)
    path = f"/findings/revocation?finding={number}"
    assert "Start taking it away" in visitor(house, SEC).get(path).text
    with house.database.transaction() as session:
        session.execute(update(FindingRow).where(FindingRow.id == number).values(status="waived"))
    page = visitor(house, SEC).get(path).text
    assert "The finding is waived." in page
    assert "Start taking it away" not in page


def test_where_everything_is_closed_nothing_is_chosen(house: House) -> None:
    about(house, status="closed", closed_at=make.NOW)
    page = visitor(house, SEC).get("/findings?status=closed").text
    assert "1 finding matches" in page
    assert "Take away what I chose" not in page


def test_a_filter_that_leaves_nothing_says_the_way_back(house: House) -> None:
    page = visitor(house, SEC).get("/findings?severity=low").text
    assert "No finding is like this." in page
    assert 'href="/findings">Show all that are open' in page


def test_an_installation_that_has_read_nothing_says_that_nothing_can_be_found(house: House) -> None:
    with house.database.transaction() as session:
        session.execute(update(FindingRow).values(status="closed"))
        session.execute(update(SystemRow).values(removed=make.NOW))
    assert "Nothing was read yet" in visitor(house, SEC).get("/findings").text


def test_findings_are_handed_to_anybody_by_their_name_and_to_nobody_who_is_not_there(house: House) -> None:
    number, browser = about(house), visitor(house, SEC)
    form = f"/findings/{number}/owner"
    assert '<option value="the IT security team">' in browser.get(f"/findings/{number}").text
    assert browser.act(form, {"owner": "bo"}).status_code == 303
    with house.database.reading() as session:
        assert session.get_one(FindingRow, number).owner == f"identity:{house.company.bo.id}"
    nobody = browser.act(form, {"owner": "Nobody At All"})
    assert (nobody.status_code, "Nobody here is" in nobody.text) == (404, True)
    assert browser.act(form, {"owner": ""}).status_code == 404


def test_a_queue_of_many_goes_on_where_it_ended(house: House) -> None:
    with house.database.transaction() as session:
        for _ in range(60):
            an_open_finding(session, house.company)
    browser, seen, path = visitor(house, SEC), [], "/findings"
    while path:
        page = browser.get(path).text
        seen += re.findall(r'href="/findings/(\d+)" data-key', page)
        more = re.search(r'href="([^"]+)" rel="next"', page)
        path = more[1].replace("&amp;", "&") if more else ""
    assert len(seen) == len(set(seen)) == 61
    for cursor in ("nonsense", "W10", "WzEsMl0x", "eyJhIjoxfQ"):
        assert browser.get(f"/findings?after={cursor}").status_code == 400


def test_one_finding_says_what_to_do_and_why_there_is_the_rule(house: House) -> None:
    number = about(house, facts={"privileges": ["export"], "active": True, "account": "bo@corp"})
    page = visitor(house, SEC).get(f"/findings/{number}").text
    for part in (
        "Freeze it now, end its sessions and tokens, then deactivate it.",  # the rule's
        "Sign in to Sales org as an administrator.",  # by hand, in that system
        "Deactivate the account; do not delete it",
        "An account that still works although its person does not work here any more.",  # the manual
        "Take it away",
    ):
        assert part in page
    assert visitor(house, SEC).get("/findings/999999").status_code == 404


def test_an_auditor_sees_a_finding_and_cannot_start_anything(house: House) -> None:
    number = about(house)
    page = visitor(house, "auditor").get(f"/findings/{number}").text
    assert re.search(r"<button[^>]*disabled", page)
    assert "You may not have access taken away without a review." in page
    assert 'name="finding"' not in visitor(house, "auditor").get("/findings").text


def test_what_would_happen_is_shown_before_anything_does(house: House) -> None:
    with house.database.transaction() as session:
        make.credential(session, house.company.system, account_id=house.company.account.id, label="Loader key")
    page = visitor(house, SEC).get(f"/findings/revocation?finding={about(house)}").text
    for part in (
        "Nothing has happened yet",
        "read-only for this kind of act",
        "Loader key enters by",
        "would stop",
        "bo@corp",
    ):
        assert part in page
    assert re.search(rf'value="account:{house.company.account.id}" checked', page)
    with house.database.reading() as session:
        assert session.scalars(select(RemediationRow).where(RemediationRow.finding_id.is_not(None))).all() == []


def test_nothing_is_told_to_happen_within_minutes_that_waits_for_somebody(house: House) -> None:
    with house.database.transaction() as session:
        row = session.merge(house.company.system)
        row.writing, row.executor_secret = list(ActKind), b"sealed"
    number, subject = about(house), f"account:{house.company.account.id}"
    path, form = f"/findings/revocation?finding={number}", {"finding": str(number), f"take-{number}": subject}
    page = visitor(house, SEC).get(path).text
    assert ("within minutes" in page, "second person" in page) == (True, False)
    with house.database.transaction() as session:
        lanes.brake(session, row.id, Own(release_above=0), "two people, always", by=make.ADMIN, at=make.NOW)
    page = visitor(house, SEC).get(path).text
    assert ("within minutes" in page, "A second person has to look at the list" in page) == (False, True)
    security = visitor(house, SEC)
    assert security.act("/findings/revocation", form | {"reason": "left in October"}).status_code == 303
    told = security.get("/findings").text
    assert "Started: 1 removal promised. A second person has to look at the list and release it first." in told


def test_starting_promises_the_removal_and_sends_the_lane(house: House) -> None:
    number, subject = about(house), f"account:{house.company.account.id}"
    form = {"finding": str(number), f"take-{number}": subject, "reason": "left at the end of October"}
    answer = visitor(house, SEC).act("/findings/revocation", form)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/findings/{number}")
    with house.database.reading() as session:
        (made,) = session.scalars(select(RemediationRow).where(RemediationRow.finding_id == number)).all()
        assert (made.subject, made.status, made.reason) == (subject, "open", "left at the end of October")
        kinds = session.scalars(select(PendingRow.kind)).all()
        asked = session.scalars(select(EntryRow).where(EntryRow.kind == "removal.requested")).one()
    assert "removal.requested" in kinds
    assert asked.body["system"] == house.company.system.id
    page = visitor(house, SEC).get(f"/findings/{number}").text
    assert "It is being taken away." in page
    assert "left at the end of October" in page


@pytest.mark.parametrize(
    ("reason", "take", "status", "said"),
    [
        ("ok", True, 422, "Say why it is taken away"),
        ("left at the end of October", False, 422, "Nothing was chosen"),
    ],
)
def test_a_start_without_a_reason_or_a_choice_keeps_what_was_typed(
    house: House, reason: str, take: bool, status: int, said: str
) -> None:
    number, subject = about(house), f"account:{house.company.account.id}"
    form = {"finding": str(number), "reason": reason} | ({f"take-{number}": subject} if take else {})
    answer = visitor(house, SEC).act("/findings/revocation", form)
    assert answer.status_code == status
    assert said in answer.text
    assert f">{reason}</textarea>" in answer.text
    assert (f'value="{subject}" checked' in answer.text) == take
    with house.database.reading() as session:
        assert session.scalars(select(RemediationRow).where(RemediationRow.finding_id == number)).all() == []


def test_of_several_one_that_is_refused_stops_them_all(house: House) -> None:
    account = house.company.account.id
    with house.database.transaction() as session:
        own = make.account(session, house.company.system, key="own-account")
        session.get_one(SystemRow, house.company.system.id).principal = "own-account"
        own_id = own.id
    one, other = about(house), about(house, subject=f"account:{own_id}", account_id=own_id)
    page = visitor(house, SEC).get(f"/findings/revocation?finding={one}&finding={other}").text
    assert "the account that Rolecall itself signs in with" in page
    form = {
        "finding": [str(one), str(other)], f"take-{one}": f"account:{account}", f"take-{other}": f"account:{own_id}",
        "reason": "both have left",
    }  # fmt: skip
    answer = visitor(house, SEC).act("/findings/revocation", form)
    assert (answer.status_code, "Rolecall itself signs in with" in answer.text) == (409, True)
    with house.database.reading() as session:
        assert session.scalars(select(RemediationRow).where(RemediationRow.finding_id.is_not(None))).all() == []
    del form[f"take-{other}"]
    assert visitor(house, SEC).act("/findings/revocation", form).headers["location"] == "/findings"


def test_a_system_that_cannot_be_asked_says_so_and_can_be_started_all_the_same(house: House) -> None:
    number = about(house)
    page = visitor(house, SEC).get(f"/findings/revocation?finding={number}&look=now").text
    assert "could not be asked" in page
    assert "has no executor credential" in page
    assert "Start taking it away" in page


def test_a_digest_leads_to_what_is_new_since(house: House) -> None:
    at = house.means.clock()
    with house.database.transaction() as session:
        row = session.get_one(FindingRow, about(house, because="left yesterday"))
        event = FindingEventRow(
            finding_id=row.id, kind="opened", at=at - timedelta(hours=5), by="scheduler", because="left yesterday"
        )
        session.add(event)
    browser = visitor(house, SEC)
    since = (at - timedelta(days=1)).isoformat()
    assert "left yesterday" in browser.get("/findings/new", params={"since": since}).text
    assert "left yesterday" in browser.get(f"/findings/new?since={since}").text, "a plus sign may come as a space"
    assert "left yesterday" in browser.get("/findings/new?since=2026-11-15").text
    assert "Nothing new since then." in browser.get("/findings/new", params={"since": at.isoformat()}).text
    assert browser.get("/findings/new?since=nonsense").status_code == 200


def test_a_reason_on_file_is_written_down_from_the_finding(house: House) -> None:
    number = about(house, rule="privileged_without_reason")
    browser = visitor(house, SEC)
    assert "put the reason on file" in browser.get(f"/findings/{number}").text
    answer = browser.act(f"/findings/{number}/reason", {"reason": "runs the monthly export", "days": "30"})
    assert answer.status_code == 303
    assert browser.act(f"/findings/{number}/reason", {"reason": "x", "days": "30"}).status_code in (409, 422)
    with house.database.reading() as session:
        row = session.scalars(select(JustificationRow)).one()
        assert session.get_one(AccountRow, row.account_id).username == "bo@corp"
    assert "runs the monthly export" in browser.get(f"/findings/{number}").text


def owned(house: House, **given: Any) -> int:
    """An open finding that is Ada's to take care of; she is a reviewer and nothing else."""
    return about(house, owner=f"identity:{house.company.ada.id}", **given)


def test_an_owner_sees_their_own_findings_and_says_something_and_nothing_else(house: House) -> None:
    mine, cause = owned(house, because="Bo left lately", cause="one story"), {"cause": "one story"}
    others = about(house, because="somebody else's to know", subject="account:4711", **cause)
    ada = visitor(house, "ada")
    for path in ("/findings?owner=me", "/findings", "/findings?status=all", "/findings?owner=role:it_security"):
        assert "somebody else&#39;s to know" not in ada.get(path).text
    queue, page = ada.get("/findings?owner=me").text, ada.get(f"/findings/{mine}").text
    assert "1 finding matches" in queue
    assert "0 findings match" in ada.get("/findings?owner=role:it_security").text
    assert "Bo left lately" in queue
    assert "Bo left lately" in page
    for closed in ("/systems/", "/people/", "/removals/", "/findings/new", f"/findings/{others}"):
        assert f'href="{closed}' not in queue + page, "no way leads to what is not theirs"
    assert ada.act(f"/findings/{mine}/comments", {"comment": "He is gone, take it away."}).status_code == 303
    assert "He is gone, take it away." in visitor(house, SEC).get(f"/findings/{mine}").text
    assert ada.get(f"/findings/{others}").status_code == 403
    assert ada.get("/findings/999999").status_code == 403, "nor do they learn which there are"
    assert ada.act(f"/findings/{others}/comments", {"comment": "What is this one about?"}).status_code == 403
    for act, form in (("acknowledgement", {}), ("owner", {"owner": "me"}), ("waiver", {"reason": "it is right so"})):
        assert ada.act(f"/findings/{mine}/{act}", form).status_code == 403
    assert ada.get(f"/findings/revocation?finding={mine}").status_code == 403


def test_an_owner_who_comes_by_a_link_from_a_message_signs_in_first(house: House) -> None:
    mine = owned(house)
    by_link = visitor(house, "ada", way="link", campaign=house.campaign.id)
    assert by_link.get("/findings").status_code == 403
    assert by_link.get(f"/findings/{mine}").status_code == 403
