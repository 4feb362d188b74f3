"""The rules that the checklist asks itself, and reviews of themselves: what each finding means, and what to do. Pure.

They are asked set-wise in `raised` and `review.strandings`, so they have no `ask`; doors look every rule up here,
whoever asks it.
"""

from __future__ import annotations

from app.detection import rulebook
from app.detection.rule import Rule, Severity, Subject


def _rule(name: str, title: str, severity: Severity, controls: tuple[str, ...], todo: str, iso: str) -> Rule:
    subject = Subject.CREDENTIAL if name.startswith("integration") else Subject.ACCOUNT
    return Rule(name, title, subject, severity, needs=(), controls=controls, todo=todo, iso=(iso,))


RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        _rule("training_missing", "Nobody knows of a training", Severity.MEDIUM, ("CRM-9.3.1", "CRM-7.2.1"),
              "Have the training done and hand the register in again.", "6.3"),
        _rule("screening_missing", "Privileged without a screening", Severity.MEDIUM, ("CRM-7.1.1",),
              "Have the screening done, or take the privileges away; then hand the register in again.", "6.1"),
        _rule("confidentiality_missing", "No agreement on confidentiality", Severity.MEDIUM, ("CRM-7.1.2",),
              "Have the agreement signed and hand the register in again.", "6.2"),
        _rule("third_party_nda_missing", "Vendor without an NDA", Severity.MEDIUM, ("CRM-13.2.4",),
              "Have the NDA signed, or remove the integration; then hand the register in again.", "6.6"),
        _rule("contract_missing", "Vendor without a contract", Severity.MEDIUM, ("CRM-15.1.1",),
              "Find the contract or make one, or remove the integration; then hand the register in again.", "5.20"),
        _rule("vendor_assessment_missing", "Vendor that nobody assessed", Severity.MEDIUM, ("CRM-15.1.2",),
              "Assess the vendor and hand the register in again.", "5.22"),
        _rule("integration_card_blank", "Integration that nobody speaks for", Severity.MEDIUM, ("CRM-F.3", "CRM-15.1.4"),
              "Fill in its card: purpose, owner, vendor, contract, data and risk. Or remove it.", "5.19"),
        _rule("integration_unassessed", "Integration without an approved risk assessment", Severity.MEDIUM,
              ("CRM-D.1.2", "CRM-G.2.2"), "Have somebody else approve its assessment.", "5.19"),
        _rule("attestation_expired", "A word on file has run out", Severity.MEDIUM, ("CRM-G.2.1",),
              "Look at the paper again and put a new revision on file.", "5.37"),
        _rule("review_overdue", "Access not reviewed in time", Severity.HIGH, ("CRM-9.1.2", "CRM-G.1.3"),
              "Open a review of this system, or close the one that is open.", "5.18"),
        _rule("review_stranded", "Items of a review that nobody is left to decide on", Severity.HIGH,
              ("CRM-9.1.2", "CRM-G.1.3"), "Hand them on to somebody who may decide; the review's page says whose they are.",
              "5.18"),
        _rule("review_unsigned", "A closed review that its control owner has not signed", Severity.HIGH,
              ("CRM-9.1.2", "CRM-G.1.3"), "Have its control owner sign what came of it, or name another on its page.",
              "5.18"),
    )
}  # fmt: skip


def rule_of(name: str) -> Rule | None:
    """A rule by its name, whoever asks it."""
    return rulebook.RULES.get(name) or RULES.get(name)
