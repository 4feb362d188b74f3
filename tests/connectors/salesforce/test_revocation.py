"""Acts on a scripted org: the guards read again, refusals come back verbatim, gone means looked for again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connectors.connector import Act, ActKind, State, Target, TargetKind
from connectors.errors import Declined, Unreachable
from connectors.salesforce import flags, plans
from connectors.salesforce.client import Client
from connectors.salesforce.revocation import SalesforceExecutor
from connectors.salesforce.tokens import token_key

OURS = "0055g00000ReadrAAA"
BO, ADA = "005000000000001AAA", "005000000000002AAA"
SET = "0PS000000000001AAA"
CREATED = "2026-01-01T00:00:00.000+0000"
GRANT = Target(TargetKind.GRANT, BO, SET, "permission_set", username="bo@example.com")


def answer(*rows: dict[str, Any]) -> tuple[int, Any]:
    return 200, {"totalSize": len(rows), "done": True, "records": list(rows)}


def bo(**said: Any) -> dict[str, Any]:
    return {"Id": BO, "Username": "bo@example.com", "IsActive": True, "UserType": "Standard"} | said


@pytest.fixture
def crm(org: Any) -> Any:
    """An org where our user may do everything, Bo is a person, and Ada the administrator."""
    org.columns |= {
        "PermissionSet": ["Id", *(flags.column(flag) for flag in flags.FLAGS)],
        "PermissionSetAssignment": ["Id", "AssigneeId", "PermissionSetId", "PermissionSetGroupId", "ExpirationDate"],
    }
    everything = {flags.column(flag): True for flag in flags.FLAGS}
    org.rows["User"] = [bo()]
    org.rows["UserLogin"] = [{"Id": "0Yw000000000001AAA", "UserId": BO, "IsFrozen": False}]
    org.script("FROM UserLogin WHERE IsFrozen", lambda _: answer())
    org.script(f"AssigneeId = '{OURS}'", lambda _: answer({"Id": "x", "PermissionSet": everything}))
    org.script("Assignee.IsActive = true", lambda _: answer({"AssigneeId": ADA}))
    return org


@pytest.fixture
def executor(client: Client) -> SalesforceExecutor:
    return SalesforceExecutor(client)


def removal(target: Target = GRANT) -> Act:
    return plans._delete(target, "Remove", "PermissionSetAssignment", "0Pa000000000001AAA")


def test_a_look_sees_what_is_there_and_what_is_not(crm: Any, executor: SalesforceExecutor) -> None:
    crm.rows["PermissionSetAssignment"] = [{"Id": "0Pa000000000001AAA", "PermissionSetId": SET}]
    found = executor.look(GRANT)
    assert (found.state, found.facts["assignment_id"]) == (State.PRESENT, "0Pa000000000001AAA")
    crm.rows["PermissionSetAssignment"] = []
    assert executor.look(GRANT).state is State.ABSENT


def test_no_row_proves_nothing_without_the_right_to_see_it(crm: Any, executor: SalesforceExecutor) -> None:
    crm.script(f"AssigneeId = '{OURS}'", lambda _: answer({"Id": "x", "PermissionSet": {}}))
    found = executor.look(GRANT)
    assert found.state is State.UNKNOWN
    assert "View Setup and Configuration" in (found.because or "")


@pytest.mark.parametrize(
    "held", ["0PL000000000001AAA", "050000000000001AAA", "0MI000000000001AAA", "00G000000000001AAA"]
)
def test_a_row_that_we_may_not_see_is_not_taken_for_gone(crm: Any, executor: SalesforceExecutor, held: str) -> None:
    target = Target(TargetKind.GRANT, BO, held)
    assert executor.look(target).state is State.ABSENT
    crm.script(f"AssigneeId = '{OURS}'", lambda _: answer({"Id": "x", "PermissionSet": {}}))
    assert SalesforceExecutor(executor.client.line()).look(target).state is State.UNKNOWN


def test_a_set_that_comes_through_a_group_is_not_this_grant(crm: Any, executor: SalesforceExecutor) -> None:
    through = {"Id": "0Pa000000000009AAA", "PermissionSetId": SET, "PermissionSetGroupId": "0PG000000000001AAA"}
    crm.rows["PermissionSetAssignment"] = [through]
    assert executor.look(GRANT).state is State.ABSENT


def test_a_key_that_has_another_name_now_is_not_acted_on(crm: Any, executor: SalesforceExecutor) -> None:
    stranger = replace(GRANT, username="bob@example.com")
    assert executor.look(stranger).state is State.UNKNOWN
    with pytest.raises(Declined, match="not the one that was decided on"):
        executor.perform(removal(stranger))
    assert crm.acts() == []


def test_a_grant_is_removed_once_and_the_receipt_says_what_was_asked(crm: Any, executor: SalesforceExecutor) -> None:
    receipt = executor.perform(removal())
    assert receipt.status == 204
    assert receipt.asked == "DELETE /sobjects/PermissionSetAssignment/0Pa000000000001AAA"
    assert crm.acts() == ["DELETE /services/data/v67.0/sobjects/PermissionSetAssignment/0Pa000000000001AAA"]


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        (Target(TargetKind.ACCOUNT, OURS), "signs in with"),
        (Target(TargetKind.ACCOUNT, OURS[:15]), "signs in with"),
    ],
)
def test_never_ourselves(crm: Any, executor: SalesforceExecutor, target: Target, reason: str) -> None:
    with pytest.raises(Declined, match=reason):
        executor.perform(plans._update(ActKind.DEACTIVATE, target, "x", "User", OURS, {"IsActive": False}))
    assert crm.acts() == []


def test_never_a_protected_account_or_one_of_salesforces_own(crm: Any, client: Client) -> None:
    client.access = replace(client.access, protect=frozenset({"bo@example.com"}))
    with pytest.raises(Declined, match="protected"):
        SalesforceExecutor(client).perform(removal())
    client.access = replace(client.access, protect=frozenset())
    crm.rows["User"] = [bo(UserType="Guest")]
    with pytest.raises(Declined, match="feature of Salesforce"):
        SalesforceExecutor(client).perform(removal())
    assert crm.acts() == []


@pytest.mark.parametrize(
    ("holders", "frozen", "refused"),
    [
        ([ADA], [], False),  # Bo administers nothing
        ([BO, ADA], [], False),  # Ada still does
        ([BO], [], True),
        ([BO, OURS], [], True),  # we do not count as an administrator
        ([BO, ADA], [ADA], True),  # nor do the frozen
    ],
)
def test_never_the_last_administrator(
    crm: Any, executor: SalesforceExecutor, holders: list[str], frozen: list[str], refused: bool
) -> None:
    crm.script("Assignee.IsActive = true", lambda _: answer(*({"AssigneeId": each} for each in holders)))
    crm.script("FROM UserLogin WHERE IsFrozen", lambda _: answer(*({"UserId": each} for each in frozen)))
    act = plans._update(ActKind.DEACTIVATE, Target(TargetKind.ACCOUNT, BO), "x", "User", BO, {"IsActive": False})
    if refused:
        with pytest.raises(Declined, match="last active administrator"):
            executor.perform(act)
        assert crm.acts() == []
    else:
        assert executor.perform(act).status == 204


def test_a_refusal_comes_back_in_salesforces_words(crm: Any, executor: SalesforceExecutor) -> None:
    words = "You cannot disable the Web to Lead Default Creator"
    crm.script("PATCH", lambda _: (400, [{"errorCode": "ANY_CODE", "message": words}]))
    act = plans._update(ActKind.DEACTIVATE, Target(TargetKind.ACCOUNT, BO), "x", "User", BO, {"IsActive": False})
    with pytest.raises(Declined) as caught:
        executor.perform(act)
    assert caught.value.said == words


@pytest.mark.parametrize("code", [(404, "ENTITY_IS_DELETED"), (400, "INVALID_CROSS_REFERENCE_KEY")])
def test_what_is_gone_is_looked_for_again(crm: Any, executor: SalesforceExecutor, code: tuple[int, str]) -> None:
    crm.script("DELETE", lambda _: (code[0], [{"errorCode": code[1], "message": "gone"}]))
    assert "looked again" in executor.perform(removal()).asked
    crm.rows["PermissionSetAssignment"] = [{"Id": "0Pa000000000007AAA", "PermissionSetId": SET}]
    with pytest.raises(Declined, match="plan again"):
        executor.perform(removal())


def test_an_act_that_fails_is_not_sent_again(crm: Any, executor: SalesforceExecutor) -> None:
    crm.script("DELETE", lambda _: (503, [{"errorCode": "SERVER_UNAVAILABLE", "message": "busy"}]))
    with pytest.raises(Unreachable):
        executor.perform(removal())
    assert len(crm.acts()) == 1


def test_sessions_end_parents_first_and_a_child_that_went_along_counts(crm: Any, executor: SalesforceExecutor) -> None:
    child, parent = "0Ak000000000001AAA", "0Ak000000000002AAA"
    crm.rows["AuthSession"] = [{"Id": child, "ParentId": parent}, {"Id": parent, "ParentId": parent}]
    crm.script(f"DELETE .*{child}", lambda _: (404, [{"errorCode": "NOT_FOUND", "message": "gone"}]))
    act = Act(ActKind.END_SESSIONS, Target(TargetKind.ACCOUNT, BO), "x", "y", {"do": "end_sessions"})
    assert executor.perform(act).status == 204
    assert [each.rsplit("/", 1)[-1] for each in crm.acts()] == [parent, child]


def token(handle: str, app: str = "Loader", user: str = BO) -> dict[str, Any]:
    return {"AppName": app, "UserId": user, "CreatedDate": CREATED, "DeleteToken": handle}


def test_one_token_is_revoked_by_its_handle_which_nobody_keeps(crm: Any, executor: SalesforceExecutor) -> None:
    crm.rows["OauthToken"] = [token("handle-one"), token("handle-two", app="Other")]
    target = Target(TargetKind.CREDENTIAL, BO, credential_key=token_key(BO, "Other", CREATED))
    before = executor.look(target)
    assert before.state is State.PRESENT
    (act,) = executor.plan(target, before)  # type: ignore[misc]
    crm.script("oauth2/revoke", lambda _: (200, {}))
    receipt = executor.perform(act)  # type: ignore[arg-type]
    sent = [body for method, address, body in crm.asked if "revoke" in address]
    assert sent == ["token=handle-two"]
    assert "handle" not in repr(receipt) + repr(act.__class__) + repr(before.facts)
    assert all("handle-" not in address for _, address, _ in crm.asked)


def test_a_leavers_tokens_all_go_and_an_unknown_one_is_gone_already(crm: Any, executor: SalesforceExecutor) -> None:
    crm.rows["OauthToken"] = [token("handle-one"), token("handle-two", app="Other")]
    crm.once("oauth2/revoke", (400, {"error": "invalid_token"}), (200, {}))
    act = plans._revoke(Target(TargetKind.ACCOUNT, BO), "x")
    assert executor.perform(act).status == 200
    assert len([each for each in crm.acts() if "revoke" in each]) == 2


def test_a_token_that_is_not_there_any_more_is_gone(crm: Any, executor: SalesforceExecutor) -> None:
    target = Target(TargetKind.CREDENTIAL, BO, credential_key="nothing")
    assert executor.look(target).state is State.ABSENT
    assert executor.perform(plans._revoke(target, "x")).status == 404


def test_only_acts_of_this_connector_are_sent(crm: Any, executor: SalesforceExecutor) -> None:
    act = plans._delete(GRANT, "x", "Account", "001000000000001AAA")
    with pytest.raises(ValueError):
        executor.perform(act)
    act = plans._delete(GRANT, "x", "GroupMember", "../../limits")
    with pytest.raises(ValueError):
        executor.perform(act)
    assert crm.acts() == []


def test_least_profile_is_one_of_the_same_licence(crm: Any, client: Client) -> None:
    client.access = replace(client.access, least_profile={"": "Minimum"})
    crm.rows["User"] = [bo(ProfileId="00e000000000001AAA")]

    def profile(number: int, name: str, licence: str) -> dict[str, Any]:
        return {
            "Id": f"00e00000000000{number}AAA",
            "Name": name,
            "UserLicenseId": licence,
            "UserLicense": {"Name": "L"},
        }

    crm.rows["Profile"] = [profile(1, "Sales", "1001"), profile(2, "Minimum", "1002")]
    target = Target(TargetKind.GRANT, BO, "00e000000000001AAA", "profile")
    assert "least_profile_id" not in SalesforceExecutor(client).look(target).facts
    crm.rows["Profile"].append(profile(3, "Minimum", "1001"))
    assert SalesforceExecutor(client).look(target).facts["least_profile_id"] == "00e000000000003AAA"


def test_licences_and_territories_are_looked_for_and_taken_away_row_by_row(
    crm: Any, executor: SalesforceExecutor
) -> None:
    for held, source in (
        ("0PL000000000001AAA", "PermissionSetLicenseAssign"),
        ("050000000000001AAA", "UserPackageLicense"),
    ):
        target = Target(TargetKind.GRANT, BO, held, username="bo@example.com")
        crm.rows[source] = [{"Id": "2LA000000000001AAA"}]
        before = executor.look(target)
        assert before.state is State.PRESENT
        (act,) = executor.plan(target, before)  # type: ignore[misc]
        assert executor.perform(act).status == 204  # type: ignore[arg-type]
        assert crm.acts()[-1].endswith(f"/sobjects/{source}/2LA000000000001AAA")
        crm.rows[source] = []
        assert executor.look(target).state is State.ABSENT


def test_a_look_at_a_person_gathers_what_depends_on_the_account(crm: Any, executor: SalesforceExecutor) -> None:
    crm.columns["Organization"] = ["Id", "Name", "WebToLeadDefaultOwnerId"]
    crm.rows["Organization"] = [{"WebToLeadDefaultOwnerId": BO[:15]}]
    crm.rows |= {"CronTrigger": [{}, {}], "Opportunity": [{}], "OauthToken": [token("handle-one")]}
    crm.script("FROM Dashboard", lambda _: (400, [{"errorCode": "INVALID_TYPE", "message": "not supported"}]))
    crm.script("Manager.Username", lambda _: answer({"Manager": {"Username": "ada@example.com"}}))
    facts = executor.look(Target(TargetKind.ACCOUNT, BO)).facts
    assert facts["breaks:scheduled jobs"] == "2"
    assert facts["breaks:open opportunities"] == "1"
    assert facts["breaks:apps that hold a token"] == "Loader"
    assert facts["breaks:defaults of the org"] == "WebToLeadDefaultOwnerId"
    assert facts["manager"] == "ada@example.com"
    assert "breaks:dashboards that run as this person" not in facts  # not ours to see, so not said
    assert "breaks:open cases" not in facts
    assert not [name for name in facts if name.startswith("runs:")]
    crm.rows["AuthProvider"] = [{}]
    assert executor.look(Target(TargetKind.ACCOUNT, BO)).facts["runs:auth providers"] == "1"
    crm.rows["User"] = [bo(IsActive=False)]
    asked = len(crm.asked)
    assert executor.look(Target(TargetKind.ACCOUNT, BO)).state is State.ABSENT
    assert len(crm.asked) - asked < 6  # who is gone already breaks nothing any more


def test_an_end_is_set_by_a_look_and_one_call_and_never_for_the_last_administrator(
    crm: Any, executor: SalesforceExecutor
) -> None:
    crm.rows["PermissionSetAssignment"] = [{"Id": "0Pa000000000001AAA", "PermissionSetId": SET}]
    target = replace(GRANT, until="2027-01-01T00:00:00+00:00")
    before = executor.look(target)
    (act,) = executor.plan(target, before)  # type: ignore[misc]
    assert executor.perform(act).status == 204  # type: ignore[arg-type]
    assert before.facts["wanted_until"] == target.until
    crm.script("Assignee.IsActive = true", lambda _: answer({"AssigneeId": BO}))
    with pytest.raises(Declined, match="last active administrator"):
        executor.perform(act)  # type: ignore[arg-type]
