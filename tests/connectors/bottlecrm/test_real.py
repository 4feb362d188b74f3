"""The connector against a real BottleCRM: what it reads, what it takes away, and what it is refused.

Ada administers (the reader's session is hers), Otto administers for us (the executor's), Bo is reviewed.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from connectors import bottlecrm as connector
from connectors.connector import Act, ActKind, ByHand, Executor, Reader, Secret, State, Target, TargetKind
from connectors.errors import Declined, Denied
from connectors.receipt import Verdict, judge
from connectors.records import (
    AccountRecord,
    CredentialRecord,
    EntitlementRecord,
    GrantRecord,
    IntegrationRecord,
    LoginRecord,
    Record,
    Stream,
)
from tests.bottlecrm.running import BottleCRM

pytestmark = pytest.mark.bottlecrm


@dataclass
class Person:
    """Somebody whom a test has added, with the ids that BottleCRM gave them."""

    email: str
    key: str
    profile: str


def add(crm: BottleCRM, name: str, role: str = "USER") -> Person:
    email = f"{name}.{secrets.token_hex(3)}@example.com"
    said = crm.shell(
        f"u = User.objects.create(email={email!r}, name={name!r})\n"
        f"p = Profile.objects.create(user=u, org=org, role={role!r}, has_sales_access=True)\n"
        "print(u.id, p.id)"
    )
    return Person(email, *said.split())


def token(crm: BottleCRM, owner: Person, name: str = "feed", scopes: tuple[str, ...] = ()) -> str:
    made = f"PersonalAccessToken.generate(profile=Profile.objects.get(id={owner.profile!r}), name={name!r}"
    return crm.shell(f"raw, row = {made}, scopes={list(scopes)!r}); print(raw)").strip()


def enters(crm: BottleCRM, credential: str, path: str = "/api/users/") -> int:
    """The status that BottleCRM answers to this credential."""
    return httpx2.get(crm.url + path, headers={"Authorization": f"Bearer {credential}"}, timeout=30).status_code


def secret_of(crm: BottleCRM, email: str) -> Secret:
    return {"refresh": crm.login(email).refresh}


@pytest.fixture(scope="module")
def reader(bottlecrm: BottleCRM) -> Iterator[Reader]:
    opened = connector.open_reader({"url": bottlecrm.url}, secret_of(bottlecrm, bottlecrm.admin_email), lambda _: None)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def otto(bottlecrm: BottleCRM) -> Person:
    return add(bottlecrm, "otto", role="ADMIN")


@pytest.fixture(scope="module")
def executor(bottlecrm: BottleCRM, otto: Person) -> Iterator[Executor]:
    opened = connector.open_executor({"url": bottlecrm.url}, secret_of(bottlecrm, otto.email), lambda _: None)
    yield opened
    opened.close()


def read(reader: Reader, stream: Stream, required: tuple[str, ...] = ()) -> list[Record]:
    """Everything in a stream, of which the receipt says that it is complete."""
    pages = list(reader.pull(stream))
    assert pages[-1].resume is None
    verdict = judge([page.receipt for page in pages], required=required)
    assert verdict.verdict is Verdict.COMPLETE, verdict
    return [record for page in pages for record in page.records]


def take_away(executor: Executor, target: Target) -> list[Act]:
    """Look, plan, perform, look again: gone."""
    before = executor.look(target)
    assert before.state is State.PRESENT, before
    acts = executor.plan(target, before)
    assert not isinstance(acts, ByHand)
    for act in acts:
        assert executor.perform(act).status < 300
    assert executor.look(target).state is State.ABSENT
    return list(acts)


def test_an_admins_session_may_read_every_stream_there_is(reader: Reader, bottlecrm: BottleCRM) -> None:
    coverage = reader.check()
    assert (coverage.system_key, coverage.system_name) == (bottlecrm.org_id, bottlecrm.org_name)
    readable = {stream for stream, each in coverage.streams.items() if each.readable}
    assert readable == {Stream.ACCOUNTS, Stream.ENTITLEMENTS, Stream.GRANTS, Stream.LOGINS, Stream.INTEGRATIONS}
    me = [a for a in read(reader, Stream.ACCOUNTS) if isinstance(a, AccountRecord) and a.key == coverage.principal]
    assert [account.email for account in me] == [bottlecrm.admin_email]


def test_people_are_read_with_their_last_sign_in(reader: Reader, bottlecrm: BottleCRM) -> None:
    bo, eve = add(bottlecrm, "bo"), add(bottlecrm, "eve")
    bottlecrm.shell(f"User.objects.filter(id={bo.key!r}).update(last_login=timezone.now() - timedelta(days=200))")
    bottlecrm.shell(f"Profile.objects.filter(id={eve.profile!r}).update(is_active=False)")
    seen = {a.key: a for a in read(reader, Stream.ACCOUNTS, ("people",)) if isinstance(a, AccountRecord)}
    assert seen[bo.key].active is True
    last = seen[bo.key].last_login
    assert last is not None
    assert datetime.now(UTC) - last > timedelta(days=199)
    assert (seen[eve.key].active, seen[eve.key].last_login) == (False, None)
    assert seen[eve.key].logins_known_since is not None


def test_small_pages_join_on_to_each_other(bottlecrm: BottleCRM) -> None:
    for _ in range(2):
        add(bottlecrm, "many")
    secret = secret_of(bottlecrm, bottlecrm.admin_email)
    small = connector.open_reader({"url": bottlecrm.url, "page_size": "2"}, secret, lambda _: None)
    pages = list(small.pull(Stream.ACCOUNTS))
    assert len(pages) > 3
    assert judge([page.receipt for page in pages]).verdict is Verdict.COMPLETE
    keys = [record.key for page in pages for record in page.records if isinstance(record, AccountRecord)]
    assert len(keys) == len(set(keys))
    again = [record for page in small.pull(Stream.ACCOUNTS, pages[1].resume) for record in page.records]
    assert again == [record for page in pages[2:] for record in page.records]
    small.close()


def test_rights_are_roles_flags_and_teams(reader: Reader, bottlecrm: BottleCRM) -> None:
    bo = add(bottlecrm, "bo")
    team = bottlecrm.shell(
        f"t = Teams.objects.create(name='T{bo.key[:6]}', org=org); t.users.add({bo.profile!r}); print(t.id)"
    ).strip()
    held = {
        g.entitlement_key for g in read(reader, Stream.GRANTS) if isinstance(g, GrantRecord) and g.account_key == bo.key
    }
    assert held == {"role:USER", "access:sales", f"team:{team}"}
    offered = {e.key for e in read(reader, Stream.ENTITLEMENTS, ("roles", "teams")) if isinstance(e, EntitlementRecord)}
    assert held | {"role:ADMIN", "access:marketing"} <= offered


def test_sign_ins_come_from_the_audit_log(reader: Reader, bottlecrm: BottleCRM) -> None:
    bo = add(bottlecrm, "bo")
    link = secrets.token_hex(32)
    bottlecrm.shell(
        f"MagicLinkToken.objects.create(email={bo.email!r}, token={link!r}, delivery='link', "
        "expires_at=timezone.now() + timedelta(minutes=9))"
    )
    signed_in = httpx2.post(f"{bottlecrm.url}/api/auth/magic-link/verify/", json={"token": link}).json()
    httpx2.post(f"{bottlecrm.url}/api/auth/refresh-token/", json={"refresh": signed_in["refresh_token"]})
    seen = [x for x in read(reader, Stream.LOGINS) if isinstance(x, LoginRecord) and x.account_key == bo.key]
    assert sorted((x.way, x.succeeded) for x in seen) == [("mailed link", True), ("session renewed", True)]


def test_a_token_is_read_with_its_owner_and_can_be_revoked(
    reader: Reader, executor: Executor, bottlecrm: BottleCRM
) -> None:
    bo = add(bottlecrm, "bo", role="ADMIN")
    raw = token(bottlecrm, bo, scopes=("users:read",))
    assert enters(bottlecrm, raw) == 200
    records = read(reader, Stream.INTEGRATIONS, ("tokens", "webhooks"))
    mine = next(r for r in records if isinstance(r, CredentialRecord) and r.account_key == bo.key)
    program = next(r for r in records if isinstance(r, IntegrationRecord) and r.key == mine.integration_key)
    assert (mine.active, mine.scopes, program.owner_key, program.derived) == (True, ("users:read",), bo.key, True)
    assert mine.last_used is not None
    assert raw not in repr(records)
    take_away(executor, Target(TargetKind.INTEGRATION, integration_key=program.key))
    assert enters(bottlecrm, raw) == 403
    after = [r for r in read(reader, Stream.INTEGRATIONS) if isinstance(r, CredentialRecord) and r.key == mine.key]
    assert [record.active for record in after] == [False]


def test_a_webhook_is_read_without_its_address_and_left_to_a_person(
    reader: Reader, executor: Executor, bottlecrm: BottleCRM
) -> None:
    bottlecrm.shell(
        "WebhookEndpoint.objects.create(org=org, url='https://hooks.example.com/t/hushhush', events=['lead.created'],"
        " description='Feed', created_by=User.objects.get(email='admin@example.com'))"
    )
    hook = next(
        r for r in read(reader, Stream.INTEGRATIONS) if isinstance(r, IntegrationRecord) and r.kind == "webhook"
    )
    assert hook.name == "Feed (hooks.example.com)"
    assert "hushhush" not in repr(hook)
    target = Target(TargetKind.INTEGRATION, integration_key=hook.key)
    assert isinstance(executor.plan(target, executor.look(target)), ByHand)


def test_an_account_is_deactivated_and_brought_back(executor: Executor, bottlecrm: BottleCRM) -> None:
    bo = add(bottlecrm, "bo")
    session = bottlecrm.login(bo.email)
    target = Target(TargetKind.ACCOUNT, account_key=bo.key, email=bo.email)
    before = executor.look(target)
    assert [act.kind for act in take_away(executor, target)] == [ActKind.DEACTIVATE]
    assert enters(bottlecrm, session.access, "/api/profile/") == 403
    acts = executor.restore(before)
    assert not isinstance(acts, ByHand)
    executor.perform(acts[0])
    assert executor.look(target).state is State.PRESENT


def test_a_role_a_flag_and_a_place_in_a_team_are_taken_away_and_given_back(
    executor: Executor, bottlecrm: BottleCRM
) -> None:
    bo, eve = add(bottlecrm, "bo", role="ADMIN"), add(bottlecrm, "eve")
    team = bottlecrm.shell(
        f"t = Teams.objects.create(name='R{bo.key[:6]}', description='kept', org=org)\n"
        f"t.users.add({bo.profile!r}, {eve.profile!r}); print(t.id)"
    ).strip()
    for held in ("role:ADMIN", "access:sales", f"team:{team}"):
        target = Target(TargetKind.GRANT, account_key=bo.key, email=bo.email, entitlement_key=held)
        before = executor.look(target)
        take_away(executor, target)
        if held.startswith("team:"):
            eves = Target(TargetKind.GRANT, account_key=eve.key, entitlement_key=held)
            assert executor.look(eves).state is State.PRESENT
        acts = executor.restore(before)
        assert not isinstance(acts, ByHand)
        executor.perform(acts[0])
        assert executor.look(target).state is State.PRESENT, held
    kept = bottlecrm.shell(f"t = Teams.objects.get(id={team!r}); print(t.description, t.users.count())")
    assert kept.split() == ["kept", "2"]


def test_a_membership_that_ended_is_absent(executor: Executor, bottlecrm: BottleCRM) -> None:
    bo = add(bottlecrm, "bo")
    bottlecrm.shell(f"Profile.objects.filter(id={bo.profile!r}).delete()")
    assert executor.look(Target(TargetKind.ACCOUNT, account_key=bo.key, email=bo.email)).state is State.ABSENT


def test_another_address_on_the_key_is_not_acted_on(executor: Executor, bottlecrm: BottleCRM) -> None:
    bo = add(bottlecrm, "bo")
    target = Target(TargetKind.ACCOUNT, account_key=bo.key, email="somebody.else@example.com")
    before = executor.look(target)
    assert before.state is State.UNKNOWN
    assert isinstance(executor.plan(target, before), ByHand)


def test_the_executor_does_not_act_on_its_own_account(executor: Executor, otto: Person) -> None:
    target = Target(TargetKind.ACCOUNT, account_key=otto.key, email=otto.email)
    assert isinstance(executor.plan(target, executor.look(target)), ByHand)
    act = Act(ActKind.DEACTIVATE, target, "Deactivate Otto", "", {"do": "status", "value": "Inactive"})
    with pytest.raises(Declined, match="does not act on itself"):
        executor.perform(act)
    assert executor.look(target).state is State.PRESENT


def test_bottlecrms_own_refusal_is_shown_verbatim(executor: Executor, bottlecrm: BottleCRM) -> None:
    bo = add(bottlecrm, "bo")
    target = Target(TargetKind.GRANT, account_key=bo.key, entitlement_key="role:OWNER")
    act = Act(ActKind.CHANGE_GRANT, target, "Make Bo an owner", "", {"do": "field", "field": "role", "value": "OWNER"})
    with pytest.raises(Declined) as refused:
        executor.perform(act)
    assert refused.value.said == '"OWNER" is not a valid choice.'


def test_a_token_may_not_read_tokens_or_sign_ins_and_says_so(bottlecrm: BottleCRM) -> None:
    ada = add(bottlecrm, "ada", role="ADMIN")
    scopes = ("users:read", "teams:read", "profile:read", "org:read")
    opened = connector.open_reader(
        {"url": bottlecrm.url}, {"token": token(bottlecrm, ada, "r", scopes)}, lambda _: None
    )
    coverage = opened.check()
    assert coverage.principal == ada.key
    refused = {stream: each.missing for stream, each in coverage.streams.items() if not each.readable}
    assert "Sign in to manage them." in (refused[Stream.LOGINS] or "")
    assert "Sign in to manage them." in (refused[Stream.INTEGRATIONS] or "")
    assert coverage.streams[Stream.GRANTS].readable
    assert read(opened, Stream.GRANTS)
    for stream in (Stream.LOGINS, Stream.INTEGRATIONS):
        with pytest.raises(Denied):
            list(opened.pull(stream))
    opened.close()


def test_a_token_executor_removes_rights_but_no_tokens(bottlecrm: BottleCRM) -> None:
    ada, bo = add(bottlecrm, "ada", role="ADMIN"), add(bottlecrm, "bo")
    scopes = ("users:read", "user:read", "user:write", "teams:read", "teams:write", "profile:read", "org:read")
    secret = {"token": token(bottlecrm, ada, "x", scopes)}
    acting = connector.open_executor({"url": bottlecrm.url}, secret, lambda _: None)
    assert ActKind.REVOKE_CREDENTIAL not in acting.check().acts
    take_away(acting, Target(TargetKind.GRANT, account_key=bo.key, email=bo.email, entitlement_key="access:sales"))
    look = acting.look(Target(TargetKind.CREDENTIAL, credential_key="00000000-0000-4000-8000-000000000000"))
    assert look.state is State.UNKNOWN
    acting.close()


def test_a_renewed_session_is_kept_before_it_is_used_and_the_old_one_is_dead(bottlecrm: BottleCRM) -> None:
    ada = add(bottlecrm, "ada", role="ADMIN")
    first = secret_of(bottlecrm, ada.email)
    kept: list[Secret] = []
    opened = connector.open_reader({"url": bottlecrm.url}, first, kept.append)
    opened.check()
    assert len(kept) == 1
    again = connector.open_reader({"url": bottlecrm.url}, kept[0], kept.append)
    again.check()
    assert len(kept) == 1, "the access token that came with it is still good"
    late = connector.open_reader({"url": bottlecrm.url}, first, kept.append)
    with pytest.raises(Denied, match="sign in to BottleCRM as that admin again"):
        late.check()


def test_a_deactivated_readers_credential_is_denied_not_empty(bottlecrm: BottleCRM) -> None:
    ada = add(bottlecrm, "ada", role="ADMIN")
    opened = connector.open_reader({"url": bottlecrm.url}, {"token": token(bottlecrm, ada)}, lambda _: None)
    assert read(opened, Stream.ACCOUNTS)
    bottlecrm.shell(f"Profile.objects.filter(id={ada.profile!r}).update(is_active=False)")
    with pytest.raises(Denied, match="no longer good"):
        list(opened.pull(Stream.ACCOUNTS))


def test_a_member_who_is_no_admin_reads_nothing_and_is_told_why(bottlecrm: BottleCRM) -> None:
    bo = add(bottlecrm, "bo")
    opened = connector.open_reader({"url": bottlecrm.url}, secret_of(bottlecrm, bo.email), lambda _: None)
    coverage = opened.check()
    assert not any(each.readable for each in coverage.streams.values())
    assert coverage.streams[Stream.ACCOUNTS].missing == "Permission Denied"
