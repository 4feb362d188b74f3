"""What the errands do that run unasked, each written to be repeated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import select

from app import jobs
from app.actors import actors, failures, links, sessions
from app.actors.actor import Actor, Role
from app.actors.tables import FailedEntryRow, LinkRow, SessionRow
from app.detection import findings
from app.detection.judgement import Judgement
from app.detection.rule import Fails, Severity
from app.detection.tables import FindingRow, RunRow
from app.inventory.tables import AccountChangeRow, AccountRow, IdentityRow, MoveRow, SystemRow
from app.kit.db import Database
from app.ledger.kinds import Kind
from app.notices import channels, subscriptions
from app.notices.events import FOR_REVIEWERS
from app.notices.policy import ChannelStatus
from app.notices.tables import ChannelRow, DeliveryRow
from app.remediation import stops, undoings
from app.remediation.tables import RemediationRow
from app.review import campaigns, schedules
from app.review import queries as reviews
from app.review.tables import CampaignRow, ItemRow, TaskRow
from connectors.records import Stream
from tests import make
from tests.app.review import cast
from tests.app.running import Here, Installation, idle_account
from tests.fake_connector import World

PEOPLE = "id,emails,name,manager,start,end\n1,bo@example.com,Bo,,2020-01-01,\n2,ada@example.com,Ada,,2020-01-01,\n"


@pytest.fixture
def house(database: Database, tmp_path: Path) -> Installation:
    return Installation(database, tmp_path / "home", make.NOW)


# --- reading ---


def test_a_reading_that_is_done_again_is_the_same_reading(house: Installation) -> None:
    system, world = house.connect(idle_account(house.now))
    first = jobs.read_system(house.means, Here("one"), {"system": system.id})
    served = list(world.served)
    assert jobs.read_system(house.means, Here("one"), {"system": system.id}) == first
    assert (house.sealed(system), world.served) == (1, served)


def test_every_system_is_asked_for_a_reading(house: Installation) -> None:
    numbers = {house.connect()[0].id, house.connect()[0].id}
    assert jobs.read_all(house.means, Here(), {}) == {"asked": 2}
    assert {entry.body["system"] for entry in house.told(Kind.SYNC_REQUESTED)} == numbers


# --- detecting ---


def read(house: Installation, *systems: int) -> None:
    for number in systems:
        jobs.read_system(house.means, Here(f"{number} at {house.now}"), {"system": number})


def test_the_rules_are_asked_of_the_system_that_was_read(house: Installation) -> None:
    one, two = (house.connect(idle_account(house.now))[0] for _ in range(2))
    read(house, one.id, two.id)
    assert jobs.detect(house.means, Here(), {"system": one.id}).keys() == {str(one.id)}
    assert house.count(FindingRow, FindingRow.system_id == one.id) > 0
    assert house.count(FindingRow, FindingRow.system_id == two.id) == 0


def test_a_rosters_reading_touches_every_system(house: Installation) -> None:
    one, two = (house.connect(idle_account(house.now))[0] for _ in range(2))
    read(house, one.id, two.id)
    roster = house.roster(PEOPLE)
    read(house, roster.id)
    assert house.count(AccountRow, AccountRow.identity_id.is_not(None)) == 0
    assert jobs.detect(house.means, Here(), {"system": roster.id}).keys() == {str(one.id), str(two.id)}
    assert house.count(AccountRow, AccountRow.identity_id.is_not(None)) == 2
    assert house.count(RunRow, RunRow.system_id == roster.id) == 0


def test_a_second_reading_asks_about_what_it_touched_and_the_clock_about_all(house: Installation) -> None:
    system, _ = house.connect(idle_account(house.now))
    for payload, narrowed in (({"snapshot": 1}, 0), ({"snapshot": 2}, 1), ({}, 1), ({"snapshot": 3}, 2)):
        house.later(hours=3)
        read(house, system.id)
        jobs.detect(house.means, Here(), {"system": system.id} | payload)
        for source in ("detection", "review"):  # the rules, and what people hold beside their role models
            assert house.count(RunRow, RunRow.narrowed, RunRow.source == source) == narrowed
    house.later(hours=24)
    told = jobs.detect(house.means, Here(), {"system": system.id, "snapshot": 3})
    assert told[str(system.id)]["because"] == "the last pass over all was more than a day ago"
    assert house.count(RunRow, RunRow.narrowed) == 4


def test_a_system_that_was_never_read_is_not_judged(house: Installation) -> None:
    system, _ = house.connect(idle_account(house.now))
    assert jobs.detect(house.means, Here(), {}) == {str(system.id): {"skipped": "never read"}}


def test_what_people_hold_is_held_against_role_models_after_a_reading_and_once_a_model_changed(
    house: Installation,
) -> None:
    with house.database.transaction() as session:
        system = cast.company(session).system.id
    beside = (RunRow.system_id == system, RunRow.source == "review")
    jobs.detect(house.means, Here(), {"system": system})
    assert house.count(RunRow, *beside) == 1
    assert jobs.judge_models(house.means, Here(), {}) == {"judged": 1}
    assert house.count(RunRow, *beside) == 2
    for kind in (Kind.BUNDLE_APPROVED, Kind.BUNDLE_REVISED, Kind.BUNDLE_RETIRED):
        assert jobs.FOLLOWS[kind] == ("judge_models",)


# --- reviews by the quarter ---


def quarterly(house: Installation, *, day: int = 46, by: Actor = make.ADMIN) -> None:
    """A schedule that has existed since the quarter began; day 46 of the fourth is 15 November, 9:00."""
    with house.database.transaction() as session:
        schedules.add(
            session, name="Quarterly", zone="UTC", scope=cast.SCOPE, opens_on_day=day, opens_at_hour=9, by=by,
            at=datetime(2026, 10, 1, tzinfo=UTC),
        )  # fmt: skip


def test_a_quarter_that_was_missed_starts_on_return_and_says_so(house: Installation) -> None:
    quarterly(house)
    with house.database.transaction() as session:
        cast.company(session)
    assert jobs.open_due_campaigns(house.means, Here(), {}) == {"opened": ["Quarterly 2026-Q4"], "waiting": {}}
    (opened,) = house.told(Kind.CAMPAIGN_OPENED)
    assert opened.body["late_minutes"] == 24 * 60
    assert opened.body["planned_at"].startswith("2026-11-15T09:00")
    assert jobs.open_due_campaigns(house.means, Here(), {}) == {"opened": [], "waiting": {}}
    assert house.count(CampaignRow) == 1


def test_whoever_set_the_schedule_up_decides_in_none_of_its_reviews(house: Installation) -> None:
    with house.database.transaction() as session:
        company = cast.company(session)
    quarterly(house, by=company.actor(company.ada, Role.ADMIN))  # Bo's manager
    jobs.open_due_campaigns(house.means, Here(), {})
    with house.database.reading() as session:
        assert session.scalars(select(CampaignRow)).one().configurer_id == company.ada.id
        assert set(session.scalars(select(TaskRow.reviewer_id))) == {company.cy.id}


def _second_reading(house: Installation) -> tuple[int, dict[str, str]]:
    """A reading that shows a new administrator, a new integration, a move, and access that outlived its end."""
    with house.database.transaction() as session:
        company = cast.company(session, read_at=house.now - timedelta(days=1))
        reading = make.snapshot(session, company.system, at=house.now)
        admin = make.entitlement(session, company.system, privileges=["administer"], began=house.now)
        mighty = make.grant(session, company.account, admin, began=house.now)
        make.privilege(session, company.account, admin)
        app = make.integration(session, company.system, began=house.now)
        company.plain.until = house.now - timedelta(hours=1)
        mover = make.account(session, company.system, identity_id=company.eve.id, matched_by="email")
        moved = make.grant(session, mover, company.role)
        session.add(
            AccountChangeRow(
                account_id=mover.id, snapshot_id=reading.id, field="department", before="Sales", after="IT"
            )
        )
        expected = {"administrator": f"grant:{mighty.id}", "integration": f"integration:{app.id}",
                    "moved": f"grant:{moved.id}", "outlived": f"grant:{company.plain.id}"}  # fmt: skip
        return company.system.id, expected


def test_what_a_reading_shows_opens_small_reviews_and_never_twice_for_one_cause(house: Installation) -> None:
    quarterly(house, day=60)
    system, expected = _second_reading(house)
    told = jobs.open_small_reviews(house.means, Here(), {"system": system})
    assert (len(told["opened"]), told["waiting"]) == (4, {})
    with house.database.reading() as session:
        items = session.execute(select(CampaignRow.slot, ItemRow.subject).join(ItemRow)).all()
        assert {slot.split(":")[1]: subject for slot, subject in items} == expected
        assert len(items) == 4
        assert {row.due_at for row in session.scalars(select(CampaignRow))} == {house.now + timedelta(days=7)}
    sealed = {"system": system, "run": "a reading's own"}  # as the ledger tells of a reading
    assert jobs.open_small_reviews(house.means, Here("again"), sealed) == {"opened": [], "waiting": {}}
    house.later(hours=20)
    with house.database.transaction() as session:  # a reading that shows nothing new
        make.snapshot(session, session.get_one(SystemRow, system), at=house.now)
    assert jobs.open_small_reviews(house.means, Here("later"), {"system": system}) == {"opened": [], "waiting": {}}
    assert "open_small_reviews" in jobs.FOLLOWS[Kind.SNAPSHOT_SEALED]


def _moved(house: Installation, roster: SystemRow, person: IdentityRow, *fields: str) -> int:
    """A reading of the roster that shows somebody's title, department or manager changed; gives the roster."""
    with house.database.transaction() as session:
        reading = make.snapshot(session, roster, streams={"people": "complete"}, at=house.now)
        cast.count_people(session, reading.id, 6)
        for field in fields:
            session.add(MoveRow(identity_id=person.id, snapshot_id=reading.id, field=field))
    return roster.id


