"""The whole connector against the pretend Salesforce, which another author wrote from the vendor's facts.

What is read must be what is there; a right that is withdrawn must be named and never look like less data; every act must
be visible in a fresh look; and no secret may turn up in anything that is kept.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors.connector import Act, ActKind, ByHand, Page, State, Target, TargetKind
from connectors.errors import ConnectorError, Denied, Misread, Throttled
from connectors.pacing import Budget
from connectors.receipt import StreamReceipt, Verdict, judge
from connectors.records import (
    AccountKind,
    AccountRecord,
    ChangeRecord,
    CredentialRecord,
    EntitlementRecord,
    GrantRecord,
    Stream,
)
from connectors.salesforce import auth, flags, reader
from connectors.salesforce.client import Client
from connectors.salesforce.reader import SalesforceReader
from connectors.salesforce.revocation import SalesforceExecutor

STREAMS = list(reader.STREAMS)
DOCUMENT = Path(__file__).parents[3] / "docs" / "connect-salesforce.md"
APART = {Stream.SETTINGS, Stream.ENDPOINTS, Stream.USAGE}  # need no right as a whole


@dataclass
class Sandbox:
    """A running sandbox and the key to its back door."""

    line: dict[str, Any]
    kept: list[str] = field(default_factory=list)  # everything that a connector gave us, as text
    before: dict[Stream, list[Page]] = field(default_factory=dict)  # as it was before any act

    def door(self, path: str, body: object = None) -> Any:
        url, key = f"{self.line['url']}/__sandbox__/{path}", {"X-Sandbox-Key": self.line["admin_key"]}
        answer = requests.get(url, headers=key) if body is None else requests.post(url, headers=key, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def client(self, who: str, **config: str) -> Client:
        known = self.line["credentials"]
        secret = {name: known[who][name] for name in ("client_id", "private_key", "username")}
        config = {"sessions": "on", **config}
        access = auth.read_access({"login_url": known["login_url"], **config}, secret)
        return Client(access, sleep=lambda _seconds: None, budget=Budget(attempts=4))

    def first(self, stream: Stream) -> list[Page]:
        """A reading from before any act, taken once."""
        if stream not in self.before:
            self.before[stream] = self.read(stream)
        return self.before[stream]

    def read(self, stream: Stream, client: Client | None = None) -> list[Page]:
        opened = client or self.client("reader")
        pages = list(SalesforceReader(opened).pull(stream))
        self.kept += [repr(pages)]
        return pages


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    command = [sys.executable, "-m", "connectors.sandbox.serve", "salesforce", "--port", "0", "--seed", "7"]
    running = subprocess.Popen([*command, "--people", "300"], stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    yield Sandbox(json.loads(running.stdout.readline()))
    running.terminate()
    running.wait(10)
    running.stdout.close()


@pytest.fixture
def clean(sandbox: Sandbox) -> Iterator[Sandbox]:
    yield sandbox
    sandbox.door("rights", {"principal": "reader", "without": []})
    sandbox.door("rights", {"principal": "executor", "without": []})


def verdict(pages: list[Page]) -> StreamReceipt:
    return judge([page.receipt for page in pages])


def records(pages: list[Page], kind: type) -> list[Any]:
    return [record for page in pages for record in page.records if isinstance(record, kind)]


# --- reading ---


def test_we_know_where_we_are_and_what_we_may_read(sandbox: Sandbox) -> None:
    client = sandbox.client("reader")
    coverage = SalesforceReader(client).check()
    assert coverage.system_name
    assert coverage.principal == client.token.principal
    assert all(said.readable for said in coverage.streams.values()), coverage.streams
    assert not coverage.acts
    assert client.calls <= 7  # one of them for how many the org has left


def test_client_credentials_open_the_same_door(sandbox: Sandbox) -> None:
    known = sandbox.line["credentials"]
    secret = {name: known["reader"][name] for name in ("client_id", "client_secret")}
    client = Client(auth.read_access({"login_url": known["login_url"]}, secret))
    assert client.token.principal == sandbox.client("reader").token.principal


def test_a_password_opens_the_same_door(sandbox: Sandbox) -> None:
    known = sandbox.line["credentials"]
    secret = {name: known["reader"][name] for name in ("username", "password", "security_token")}
    client = Client(auth.read_access({"login_url": known["login_url"]}, secret))
    assert client.token.principal == sandbox.client("reader").token.principal
    assert client.count("User") > 0
    wrong = auth.read_access({"login_url": known["login_url"]}, {**secret, "security_token": "x"})
    with pytest.raises(Denied, match="check user name, password and security token"):
        Client(wrong).count("User")


@pytest.mark.parametrize("stream", STREAMS)
def test_a_stream_is_complete_and_its_receipt_counts_every_call(sandbox: Sandbox, stream: Stream) -> None:
    client = sandbox.client("reader")
    pages = sandbox.before[stream] = sandbox.read(stream, client)
    found = verdict(pages)
    assert found.verdict is Verdict.COMPLETE, found.because
    assert found.calls == client.calls
    assert not found.dropped
    assert pages[-1].resume is None
    most, least = priced(stream)  # what the documentation says; the days of the week move sign-ins by a page or two
    leeway = 4 if stream is Stream.LOGINS else 0
    assert most - 2 - leeway <= found.calls <= most + leeway
    assert abs(len(pages) - least) <= leeway


def priced(stream: Stream) -> tuple[int, int]:
    """The calls of a reading, and the least possible, by the documentation's table."""
    (row,) = re.findall(rf"^\| {stream} \|.*\| (\d+) \| (\d+) \|$", DOCUMENT.read_text(), re.MULTILINE)
    return int(row[0]), int(row[1])


