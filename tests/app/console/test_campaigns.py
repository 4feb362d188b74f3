"""The rooms of those who run reviews: progress, drift, the ways to end one, and opening one that was looked at before."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select, update
from starlette.datastructures import QueryParams

from app.console import cursors, scoping
from app.console.doors import campaigns as campaign_pages
from app.inventory.tables import EntitlementRow, IdentityRow
from app.ledger.tables import EntryRow
from app.notices import subscriptions
from app.notices.tables import ChannelRow, DeliveryRow
from app.review import campaigns, decisions, rounds
from app.review.tables import CampaignRow, DriftRow, ItemRow, RoundRow, TaskRow
from tests import make
from tests.app.api.house import NOW, House
from tests.app.console.visiting import visitor
from tests.app.review import cast

OPENING = {
    "name": "Extra", "systems": ["Sales org"], "kinds": ["grant", "account"], "fallback": "fay", "second": "cy",
    "due_days": "7",
}  # fmt: skip


def _count(house: House, row: type) -> int:
    with house.database.reading() as session:
        return session.scalar(select(func.count()).select_from(row)) or 0


def _status(house: House) -> str:
    with house.database.reading() as session:
        return session.get_one(CampaignRow, house.campaign.id).status


def test_the_progress_names_who_is_not_done(shown_house: House) -> None:
    page = visitor(shown_house, "boss").get(f"/campaigns/{shown_house.campaign.id}").text
    assert "Reviewers: 1 of 1 not done" in page
    assert "Hand a share on" in page
    auditor = visitor(shown_house, "auditor").get(f"/campaigns/{shown_house.campaign.id}").text
    assert "Hand a share on" not in auditor
    assert 'href="/campaigns/new"' not in visitor(shown_house, "auditor").get("/campaigns").text


def test_a_narrower_review_says_what_it_does_not_ask_about_beside_the_last_one(house: House) -> None:
    with house.database.transaction() as session:
        last = cast.opened(session, name="Last")
        campaigns.close(session, last.id, unanswered="remove", by=make.ADMIN, at=NOW)
        small = cast.opened(session, name="Small", scope={"kinds": ["account"]})
    page = visitor(house, "admin").get(f"/campaigns/{small.id}").text
    told = r"0 items new, 0 no longer there, [1-9] not asked about in this one, 0 answered otherwise than then"
    assert re.search(told, page)
    assert "nothing of it was answered then" in page


def test_attention_is_told_on_the_page_where_it_is_switched_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    path, admin = f"/campaigns/{house.campaign.id}", visitor(house, "admin")
    assert "How attentively" not in admin.get(path).text
    with house.database.transaction() as session:
        row = session.merge(house.campaign)
        row.scope = row.scope | {"attention": {"percent": 10, "ask": ["owner"]}}
    few = "Fewer than 5 people decided"
    assert few in admin.get(path).text
    monkeypatch.setattr(campaign_pages, "AT_ONCE", 0)
    large = admin.get(path).text
    assert few not in large
    assert f'href="{path}?attention=yes"' in large
    assert few in admin.get(f"{path}?attention=yes").text


def test_a_preview_says_what_would_be_opened_and_leaves_nothing_behind(house: House) -> None:
    admin = visitor(house, "admin")
    before = (_count(house, CampaignRow), _count(house, EntryRow), _count(house, TaskRow))
    page = admin.act("/campaigns/new", OPENING | {"go": "look"})
    assert page.status_code == 200, page.text
    assert "It would ask 2 reviewers about 3 items." in page.text
    assert (_count(house, CampaignRow), _count(house, EntryRow), _count(house, TaskRow)) == before


def test_what_was_looked_at_is_opened(house: House) -> None:
    admin = visitor(house, "admin")
    looked = re.search(r'name="seen" value="([0-9a-f]{64})"', admin.act("/campaigns/new", OPENING).text)
    assert looked
    seen = {"go": "open", "seen": looked[1]}
    for unseen in ({"go": "open"}, seen | {"due_days": "9"}):
        refused = admin.act("/campaigns/new", OPENING | unseen)
        assert refused.status_code == 409
        assert "not what you looked at" in refused.text
    opened = admin.act("/campaigns/new", OPENING | seen)
    assert opened.status_code == 303, opened.text
    assert "Extra" in visitor(house, "admin").get(opened.headers["location"]).text


def test_a_slip_in_the_scope_is_said_and_what_was_typed_stays(shown_house: House) -> None:
    page = visitor(shown_house, "admin").act("/campaigns/new", OPENING | {"fallback": "nobody@example.com"})
    assert page.status_code == 422
    assert "Nobody in the roster is called" in page.text
    assert 'value="nobody@example.com"' in page.text
    assert "Open the review" not in page.text


def test_closing_says_before_what_no_answer_would_come_to(house: House) -> None:
    boss, path = visitor(house, "boss"), f"/campaigns/{house.campaign.id}/closure"
    page = boss.get(path).text
    assert "2 without an answer" in page
    assert "Closing cannot be taken back" in page
    assert page.count("read-only for these kinds of act (deactivate, remove grant)") == page.count("read-only") == 1
    assert "1 account, 1 access right." in page
    assert boss.act(path).status_code == 409
    assert boss.act(path, {"unanswered": "remove"}).status_code == 409  # privileged drift is decided first
    assert boss.act(f"/campaigns/{house.campaign.id}/drift").status_code == 303
    with house.database.transaction() as session:
        session.execute(update(DriftRow).values(answer="keep"))
    seen = {"seen": re.search(r'name="seen" value="([0-9a-f]{64})"', boss.get(path).text)[1]}  # type: ignore[index]
    assert boss.act(path, {"unanswered": "remove", "seen": "0" * 64}).status_code == 412
    closed = boss.act(path, {"unanswered": "remove"} | seen)
    assert closed.status_code == 303, closed.text
    assert _status(house) == "closed"
    page = boss.get(f"/campaigns/{house.campaign.id}").text
    assert ("is closed" in page, "not submitted" in page, "answered, not submitted" in page) == (True, True, False)


def test_a_second_round_and_a_rule_for_silence_are_set_up_and_shown(house: House) -> None:
    admin = visitor(house, "admin")
    more = {
        "silence": "owner: remove", "escalate_after": "9", "escalate_to": "manager", "rounds_shown": "yes",
        "round_ask": "person", "round_who": "cy", "round_where": "privileged", "round_days": "5", "outcome": "any_removal",
    }  # fmt: skip
    page = admin.act("/campaigns/new", OPENING | more).text
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', page)
    assert seen is not None, page
    opened = admin.act("/campaigns/new", OPENING | more | {"go": "open", "seen": seen[1]})
    assert opened.status_code == 303, opened.text
    with house.database.reading() as session:
        scope = session.scalars(select(CampaignRow).order_by(CampaignRow.id.desc())).first().scope  # type: ignore[union-attr]
    assert scope["silence"] == {
        "answer": "owner", "afterwards": "remove", "owner_days": 7, "escalate_after_days": 9, "escalate_to": "manager",
    }  # fmt: skip
    assert scope["then"] == [{"name": "Second", "ask": [{"person": "cy"}], "where": "privileged", "due_days": 5}]
    assert scope["outcome"] == "any_removal"
    path = opened.headers["location"]
    assert "not begun" in admin.get(path).text
    assert admin.act(f"{path}/rounds").status_code == 409  # nobody has submitted yet
    shown = scoping.shown(scope)
    assert more.items() - {("rounds_shown", "yes")} <= shown_texts(shown)
    assert scoping.shown(scope | {"then": scope["then"] * 2})["more_rounds"] == "yes"


def test_who_is_asked_and_a_second_look_are_set_up_and_shown(house: House) -> None:
    admin = visitor(house, "admin")
    more = {
        "granters": "bar",
        "security_owner": "Fay", "reviewers_shown": "yes", "reviewers": "privileged -> Cy, owner\n-> manager, owner",
        "attention_shown": "yes", "attention_percent": "10", "attention_ask": "person", "attention_who": "flo",
        "attention_days": "5",
    }  # fmt: skip
    for slip in (
        {"reviewers": "privileged"},
        {"reviewers": "-> Nobody Known"},
        {"attention_percent": "many"},
        {"granters": "some"},
    ):
        assert admin.act("/campaigns/new", OPENING | more | slip).status_code == 422
    typed = scoping.given(QueryParams(more | {"systems": "a", "kinds": "grant", "silence": "remove"}))
    assert scoping.given(QueryParams(scoping.query(typed))) == typed, "whoever answers for it sees the same review"
    page = admin.act("/campaigns/new", OPENING | more).text
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', page)
    assert seen is not None, page
    assert "privileged -&gt; Cy, owner" in page, "what was typed stays"
    opened = admin.act("/campaigns/new", OPENING | more | {"go": "open", "seen": seen[1]})
    assert opened.status_code == 303, opened.text
    with house.database.reading() as session:
        scope = session.scalars(select(CampaignRow).order_by(CampaignRow.id.desc())).first().scope  # type: ignore[union-attr]
    assert scope["security_owner"] == "fay"
    assert scope["reviewers"] == [
        {"where": "privileged", "ask": [{"person": "cy"}, "owner"]}, {"ask": ["manager", "owner"]},
    ]  # fmt: skip
    assert scope["attention"] == {
        "percent": 10, "ask": [{"person": "flo"}], "due_days": 5, "fast_seconds": 5, "bulk": 20,
    }  # fmt: skip
    shown = scoping.shown(scope)
    assert (shown["security_owner"], shown["reviewers"]) == ("fay", "privileged -> cy, owner\n-> manager, owner")
    assert (scope["granters"], shown["granters"]) == ("bar", "bar")
    assert (shown["attention_percent"], shown["attention_ask"], shown["attention_who"]) == ("10", "person", "flo")
    assert scoping.shown(scope | {"attention": scope["attention"] | {"bulk": 5}})["more_attention"] == "yes"
    assert scoping.shown(scope | {"reviewers": [{"ask": [{"group": ["cy"]}]}]})["more_reviewers"] == "yes"


def shown_texts(shown: dict[str, object]) -> set[tuple[str, object]]:
    """What a form shows again, but for its lists."""
    return {(name, value) for name, value in shown.items() if isinstance(value, str)}


def test_what_nobody_answered_goes_to_the_owner_at_a_click(house: House) -> None:
    boss, path = visitor(house, "boss"), f"/campaigns/{house.campaign.id}"
    page = boss.get(f"{path}/closure").text
    assert "Sales org: 2" in page
    assert "Cy would get up to 2" in page
    assert boss.act(f"{path}/silence", {"to": "owner", "reason": " "}).status_code == 422
    assert boss.act(f"{path}/silence", {"to": "owner", "reason": "two weeks"}).status_code == 303
    assert "2 items are somebody else" in boss.get(path).text
    assert "Ask the owners first" not in boss.get(f"{path}/closure").text


def test_a_review_is_cancelled_with_a_reason(house: House) -> None:
    boss, path = visitor(house, "boss"), f"/campaigns/{house.campaign.id}/cancellation"
    assert boss.act(path, {"reason": " "}).status_code == 422
    assert boss.act(path, {"reason": "wrong scope"}).status_code == 303
    assert _status(house) == "cancelled"


def test_a_share_is_handed_on_and_what_was_submitted_is_opened_again_by_an_administrator(house: House) -> None:
    boss, path = visitor(house, "boss"), f"/campaigns/{house.campaign.id}"
    whose = {"whose": house.company.ada.key}
    assert boss.act(f"{path}/reopening", whose | {"reason": "x"}).status_code == 409  # nothing was submitted
    given = boss.act(f"{path}/handover", whose | {"to": house.company.cy.key, "reason": "away"})
    assert given.status_code == 303, given.text
    assert visitor(house, "ada").get(f"/reviews/{house.campaign.id}/items/{house.plain.id}").status_code == 404


def test_drift_is_listed_and_belongs_to_its_review(house: House) -> None:
    boss, path = visitor(house, "boss"), f"/campaigns/{house.campaign.id}/drift"
    assert "privileged" in boss.get(path).text
    with house.database.transaction() as session:
        session.get_one(EntitlementRow, house.company.role.id).privileges = ["export"]
    assert boss.act(path).status_code == 303
    page = boss.get(path).text
    assert "what holding it brings: <strong>came</strong> can take data out in bulk" in page
    with house.database.reading() as session:
        changed = session.scalars(select(DriftRow.id).where(DriftRow.change == "changed")).one()
    closing = boss.get(f"/campaigns/{house.campaign.id}/closure").text
    assert re.search(r"\d privileged changes came up meanwhile and have no decision", closing)
    said = {"answer": "remove", "reason": "nobody asked for it"}
    assert boss.act(f"{path}/{changed}", said | _seen(page, changed)).status_code == 303
    page = boss.get(path).text
    told = re.search(r">To be changed back</span> <q>nobody asked for it</q> <small>Flo, <time", page)
    assert told is not None, "what becomes of it, by whom and when"
    with house.database.transaction() as session:
        session.get_one(EntitlementRow, house.company.role.id).privileges = ["export", "develop"]
    boss.act(path)
    page = boss.get(path).text
    assert "changed again" in page
    assert "It changed once more since, so it is asked again." in page
    assert ">To be changed back</button>" in page
    stale = boss.act(f"{path}/{changed}", said | {"version": "1"})
    assert (stale.status_code, "contains something else than you saw" in stale.text) == (412, True)
    assert boss.act(f"{path}/{changed}", said | _seen(page, changed)).status_code == 303
    other = f"/campaigns/{house.campaign.id + 1}/drift/{house.drift.id}"
    assert boss.act(other, {"answer": "keep", "reason": "seen"}).status_code == 404


def test_the_page_for_closing_does_not_say_that_what_a_round_before_kept_is_removed(house: House) -> None:
    ada = house.company.actor(house.company.ada)
    with house.database.transaction() as session:
        then = [{"name": "Owners", "ask": ["owner"], "where": "privileged", "due_days": 7}]
        campaign = cast.opened(session, scope={"kinds": ["grant"], "then": then}, name="Twice")
        for item in cast.items(session, campaign).values():
            decisions.record(session, item.id, "keep", reason="seen", by=ada, at=NOW)
        cast.submit(session, campaign, ada)
        rounds.go_on(session, campaign.id, by=make.ADMIN, at=NOW)
    page = visitor(house, "boss").get(f"/campaigns/{campaign.id}/closure").text
    assert "Each of them was answered in a round before, and what was said then stands: 1 stays, 0 go." in page
    assert (">Close on the answers of before</button>" in page, "without an answer</button>" in page) == (True, False)


def test_whom_a_review_waits_for_is_said_to_be_some_of_them_where_there_are_more(house: House) -> None:
    with house.database.transaction() as session:
        for _ in range(5):
            make.account(session, house.company.system, identity_id=house.company.bo.id, matched_by="email")
        campaign = cast.opened(session, scope={"kinds": ["account"]}, name="Wide")
        for number, item in enumerate(cast.items(session, campaign).values()):
            person = make.identity(session, f"Reviewer {number}")
            task = TaskRow(campaign_id=campaign.id, reviewer_id=person.id, status="open", version=1)
            session.add(task)
            session.flush()
            item.task_id = task.id
    boss = visitor(house, "boss")
    assert "It waits most of all for Reviewer" in boss.get(f"/campaigns/{campaign.id}").text
    assert "It waits for Ada" in boss.get(f"/campaigns/{house.campaign.id}").text


def test_each_change_is_told_by_what_it_allows(house: House) -> None:
    path = f"/campaigns/{house.campaign.id}/drift"
    with house.database.transaction() as session:
        session.get_one(EntitlementRow, house.company.role.id).privileges = ["export", "develop"]
        token = {
            "what": {"kind": "oauth_token", "label": "Badge printer", "integration": "Badge printer"},
            "system": "Org",
        }
        row = DriftRow(
            campaign_id=house.campaign.id, subject="credential:9", change="began", privileged=True, shown=token
        )
        session.add(row)
    visitor(house, "boss").act(path)
    page = visitor(house, "boss").get(path).text
    told = page.partition("what holding it brings")[0]
    assert "1 account has it · can run own code inside the CRM, can take data out in bulk" in told
    assert page.count("Badge printer") == 1
    nobody = visitor(house, "admin").get(path).text  # an administrator whom the roster does not know
    assert (nobody.count("You are no person whom the roster knows"), "drift/" in nobody) == (1, False)


def test_who_holds_what_drifted_is_told_so_and_has_no_form_where_the_review_bars_it(house: House) -> None:
    boss, path = visitor(house, "boss"), f"/campaigns/{house.campaign.id}/drift"
    with house.database.transaction() as session:
        role = session.get_one(EntitlementRow, house.company.role.id)
        role.privileges = ["export"]
        flo = make.account(session, house.company.system, identity_id=house.company.flo.id, username="flo@corp")
        make.grant(session, flo, role, began=NOW)
    boss.act(path)
    row = boss.get(path).text.partition("what holding it brings")
    assert ("holds it themselves" in row[0], "<form" in row[2].partition("</div></div>")[0]) == (True, True)
    with house.database.transaction() as session:
        campaign = session.get_one(CampaignRow, house.campaign.id)
        campaign.scope = campaign.scope | {"holders": "bar"}
    row = boss.get(path).text.partition("what holding it brings")
    answer = row[2].partition("</div></div>")[0]
    assert ("<form" in answer, "this review bars those who hold what they decide on" in answer) == (False, True)


def _seen(page: str, drift: int) -> dict[str, str]:
    """What the form of one row sends of what it showed."""
    form = page.partition(f'/drift/{drift}"')[2].partition("</form>")[0]
    found = re.search(r'name="version" value="(\d+)"', form)
    assert found is not None
    return {"version": found[1]}


# --- reminding, and lists that are longer than a page ---


def _tells_reviewers(house: House) -> None:
    with house.database.transaction() as session:
        row = session.get_one(ChannelRow, house.channel.id)
        subscriptions.add(
            session, row, events=["review.due", "review.overdue"], recipient="concerned", by=make.ADMIN, at=NOW
        )


def test_who_is_not_done_is_reminded_with_one_click(house: House) -> None:
    admin, path = visitor(house, "admin"), f"/campaigns/{house.campaign.id}"
    page = admin.get(path).text
    assert "No channel tells reviewers." in page
    refused = admin.act(f"{path}/reminders")
    assert (refused.status_code, "Add a channel under Settings, Channels" in refused.text) == (409, True)
    _tells_reviewers(house)
    assert "Remind who is not done (1)" in admin.get(path).text
    said = admin.act(f"{path}/reminders")
    assert said.status_code == 303
    assert "1 of 1 who are not done are reminded" in admin.get(path).text
    page = admin.get(path).text
    assert re.search(r"<button disabled>Remind who is not done", page), (
        "the button says beforehand that all of them heard"
    )
    assert "heard of this review within a day" in page
    assert 'name="again"' in page, "one of them can be reminded all the same"
    again = admin.act(f"{path}/reminders")
    assert (again.status_code, "heard of this review within a day" in again.text) == (409, True)
    ada = {"whom": "ada", "again": "yes"}
    assert admin.act(f"{path}/reminders", ada).status_code == 303
    with house.database.reading() as session:
        whom = select(DeliveryRow.whom).where(DeliveryRow.event == "review.due")
        assert session.scalars(whom).all() == [f"identity:{house.company.ada.id}"] * 2
    assert "Remind who is not done" not in visitor(house, "auditor").get(path).text


def test_an_admin_hands_one_item_of_anybodys_on_and_comes_back_to_the_share(house: House) -> None:
    boss = visitor(house, "admin")
    path = f"/reviews/{house.campaign.id}/items/{house.plain.id}"
    assert "Hand it on" in boss.get(path).text
    assert "Hand it on" not in visitor(house, "auditor").get(path).text
    done = boss.act(f"{path}/handover", {"to": "fay", "reason": "knows the north better"})
    assert done.status_code == 303
    assert done.headers["location"] == f"/reviews/{house.campaign.id}?reviewer={house.company.ada.id}"
    wrong = boss.act(f"/reviews/999/items/{house.plain.id}/handover", {"to": "fay", "reason": "x"})
    assert wrong.status_code == 404


def test_a_list_in_hand_comes_in_pages_that_leave_nothing_out() -> None:
    rows = list(range(1, 8))
    seen, after, pages = [], "", 0
    while True:
        some, more, later = cursors.part(rows, lambda row: row, after, 3)
        seen += some
        assert later == (pages > 0)
        pages += 1
        if more is None:
            break
        after = more
    assert (seen, pages) == (rows, 3)
    gone = cursors.make([99])
    assert gone is not None
    assert cursors.part(rows, lambda row: row, gone, 3)[0] == [1, 2, 3]


def test_more_reviews_than_a_page_holds_are_on_the_next(house: House) -> None:
    with house.database.transaction() as session:
        row = {column.name: getattr(house.campaign, column.name) for column in CampaignRow.__table__.columns}
        session.add_all(
            CampaignRow(**(row | {"id": house.campaign.id + n, "name": f"Former {n}", "slot": None}))
            for n in range(1, 101)
        )
    first = visitor(house, "admin").get("/campaigns").text
    assert (first.count("<tr data-row"), f'href="/campaigns/{house.campaign.id}"' in first) == (100, False)
    more = re.search(r'href="(/campaigns\?after=[^"]+)" rel="next"', first)
    assert more is not None
    second = visitor(house, "admin").get(more[1]).text
    assert (second.count("<tr data-row"), f'href="/campaigns/{house.campaign.id}"' in second) == (1, True)
    assert "Back to the beginning" in second


def test_two_thousand_reviewers_fit_on_a_page_and_each_is_reached_by_name(house: House) -> None:
    item = {column.name: getattr(house.plain, column.name) for column in ItemRow.__table__.columns}
    one = {"kind": "person", "engagement": "employee", "began": NOW}
    numbers = range(50_000, 52_000)
    with house.database.transaction() as session:
        names = {n: f"Reviewer {n}" for n in numbers} | {51_998: "Reviewer 51999"}
        people = [one | {"id": n, "key": f"many-{n}", "name": name} for n, name in names.items()]
        session.execute(insert(IdentityRow), people)
        tasks = [{"id": n, "reviewer_id": n, "campaign_id": house.campaign.id} for n in numbers]
        session.execute(insert(TaskRow), tasks)
        items = [item | {"id": n, "task_id": n, "subject": f"grant:{n}"} for n in numbers]
        session.execute(insert(ItemRow), items)
    boss, path = visitor(house, "boss"), f"/campaigns/{house.campaign.id}"
    page = boss.get(path).text
    assert len(page.encode()) < 150_000
    assert ("Reviewer 50050" in page, "Reviewer 51500" in page) == (True, False)
    assert '<option value="Reviewer 50050">' in page
    form = {"to": "fay", "reason": "away"}
    several = boss.act(f"{path}/handover", form | {"whose": "Reviewer 51999"})
    assert (several.status_code, "many-51998" in several.text, "many-51999" in several.text) == (422, True, True)
    assert boss.act(f"{path}/handover", form | {"whose": "Reviewer"}).status_code == 422
    assert boss.act(f"{path}/handover", form | {"whose": "many-51999"}).status_code == 303
    assert boss.act(f"{path}/handover", form | {"whose": "reviewer 51500 "}).status_code == 303
    with house.database.reading() as session:
        gone = select(ItemRow.task_id).where(ItemRow.id.in_((51_500, 51_998, 51_999))).order_by(ItemRow.id)
        moved = [task in numbers for task in session.scalars(gone)]
    assert moved == [False, True, False], "the namesake keeps theirs"


def test_a_review_whose_next_round_waits_for_a_name_says_so_and_asks_for_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    yesterday = (house.means.clock() - timedelta(days=1)).date()
    with house.database.transaction() as session:
        row = session.merge(house.campaign)
        row.scope = row.scope | {"second_fallback": None, "then": [{"name": "Again", "ask": ["manager"]}]}
        for number, status in ((1, "open"), (2, "planned")):
            session.add(RoundRow(campaign_id=row.id, number=number, name=f"Round {number}", status=status))
        session.execute(update(ItemRow).values(outcome="keep"))
        session.execute(update(TaskRow).values(status="submitted"))
        session.execute(update(IdentityRow).where(IdentityRow.key.in_(("flo", "fay"))).values(end=yesterday))
    page, home = (visitor(house, "admin").get(path).text for path in (f"/campaigns/{house.campaign.id}", "/"))
    assert "The next round does not begin by itself." in page
    assert "nobody is left who may decide" in page
    assert "It begins by itself once" not in page
    assert "The next round of Q4 is to begin" in home
    assert "Q4 can be closed" not in home
    with monkeypatch.context() as patch:
        patch.setattr(campaign_pages, "AT_ONCE", 0)
        path = f"/campaigns/{house.campaign.id}"
        large, asked = (visitor(house, "admin").get(each).text for each in (path, f"{path}?attention=yes"))
    assert ("does not begin by itself" in large, "unless somebody has to be named first" in large) == (False, True)
    assert "does not begin by itself" in asked
    share = visitor(house, "ada").get(f"/reviews/{house.campaign.id}").text
    assert ("answers will do" in share, "It is in its round" in share) == (True, False)
    with house.database.transaction() as session:
        session.merge(house.campaign).round = 2
        session.execute(update(ItemRow).where(ItemRow.id == house.plain.id).values(outcome=None))
    share = visitor(house, "ada").get(f"/reviews/{house.campaign.id}").text
    assert ("answers will do" in share, "It is in its round 2: what you answered before stands" in share) == (
        False,
        True,
    )