def test_a_move_that_only_the_roster_shows_opens_a_small_review_in_each_crm_and_the_crms_echo_none(
    house: Installation,
) -> None:
    quarterly(house, day=60)
    with house.database.transaction() as session:
        company = cast.company(session, read_at=house.now - timedelta(days=1))
        other = make.system(session, name="Marketing", owner_key="cy")
        make.snapshot(session, other, at=house.now - timedelta(days=1))
        role = make.entitlement(session, other)
        there = make.grant(session, make.account(session, other, identity_id=company.bo.id), role)
        make.grant(session, make.account(session, other, identity_id=company.bo.id, kind="service"), role)
        unread = make.system(session, name="Unread")
        make.grant(session, make.account(session, unread, identity_id=company.bo.id), role)
    roster = _moved(house, company.roster, company.bo, "department")
    with house.database.transaction() as session:
        make.snapshot(session, unread, at=house.now + timedelta(minutes=1))  # connected since: there all is new
    told = jobs.open_small_reviews(house.means, Here(), {"system": roster})
    assert [name.split(",")[0] for name in told["opened"]] == [
        "Somebody moved in Sales org", "Somebody moved in Marketing"
    ]  # fmt: skip
    assert told["waiting"] == {}
    with house.database.reading() as session:
        assert set(session.scalars(select(ItemRow.subject))) == {
            f"grant:{each.id}" for each in (company.plain, company.mighty, there)
        }
    nothing = {"opened": [], "waiting": {}}
    assert jobs.open_small_reviews(house.means, Here("again"), {"system": roster}) == nothing
    house.later(hours=2)
    with house.database.transaction() as session:
        make.snapshot(session, other, at=house.now)
        reading = make.snapshot(session, company.system, at=house.now)
        change = {"field": "department", "before": "Sales", "after": "IT"}
        session.add(AccountChangeRow(account_id=company.account.id, snapshot_id=reading.id, **change))
    assert jobs.open_small_reviews(house.means, Here("echo"), {"system": company.system.id}) == nothing
    roster = _moved(house, company.roster, company.bo, "title")
    assert len(jobs.open_small_reviews(house.means, Here("next"), {"system": roster})["opened"]) == 2


