"""The items of a review, one SELECT per kind over the scratch tables; the same for opening and for finding drift.

Each row has the columns of `COLUMNS`, in their order. `shown` is left to the end of the row, so that a caller who only
filters pays nothing for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    String,
    and_,
    case,
    cast,
    false,
    func,
    insert,
    literal,
    null,
    select,
    true,
)
from sqlalchemy.orm import Session

from app.inventory.tables import AccountRow, CredentialRow, EntitlementRow, GrantRow, IntegrationRow
from app.kit.db import Big
from app.review import advice, asking, scoping, shown
from app.review.chain import Rule
from app.review.expression import words
from app.review.frozen import (
    ADVICE,
    CHOICES,
    CONTENTS,
    ENTITLEMENTS,
    FINDINGS,
    HELD,
    LAST,
    PEERS,
    PEOPLE,
    SUBJECTS,
    SYSTEMS,
    TASKS,
    analyze,
)
from app.review.scope import FACTS, ItemKind
from app.review.scoping import Wanted
from app.review.shown import Grantor, Told
from app.review.tables import BundleContentRow, TaskRow

Rules = Sequence[Rule]
COLUMNS = (
    "kind",
    "subject",
    "system_id",
    "account_id",
    "grant_id",
    "integration_id",
    "credential_id",
    "entitlement_id",
    "subject_identity_id",
    "reviewer_id",
    "chosen_by",
    "privileged",
    "known",
    "risk",
    "bundle_version_id",
    "alone",
    "shown",
)


def of(kind: ItemKind, wanted: Wanted | None = None, rules: Rules = ()) -> Any:
    """The rows of one kind; of those with no reviewer the campaign does not open. `wanted` chooses by the facts of each,
    `rules` say by which route its reviewer was chosen; without any, by the first."""
    return _BUILD[kind](wanted, rules)


def count(session: Session, kind: ItemKind, wanted: Wanted) -> int:
    """How many rows of a kind are wanted."""
    rows: Any = of(kind, wanted).with_only_columns(func.count())
    return int(session.scalars(rows).one())


def without_reviewer(session: Session, kinds: Sequence[ItemKind], wanted: Wanted | None, rules: Rules) -> int:
    """How many items nobody independent is left for; more than none means that the campaign may not open."""
    nobody = CHOICES.c.reviewer_id.is_(None)
    if session.scalar(select(CHOICES.c.row_id).where(nobody).limit(1)) is None:
        return 0
    counted = [of(kind, wanted, rules).where(nobody).with_only_columns(func.count()) for kind in kinds]
    return sum(int(session.scalars(each).one()) for each in counted)


def tasks(session: Session, campaign_id: int) -> None:
    """One task for each reviewer that was chosen, and which it is, in `frozen.TASKS`."""
    somebody = CHOICES.c.reviewer_id.is_not(None)
    chosen = select(literal(campaign_id), CHOICES.c.reviewer_id, literal("open"), literal(1)).where(somebody).distinct()
    names = ["campaign_id", "reviewer_id", "status", "version"]
    session.execute(insert(TaskRow).from_select(names, chosen, include_defaults=False))
    made = select(TaskRow.reviewer_id, TaskRow.id).where(TaskRow.campaign_id == campaign_id)
    session.execute(insert(TASKS).from_select(["reviewer_id", "task_id"], made))
    analyze(session, TASKS.name)


def _grants(wanted: Wanted | None, rules: Rules) -> Any:
    joined = (
        select(literal(1))
        .select_from(SUBJECTS)
        .join(SYSTEMS, SYSTEMS.c.system_id == SUBJECTS.c.system_id)
        .join(PEOPLE, PEOPLE.c.account_id == SUBJECTS.c.row_id)
        .outerjoin(PEERS, PEERS.c.account_id == SUBJECTS.c.row_id)
        .join(GrantRow, GrantRow.account_id == SUBJECTS.c.row_id)
        .join(ENTITLEMENTS, ENTITLEMENTS.c.entitlement_id == GrantRow.entitlement_id)
        .outerjoin(Grantor, and_(Grantor.system_id == GrantRow.system_id, Grantor.key == GrantRow.granted_by))
        .outerjoin(HELD, and_(HELD.c.job == PEERS.c.job, HELD.c.entitlement_id == GrantRow.entitlement_id))
        .outerjoin(
            BundleContentRow,
            and_(
                BundleContentRow.version_id == PEOPLE.c.version_id,
                BundleContentRow.entitlement_id == GrantRow.entitlement_id,
            ),
        )
    )
    return _rows(
        kind=ItemKind.GRANT,
        joined=joined,
        key=GrantRow.id,
        grant_id=GrantRow.id,
        account_id=GrantRow.account_id,
        privileged=ENTITLEMENTS.c.privileged,
        known=ENTITLEMENTS.c.known,
        risk=PEOPLE.c.weight + ENTITLEMENTS.c.risk,
        model=case((shown.covered(), PEOPLE.c.version_id)),
        alone=shown.alone_grant(),
        told=shown.of_grant(),
        bits=shown.bits_of_grant(),
        wanted=wanted,
        rules=rules,
        facts={
            "entitlement": ENTITLEMENTS.c.key,
            "privilege": ENTITLEMENTS.c.flags,
            "use": PEOPLE.c.used,
            "temporary": GrantRow.until.is_not(None),
            "low_risk": ENTITLEMENTS.c.low_risk,
        },
    ).where(
        SUBJECTS.c.kind == str(ItemKind.ACCOUNT),
        SUBJECTS.c.inside,
        SYSTEMS.c.grants,
        GrantRow.ended.is_(None),
        ENTITLEMENTS.c.revocable,
    )


def _accounts(wanted: Wanted | None, rules: Rules) -> Any:
    privileged = PEOPLE.c.privileges.is_not(None)
    return _rows(
        kind=ItemKind.ACCOUNT,
        joined=_joined(AccountRow, "account", AccountRow.id),
        key=AccountRow.id,
        account_id=AccountRow.id,
        privileged=privileged,
        known=true(),
        risk=PEOPLE.c.weight + shown.content_risk(privileged, true()),
        alone=shown.alone_account(privileged),
        told=shown.of_account(),
        bits=shown.bits_of_account(),
        wanted=wanted,
        rules=rules,
        facts={"privilege": PEOPLE.c.flags, "use": PEOPLE.c.used},
    ).where(SYSTEMS.c.accounts)


def _integrations(wanted: Wanted | None, rules: Rules) -> Any:
    band = shown.used(IntegrationRow.last_used, None, IntegrationRow.created)
    return _rows(
        kind=ItemKind.INTEGRATION,
        joined=_joined(IntegrationRow, "integration", IntegrationRow.owner_account_id),
        key=IntegrationRow.id,
        integration_id=IntegrationRow.id,
        privileged=false(),
        known=IntegrationRow.scopes.is_not(None),
        risk=func.coalesce(PEOPLE.c.risk, advice.NOBODYS)
        + shown.use_risk(band)
        + shown.content_risk(false(), IntegrationRow.scopes.is_not(None)),
        told=shown.of_integration(),
        bits=shown.bits_of_integration(),
        wanted=wanted,
        rules=rules,
        facts={"privileged": scoping.unknown(Boolean()), "integration": IntegrationRow.name, "use": band},
    )


def _credentials(wanted: Wanted | None, rules: Rules) -> Any:
    band = shown.used(CredentialRow.last_used, CredentialRow.uses_known_since, CredentialRow.created)
    privileged = PEOPLE.c.privileges.is_not(None)  # a token can do what its account can
    joined = _joined(CredentialRow, "credential", CredentialRow.account_id).outerjoin(
        IntegrationRow, IntegrationRow.id == CredentialRow.integration_id
    )
    return _rows(
        kind=ItemKind.CREDENTIAL,
        joined=joined,
        key=CredentialRow.id,
        account_id=CredentialRow.account_id,
        credential_id=CredentialRow.id,
        privileged=privileged,
        known=true(),
        risk=func.coalesce(PEOPLE.c.risk, advice.NOBODYS)
        + shown.use_risk(band)
        + shown.content_risk(privileged, true()),
        told=shown.of_credential(),
        bits=shown.bits_of_credential(),
        wanted=wanted,
        rules=rules,
        facts={
            "privilege": PEOPLE.c.flags,
            "integration": IntegrationRow.name,
            "use": band,
            "temporary": CredentialRow.expires.is_not(None),
        },
    )


def _contents(kind: ItemKind) -> Callable[[Wanted | None, Rules], Any]:
    """Groups, or definitions: what is shown of them was put together before (`defining`)."""

    def build(wanted: Wanted | None, rules: Rules) -> Any:
        joined = _joined(EntitlementRow, str(kind), SUBJECTS.c.account_id).join(
            CONTENTS, and_(CONTENTS.c.entitlement_id == EntitlementRow.id, CONTENTS.c.kind == str(kind))
        )
        return _rows(
            kind=kind,
            joined=joined,
            key=EntitlementRow.id,
            entitlement_id=EntitlementRow.id,
            privileged=CONTENTS.c.privileged,
            known=CONTENTS.c.known,
            risk=CONTENTS.c.risk,
            told=CONTENTS.c.shown,
            wanted=wanted,
            rules=rules,
            facts={
                "entitlement": CONTENTS.c.key,
                "privilege": CONTENTS.c.flags,
                "finding": CONTENTS.c.rules,
                "use": scoping.unknown(String()),
                "new": CONTENTS.c.fresh,
                "changed": CONTENTS.c.changed,
            },
        )

    return build


_BUILD = {
    ItemKind.GRANT: _grants,
    ItemKind.ACCOUNT: _accounts,
    ItemKind.INTEGRATION: _integrations,
    ItemKind.CREDENTIAL: _credentials,
    ItemKind.GROUP: _contents(ItemKind.GROUP),
    ItemKind.DEFINITION: _contents(ItemKind.DEFINITION),
}


def _joined(row: Any, kind: str, account: Any) -> Any:
    """A kind's rows with the subject that they hang on, their system, and the account behind them."""
    return (
        select(literal(1))
        .select_from(row)
        .join(SUBJECTS, and_(SUBJECTS.c.kind == kind, SUBJECTS.c.row_id == row.id, SUBJECTS.c.inside))
        .join(SYSTEMS, SYSTEMS.c.system_id == row.system_id)
        .outerjoin(PEOPLE, PEOPLE.c.account_id == account)
    )


