"""What is told, to whom, and when: once for each person and cause, to nobody who is done, and never by name."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event as events_of

from app.actors import actors
from app.actors.actor import Role
from app.detection import findings
from app.detection.judgement import Judgement
from app.detection.rule import Fails
from app.inventory.tables import SystemRow
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.notices import audiences, preferences, reminders, subscriptions, wording
from app.notices.audiences import Hours
from app.notices.events import EVENTS, FOR_OPERATORS, FOR_REVIEWERS, SUBSCRIBABLE, Event
from app.notices.tables import DeliveryRow, SubscriptionRow
from app.notices.timing import Quiet
from app.review import campaigns, decisions, rounds, silences, tasks
from app.review.tables import CampaignRow, ItemRow, TaskRow
from tests import make
from tests.app.notices.desk import Desk, both
from tests.app.review import cast

BERLIN = Quiet("Europe/Berlin", 20 * 60, 7 * 60)


def open_review(desk: Desk) -> tuple[cast.Company, CampaignRow]:
    """Bo's three items are Ada's to decide on; due in 21 days."""
    with desk.database.transaction() as session:
        company = cast.company(session)
        return company, cast.opened(session, at=desk.now)


def concerned(desk: Desk, **given: Any) -> None:
    desk.channel(recipient="concerned", events=FOR_REVIEWERS, **given)


def decide(desk: Desk, company: cast.Company, campaign: CampaignRow) -> None:
    with desk.database.transaction() as session:
        cast.decide_all(session, company, campaign)


def subjects(desk: Desk) -> list[str]:
    return [str(mail["Subject"]) for mail in desk.mails()]


def happened(desk: Desk, kind: Kind, subject: str, body: dict[str, Any]) -> None:
    with desk.database.transaction() as session:
        entries.record(session, Entry(kind, subject, body), by="worker", at=desk.now)


def told(desk: Desk, **given: Any) -> Counter[str]:
    """One turn of telling, by event."""
    return Counter(desk.tell().events)


# --- reviews ---


@both
def test_a_reviewer_hears_of_a_review_once_with_counts_a_date_and_a_link(desk: Desk) -> None:
    concerned(desk)
    _, campaign = open_review(desk)
    assert told(desk) == {"review.opened": 1}
    assert told(desk) == {}
    desk.send()
    (mail,) = desk.mails()
    assert mail["To"].startswith("ada-")
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "3 items to decide on, by 7 December 2026, 09:00 (UTC)." in text
    assert f"https://rolecall.example.com/reviews/{campaign.id}" in text


def test_nothing_that_happened_before_the_first_channel_is_told(desk: Desk) -> None:
    _, campaign = open_review(desk)
    desk.tell()
    concerned(desk)
    assert told(desk) == {}
    desk.now = campaign.due_at - timedelta(days=2)
    assert told(desk) == {"review.due": 1}  # it is pending all the same


def test_a_subscription_begins_when_it_was_made(desk: Desk) -> None:
    desk.channel(recipient="it@example.com", events=["channel.failed"])
    open_review(desk)
    desk.later(minutes=1)
    concerned(desk, name="late")
    assert told(desk) == {}


@both
def test_only_the_pending_are_reminded_and_at_the_last_turn_that_has_come(desk: Desk) -> None:
    concerned(desk)
    company, campaign = open_review(desk)
    desk.tell()
    due = campaign.due_at
    moments = {7: "Due in 7 days: Q4", 3: "Due in 3 days: Q4", 1: "Due in 1 day: Q4", 0: "Overdue: Q4"}
    for days, subject in moments.items():
        desk.now = due - timedelta(days=days)
        assert sum(told(desk).values()) == 1
        assert told(desk) == {}
        desk.send()
        assert subjects(desk)[-1] == subject
    decide(desk, company, campaign)
    desk.now = due + timedelta(days=20)
    assert told(desk) == {"review.submitted": 1}


def test_what_was_missed_while_nobody_worked_is_told_once_and_not_in_a_flood(desk: Desk) -> None:
    concerned(desk)
    _, campaign = open_review(desk)
    desk.tell()
    desk.now = campaign.due_at - timedelta(hours=20)
    assert told(desk) == {"review.due": 1}


def test_a_review_that_is_due_soon_from_the_start_is_not_reminded_of_at_once(desk: Desk) -> None:
    concerned(desk)
    with desk.database.transaction() as session:
        cast.company(session)
        cast.opened(session, due_at=desk.now + timedelta(days=3, hours=6))
    assert told(desk) == {"review.opened": 1}
    desk.later(days=2, hours=7)
    assert told(desk) == {"review.due": 1}


@both
def test_a_reminder_of_somebody_who_got_done_in_the_night_is_not_sent(desk: Desk) -> None:
    concerned(desk)
    company, campaign = open_review(desk)
    desk.tell()
    desk.send()
    desk.hours = Hours(BERLIN)
    desk.now = (campaign.due_at - timedelta(days=7)).replace(hour=22)
    assert told(desk) == {"review.due": 1}
    decide(desk, company, campaign)
    desk.later(hours=12)
    assert desk.send() == {}
    (row,) = desk.deliveries(DeliveryRow.event == "review.due")
    assert (row.status, len(desk.mails())) == ("dropped", 1)


def test_who_has_answered_everything_and_not_submitted_is_still_reminded(desk: Desk) -> None:
    concerned(desk)
    company, campaign = open_review(desk)
    desk.tell()
    with desk.database.transaction() as session:
        for item in cast.items(session, campaign).values():
            decisions.record(session, item.id, "keep", reason="seen", by=company.actor(company.ada), at=desk.now)
    desk.now = campaign.due_at - timedelta(days=1)
    assert told(desk) == {"review.due": 1}
    desk.send()
    text = desk.mails()[-1].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Everything is answered and not yet submitted; due by" in text


@both
def test_managers_and_admins_hear_of_what_stays_undone(desk: Desk) -> None:
    concerned(desk)
    desk.channel(name="it", recipient="it@example.com", events=["review.escalated"])
    company, campaign = open_review(desk)
    with desk.database.transaction() as session:
        boss = make.identity(session, "Zoe", emails=("zoe@example.com",))
        session.merge(company.ada).manager_id = boss.id
    desk.tell()
    desk.now = campaign.due_at + timedelta(days=3)
    assert told(desk) == {"review.overdue": 1, "review.escalated": 2}
    assert told(desk) == {}
    desk.send()
    mails = {str(mail["To"]): mail.get_body(("plain",)).get_content() for mail in desk.mails()}  # type: ignore[union-attr]
    assert (
        "1 reviewer among those who report to you is not done: 3 items without an answer." in mails["zoe@example.com"]
    )
    assert "1 reviewer is not done: 3 items without an answer." in mails["it@example.com"]


@both
def test_who_gets_items_from_another_hears_of_it(desk: Desk) -> None:
    concerned(desk)
    company, campaign = open_review(desk)
    desk.tell()
    with desk.database.transaction() as session:
        task = session.query(TaskRow).one()
        tasks.reassign(
            session, campaign.id, to_id=company.eve.id, reason="away", task=task.id, by=make.ADMIN, at=desk.now
        )
    assert told(desk) == {"review.given": 1}
    desk.send()
    assert [mail["To"].split("-")[0] for mail in desk.mails()] == ["eve"]  # Ada has nothing left to be asked


@both
def test_who_gets_what_nobody_answered_or_is_asked_in_another_round_hears_why(desk: Desk) -> None:
    concerned(desk)
    with desk.database.transaction() as session:
        company = cast.company(session)
        boss = make.identity(session, "Zoe", emails=("zoe@example.com",))
        company.ada.manager_id = boss.id
        scope = {
            "silence": {"answer": "remove", "escalate_after_days": 10},
            "then": [{"name": "IT security", "ask": [{"person": "cy"}]}],
        }
        campaign = cast.opened(session, scope=scope, at=desk.now)
    desk.tell()
    desk.later(days=10)
    with desk.database.transaction() as session:
        silences.escalate(session, campaign.id, by=make.ADMIN, at=desk.now)
    assert told(desk)["review.given"] == 1
    desk.send()
    desk.now = campaign.due_at + timedelta(hours=1)
    with desk.database.transaction() as session:
        rounds.go_on(session, campaign.id, by=make.ADMIN, at=desk.now)
    assert told(desk)["review.given"] == 1
    desk.send()
    mails = {str(mail["Subject"]): mail.get_body(("plain",)).get_content() for mail in desk.mails()}  # type: ignore[union-attr]
    assert "3 items handed on to you: nobody had answered them." in mails["Handed on: Q4"]
    assert "It has come to its next round, “IT security”" in mails["Another round: Q4"]
    assert "3 items to decide on by" in mails["Another round: Q4"]


def test_who_is_pending_hears_that_a_review_was_cancelled(desk: Desk) -> None:
    concerned(desk)
    _, campaign = open_review(desk)
    desk.tell()
    with desk.database.transaction() as session:
        campaigns.cancel(session, campaign.id, reason="a rehearsal", by=make.ADMIN, at=desk.now)
    assert told(desk) == {"review.cancelled": 1}


def test_who_watches_is_led_to_the_review_and_who_was_asked_to_their_share(desk: Desk) -> None:
    concerned(desk)
    desk.channel(name="watch", recipient="it@example.com", events=["review.cancelled"])
    _, campaign = open_review(desk)
    with desk.database.transaction() as session:
        campaigns.cancel(session, campaign.id, reason="a rehearsal", by=make.ADMIN, at=desk.now)
    desk.tell()
    rows = desk.deliveries(DeliveryRow.event == "review.cancelled")
    paths = {row.whom.partition(":")[0]: wording.word(row.event, row.facts).path for row in rows}
    assert paths == {"identity": f"/reviews/{campaign.id}", "subscription": f"/campaigns/{campaign.id}"}


def test_a_closed_review_is_told_with_its_answers(desk: Desk) -> None:
    desk.channel(recipient="it@example.com", events=["review.closed"])
    company, campaign = open_review(desk)
    decide(desk, company, campaign)
    with desk.database.transaction() as session:
        campaigns.close(session, campaign.id, by=make.ADMIN, at=desk.now)
    assert told(desk) == {"review.closed": 1}
    desk.send()
    assert "3 kept, 0 to be removed." in desk.mails()[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]


# --- who ---


@both
def test_one_person_hears_of_one_cause_once_whatever_they_are_and_by_whatever_channel(desk: Desk) -> None:
    concerned(desk)
    company, _ = open_review(desk)
    with desk.database.transaction() as session:
        roles = {Role.ADMIN: None, Role.IT_SECURITY: None}
        actors.make(
            session, "Ada", roles, person_key=company.ada.key, email="a@example.com", by=make.ADMIN, at=desk.now
        )
        actors.make(session, "Robot", {Role.ADMIN: None}, email="robot@example.com", by=make.ADMIN, at=desk.now)
    desk.channel(name="again", recipient="role:admin")
    desk.channel(name="more", recipient="role:it_security")
    desk.tell()
    desk.send()
    mine = [mail for mail in desk.mails() if mail["To"] == "a@example.com"]
    assert len(mine) == 1
    assert "You are asked" in mine[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert sorted(str(mail["To"]) for mail in desk.mails()) == ["a@example.com", "robot@example.com"]


def test_who_lost_a_role_or_gets_in_no_more_is_not_told(desk: Desk) -> None:
    desk.channel(recipient="role:auditor", events=["reading.failed"])
    with desk.database.transaction() as session:
        system = make.system(session)
        until = desk.now + timedelta(days=1)
        actors.make(session, "Aud", {Role.AUDITOR: until}, email="aud@example.com", by=make.ADMIN, at=desk.now)
        gone = actors.make(session, "Al", {Role.AUDITOR: until}, email="al@example.com", by=make.ADMIN, at=desk.now)
        actors.end(session, gone, by=make.ADMIN, at=desk.now)
    failed(desk, system)
    assert told(desk) == {"reading.failed": 1}
    desk.later(days=8)
    failed(desk, system)
    assert told(desk) == {}


def test_somebody_who_was_erased_is_written_to_no_more(desk: Desk) -> None:
    concerned(desk)
    company, _ = open_review(desk)
    desk.tell()
    with desk.database.transaction() as session:
        session.merge(company.ada).erased = desk.now
    assert desk.send() == {"failed": 1}


def test_no_message_names_anybody_or_what_was_found(desk: Desk) -> None:
    concerned(desk)
    desk.channel(name="it", recipient="it@example.com", events=FOR_OPERATORS)
    company, campaign = open_review(desk)
    judge(desk, company.system, {"leaver_active": 1})
    desk.now = campaign.due_at + timedelta(days=4)
    desk.tell()
    desk.send()
    assert len(desk.mails()) > 3
    for mail in desk.mails():
        for part in mail.walk():
            if part.get_content_maintype() == "text":
                said = part.get_content()
                for name in ("Ada", "Bo", "bo@corp", "Eve", "Flo", "Sales rep", "leaver_active", "400 days"):
                    assert name not in said, (name, mail["Subject"])


# --- when ---


@both
def test_quiet_hours_hold_mail_back_and_a_persons_own_win(desk: Desk) -> None:
    concerned(desk)
    desk.hours = Hours(BERLIN)
    desk.now = desk.now.replace(hour=21)
    with desk.database.transaction() as session:
        company = cast.company(session, read_at=desk.now)
        cast.opened(session, at=desk.now)
    desk.tell()
    (row,) = desk.deliveries()
    assert row.not_before == make.NOW.replace(day=17, hour=6)  # seven in Berlin
    assert desk.send() == {}
    with desk.database.transaction() as session:
        own = Quiet("America/New_York", 18 * 60, 9 * 60)
        preferences.choose(session, f"identity:{company.ada.id}", own, by=make.ADMIN, at=desk.now)
    rows = desk_rows(desk)
    assert rows[0]["not_before"] == make.NOW.replace(hour=21)  # four in the afternoon in New York


def desk_rows(desk: Desk) -> list[dict[str, Any]]:
    """The messages that a review's opening would make now."""
    from app.notices import happenings, queries

    with desk.database.transaction() as session:
        found = happenings.occurrences(session, queries.happened(session, happenings.KINDS, begin=0, end=1000))
        return audiences.messages(session, found, desk.hours, desk.now)


