"""The connector against the pretend HubSpot, which was written by somebody who has not seen the connector."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors import registry
from connectors.connector import Act, ActKind, ByHand, Executor, Page, Reader, State, Target, TargetKind
from connectors.errors import ConnectorError, Declined, Denied, Misread, Throttled, Unreachable
from connectors.hubspot.reader import STREAMS
from connectors.receipt import StreamReceipt, Verdict, judge
from connectors.records import (
    AccountRecord,
    CredentialRecord,
    EntitlementRecord,
    GrantRecord,
    IntegrationRecord,
    Stream,
)

BOTH = pytest.mark.parametrize("version", ["2026-03", "v3"])
READ = list(STREAMS)
DOCUMENT = Path(__file__).parents[3] / "docs" / "connect-hubspot.md"


@dataclass
class Sandbox:
    """A running pretend HubSpot, and its switches."""

    url: str
    credentials: dict[str, Any]
    key: str

    def control(self, what: str, body: Mapping[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"X-Sandbox-Key": self.key, "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/__sandbox__/{what}", data, headers)
        with urllib.request.urlopen(request, timeout=20) as reply:
            return json.load(reply)

    def truth(self) -> Any:
        return self.control("truth")

    def config(self, version: str = "2026-03", **more: str) -> dict[str, str]:
        return {"base_url": self.url, "api_version": version, "calls_per_10s": "100000", **more}

    def reader(self, version: str = "2026-03", **more: str) -> Reader:
        return _unhurried(
            registry.open_reader("hubspot", self.config(version, **more), self.credentials["reader"], _no_keep)
        )

    def executor(self, version: str = "2026-03", **more: str) -> Executor:
        return registry.open_executor("hubspot", self.config(version, **more), self.credentials["executor"], _no_keep)

    def secrets(self) -> list[str]:
        given = self.credentials
        return [given["reader"]["token"], given["executor"]["token"], given["oauth"]["client_secret"]]


def _unhurried(reader: Reader) -> Reader:
    """Waits in virtual time."""
    reader._client._wire.sleep = lambda _: None  # type: ignore[attr-defined]
    return reader


def _no_keep(_: Mapping[str, str]) -> None:
    raise AssertionError("nothing was to be kept")


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    command = [
        sys.executable,
        "-m",
        "connectors.sandbox.serve",
        "hubspot",
        "--port",
        "0",
        "--seed",
        "7",
        "--people",
        "300",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        killer = threading.Timer(60, process.kill)
        killer.start()
        try:
            assert process.stdout is not None
            said = json.loads(process.stdout.readline())
            killer.cancel()  # it was about the start; how long the tests take is the machine's matter
            yield Sandbox(said["url"], said["credentials"], said["admin_key"])
        finally:
            killer.cancel()
            process.terminate()


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    usual = {"plan": "enterprise", "put_mode": "partial", "list_lag_seconds": 0.0, "refuse_super_admin_delete": False}
    yield running
    running.control("knobs", {**usual, "deactivated_in_list": True, "security_user": "subject"})
    running.control("rights", {"principal": "reader", "without": []})


def read(reader: Reader, stream: Stream) -> tuple[list[Any], StreamReceipt]:
    pages = list(reader.pull(stream))
    return [record for page in pages for record in page.records], judge([page.receipt for page in pages])


def whole(reader: Reader) -> dict[Stream, tuple[list[Any], StreamReceipt]]:
    return {stream: read(reader, stream) for stream in READ}


# --- reading


@BOTH
def test_a_full_reading_is_complete_and_equal_to_the_truth(sandbox: Sandbox, version: str) -> None:
    truth = sandbox.truth()
    found = whole(sandbox.reader(version))
    assert {stream: receipt.verdict for stream, (_, receipt) in found.items()} == dict.fromkeys(READ, Verdict.COMPLETE)
    assert all(not receipt.dropped for _, receipt in found.values())
    accounts: dict[str, AccountRecord] = {account.key: account for account in found[Stream.ACCOUNTS][0]}
    states = truth["states"]
    assert len(accounts) == truth["counts"]["account"] - states["removed"]
    by_state = {state: [key for key, each in accounts.items() if each.active is state] for state in (True, False, None)}
    assert [len(by_state[state]) for state in (True, False, None)] == [
        states["active"],
        states["deactivated"],
        states["invited"],
    ]
    assert len(found[Stream.LOGINS][0]) == truth["counts"]["login_served"]
    changes = [each.key for each in found[Stream.CHANGES][0]]
    assert sum(not key.startswith("audit:") for key in changes) == truth["counts"]["security"]
    assert len(changes) > truth["counts"]["security"]
    entitlements: list[EntitlementRecord] = found[Stream.ENTITLEMENTS][0]
    kinds = [each.kind for each in entitlements]
    assert (kinds.count("role"), kinds.count("team")) == (truth["counts"]["role"], truth["counts"]["team"])
    held: list[GrantRecord] = found[Stream.GRANTS][0]
    assert {grant.account_key for grant in held} <= accounts.keys()
    assert {grant.entitlement_key for grant in held} <= {each.key for each in entitlements}
    super_admins = {grant.account_key for grant in held if grant.entitlement_key == "super_admin"}
    assert len(super_admins) == truth["category_counts"]["privileged"]
    assert set(truth["planted"]["departed_admin"]) <= super_admins


@BOTH
def test_what_was_planted_is_seen(sandbox: Sandbox, version: str) -> None:
    planted = sandbox.truth()["planted"]
    accounts = {account.key: account for account in read(sandbox.reader(version), Stream.ACCOUNTS)[0]}
    window = datetime.now(UTC) - timedelta(days=90)
    for key in (*planted["never_used_hubspot"], *planted["inactive_hubspot"]):
        assert accounts[key].last_login is None
        assert abs(accounts[key].logins_known_since - window) < timedelta(minutes=5)
    assert not set(planted["leavers_gone"]) & {key for key, account in accounts.items() if account.active}


def test_either_version_tells_the_same_and_changing_it_makes_nothing_appear_or_vanish(sandbox: Sandbox) -> None:
    told = [
        {(stream, record.key) for stream in STREAMS if stream is not Stream.GRANTS for record in found[stream][0]}
        | {(each.account_key, each.entitlement_key) for each in found[Stream.GRANTS][0]}
        | {(each.key, each.licence) for each in found[Stream.ACCOUNTS][0]}
        for found in (whole(sandbox.reader("2026-03")), whole(sandbox.reader("v3")))
    ]
    assert told[0] == told[1]
    assert any(each.licence for each in read(sandbox.reader(), Stream.ACCOUNTS)[0])


def test_seats_that_are_switched_off_are_not_asked_for_and_that_is_said(sandbox: Sandbox) -> None:
    before = sandbox.control("calls")["counts"]
    records, receipt = read(sandbox.reader(seats="off"), Stream.ACCOUNTS)
    assert {record.licence for record in records} == {None}
    assert 'seats: "seats" is off in this system\'s configuration' in receipt.missing
    after = sandbox.control("calls")["counts"]
    assert [path for path in after if "/settings/v3/users" in path and after[path] != before.get(path)] == []


def test_the_audit_log_is_read_where_the_plan_has_it_from_its_last_days_and_can_be_gone_on_with(
    sandbox: Sandbox,
) -> None:
    pages = list(sandbox.reader(audit_days="30").pull(Stream.CHANGES))
    audited = [each for page in pages for each in page.records if each.key.startswith("audit:")]
    assert audited
    cutoff = datetime.now(UTC) - timedelta(days=30, minutes=5)
    assert all(each.at > cutoff for each in audited)
    (last,) = [page for page in pages if page.resume and page.resume.startswith("audit:") and page.resume.endswith("|")]
    again = list(sandbox.reader().pull(Stream.CHANGES, last.resume))
    assert [each.key for page in again for each in page.records] == [each.key for each in audited]
    none = list(sandbox.reader(audit_days="0").pull(Stream.CHANGES))
    assert not [each for page in none for each in page.records if each.key.startswith("audit:")]


def test_a_portal_below_enterprise_has_no_audit_log_and_its_history_is_whole_all_the_same(sandbox: Sandbox) -> None:
    sandbox.control("knobs", {"plan": "professional"})
    records, receipt = read(sandbox.reader(), Stream.CHANGES)
    assert receipt.verdict is Verdict.COMPLETE
    assert len(records) == sandbox.truth()["counts"]["security"]
    assert any(each.startswith("audit log: ") for each in receipt.missing)


@pytest.mark.parametrize(
    ("setting", "value", "named"),
    [
        ("seats", "yes", '"seats" must be v3 or off'),
        ("audit_days", "-1", '"audit_days" must be'),
        ("audit_days", "999", "365"),
    ],
)
def test_a_setting_that_cannot_be_is_named(setting: str, value: str, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        registry.open_reader("hubspot", {setting: value}, {"token": "pat"}, _no_keep)


def test_integrations_are_derived_and_ours_is_among_them(sandbox: Sandbox) -> None:
    truth = sandbox.truth()
    records, receipt = read(sandbox.reader(), Stream.INTEGRATIONS)
    programs = [each for each in records if isinstance(each, IntegrationRecord)]
    tokens = [each for each in records if isinstance(each, CredentialRecord)]
    assert sum(each.kind == "smtp_token" for each in programs) == truth["counts"]["smtp_token"]
    assert any(each.derived and each.active for each in programs)
    assert any(each.account_key == truth["owners_of_tokens"]["reader"] and each.scopes for each in tokens)
    assert receipt.missing == ()


def test_a_full_reading_takes_as_few_calls_as_the_lists_have_pages(sandbox: Sandbox) -> None:
    def total() -> int:
        return int(sum(sandbox.control("calls")["counts"].values()))

    before = total()
    found = whole(sandbox.reader())
    spent = total() - before - 1  # the second look at the counter
    counts = sandbox.truth()["counts"]
    unseen = sum(1 for each in found[Stream.ACCOUNTS][0] if each.last_login is None and each.active is not False)
    sign_ins = -(-counts["login_served"] // 200) + unseen + 3  # the three busiest are asked about as well
    # users owners archived records sign-ins lists, SMTP, details, own; seats, calls, audit log
    least = 2 + 2 + 1 + 2 + sign_ins + 2 + 2 + 1 + 1 + 1 + 2 + 1 + 1
    assert abs(spent - least) <= 2
    assert sum(receipt.calls for _, receipt in found.values()) in (spent, spent + 1)
    for stream, (
        _,
        receipt,
    ) in found.items():  # what the documentation says; the days of the week move sign-ins a little
        most, fewest = priced(stream)
        assert abs(receipt.calls - most) <= (3 if stream is Stream.ACCOUNTS else 0), stream
        asked_by_name = unseen + 3 if stream is Stream.ACCOUNTS else 0
        assert abs(most - asked_by_name - fewest) <= (3 if stream is Stream.ACCOUNTS else 0), stream


def priced(stream: Stream) -> tuple[int, int]:
    """The calls of a reading, and the least possible, by the documentation's table."""
    (row,) = re.findall(rf"^\| {stream} \|.*\| (\d+) \| (\d+) \|$", DOCUMENT.read_text(), re.MULTILINE)
    return int(row[0]), int(row[1])


