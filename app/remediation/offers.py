"""What can be taken away because of a finding: the thing itself and what hangs on it, each with what stands against it.

Nothing is asked of the CRM here. What a machine would do exactly, `foresight` finds out; what only a person may do is
offered all the same, and says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.detection import rulebook
from app.detection.rule import Remedy
from app.detection.tables import FindingRow
from app.inventory.policy import has_executor
from app.inventory.tables import AccountRow, CredentialRow, EntitlementRow, GrantRow, PrivilegeRow, SystemRow
from app.kit.refusal import Refusal
from app.remediation import aims, policy, queries
from app.remediation.aims import Aim
from app.remediation.policy import Circumstances, Standing
from app.review import deviating

_RULES = rulebook.and_beside(deviating.RULE)
MOST = 200  # things of one account; whoever holds more is reviewed, not revoked


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing that may be taken away. `refusal`: why not at all. `by_hand`: why a person has to do it, as far as is
    known before the CRM is asked. `chosen`: what the finding's rule wants gone."""

    subject: str
    kind: str
    name: str
    privileges: tuple[str, ...]
    chosen: bool
    aim: Aim
    refusal: Refusal | None
    by_hand: Refusal | None


@dataclass(frozen=True, slots=True)
class _Thing:
    kind: str
    id: int
    name: str
    there: bool
    privileges: tuple[str, ...] = ()
    revocable: bool = True

    @property
    def subject(self) -> str:
        return f"{self.kind}:{self.id}"


def offers(session: Session, finding: FindingRow) -> list[Offer]:
    """What a revocation started from this finding can take away; the finding's own subject first."""
    kind, _, number = finding.subject.partition(":")
    if kind not in ("account", "credential") or not number.isdigit():  # a finding about something else
        return []
    rule = _RULES.get(finding.rule)
    remedy = rule.remedy if rule is not None else Remedy.SUBJECT
    things = _of_account(session, int(number)) if kind == "account" else _credentials(session, CredentialRow.id, number)
    underway = queries.underway(session, [thing.subject for thing in things])
    found = {
        (of, subject_id): aim
        for of in dict.fromkeys(thing.kind for thing in things)
        for subject_id, aim in aims.aims(session, of, [thing.id for thing in things if thing.kind == of]).items()
    }
    told = []
    for thing in things:
        aim = found[thing.kind, thing.id]
        removal = underway.get(thing.subject)
        refusal, by_hand = _against(session, thing, aim, str(removal.id) if removal else None)
        wanted = _wanted(thing, finding, remedy)
        told.append(
            Offer(
                thing.subject, thing.kind, thing.name, thing.privileges,
                wanted, aim, refusal, by_hand,
            )
        )  # fmt: skip
    return told


def _wanted(thing: _Thing, finding: FindingRow, remedy: Remedy) -> bool:
    """Whether this is what the finding speaks against; the rest is offered beside it."""
    if remedy is Remedy.PRIVILEGES:
        return bool(thing.privileges) and thing.kind != "account"
    if remedy is Remedy.LISTED:
        return thing.subject in finding.facts.get("grants", ())
    return thing.subject == finding.subject


def _of_account(session: Session, account_id: int) -> list[_Thing]:
    account = session.get(AccountRow, account_id)
    if account is None:
        return []
    there = account.ended is None and account.active is not False
    told = [_Thing("account", account.id, account.username, there)]
    may: dict[int, set[str]] = {}
    rows = select(PrivilegeRow.entitlement_id, PrivilegeRow.privilege).where(PrivilegeRow.account_id == account_id)
    for entitlement, privilege in session.execute(rows):
        may.setdefault(entitlement, set()).add(privilege)
    held = session.execute(
        select(GrantRow.id, EntitlementRow)
        .join(EntitlementRow, EntitlementRow.id == GrantRow.entitlement_id)
        .where(GrantRow.account_id == account_id, GrantRow.ended.is_(None))
        .order_by(EntitlementRow.kind, EntitlementRow.name, GrantRow.id)
        .limit(MOST)
    )
    for grant, what in held:
        privileges = tuple(sorted(may.get(what.id, ())))
        told.append(_Thing("grant", grant, what.label or what.name, True, privileges, what.revocable))
    return told + _credentials(session, CredentialRow.account_id, account_id)


def _credentials(session: Session, column: object, number: object) -> list[_Thing]:
    live = or_(CredentialRow.active.is_(None), CredentialRow.active.is_(True))
    found = select(CredentialRow).where(column == int(str(number))).order_by(CredentialRow.id).limit(MOST)  # type: ignore[arg-type]
    if column is CredentialRow.account_id:  # those of an account only while they work; the finding's own always
        found = found.where(CredentialRow.ended.is_(None), live)
    rows: Sequence[CredentialRow] = session.scalars(found).all()
    return [_Thing("credential", row.id, row.label, row.ended is None and row.active is not False) for row in rows]


def _against(session: Session, thing: _Thing, aim: Aim, underway: str | None) -> tuple[Refusal | None, Refusal | None]:
    """Why it may not be taken away at all, and why not by a machine."""
    around = queries.plight(session, aim.system_id, thing.kind, aim.account_id, aim.grant_id)
    system = around.system
    own = frozenset(key for key in (system.principal, system.executor_principal) if key is not None)
    key = aim.target.account_key
    standing = Standing(thing.kind, thing.there, underway, key, own, around.administers, around.other_administrators)
    refusals = []
    for act in policy.ACTS_FOR[thing.kind]:
        now = Circumstances(
            act=act, kind=thing.kind, writing=_writing(system), able=frozenset(), own_keys=own, account_key=key,
            account_kind=around.account_kind, administers=around.administers,
            other_administrators=around.other_administrators, authority=around.authority,
        )  # fmt: skip
        refusals.append(policy.why_not_perform(now))
    by_hand = None if None in refusals else refusals[0]
    if by_hand is None and not thing.revocable:
        by_hand = policy.NOT_BY_API
    return policy.why_not_revoke(standing), by_hand


def _writing(system: SystemRow) -> frozenset[str]:
    return frozenset(system.writing) if has_executor(system.kind, system.executor_secret) else frozenset()
