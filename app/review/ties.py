"""Whom items concern by what is known now: the loading half of `independence`.

Asked when somebody decides, so that an account which was nobody's at freezing and was matched since counts as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Select, Table, bindparam, select
from sqlalchemy.orm import Session

from app.inventory.tables import AccountRow, CredentialRow, GrantRow, IdentityEmailRow, IntegrationRow
from app.review import independence
from app.review.independence import Login, Ties
from app.review.tables import ItemRow

_CHUNK = 5_000  # below what either database takes as parameters of one statement


def concerned(session: Session, item_ids: Sequence[int]) -> Mapping[int, frozenset[int]]:
    """The identities each item concerns."""
    session.flush()  # statements over tables do not see to that
    found: dict[int, frozenset[int]] = {}
    for start in range(0, len(item_ids), _CHUNK):
        found |= of_rows(session, session.execute(_TIES, {"items": item_ids[start : start + _CHUNK]}))
    return found


def of_rows(session: Session, rows: Iterable[Any]) -> Mapping[int, frozenset[int]]:
    """The same of items that were read with what is `beside` them."""
    alike: dict[tuple[Any, ...], list[int]] = defaultdict(list)  # what one account holds concerns the same people
    for row in rows:
        alike[row.subject_identity_id, *row[-_BESIDE:]].append(row.id)
    ties = {behind: _ties(behind) for behind in alike}
    known = _addresses(session, (login for tie in ties.values() for login in tie.logins))
    found: dict[int, frozenset[int]] = {}
    for behind, tie in ties.items():
        found |= dict.fromkeys(alike[behind], independence.concerned(tie, known))
    return found


def concerned_by(session: Session, subjects: Iterable[str]) -> Mapping[str, frozenset[int]]:
    """The identities that things outside any campaign concern, by their subjects ("grant:12")."""
    keys: dict[str, set[int]] = defaultdict(set)
    found: dict[str, frozenset[int]] = {}
    for subject in subjects:
        kind, _, number = subject.partition(":")
        keys[kind].add(int(number))
        found[subject] = frozenset()  # so it is of a group or a definition, which concern nobody
    logins: dict[str, list[Login]] = defaultdict(list)
    for kind, numbers in keys.items():
        for behind in _BEHIND.get(kind, ()):
            for number, *login in session.execute(behind.where(behind.selected_columns[0].in_(numbers))):
                logins[f"{kind}:{number}"].append(Login(*login))
    known = _addresses(session, (login for some in logins.values() for login in some))
    return found | {subject: independence.concerned(Ties(tuple(some)), known) for subject, some in logins.items()}


_LOGIN = (AccountRow.identity_id, AccountRow.username, AccountRow.email)
_CREDENTIAL = select(CredentialRow.id, *_LOGIN).select_from(CredentialRow)
# Whose accounts are behind things of each kind, by their ids.
_BEHIND: Mapping[str, Sequence[Select[*tuple[Any, ...]]]] = {
    "grant": [
        select(GrantRow.id, *_LOGIN).select_from(GrantRow).join(AccountRow, AccountRow.id == GrantRow.account_id)
    ],
    "account": [select(AccountRow.id, *_LOGIN)],
    "integration": [
        select(IntegrationRow.id, *_LOGIN)
        .select_from(IntegrationRow)
        .join(AccountRow, AccountRow.id == IntegrationRow.owner_account_id)
    ],
    "credential": [
        _CREDENTIAL.join(AccountRow, AccountRow.id == CredentialRow.account_id),
        _CREDENTIAL.join(IntegrationRow, IntegrationRow.id == CredentialRow.integration_id).join(
            AccountRow, AccountRow.id == IntegrationRow.owner_account_id
        ),
    ],
}


_BESIDE = 12  # columns that `beside` adds: three of each of four accounts


def beside(asked: Select[Any]) -> Select[Any]:
    """Read with items, by a statement that has their ids and whose each was, what ties them to people: its last columns."""
    item, credential = cast(Table, ItemRow.__table__), cast(Table, CredentialRow.__table__)
    account, integration = cast(Table, AccountRow.__table__), cast(Table, IntegrationRow.__table__)
    own, owner, of_token, behind = (account.alias(name) for name in ("own", "owner", "of_token", "behind"))
    of_item, of_credential = integration.alias("of_item"), integration.alias("of_credential")
    accounts = (own, owner, of_token, behind)
    return (
        asked.add_columns(*(column for a in accounts for column in (a.c.identity_id, a.c.username, a.c.email)))
        .outerjoin(own, own.c.id == item.c.account_id)
        .outerjoin(of_item, of_item.c.id == item.c.integration_id)
        .outerjoin(owner, owner.c.id == of_item.c.owner_account_id)
        .outerjoin(credential, credential.c.id == item.c.credential_id)
        .outerjoin(of_token, of_token.c.id == credential.c.account_id)
        .outerjoin(of_credential, of_credential.c.id == credential.c.integration_id)
        .outerjoin(behind, behind.c.id == of_credential.c.owner_account_id)
    )


_ITEM = cast(Table, ItemRow.__table__)
# Put together once, over the tables themselves: with its aliases that takes longer than asking it.
_TIES = beside(
    select(_ITEM.c.id, _ITEM.c.subject_identity_id).where(_ITEM.c.id.in_(bindparam("items", expanding=True)))
)
_EMAIL = cast(Table, IdentityEmailRow.__table__)
_KNOWN = select(_EMAIL.c.email, _EMAIL.c.identity_id).where(_EMAIL.c.email.in_(bindparam("addresses", expanding=True)))


def _ties(behind: tuple[Any, ...]) -> Ties:
    """Of whose it was at freezing, and three columns of each account."""
    subject, *accounts = behind
    logins = (accounts[i : i + 3] for i in range(0, len(accounts), 3))
    return Ties(tuple(Login(*login) for login in logins if login[1] is not None), subject)


def _addresses(session: Session, logins: Iterable[Login]) -> dict[str, int]:
    written = sorted({a.lower() for login in logins for a in (login.username, login.email) if a})
    found: dict[str, int] = {}
    for start in range(0, len(written), _CHUNK):
        chunk = written[start : start + _CHUNK]
        rows = session.connection().execute(_KNOWN, {"addresses": chunk})
        found |= dict(rows.all())
    return found