def test_check_says_who_we_are_and_what_is_open(sandbox: Sandbox) -> None:
    coverage = sandbox.reader().check()
    assert coverage.principal == sandbox.truth()["owners_of_tokens"]["reader"]
    assert {stream: each.readable for stream, each in coverage.streams.items()} == dict.fromkeys(READ, True)
    assert coverage.acts == frozenset()
    assert ActKind.REMOVE_ACCOUNT in sandbox.executor().check().acts
    with pytest.raises(Denied, match="this system is portal 1"):
        list(sandbox.reader(portal_id="1").pull(Stream.ACCOUNTS))


@pytest.mark.parametrize(
    ("without", "closed", "thinner"),
    [
        (["account-info.security.read"], {Stream.LOGINS, Stream.CHANGES}, {Stream.ACCOUNTS, Stream.INTEGRATIONS}),
        (["settings.users.teams.read"], set(), {Stream.ENTITLEMENTS, Stream.GRANTS}),
        (["crm.objects.owners.read"], set(), {Stream.ACCOUNTS, Stream.GRANTS}),
        (["crm.objects.users.read"], set(), {Stream.ACCOUNTS}),
        (["transactional-email"], set(), {Stream.INTEGRATIONS}),
        (
            ["settings.users.read", "crm.objects.users.read"],
            {Stream.ACCOUNTS, Stream.ENTITLEMENTS, Stream.GRANTS},
            {Stream.USAGE},
        ),
    ],
)
def test_a_withdrawn_scope_is_named_and_stops_only_what_rests_on_it(
    sandbox: Sandbox, without: list[str], closed: set[Stream], thinner: set[Stream]
) -> None:
    sandbox.control("rights", {"principal": "reader", "without": without})
    reader = sandbox.reader()
    coverage = reader.check()
    for stream in READ:
        if stream in closed:
            assert not coverage.streams[stream].readable
            with pytest.raises(Denied) as caught:
                list(reader.pull(stream))
            assert any(scope in caught.value.missing for scope in without)
            continue
        _, receipt = read(reader, stream)
        assert receipt.verdict is Verdict.COMPLETE
        named = " ".join(receipt.missing)
        assert any(scope in named for scope in without) == (stream in thinner), (stream, named)


