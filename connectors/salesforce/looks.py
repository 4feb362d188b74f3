"""A target's state at this moment, read fresh, with what is needed to take it away and to bring it back.

No row proves absence only where we hold the right to see such rows; otherwise the state is unknown and says why.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from connectors.connector import Look, State, Target, TargetKind
from connectors.errors import Denied
from connectors.salesforce import dependants
from connectors.salesforce.client import Client
from connectors.salesforce.rights import ASSIGNMENTS, LABELS
from connectors.salesforce.soql import Row, insist_id, is_id, quote, same_id, text, truth
from connectors.salesforce.tokens import CEILING, token_key

Facts = dict[str, str | None]
Seen = tuple[State, Facts, str | None]
USER_WISH = ("Id", "Username", "Email", "IsActive", "UserType", "ProfileId", "UserRoleId")
ASSIGNMENT_WISH = ("Id", "PermissionSetId", "PermissionSetGroupId", "ExpirationDate", "PermissionSet.IsOwnedByProfile")
KINDS = {
    "00e": "profile",
    "0PS": "permission_set",
    "0PG": "permission_set_group",
    "00E": "role",
    "00G": "group",
    "0PL": "permission_set_licence",
    "050": "package_licence",
    "0MI": "territory",
}
# Where a grant of each kind stands: object, column of the account, column of what is held, the rights to see such rows.
ROWS = {
    "permission_set_licence": ("PermissionSetLicenseAssign", "AssigneeId", "PermissionSetLicenseId", ASSIGNMENTS),
    "package_licence": ("UserPackageLicense", "UserId", "PackageLicenseId", ASSIGNMENTS),
    "territory": ("UserTerritory2Association", "UserId", "Territory2Id", ("ViewSetup",)),
    "group": ("GroupMember", "UserOrGroupId", "GroupId", ("ViewSetup",)),
}


class CannotSee(Exception):
    """The state stays unknown; the message says why."""


@dataclass(slots=True)
class Looking:
    """One look under way: what was asked and answered so far."""

    client: Client
    held: frozenset[str] | None
    asked: list[str] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    at: datetime | None = None

    def rows(self, soql: str) -> Iterator[Row]:
        """Every row of a query."""
        page = self.client.query(soql)
        while True:
            self.asked.append(soql)
            self.digests.append(page.answer.digest)
            self.at = page.answer.at or self.at
            yield from page.rows
            if not page.next:
                return
            page = self.client.more(page.next, soql)

    def count(self, source: str, where: str) -> int:
        """The server's count."""
        self.asked.append(f"SELECT COUNT() FROM {source} WHERE {where}")
        return self.client.count(source, where)

    def insist(self, *one_of: str) -> None:
        """One of these rights is needed to take silence for absence."""
        if self.held is None or not self.held.intersection(one_of):
            raise CannotSee(f"without {LABELS[one_of[0]]} we cannot tell absence from what is hidden from us")


def look(client: Client, target: Target, held: frozenset[str] | None) -> Look:
    """Read the target's state."""
    looking = Looking(client, held)
    try:
        state, facts, because = _seen(looking, target)
    except (Denied, CannotSee) as refused:
        state, facts, because = State.UNKNOWN, {}, str(refused)
    facts |= {"target": target.kind.value, "account_key": target.account_key, "entitlement_key": target.entitlement_key}
    facts |= {"credential_key": target.credential_key, "integration_key": target.integration_key}
    if target.until:
        facts["wanted_until"] = target.until
    digest = hashlib.sha256("\n".join(looking.digests).encode()).hexdigest()
    asked = "; ".join(dict.fromkeys(looking.asked))
    return Look(state, facts, asked=asked, digest=digest, at=looking.at, because=because)


def _seen(looking: Looking, target: Target) -> Seen:
    if target.kind is TargetKind.INTEGRATION:
        return _integration(looking, target)
    user, facts = _user(looking, target)
    if target.kind is TargetKind.ACCOUNT:
        return _account(looking, user, facts)
    if target.kind is TargetKind.CREDENTIAL:
        return _credential(looking, target, facts)
    return _grant(looking, target, user, facts)


