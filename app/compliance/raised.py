"""What the checklist itself raises as findings: gaps person by person, blank cards, papers that ran out, reviews overdue.

Each goes to `findings.reconcile` under the source "compliance", which closes only what was judged again. A register that
was never handed in raises nothing: nobody is missing from what is not there, and the line says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.compliance import columns, computing, registered
from app.compliance.controls.line import Outcome
from app.compliance.facts import Facts
from app.compliance.tables import AssessmentRow
from app.detection.judgement import Judgement
from app.detection.rule import Fails, Severity
from app.detection.tables import FindingRow
from app.inventory.tables import IntegrationRow

SOURCE = "compliance"
OF_REGISTERS = {
    "training": "training_missing",
    "screening": "screening_missing",
    "confidentiality": "confidentiality_missing",
    "third_party_nda": "third_party_nda_missing",
    "contracts": "contract_missing",
    "vendors": "vendor_assessment_missing",
}
OF_SYSTEMS = ("integration_card_blank", "integration_unassessed")


@dataclass(frozen=True, slots=True)
class Batch:
    """Judgements about one system, or about none (None), with the rules that were asked."""

    system_id: int | None
    rules: tuple[str, ...]
    judgements: tuple[Judgement, ...]


def batches(session: Session, facts: Facts) -> Iterator[Batch]:
    """Everything that is to be reconciled now."""
    for system in facts.systems:
        yield Batch(system.id, OF_SYSTEMS, tuple(_cards(session, system.id, facts)))
    asked = tuple(OF_REGISTERS[kind] for kind in facts.registers)
    rules = (*asked, "attestation_expired", "review_overdue")
    yield Batch(None, rules, (*_gaps(session, facts), *_expired(facts), *_overdue(facts)))


def changes(session: Session, batch: Batch) -> bool:
    """Whether reconciling this would open or close anything: a look that finds what the last one found is no news."""
    open_ = select(FindingRow.rule, FindingRow.subject).where(
        FindingRow.source == SOURCE, FindingRow.system_id.is_not_distinct_from(batch.system_id),
        FindingRow.rule.in_(batch.rules), FindingRow.status != "closed",
    )  # fmt: skip
    known = {(rule, subject) for rule, subject in session.execute(open_)}
    return known != {(judged.rule, judged.subject) for judged in batch.judgements}


def _cards(session: Session, system_id: int, facts: Facts) -> Iterator[Judgement]:
    filled = select(AssessmentRow.id).where(
        AssessmentRow.integration_id == IntegrationRow.id, AssessmentRow.status.in_(("submitted", "approved"))
    )
    good = filled.where(AssessmentRow.status == "approved", AssessmentRow.until > facts.at)
    found = (
        select(IntegrationRow.id, IntegrationRow.name, filled.exists(), good.exists())
        .where(IntegrationRow.system_id == system_id)
        .where(IntegrationRow.ended.is_(None), IntegrationRow.active.is_not(False))
    )
    for number, name, is_filled, is_good in session.execute(found):
        told = {"integration": name}
        subject, cause = f"integration:{number}", f"card:{number}"  # one story: the card of one integration
        if not is_filled:
            said = Fails("nobody has said what it is for, whose it is and what data it reaches")
            yield Judgement(OF_SYSTEMS[0], subject, Severity.MEDIUM, said, facts=told, cause=cause)
        elif not is_good:
            said = Fails("no risk assessment of it is approved and in date")
            yield Judgement(OF_SYSTEMS[1], subject, Severity.MEDIUM, said, facts=told, cause=cause)


def _gaps(session: Session, facts: Facts) -> Iterator[Judgement]:
    systems = [system.id for system in facts.systems]
    for gap in registered.gaps(session, systems, facts.limits, facts.at):
        said = Fails("no longer in date in the register" if gap.lapsed else "not in the register")
        severity = Severity.LOW if gap.lapsed else Severity.MEDIUM
        what = "person" if gap.kind in columns.OF_PEOPLE else "vendor"
        told = {what: gap.name, "register": gap.kind.replace("_", " ")}
        rule = OF_REGISTERS[gap.kind]
        yield Judgement(rule, gap.subject, severity, said, identity_id=gap.identity_id, facts=told)


def _expired(facts: Facts) -> Iterator[Judgement]:
    for (line, system), paper in facts.papers.items():
        if paper.approved and paper.until <= facts.at:
            where = f":system:{system}" if system is not None else ""
            said = Fails(f"was good until {paper.until.date().isoformat()}")
            told = {"line": line, "attestation": paper.id}
            yield Judgement("attestation_expired", f"control:{line}{where}", Severity.MEDIUM, said, facts=told)


def _overdue(facts: Facts) -> Iterator[Judgement]:
    for part in computing.reviews_in_time(facts):
        if part.outcome is Outcome.FAIL and part.system is not None:
            subject, line = f"system:{part.system}", "CRM-9.1.2"
            yield Judgement("review_overdue", subject, Severity.HIGH, Fails(part.because), facts={"line": line})
