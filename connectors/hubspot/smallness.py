"""Where a right that is missing would look like little data: rows of our own and no others, lists that disagree.

HubSpot refuses by scope and is not known to show a part. Should it ever, it must not pass for a small portal: what only
names the key's owner is believed when another list says the same, and lists of the same things are held against each other.
Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from connectors.errors import Misread
from connectors.hubspot import acting
from connectors.hubspot.lists import Row, text

OTHERS = 3  # so many other people who did something make sign-ins of the owner alone unbelievable


def insist_not_only_own(users: Sequence[Row], own: str | None, witnessed: bool) -> None:
    """Refuse a user list that names the key's owner alone, where no other list may be read to say whether that is all."""
    keys = {key for row in users if (key := text(row, "id"))}
    if own is not None and keys == {own} and not witnessed:
        raise Misread(
            "the user list names the key's own account alone, and neither owners nor CRM user records may be read to say "
            "whether that is all; give the key crm.objects.owners.read"
        )


def doubted_sign_ins(counts: Mapping[str, int], own: str | None, acted: Iterable[str]) -> str | None:
    """Why sign-ins of the key's owner alone are not all there are, or None. `acted`: who did something meanwhile."""
    if own is None or not counts or set(counts) != {own}:
        return None
    others = {key for key in acted if key != own}
    if len(others) < OTHERS:
        return None
    return f"only the key's own sign-ins are shown, although {len(others)} other users did something meanwhile"


def acted(history: Iterable[Row], people: Mapping[str, str]) -> set[str]:
    """Who acted, by the security history. `people`: address -> account key."""
    return {key for row in history if (key := acting.who(row, people).acted)}


def added(history: Iterable[Row]) -> list[str]:
    """Who came, and neither went nor is told to have gone since: newcomers stand nowhere but in today's lists."""
    newest: dict[str, tuple[str, str]] = {}
    for row in history:
        key, at, kind = text(row, "objectId"), text(row, "createdAt") or "", text(row, "type") or ""
        if key and kind in ("ADD_USER", "REMOVE_USER"):
            newest[key] = max(newest.get(key, ("", "")), (at, kind))
    return sorted(key for key, (_, kind) in newest.items() if kind == "ADD_USER")


def disagreement(users: Sequence[Row], others: Sequence[Row], what: str) -> tuple[str, ...]:
    """Said when a second list of the same users is of another length."""
    one, other = ({key for row in rows if (key := text(row, "id"))} for rows in (users, others))
    lacking = len(one - other)
    return (f"{what}: {lacking} of {len(one)} users are not in this list",) if users and lacking else ()