@both
def test_a_digest_gathers_what_happened_until_its_hour_into_one_mail(desk: Desk) -> None:
    desk.channel(recipient="it@example.com", digest=True)
    with desk.database.transaction() as session:
        systems = [make.system(session, name=f"S{number}") for number in range(3)]
    for system in systems:
        failed(desk, system)
        desk.tell()
        desk.later(hours=1)
    assert desk.send() == {}
    desk.now = make.NOW.replace(day=17, hour=8)
    assert desk.send() == {"delivered": 1}
    (mail,) = desk.mails()
    assert mail["Subject"] == "3 notices from Rolecall"
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert [f"Could not be read: S{number}" in text for number in range(3)] == [True] * 3
    assert sorted(row.status for row in desk.deliveries()) == ["delivered", "folded", "folded"]


# --- findings, readings, removals ---


def judge(desk: Desk, system: SystemRow, fails: dict[str, int], severity: str = "high") -> None:
    """A run of the rules that finds these many of each."""
    with desk.database.transaction() as session:
        judged = [
            Judgement(rule, f"account:{rule}{number}", severity, Fails("idle for 400 days"))
            for rule, many in fails.items()
            for number in range(many)
        ]
        findings.reconcile(
            session, "detection", judged, rules=list(fails), system_id=system.id, by=make.ADMIN, at=desk.now
        )