def test_what_is_read_is_what_is_there(sandbox: Sandbox) -> None:
    counts = sandbox.door("truth")["counts"]
    accounts = records(sandbox.first(Stream.ACCOUNTS), AccountRecord)
    assert len({account.key for account in accounts}) == len(accounts) == counts["User"]
    held = records(sandbox.first(Stream.ENTITLEMENTS), EntitlementRecord)
    kinds: dict[str, int] = defaultdict(int)
    for each in held:
        kinds[each.kind] += 1
    assert (kinds["profile"], kinds["role"]) == (counts["Profile"], counts["UserRole"])
    assert kinds["permission_set_group"] == counts["PermissionSetGroup"]
    sets = counts["PermissionSet"] - counts["Profile"] - counts["PermissionSetGroup"]
    assert kinds["permission_set"] == sets
    integrations = sandbox.first(Stream.INTEGRATIONS)
    assert len(records(integrations, CredentialRecord)) == counts["OauthToken"]
    assert len({each.key for each in records(integrations, CredentialRecord)}) == counts["OauthToken"]
    logins = verdict(sandbox.first(Stream.LOGINS)).rows
    assert abs(logins - sandbox.client("reader").count("LoginHistory")) < 200  # we sign in, and old rows expire


def test_grants_point_at_what_is_known_and_none_comes_twice(sandbox: Sandbox) -> None:
    accounts = {each.key for each in records(sandbox.first(Stream.ACCOUNTS), AccountRecord)}
    held = {each.key for each in records(sandbox.first(Stream.ENTITLEMENTS), EntitlementRecord)}
    grants = records(sandbox.first(Stream.GRANTS), GrantRecord)
    assert {grant.account_key for grant in grants} <= accounts
    assert {grant.entitlement_key for grant in grants} <= held
    assert len({(grant.account_key, grant.entitlement_key, grant.source) for grant in grants}) == len(grants)


