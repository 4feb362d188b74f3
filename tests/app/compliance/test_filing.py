"""What is put on file: words, exemptions and registers, approved by a second person, with an end."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors.actor import SCHEDULER, Role
from app.compliance import attestations, exemptions, queries, registered, registers
from app.compliance.controls.line import Outcome
from app.compliance.facts import Limits
from app.compliance.policy import Status
from app.compliance.tables import AssessmentRow, AttestationRow
from app.inventory.tables import IdentityRow
from app.kit import ids
from app.kit.db import Database
from app.kit.refusal import Refused
from app.ledger import papers
from app.ledger.papers import File
from app.ledger.tables import DocumentRow, EntryRow
from tests import make
from tests.app.compliance.test_statuses import DAY, now
from tests.app.compliance.test_statuses import judge_papers as judge

LINE = "CRM-5.1.1"
SAID = "The policy of 2026 is signed by the board."
PDF = File("policy.pdf", "application/pdf", b"%PDF-1.7 policy")


def word(session: Session, owner: IdentityRow, at: datetime, **given: object) -> AttestationRow:
    values = {
        "line": LINE,
        "statement": SAID,
        "owner": owner,
        "until": at + 300 * DAY,
        "by": make.actor(owner),
        "at": at,
    }
    return attestations.propose(session, **(values | given))  # type: ignore[arg-type]


def refused(session: Session, owner: IdentityRow, at: datetime, **given: object) -> str:
    with pytest.raises(Refused) as no:
        word(session, owner, at, **given)
    return no.value.refusal.code


def test_a_word_counts_once_somebody_else_approved_it_and_until_its_end(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        ada, cy = make.identity(session, "Ada"), make.identity(session, "Cy")
        row = word(session, ada, at, file=PDF)
        judge(session, at)
        assert now(session, LINE).outcome == Outcome.NOT_EVALUABLE
        for nobody in (
            make.actor(ada, Role.ADMIN),
            make.ADMIN.__class__(row.made_by, "the same", frozenset({Role.ADMIN})),
        ):
            with pytest.raises(Refused, match="own word"):
                attestations.approve(session, row, by=nobody, at=at)
        attestations.approve(session, row, by=make.actor(cy, Role.ADMIN), at=at)
        judge(session, at)
        assert now(session, LINE).outcome == Outcome.ATTESTED
        assert now(session, LINE).proof[0]["digest"] == row.digest
        judge(session, at + 300 * DAY)
        assert now(session, LINE).outcome == Outcome.EXPIRED
        kinds = [
            each.kind for each in session.scalars(select(EntryRow).where(EntryRow.subject == f"attestation:{row.id}"))
        ]
        assert sorted(kinds) == ["attestation.answered", "attestation.made"]


def test_a_later_revision_counts_when_it_is_approved_and_the_earlier_when_it_is_withdrawn(
    database: Database, at: datetime
) -> None:
    with database.transaction() as session:
        ada, second = make.identity(session, "Ada"), make.actor(make.identity(session, "Cy"), Role.ADMIN)
        first = attestations.approve(session, word(session, ada, at), by=second, at=at)
        later = word(session, ada, at, until=at + 30 * DAY)
        assert (first.revision, later.revision) == (1, 2)
        judge(session, at)
        assert now(session, LINE).proof[0]["revision"] == 1
        attestations.approve(session, later, by=second, at=at)
        judge(session, at)
        assert now(session, LINE).proof[0]["revision"] == 2
        attestations.withdraw(session, later, "It named another policy.", by=second, at=at)
        judge(session, at)
        assert now(session, LINE).proof[0]["revision"] == 1
        with pytest.raises(Refused):
            attestations.approve(session, later, by=second, at=at)


def test_a_file_is_kept_once_under_its_digest(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        ada = make.identity(session, "Ada")
        one, two = word(session, ada, at, file=PDF), word(session, ada, at, line="CRM-5.1.2", file=PDF)
        assert one.digest == two.digest
        (kept,) = session.scalars(select(DocumentRow))
        assert (kept.content, kept.size) == (PDF.content, len(PDF.content))


def test_what_says_nothing_or_lasts_too_long_is_refused(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        ada = make.identity(session, "Ada")
        assert refused(session, ada, at, line="CRM-99") == "no_line"
        assert refused(session, ada, at, line="CRM-G.1.2") == "no_word_asked"
        assert refused(session, ada, at, statement="ok") == "too_short"
        assert refused(session, ada, at, until=at) == "end_in_the_past"
        assert refused(session, ada, at, until=at + 366 * DAY) == "end_too_far"
        assert refused(session, ada, at, link="javascript:alert(1)") == "bad_link"
        assert refused(session, ada, at, link="https://x.example", file=PDF) == "two_papers"
        assert refused(session, ada, at, file=File("a.exe", "application/x-msdownload", b"MZ")) == "not_a_paper"
        assert refused(session, ada, at, file=File("a.pdf", "application/pdf", b"")) == "empty_file"
        big = File("a.pdf", "application/pdf", b"0" * (papers.LARGEST + 1))
        assert refused(session, ada, at, file=big) == "too_large"
        assert refused(session, make.identity(session, "Eve", ended=at), at) == "owner_gone"
        assert refused(session, ada, at, system_id=12345) == "no_system"


def test_each_reminder_is_given_once(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        ada, second = make.identity(session, "Ada"), make.actor(make.identity(session, "Cy"), Role.ADMIN)
        until = at + 100 * DAY
        attestations.approve(session, word(session, ada, at, until=until), by=second, at=at)
        word(session, ada, at, line="CRM-5.1.2", until=at + DAY)  # waits for approval: nothing runs out
        given = {
            left: attestations.remind(session, by=SCHEDULER, at=until - timedelta(days=left, minutes=-1))
            for left in (40, 31, 30, 30, 20, 14, 13, 8, 3, 2, 1)
        }
        again = attestations.remind(session, by=SCHEDULER, at=until - timedelta(hours=3))
        late = word(session, ada, at, line="CRM-5.1.1", until=until)
        attestations.approve(session, late, by=second, at=at)  # nobody worked while it came to its end
        assert attestations.remind(session, by=SCHEDULER, at=until) == 0
        ending = session.scalars(select(EntryRow).where(EntryRow.kind == "attestation.ending").order_by(EntryRow.at))
        assert [entry.body["days"] for entry in ending] == [30, 14, 7, 1]
        assert (given[3], given[2], given[1], again) == (1, 0, 1, 0)


def test_a_line_does_not_apply_when_somebody_else_approved_the_reason(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        mine, second = make.actor(make.identity(session, "Ada")), make.actor(make.identity(session, "Cy"), Role.ADMIN)
        why = "The CRM is a cloud service; there is no hardware of ours."
        row = exemptions.propose(session, "CRM-11.2.1", why, until=at + 90 * DAY, by=mine, at=at)
        judge(session, at)
        assert now(session, "CRM-11.2.1").outcome == Outcome.NOT_EVALUABLE
        with pytest.raises(Refused, match="own word"):
            exemptions.answer(session, row, Status.APPROVED, by=mine, at=at)
        exemptions.answer(session, row, Status.APPROVED, by=second, at=at)
        judge(session, at)
        assert now(session, "CRM-11.2.1").outcome == Outcome.NOT_APPLICABLE
        assert why in now(session, "CRM-11.2.1").because
        judge(session, at + 90 * DAY)
        assert now(session, "CRM-11.2.1").outcome == Outcome.NOT_EVALUABLE
        for given in ({"justification": "n/a"}, {"until": at}, {"until": at + 367 * DAY}, {"line": "CRM-99"}):
            with pytest.raises(Refused):
                exemptions.propose(
                    session, **({"line": LINE, "justification": why, "until": at + DAY, "by": mine, "at": at} | given)
                )


# --- registers ---


def csv(*rows: str) -> bytes:
    return "\n".join(("person,date,until", *rows)).encode()


def test_a_register_names_person_by_person_who_is_missing(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        system = make.system(session)
        people = {
            name: make.identity(session, name, emails=(f"{name}@x.example",)) for name in ("ann", "ben", "cat", "dan")
        }
        for name in ("ann", "ben", "cat"):
            make.account(session, system, identity_id=people[name].id)
        make.account(session, system, identity_id=people["dan"].id, active=False)  # cannot sign in: does not count
        make.identity(session, "fay")  # no account: does not count
        content = csv("ANN@x.example,2026-05-01,", f"{people['ben'].key},2024-01-01,")
        registers.upload(session, "training", content, source="LMS", extracted_at=at, by=make.ADMIN, at=at)
        facts = registered.against(session, [system.id], Limits(), at)["training"]
        assert (facts.population, facts.missing, facts.lapsed) == (3, 1, 1)
        gaps = registered.gaps(session, [system.id], Limits(), at)
        assert [(gap.name, gap.lapsed) for gap in gaps] == [("ben", True), ("cat", False)]
        assert {gap.identity_id for gap in gaps} == {people["ben"].id, people["cat"].id}
        assert registered.against(session, [], Limits(), at)["training"].population == 0
        judge(session, at)
        assert now(session, "CRM-9.3.1").outcome == Outcome.FAIL


def test_of_two_registers_the_one_that_was_taken_later_counts(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        system = make.system(session)
        ann = make.identity(session, "ann")
        make.account(session, system, identity_id=ann.id)
        for day, row in ((2, f"{ann.key},2026-05-01,"), (1, "somebody@x.example,2026-05-01,")):
            registers.upload(
                session, "training", csv(row), source="LMS", extracted_at=at - day * DAY, by=make.ADMIN, at=at
            )
        assert registered.against(session, [system.id], Limits(), at)["training"].missing == 1
        assert len(queries.latest_registers(session)) == 1
        with pytest.raises(Refused, match="from the future"):
            registers.upload(
                session, "training", csv("a,2026-01-01,"), source="LMS", extracted_at=at + DAY, by=make.ADMIN, at=at
            )


def test_screening_is_asked_of_whoever_has_privileges(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        system = make.system(session)
        for name, privileged in (("ann", True), ("ben", False)):
            account = make.account(session, system, identity_id=make.identity(session, name).id)
            if privileged:
                make.privilege(session, account, make.entitlement(session, system))
        registers.upload(
            session, "screening", csv("x@x.example,2026-05-01,"), source="HR", extracted_at=at, by=make.ADMIN, at=at
        )
        assert [gap.name for gap in registered.gaps(session, [system.id], Limits(), at)] == ["ann"]


def test_vendors_are_held_against_the_integrations_that_are_there(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        system = make.system(session)
        for name, publisher, ended in (("A", "Acme", None), ("B", "ACME", None), ("C", None, None), ("D", "Gone", at)):
            make.integration(session, system, name=name, publisher=publisher, ended=ended)
        ours = make.integration(session, system, name="E", publisher="Us")
        card = {"opened_by": "x", "opened_at": at, "status": "approved", "because": "new", "integration_id": ours.id}
        session.add(AssessmentRow(id=ids.uuid7(), number=1, vendor="Own", until=at + DAY, **card))
        content = b"vendor,date,until\nacme,2026-01-01,2026-11-16\n"
        registers.upload(session, "contracts", content, source="Legal", extracted_at=at, by=make.ADMIN, at=at)
        facts = registered.against(session, [system.id], Limits(), at)["contracts"]
        assert (facts.population, facts.missing, facts.lapsed) == (2, 1, 0)  # the last day still counts
        facts = registered.against(session, [system.id], Limits(), at + DAY)["contracts"]
        assert (facts.missing, facts.lapsed) == (2, 1)  # the card that called E our own has run out
        session.add(AssessmentRow(id=ids.uuid7(), number=2, vendor="Us Ltd", until=at + 9 * DAY, **card))
        assert registered.against(session, [system.id], Limits(), at)["contracts"].population == 3
        assert date(2026, 11, 16) == at.astimezone(UTC).date()