def failed(desk: Desk, system: SystemRow) -> None:
    with desk.database.transaction() as session:
        snapshot = make.snapshot(session, system, status="failed", at=desk.now, streams={})
        body = {"system": system.id, "run": snapshot.run, "because": "no"}
        entries.record(session, Entry(Kind.SNAPSHOT_FAILED, f"snapshot:{snapshot.id}", body), by="x", at=desk.now)


def sealed(desk: Desk, system: SystemRow, **streams: str) -> None:
    with desk.database.transaction() as session:
        snapshot = make.snapshot(session, system, at=desk.now, streams=streams)
        told = {name: {"verdict": verdict} for name, verdict in streams.items()}
        body = {"system": system.id, "snapshot": snapshot.id, "streams": told}
        entries.record(session, Entry(Kind.SNAPSHOT_SEALED, f"snapshot:{snapshot.id}", body), by="x", at=desk.now)


@pytest.fixture
def system(desk: Desk) -> SystemRow:
    with desk.database.transaction() as session:
        row = make.system(session, name="Sales org")
        findings.reconcile(session, "detection", [], rules=[], system_id=row.id, by=make.ADMIN, at=make.LONG_AGO)
        return row  # it was judged before: what is found now is news


@pytest.mark.parametrize(
    ("least", "severity", "messages"),
    [(None, "low", 1), ("high", "high", 1), ("high", "critical", 1), ("high", "medium", 0), ("critical", "high", 0)],
)
def test_findings_are_told_by_severity(
    desk: Desk, system: SystemRow, least: str | None, severity: str, messages: int
) -> None:
    desk.channel(recipient="it@example.com", events=["finding.opened"], severity=least)
    judge(desk, system, {"a": 2}, severity)
    assert sum(told(desk).values()) == messages