def test_a_move_that_the_roster_shows_after_the_crm_is_the_same(house: Installation) -> None:
    quarterly(house, day=60)
    _second_reading(house)
    with house.database.reading() as session:
        system = session.scalars(select(SystemRow).where(SystemRow.name == "Sales org")).one().id
        roster = session.scalars(select(SystemRow).where(SystemRow.kind == "roster")).one()
        eve = session.scalars(select(IdentityRow).where(IdentityRow.key == "eve")).one()
    assert len(jobs.open_small_reviews(house.means, Here(), {"system": system})["opened"]) == 4
    house.later(hours=2)
    _moved(house, roster, eve, "department", "manager")
    assert jobs.open_small_reviews(house.means, Here("echo"), {"system": roster.id}) == {"opened": [], "waiting": {}}


def test_a_move_that_could_not_be_reviewed_at_once_is_tried_again_with_the_crms_next_reading(
    house: Installation,
) -> None:
    with house.database.transaction() as session:
        company = cast.company(session, read_at=house.now - timedelta(days=1))
    roster = _moved(house, company.roster, company.bo, "manager")
    told = jobs.open_small_reviews(house.means, Here(), {"system": roster})
    assert set(told["waiting"].values()) == {"no schedule"}
    quarterly(house, day=60)
    told = jobs.open_small_reviews(house.means, Here("crm"), {"system": company.system.id})
    assert len(told["opened"]) == 1