def _user(looking: Looking, target: Target) -> tuple[Row, Facts]:
    """The account's own row; UNKNOWN where the key now belongs to somebody of another name."""
    key = insist_id(target.account_key)
    rows = list(looking.rows(f"SELECT {', '.join(USER_WISH)} FROM User WHERE Id = {quote(key)}"))
    if len(rows) != 1:
        raise CannotSee("no such user is visible to us, and Salesforce never deletes users")
    row, access = rows[0], looking.client.access
    username = text(row, "Username") or ""
    if target.username and target.username.lower() != username.lower():
        raise CannotSee(f"{key} is now called {username}, not {target.username}: read the accounts again first")
    own = same_id(key, looking.client.token.principal) or username.lower() in access.protect
    return row, {
        "username": username,
        "email": text(row, "Email"),
        "user_type": text(row, "UserType"),
        "active": _word(truth(row, "IsActive")),
        "protected": _word(own),
    }


def _word(said: bool | None) -> str | None:
    return None if said is None else "true" if said else "false"


def _account(looking: Looking, user: Row, facts: Facts) -> Seen:
    """Whether the account is active; with what else is open: its sessions, its tokens, whether it is frozen."""
    key = quote(text(user, "Id") or "")
    try:
        logins = list(looking.rows(f"SELECT Id, IsFrozen FROM UserLogin WHERE UserId = {key}"))
        facts["login_id"] = text(logins[0], "Id") if logins else None
        facts["frozen"] = _word(truth(logins[0], "IsFrozen")) if logins else None
    except Denied:
        facts["frozen"] = facts["login_id"] = None
    facts["sessions"] = _counted(looking, "AuthSession", f"UsersId = {key} AND IsCurrent = false")
    facts["tokens"] = _counted(looking, "OauthToken", f"UserId = {key}")
    if facts["active"] is None:
        raise CannotSee("Salesforce does not say whether the account is active")
    if facts["active"] == "false":
        return State.ABSENT, facts, None
    ask = lambda soql: list(looking.rows(soql))  # noqa: E731
    username = text(user, "Username") or ""
    facts |= dependants.seen(looking.client, looking.count, ask, text(user, "Id") or "", username)
    return State.PRESENT, facts, None


def _counted(looking: Looking, source: str, where: str) -> str | None:
    try:
        return str(looking.count(source, where))
    except Denied:
        return None


def _credential(looking: Looking, target: Target, facts: Facts) -> Seen:
    wanted = (target.credential_key or "").partition("#")[0]
    tokens = list(looking.rows(_tokens(f"UserId = {quote(insist_id(target.account_key))}")))
    found = [row for row in tokens if _key(row) == wanted]
    if found:
        facts["app"] = text(found[0], "AppName")
        return State.PRESENT, facts, None
    looking.insist("CustomizeApplication")
    if len(tokens) >= CEILING:
        raise CannotSee(f"the user has {CEILING} tokens or more, and Salesforce shows no further ones")
    return State.ABSENT, facts, None


def _tokens(where: str) -> str:
    return f"SELECT AppName, UserId, CreatedDate FROM OauthToken WHERE {where}"


def _key(row: Row) -> str:
    return token_key(text(row, "UserId") or "", text(row, "AppName") or "", text(row, "CreatedDate"))


def _integration(looking: Looking, target: Target) -> Seen:
    """An app known by its tokens only is there as long as it has tokens; a listed one as long as it is listed."""
    key = target.integration_key or ""
    looking.insist("CustomizeApplication")
    if key.startswith("app:"):
        tokens = list(looking.rows(_tokens(f"AppName = {quote(key.removeprefix('app:'))}")))
        if len(tokens) >= CEILING:
            raise CannotSee(f"the app has {CEILING} tokens or more, and Salesforce shows no further ones")
        holders = json.dumps([[text(row, "UserId"), _key(row)] for row in tokens])
        facts: Facts = {"app": key.removeprefix("app:"), "tokens": str(len(tokens)), "holders": holders}
        return (State.PRESENT if tokens else State.ABSENT), facts, None
    if not is_id(key) or not key.startswith("0H4"):
        raise CannotSee("only connected apps and apps known by their tokens can be looked up one by one")
    rows = list(looking.rows(f"SELECT Id, Name FROM ConnectedApplication WHERE Id = {quote(key)}"))
    return (State.PRESENT if rows else State.ABSENT), {"app": text(rows[0], "Name") if rows else None}, None