def test_without_sign_ins_nothing_is_claimed_about_them(sandbox: Sandbox) -> None:
    sandbox.control("rights", {"principal": "reader", "without": ["account-info.security.read"]})
    accounts, _ = read(sandbox.reader(), Stream.ACCOUNTS)
    assert {(account.last_login, account.logins_known_since) for account in accounts} == {(None, None)}


@pytest.mark.parametrize("plan", ["free", "starter", "professional"])
def test_a_smaller_plan_is_a_fact_and_not_an_empty_list(sandbox: Sandbox, plan: str) -> None:
    sandbox.control("knobs", {"plan": plan})
    records, receipt = read(sandbox.reader(), Stream.ENTITLEMENTS)
    assert receipt.verdict is Verdict.COMPLETE
    assert any("doesn't have access to roles" in each for each in receipt.missing)
    assert "super_admin" in {record.key for record in records}
    assert "roles: " in str(sandbox.reader().check().streams[Stream.ENTITLEMENTS].missing)


def test_oauth_reads_as_well_and_a_rotated_token_is_kept(sandbox: Sandbox) -> None:
    kept: list[Mapping[str, str]] = []
    for version in ("2026-03", "v3"):
        reader = registry.open_reader("hubspot", sandbox.config(version), sandbox.credentials["oauth"], kept.append)
        assert reader.check().principal
        assert read(reader, Stream.SETTINGS)[1].verdict is Verdict.COMPLETE
    assert all(each["refresh_token"] for each in kept)


