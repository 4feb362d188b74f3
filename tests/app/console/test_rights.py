"""Who may open which page, by real visits: the whole table, written down a second time.

A page without a line here fails, and so does one that forgets to ask who is there, or takes an act without its word.
"""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import APIRouter

from app.actors.actor import Role
from app.api import rights as calls
from app.console import rights
from tests.app.api.house import House
from tests.app.console.visiting import Visitor, stranger, visitor

LETTERS = {"A": Role.ADMIN, "I": Role.IT_SECURITY, "R": Role.REVIEWER, "U": Role.AUDITOR, "S": Role.SERVICE}
OPEN = "everyone"
# Page: who may open it (Admin, It security, Reviewer, aUditor, Service), and a form that changes nothing for others.
TABLE: dict[tuple[str, str], tuple[str, Any]] = {
    ("GET", "/sign-in"): (OPEN, None),
    ("GET", "/sign-in/provider"): (OPEN, None),
    ("GET", "/sign-in/callback"): (OPEN, None),
    ("POST", "/sign-out"): ("AIRUS", {}),
    ("GET", "/links/{link}"): (OPEN, None),
    ("POST", "/links/{link}"): (OPEN, {}),
    ("GET", "/activity"): ("AIU", None),
    ("GET", "/activity/checkpoint"): ("AIU", None),
    ("GET", "/activity/{entry_id}"): ("AIU", None),
    ("GET", "/activity/{entry_id}/proof"): ("AIU", None),
    ("GET", "/evidence"): ("AIU", None),
    ("POST", "/evidence/{campaign_id}/packet"): ("AU", {}),
    ("GET", "/evidence/verification"): ("AIU", None),
    ("POST", "/evidence/verification"): ("AIU", {}),
    ("GET", "/posture"): ("AIU", None),
    ("GET", "/checklist"): ("AIU", None),
    ("GET", "/checklist/{line}"): ("AIU", None),
    ("POST", "/checklist/{line}/attestations"): ("AI", {}),
    ("POST", "/checklist/{line}/attestations/{attestation_id}/answer"): ("AI", {}),
    ("POST", "/checklist/{line}/exemptions"): ("AI", {}),
    ("POST", "/checklist/{line}/exemptions/{exemption_id}/answer"): ("AI", {}),
    ("GET", "/checklist/{line}/documents/{digest}"): ("AIU", None),
    ("GET", "/scope"): ("AIU", None),
    ("POST", "/scope/{scope_kind}"): ("AI", {"reason": "short"}),
    ("POST", "/scope/{scope_kind}/confirmation"): ("AI", {"until": "never"}),
    ("GET", "/statements"): ("AIU", None),
    ("POST", "/statements"): ("AI", {}),
    ("GET", "/statements/{number}"): ("AIU", None),
    ("POST", "/statements/{number}/approval"): ("AI", {"until": "never"}),
    ("POST", "/integrations/{integration_id}/assessment"): ("AI", {}),
    ("POST", "/integrations/{integration_id}/assessment/answer"): ("AI", {}),
    ("GET", "/integrations"): ("AIU", None),
    ("GET", "/integrations/{integration_id}"): ("AIU", None),
    ("GET", "/first-admin/{link}"): (OPEN, None),
    ("POST", "/first-admin/{link}"): (OPEN, {}),
    ("GET", "/settings"): ("AIRUS", None),
    ("POST", "/settings/sessions/{session_id}/end"): ("AIRUS", {}),
    ("POST", "/settings/tokens/{token_id}/end"): ("AIRUS", {}),
    ("GET", "/settings/keys"): ("AIU", None),
    ("GET", "/settings/people"): ("A", None),
    ("POST", "/settings/people"): ("A", {"name": ""}),
    ("GET", "/settings/people/{actor_id}"): ("A", None),
    ("POST", "/settings/people/{actor_id}/roles"): ("A", {"role": "no such role"}),
    ("POST", "/settings/people/{actor_id}/invitation"): ("A", {}),
    ("POST", "/settings/people/{actor_id}/tokens"): ("A", {}),
    ("POST", "/settings/people/{actor_id}/tokens/{token_id}/end"): ("A", {}),
    ("POST", "/settings/people/{actor_id}/hooks"): ("A", {}),
    ("POST", "/settings/people/{actor_id}/hooks/{hook_id}/rotation"): ("A", {}),
    ("POST", "/settings/people/{actor_id}/hooks/{hook_id}/end"): ("A", {}),
    ("POST", "/settings/people/{actor_id}/sign-outs"): ("A", {}),
    ("POST", "/settings/people/{actor_id}/end"): ("A", {}),
    ("GET", "/settings/channels"): ("AIU", None),
    ("POST", "/settings/channels"): ("A", {"name": ""}),
    ("GET", "/settings/channels/{channel_id}"): ("AIU", None),
    ("POST", "/settings/channels/{channel_id}/status"): ("A", {"status": "strange"}),
    ("POST", "/settings/channels/{channel_id}/test"): ("A", {}),
    ("POST", "/settings/channels/{channel_id}/deliveries/{delivery_id}/replay"): ("A", {}),
    ("POST", "/settings/channels/{channel_id}/rotation"): ("A", {}),
    ("POST", "/settings/channels/{channel_id}/subscriptions"): ("A", {}),
    ("POST", "/settings/subscriptions/{subscription_id}/end"): ("A", {}),
    ("GET", "/people"): ("AIU", None),
    ("GET", "/people/{person_id}"): ("AIU", None),
    ("GET", "/people/accounts/{account_id}"): ("AIU", None),
    ("POST", "/people/accounts/{account_id}/sign-ins"): ("I", {}),
    ("GET", "/systems"): ("AIUS", None),
    ("GET", "/systems/add"): ("A", None),
    ("GET", "/systems/add/{kind}"): ("A", None),
    ("POST", "/systems/add/{kind}"): ("A", {"name": ""}),
    ("GET", "/systems/{system_id}"): ("AIUS", None),
    ("GET", "/systems/{system_id}/readings/{snapshot_id}"): ("AIUS", None),
    ("POST", "/systems/{system_id}/readings"): ("AIS", {}),
    ("POST", "/systems/{system_id}/passes"): ("AIS", {}),
    ("POST", "/systems/{system_id}/check"): ("A", {}),
    ("POST", "/systems/{system_id}/credential"): ("A", {}),
    ("POST", "/systems/{system_id}/writing"): ("A", {"act": "no such act"}),
    ("POST", "/systems/{system_id}/removal"): ("A", {"name": "another"}),
    ("POST", "/systems/{system_id}/roster"): ("A", {}),
    ("POST", "/systems/{system_id}/roster/approval"): ("A", {}),
    ("GET", "/findings"): ("AIRUS", None),
    ("GET", "/findings/new"): ("AIUS", None),
    ("GET", "/findings/{finding_id}"): ("AIUS", None),
    ("POST", "/findings/{finding_id}/reason"): ("AI", {"reason": "too short"}),
    ("POST", "/findings/acknowledgement"): ("AI", {}),
    ("POST", "/findings/owner"): ("AI", {"finding": "999999", "owner": "nobody"}),
    ("POST", "/findings/{finding_id}/acknowledgement"): ("AI", {}),
    ("POST", "/findings/{finding_id}/owner"): ("AI", {"owner": "nobody"}),
    ("POST", "/findings/{finding_id}/comments"): ("AI", {"comment": "short"}),
    ("POST", "/findings/{finding_id}/waiver"): ("AI", {"reason": "short", "days": "3"}),
    ("POST", "/findings/{finding_id}/waiver/approval"): ("AI", {"answer": "approve"}),
    ("POST", "/findings/{finding_id}/waiver/end"): ("AI", {"reason": "there is none here"}),
    ("GET", "/findings/revocation"): ("AI", None),
    ("POST", "/findings/revocation"): ("AI", {"finding": "999999", "reason": "nobody"}),
    ("GET", "/removals"): ("AIU", None),
    ("POST", "/removals/stop"): ("AI", {"reason": "x"}),
    ("POST", "/removals/stop/end"): ("AI", {"reason": "x"}),
    ("GET", "/systems/{system_id}/lane"): ("AIU", None),
    ("POST", "/systems/{system_id}/lane"): ("A", {"because": "x"}),
    ("POST", "/systems/{system_id}/release"): ("AI", {"reason": "x"}),
    ("GET", "/removals/{remediation_id}"): ("AIU", None),
    ("POST", "/removals/{remediation_id}/undoing"): ("AI", {"reason": ""}),
    ("POST", "/removals/{remediation_id}/report"): ("AI", {"note": ""}),
    ("POST", "/removals/{remediation_id}/evidence"): ("AI", {"note": ""}),
    ("GET", "/removals/{remediation_id}/evidence/{digest}"): ("AIU", None),
    ("POST", "/removals/{remediation_id}/retry"): ("AI", {"reason": ""}),
    ("GET", "/"): ("AIRUS", None),
    ("GET", "/reviews"): ("AIRU", None),
    ("GET", "/reviews/delegations"): ("AIRU", None),
    ("POST", "/reviews/delegations"): ("AIR", {"to": "nobody"}),
    ("POST", "/reviews/delegations/{delegation_id}/end"): ("AIR", {}),
    ("GET", "/reviews/{campaign_id}"): ("AIRU", None),
    ("POST", "/reviews/{campaign_id}/answers"): ("AIR", {"keep": "1:1"}),
    ("GET", "/reviews/{campaign_id}/submission"): ("AIRU", None),
    ("POST", "/reviews/{campaign_id}/submission"): ("AIR", {}),
    ("GET", "/reviews/{campaign_id}/items/{item_id}"): ("AIRU", None),
    ("POST", "/reviews/{campaign_id}/items/{item_id}/handover"): ("AIR", {}),
    ("GET", "/bundles"): ("AIRU", None),
    ("POST", "/bundles"): ("A", {}),
    ("GET", "/bundles/{bundle_id}"): ("AIRU", None),
    ("POST", "/bundles/{bundle_id}/approval"): ("AIR", {"number": "1"}),
    ("POST", "/bundles/{bundle_id}/versions"): ("A", {}),
    ("POST", "/bundles/{bundle_id}/retirement"): ("A", {}),
    ("GET", "/schedules"): ("AIU", None),
    ("POST", "/schedules"): ("A", {}),
    ("GET", "/schedules/{schedule_id}"): ("AIU", None),
    ("POST", "/schedules/{schedule_id}"): ("A", {}),
    ("POST", "/schedules/{schedule_id}/pause"): ("A", {"resume": "yes"}),
    ("POST", "/schedules/{schedule_id}/removal"): ("A", {}),
    ("GET", "/campaigns"): ("AIU", None),
    ("GET", "/campaigns/new"): ("A", None),
    ("POST", "/campaigns/new"): ("A", {}),
    ("GET", "/campaigns/new/approval"): ("AIR", None),
    ("POST", "/campaigns/new/approval"): ("AIR", {}),
    ("GET", "/campaigns/new/acceptance"): ("AIR", None),
    ("POST", "/campaigns/new/acceptance"): ("AIR", {}),
    ("GET", "/signatures"): ("AIRU", None),
    ("POST", "/signatures"): ("AIR", {}),
    ("GET", "/campaigns/{campaign_id}/signature"): ("AIRU", None),
    ("POST", "/campaigns/{campaign_id}/signature"): ("AIR", {}),
    ("POST", "/campaigns/{campaign_id}/control-owner"): ("A", {}),
    ("GET", "/campaigns/new/word"): ("A", None),
    ("POST", "/campaigns/new/word"): ("A", {}),
    ("GET", "/campaigns/{campaign_id}"): ("AIU", None),
    ("GET", "/campaigns/{campaign_id}/drift"): ("AIU", None),
    ("POST", "/campaigns/{campaign_id}/drift"): ("A", {}),
    ("POST", "/campaigns/{campaign_id}/drift/{drift_id}"): ("A", {}),
    ("GET", "/campaigns/{campaign_id}/closure"): ("A", None),
    ("POST", "/campaigns/{campaign_id}/closure"): ("A", {"unanswered": "shrug"}),
    ("POST", "/campaigns/{campaign_id}/rounds"): ("A", {}),
    ("POST", "/campaigns/{campaign_id}/silence"): ("A", {"to": "owner", "reason": " "}),
    ("POST", "/campaigns/{campaign_id}/reminders"): ("A", {}),
    ("POST", "/campaigns/{campaign_id}/cancellation"): ("A", {}),
    ("POST", "/campaigns/{campaign_id}/handover"): ("A", {}),
    ("POST", "/campaigns/{campaign_id}/reopening"): ("A", {}),
}
CLOSED = [route for route, (who, _) in TABLE.items() if who != OPEN]