def _exported(house: Installation, *accounts: AccountRow, of: int) -> str:
    """A run of the rules that finds a mass export by each of these accounts, and by no others; gives its entry's run."""
    said = Fails("25 exports in 7 days")
    judged = [
        Judgement("mass_export", f"account:{each.id}", Severity.HIGH, said, account_id=each.id) for each in accounts
    ]
    with house.database.transaction() as session:
        findings.reconcile(
            session, "detection", judged, rules=["mass_export"], system_id=of, by=make.ADMIN, at=house.later(minutes=5)
        )
    return str(house.told(Kind.DETECTION_RAN)[-1].body["run"])


def test_a_mass_export_opens_one_small_review_about_who_did_it_and_what_they_export_by(house: Installation) -> None:
    quarterly(house, day=60)
    with house.database.transaction() as session:
        company = cast.company(session)
        make.privilege(session, company.account, company.boss, "export")
        make.privilege(session, company.account, company.role, "administer")
        other = make.account(session, company.system, identity_id=company.eve.id, matched_by="email")
        system, expected = company.system.id, {f"account:{company.account.id}", f"grant:{company.mighty.id}"}
    first, nothing = _exported(house, other, of=system), {"opened": [], "waiting": {}}
    assert jobs.open_small_reviews(house.means, Here("first"), {"run": first}) == nothing  # all was there before
    run = _exported(house, company.account, other, of=system)
    told = jobs.open_small_reviews(house.means, Here(), {"run": run})
    assert (len(told["opened"]), told["waiting"]) == (1, {})
    assert told["opened"][0].startswith("Many exports in Sales org")
    with house.database.reading() as session:
        assert set(session.scalars(select(ItemRow.subject))) == expected
    assert jobs.open_small_reviews(house.means, Here("again"), {"system": system}) == nothing
    _exported(house, of=system)  # it comes and goes with the days
    run = _exported(house, company.account, of=system)
    assert jobs.open_small_reviews(house.means, Here("later"), {"run": run}) == nothing
    _exported(house, of=system)
    house.later(days=15)
    with house.database.transaction() as session:
        make.snapshot(session, session.get_one(SystemRow, system), at=house.now)
        roster = session.get_one(SystemRow, company.roster.id)
        people = make.snapshot(session, roster, streams={"people": "complete"}, at=house.now)
        cast.count_people(session, people.id, 6)
    run = _exported(house, company.account, of=system)
    assert len(jobs.open_small_reviews(house.means, Here("new"), {"run": run})["opened"]) == 1
    assert jobs.open_small_reviews(house.means, Here("once"), {"run": run}) == nothing
    assert "open_small_reviews" in jobs.FOLLOWS[Kind.DETECTION_RAN]
    with house.database.transaction() as session:
        findings.reconcile(session, "else", [], rules=[], system_id=None, by=make.ADMIN, at=house.now)
    run = str(house.told(Kind.DETECTION_RAN)[-1].body["run"])
    assert jobs.open_small_reviews(house.means, Here("none"), {"run": run}) == nothing


def test_a_small_review_that_cannot_open_is_tried_again_with_the_next_reading(house: Installation) -> None:
    system, _ = _second_reading(house)
    told = jobs.open_small_reviews(house.means, Here(), {"system": system})
    assert set(told["waiting"].values()) == {"no schedule"}
    quarterly(house, day=60)
    assert len(jobs.open_small_reviews(house.means, Here("again"), {"system": system})["opened"]) == 4


def test_a_small_review_does_not_make_everything_else_new(house: Installation) -> None:
    quarterly(house, day=60)
    system, _ = _second_reading(house)
    jobs.open_small_reviews(house.means, Here(), {"system": system})
    with house.database.transaction() as session:
        for row in session.scalars(select(CampaignRow)).all():
            campaigns.close(session, row.id, unanswered="remove", by=make.ADMIN, at=house.now)
        assert reviews.previous(session, [system]) == {}


