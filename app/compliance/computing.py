"""What is computed from our own records: reviews, removals, findings, the log, the cards, the scope. Pure.

Each computation gives one part per system, or one over all. Frequencies are held against the organisation's own policy
(`Limits`), and what has not happened yet is not known, unless it should have happened by now.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from app.compliance.controls.line import Outcome
from app.compliance.facts import Facts, Part, ScopeFacts, SystemFacts

PASS, FAIL, UNKNOWN, ATTESTED, EXPIRED = (
    Outcome.PASS, Outcome.FAIL, Outcome.NOT_EVALUABLE, Outcome.ATTESTED, Outcome.EXPIRED,
)  # fmt: skip
INCIDENTS = ("CRM-16.1.1", "CRM-16.1.2", "CRM-16.1.3", "CRM-16.1.4")


def _day(moment: datetime) -> str:
    return moment.date().isoformat()


def _each(facts: Facts, judge: Callable[[SystemFacts, Facts], Part]) -> list[Part]:
    if not facts.systems:
        return [Part(UNKNOWN, "no CRM is connected")]
    return [judge(system, facts) for system in facts.systems]


# --- reviews and removals ---


def _reviewed(system: SystemFacts, facts: Facts) -> Part:
    review, every = system.review, facts.limits.review_every
    if review is None:
        if system.added + every < facts.at:
            return Part(FAIL, f"connected on {_day(system.added)}, and no review of it has ended", (), system.id)
        due = _day(system.added + every)
        return Part(UNKNOWN, f"no review of it has ended yet (the first must by {due})", (), system.id)
    proof = ({"campaign": review.campaign_id},)
    if review.closed_at + every < facts.at:
        said = f"the last review ended on {_day(review.closed_at)}, longer ago than {every.days} days"
        return Part(FAIL, said, proof, system.id)
    if not review.whole:
        return Part(UNKNOWN, f"{review.name} rests on a reading that was not complete", proof, system.id)
    return Part(PASS, f"{review.name} ended on {_day(review.closed_at)}", proof, system.id)


def reviews_in_time(facts: Facts) -> list[Part]:
    """Each system's last review ended no longer ago than the policy says, on readings that could be trusted."""
    return _each(facts, _reviewed)


def _proved(system: SystemFacts, facts: Facts) -> Part:
    found = system.removals
    proof = ({"removals": {"late": found.late, "returned": found.returned, "proved": found.proved}},)
    if found.late or found.returned:
        said = f"{found.late} removals are not proved in time, {found.returned} came back"
        return Part(FAIL, said, proof, system.id)
    if not found.proved and not found.waiting:
        return Part(UNKNOWN, "nothing was to be removed yet", (), system.id)
    return Part(PASS, f"{found.proved} removals proved, {found.waiting} waiting in time", proof, system.id)


def removals_proved(facts: Facts) -> list[Part]:
    """What was to go is gone by a later reading, in time, and has not come back."""
    return _each(facts, _proved)


def _finished(system: SystemFacts, facts: Facts) -> Part:
    review = system.review
    if review is None:
        return Part(UNKNOWN, "no review of it has ended yet", (), system.id)
    proof = ({"campaign": review.campaign_id, "shares": review.shares, "unsubmitted": review.unsubmitted},)
    if review.unsubmitted:
        said = f"{review.unsubmitted} of {review.shares} reviewers never submitted {review.name}"
        return Part(FAIL, said, proof, system.id)
    return Part(PASS, f"all {review.shares} reviewers submitted {review.name}", proof, system.id)


def reviewers_finished(facts: Facts) -> list[Part]:
    """Everybody who was asked in the last review submitted their part."""
    return _each(facts, _finished)


# --- findings ---


def findings_in_time(facts: Facts) -> list[Part]:
    """No finding is open beyond the date by which it was to be mended."""
    found = facts.findings
    proof = ({"open": found.open, "late": found.late},)
    if found.late:
        return [Part(FAIL, f"{found.late} of {found.open} open findings are past their date", proof)]
    return _if_watched(facts, f"{found.open} findings are open, none past its date", proof)


