"""What a reviewer sees of an item, as JSON built by the database: who, what, how, use, findings, and last time.

It is fixed at freezing, and holds no time of use: days of beginnings and ends, and bands of use. The bands and the risk
are the set-wise twins of `advice`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    String,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    true,
)
from sqlalchemy.orm import aliased

from app.inventory.tables import (
    AccountRow,
    CredentialRow,
    EntitlementRow,
    GrantRow,
    IdentityRow,
    IntegrationRow,
)
from app.review import advice
from app.review.advice import Use
from app.review.dialect import day, embed, flag, obj, plain, quoted, ready, sure, text, whole
from app.review.frozen import ADVICE, ENTITLEMENTS, FINDINGS, HELD, LAST, PEOPLE, SYSTEMS
from app.review.silence import Settled
from app.review.tables import BundleContentRow, ImportedDecisionRow

Manager = aliased(IdentityRow, name="manager")
Grantor = aliased(AccountRow, name="grantor")
Owner = aliased(AccountRow, name="owner")
Told = aliased(ImportedDecisionRow, name="told")
EMPTY: Any = literal_column("'[]'")
IDLE = (str(Use.NEVER), str(Use.LONGER))
IN_USE = (str(Use.RECENT), str(Use.QUARTER))


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


def weighing(today: Any, band: Any, risk: Any) -> tuple[ColumnElement[Any], ...]:
    """What an account makes of itself and of each of its grants: `frozen.PEOPLE` from `gone` to `uncovered`."""
    left, idle = and_(IdentityRow.id.is_not(None), gone(today)), band.in_(IDLE)
    odd, wrong = or_(left, AccountRow.identity_id.is_(None), idle), FINDINGS.c.told.is_not(None)
    unasked = SYSTEMS.c.accounts.is_(False)
    return (
        left,
        bits(gone=left, unused=idle, used=band.in_(IN_USE)),
        risk + use_risk(band),
        odd,
        and_(unasked, or_(odd, wrong)),
        and_(unasked, or_(idle, wrong)),
    )


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


def covered() -> ColumnElement[bool]:
    """Whether the role model of its holder's job covers a grant (twin of `bundling.covers`).

    What is wrong with the account counts here only where the account itself is not asked about.
    """
    return and_(
        BundleContentRow.version_id.is_not(None),
        not_(ENTITLEMENTS.c.odd),
        GrantRow.until.is_(None),
        FINDINGS.c.told.is_(None),
        not_(PEOPLE.c.uncovered),
        or_(SYSTEMS.c.previous_id.is_(None), LAST.c.outcome.is_not(None)),
        HELD.c.odd.is_not(True),
    )


def alone_grant() -> ColumnElement[bool]:
    """Whether a grant is decided by itself (twin of `unusual.reasons`, but for what only one of a share's people has)."""
    return _any(
        ENTITLEMENTS.c.odd,
        PEOPLE.c.odd_grants,
        *_apart(),
        GrantRow.until.is_not(None),
        and_(PEOPLE.c.version_id.is_not(None), BundleContentRow.version_id.is_(None)),
        HELD.c.odd.is_(True),
    )


def alone_account(privileged: Any) -> ColumnElement[bool]:
    """Whether an account is decided by itself (twin of `unusual.reasons`)."""
    return _any(privileged, PEOPLE.c.odd, *_apart())


def _apart() -> tuple[ColumnElement[bool], ...]:
    """Something is wrong with it, or it is new since the last review."""
    return FINDINGS.c.told.is_not(None), and_(SYSTEMS.c.previous_id.is_not(None), LAST.c.outcome.is_(None))


def _any(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether any holds. Of an OR that is a value SQLite works out every part, of a CASE what comes first."""
    return case(*((each, true()) for each in conditions), else_=false())


def _number(value: int) -> ColumnElement[int]:
    """Written out: a bound one would be copied for each row."""
    return literal_column(str(value), Integer)


def _word(value: str) -> ColumnElement[str]:
    """A word of ours as JSON, written out."""
    return literal_column(f"'{text(value)}'", String)


def _told() -> ColumnElement[str]:
    return ready(func.coalesce(FINDINGS.c.told, EMPTY))


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


def bits(**told: Any) -> ColumnElement[int]:
    """Advice whose conditions hold, as a part of its key in `frozen.ADVICE` (twin of `advice.codes`)."""
    found: ColumnElement[int] = _number(0)
    for code, condition in told.items():
        found = found + case((condition, _number(advice.BITS[code])), else_=_number(0))
    return found


def _bits_of_item() -> ColumnElement[int]:
    """What is advised of everything for what was found wrong with it, and for what was said last time."""
    stayed = and_(LAST.c.outcome.in_(("keep", "acknowledge")), not_(_silent_then()))
    return bits(finding=FINDINGS.c.risk >= advice.FINDING_RISK["high"], last=stayed)


def _in_doubt() -> ColumnElement[bool]:
    """Whether something serious is open on the account behind it."""
    return PEOPLE.c.finding_risk >= advice.FINDING_RISK["high"]


def _bits_of_use(band: Any) -> ColumnElement[int]:
    return bits(unused=band.in_(IDLE), used=band.in_(IN_USE))


def of_grant() -> ColumnElement[Any]:
    """What the reviewer of a direct grant is shown, as one JSON column."""
    seen_first = case((GrantRow.granted.is_(None), _word("first seen")), else_=_word("granted"))
    grantor = func.coalesce(Grantor.name, Grantor.username, GrantRow.granted_by)
    in_model = case(
        (PEOPLE.c.version_id.is_(None), literal_column("'null'")),
        (BundleContentRow.version_id.is_not(None), literal_column("'true'")),
        else_=literal_column("'false'"),
    )
    return whole(
        obj(
            PEOPLE.c.beside,
            ADVICE.c.covering,
            who=ready(PEOPLE.c.who),
            what=ready(ENTITLEMENTS.c.what),
            system=ready(SYSTEMS.c.named),
            how=obj(
                source=GrantRow.source,
                authority=GrantRow.authority,
                since=sure(day(func.coalesce(GrantRow.granted, GrantRow.began))),
                since_is=ready(seen_first),
                granted_by=embed(case((GrantRow.granted_by.is_not(None), quoted(grantor)))),
                until=embed(case((GrantRow.until.is_not(None), plain(day(GrantRow.until))))),
                effective=flag(GrantRow.effective),
            ),
            findings=_told(),
            peers=embed(HELD.c.told),
            in_model=ready(in_model),
            last=last_time(elsewhere=True),
        )
    )


def bits_of_grant() -> ColumnElement[int]:
    """Which advice the reviewer of a direct grant is given."""
    over = and_(GrantRow.until.is_not(None), day(GrantRow.until) < day(SYSTEMS.c.seen_at))
    own = bits(over=over, account=_in_doubt(), model=covered())
    return PEOPLE.c.bits + ENTITLEMENTS.c.bits + func.coalesce(HELD.c.bits, 0) + own + _bits_of_item()


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
    return PEOPLE.c.bits + bits(privileged=PEOPLE.c.privileges.is_not(None)) + _bits_of_item()


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
    band = used(IntegrationRow.last_used, None, IntegrationRow.created)
    return _bits_of_use(band) + bits(gone=PEOPLE.c.gone) + _bits_of_item()


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
    band = used(CredentialRow.last_used, CredentialRow.uses_known_since, CredentialRow.created)
    own = bits(
        privileged=PEOPLE.c.privileges.is_not(None),
        gone=PEOPLE.c.gone,
        over=day(CredentialRow.expires) < day(SYSTEMS.c.seen_at),
        account=_in_doubt(),
    )
    return own + _bits_of_use(band) + _bits_of_item()


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