@both
def test_findings_below_the_severity_asked_for_are_not_counted(desk: Desk, system: SystemRow) -> None:
    desk.channel(recipient="it@example.com", events=["finding.opened"], severity="high")
    with desk.database.transaction() as session:
        judged = [
            Judgement("a", f"account:{number}", severity, Fails("idle for 400 days"))
            for number, severity in enumerate(["high", "low", "low"])
        ]
        findings.reconcile(session, "detection", judged, rules=["a"], system_id=system.id, by=make.ADMIN, at=desk.now)
    desk.tell()
    (row,) = desk.deliveries()
    assert row.facts.get("high") == 1
    assert "low" not in row.facts


@both
def test_what_was_found_before_is_not_told_again(desk: Desk, system: SystemRow) -> None:
    desk.channel(recipient="it@example.com", events=["finding.opened"])
    judge(desk, system, {"a": 2})
    assert told(desk) == {"finding.opened": 1}
    desk.later(hours=1)
    judge(desk, system, {"a": 2})
    assert told(desk) == {}
    desk.later(hours=1)
    judge(desk, system, {"a": 3})
    assert told(desk) == {"finding.opened": 1}


def test_a_subscription_to_one_system_hears_of_that_alone(desk: Desk, system: SystemRow) -> None:
    with desk.database.transaction() as session:
        other = make.system(session)
    desk.channel(recipient="it@example.com", system_id=system.id)
    failed(desk, other)
    assert told(desk) == {}
    failed(desk, system)
    assert told(desk) == {"reading.failed": 1}


