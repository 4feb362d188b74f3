"""Asking every rule of every subject of one system, in one pass.

Facts stream in order; nothing is kept but the answers that matter: what fails, and of whom it cannot be told. What holds is
counted. A rule whose needed streams were not read completely is not asked: its answer is CannotTell for every subject, with
the stream's own reason, and its findings stay as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.detection import queries, rulebook, showing, subjects
from app.detection.judgement import Counted, Judgement, Touched
from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Subject
from app.inventory.facts import AccountFacts

Told = Iterator[Judgement | Counted]
PROGRAM = "service"
SHOWN: dict[Subject, Callable[[Any], dict[str, Any]]] = {
    Subject.ENTITLEMENT: showing.entitlement,
    Subject.ENDPOINT: showing.endpoint,
    Subject.PACKAGE: showing.package,
    Subject.USAGE: showing.usage,
    Subject.SYSTEM: showing.system,
}


def judgements(session: Session, system_id: int, limits: Limits, *, at: datetime, only: Touched | None = None) -> Told:
    """Every rule's answer about every subject of the system, as the latest reading has it.

    `only` narrows the pass to these accounts, tokens and entitlements, and to what there are few of.
    """
    untrusted = queries.untrusted(session, system_id, roster_max_age_days=limits.roster_max_age_days, at=at)
    asking = _Asking(system_id, limits, at, untrusted)
    accounts, tokens, held = (only.accounts, only.credentials, only.entitlements) if only else (None, None, None)
    for facts in subjects.account_facts(session, system_id, limits, at=at, only=accounts):
        yield from asking.account(facts)
    for token in subjects.credential_facts(session, system_id, only=tokens):
        yield from asking.about(
            Subject.CREDENTIAL, token.credential_id, token, showing.credential, holder=token.account
        )
    for program in subjects.integration_facts(session, system_id):
        yield from asking.about(
            Subject.INTEGRATION, program.integration_id, program, showing.integration, holder=program.owner
        )
    for kind, number, thing in subjects.other_facts(session, system_id, untrusted, only=held):
        yield from asking.about(kind, number, thing, SHOWN[kind])
    yield from asking.counted()


@dataclass(slots=True)
class _Asking:
    """One pass: who is blind, and how many held."""

    system_id: int
    limits: Limits
    at: datetime
    untrusted: dict[str, str]
    held: Counter[str] = field(default_factory=Counter)
    unseen: Counter[str] = field(default_factory=Counter)
    blind: dict[str, CannotTell] = field(init=False)
    blind_of_programs: dict[str, CannotTell] = field(init=False)
    asked: dict[Subject, list[tuple[Rule, Callable[..., Answer]]]] = field(init=False)

    def __post_init__(self) -> None:
        rules = rulebook.RULES.values()
        self.blind = {rule.name: said for rule in rules if (said := _blindness(rule.needs, self.untrusted))}
        self.blind_of_programs = {
            rule.name: said for rule in rules if (said := _blindness(rule.needs_of_programs, self.untrusted))
        }
        self.asked = {
            subject: [each for each in rulebook.ASKED[subject] if each[0].name not in self.blind] for subject in Subject
        }

    def account(self, facts: AccountFacts) -> Told:
        """Ask about one account."""
        program = self.blind_of_programs if facts.kind == PROGRAM else {}
        show = lambda it: showing.account(it, self.at, self.limits)  # noqa: E731
        return self.about(Subject.ACCOUNT, facts.account_id, facts, show, holder=facts, unless=program)

    def about(
        self,
        kind: Subject,
        number: int,
        facts: Any,
        show: Callable[[Any], dict[str, Any]],
        *,
        holder: AccountFacts | None = None,
        unless: dict[str, CannotTell] | None = None,
    ) -> Told:
        """Ask every rule of one subject; what holds is only counted. `unless`: rules that cannot tell of this one."""
        self.unseen[kind] += 1
        for rule, ask in self.asked[kind]:
            answer = (unless and unless.get(rule.name)) or ask(facts, self.at, self.limits)
            if isinstance(answer, Holds):
                self.held[rule.name] += 1
            else:
                yield self._judgement(rule, f"{kind}:{number}", answer, holder, facts, show)

    def counted(self) -> Iterator[Counted]:
        """What held, rule by rule, and which rules were not asked of anybody, and why."""
        for name, times in self.held.items():
            yield Counted(name, Holds(), times)
        for name, said in self.blind.items():
            # Where nothing of its kind was read there is still one thing that it cannot tell of: the system.
            yield Counted(name, said, max(1, self.unseen[rulebook.RULES[name].subject]))

    def _judgement(
        self,
        rule: Rule,
        subject: str,
        answer: Answer,
        holder: AccountFacts | None,
        facts: Any,
        show: Callable[[Any], dict[str, Any]],
    ) -> Judgement:
        account = holder.account_id if holder is not None else None
        person = holder.person.identity_id if holder is not None and holder.person is not None else None
        if not isinstance(answer, Fails):
            return Judgement(rule.name, subject, rule.severity, answer, account, person)
        cause = rule.cause_of(subject, system=self.system_id, account=account, person=person)
        worse = answer.severity or rule.severity
        return Judgement(rule.name, subject, worse, answer, account, person, show(facts), cause)


def _blindness(needs: tuple[str, ...], untrusted: dict[str, str]) -> CannotTell | None:
    reasons = [untrusted[stream] for stream in needs if untrusted.get(stream)]
    return CannotTell("; ".join(reasons)) if reasons else None
