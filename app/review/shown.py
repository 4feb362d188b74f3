"""What a reviewer sees of an item, as JSON built by the database: who, what, how, use, findings, and last time.

It is fixed at freezing, and holds no time of use: days of beginnings and ends, and bands of use. The bands and the risk
are the set-wise twins of `advice`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, cast, false, func, literal, literal_column, not_, or_, true
from sqlalchemy.orm import aliased

from app.inventory.tables import (
    AccountRow,
    CredentialRow,
    EntitlementRow,
    GrantRow,
    IdentityRow,
    IntegrationRow,
)
from app.review import advice, unusual
from app.review.advice import Use
from app.review.dialect import day, embed, flag, obj, plain, text, whole
from app.review.frozen import ADVICE, ENTITLEMENTS, FINDINGS, HELD, LAST, PEOPLE, SUBJECTS, SYSTEMS
from app.review.silence import Settled
from app.review.tables import BundleContentRow, ImportedDecisionRow

Manager = aliased(IdentityRow, name="manager")
Grantor = aliased(AccountRow, name="grantor")
Owner = aliased(AccountRow, name="owner")
Told = aliased(ImportedDecisionRow, name="told")
EMPTY: Any = literal_column("'[]'")


def used(last: Any, known_since: Any, created: Any) -> ColumnElement[str]:
    """The band of a last use (twin of `advice.use`), seen at the reading of the row's system."""
    bands: list[tuple[Any, str]] = [
        (last > SYSTEMS.c.recent_from, Use.RECENT),
        (last > SYSTEMS.c.quarter_from, Use.QUARTER),
        (last.is_not(None), Use.LONGER),
    ]
    if known_since is not None:
        bands += [(known_since <= created, Use.NEVER), (known_since <= SYSTEMS.c.quarter_from, Use.LONGER)]
    return case(*bands, else_=Use.UNKNOWN)


def use_risk(band: Any) -> ColumnElement[int]:
    """How much the band adds to an item's risk."""
    return case({str(use): points for use, points in advice.USE_RISK.items()}, value=band, else_=0)


def finding_risk(severity: Any) -> ColumnElement[int]:
    """How much a finding of this severity adds, if it is the worst."""
    return case(dict(advice.FINDING_RISK), value=severity, else_=0)


def content_risk(privileged: Any, known: Any) -> ColumnElement[int]:
    """What an item adds by what it allows, or may allow."""
    return case((privileged, advice.PRIVILEGED), else_=0) + case((known, 0), else_=advice.CONTENTS_UNKNOWN)


def gone(today: Any) -> ColumnElement[bool]:
    """Whether the person behind an account no longer works here; null where nobody is known."""
    return or_(IdentityRow.ended.is_not(None), and_(IdentityRow.end.is_not(None), IdentityRow.end < today))


def who(today: Any) -> ColumnElement[str]:
    """The person behind an account; what the roster does not say is taken from the system, and nobody stays null."""
    return obj(
        name=func.coalesce(IdentityRow.name, AccountRow.name),
        account=AccountRow.username,
        kind=plain(AccountRow.kind),
        active=flag(AccountRow.active),
        title=func.coalesce(IdentityRow.title, AccountRow.title),
        department=func.coalesce(IdentityRow.department, AccountRow.department),
        manager=Manager.name,
        employed=flag(case((IdentityRow.id.is_not(None), ~gone(today)))),
        matched_by=AccountRow.matched_by,
    )


def job() -> ColumnElement[Any]:
    """Department and title as one text; null where one of them is not known."""
    department = func.coalesce(IdentityRow.department, AccountRow.department)
    return department + literal(" / ") + func.coalesce(IdentityRow.title, AccountRow.title)


def covered(privileged: Any, known: Any) -> ColumnElement[bool]:
    """Whether the role model of its holder's job covers a grant (twin of `bundling.covers`).

    What is wrong with the account counts here only where the account itself is not asked about.
    """
    unasked = SYSTEMS.c.accounts.is_(False)
    idle = PEOPLE.c.used.in_((str(Use.NEVER), str(Use.LONGER)))
    return and_(
        BundleContentRow.version_id.is_not(None),
        known,
        ~privileged,
        GrantRow.until.is_(None),
        FINDINGS.c.told.is_(None),
        ~and_(unasked, or_(PEOPLE.c.findings.is_not(None), idle)),
        or_(SYSTEMS.c.previous_id.is_(None), LAST.c.outcome.is_not(None)),
        or_(HELD.c.people.is_(None), HELD.c.people < unusual.PEERS, HELD.c.holders > 1),
    )