def test_no_record_and_no_receipt_holds_a_secret(sandbox: Sandbox) -> None:
    text = repr([list(sandbox.reader().pull(stream)) for stream in READ]) + repr(sandbox.reader().check())
    assert not [secret for secret in sandbox.secrets() if secret in text]


# --- faults


@pytest.mark.parametrize(
    "fault", ["server_error", "too_many", "cut_body", "nested_message", "duplicates", "unauthorized"]
)
@pytest.mark.parametrize("stream", [Stream.ACCOUNTS, Stream.GRANTS, Stream.LOGINS, Stream.CHANGES])
def test_a_fault_leaves_a_reading_right_or_honest(sandbox: Sandbox, fault: str, stream: Stream) -> None:
    right = {repr(record) for record in read(sandbox.reader(), stream)[0]}
    before = len(sandbox.control("faults")["happened"])
    sandbox.control("faults", {"fault": fault, "times": 1, "after": 0 if fault == "duplicates" else 1})
    try:
        records, receipt = read(sandbox.reader(), stream)
    except (Misread, Unreachable, Throttled, Denied):
        return
    finally:
        assert len(sandbox.control("faults")["happened"]) == before + 1
    got = {repr(record) for record in records}
    if stream is Stream.ACCOUNTS:  # known since when moves with the clock
        assert len(got) == len(right)
    else:
        assert got == right
    assert receipt.verdict is Verdict.COMPLETE


@pytest.mark.parametrize("path", ["/settings/users/2026-03", "/account-info/2026-03/activity/login"])
def test_a_list_that_ends_too_early_does_no_harm(sandbox: Sandbox, path: str) -> None:
    right = {account.key: account for account in read(sandbox.reader(), Stream.ACCOUNTS)[0]}
    before = len(sandbox.control("faults")["happened"])
    sandbox.control("faults", {"fault": "dropped_page", "times": 1, "after": 0, "path": path})
    try:
        accounts, receipt = read(sandbox.reader(), Stream.ACCOUNTS)
    except Misread:
        return
    finally:
        assert len(sandbox.control("faults")["happened"]) == before + 1
    assert "/activity/login" in path, "a user list that ended too early was believed"
    assert {account.key for account in accounts} == set(right)
    assert not [each for each in accounts if each.last_login is None and each.logins_known_since is not None]
    assert "ended without a sign-in" in " ".join(receipt.missing)


# --- taking away


