"""Asking every rule of every subject of one system, in one pass.

Facts stream in order; nothing is kept but the answers that matter. A rule whose needed streams were not read completely is
not asked: its answer is CannotTell for every subject, with the stream's own reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.detection import queries, rulebook
from app.detection.judgement import Judgement
from app.detection.rule import Answer, CannotTell, Fails, Limits, Rule, Subject
from app.inventory.facts import AccountFacts, CredentialFacts


def judgements(session: Session, system_id: int, limits: Limits, *, at: datetime) -> Iterator[Judgement]:
    """Every rule's answer about every live account and credential of the system, as the latest reading has them."""
    untrusted = queries.untrusted(session, system_id, roster_max_age_days=limits.roster_max_age_days, at=at)
    blind = {rule.name: _blindness(rule.needs, untrusted) for rule in rulebook.RULES.values()}
    blind_of_programs = {
        rule.name: _blindness((*rule.needs, *rule.needs_of_programs), untrusted) for rule in rulebook.RULES.values()
    }
    for account in queries.account_facts(session, system_id):
        person = account.person.identity_id if account.person is not None else None
        blindness = blind_of_programs if account.kind == "service" else blind
        for rule, ask in rulebook.ASKED[Subject.ACCOUNT]:
            answer: Answer = blindness[rule.name] or ask(account, at, limits)
            subject = f"account:{account.account_id}"
            yield _judgement(
                rule, system_id, subject, answer, account.account_id, person, _account_shown(account, answer)
            )
    for credential in queries.credential_facts(session, system_id):
        holder = credential.account
        for rule, ask in rulebook.ASKED[Subject.CREDENTIAL]:
            answer = blind[rule.name] or ask(credential, at, limits)
            person = holder.person.identity_id if holder is not None and holder.person is not None else None
            subject = f"credential:{credential.credential_id}"
            holder_id = holder.account_id if holder is not None else None
            yield _judgement(rule, system_id, subject, answer, holder_id, person, _credential_shown(credential, answer))


def _blindness(needs: tuple[str, ...], untrusted: dict[str, str]) -> CannotTell | None:
    reasons = [untrusted[stream] for stream in needs if untrusted.get(stream)]
    return CannotTell("; ".join(reasons)) if reasons else None


def _judgement(
    rule: Rule,
    system: int,
    subject: str,
    answer: Answer,
    account: int | None,
    person: int | None,
    facts: dict[str, Any],
) -> Judgement:
    worse = answer.severity if isinstance(answer, Fails) and answer.severity is not None else rule.severity
    cause = rule.cause_of(subject, system=system, account=account, person=person)
    return Judgement(rule.name, subject, worse, answer, account, person, facts, cause)


def _account_shown(account: AccountFacts, answer: Answer) -> dict[str, Any]:
    if not isinstance(answer, Fails):
        return {}
    return {
        "account": account.username,
        "key": account.key,
        "kind": account.kind,
        "active": account.active,
        "frozen": account.frozen,
        "created": _day(account.created),
        "last_login": _day(account.last_login),
        "last_use": _day(account.last_use),
        "privileges": list(account.privileges),
        "person": account.person.name if account.person is not None else None,
    }


def _credential_shown(credential: CredentialFacts, answer: Answer) -> dict[str, Any]:
    if not isinstance(answer, Fails):
        return {}
    return {
        "credential": credential.label,
        "kind": credential.kind,
        "integration": credential.integration,
        "account": credential.account.username if credential.account is not None else None,
        "created": _day(credential.created),
        "last_used": _day(credential.last_used),
        "expires": _day(credential.expires),
    }


def _day(moment: datetime | None) -> str | None:
    return moment.date().isoformat() if moment is not None else None
