"""A reviewer's way: the list by person, answers one at a time or together, the submission, and what others see of it."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import select, update

from app.actors.actor import SCHEDULER
from app.inventory.tables import SnapshotRow
from app.remediation import stops
from app.remediation.tables import RemediationRow
from app.review import silences
from app.review.tables import CampaignRow, CampaignSnapshotRow, ItemRow, TaskRow
from tests import make
from tests.app.api.house import House, removal_of
from tests.app.console.visiting import Visitor, visitor


def _at(house: House, item: ItemRow) -> str:
    with house.database.reading() as session:
        return f"{item.id}:{session.get_one(ItemRow, item.id).version}"


def _mighty(house: House) -> ItemRow:
    return house.items[f"grant:{house.company.mighty.id}"]


def _account(house: House) -> ItemRow:
    return house.items[f"account:{house.company.account.id}"]


def _answer(browser: Visitor, house: House, **fields: object) -> tuple[int, str]:
    answer = browser.act(f"/reviews/{house.campaign.id}/answers", fields)
    return answer.status_code, answer.headers.get("location", answer.text)


def _outcome(house: House, item: ItemRow) -> str | None:
    with house.database.reading() as session:
        return session.get_one(ItemRow, item.id).outcome


def test_a_share_is_shown_by_person_with_the_facts_in_words(shown_house: House) -> None:
    page = visitor(shown_house, "ada").get(f"/reviews/{shown_house.campaign.id}")
    assert page.status_code == 200
    assert page.text.count('<section class="person"') == 1
    assert "Rep, Sales" in page.text
    assert "reports to Ada" in page.text
    assert "Can take data out in bulk" in page.text
    assert "Used within 30 days" in page.text
    assert "entitlement" not in page.text.lower()


def test_nobody_sees_anothers_share_but_those_who_see_all(shown_house: House) -> None:
    path = f"/reviews/{shown_house.campaign.id}"
    assert visitor(shown_house, "eve").get(path).status_code == 404
    theirs = f"{path}?reviewer={shown_house.company.ada.id}"
    assert visitor(shown_house, "eve").get(theirs).status_code == 404
    looking = visitor(shown_house, "auditor").get(theirs)
    assert "You are looking on." in looking.text
    assert 'name="keep"' not in looking.text
    item = f"{path}/items/{shown_house.plain.id}"
    assert visitor(shown_house, "eve").get(item).status_code == 404
    assert visitor(shown_house, "ada").get(item).status_code == 200
    assert visitor(shown_house, "ada").get(f"/reviews/999/items/{shown_house.plain.id}").status_code == 404


def test_an_answer_is_a_plain_form_and_leads_back_to_its_row(house: House) -> None:
    ada = visitor(house, "ada")
    status, where = _answer(ada, house, keep=_at(house, house.plain))
    assert (status, where) == (303, f"/reviews/{house.campaign.id}#item-{house.plain.id}")
    assert _outcome(house, house.plain) == "keep"
    assert "1 kept." in ada.get(f"/reviews/{house.campaign.id}").text
    assert "1 kept." not in ada.get(f"/reviews/{house.campaign.id}").text  # said once


def test_removing_needs_a_reason_of_its_own(house: House) -> None:
    ada, at = visitor(house, "ada"), _at(house, house.plain)
    status, told = _answer(ada, house, remove=at, **{f"why-{_mighty(house).id}": "not this one's"})
    assert status == 422
    assert "needs a reason" in told
    assert _answer(ada, house, remove=at, **{f"why-{house.plain.id}": "left the team"})[0] == 303
    assert _outcome(house, house.plain) == "remove"


def test_whoever_comes_second_is_told_who_was_first_and_what_they_said(house: House) -> None:
    ada, at = visitor(house, "ada"), _at(house, house.plain)
    _answer(ada, house, remove=at, **{f"why-{house.plain.id}": "left"})
    status, told = _answer(ada, house, keep=at)
    assert status == 412
    assert "Ada said" in told
    assert "remove" in told
    assert _outcome(house, house.plain) == "remove"
    piece = ada.act(f"/reviews/{house.campaign.id}/answers", {"keep": at}, headers={"HX-Request": "true"})
    assert piece.status_code == 412
    assert "<html" not in piece.text
    assert f'id="item-{house.plain.id}"' in piece.text
    assert "Ada said" in piece.text


def test_unusual_items_are_never_answered_together(house: House) -> None:
    ada = visitor(house, "ada")
    both = f"{_at(house, house.plain)} {_at(house, _mighty(house))}"
    assert _answer(ada, house, keep=both)[0] == 422
    chosen = {"many": "keep", "chosen": both.split(), "reason": "all fine"}
    assert _answer(ada, house, **chosen)[0] == 422
    assert (_outcome(house, house.plain), _outcome(house, _mighty(house))) == (None, "remove")


LAST = {"answer": "keep", "campaign": "Before", "closed": "2026-07-01", "silent": False, "imported": False}
FOUND = {"rule": "r", "severity": "high", "because": "left 9 days ago"}
ALONE: dict[str, dict[str, object]] = {  # what is changed of an ordinary item, and it is decided alone
    "privileged": {},
    "new": {"last": None},
    "outside the bundle": {"model": {"name": "Rep", "number": 3, "bundle": 1}, "in_model": False},
    "temporary": {"how": {"until": "2027-01-01"}},
    "an outlier": {"peers": {"held": 1, "of": 9}},
    "with a finding": {"findings": [FOUND]},
}


def _reviewed_before(house: House) -> None:
    """A whole review of its system has closed, so that what was not in it is new."""
    with house.database.transaction() as session:
        opened = house.campaign.opened_at
        before = CampaignRow(
            name="Before", status="closed", scope={}, opened_at=opened, opened_by="x", due_at=opened, closed_at=opened
        )
        session.add(before)
        session.flush()
        frozen = session.scalars(
            select(CampaignSnapshotRow).where(CampaignSnapshotRow.campaign_id == house.campaign.id)
        )
        for each in frozen.all():
            session.add(
                CampaignSnapshotRow(campaign_id=before.id, system_id=each.system_id, snapshot_id=each.snapshot_id)
            )


def test_the_one_button_never_covers_what_is_to_be_decided_alone(house: House) -> None:
    ada = visitor(house, "ada")
    _reviewed_before(house)
    for why, other in {"nothing": {}, **ALONE}.items():
        with house.database.transaction() as session:
            for ordinary in (house.plain, _account(house)):
                item = session.get_one(ItemRow, ordinary.id)
                item.shown = ordinary.shown | {"last": LAST} | (other if ordinary is house.plain else {})
                item.privileged = ordinary is house.plain and why == "privileged"
        page = ada.get(f"/reviews/{house.campaign.id}").text
        (together,) = re.findall(r'<button name="together" value="([^"]+)"', page)
        covered = {int(each.partition(":")[0]) for each in together.split()}
        if why == "nothing":
            assert covered == {house.plain.id, _account(house).id}
            continue
        assert covered == {_account(house).id}, why
        for form in ({"together": _at(house, house.plain)}, {"together": f"{together} {_at(house, house.plain)}"}):
            assert _answer(ada, house, **form)[0] == 422, why
        assert (_outcome(house, house.plain), _outcome(house, _account(house))) == (None, None), why


def test_what_another_review_takes_away_already_is_said_where_it_is_asked_about(house: House) -> None:
    ada, said = visitor(house, "ada"), "being taken away already"
    paths = [f"/reviews/{house.campaign.id}", f"/reviews/{house.campaign.id}/items/{house.plain.id}"]
    with house.database.transaction() as session:
        of_this = removal_of(session, house.campaign.id, house.company.system.id)
        of_this.subject = house.plain.subject
    assert not [path for path in paths if said in ada.get(path).text], (
        "its own review's removal follows from the answer"
    )
    _reviewed_before(house)
    with house.database.transaction() as session:
        before = session.scalars(select(CampaignRow.id).where(CampaignRow.name == "Before")).one()
        gone = removal_of(session, before, house.company.system.id)
        gone.subject = house.plain.subject
        number = gone.id
    for path in paths:
        page = ada.get(path).text
        assert page.count(said) == 1
        assert "Before decided so; its removal: " in page
    for status in ("undone", "verified"):
        with house.database.transaction() as session:
            row = session.get_one(RemediationRow, number)
            row.status, row.verified_snapshot_id = status, session.scalars(select(SnapshotRow.id)).first()
        assert not [path for path in paths if said in ada.get(path).text], status


def test_to_keep_against_a_serious_finding_the_row_asks_why(house: House) -> None:
    ada, field = visitor(house, "ada"), f'name="why-{house.plain.id}" placeholder="Why (needed)" aria-label="Why, for'
    button = f'value="{_at(house, house.plain)}" data-key="a"'
    page = ada.get(f"/reviews/{house.campaign.id}").text
    assert field not in page
    assert f"{button}>Keep" in page
    with house.database.transaction() as session:
        session.get_one(ItemRow, house.plain.id).shown = house.plain.shown | {"findings": [FOUND]}
    for path in ("", f"/items/{house.plain.id}"):
        page = ada.get(f"/reviews/{house.campaign.id}{path}").text
        assert field in page
        assert f"{button} data-needs-why>Keep" in page
    status, told = _answer(ada, house, keep=_at(house, house.plain))
    assert status == 422
    assert "to keep it against a finding of high severity needs a reason" in told
    why = {f"why-{house.plain.id}": "asked her"}
    assert _answer(ada, house, keep=_at(house, house.plain), **why)[0] == 303
    assert _outcome(house, house.plain) == "keep"


def test_the_ordinary_ones_of_a_person_are_kept_with_one_answer(house: House) -> None:
    ada = visitor(house, "ada")
    page = ada.get(f"/reviews/{house.campaign.id}").text
    (together,) = re.findall(r'<button name="together" value="([^"]+)" data-key="a">Keep all', page)
    assert len(together.split()) == 2
    assert _answer(ada, house, together=together)[0] == 303
    assert (_outcome(house, house.plain), _outcome(house, _account(house))) == ("keep", "keep")


def test_what_was_chosen_is_removed_together_with_one_reason(house: House) -> None:
    chosen = [_at(house, house.plain), _at(house, _account(house))]
    fields = {"many": "remove", "chosen": chosen, "reason": "the team is gone"}
    assert _answer(visitor(house, "ada"), house, **fields)[0] == 303
    assert (_outcome(house, house.plain), _outcome(house, _account(house))) == ("remove", "remove")


def test_somebody_elses_items_are_not_there(house: House) -> None:
    assert _answer(visitor(house, "eve"), house, keep=_at(house, house.plain))[0] == 404
    assert _answer(visitor(house, "boss"), house, keep=_at(house, house.plain))[0] == 404
    assert _outcome(house, house.plain) is None


def test_what_is_no_choice_of_ours_changes_nothing(house: House) -> None:
    ada = visitor(house, "ada")
    for fields in ({"keep": "1"}, {"keep": "x:y"}, {"many": "keep"}, {}, {"many": "burn", "chosen": "1:1"}):
        assert _answer(ada, house, **fields)[0] == 422, fields


def test_what_is_decided_on_without_a_holder_is_looked_over_by_its_own_name(house: House) -> None:
    with house.database.transaction() as session:
        item = session.scalars(select(ItemRow).where(ItemRow.privileged)).one()
        item.shown = {name: told for name, told in item.shown.items() if name != "who"}  # as a definition is shown
    page = visitor(house, "ada").get(f"/reviews/{house.campaign.id}/submission")
    assert page.status_code == 200
    assert "You take away:" in page.text
    story = visitor(house, "ada").get(f"/reviews/{house.campaign.id}/items/{item.id}").text
    assert "Nobody:" not in story.partition("<main")[2]
    assert "<h2>Who</h2>" not in story, "no heading without anything under it"


def test_submitting_says_before_what_will_happen_and_after_what_was_decided(house: House) -> None:
    ada, path = visitor(house, "ada"), f"/reviews/{house.campaign.id}/submission"
    early = ada.get(path)
    assert "disabled" in early.text
    assert "2 of your items have no answer yet." in early.text
    assert "Removals are stopped everywhere" not in early.text
    assert ada.act(path).status_code == 409
    _answer(ada, house, keep=_at(house, house.plain))
    _answer(ada, house, keep=_at(house, _account(house)))
    page = ada.get(path).text
    assert "2 kept, 1 to be removed" in page
    assert "Sales org: 1 removal" in page
    assert "by hand" in page  # the system is read-only
    assert "read-only for this kind of act" in page
    assert "You take away:" in page
    with house.database.transaction() as session:
        stops.pull(session, "the wrong people", by=make.ADMIN, at=make.NOW)
    assert "Removals are stopped everywhere" in ada.get(path).text
    done = ada.act(path)
    assert (done.status_code, done.headers["location"]) == (303, f"/reviews/{house.campaign.id}")
    told = ada.get(f"/reviews/{house.campaign.id}").text
    assert "Submitted. 2 kept, 1 to be removed." in told
    assert 'name="keep"' not in told
    assert _answer(ada, house, keep=_at(house, house.plain))[0] == 409
    with house.database.reading() as session:
        assert session.scalars(select(TaskRow.status)).one() == "submitted"


def test_an_items_story_tells_what_was_said_and_why(shown_house: House) -> None:
    page = visitor(shown_house, "ada").get(f"/reviews/{shown_house.campaign.id}/items/{_mighty(shown_house).id}").text
    for said in ("privileged", "moved on", "To be removed", "can take data out in bulk", "reports to", "Reports to"):
        assert said in page or said == "reports to", said
    assert "Used within 30 days" in page


def test_an_item_is_handed_on_to_somebody_of_the_roster(house: House) -> None:
    ada, path = visitor(house, "ada"), f"/reviews/{house.campaign.id}/items/{house.plain.id}/handover"
    assert ada.act(path, {"to": "nobody@example.com", "reason": "away"}).status_code == 422
    assert ada.act(path, {"to": house.company.bo.key, "reason": "his own"}).status_code == 403
    assert ada.act(path, {"to": house.company.cy.key, "reason": "knows the system"}).status_code == 303
    assert visitor(house, "eve").act(path, {"to": house.company.cy.key, "reason": "x"}).status_code == 404
    assert ada.get(f"/reviews/{house.campaign.id}/items/{house.plain.id}").status_code == 404


def test_an_answer_is_taken_back_until_it_is_submitted(house: House) -> None:
    ada = visitor(house, "ada")
    assert "Take it back" not in ada.get(f"/reviews/{house.campaign.id}/items/{house.plain.id}").text
    _answer(ada, house, keep=_at(house, house.plain))
    assert "Take it back" in ada.get(f"/reviews/{house.campaign.id}/items/{house.plain.id}").text
    seen = _at(house, house.plain)
    status, there = _answer(ada, house, withdraw=seen, **{f"why-{house.plain.id}": "typed and not meant"})
    assert (status, there) == (303, f"/reviews/{house.campaign.id}#item-{house.plain.id}")
    assert _outcome(house, house.plain) is None
    page = ada.get(f"/reviews/{house.campaign.id}/items/{house.plain.id}").text
    assert "Taken back" in page
    assert "typed and not meant" not in page
    assert _answer(ada, house, withdraw=_at(house, house.plain))[0] == 409
    assert _answer(visitor(house, "eve"), house, withdraw=_at(house, house.plain))[0] == 404


def test_what_went_on_unanswered_is_said_on_both_shares_and_on_the_reviews_page(house: House) -> None:
    """Whoever did not answer finds neither an empty list that blames a search, nor a button that submits nothing."""
    with house.database.transaction() as session:
        row = session.merge(house.campaign)
        row.scope = row.scope | {"silence": {"answer": "remove", "escalate_after_days": 1}}
        session.merge(house.company.ada).manager_id = house.company.eve.id
        session.execute(update(ItemRow).values(outcome=None))
        session.flush()
        silences.escalate(session, row.id, by=SCHEDULER, at=house.means.clock() + timedelta(days=2))
    where = f"/reviews/{house.campaign.id}"
    gone = visitor(house, "ada").get(where).text
    assert re.search(
        r"What had no answer from you on <time[^>]*>[^<]*</time> went on to Eve, who decides on it now\.", gone
    )
    assert "Nothing is left to answer here." in gone
    assert ("Nobody here is called that" in gone, "/submission" in gone) == (False, False)
    assert re.search(
        r"3 items came to you on <time[^>]*>[^<]*</time>: Ada had not answered them\.",
        visitor(house, "eve").get(where).text,
    )
    told = visitor(house, "admin").get(f"/campaigns/{house.campaign.id}").text
    assert re.search(r"3 items without an answer went on to the reviewers’ managers on <time[^>]*>[^<]*</time>\.", told)
