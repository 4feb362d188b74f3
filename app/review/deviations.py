"""Every account of a system, held against the role model of its person's job.

A person has one role model: of those in force that fit, the one that fits fewest people, as in a review. Only what a role
model could hold is compared: known contents, nothing privileged, no end of its own, and such as can be taken away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from app.detection import queries as detection
from app.detection.judgement import Counted, Judgement, Touched
from app.detection.rule import CannotTell, Fails, Holds
from app.inventory.tables import AccountRow, EntitlementRow, GrantRow, IdentityRow
from app.ledger import jcs
from app.review import bundling, modelling
from app.review.deviating import RULE, Held, ask
from app.review.tables import BundleContentRow, BundleVersionRow

SOURCE = "review"


@dataclass(slots=True)
class _Models:
    """Whose role model is which (by identity), what those that speak of this system are called, and what each account holds
    beside it."""

    of: dict[int, int] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    outside: dict[int, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))  # {grant: what it is of}


def judgements(
    session: Session, system_id: int, *, roster_max_age_days: int, only: Touched | None = None, at: datetime
) -> Iterator[Judgement | Counted]:
    """The rule's answer about every live account of a person, or about those of `only`. Where a stream that it needs is not
    fully known: of none."""
    untrusted = detection.untrusted(session, system_id, roster_max_age_days=roster_max_age_days, at=at)
    lacking = [untrusted[stream] for stream in RULE.needs if stream in untrusted]
    if lacking:
        yield Counted(RULE.name, CannotTell("; ".join(lacking)), 1)
        return
    models = _models(session, system_id, at, only)
    held = 0
    for account, person in _accounts(session, system_id, at, only):
        judged = _judge(account, person, models)
        if isinstance(judged.answer, Holds):
            held += 1
        else:
            yield judged
    if held:
        yield Counted(RULE.name, Holds(), held)


def measure(session: Session, at: datetime) -> str:
    """What accounts are held against, as text: the role models in force, and how many people each fits. Where that is as it
    was, only accounts that were touched can be answered otherwise."""
    return jcs.dumps([[str(row.id), size] for row, size in _lasting(session, at)]).decode()


def _lasting(session: Session, at: datetime) -> list[tuple[BundleVersionRow, int]]:
    """The versions that count now, the one that fits fewest people first."""
    rows = [row for row in modelling.in_force(session) if bundling.lasts(row.approved_at, at)]
    sized = [(row, modelling.people(session, row.match, at.date())) for row in rows]
    return sorted(sized, key=lambda each: (each[1], each[0].id))


def _those(only: Touched | None) -> list[ColumnElement[bool]]:
    return [] if only is None else [AccountRow.id.in_(sorted(only.accounts))]


def _accounts(session: Session, system_id: int, at: datetime, only: Touched | None) -> Iterator[tuple[Any, Any]]:
    """Live accounts that may be a person's, each with whoever works here behind it."""
    found = (
        select(AccountRow, IdentityRow)
        .outerjoin(IdentityRow, and_(IdentityRow.id == AccountRow.identity_id, modelling.here(at.date())))
        .where(AccountRow.system_id == system_id, AccountRow.ended.is_(None))
        .where(AccountRow.kind.in_(("person", "unknown")), *_those(only))
        .order_by(AccountRow.id)
        .execution_options(yield_per=1000)
    )
    yield from ((row[0], row[1]) for row in session.execute(found))


def _judge(account: AccountRow, person: IdentityRow | None, models: _Models) -> Judgement:
    version = models.of.get(person.id) if person is not None else None
    outside = models.outside.get(account.id, {})
    beside = tuple(dict.fromkeys(outside.values()))
    model = models.names.get(version) if version is not None else None
    active = None if account.active is None else account.active and not account.frozen
    answer = ask(Held(active, person.name if person is not None else None, model, beside))
    facts: Mapping[str, object] = {}
    if isinstance(answer, Fails):
        facts = {
            "account": account.username, "key": account.key, "kind": account.kind, "active": account.active,
            "person": person.name if person is not None else None, "role_model": model, "beside_it": list(beside),
            "grants": list(outside),
        }  # fmt: skip
    subject, who = f"account:{account.id}", person.id if person is not None else None
    cause = RULE.cause_of(subject, system=account.system_id, account=account.id, person=who)
    return Judgement(RULE.name, subject, RULE.severity, answer, account.id, who, facts, cause)


def _models(session: Session, system_id: int, at: datetime, only: Touched | None) -> _Models:
    """The role models in force, the narrowest first, and for each what the accounts of its people hold beside it."""
    today, made = at.date(), _Models()
    lasting = [row for row, _ in _lasting(session, at)]
    named = modelling.named(session, [row.id for row in lasting])
    mighty = modelling.bringing(session)
    speaking = _speaking(session, system_id)
    for row in lasting:
        fits = (modelling.here(today), modelling.fits(row.match))
        for number in session.scalars(select(IdentityRow.id).where(*fits)):
            made.of.setdefault(number, row.id)
        if row.id not in speaking:
            continue
        made.names[row.id] = f"{named[row.id][0].name}, version {row.number}"
        theirs = _beside(system_id, row.id, at).where(*fits, *_those(only))
        for account, number, entitlement, grant, name in session.execute(theirs):
            if made.of[number] == row.id and entitlement not in mighty:
                made.outside[account][f"grant:{grant}"] = name
    return made


def _speaking(session: Session, system_id: int) -> frozenset[int]:
    """The versions that hold anything of a system; what the others say of a job says nothing about it there."""
    inside = select(BundleContentRow.version_id).join(EntitlementRow)
    return frozenset(session.scalars(inside.where(EntitlementRow.system_id == system_id).distinct()))


def _beside(system_id: int, version_id: int, at: datetime) -> Any:
    """What accounts hold that is not in a version, of what could be in one."""
    inside = select(BundleContentRow.entitlement_id).where(BundleContentRow.version_id == version_id)
    called = func.coalesce(EntitlementRow.label, EntitlementRow.name)
    return (
        select(AccountRow.id, IdentityRow.id, EntitlementRow.id, GrantRow.id, called)
        .join(GrantRow, GrantRow.account_id == AccountRow.id)
        .join(IdentityRow, IdentityRow.id == AccountRow.identity_id)
        .join(EntitlementRow, EntitlementRow.id == GrantRow.entitlement_id)
        .where(GrantRow.system_id == system_id, GrantRow.ended.is_(None), GrantRow.effective.is_not(False))
        .where(or_(GrantRow.until.is_(None), GrantRow.until <= at), AccountRow.ended.is_(None))
        .where(EntitlementRow.ended.is_(None), EntitlementRow.revocable, EntitlementRow.privileges.is_not(None))
        .where(GrantRow.entitlement_id.not_in(inside), ~modelling.mighty())
        .order_by(AccountRow.id, EntitlementRow.id)
    )