def findings_owned(facts: Facts) -> list[Part]:
    """Every open finding has somebody who mends it. Until its date has passed, it may still be handed to somebody."""
    found = facts.findings
    proof = ({"open": found.open, "unowned": found.unowned, "late": found.unowned_late},)
    if found.unowned_late:
        said = f"{found.unowned_late} of {found.open} open findings have nobody in particular, and are past their date"
        return [Part(FAIL, said, proof)]
    if found.unowned:
        said = f"{found.unowned} of {found.open} open findings have nobody in particular yet, none past its date"
        return [Part(UNKNOWN, said, proof)]
    return _if_watched(facts, f"{found.open} findings are open, each has somebody", proof)


def worst_first(facts: Facts) -> list[Part]:
    """No grave finding waits beyond its date while lighter ones were mended."""
    found = facts.findings
    proof = ({"late_and_grave": found.late_and_grave},)
    if found.late_and_grave:
        said = f"{found.late_and_grave} critical or high findings are past their date, while lighter ones were mended"
        return [Part(FAIL, said, proof)]
    return _if_watched(facts, "no critical or high finding was passed over for a lighter one", proof)


def closed_by_proof(facts: Facts) -> list[Part]:
    """What was closed was closed by a reading that no longer shows it."""
    found = facts.findings
    proof = ({"closed": found.closed, "without_proof": found.closed_without_proof},)
    if found.closed_without_proof:
        return [Part(FAIL, f"{found.closed_without_proof} of {found.closed} were closed without proof", proof)]
    if not found.closed:
        return [Part(UNKNOWN, "no finding has been closed yet")]
    return [Part(PASS, f"{found.closed} findings closed, each by a reading", proof)]


def _if_watched(facts: Facts, said: str, proof: tuple[dict[str, int], ...]) -> list[Part]:
    """That nothing is wrong means something only where the rules are asked."""
    unwatched = [system.name for system in facts.systems if system.run is None]
    if unwatched or not facts.systems:
        where = ", ".join(unwatched) or "any system: none is connected"
        return [Part(UNKNOWN, f"the rules have not been asked of {where}")]
    return [Part(PASS, said, proof)]


# --- watching, the log, owners, papers ---


def _watched(system: SystemFacts, facts: Facts) -> Part:
    run = system.run
    if run is None:
        return Part(UNKNOWN, "the rules have not been asked of it yet", (), system.id)
    proof = ({"run": run.id},)
    if facts.at - run.at > facts.limits.judged_within:
        return Part(FAIL, f"the rules were last asked on {_day(run.at)}", proof, system.id)
    return Part(PASS, "the rules are asked every day", proof, system.id)


def watched_daily(facts: Facts) -> list[Part]:
    """The rules were asked of every system within the time that the policy gives."""
    return _each(facts, _watched)


def log_holds(facts: Facts) -> list[Part]:
    """The log is what was signed, and was signed lately."""
    log = facts.log
    if log is None:
        return [Part(UNKNOWN, "no checkpoint of the log has been signed yet")]
    proof = ({"checkpoint": log.size},)
    if not log.holds:
        return [Part(FAIL, f"the log is not what was signed with {log.size} entries", proof)]
    if facts.at - log.at > facts.limits.checkpoint_within:
        return [Part(FAIL, f"the last checkpoint was signed on {_day(log.at)}", proof)]
    return [Part(PASS, "the log extends its last checkpoint", proof)]


def alerts_arrive(facts: Facts) -> list[Part]:
    """A channel was tested lately, and the test arrived."""
    if facts.alerts is None:
        return [Part(UNKNOWN, "no channel has been tested yet")]
    tested, well = facts.alerts
    proof = ({"channel_tested": tested.isoformat()},)
    if not well:
        return [Part(FAIL, f"a channel's last test failed, on {_day(tested)}", proof)]
    if facts.at - tested > facts.limits.alerts_tested_within:
        return [Part(FAIL, f"channels were last tested on {_day(tested)}", proof)]
    return [Part(PASS, f"a test arrived on {_day(tested)}", proof)]


def _owned(system: SystemFacts, facts: Facts) -> Part:
    if system.owner_here is None:
        return Part(FAIL, "nobody is named as its owner", (), system.id)
    if not system.owner_here:
        return Part(FAIL, "its owner works here no longer", (), system.id)
    return Part(PASS, "its owner works here", ({"system": system.id},), system.id)


def owners_named(facts: Facts) -> list[Part]:
    """Every system and every paper has an owner who works here."""
    gone = [paper for paper in facts.papers.values() if not paper.owner_here]
    told = _each(facts, _owned)
    if gone:
        named = tuple({"attestation": paper.id} for paper in gone)
        told.append(Part(FAIL, f"{len(gone)} papers belong to somebody who works here no longer", named))
    return told