def test_who_holds_a_dangerous_permission_is_who_really_does(sandbox: Sandbox) -> None:
    active = {each.key for each in records(sandbox.first(Stream.ACCOUNTS), AccountRecord) if each.active}
    held = {each.key: each.native for each in records(sandbox.first(Stream.ENTITLEMENTS), EntitlementRecord)}
    holders: dict[str, set[str]] = defaultdict(set)
    asleep: dict[str, set[str]] = defaultdict(set)  # through a set that must be activated first: may count or not
    for grant in records(sandbox.first(Stream.GRANTS), GrantRecord):
        for flag in held[grant.entitlement_key]:
            if grant.account_key in active:
                (holders if grant.effective else asleep)[flag].add(grant.account_key)
    truth = {flag: number for flag, number in sandbox.door("truth")["holders"].items() if flag in flags.FLAGS}
    for flag, number in truth.items():
        assert len(holders[flag]) <= number <= len(holders[flag] | asleep[flag]), flag


def test_kinds_of_account_are_told_apart(sandbox: Sandbox) -> None:
    truth = sandbox.door("truth")["categories"]
    accounts = {each.key: each for each in records(sandbox.first(Stream.ACCOUNTS), AccountRecord)}
    assert {key for key, each in accounts.items() if each.kind is AccountKind.GUEST} == set(truth["guests"])
    assert {key for key, each in accounts.items() if each.frozen} == set(truth["frozen"])
    programs = {key for key, each in accounts.items() if each.kind is AccountKind.SERVICE}
    assert programs >= set(truth["machines"])
    assert all(accounts[key].last_login is None for key in truth["never_used"])
    assert all(accounts[key].logins_known_since for key in truth["never_used"])