def _address(house: House, path: str) -> str:
    return house.address(path.replace("{link}", "0123456789ab.AAAA").replace("{kind}", "hubspot"))


@pytest.fixture(scope="module")
def browsers(shown_house: House) -> dict[Role, Visitor]:
    """One browser for each role, signed in once: what is opened in one of them signs nobody out but at /sign-out."""
    return {role: visitor(shown_house, role) for role in Role}


def test_every_page_has_a_line_here() -> None:
    assert TABLE.keys() == rights.RIGHTS.keys()


@pytest.mark.parametrize(("method", "path"), TABLE, ids=lambda part: part)
def test_each_role_may_open_what_the_table_says(
    shown_house: House, browsers: dict[Role, Visitor], method: str, path: str
) -> None:
    allowed, form = TABLE[(method, path)]
    address = _address(shown_house, path)
    for letter, role in LETTERS.items():
        browser = visitor(shown_house, role) if path == "/sign-out" else browsers[role]
        answer = browser.get(address) if method == "GET" else browser.act(address, form)
        refused = answer.status_code == 403 and "You may not" in answer.text
        assert answer.status_code not in (401, 405, 500), f"{role}: {answer.text}"
        assert refused == (allowed != OPEN and letter not in allowed), f"{role}: {answer.status_code} {answer.text}"