def papers_current(facts: Facts) -> list[Part]:
    """No paper on file is out of date."""
    approved = [paper for paper in facts.papers.values() if paper.approved]
    old = tuple({"attestation": paper.id} for paper in approved if paper.until <= facts.at)
    if old:
        return [Part(FAIL, f"{len(old)} of {len(approved)} papers are out of date", old)]
    if not approved:
        return [Part(UNKNOWN, "no paper is on file yet")]
    return [Part(PASS, f"all {len(approved)} papers are in date", ({"papers": len(approved)},))]


def incident_papers(facts: Facts) -> list[Part]:
    """The four papers about incidents are on file and in date. It is their being there that is asked: none is FAIL."""
    found = {line: facts.papers.get((line, None)) for line in INCIDENTS}
    lacking = [line for line, paper in found.items() if paper is None or not paper.approved or paper.until <= facts.at]
    proof = tuple({"attestation": paper.id} for paper in found.values() if paper is not None)
    if lacking:
        return [Part(FAIL, f"not on file, or not in date: {', '.join(lacking)}", proof)]
    return [Part(ATTESTED, "all four are on file and in date", proof)]


# --- integrations and scope ---


def _cards(what: str, count: Callable[[SystemFacts], int]) -> Callable[[SystemFacts, Facts], Part]:
    def judge(system: SystemFacts, facts: Facts) -> Part:
        cards, lacking = system.cards, count(system)
        proof = ({"integrations": cards.live, "lacking": lacking, "some": list(cards.some)},)
        if lacking:
            return Part(FAIL, f"{lacking} of {cards.live} integrations {what}", proof, system.id)
        if "integrations" in system.untrusted or system.snapshot_id is None:
            return Part(UNKNOWN, system.untrusted.get("integrations", "never read"), (), system.id)
        return Part(PASS, f"none of {cards.live} integrations {what}", proof, system.id)

    return judge


def cards_complete(facts: Facts) -> list[Part]:
    """Every integration that is there has a card without blanks."""
    return _each(facts, _cards("have blanks on their card", lambda system: system.cards.blank))


def integrations_assessed(facts: Facts) -> list[Part]:
    """Every integration that is there has a risk assessment that somebody else approved and that is in date."""
    return _each(facts, _cards("have no approved risk assessment", lambda system: system.cards.unassessed))


def _scope(kind: str) -> Callable[[Facts], list[Part]]:
    def judge(facts: Facts) -> list[Part]:
        found = facts.scope.get(kind, ScopeFacts(0, 0, None))
        proof = ({"scope": kind, "confirmed": found.confirmed, "drifted": found.drifted},)
        if found.confirmed_until is None:
            return [Part(UNKNOWN, f"the scope has not been confirmed yet: {kind}")]
        if found.drifted:
            return [Part(FAIL, f"{found.drifted} {kind} differ from the scope that was confirmed", proof)]
        if found.confirmed_until <= facts.at:
            return [Part(EXPIRED, f"the scope was good until {_day(found.confirmed_until)}: {kind}", proof)]
        return [Part(ATTESTED, f"{found.confirmed} {kind} confirmed, and readings show no others", proof)]

    return judge


def statement_approved(facts: Facts) -> list[Part]:
    """There is a Statement of Applicability that was approved, of the checklist as it is now."""
    if facts.statement is None:
        return [Part(UNKNOWN, "no Statement of Applicability has been approved yet")]
    version, until = facts.statement
    if until <= facts.at:
        return [
            Part(EXPIRED, f"the Statement of Applicability was good until {_day(until)}", ({"statement": version},))
        ]
    return [Part(ATTESTED, f"version {version} is good until {_day(until)}", ({"statement": version},))]


COMPUTED: dict[str, Callable[[Facts], list[Part]]] = {
    each.__name__: each
    for each in (
        reviews_in_time, removals_proved, reviewers_finished, findings_in_time, findings_owned, worst_first,
        closed_by_proof, watched_daily, log_holds, alerts_arrive, owners_named, papers_current, incident_papers,
        cards_complete, integrations_assessed, statement_approved,
    )
} | {f"scope_of_{kind}": _scope(kind) for kind in ("systems", "integrations", "classes", "groups", "places")}  # fmt: skip
