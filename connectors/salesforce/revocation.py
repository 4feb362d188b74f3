"""Taking away, one act at a time, through the executor's own user.

Just before an act, what must never happen is read again: no act on the account we sign in with, on a protected one, or
on the last administrator. A row that is gone is looked for again and counts as done only if it is not there. What
Salesforce refuses is passed on in its own words.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

from simple_salesforce.api import Salesforce

from connectors.connector import Act, ActKind, ByHand, Coverage, Look, State, Target
from connectors.errors import Declined, Denied
from connectors.receipt import ActReceipt
from connectors.salesforce import looks, plans, rights
from connectors.salesforce.client import Answer, Client
from connectors.salesforce.flags import column
from connectors.salesforce.reader import check
from connectors.salesforce.refusals import Gone
from connectors.salesforce.soql import Row, among, insist_id, quote, same_id, text, truth
from connectors.salesforce.tokens import token_key

CHANGEABLE = {"UserLogin", "User", "PermissionSetAssignment", *(source for source, *_ in looks.ROWS.values())}
ENDANGERS_ADMINISTRATION = {
    *(ActKind.FREEZE, ActKind.DEACTIVATE, ActKind.CHANGE_GRANT, ActKind.REMOVE_GRANT, ActKind.TIME_BOX),
}
ADMINISTERS = ("ManageUsers", "ModifyAllData")


class SalesforceExecutor:
    """Takes away through a credential of its own."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._rights: tuple[frozenset[str] | None] | None = None

    def check(self) -> Coverage:
        """As the reader's, with the kinds of act that our rights allow."""
        return check(self.client, acts=True)

    def look(self, target: Target) -> Look:
        """Read the target's state now; UNKNOWN, with the reason, where we cannot see it."""
        if self._rights is None:
            self._rights = (rights.own(self.client),)
        return looks.look(self.client, target, self._rights[0])

    def plan(self, target: Target, before: Look) -> Sequence[Act] | ByHand:
        """Say which calls would take the target away. Pure."""
        return plans.plan(target, before)

    def restore(self, before: Look) -> Sequence[Act] | ByHand:
        """Say which calls would bring back what `before` shows. Pure."""
        return plans.restore(before)

    def perform(self, act: Act) -> ActReceipt:
        """Carry out one act, once."""
        self._insist(act)
        try:
            return self._sent(act)
        except Gone as gone:
            after = self.look(act.target)
            if act.kind is not ActKind.RESTORE and after.state is State.ABSENT:
                return ActReceipt(f"{act.request} (gone already; looked again)", 404, after.digest, after.at)
            raise Declined(f"{gone}; what it names has changed, so look and plan again", said=gone.said) from None

    def close(self) -> None:
        """Let go of connections."""
        self.client.close()

    # --- sending ---

    def _sent(self, act: Act) -> ActReceipt:
        do = act.arguments.get("do")
        if do == "end_sessions":
            return self._end_sessions(act)
        if do == "revoke_tokens":
            return self._revoke_tokens(act)
        source, key = act.arguments.get("object") or "", act.arguments.get("id")
        if source not in CHANGEABLE or do not in ("update", "delete", "create"):
            raise ValueError(f"not an act of this connector: {do} {source}")
        path = f"sobjects/{source}/" + ("" if do == "create" else insist_id(key))
        method = {"update": "PATCH", "delete": "DELETE", "create": "POST"}[do]
        body = json.loads(act.arguments.get("fields") or "null")
        return _receipt(act.request, [self.client.change(act.request, _sending(path, method, body))])

    def _end_sessions(self, act: Act) -> ActReceipt:
        """Delete every session of the user, parents first; those that went with their parent count as ended."""
        user = quote(insist_id(act.target.account_key))
        soql = f"SELECT Id, ParentId FROM AuthSession WHERE UsersId = {user} AND IsCurrent = false"
        page = self.client.query(soql)
        rows, answers, asked = list(page.rows), [page.answer], [soql]
        while page.next:
            page = self.client.more(page.next, soql)
            rows += page.rows
        for row in sorted(rows, key=lambda row: text(row, "ParentId") not in (None, text(row, "Id"))):
            path = f"sobjects/AuthSession/{insist_id(text(row, 'Id'))}"
            asked.append(f"DELETE {path}")
            try:
                answers.append(self.client.change(asked[-1], _sending(path, "DELETE", None)))
            except Gone:
                continue
        return _receipt("; ".join(asked), answers)

    def _revoke_tokens(self, act: Act) -> ActReceipt:
        """Revoke the user's tokens, or the one that the target names. The handles live in this function only."""
        user, wanted = quote(insist_id(act.target.account_key)), (act.target.credential_key or "").partition("#")[0]
        soql = f"SELECT AppName, UserId, CreatedDate, DeleteToken FROM OauthToken WHERE UserId = {user}"
        page = self.client.query(soql)
        rows = list(page.rows)
        while page.next:
            page = self.client.more(page.next, soql)
            rows += page.rows
        if wanted:
            rows = [row for row in rows if _key(row) == wanted][:1]
            if not rows:
                raise Gone("the token is not there", said="no such token")
        answers, asked = [], []
        for row in rows:
            handle = text(row, "DeleteToken")
            if handle is None:
                raise Denied("Salesforce hides the token's handle", missing="Customize Application")
            try:
                answers.append(self.client.revoke_token(handle))
            except Gone:
                if wanted:
                    raise
                continue
            asked.append(f"POST /services/oauth2/revoke for token {_key(row)} of {text(row, 'AppName')}")
        return _receipt("; ".join(asked) or act.request, answers or [page.answer])

    # --- what must never happen ---

    def _insist(self, act: Act) -> None:
        """Refuse an act on ourselves, on a protected account or on the last administrator, by a fresh reading."""
        key = insist_id(act.target.account_key)
        principal = self.client.token.principal
        if principal is None:
            raise _never(act, "we do not know which account is our own")
        if same_id(key, principal):
            raise _never(act, "it is the account that Rolecall itself signs in with")
        rows = self.client.query(f"SELECT Id, Username, UserType FROM User WHERE Id = {quote(key)}").rows
        username = (text(rows[0], "Username") or "").lower() if rows else ""
        if not rows or (act.target.username and act.target.username.lower() != username):
            raise _never(act, "the account is not the one that was decided on")
        if username in self.client.access.protect:
            raise _never(act, "it is protected by the configuration")
        if text(rows[0], "UserType") in plans.UNTOUCHABLE:
            raise _never(act, "it belongs to a feature of Salesforce")
        if act.kind in ENDANGERS_ADMINISTRATION and self._last_administrator(key, principal):
            raise _never(act, "it is the last active administrator")

    def _last_administrator(self, key: str, principal: str) -> bool:
        """Whether nobody else, ourselves apart, could still manage users and all data. The frozen do not count."""
        holders = [self._holders(flag) for flag in ADMINISTERS]
        administrators = holders[0] & holders[1]
        if not any(same_id(key, each) for each in administrators):
            return False
        others = sorted(each for each in administrators if not same_id(key, each) and not same_id(principal, each))
        for begin in range(0, len(others), 200):
            some = others[begin : begin + 200]
            soql = f"SELECT UserId FROM UserLogin WHERE IsFrozen = true AND {among('UserId', some)}"
            frozen = {text(row, "UserId") for row in self.client.query(soql).rows}
            if set(some) - frozen:
                return False
        return True

    def _holders(self, flag: str) -> set[str]:
        where = f"Assignee.IsActive = true AND PermissionSet.{column(flag)} = true"
        soql = f"SELECT AssigneeId, IsActive FROM PermissionSetAssignment WHERE {where}"
        page = self.client.query(soql)
        found: set[str] = set()
        while True:
            found |= {text(row, "AssigneeId") or "" for row in page.rows if truth(row, "IsActive") is not False}
            if not page.next:
                return found - {""}
            page = self.client.more(page.next, soql)


def _sending(path: str, method: str, body: object) -> Callable[[Salesforce], object]:
    """The request itself, as the client sends it."""
    options: dict[str, Any] = {} if body is None else {"json": body}
    return lambda crm: crm.restful(path, method=method, **options)


def _never(act: Act, because: str) -> Declined:
    return Declined(f"{act.says}: not sent, {because}", said=f"Rolecall did not send this: {because}.")


def _key(row: Row) -> str:
    return token_key(text(row, "UserId") or "", text(row, "AppName") or "", text(row, "CreatedDate"))


def _receipt(asked: str, answers: list[Answer]) -> ActReceipt:
    last = answers[-1]
    digest = hashlib.sha256("\n".join(answer.digest for answer in answers).encode()).hexdigest()
    return ActReceipt(asked, last.status, digest, last.at, last.reference)