def test_a_first_reading_calls_for_no_small_review(house: Installation) -> None:
    quarterly(house, day=60)
    with house.database.transaction() as session:
        company = cast.company(session)
        make.grant(session, company.account, company.boss, source="more", began=house.now)
        make.privilege(session, company.account, company.boss)
    assert jobs.open_small_reviews(house.means, Here(), {"system": company.system.id})["opened"] == []


def test_nothing_opens_before_its_day(house: Installation) -> None:
    quarterly(house, day=60)
    with house.database.transaction() as session:
        cast.company(session)
    assert jobs.open_due_campaigns(house.means, Here(), {}) == {"opened": [], "waiting": {}}


def test_a_review_that_cannot_open_waits_with_its_reason_and_asks_for_readings_once_an_hour(
    house: Installation,
) -> None:
    quarterly(house)
    with house.database.transaction() as session:
        company = cast.company(session, streams={"accounts": "complete", "grants": "incomplete"})
    house.later(hours=2)
    told = jobs.open_due_campaigns(house.means, Here(), {})
    assert told["opened"] == []
    assert "Sales org" in told["waiting"]["Quarterly:2026-Q4"]
    asked = {entry.subject for entry in house.told(Kind.SYNC_REQUESTED)}
    assert asked == {f"system:{company.roster.id}", f"system:{company.system.id}"}
    for _ in range(3):  # nobody has begun to read yet
        house.later(minutes=15)
        jobs.open_due_campaigns(house.means, Here(), {})
    assert len(house.told(Kind.SYNC_REQUESTED)) == 2
    house.later(minutes=20)
    jobs.open_due_campaigns(house.means, Here(), {})
    assert len(house.told(Kind.SYNC_REQUESTED)) == 4


@pytest.mark.parametrize(
    ("status", "age", "asked"),
    [
        ("sealed", timedelta(minutes=59), 0),
        ("sealed", timedelta(minutes=61), 1),
        ("failed", timedelta(minutes=59), 0),
        ("reading", timedelta(hours=23), 0),  # a long one goes on
        ("reading", timedelta(hours=25), 1),  # given up
    ],
)
def test_no_reading_is_asked_for_while_one_goes_on_or_is_fresh(
    house: Installation, status: str, age: timedelta, asked: int
) -> None:
    quarterly(house)
    system, _ = house.connect()
    with house.database.transaction() as session:
        began = house.now - age
        sealed_at = began if status == "sealed" else None
        make.snapshot(session, system, at=began, status=status, sealed_at=sealed_at, streams={"accounts": "incomplete"})
    assert jobs.open_due_campaigns(house.means, Here(), {})["waiting"]
    assert len(house.told(Kind.SYNC_REQUESTED)) == asked


# --- removals ---


def closed_review(house: Installation, username: str) -> int:
    """A review that is over, in which an account was to go."""
    with house.database.transaction() as session:
        account = session.scalars(select(AccountRow).where(AccountRow.username == username)).one()
        campaign = CampaignRow(
            name="Q4", status="closed", scope={}, opened_at=house.now, opened_by="admin", due_at=house.now,
            closed_at=house.now, closed_by="admin",
        )  # fmt: skip
        session.add(campaign)
        session.flush()
        task = TaskRow(campaign_id=campaign.id, reviewer_id=make.identity(session, "Ada").id)
        session.add(task)
        session.flush()
        item = ItemRow(
            campaign_id=campaign.id, task_id=task.id, kind="account", subject=f"account:{account.id}",
            system_id=account.system_id, account_id=account.id, chosen_by="manager", privileged=False, risk=1, shown={},
            outcome="remove",
        )  # fmt: skip
        session.add(item)
    return campaign.id


def status(house: Installation) -> str:
    with house.database.reading() as session:
        return session.scalars(select(RemediationRow.status)).one()


@pytest.fixture
def leaving(house: Installation) -> tuple[Installation, World, int]:
    """One of two accounts is to go, and nothing was done about it yet."""
    system, world = house.connect(idle_account(house.now), idle_account(house.now, "cy"))
    read(house, system.id)
    campaign = closed_review(house, "bo@example.com")
    assert jobs.open_removals(house.means, Here(), {"campaign": campaign}) == {"systems": [system.id]}
    return house, world, system.id