@pytest.mark.parametrize(("method", "path"), CLOSED, ids=lambda part: part)
def test_no_page_opens_for_who_is_not_signed_in(shown_house: House, method: str, path: str) -> None:
    answer = stranger(shown_house).request(method, _address(shown_house, path))
    if method == "GET":
        assert (answer.status_code, answer.headers["location"][:8]) == (303, "/sign-in")
    else:
        assert answer.status_code == 401


@pytest.mark.parametrize("path", [path for method, path in TABLE if method == "POST"])
def test_no_act_is_taken_without_its_word(shown_house: House, browsers: dict[Role, Visitor], path: str) -> None:
    form = TABLE[("POST", path)][1]
    browser = browsers[Role.ADMIN]
    address = _address(shown_house, path)
    assert browser.post(address, data=form, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 403
    assert browser.act(address, form, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


@pytest.mark.parametrize("path", [path for method, path in TABLE if method == "GET"])
def test_no_page_can_be_shown_in_a_frame(shown_house: House, browsers: dict[Role, Visitor], path: str) -> None:
    """Clickjacking: a page of ours, invisible, under somebody else's button."""
    answer = browsers[Role.ADMIN].get(_address(shown_house, path))
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "DENY"


def test_a_page_without_a_right_stops_the_service_from_starting(shown_house: House) -> None:
    extra = APIRouter()

    @extra.get("/hidden")
    def hidden() -> None: ...

    shown_house.app.include_router(extra)
    try:
        with pytest.raises(RuntimeError, match="/hidden"):
            calls.insist_on_a_row_for_each_route(shown_house.app, rights.RIGHTS)
    finally:
        shown_house.app.router.routes.pop()