def alone(kind: str, privileged: Any, known: Any) -> ColumnElement[bool]:
    """Whether an item is decided by itself (twin of `unusual.reasons`, but for what only one of a share's people has)."""
    if kind not in ("grant", "account"):
        return true()
    idle = PEOPLE.c.used.in_((str(Use.NEVER), str(Use.LONGER)))
    of_account = or_(PEOPLE.c.gone, SUBJECTS.c.identity_id.is_(None), idle)
    every = or_(
        privileged,
        FINDINGS.c.told.is_not(None),
        and_(SYSTEMS.c.previous_id.is_not(None), LAST.c.outcome.is_(None)),
    )
    if kind == "account":
        return or_(every, of_account)
    return or_(
        every,
        and_(SYSTEMS.c.accounts.is_(False), or_(of_account, PEOPLE.c.findings.is_not(None))),
        not_(known),
        GrantRow.until.is_not(None),
        and_(PEOPLE.c.version_id.is_not(None), BundleContentRow.version_id.is_(None)),
        func.coalesce(and_(HELD.c.people >= unusual.PEERS, HELD.c.holders == 1), false()),
    )


def _told() -> ColumnElement[str]:
    return embed(func.coalesce(FINDINGS.c.told, EMPTY))


def last_time(*, elsewhere: bool = False) -> ColumnElement[str]:
    """What became of the same subject in the system's last closed campaign (`silent`: nobody answered then), or was
    decided `elsewhere`, which is marked so."""
    ours = obj(SYSTEMS.c.previous, answer=plain(LAST.c.outcome), silent=flag(_silent_then()))
    cases = [(LAST.c.outcome.is_not(None), ours)]
    if elsewhere:
        when = cast(Told.decided_on, String)
        theirs = obj(SYSTEMS.c.imported, answer=plain(Told.answer), closed=plain(when), imported=flag(true()))
        cases.append((Told.answer.is_not(None), theirs))
    return embed(case(*cases))


def _silent_then() -> ColumnElement[bool]:
    return func.coalesce(LAST.c.settled, literal("")) == str(Settled.SILENCE)


def bits(privileged: Any, used_: Any, **more: Any) -> ColumnElement[int]:
    """Which advice is given, as its key in `frozen.ADVICE` (twin of `advice.codes`). `more` are what a kind has besides."""
    told: dict[str, Any] = {
        "gone": more.get("gone"),
        "unused": used_.in_((str(Use.NEVER), str(Use.LONGER))),
        "over": more.get("over"),
        "alone": more.get("alone"),
        "finding": FINDINGS.c.risk >= advice.FINDING_RISK["high"],
        "model": more.get("covered"),
        "used": used_.in_((str(Use.RECENT), str(Use.QUARTER))),
        "usual": more.get("usual"),
        "last": and_(LAST.c.outcome.in_(("keep", "acknowledge")), not_(_silent_then())),
        "privileged": privileged,
    }
    found: ColumnElement[int] = literal(0)
    for code, condition in told.items():
        found = found + case((condition, advice.BITS[code]), else_=0) if condition is not None else found
    return found


def of_grant() -> ColumnElement[Any]:
    """What the reviewer of a direct grant is shown, as one JSON column."""
    seen_first = case((GrantRow.granted.is_(None), text("first seen")), else_=text("granted"))
    return whole(
        obj(
            PEOPLE.c.beside,
            ADVICE.c.covering,
            who=embed(PEOPLE.c.who),
            what=embed(ENTITLEMENTS.c.what),
            system=embed(SYSTEMS.c.named),
            how=obj(
                source=GrantRow.source,
                authority=GrantRow.authority,
                since=plain(day(func.coalesce(GrantRow.granted, GrantRow.began))),
                since_is=embed(seen_first),
                granted_by=func.coalesce(Grantor.name, Grantor.username, GrantRow.granted_by),
                until=plain(day(GrantRow.until)),
                effective=flag(GrantRow.effective),
            ),
            findings=_told(),
            peers=embed(HELD.c.told),
            in_model=flag(case((PEOPLE.c.version_id.is_not(None), BundleContentRow.version_id.is_not(None)))),
            last=last_time(elsewhere=True),
        )
    )