def test_a_closed_reviews_removals_are_promised_once_and_asked_for(leaving: tuple[Installation, World, int]) -> None:
    house, _, system = leaving
    (asked,) = house.told(Kind.REMOVAL_REQUESTED)
    assert asked.body["system"] == system
    jobs.open_removals(house.means, Here(), {"campaign": asked.body["campaign"]})
    assert house.count(RemediationRow) == 1


def test_a_removal_asks_for_the_reading_that_proves_it(leaving: tuple[Installation, World, int]) -> None:
    house, world, system = leaving
    assert jobs.remove(house.means, Here(), {"system": system})["unproved"] == 1
    assert len(world.performed) == 1
    assert [entry.body["because"] for entry in house.told(Kind.SYNC_REQUESTED)] == ["prove removals"]
    assert status(house) == "acted"
    house.later(minutes=5)
    read(house, system)
    jobs.prove(house.means, Here(), {"snapshot": 2})
    assert status(house) == "verified"
    assert jobs.remove(house.means, Here(), {"system": system})["unproved"] == 0
    assert (len(world.performed), len(house.told(Kind.SYNC_REQUESTED))) == (1, 1)


def test_what_comes_back_while_it_is_watched_is_open_again_and_a_finding(
    leaving: tuple[Installation, World, int],
) -> None:
    house, world, system = leaving
    people = list(world.of(Stream.ACCOUNTS))
    jobs.remove(house.means, Here(), {"system": system})
    house.later(minutes=5)
    read(house, system)
    jobs.prove(house.means, Here(), {"snapshot": 2})
    runs = len(house.told(Kind.DETECTION_RAN))
    assert house.count(FindingRow, FindingRow.source == "remediation") == 0
    world.records[Stream.ACCOUNTS] = people
    house.later(days=house.means.settings.removal_watch_days - 1)
    read(house, system)
    assert jobs.prove(house.means, Here(), {"snapshot": 3})["returned"] == 1
    jobs.prove(house.means, Here(), {"snapshot": 3})
    assert status(house) == "returned"
    assert house.count(FindingRow, FindingRow.source == "remediation", FindingRow.status == "open") == 1
    assert len(house.told(Kind.DETECTION_RAN)) == runs + 1, "a return is told once, and nothing else is"


def test_a_return_is_no_finding_any_more_once_the_removal_was_undone(leaving: tuple[Installation, World, int]) -> None:
    house, world, system = leaving
    people = list(world.of(Stream.ACCOUNTS))
    jobs.remove(house.means, Here(), {"system": system})
    for back in (False, True):
        house.later(minutes=5)
        world.records[Stream.ACCOUNTS] = people if back else world.of(Stream.ACCOUNTS)
        read(house, system)
        jobs.prove(house.means, Here(), {"snapshot": 3 if back else 2})
    assert house.count(FindingRow, FindingRow.source == "remediation", FindingRow.status == "open") == 1
    with house.database.transaction() as session:
        row = session.scalars(select(RemediationRow)).one()
        undoings.undo(session, row, "needed after all", by=make.ADMIN, at=house.later(minutes=5))
    (undone,) = house.told(Kind.REMEDIATION_UNDONE)
    assert jobs.FOLLOWS[Kind.REMEDIATION_UNDONE] == ("prove",)
    jobs.prove(house.means, Here(), undone.body)
    assert house.count(FindingRow, FindingRow.source == "remediation", FindingRow.status == "open") == 0


def test_the_lane_is_sent_on_the_day_on_which_access_ends(leaving: tuple[Installation, World, int]) -> None:
    house, _, system = leaving
    with house.database.transaction() as session:
        row = session.scalars(select(RemediationRow)).one()
        row.wish, row.until = "time_box", house.now + timedelta(days=3)
    asked = len(house.told(Kind.REMOVAL_REQUESTED))
    assert jobs.end_access(house.means, Here(), {}) == {"systems": [], "taken_up": []}
    house.later(days=3)
    assert jobs.end_access(house.means, Here(), {}) == {"systems": [system], "taken_up": []}
    assert len(house.told(Kind.REMOVAL_REQUESTED)) == asked + 1