def _grant(looking: Looking, target: Target, user: Row, facts: Facts) -> Seen:
    held = insist_id(target.entitlement_key)
    kind = KINDS.get(held[:3])
    facts["kind"] = target.entitlement_kind or kind
    if kind == "profile":
        return _profile(looking, user, held, facts)
    if kind == "role":
        return (State.PRESENT if same_id(text(user, "UserRoleId"), held) else State.ABSENT), facts, None
    if kind in ROWS:
        return _row_of_its_own(looking, user, held, facts, kind)
    if kind in ("permission_set", "permission_set_group"):
        return _assignment(looking, user, held, facts, kind)
    raise CannotSee(f"grants of {target.entitlement_kind or held[:3]} are not known to this connector")


def _assignment(looking: Looking, user: Row, held: str, facts: Facts, kind: str) -> Seen:
    there = looking.client.columns("PermissionSetAssignment")
    policy = [column for column in ("IsRevoked", "LastCreatedByChangeId") if column in there]
    column = "PermissionSetId" if kind == "permission_set" else "PermissionSetGroupId"
    where = f"AssigneeId = {quote(text(user, 'Id') or '')} AND {column} = {quote(held)}"
    soql = f"SELECT {', '.join((*ASSIGNMENT_WISH, *policy))} FROM PermissionSetAssignment WHERE {where}"
    rows = list(looking.rows(soql))
    if kind == "permission_set":
        rows = [row for row in rows if text(row, "PermissionSetGroupId") is None]
    if not rows:
        looking.insist(*ASSIGNMENTS)
        return State.ABSENT, facts, None
    facts["assignment_id"], facts["until"] = text(rows[0], "Id"), text(rows[0], "ExpirationDate")
    facts["of_profile"] = _word(truth(rows[0], "PermissionSet.IsOwnedByProfile"))
    by_policy = truth(rows[0], "IsRevoked") is True or text(rows[0], "LastCreatedByChangeId") is not None
    facts["by_policy"] = _word(by_policy)
    return State.PRESENT, facts, None


def _row_of_its_own(looking: Looking, user: Row, held: str, facts: Facts, kind: str) -> Seen:
    """A grant that is nothing but one row: a membership, a licence, a territory."""
    source, who, what, to_see = ROWS[kind]
    where = f"{what} = {quote(held)} AND {who} = {quote(text(user, 'Id') or '')}"
    rows = list(looking.rows(f"SELECT Id FROM {source} WHERE {where}"))
    if not rows:
        looking.insist(*to_see)
        return State.ABSENT, facts, None
    facts |= {"row_id": text(rows[0], "Id"), "row_of": source, "row_who": who, "row_what": what}
    return State.PRESENT, facts, None


def _profile(looking: Looking, user: Row, held: str, facts: Facts) -> Seen:
    """Whether the account has the profile; with the least-privilege profile of the same licence, if one is configured."""
    if not same_id(text(user, "ProfileId"), held):
        return State.ABSENT, facts, None
    least = looking.client.access.least_profile
    if not least:
        return State.PRESENT, facts, None
    columns = "Id, Name, UserLicenseId, UserLicense.Name, UserLicense.LicenseDefinitionKey"
    profiles = list(looking.rows(f"SELECT {columns} FROM Profile ORDER BY Id"))
    ours = next((row for row in profiles if same_id(text(row, "Id"), held)), {})
    names = (text(ours, "UserLicense.Name"), text(ours, "UserLicense.LicenseDefinitionKey"), "")
    wanted = next((least[name] for name in names if name is not None and name in least), None)
    for row in profiles:
        same_licence = same_id(text(row, "UserLicenseId"), text(ours, "UserLicenseId"))
        if same_licence and wanted is not None and wanted in (text(row, "Id"), text(row, "Name")):
            facts["least_profile_id"], facts["least_profile"] = text(row, "Id"), text(row, "Name")
    return State.PRESENT, facts, None
