"""An org of any size: accounts without a story, each computed from its number and written as it comes.

Nothing is kept but the row in hand, so a crowd of three hundred thousand takes no more memory than one of three
thousand. It is as messy as what grows over years: nulls, shared and reused mailboxes, names in every script, spaces at
the ends, times before 1970 and in the future, 18-month-old stamps on rows made today.
"""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from connectors.sandbox import names
from connectors.sandbox.company import DOMAIN
from connectors.sandbox.salesforce.accounts import COUNT_LICENCES, PROFILE_OF
from connectors.sandbox.salesforce.activity import LOGIN, login_row
from connectors.sandbox.salesforce.furniture import FOUNDER
from connectors.sandbox.salesforce.org import Draft, ago

ACCOUNT = (
    *("Id", "Username", "Email", "Name", "FirstName", "LastName", "Alias", "IsActive", "UserType", "ProfileId"),
    *("UserRoleId", "ManagerId", "Title", "Department", "EmployeeNumber", "CreatedDate", "LastLoginDate"),
    *("CreatedById", "LastModifiedDate", "SystemModstamp", "NumberOfFailedLogins"),
)
SCRIPTS = ("Ольга Петрова", "田中 太郎", "محمد علي", "Αλέξης Παππάς", "👩‍💻 Dev", "Ng", "O''Brien ", "Zoë\u200b Å")
ODD_MOMENTS = ("1969-12-31T23:59:59.000+0000", "2099-01-01T00:00:00.000+0000")
EXTRA_SETS = 400  # permission sets of the crowd, so that holders differ
CHUNK = 2_000


def write(draft: Draft, accounts: int, each: int, sign_ins: int) -> None:
    """So many accounts, with so many assignments and sign-ins each."""
    sets = _sets(draft)
    profiles = {name: draft.named["Profile", name] for name in ("Standard User", *set(PROFILE_OF.values()))}
    mirrors = [draft.named["PermissionSet", f"profile:{name}"] for name in profiles]
    first = draft.counters["005"]
    boss = draft.store.scalar('SELECT "Id" FROM "User" WHERE "IsActive" = 1 ORDER BY "Id"')
    for start in range(0, accounts, CHUNK):  # so that what is referred to is there before what refers to it
        span = range(start, min(accounts, start + CHUNK))
        people = [draft.id("User") for _ in span]
        rows = (_account(draft, n, id, list(profiles.values()), boss) for n, id in zip(span, people, strict=True))
        draft.store.fill("User", ACCOUNT, rows)
        draft.fill("UserLogin", ("UserId", "IsFrozen", "IsPasswordLocked"), _logins_of(draft, span, people))
        columns = ("AssigneeId", "PermissionSetId", "ExpirationDate", "IsActive", "SystemModstamp")
        draft.fill("PermissionSetAssignment", columns, _assignments(draft, span, people, mirrors, sets, each))
        if sign_ins:
            draft.fill("LoginHistory", tuple(LOGIN), _sign_ins(draft, span, people, sign_ins))
    draft.store.keep("crowd", {"first": first + 1, "accounts": accounts})
    draft.store.db.execute(COUNT_LICENCES)


def _sets(draft: Draft) -> list[str]:
    stamp = ago(draft.company, 800)
    for n in range(EXTRA_SETS):
        row = {"Name": f"Crowd_{n:03}", "Label": f"Crowd {n}", "Type": "Regular", "IsOwnedByProfile": 0, "IsCustom": 1}
        more = {"PermissionsExportReport": int(n % 50 == 0), "PermissionsRunReports": 1, "CreatedDate": stamp}
        draft.add("PermissionSet", row | more | {"HasActivationRequired": 0}, f"Crowd_{n:03}")
    return [draft.named["PermissionSet", f"Crowd_{n:03}"] for n in range(EXTRA_SETS)]


def _account(draft: Draft, n: int, id: str, profiles: list[str], boss: str) -> tuple[Any, ...]:
    rng = random.Random(draft.company.seed << 32 | n)
    given, family = rng.choice(names.GIVEN), rng.choice(names.FAMILY)
    name = rng.choice(SCRIPTS) if rng.random() < 0.05 else f"{given} {family}"
    email = f"crowd{n}@{DOMAIN}"
    if rng.random() < 0.03:  # a mailbox that several share, or that somebody had before
        email = f"crowd{n - n % 7}@{DOMAIN}".upper() if rng.random() < 0.5 else f"desk{n % 97}@{DOMAIN}"
    made = rng.choice(ODD_MOMENTS) if rng.random() < 0.001 else ago(draft.company, 3000 * rng.random() + 1)
    seen = None if rng.random() < 0.06 else ago(draft.company, 200 * rng.random() ** 3)
    stamp = ago(draft.company, 540 * rng.random())
    return (
        *(id, f"crowd{n}@{DOMAIN}", email, name, given if rng.random() < 0.97 else None, family, f"c{n}"[:8]),
        *(int(rng.random() < 0.9), None if rng.random() < 0.002 else "Standard", profiles[n % len(profiles)]),
        *(None, boss if rng.random() < 0.9 else None, " Clerk " if rng.random() < 0.1 else None),
        *(rng.choice(("Sales", "Support", None)), f"C{n:07}" if rng.random() < 0.9 else None, made, seen),
        *(FOUNDER, stamp, stamp, 0),
    )


def _logins_of(draft: Draft, span: range, people: list[str]) -> Iterator[tuple[Any, ...]]:
    for n, id in zip(span, people, strict=True):
        if n % 41:
            yield (id, int(n % 977 == 0), 0)


def _assignments(
    draft: Draft, span: range, people: list[str], mirrors: list[str], sets: list[str], each: int
) -> Iterator[tuple[Any, ...]]:
    """The profile's own assignment and the others, each set once per account."""
    stamp, until = ago(draft.company, 200), ago(draft.company, -60)
    for n, id in zip(span, people, strict=True):
        yield (id, mirrors[n % len(mirrors)], None, 1, stamp)
        for k in range(each - 1):
            yield (id, sets[(n * 7 + k * 13) % len(sets)], until if (n + k) % 500 == 0 else None, 1, stamp)


def _sign_ins(draft: Draft, span: range, people: list[str], each: int) -> Iterator[tuple[Any, ...]]:
    rng = draft.rng(f"crowd:{span.start}")
    for id in people:
        for _ in range(each):
            at = draft.company.midnight() - timedelta(seconds=rng.randrange(86_400 * 170))
            yield login_row(id, at, "phone" if rng.random() < 0.2 else "browser", rng)
