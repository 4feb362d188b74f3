"""Which column of an export means what: the headings of Salesforce's and HubSpot's user exports, and of plain lists.

Pure. Headings are compared in lower case with punctuation folded, so "Profile: Name" is "profile name". A heading that
two fields claim, or a field that two headings fill, is refused with the way out: a "column.<field>" in the config.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from connectors.errors import Misread


class Preset(StrEnum):
    """Whose export it is."""

    SALESFORCE = "salesforce"
    HUBSPOT = "hubspot"
    PLAIN = "plain"


Aliases = dict[str, tuple[str, ...]]

_PERSON: Aliases = {
    "first_name": ("first name", "firstname", "given name"),
    "last_name": ("last name", "lastname", "surname"),
    "name": ("full name", "name", "user full name", "display name"),
    "department": ("department",),
    "title": ("title", "job title"),
    "manager": ("manager", "manager name", "manager email", "manager username"),
    "employee_number": ("employee number", "employeenumber", "employee id"),
}
_SALESFORCE: Aliases = _PERSON | {
    "key": ("user id", "id", "userid"),
    "username": ("username", "user username"),
    "email": ("email", "user email"),
    "active": ("active", "is active", "isactive"),
    "user_type": ("user type", "usertype"),
    "licence": ("user license", "license", "profile user license", "profile user license name", "user license name"),
    "profile": ("profile", "profile name"),
    "role": ("role", "role name", "userrole name", "user role name"),
    "permission_set": ("permission set", "permission sets", "permission set name", "permission set label"),
    "last_login": ("last login", "last login date", "lastlogindate"),
    "created": ("created date", "createddate", "created"),
}
_HUBSPOT: Aliases = _PERSON | {
    "key": ("user id", "hubspot user id", "userid"),
    "email": ("email", "email address", "user email"),
    "active": ("active", "is active"),
    "status": ("status", "user status"),
    "deactivated": ("deactivated", "is deactivated"),
    "role": ("role", "permission set", "permission set name", "role permission set"),
    "super_admin": ("super admin", "is super admin", "superadmin", "super admin permissions"),
    "team": ("main team", "primary team", "team"),
    "teams": ("additional teams", "extra teams", "secondary teams", "teams"),
    "seat": ("seat", "seats", "assigned seat", "assigned seats", "seat type"),
    "last_login": ("last login", "last login date", "last logged in"),
    "last_active": ("last active", "last active date", "last activity"),
    "created": ("date added", "created", "created date", "create date", "date created", "added on", "created at"),
}
_PLAIN: Aliases = _PERSON | {
    "key": ("user id", "id", "account id", "userid"),
    "username": ("username", "login", "login name", "account"),
    "email": ("email", "e mail", "email address", "user email", "mail"),
    "active": ("active", "is active", "isactive", "enabled"),
    "status": ("status", "user status", "account status"),
    "deactivated": ("deactivated", "disabled"),
    "profile": ("profile", "profile name"),
    "role": ("role", "roles", "role name"),
    "permission_set": ("permission set", "permission sets"),
    "super_admin": ("super admin", "superadmin"),
    "team": ("main team", "team"),
    "teams": ("teams", "groups", "group"),
    "licence": ("license", "licence", "user license"),
    "last_login": ("last login", "last login date", "last sign in"),
    "created": ("created", "created date", "date created", "date added"),
}
ALIASES: Mapping[Preset, Aliases] = {
    Preset.SALESFORCE: _SALESFORCE,
    Preset.HUBSPOT: _HUBSPOT,
    Preset.PLAIN: _PLAIN,
}
FIELDS = tuple(dict.fromkeys(field for aliases in ALIASES.values() for field in aliases))
RIGHTS = ("profile", "role", "permission_set", "super_admin", "team", "teams", "seat")  # fields that are grants

# What only one vendor's export has.
_MARKS: Mapping[Preset, frozenset[str]] = {
    Preset.SALESFORCE: frozenset({"username", "profile", "profile name", "user license", "isactive", "userrole name"}),
    Preset.HUBSPOT: frozenset(
        {"super admin", "is super admin", "main team", "additional teams", "seat", "assigned seat"}
    ),
}


@dataclass(frozen=True, slots=True)
class Columns:
    """What was recognised: field -> place in the row, field -> heading as it stands, and the headings passed over."""

    preset: Preset
    place: Mapping[str, int]
    heading: Mapping[str, str]
    ignored: tuple[str, ...]

    @property
    def absent(self) -> tuple[str, ...]:
        """Fields that such an export can have and this one has not."""
        return tuple(field for field in ALIASES[self.preset] if field not in self.place)

    @property
    def rights(self) -> tuple[str, ...]:
        """The recognised fields that are grants."""
        return tuple(field for field in RIGHTS if field in self.place)


def folded(heading: str) -> str:
    """A heading without case and punctuation."""
    return re.sub(r"[\W_]+", " ", heading.casefold()).strip()


def recognise(header: Sequence[str], preset: Preset | None, mapping: Mapping[str, str], name: str) -> Columns:
    """Find the columns of the file called `name`; `preset` None: find out whose export it is.

    `mapping` (field -> heading) overrides the aliases. Raises Misread when a mapped heading is not there, when a heading
    or a field is claimed twice, or when there is neither an e-mail nor a username nor an id to tell accounts apart.
    """
    headings = [folded(cell) for cell in header]
    chosen = preset or _whose(headings)
    place = _mapped(header, headings, mapping, name)
    taken = set(place.values())
    for field, aliases in ALIASES[chosen].items():
        found = [at for at, heading in enumerate(headings) if heading in aliases and at not in taken]
        if field in place or not found:
            continue
        if len(found) > 1:
            named = " and ".join(repr(header[at]) for at in found)
            raise Misread(f'{name}: {named} may both be the {field}; say which with "column.{field}"')
        place[field] = found[0]
        taken.add(found[0])
    if not place.keys() & {"key", "username", "email"}:
        raise Misread(
            f"{name}: no column is recognised as e-mail, username or id; the file has: {', '.join(header)}. "
            'Name one with "column.email" or "column.username"'
        )
    ignored = tuple(cell for at, cell in enumerate(header) if at not in taken and cell)
    return Columns(chosen, place, {field: header[at] for field, at in place.items()}, ignored)


def _whose(headings: Sequence[str]) -> Preset:
    score = {preset: len(marks & set(headings)) for preset, marks in _MARKS.items()}
    best = [preset for preset, count in score.items() if count and count == max(score.values())]
    return best[0] if len(best) == 1 else Preset.PLAIN


def _mapped(header: Sequence[str], headings: Sequence[str], mapping: Mapping[str, str], name: str) -> dict[str, int]:
    place: dict[str, int] = {}
    for field, wanted in mapping.items():
        found = [at for at, heading in enumerate(headings) if heading == folded(wanted)]
        if len(found) != 1:
            how = "is not there" if not found else "stands twice"
            raise Misread(f"{name}: column {wanted!r}, named for {field}, {how}; the file has: {', '.join(header)}")
        if found[0] in place.values():
            raise Misread(f"{name}: column {wanted!r} is named for two fields")
        place[field] = found[0]
    return place
