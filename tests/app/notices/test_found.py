"""What is told of findings: one story once, a first reading as a whole, and to whom; what happens when nobody looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from app.actors.actor import Role
from app.actors.policy import MAY
from app.compliance import attestations
from app.console.rights import RIGHTS
from app.detection import deadlines, findings, owners, ownership, rulebook, tuning, waivers
from app.detection.judgement import Judgement
from app.detection.rule import Fails, Severity
from app.detection.tables import FindingRow
from app.detection.terms import Terms
from app.inventory.tables import IdentityRow, SystemRow
from app.kit.refusal import Refused
from app.notices import soundness, wording
from app.notices.events import SEVERITIES
from app.notices.tables import ChannelRow, DeliveryRow
from tests import make
from tests.app.detection import life
from tests.app.detection.life import OTHER, SEC
from tests.app.notices.desk import Desk, both

DAY = timedelta(days=1)
BAD = Fails("idle for 400 days")


def judge(desk: Desk, system: SystemRow, *found: tuple[str, str, str, str], people: Sequence[IdentityRow] = ()) -> None:
    """A run that finds (rule, subject, severity, cause), and nothing else. `people`: whom each is about."""
    with desk.database.transaction() as session:
        judged = [
            Judgement(rule, subject, Severity(severity), BAD, None, people[n].id if people else None, {}, cause)
            for n, (rule, subject, severity, cause) in enumerate(found)
        ]
        every = ["leaver_active", "leaver_credential", "inactive_account", "nobodys_account", "unknown_rule"]
        findings.reconcile(
            session, "detection", judged, rules=every, system_id=system.id, by=make.ADMIN, at=desk.now
        )  # fmt: skip


def told(desk: Desk) -> list[tuple[str, dict[str, object]]]:
    """What the next turn tells: events with their counts by severity."""
    before = {row.id for row in desk.deliveries()}
    desk.tell()
    new = [row for row in desk.deliveries() if row.id not in before]
    return [(row.event, {n: v for n, v in row.facts.items() if n in SEVERITIES or n == "count"}) for row in new]


@pytest.fixture
def system(desk: Desk) -> SystemRow:
    """A system that was judged before, so that what is found now is news."""
    with desk.database.transaction() as session:
        row = make.system(session, name="Sales org")
        findings.reconcile(session, "detection", [], rules=[], system_id=row.id, by=make.ADMIN, at=make.LONG_AGO)
        return row


@both
def test_a_leaver_with_an_account_and_two_tokens_is_told_once(desk: Desk, system: SystemRow) -> None:
    desk.channel(recipient="it@example.com", events=["finding.opened"])
    account = ("leaver_active", "account:1", "high", "leaver:7")
    tokens = [("leaver_credential", f"credential:{n}", "medium", "leaver:7") for n in (1, 2)]
    judge(desk, system, account, tokens[0])
    assert told(desk) == [("finding.opened", {"high": 1})]
    desk.later(days=1)
    judge(desk, system, account, *tokens)
    assert told(desk) == [], "one more token of the same leaver is no news"
    desk.later(days=1)
    judge(
        desk,
        system,
        ("leaver_active", "account:1", "high", "leaver:7"),
        ("unknown_rule", "x:1", "critical", "leaver:7"),
    )
    assert told(desk) == [("finding.opened", {"critical": 1})], "something worse is"


def test_a_first_reading_is_one_digest_and_alerts_of_what_is_critical_alone(desk: Desk) -> None:
    desk.channel(recipient="it@example.com", events=["finding.opened", "finding.baseline", "accounts.digest"])
    with desk.database.transaction() as session:
        new = make.system(session, name="New org")
    judge(
        desk, new, ("inactive_account", "account:1", "high", "a"), ("inactive_account", "account:2", "high", "b"),
        ("leaver_active", "account:3", "critical", "c"),
    )  # fmt: skip
    assert sorted(told(desk)) == [("finding.baseline", {"critical": 1, "high": 2}), ("finding.opened", {"critical": 1})]
    desk.send()
    text = next(str(mail) for mail in desk.mails() if mail["Subject"] == "First reading of New org: 3 findings")
    assert "The first of them are due by 23 November 2026" in text
    desk.now = make.NOW.replace(day=17, hour=8)
    assert told(desk) == [], "the daily digest does not tell it a second time"


def test_findings_go_to_whoever_asked_for_their_rule_department_and_system(desk: Desk, system: SystemRow) -> None:
    with desk.database.transaction() as session:
        sales, legal = (make.identity(session, name, department=name) for name in ("Sales", "Legal"))
    only = {"events": ["finding.opened"]}
    desk.channel(name="a", recipient="sales@example.com", departments=["Sales"], **only)
    desk.channel(name="b", recipient="leavers@example.com", rules=["leaver_active"], **only)
    desk.channel(name="c", recipient="both@example.com", rules=["leaver_active"], departments=["Legal"], **only)
    judge(
        desk, system, ("leaver_active", "account:1", "high", "a"), ("inactive_account", "account:2", "low", "b"),
        people=[sales, legal],
    )  # fmt: skip
    desk.tell()
    with desk.database.reading() as session:
        names = {row.id: row.name for row in session.query(ChannelRow)}
        heard = {names[row.channel_id]: (row.severity, row.facts.get("high")) for row in session.query(DeliveryRow)}
    assert heard == {"a": ("high", 1), "b": ("high", 1)}


def test_a_rule_that_only_reports_is_told_to_those_who_named_it(desk: Desk, system: SystemRow) -> None:
    desk.channel(name="all", recipient="all@example.com", events=["finding.opened"])
    desk.channel(
        name="named", recipient="me@example.com", events=["finding.opened"], rules=["privileged_without_reason"]
    )
    with desk.database.transaction() as session:
        judged = [Judgement("privileged_without_reason", "account:1", Severity.MEDIUM, BAD)]
        findings.reconcile(
            session, "detection", judged, rules=["privileged_without_reason"], system_id=system.id, by=make.ADMIN,
            at=desk.now,
        )  # fmt: skip
    assert told(desk) == [("finding.opened", {"medium": 1})]
    with pytest.raises(Refused, match="no rule 'leaver'"):
        desk.channel(name="misspelt", recipient="x@example.com", rules=["leaver"])


@both
@pytest.mark.parametrize(("on", "words"), [(True, [("finding.opened", {"medium": 1})]), (False, [])])
def test_a_rule_that_was_switched_tells_as_it_was_switched(
    desk: Desk, system: SystemRow, on: bool, words: list[tuple[str, dict[str, object]]]
) -> None:
    rule = rulebook.RULES["privileged_without_reason" if on else "inactive_account"]
    desk.channel(name="all", recipient="all@example.com", events=["finding.opened"])
    with desk.database.transaction() as session:
        tuning.switch_alerts(session, rule, "we chose otherwise", on=on, by=make.ADMIN, at=desk.now)
        judged = [Judgement(rule.name, "account:1", Severity.MEDIUM, BAD)]
        findings.reconcile(
            session, "detection", judged, rules=[rule.name], system_id=system.id, by=make.ADMIN, at=desk.now
        )
    assert told(desk) == words


@both
def test_owners_hear_of_what_is_late_and_their_managers_of_what_nobody_has_seen(desk: Desk) -> None:
    desk.channel(recipient="concerned", events=["finding.overdue", "finding.escalated"])
    desk.channel(name="ops", recipient="ops@example.com", events=["finding.overdue"], severity="critical")
    with desk.database.transaction() as session:
        boss = make.identity(session, "Boss", emails=("boss@example.com",))
        olga = make.identity(session, "Olga", emails=("olga@example.com",), manager_id=boss.id)
        row = make.system(session, name="Sales org", owner_key=olga.key)
        findings.reconcile(session, "detection", [], rules=[], system_id=row.id, by=make.ADMIN, at=make.LONG_AGO)
    judge(desk, row, ("leaver_active", "account:1", "high", "a"), ("leaver_active", "account:2", "high", "b"))
    desk.tell()
    for days, verb in ((1, "escalate"), (6, "breach")):
        desk.later(days=days)
        with desk.database.transaction() as session:
            if verb == "escalate":
                assert deadlines.escalate(session, hours=24, by=SEC, at=desk.now) == 2
            else:
                assert deadlines.breach(session, by=SEC, at=desk.now) == 2
        desk.tell()
        desk.tell()
    heard = sorted((row.whom, row.event, row.facts["high"], row.facts.get("own")) for row in desk.deliveries())
    assert heard == sorted(
        [
            (f"identity:{boss.id}", "finding.escalated", 2, True),
            (f"identity:{olga.id}", "finding.escalated", 2, None),
            (f"identity:{olga.id}", "finding.overdue", 2, None),
        ]
    )
    links = {
        each.whom: wording.word(each.event, each.facts).path for each in desk.deliveries() if "escal" in each.event
    }
    assert links == {f"identity:{boss.id}": "/", f"identity:{olga.id}": "/findings?noticed=no"}
    for path in links.values():  # a room that a plain reviewer is let in to
        right = RIGHTS["GET", path.partition("?")[0]]
        assert right in MAY[Role.REVIEWER], path


def test_fifty_that_are_handed_on_at_once_are_one_message_and_none_to_oneself(desk: Desk, system: SystemRow) -> None:
    desk.channel(recipient="concerned", events=["finding.assigned"])
    judge(desk, system, *(("leaver_active", f"account:{n}", "high", str(n)) for n in range(5)))
    with desk.database.transaction() as session:
        ned = make.identity(session, "Ned", emails=("ned@example.com",))
        rows = session.query(FindingRow).all()
        owners.assign(session, rows[:4], f"identity:{ned.id}", by=SEC, at=desk.now)
        owners.assign(session, rows[4:], "role:admin", by=SEC, at=desk.now)
        ivo = life.somebody(session, "Ivo", make.identity(session, "Ivo"))
        himself = ownership.find(session, ivo, by=SEC)
        owners.assign(session, rows[4:], himself, by=replace(SEC, id=ivo), at=desk.now)
    assert told(desk) == [("finding.assigned", {"count": 4})]


def test_waivers_are_told_when_asked_for_before_they_end_and_when_they_have(desk: Desk, system: SystemRow) -> None:
    desk.channel(recipient="it@example.com", events=["waiver.asked", "waiver.ending", "waiver.ended"])
    judge(desk, system, ("leaver_active", "account:1", "high", "a"))
    end = desk.now + 9 * DAY
    with desk.database.transaction() as session:
        row = session.query(FindingRow).one()
        waivers.ask(session, row, "needed until it is moved", until=end, most_days=90, by=SEC, at=desk.now)
    assert told(desk) == [("waiver.asked", {"count": 1})]
    with desk.database.transaction() as session:
        waivers.approve(session, session.query(FindingRow).one(), by=OTHER, at=desk.now)
    heard = []
    for _ in range(9):
        desk.later(days=1)
        heard += told(desk)
    assert heard == [("waiver.ending", {"count": 1})]
    with desk.database.transaction() as session:
        waivers.expire(session, terms=Terms(), by=SEC, at=desk.now)
    assert told(desk) == [("waiver.ended", {"count": 1})]


def test_the_owner_and_the_approver_of_a_word_hear_when_it_comes_to_its_end(desk: Desk) -> None:
    desk.channel(recipient="concerned", events=["attestation.ending"])
    with desk.database.transaction() as session:
        ada, cy = make.identity(session, "Ada"), make.identity(session, "Cy")
        approver = life.somebody(session, "Cy", cy)
        for line in ("CRM-5.1.1", "CRM-5.1.2"):
            row = attestations.propose(
                session, line, "The policy of 2026 is signed by the board.", owner=ada, until=desk.now + 40 * DAY,
                by=make.actor(ada), at=desk.now,
            )  # fmt: skip
            attestations.approve(session, row, by=replace(make.ADMIN, id=approver, identity_id=cy.id), at=desk.now)
    heard: list[tuple[int, str, int, str]] = []
    for day in range(41):
        desk.later(days=1)
        with desk.database.transaction() as session:
            attestations.remind(session, by=make.ADMIN, at=desk.now)
        known = {row.id for row in desk.deliveries()}
        desk.tell()
        new = [row for row in desk.deliveries() if row.id not in known]
        heard += [(40 - day - 1, row.whom, row.facts["count"], wording.word(row.event, row.facts).path) for row in new]
    owner, second = f"identity:{ada.id}", f"identity:{cy.id}"
    assert sorted(heard, reverse=True) == sorted(
        ((days, *who) for days in (30, 14, 7, 1) for who in ((owner, 2, "/"), (second, 2, "/checklist"))), reverse=True
    )


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"tested_at": make.NOW, "tested_well": False}, "open"),
        ({"status": "dead"}, "open"),
        ({"tested_at": make.NOW - timedelta(days=36), "tested_well": True}, "open"),
        ({"tested_at": make.NOW, "tested_well": True}, None),
        ({}, None),
        ({"status": "off", "tested_at": make.NOW, "tested_well": False}, None),
    ],
)
def test_a_channel_by_which_nothing_arrives_is_a_finding(
    desk: Desk, given: dict[str, object], status: str | None
) -> None:
    channel = desk.channel(recipient="it@example.com")

    def judged() -> str | None:
        with desk.database.transaction() as session:
            findings.reconcile(
                session, soundness.SOURCE, soundness.judgements(session, at=desk.now), rules=[soundness.RULE.name],
                system_id=None, by=make.ADMIN, at=desk.now,
            )  # fmt: skip
            row = session.query(FindingRow).one_or_none()
            assert row is None or not row.baseline
            return row.status if row is not None else None

    with desk.database.transaction() as session:
        for name, value in given.items():
            setattr(session.get_one(ChannelRow, channel.id), name, value)
    assert judged() == status
    if status is not None:
        with desk.database.transaction() as session:
            row = session.get_one(ChannelRow, channel.id)
            row.status, row.tested_at, row.tested_well = "on", desk.now, True
        assert judged() == "closed"


def test_what_a_first_reading_only_listed_is_news_when_it_goes_on(desk: Desk) -> None:
    desk.channel(recipient="it@example.com", events=["finding.opened"])
    with desk.database.transaction() as session:
        new = make.system(session, name="New org")
    old = ("leaver_active", "account:1", "high", "leaver:7")
    judge(desk, new, old)
    assert told(desk) == []
    desk.later(days=1)
    judge(desk, new, old, ("leaver_active", "account:2", "high", "leaver:7"))
    assert told(desk) == [("finding.opened", {"high": 1})]