@both
def test_a_system_that_cannot_be_read_is_told_once_a_week_and_anew_after_it_was_whole(
    desk: Desk, system: SystemRow
) -> None:
    desk.channel(recipient="it@example.com")
    for _ in range(3):
        failed(desk, system)
        desk.tell()
        desk.later(hours=24)
    assert len(desk.deliveries()) == 1
    sealed(desk, system, accounts="complete")
    desk.later(hours=1)
    failed(desk, system)
    desk.tell()
    assert len(desk.deliveries()) == 2
    desk.later(days=7)
    failed(desk, system)
    desk.tell()
    assert len(desk.deliveries()) == 3


@both
def test_a_partial_reading_is_told_and_what_was_never_readable_is_not(desk: Desk, system: SystemRow) -> None:
    desk.channel(recipient="it@example.com")
    sealed(desk, system, accounts="complete", grants="complete", logins="not_collected")
    assert told(desk) == {}
    desk.later(hours=1)
    sealed(desk, system, accounts="complete", grants="incomplete", logins="not_collected")
    assert told(desk) == {"reading.partial": 1}
    (row,) = desk.deliveries()
    assert row.facts["streams"] == ["grants"]
    desk.later(hours=1)
    sealed(desk, system, accounts="complete", grants="not_collected", logins="not_collected")  # the right was lost
    desk.tell()
    assert [row.facts["streams"] for row in desk.deliveries()] == [["grants"]]  # the same lack, since the same day