def held(sandbox: Sandbox, kind: str) -> tuple[Target, Target]:
    """A grant of this kind that somebody ordinary holds, and the account that holds it."""
    grants: list[GrantRecord] = read(sandbox.reader(), Stream.GRANTS)[0]
    special = {grant.account_key for grant in grants if grant.entitlement_key == "super_admin"}
    special |= set(sandbox.truth()["owners_of_tokens"].values())
    for grant in reversed(grants):
        if grant.entitlement_key.startswith(f"{kind}:") and grant.account_key not in special:
            facts = sandbox.executor().look(Target(TargetKind.ACCOUNT, grant.account_key)).facts
            if facts["deactivated"] == "true":
                continue
            target = Target(TargetKind.GRANT, grant.account_key, grant.entitlement_key, kind, email=facts["email"])
            return target, Target(TargetKind.ACCOUNT, grant.account_key, email=facts["email"])
    raise AssertionError(f"nobody holds a {kind}")


def planned(executor: Executor, target: Target) -> Act:
    plan = executor.plan(target, executor.look(target))
    assert not isinstance(plan, ByHand), plan
    (act,) = plan
    return act


@BOTH
@pytest.mark.parametrize("mode", ["partial", "replace"])
@pytest.mark.parametrize("kind", ["role", "team"])
def test_a_grant_is_taken_away_seen_gone_and_brought_back(sandbox: Sandbox, version: str, mode: str, kind: str) -> None:
    sandbox.control("knobs", {"put_mode": mode})
    target, account = held(sandbox, kind)
    executor = sandbox.executor(version)
    before = executor.look(target)
    assert before.state is State.PRESENT
    receipt = executor.perform(planned(executor, target))
    assert receipt.status == 200
    assert sandbox.executor(version).look(target).state is State.ABSENT
    left = {
        each.entitlement_key
        for each in read(sandbox.reader(), Stream.GRANTS)[0]
        if each.account_key == account.account_key
    }
    assert target.entitlement_key not in left
    back = executor.restore(before)
    assert not isinstance(back, ByHand)
    executor.perform(back[0])
    assert sandbox.executor(version).look(target).state is State.PRESENT


def test_a_role_that_put_ignores_is_a_refusal_and_still_there(sandbox: Sandbox) -> None:
    sandbox.control("knobs", {"put_mode": "ignores-role"})
    target, _ = held(sandbox, "role")
    executor = sandbox.executor()
    with pytest.raises(Declined, match="roleId"):
        executor.perform(planned(executor, target))
    assert executor.look(target).state is State.PRESENT


@BOTH
def test_a_user_is_removed_and_seen_gone(sandbox: Sandbox, version: str) -> None:
    _, target = held(sandbox, "role")
    executor = sandbox.executor(version)
    act = planned(executor, target)
    assert executor.perform(act).status == 204
    assert sandbox.executor(version).look(target).state is State.ABSENT
    again = executor.perform(act)
    assert (again.status, "nothing was sent" in again.asked) == (404, True)
    reader = sandbox.reader(version)
    assert target.account_key not in {each.key for each in read(reader, Stream.ACCOUNTS)[0]}
    events = read(reader, Stream.CHANGES)[0]
    assert any(event.action == "REMOVE_USER" and event.subject_key == target.account_key for event in events)


@pytest.mark.parametrize("whose", ["subject", "actor"])
def test_who_did_it_is_known_whichever_of_the_two_an_event_names(sandbox: Sandbox, whose: str) -> None:
    """And what both logs tell is one event, whether the reading was whole or went on after a crash."""
    sandbox.control("knobs", {"security_user": whose})
    _, target = held(sandbox, "role")
    executor = sandbox.executor()
    executor.perform(planned(executor, target))
    reader = sandbox.reader()
    read(reader, Stream.ACCOUNTS)
    pages = list(reader.pull(Stream.CHANGES))
    mine = [each for page in pages for each in page.records if each.subject_key == target.account_key]
    (event,) = [each for each in mine if each.action == "REMOVE_USER"]
    token = executor.look(target)  # any call tells whose credential it is
    assert token.state is State.ABSENT
    acted = {
        each.key for each in read(reader, Stream.ACCOUNTS)[0] if (each.email or "").startswith("rolecall-executor")
    }
    assert {event.actor_key} == acted
    again = [each for page in pages for each in page.records if each.key.startswith("audit:")]
    assert not [each for each in again if "REMOVE_USER" in each.action]
    place = next(page.resume for page in pages if (page.resume or "").startswith("audit:"))
    later = [each for page in sandbox.reader().pull(Stream.CHANGES, place) for each in page.records]
    assert [each.key for each in later] == [each.key for each in again]