@pytest.mark.parametrize("stream", [Stream.ENTITLEMENTS, Stream.GRANTS, Stream.LOGINS, Stream.INTEGRATIONS])
def test_a_reading_goes_on_from_any_page(sandbox: Sandbox, stream: Stream) -> None:
    client = sandbox.client("reader", page_size="200", login_days="20")
    whole = list(SalesforceReader(client).pull(stream))
    for number in {0, len(whole) // 2, len(whole) - 2} & set(range(len(whole) - 1)):
        rest = list(SalesforceReader(client).pull(stream, whole[number].resume))
        again = [*whole[: number + 1], *rest]
        assert verdict(again).verdict in (Verdict.COMPLETE, Verdict.EXPLAINED)
        assert {r.key for p in again for r in p.records if hasattr(r, "key")} == {
            r.key for p in whole for r in p.records if hasattr(r, "key")
        }


def test_the_inactive_keep_what_they_hold_and_it_is_read(sandbox: Sandbox) -> None:
    gone = {each.key for each in records(sandbox.first(Stream.ACCOUNTS), AccountRecord) if each.active is False}
    sets = {
        each.key for each in records(sandbox.first(Stream.ENTITLEMENTS), EntitlementRecord) if each.kind != "profile"
    }
    held = records(sandbox.first(Stream.GRANTS), GrantRecord)
    assert [grant for grant in held if grant.account_key in gone and grant.entitlement_key in sets]


# --- rights ---


@pytest.mark.parametrize(
    ("without", "stream", "missing"),
    [
        (["ViewAllUsers", "ManageUsers", "ManageInternalUsers"], Stream.ACCOUNTS, "View All Users"),
        (["ViewSetup"], Stream.ENTITLEMENTS, "View Setup and Configuration"),
        (["ViewRoles"], Stream.ENTITLEMENTS, "View Roles and Role Hierarchy"),
        (["ViewSetup"], Stream.GRANTS, "View Setup and Configuration"),
        (["MonitorLoginHistory", "ManageUsers"], Stream.LOGINS, "Monitor Login History"),
        (["CustomizeApplication"], Stream.INTEGRATIONS, "Customize Application"),
        (["ViewSetup"], Stream.CHANGES, "View Setup and Configuration"),
        (["ViewSetup"], Stream.OBJECT_RIGHTS, "View Setup and Configuration"),
        (["ViewSetup"], Stream.PACKAGES, "View Setup and Configuration"),
        (["ManageTwoFactor"], Stream.FACTORS, "Manage Multi-Factor Authentication in API"),
        (["ManageUsers"], Stream.SESSIONS, "Manage Users"),
    ],
)
def test_a_right_withdrawn_is_named_and_nothing_is_read(
    clean: Sandbox, without: list[str], stream: Stream, missing: str
) -> None:
    clean.door("rights", {"principal": "reader", "without": without})
    with pytest.raises(Denied) as caught:
        clean.read(stream)
    assert missing in caught.value.missing
    said = SalesforceReader(clean.client("reader")).check().streams[stream]
    assert not said.readable
    assert missing in (said.missing or "")


def test_what_a_stream_goes_without_is_noted_by_the_right_that_is_missing(clean: Sandbox) -> None:
    lacking = ["ManageUsers", "FreezeUsers", "ModifyMetadata", "ManageAuthProviders"]
    whole = SalesforceReader(clean.client("reader")).check().streams
    clean.door("rights", {"principal": "reader", "without": lacking})
    partly = SalesforceReader(clean.client("reader")).check().streams
    expected = {
        Stream.ACCOUNTS: "frozen and locked state not collected: missing Manage Users",
        Stream.SETTINGS: "password, session and network settings not collected: missing Modify Metadata",
        Stream.ENDPOINTS: "auth providers not collected: missing Manage Auth. Providers",
    }
    for stream, note in expected.items():
        assert "not collected" not in (whole[stream].note or "")
        assert note in (partly[stream].note or "")
        assert partly[stream].readable
    assert verdict(clean.read(Stream.ENDPOINTS)).verdict is Verdict.INCOMPLETE


def test_without_manage_users_accounts_are_read_and_frozen_is_not_said(clean: Sandbox) -> None:
    clean.door("rights", {"principal": "reader", "without": ["ManageUsers"]})
    pages = clean.read(Stream.ACCOUNTS)
    assert verdict(pages).verdict is Verdict.COMPLETE
    assert any("Manage Users" in each for each in verdict(pages).missing)
    assert {each.frozen for each in records(pages, AccountRecord)} == {None}


def test_without_seeing_any_right_of_ours_nothing_passes_for_complete(clean: Sandbox) -> None:
    without = ["ViewSetup", "ManageUsers", "AssignPermissionSets", "MonitorLoginHistory", "CustomizeApplication"]
    clean.door("rights", {"principal": "reader", "without": without})
    for stream in STREAMS:
        if stream in APART:
            continue
        with pytest.raises(Denied):
            clean.read(stream)


# --- faults ---


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ({"fault": "unauthorized"}, Verdict.COMPLETE),
        ({"fault": "server_error", "times": 2}, Verdict.COMPLETE),
        ({"fault": "limit_concurrent"}, Verdict.COMPLETE),
        ({"fault": "cut_body"}, Verdict.COMPLETE),
        ({"fault": "dropped_page"}, Verdict.INCOMPLETE),
        ({"fault": "unauthorized_for_good", "times": 9}, Denied),
        ({"fault": "limit_daily"}, Throttled),
        ({"fault": "stale_cursor"}, Misread),
    ],
)
def test_a_fault_ends_in_the_truth_or_in_an_honest_word(
    clean: Sandbox, fault: dict[str, Any], outcome: Verdict | type[ConnectorError]
) -> None:
    client = clean.client("reader", page_size="200")
    assert client.token
    clean.door("faults", {**fault, "path": "query"})
    try:
        if isinstance(outcome, Verdict):
            assert verdict(clean.read(Stream.GRANTS, client)).verdict is outcome
        else:
            with pytest.raises(outcome):
                clean.read(Stream.GRANTS, client)
    finally:
        planned = clean.door("faults")["planned"]
        clean.door("faults", {"clear": True})
    assert not planned or fault.get("times") == 9