@both
def test_a_thousand_refused_removals_are_one_thing_to_hear_of(desk: Desk, system: SystemRow) -> None:
    desk.channel(recipient="it@example.com")
    with desk.database.transaction() as session:
        many = [
            Entry(Kind.REMEDIATION_MOVED, f"remediation:{number}", {"system": system.id, "from": "open", "to": to})
            for number, to in enumerate(["declined"] * 40 + ["by_hand"] * 2 + ["acted"] * 5)
        ]
        back = Entry(Kind.REMEDIATION_RETURNED, "remediation:9", {"system": system.id, "to": "returned"})
        entries.record_many(session, [*many, back], by="x", at=desk.now)
    assert told(desk) == {"removal.failed": 1, "removal.by_hand": 1, "removal.returned": 1}
    assert {row.event: row.facts["count"] for row in desk.deliveries()} == {
        "removal.failed": 40, "removal.by_hand": 2, "removal.returned": 1,
    }  # fmt: skip


def test_removals_that_are_held_back_are_told_once_a_week(desk: Desk, system: SystemRow) -> None:
    desk.channel(recipient="it@example.com")
    for _ in range(3):
        happened(desk, Kind.REMEDIATION_MOVED, f"system:{system.id}", {"held": 7, "code": "too_many"})
        desk.tell()
        desk.later(hours=1)
    assert [(row.event, row.facts["count"]) for row in desk.deliveries()] == [("removal.held", 7)]


# --- once a day ---


@both
def test_new_inactive_accounts_and_leavers_are_told_once_a_day_with_where_to_start(
    desk: Desk, system: SystemRow
) -> None:
    desk.channel(recipient="it@example.com", events=["accounts.digest"])
    judge(desk, system, {"inactive_account": 3, "leaver_active": 1, "privileged_without_reason": 5})
    assert told(desk) == {}
    desk.now = make.NOW.replace(day=17, hour=8)
    assert told(desk) == {"accounts.digest": 1}
    assert told(desk) == {}
    desk.send()
    (mail,) = desk.mails()
    assert mail["Subject"] == "New to look at: 1 account of leavers and 3 inactive accounts"
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "/findings/new?since=2026-11-16T09%3A00%3A00%2B00%3A00" in text
    assert "To be settled by 24 November 2026, 08:00 (UTC)." in text
    desk.later(days=1)
    assert told(desk) == {}  # nothing new since