def bits_of_grant() -> ColumnElement[int]:
    """Which advice the reviewer of a direct grant is given."""
    return bits(
        ENTITLEMENTS.c.privileged,
        PEOPLE.c.used,
        gone=PEOPLE.c.gone,
        over=day(GrantRow.until) < day(SYSTEMS.c.seen_at),
        alone=and_(HELD.c.people >= advice.PEERS, HELD.c.holders == 1),
        covered=covered(ENTITLEMENTS.c.privileged, ENTITLEMENTS.c.known),
        usual=and_(HELD.c.people >= advice.PEERS, HELD.c.holders * 2 >= HELD.c.people),
    )


def of_account() -> ColumnElement[Any]:
    """What the reviewer of an account is shown, as one JSON column."""
    return whole(
        obj(
            ADVICE.c.told,
            who=embed(PEOPLE.c.who),
            what=obj(
                kind="account",
                label=AccountRow.username,
                name=AccountRow.key,
                licence=AccountRow.licence,
                privileges=embed(func.coalesce(PEOPLE.c.privileges, EMPTY)),
            ),
            system=embed(SYSTEMS.c.named),
            how=obj(
                since=plain(day(func.coalesce(AccountRow.created, AccountRow.began))), frozen=flag(AccountRow.frozen)
            ),
            use=plain(PEOPLE.c.used),
            findings=_told(),
            last=last_time(elsewhere=True),
        )
    )


def bits_of_account() -> ColumnElement[int]:
    """Which advice the reviewer of an account is given."""
    return bits(PEOPLE.c.privileges.is_not(None), PEOPLE.c.used, gone=PEOPLE.c.gone)


def of_integration() -> ColumnElement[Any]:
    """What the reviewer of an integration is shown, as one JSON column."""
    return whole(
        obj(
            ADVICE.c.told,
            who=embed(PEOPLE.c.who),
            what=obj(
                kind=IntegrationRow.kind,
                label=IntegrationRow.name,
                name=IntegrationRow.key,
                publisher=IntegrationRow.publisher,
                scopes=embed(IntegrationRow.scopes),
                concluded=flag(IntegrationRow.derived),
            ),
            system=embed(SYSTEMS.c.named),
            how=obj(since=plain(day(func.coalesce(IntegrationRow.created, IntegrationRow.began)))),
            use=plain(used(IntegrationRow.last_used, None, IntegrationRow.created)),
            findings=_told(),
            last=last_time(),
        )
    )


def bits_of_integration() -> ColumnElement[int]:
    """Which advice the reviewer of an integration is given."""
    return bits(false(), used(IntegrationRow.last_used, None, IntegrationRow.created), gone=PEOPLE.c.gone)


def of_credential() -> ColumnElement[Any]:
    """What the reviewer of a credential is shown, as one JSON column."""
    return whole(
        obj(
            ADVICE.c.told,
            who=embed(PEOPLE.c.who),
            what=obj(
                kind=CredentialRow.kind,
                label=CredentialRow.label,
                name=CredentialRow.key,
                integration=IntegrationRow.name,
                scopes=embed(CredentialRow.scopes),
            ),
            system=embed(SYSTEMS.c.named),
            how=obj(
                since=plain(day(func.coalesce(CredentialRow.created, CredentialRow.began))),
                until=plain(day(CredentialRow.expires)),
            ),
            use=plain(used(CredentialRow.last_used, CredentialRow.uses_known_since, CredentialRow.created)),
            findings=_told(),
            account_findings=embed(func.coalesce(PEOPLE.c.findings, EMPTY)),
            last=last_time(),
        )
    )


def bits_of_credential() -> ColumnElement[int]:
    """Which advice the reviewer of a credential is given."""
    return bits(
        PEOPLE.c.privileges.is_not(None),
        used(CredentialRow.last_used, CredentialRow.uses_known_since, CredentialRow.created),
        gone=PEOPLE.c.gone,
        over=day(CredentialRow.expires) < day(SYSTEMS.c.seen_at),
    )


def entitlement(row: EntitlementRow, privileges: list[dict[str, Any]] | None) -> dict[str, Any]:
    """What an entitlement is, in words; `privileges` None: the system does not say what it allows."""
    return {
        "kind": row.kind,
        "label": row.label or row.name,
        "name": row.name,
        "key": row.key,
        "description": row.description,
        "privileges": privileges,
    }