@pytest.mark.parametrize("way", ["a file", "a setting"])
def test_the_kill_switch_holds_removals_until_it_is_gone(leaving: tuple[Installation, World, int], way: str) -> None:
    house, world, system = leaving
    house.home.mkdir(exist_ok=True)
    file = house.home / "STOP"
    if way == "a file":
        file.touch()
    else:
        house.given["stop_removals"] = True
    assert jobs.remove(house.means, Here(), {"system": system})["held"] == 1
    assert (world.performed, status(house), house.told(Kind.SYNC_REQUESTED)) == ([], "open", [])
    file.unlink(missing_ok=True)
    house.given.clear()
    jobs.remove(house.means, Here(), {"system": system})
    assert (len(world.performed), status(house)) == (1, "acted")


def test_what_holds_removals_is_over_and_each_lane_is_sent_to_work_once(
    leaving: tuple[Installation, World, int],
) -> None:
    house, world, system = leaving
    boss = Actor("boss", "the boss", frozenset({Role.ADMIN}), way="token")
    with house.database.transaction() as session:
        stops.pull(session, "something is wrong", by=boss, at=house.now)
    assert jobs.remove(house.means, Here(), {"system": system})["held"] == 1
    assert jobs.wake_lanes(house.means, Here(), {}) == {"systems": []}
    with house.database.transaction() as session:
        stops.end(session, "it was a false alarm", by=boss, at=house.now)
    assert jobs.wake_lanes(house.means, Here(), {}) == {"systems": [system]}
    assert jobs.wake_lanes(house.means, Here(), {}) == {"systems": []}
    asked = [entry.body for entry in house.told(Kind.REMOVAL_REQUESTED)]
    assert [body["system"] for body in asked if body.get("because") == "what held removals is over"] == [system]
    jobs.remove(house.means, Here(), {"system": system})
    assert (len(world.performed), status(house)) == (1, "acted")


def test_what_lets_removals_go_on_sends_their_lane_to_work() -> None:
    for kind, job in {
        Kind.REMOVALS_RESUMED: "wake_lanes", Kind.REMOVALS_RELEASED: "remove", Kind.LANE_CHANGED: "remove",
    }.items():  # fmt: skip
        assert jobs.FOLLOWS[kind] == (job,)


def test_the_settings_hold_a_run_until_two_people_or_the_hours_let_it_go(
    leaving: tuple[Installation, World, int],
) -> None:
    house, world, system = leaving
    house.given["release_above"] = 0
    assert jobs.remove(house.means, Here(), {"system": system})["held"] == 1
    house.given |= {"release_above": 1, "removal_hours": "Sun 03:00-04:00"}
    assert jobs.remove(house.means, Here(), {"system": system})["held"] == 1
    house.given |= {"removal_hours": "", "removal_left_out": f"{house.now.date()}"}
    assert jobs.remove(house.means, Here(), {"system": system})["held"] == 1
    assert world.performed == []


# --- letting go ---


def test_sign_ins_are_forgotten_when_their_days_are_over(house: Installation) -> None:
    house.given["login_retention_days"] = 30
    with house.database.transaction() as session:
        bo = make.account(session, make.system(session))
        for days in (29, 31):
            make.login(session, bo, at=house.now - timedelta(days=days))
            make.session(session, bo, began=house.now - timedelta(days=days + 60))
    assert jobs.forget(house.means, Here(), {}) == {"sign_ins": 1, "sessions": 1}
    assert jobs.forget(house.means, Here(), {}) == {"sign_ins": 0, "sessions": 0}
    assert [entry.body["sessions"] for entry in house.told(Kind.SESSIONS_FORGOTTEN)] == [1]


def test_ways_in_that_are_over_are_forgotten_after_a_month_and_failed_tries_after_a_day(house: Installation) -> None:
    limits, left = sessions.Limits(timedelta(hours=2), timedelta(hours=12)), (SessionRow, LinkRow, FailedEntryRow)
    with house.database.transaction() as session:
        ada = actors.make(session, "Ada", {Role.REVIEWER: None}, by=make.ADMIN, at=house.now)
        for days in (0, 40):
            then = house.now - timedelta(days=days)
            sessions.begin(session, ada, way="oidc", entry=bytes([days]) * 32, limits=limits, at=then)
            links.invite(session, ada, by=make.ADMIN, at=then)
            failures.note(session, bytes(16), f"guess {days}", None, at=then)
    jobs.forget(house.means, Here(), {})
    with house.database.reading() as session:
        assert [len(session.scalars(select(row)).all()) for row in left] == [1, 1, 1]