# --- acts ---


def take_away(sandbox: Sandbox, target: Target) -> tuple[list[Act], Any]:
    """Look, plan, perform, look: what was done, and the state before."""
    executor = SalesforceExecutor(sandbox.client("executor", least_profile="Minimum Access - Salesforce"))
    before = executor.look(target)
    assert before.state is State.PRESENT, before.because
    acts = executor.plan(target, before)
    assert not isinstance(acts, ByHand), acts
    receipts = [executor.perform(act) for act in acts]
    after = executor.look(target)
    sandbox.kept += [repr((before, list(acts), receipts, after))]
    assert after.state is State.ABSENT
    return list(acts), before


def bring_back(sandbox: Sandbox, target: Target, before: Any) -> None:
    executor = SalesforceExecutor(sandbox.client("executor"))
    acts = executor.restore(before)
    assert not isinstance(acts, ByHand)
    for act in acts:
        executor.perform(act)
    assert executor.look(target).state is State.PRESENT


def ordinary(sandbox: Sandbox) -> dict[str, AccountRecord]:
    """Active people whom nothing special was planted for."""
    truth = sandbox.door("truth")["categories"]
    special = {key for group in truth.values() for key in group}
    accounts = records(sandbox.first(Stream.ACCOUNTS), AccountRecord)
    people = (each for each in accounts if each.active and each.kind is AccountKind.PERSON)
    return {each.key: each for each in people if each.key not in special}


def grant_of(sandbox: Sandbox, kind: str) -> Target:
    kinds = {each.key: each.kind for each in records(sandbox.first(Stream.ENTITLEMENTS), EntitlementRecord)}
    people = ordinary(sandbox)
    for grant in records(sandbox.first(Stream.GRANTS), GrantRecord):
        if kinds[grant.entitlement_key] == kind and grant.account_key in people:
            who = people[grant.account_key].username
            return Target(TargetKind.GRANT, grant.account_key, grant.entitlement_key, kind, username=who)
    raise AssertionError(f"nobody holds a {kind}")


@pytest.mark.parametrize("kind", ["permission_set", "permission_set_group", "role", "group", "queue"])
def test_a_grant_is_taken_away_and_can_be_brought_back(sandbox: Sandbox, kind: str) -> None:
    target = grant_of(sandbox, kind)
    (act,), before = take_away(sandbox, target)
    assert act.kind is ActKind.REMOVE_GRANT
    grants = records(sandbox.read(Stream.GRANTS), GrantRecord)
    wanted = (target.account_key, target.entitlement_key)
    assert wanted not in {(grant.account_key, grant.entitlement_key) for grant in grants}
    bring_back(sandbox, target, before)


def test_a_profile_is_changed_where_one_of_the_same_licence_is_configured(sandbox: Sandbox) -> None:
    target = grant_of(sandbox, "profile")
    executor = SalesforceExecutor(sandbox.client("executor"))
    assert isinstance(executor.plan(target, executor.look(target)), ByHand)
    (act,), before = take_away(sandbox, target)
    assert act.kind is ActKind.CHANGE_GRANT
    bring_back(sandbox, target, before)


def test_one_token_is_revoked_and_only_that_one(sandbox: Sandbox) -> None:
    before = {each.key: each for each in records(sandbox.read(Stream.INTEGRATIONS), CredentialRecord)}
    people = ordinary(sandbox)
    token = next(each for each in before.values() if each.account_key in people)
    target = Target(TargetKind.CREDENTIAL, token.account_key, credential_key=token.key)
    take_away(sandbox, target)
    after = {each.key for each in records(sandbox.read(Stream.INTEGRATIONS), CredentialRecord)}
    assert set(before) - after == {token.key}