def test_a_reading_that_goes_on_after_a_crash_knows_who_acted_all_the_same(sandbox: Sandbox) -> None:
    known = {each.key: each.actor_key for each in read(sandbox.reader(), Stream.CHANGES)[0]}
    reader = sandbox.reader()
    first = next(iter(sandbox.reader().pull(Stream.CHANGES)))
    later = [each for page in reader.pull(Stream.CHANGES, first.resume) for each in page.records]
    assert later
    assert {each.key: each.actor_key for each in later} == {each.key: known[each.key] for each in later}
    owners = [[each.owner_key for each in read(sandbox.reader(), Stream.INTEGRATIONS)[0]
               if isinstance(each, IntegrationRecord)] for _ in "12"]  # fmt: skip
    assert owners[0] == owners[1]
    assert any(owners[0])


def test_a_reply_that_got_lost_is_ambiguous_and_the_look_knows(sandbox: Sandbox) -> None:
    _, target = held(sandbox, "role")
    executor = sandbox.executor()
    act = planned(executor, target)
    sandbox.control("faults", {"fault": "lost_reply", "times": 1})
    with pytest.raises(Unreachable) as caught:
        executor.perform(act)
    assert caught.value.ambiguous
    assert executor.look(target).state is State.ABSENT


def test_deactivating_by_hand_is_seen_by_look_and_by_reading(sandbox: Sandbox) -> None:
    _, target = held(sandbox, "team")
    executor = sandbox.executor(accounts="deactivate")
    assert isinstance(executor.plan(target, executor.look(target)), ByHand)
    sandbox.control("as-admin", {"act": "deactivate", "account": target.account_key})
    assert executor.look(target).facts["deactivated"] == "true"
    reader = sandbox.reader()
    (found,) = [each for each in read(reader, Stream.ACCOUNTS)[0] if each.key == target.account_key]
    assert found.active is False
    events = read(reader, Stream.CHANGES)[0]
    assert any(event.action == "DEACTIVATE_USER" and event.subject_key == target.account_key for event in events)
    sandbox.control("as-admin", {"act": "reactivate", "account": target.account_key})


def test_the_keys_owner_is_spared_and_a_refused_super_admin_stays(sandbox: Sandbox) -> None:
    executor, truth = sandbox.executor(), sandbox.truth()
    owner = truth["owners_of_tokens"]["executor"]
    accounts = {each.key: each for each in read(sandbox.reader(), Stream.ACCOUNTS)[0]}
    target = Target(TargetKind.ACCOUNT, owner, email=accounts[owner].email)
    assert isinstance(executor.plan(target, executor.look(target)), ByHand)
    sandbox.control("knobs", {"refuse_super_admin_delete": True})
    admin = truth["planted"]["departed_admin"][0]
    target = Target(TargetKind.ACCOUNT, admin, email=accounts[admin].email)
    with pytest.raises(Declined):
        executor.perform(planned(executor, target))
    assert executor.look(target).state is State.PRESENT


def test_a_list_that_lags_behind_does_not_mislead_the_look(sandbox: Sandbox) -> None:
    sandbox.control("knobs", {"list_lag_seconds": 60.0})
    _, target = held(sandbox, "role")
    executor = sandbox.executor()
    executor.perform(planned(executor, target))
    assert executor.look(target).state is State.ABSENT


def test_a_reading_goes_on_after_a_crash(sandbox: Sandbox) -> None:
    for stream in (Stream.ACCOUNTS, Stream.GRANTS, Stream.LOGINS, Stream.CHANGES):
        pages: list[Page] = list(sandbox.reader().pull(stream))
        assert len(pages) > 1
        rest = list(sandbox.reader().pull(stream, pages[0].resume))
        assert [repr_of(page) for page in rest] == [repr_of(page) for page in pages[1:]]


def repr_of(page: Page) -> list[str]:
    return [str(getattr(record, "key", None) or record) for record in page.records]


def test_errors_are_ours_when_the_server_is_not_there(sandbox: Sandbox) -> None:
    reader = registry.open_reader(
        "hubspot", {"base_url": "http://127.0.0.1:9"}, sandbox.credentials["reader"], _no_keep
    )
    reader._client._wire.sleep = lambda _: None  # type: ignore[attr-defined]
    with pytest.raises(ConnectorError):
        list(reader.pull(Stream.ACCOUNTS))
