"""A sample read again, held against what the snapshot says: what is the same, what changed since, what cannot be explained.

A difference is drift where the system itself tells that it came after the reading began: by the moment of a grant, or by
its own log of changes. Whatever nobody tells of is an error of ours until somebody knows better. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from connectors.records import AccountRecord, ChangeRecord, GrantRecord

FIELDS = (
    "username", "email", "name", "active", "frozen", "kind", "title", "department", "manager_key", "employee_number",
    "licence",
)  # fmt: skip
COMPARED = 190  # characters: longer text is cut when it is kept, so only its beginning is held against the other


class Verdict(StrEnum):
    """What a replay comes to."""

    SAME = "same"
    DRIFTED = "drifted"  # every difference came after the reading, by the system's own word
    DIFFERS = "differs"  # at least one that nothing explains
    INCOMPLETE = "incomplete"  # the sample itself could not be read wholly


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as the snapshot says. `because`: how the system explains it; None: it does not."""

    account: str
    what: str  # a field of the account, or "grant"
    before: str | None
    now: str | None
    because: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What the snapshot says of one account: its fields, and per (entitlement key, source) whether it has effect."""

    key: str
    fields: Mapping[str, Any]
    grants: Mapping[tuple[str, str], bool | None]


def differences(
    known: Sequence[Known],
    accounts: Iterable[AccountRecord],
    grants: Iterable[GrantRecord],
    *,
    since: datetime,
    whole: bool = True,
) -> list[Difference]:
    """What is not as it was, in order of account. `since`: when the snapshot's reading began.

    `whole` False: the sample was not read to its end, so what is lacking in it proves nothing and is not told.
    """
    now = {account.key: account for account in accounts}
    held: dict[str, dict[tuple[str, str], GrantRecord]] = {}
    for grant in grants:
        held.setdefault(grant.account_key, {})[(grant.entitlement_key, grant.source)] = grant
    found: list[Difference] = []
    for each in sorted(known, key=lambda one: one.key):
        record = now.get(each.key)
        if record is None:
            found += [Difference(each.key, "account", "there", "gone")] if whole else []
            continue
        found += _of_fields(each, record)
        found += _of_grants(each, held.get(each.key, {}), since, whole)
    return found


def explain(
    found: Sequence[Difference], later: Sequence[ChangeRecord], names: Mapping[str, Sequence[str]]
) -> list[Difference]:
    """The same differences, explained where the system's log names the account.

    `later`: what it logged after the reading began; `names`: what else an account is called in a log, by key.
    """
    return [each if each.because else replace(each, because=_told(each, later, names)) for each in found]


def judge(found: Sequence[Difference], whole: bool) -> Verdict:
    """What the differences come to."""
    if any(each.because is None for each in found):
        return Verdict.DIFFERS
    if not whole:
        return Verdict.INCOMPLETE
    return Verdict.DRIFTED if found else Verdict.SAME


def _of_fields(known: Known, record: AccountRecord) -> list[Difference]:
    told = ((name, known.fields.get(name), getattr(record, name)) for name in FIELDS)
    return [
        Difference(known.key, name, _text(before), _text(now))
        for name, before, now in told
        if _cut(before) != _cut(now)
    ]


def _of_grants(
    known: Known, held: Mapping[tuple[str, str], GrantRecord], since: datetime, whole: bool
) -> list[Difference]:
    found: list[Difference] = []
    for key in sorted(known.grants.keys() | held.keys()):
        before, now = known.grants.get(key), held.get(key)
        what = f"grant of {key[0]}" + (f" ({key[1]})" if key[1] != "direct" else "")
        if now is None:
            found += [Difference(known.key, what, "held", "not held")] if whole else []
        elif key not in known.grants:
            fresh = now.granted is not None and now.granted >= since
            because = f"granted at {now.granted.isoformat()}" if fresh and now.granted else None
            found.append(Difference(known.key, what, "not held", "held", because))
        elif before is not now.effective:
            found.append(Difference(known.key, what, _effect(before), _effect(now.effective)))
    return found


def _told(of: Difference, later: Sequence[ChangeRecord], names: Mapping[str, Sequence[str]]) -> str | None:
    for change in later:
        called = any(name and name in (change.text or "") for name in names.get(of.account, ()))
        if change.subject_key == of.account or called:
            return f"the system logged {change.action} at {change.at.isoformat()}"
    return None


def _cut(value: Any) -> Any:
    return str(value).replace("\0", "")[:COMPARED] if isinstance(value, str) else value


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _effect(value: bool | None) -> str:
    return {True: "in effect", False: "without effect", None: "not said whether in effect"}[value]