# --- notices ---


def outbox(house: Installation, name: str = "outbox") -> ChannelRow:
    """A folder to which everything concerned is written."""
    with house.database.transaction() as session:
        row, _ = channels.add(
            session, name=name, kind="file", config={}, secret={}, keys=house.means.keys, by=make.ADMIN, at=house.now
        )
        subscriptions.add(session, row, events=FOR_REVIEWERS, recipient="concerned", by=make.ADMIN, at=house.now)
    return row


def review(house: Installation) -> None:
    with house.database.transaction() as session:
        cast.company(session)
        cast.opened(session, at=house.now)


def mails(house: Installation) -> list[str]:
    return [path.read_text() for path in sorted((house.home / "outbox").glob("*.eml"))]


def test_what_happened_is_told_and_sent_once(house: Installation) -> None:
    outbox(house)
    review(house)
    assert jobs.tell(house.means, Here(), {}) == {"made": 1}  # also what has no number yet
    assert jobs.tell(house.means, Here(), {}) == {"made": 0}
    assert jobs.send(house.means, Here(), {}) == {"delivered": 1}
    assert jobs.send(house.means, Here(), {}) == {}
    assert len(mails(house)) == 1


@pytest.mark.parametrize("issuer", ["", "https://login.example.com"])
def test_a_mail_lets_its_reader_in_only_where_there_is_no_provider(lone: Installation, issuer: str) -> None:
    lone.given |= {"oidc_issuer": issuer, "oidc_client_id": "rolecall", "oidc_roles": "admin=a"} if issuer else {}
    outbox(lone)
    review(lone)
    jobs.tell(lone.means, Here(), {})
    jobs.send(lone.means, Here(), {})
    (mail,) = mails(lone)
    assert ("/links/" in mail) is not bool(issuer)


def test_quiet_hours_are_those_of_the_settings(lone: Installation) -> None:
    lone.given |= {"quiet_from": "08:00", "quiet_until": "10:30", "time_zone": "Europe/Berlin"}  # it is ten there
    outbox(lone)
    review(lone)
    jobs.tell(lone.means, Here(), {})
    assert jobs.send(lone.means, Here(), {}) == {}
    lone.later(minutes=31)
    assert jobs.send(lone.means, Here(), {}) == {"delivered": 1}


def test_every_channel_in_use_is_tried_once_a_month(lone: Installation) -> None:
    outbox(lone)
    off = outbox(lone, "off")
    with lone.database.transaction() as session:
        channels.switch(session, session.get_one(ChannelRow, off.id), ChannelStatus.OFF, by=make.ADMIN, at=lone.now)
    assert jobs.try_channels(lone.means, Here(), {}) == {"tested": 1}
    assert jobs.send(lone.means, Here(), {}) == {"delivered": 1}
    (tick,) = (each for each in jobs.SCHEDULE if each.job == "try_channels")
    assert jobs.slot(tick, lone.now) != jobs.slot(tick, lone.now + timedelta(days=15))
    assert jobs.slot(tick, lone.now) == jobs.slot(tick, lone.now + timedelta(days=1))
    trigger = CronTrigger(timezone=UTC, **dict(each.split("=", 1) for each in tick.every.split()))
    first = trigger.get_next_fire_time(None, lone.now)
    assert trigger.get_next_fire_time(first, first + timedelta(seconds=1)) - first <= timedelta(days=31)
    assert "judge_channels" in jobs.FOLLOWS[Kind.CHANNEL_TESTED]  # a test that did not arrive is a finding at once


def test_the_log_of_messages_is_forgotten_when_its_days_are_over(lone: Installation) -> None:
    outbox(lone)
    review(lone)
    jobs.tell(lone.means, Here(), {})
    jobs.send(lone.means, Here(), {})
    lone.later(days=89)
    jobs.forget(lone.means, Here(), {})
    assert lone.count(DeliveryRow) == 1
    lone.later(days=2)
    jobs.forget(lone.means, Here(), {})
    assert lone.count(DeliveryRow) == 0


@pytest.fixture
def lone(make_database: Callable[[str], str], tmp_path: Path) -> Iterator[Installation]:
    """An installation on SQLite, for what the database has no part in."""
    database = Database(make_database("sqlite"), durable=False)
    yield Installation(database, tmp_path / "home", make.NOW)
    database.close()