def test_a_leaver_is_frozen_signed_out_and_deactivated(sandbox: Sandbox) -> None:
    (key,) = sandbox.door("truth")["categories"]["departed_admin"]
    account = next(each for each in records(sandbox.first(Stream.ACCOUNTS), AccountRecord) if each.key == key)
    target = Target(TargetKind.ACCOUNT, key, username=account.username)
    acts, _before = take_away(sandbox, target)
    kinds = [act.kind for act in acts]
    assert kinds == [ActKind.FREEZE, ActKind.END_SESSIONS, ActKind.REVOKE_CREDENTIAL, ActKind.DEACTIVATE]
    after = next(each for each in records(sandbox.read(Stream.ACCOUNTS), AccountRecord) if each.key == key)
    assert (after.active, after.frozen) == (False, True)
    tokens = records(sandbox.read(Stream.INTEGRATIONS), CredentialRecord)
    assert key not in {token.account_key for token in tokens}


def test_our_own_acts_stand_in_the_audit_trail(sandbox: Sandbox) -> None:
    target = grant_of(sandbox, "permission_set")
    _, before = take_away(sandbox, target)
    ours = sandbox.client("executor").token.principal
    done = [each for each in records(sandbox.read(Stream.CHANGES), ChangeRecord) if each.actor_key == ours]
    assert done
    assert all(each.action for each in done)
    bring_back(sandbox, target, before)


def test_who_cannot_be_deactivated_stays_frozen_and_we_hear_why(sandbox: Sandbox) -> None:
    (key,) = sandbox.door("truth")["categories"]["cannot_be_deactivated"]
    executor = SalesforceExecutor(sandbox.client("executor"))
    target = Target(TargetKind.ACCOUNT, key)
    *contain, last = list(executor.plan(target, executor.look(target)))  # type: ignore[arg-type]
    for act in contain:
        executor.perform(act)
    with pytest.raises(ConnectorError) as caught:
        executor.perform(last)
    assert "You cannot" in getattr(caught.value, "said", "")
    assert executor.look(target).facts["frozen"] == "true"


@pytest.mark.parametrize("whose", ["executor", "reader"])
def test_our_own_accounts_are_left_alone(sandbox: Sandbox, whose: str) -> None:
    reader = sandbox.line["credentials"]["reader"]["username"]
    executor = SalesforceExecutor(sandbox.client("executor", protect=reader))
    target = Target(TargetKind.ACCOUNT, sandbox.client(whose).token.principal)
    assert isinstance(executor.plan(target, executor.look(target)), ByHand)


def test_an_executor_without_rights_offers_no_acts(clean: Sandbox) -> None:
    offered: Callable[[], frozenset[ActKind]] = lambda: SalesforceExecutor(clean.client("executor")).check().acts  # noqa: E731
    assert offered() >= {ActKind.FREEZE, ActKind.REMOVE_GRANT, ActKind.DEACTIVATE, ActKind.REVOKE_CREDENTIAL}
    clean.door("rights", {"principal": "executor", "without": ["ManageUsers", "FreezeUsers", "CustomizeApplication"]})
    assert not offered() & {ActKind.FREEZE, ActKind.DEACTIVATE, ActKind.REVOKE_CREDENTIAL}


def test_no_secret_is_in_anything_that_is_kept(sandbox: Sandbox) -> None:
    sandbox.read(Stream.INTEGRATIONS)
    kept = "\n".join(sandbox.kept)
    assert "CredentialRecord" in kept
    known = sandbox.line["credentials"]
    secrets = [known[who][name] for who in ("reader", "executor") for name in ("client_secret", "client_id")]
    secrets += [known[who]["private_key"].splitlines()[1] for who in ("reader", "executor")]
    secrets += [sandbox.client(who).token.value for who in ("reader", "executor")]
    categories = sandbox.door("truth")["categories"]
    handles = [*categories["dormant_tokens"], *categories["departed_admin_tokens"]]
    assert handles
    for secret in [*secrets, *handles, "DeleteToken", "AccessToken", "RequestToken"]:
        assert secret not in kept