def _rows(
    *,
    kind: ItemKind,
    joined: Any,
    key: Any,
    privileged: Any,
    known: Any,
    risk: Any,
    told: Any,
    wanted: Wanted | None,
    rules: Rules,
    facts: Mapping[str, Any],
    model: Any = None,
    account_id: Any = None,
    grant_id: Any = None,
    integration_id: Any = None,
    credential_id: Any = None,
    entitlement_id: Any = None,
    bits: Any = None,
    alone: Any = None,
) -> Any:
    finding: ColumnElement[Any] = func.coalesce(FINDINGS.c.risk, 0)
    subject = literal(f"{kind}:", String) + cast(key, String)
    if kind in (ItemKind.GRANT, ItemKind.CREDENTIAL):  # what is wrong with the account weighs on what it holds
        finding = case((PEOPLE.c.finding_risk > finding, PEOPLE.c.finding_risk), else_=finding)
    for aside in (FINDINGS, LAST):
        joined = joined.outerjoin(aside, and_(aside.c.row_id == key, aside.c.kind == str(kind)))
    if bits is not None:
        joined = joined.outerjoin(ADVICE, ADVICE.c.bits == bits)
    if kind in (ItemKind.GRANT, ItemKind.ACCOUNT):
        joined = joined.outerjoin(Told, _told_of(kind))
    sure: ColumnElement[Any] = case((privileged, true()), (known, false()))  # of unknown contents it is not known
    every = scoping.facts(kind, subject) | {"privileged": sure} | dict(facts)
    every["use"] = func.nullif(every["use"], str(advice.Use.UNKNOWN))
    if wanted is not None or any("owner" in words(rule.where) for rule in rules if rule.where is not None):
        joined = joined.outerjoin(scoping.Whose, scoping.Whose.id == SUBJECTS.c.identity_id)
    if wanted is not None:
        joined = joined.where(wanted(every))
    chosen = and_(CHOICES.c.kind == SUBJECTS.c.kind, CHOICES.c.row_id == SUBJECTS.c.row_id)
    joined = joined.join(CHOICES, and_(chosen, CHOICES.c.route == _route(kind, rules, every)))
    return joined.with_only_columns(
        literal(str(kind)).label("kind"),
        subject.label("subject"),
        SUBJECTS.c.system_id.label("system_id"),
        _or_null(account_id).label("account_id"),
        _or_null(grant_id).label("grant_id"),
        _or_null(integration_id).label("integration_id"),
        _or_null(credential_id).label("credential_id"),
        _or_null(entitlement_id).label("entitlement_id"),
        SUBJECTS.c.identity_id.label("subject_identity_id"),
        CHOICES.c.reviewer_id.label("reviewer_id"),
        CHOICES.c.chosen_by.label("chosen_by"),
        privileged.label("privileged"),
        known.label("known"),
        (risk + finding).label("risk"),
        _or_null(model).label("bundle_version_id"),
        (true() if alone is None else alone).label("alone"),
        told.label("shown"),
        maintain_column_froms=True,
    )


def _route(kind: ItemKind, rules: Rules, facts: Mapping[str, Any]) -> ColumnElement[int]:
    """The number of the first rule that surely holds; the last one always does."""
    whens: list[tuple[ColumnElement[bool], int]] = []
    for number, rule in enumerate(rules):
        if rule.where is None:
            return case(*whens, else_=number) if whens else literal(number)
        if rule.kinds is None or kind in rule.kinds:
            whens.append((asking.condition(rule.where, facts, FACTS), number))
    return literal(0)


def _told_of(kind: ItemKind) -> ColumnElement[bool]:
    """What an imported answer is about: the same access of the same account, or the account itself."""
    of_account = kind == ItemKind.ACCOUNT
    mine = (Told.review_id == SYSTEMS.c.imported_id, Told.of_account.is_(of_account))
    if of_account:
        return and_(*mine, Told.account_id == AccountRow.id)
    return and_(*mine, Told.account_id == GrantRow.account_id, Told.entitlement_id == GrantRow.entitlement_id)


def _or_null(column: Any) -> ColumnElement[Any]:
    return cast(null(), Big) if column is None else column  # a bare NULL in an inner query is text on PostgreSQL