@both
def test_a_roster_that_cannot_be_rested_on_is_told(desk: Desk) -> None:
    with desk.database.transaction() as session:
        cast.roster(session, at=desk.now)
    desk.channel(recipient="it@example.com", events=["roster.stale"])
    desk.later(days=9)
    assert told(desk) == {"roster.stale": 1}
    desk.later(days=1)
    assert told(desk) == {}


# --- many ---


@both
def test_a_review_with_thousands_of_reviewers_is_told_set_wise(desk: Desk) -> None:
    concerned(desk)
    with desk.database.transaction() as session:
        system = make.system(session)
        snapshot = make.snapshot(session, system)
        assert snapshot.id
        campaign = CampaignRow(
            name="Q4", status="open", scope={}, opened_at=desk.now, opened_by="x", due_at=desk.now + timedelta(days=21)
        )
        people = [
            {"key": f"k{n}", "name": "P", "kind": "person", "began": desk.now, "id": 10_000 + n} for n in range(2_000)
        ]
        session.add(campaign)
        session.flush()
        from sqlalchemy import insert

        from app.inventory.tables import IdentityRow

        session.execute(insert(IdentityRow), people)
        session.execute(
            insert(TaskRow), [{"id": p["id"], "campaign_id": campaign.id, "reviewer_id": p["id"]} for p in people]
        )
        session.execute(
            insert(ItemRow),
            [
                {
                    "campaign_id": campaign.id, "task_id": p["id"], "kind": "account", "subject": f"account:{p['id']}",
                    "system_id": system.id, "chosen_by": "manager", "privileged": False, "risk": 1, "shown": {},
                }
                for p in people
            ],
        )  # fmt: skip
    happened(desk, Kind.CAMPAIGN_OPENED, f"campaign:{campaign.id}", {})
    statements: list[str] = []
    events_of.listen(desk.database.writer, "before_cursor_execute", lambda *told: statements.append(told[2]))
    assert told(desk) == {"review.opened": 2_000}
    assert len(statements) < 60
    assert told(desk) == {}


# --- the tables of events ---


def test_every_event_is_in_the_tables_and_the_usual_subscriptions_cover_what_can_be_told() -> None:
    assert set(EVENTS) == set(Event)
    assert {event for _, events in subscriptions.USUAL for event in events} == set(SUBSCRIBABLE)
    assert Event.CHANNEL_TEST not in SUBSCRIBABLE


@both
def test_an_ended_subscription_tells_nothing(desk: Desk, system: SystemRow) -> None:
    desk.channel(recipient="it@example.com")
    with desk.database.transaction() as session:
        (row,) = session.query(SubscriptionRow).all()
        subscriptions.end(session, row.id, by=make.ADMIN, at=desk.now)
    failed(desk, system)
    assert told(desk) == {}


def test_limits_are_the_settings(desk: Desk) -> None:
    concerned(desk)
    desk.limits = reminders.Limits(remind_days=(5,))
    _, campaign = open_review(desk)
    desk.tell()
    desk.now = campaign.due_at - timedelta(days=6)
    assert told(desk) == {}
    desk.now = campaign.due_at - timedelta(days=5)
    assert told(desk) == {"review.due": 1}


def test_a_decision_by_the_way_is_a_decision(desk: Desk) -> None:
    """Whoever has answered everything is done, also if they answered otherwise later."""
    concerned(desk)
    company, campaign = open_review(desk)
    desk.tell()
    decide(desk, company, campaign)
    with desk.database.transaction() as session:
        item = session.query(ItemRow).first()
        assert item is not None
        ada, task = company.actor(company.ada), session.query(TaskRow).one()
        tasks.reopen(session, task.id, reason="on second thoughts", by=make.ADMIN, at=desk.now)
        decisions.record(session, item.id, "remove", reason="on second thoughts", by=ada, at=desk.now)
        tasks.submit(session, task.id, by=ada, at=desk.now)
    desk.now = campaign.due_at - timedelta(days=1)
    assert told(desk) == {"review.submitted": 2}
