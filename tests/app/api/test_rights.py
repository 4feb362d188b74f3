"""Who may call which route, by real calls: the whole table, written down a second time.

A route without a line here fails, and so does one that forgets to ask who is calling.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from app import main
from app.actors.actor import Role
from app.api import entering, rights
from app.console import entering as visiting
from app.console import rights as pages
from tests.app.api.house import House

PAPER = {"name": "a.txt", "media": "text/plain", "content": "b2s="}

LETTERS = {"A": Role.ADMIN, "I": Role.IT_SECURITY, "R": Role.REVIEWER, "U": Role.AUDITOR, "S": Role.SERVICE}
SOON, PAST = "2026-12-01T00:00:00Z", "2020-01-01T00:00:00Z"
BLANK = {"purpose": "x", "owner": "nobody", "vendor": "x", "classes": [], "answers": {}}
OPEN, SIGNED = "everyone", "whoever signs"
# Route: who may call it (Admin, It security, Reviewer, aUditor, Service), and a body that fits.
TABLE: dict[tuple[str, str], tuple[str, Any]] = {
    ("GET", "/health"): (OPEN, None),
    ("GET", "/ready"): (OPEN, None),
    ("GET", "/api/v1/me"): ("AIRUS", None),
    ("GET", "/api/v1/me/tokens"): ("AIRUS", None),
    ("DELETE", "/api/v1/me/tokens/{token_id}"): ("AIRUS", None),
    ("GET", "/api/v1/me/sessions"): ("AIRUS", None),
    ("DELETE", "/api/v1/me/sessions/{session_id}"): ("AIRUS", None),
    ("GET", "/api/v1/actors"): ("A", None),
    ("POST", "/api/v1/actors"): ("A", {"name": "Zed", "roles": [{"role": "auditor"}]}),
    ("GET", "/api/v1/actors/{actor_id}"): ("A", None),
    ("DELETE", "/api/v1/actors/{actor_id}"): ("A", None),
    ("PUT", "/api/v1/actors/{actor_id}/roles/{role}"): ("A", {}),
    ("DELETE", "/api/v1/actors/{actor_id}/roles/{role}"): ("A", None),
    ("GET", "/api/v1/actors/{actor_id}/tokens"): ("A", None),
    ("POST", "/api/v1/actors/{actor_id}/tokens"): ("A", {"label": "x"}),
    ("DELETE", "/api/v1/actors/{actor_id}/tokens/{token_id}"): ("A", None),
    ("GET", "/api/v1/actors/{actor_id}/sessions"): ("A", None),
    ("DELETE", "/api/v1/actors/{actor_id}/sessions/{session_id}"): ("A", None),
    ("GET", "/api/v1/actors/{actor_id}/hooks"): ("A", None),
    ("POST", "/api/v1/actors/{actor_id}/hooks"): ("A", {"label": "x"}),
    ("POST", "/api/v1/actors/{actor_id}/hooks/{hook_id}/rotation"): ("A", None),
    ("DELETE", "/api/v1/actors/{actor_id}/hooks/{hook_id}"): ("A", None),
    ("POST", "/api/v1/hooks/{hook_id}/decisions"): (SIGNED, {"decisions": [{"item": 1, "answer": "keep"}]}),
    ("GET", "/api/v1/systems"): ("AIUS", None),
    ("POST", "/api/v1/systems"): ("A", {"name": "X", "kind": "nothing"}),
    ("GET", "/api/v1/systems/{system_id}"): ("AIUS", None),
    ("PATCH", "/api/v1/systems/{system_id}"): ("A", {"config": {"url": "x"}}),
    ("DELETE", "/api/v1/systems/{system_id}"): ("A", None),
    ("PUT", "/api/v1/systems/{system_id}/credentials/{role}"): ("A", {"secret": {}}),
    ("PUT", "/api/v1/systems/{system_id}/writing"): ("A", {"acts": ["fly"]}),
    ("GET", "/api/v1/systems/{system_id}/snapshots"): ("AIUS", None),
    ("GET", "/api/v1/systems/{system_id}/replays"): ("AIUS", None),
    ("GET", "/api/v1/systems/{system_id}/snapshots/{snapshot_id}"): ("AIUS", None),
    ("POST", "/api/v1/systems/{system_id}/readings"): ("AIS", None),
    ("POST", "/api/v1/systems/{system_id}/passes"): ("AIS", None),
    ("GET", "/api/v1/systems/{system_id}/imports"): ("AIU", None),
    ("POST", "/api/v1/systems/{system_id}/imports"): ("A", {"name": "Q3", "file": "q3.csv", "content": ""}),
    ("GET", "/api/v1/systems/{system_id}/roster"): ("AIUS", None),
    ("PUT", "/api/v1/systems/{system_id}/roster/approval"): ("A", {"roster": "00000000-0000-0000-0000-000000000000"}),
    ("GET", "/api/v1/findings"): ("AIUS", None),
    ("GET", "/api/v1/findings/{finding_id}"): ("AIUS", None),
    ("POST", "/api/v1/findings/acknowledgements"): ("AI", {"findings": [999999]}),
    ("POST", "/api/v1/findings/assignments"): ("AI", {"findings": [999999], "owner": "me"}),
    ("PUT", "/api/v1/findings/{finding_id}/acknowledgement"): ("AI", {"strange": 1}),
    ("PUT", "/api/v1/findings/{finding_id}/owner"): ("AI", {"owner": "nobody at all"}),
    ("GET", "/api/v1/findings/{finding_id}/comments"): ("AIUS", None),
    ("POST", "/api/v1/findings/{finding_id}/comments"): ("AI", {"text": "short"}),
    ("PUT", "/api/v1/findings/{finding_id}/waiver"): ("AI", {"reason": " ", "until": SOON}),
    ("PUT", "/api/v1/findings/{finding_id}/waiver/approval"): ("AI", {"answer": "approve"}),
    ("PUT", "/api/v1/findings/{finding_id}/waiver/ending"): ("AI", {"reason": "there is none here"}),
    ("GET", "/api/v1/rules"): ("AIUS", None),
    ("GET", "/api/v1/rules/{rule}"): ("AIUS", None),
    ("PUT", "/api/v1/rules/{rule}/alerts"): ("A", {"on": True, "because": "short"}),
    ("GET", "/api/v1/systems/{system_id}/limits"): ("AIUS", None),
    ("PUT", "/api/v1/systems/{system_id}/limits/{limit}"): ("A", {"value": 0, "because": "our policy says so"}),
    ("GET", "/api/v1/schedules"): ("AIU", None),
    ("POST", "/api/v1/schedules"): ("A", {"name": "Q", "zone": "Nowhere", "scope": {}}),
    ("POST", "/api/v1/schedules/preview"): ("A", {"name": "Q", "zone": "UTC", "scope": {}}),
    ("GET", "/api/v1/schedules/{schedule_id}"): ("AIU", None),
    ("GET", "/api/v1/schedules/{schedule_id}/dates"): ("AIU", None),
    ("PATCH", "/api/v1/schedules/{schedule_id}"): ("A", {}),
    ("DELETE", "/api/v1/schedules/{schedule_id}"): ("A", None),
    ("GET", "/api/v1/bundles"): ("AIRU", None),
    ("GET", "/api/v1/bundles/proposals"): ("AIU", None),
    ("POST", "/api/v1/bundles"): ("A", {"name": "X", "match": "salary", "entitlements": [1], "owner_id": 1}),
    ("POST", "/api/v1/bundles/proposals"): ("A", {"department": "Sales", "title": "Nobody", "owner_id": 1}),
    ("GET", "/api/v1/bundles/{bundle_id}"): ("AIRU", None),
    ("POST", "/api/v1/bundles/{bundle_id}/versions"): ("A", {"match": "salary"}),
    ("PUT", "/api/v1/bundles/{bundle_id}/versions/{number}/approval"): ("AIR", {}),
    ("PUT", "/api/v1/bundles/{bundle_id}/retirement"): ("A", {"reason": " "}),
    ("GET", "/api/v1/tasks"): ("AIRU", None),
    ("GET", "/api/v1/tasks/{task_id}"): ("AIRU", None),
    ("GET", "/api/v1/campaigns/{campaign_id}/tasks"): ("AIU", None),
    ("GET", "/api/v1/campaigns"): ("AIU", None),
    ("POST", "/api/v1/campaigns"): ("A", {"name": "Q1", "scope": {"systems": "all", "fallback": "flo"}}),
    ("POST", "/api/v1/campaigns/preview"): ("A", {"name": "Q1", "scope": {}}),
    ("POST", "/api/v1/approvals"): ("AIR", {"name": "Q1", "scope": {}, "reason": "they end by themselves"}),
    ("POST", "/api/v1/acceptances"): ("AIR", {"name": "Q1", "scope": {}, "remark": "it is all in there"}),
    ("GET", "/api/v1/campaigns/{campaign_id}/signature"): ("AIRU", None),
    ("PUT", "/api/v1/campaigns/{campaign_id}/signature"): ("AIR", {"remark": "it is all in there"}),
    ("PUT", "/api/v1/campaigns/{campaign_id}/control-owner"): ("A", {"owner_id": 999999, "reason": " "}),
    ("POST", "/api/v1/overrides"): ("A", {"name": "Q1", "scope": {}, "reason": "the portal is down"}),
    ("GET", "/api/v1/campaigns/{campaign_id}"): ("AIU", None),
    ("GET", "/api/v1/campaigns/{campaign_id}/items"): ("AIU", None),
    ("GET", "/api/v1/campaigns/{campaign_id}/drift"): ("AIU", None),
    ("POST", "/api/v1/campaigns/{campaign_id}/drift"): ("A", None),
    ("PUT", "/api/v1/drift/{drift_id}/decision"): ("A", {"answer": "remove", "reason": "not asked for"}),
    ("POST", "/api/v1/campaigns/{campaign_id}/reminders"): ("A", {}),
    ("GET", "/api/v1/campaigns/{campaign_id}/attention"): ("AIU", None),
    ("GET", "/api/v1/campaigns/{campaign_id}/rounds"): ("AIU", None),
    ("POST", "/api/v1/campaigns/{campaign_id}/rounds"): ("A", {}),
    ("GET", "/api/v1/campaigns/{campaign_id}/silence"): ("A", None),
    ("PUT", "/api/v1/campaigns/{campaign_id}/silence"): ("A", {"to": "owner", "reason": " "}),
    ("PUT", "/api/v1/campaigns/{campaign_id}/closure"): ("A", {}),
    # Without a reason, so that the house stays as the other tests look at it.
    ("PUT", "/api/v1/campaigns/{campaign_id}/cancellation"): ("A", {"reason": " "}),
    ("PUT", "/api/v1/campaigns/{campaign_id}/handover"): ("AIR", {"items": [1], "to": "fay", "reason": " "}),
    ("GET", "/api/v1/delegations"): ("AIRU", None),
    ("POST", "/api/v1/delegations"): ("AIR", {"to": "fay", "until": "2020-01-01T00:00:00Z", "reason": " "}),
    ("PUT", "/api/v1/delegations/{delegation_id}/ending"): ("AIR", {}),
    ("GET", "/api/v1/tasks/{task_id}/submission"): ("AIRU", None),
    ("PUT", "/api/v1/tasks/{task_id}/submission"): ("AIR", {}),
    ("PUT", "/api/v1/tasks/{task_id}/reopening"): ("A", {"reason": " "}),
    ("GET", "/api/v1/items"): ("AIRU", None),
    ("GET", "/api/v1/items/{item_id}"): ("AIRU", None),
    ("DELETE", "/api/v1/items/{item_id}/decision"): ("AIR", None),
    ("PUT", "/api/v1/items/{item_id}/decision"): ("AIR", {"answer": "keep"}),
    ("POST", "/api/v1/decisions"): ("AIR", {"decisions": [{"item": 1, "answer": "keep"}]}),
    ("GET", "/api/v1/remediations"): ("AIU", None),
    ("GET", "/api/v1/remediations/{remediation_id}"): ("AIU", None),
    ("GET", "/api/v1/remediations/{remediation_id}/lookback"): ("AIU", None),
    ("PUT", "/api/v1/remediations/{remediation_id}/undoing"): ("AI", {"reason": " "}),
    ("PUT", "/api/v1/remediations/{remediation_id}/report"): ("AI", {"note": " "}),
    ("PUT", "/api/v1/remediations/{remediation_id}/retry"): ("AI", {"reason": " "}),
    ("GET", "/api/v1/remediations/{remediation_id}/evidence"): ("AIU", None),
    ("POST", "/api/v1/remediations/{remediation_id}/evidence"): (
        "AI",
        {"file": PAPER, "note": " "},
    ),
    ("GET", "/api/v1/remediations/{remediation_id}/evidence/{digest}"): ("AIU", None),
    ("GET", "/api/v1/remediations/{remediation_id}/plan"): ("AIU", None),
    ("GET", "/api/v1/stop"): ("AIU", None),
    ("PUT", "/api/v1/stop"): ("AI", {"reason": "x"}),
    ("PUT", "/api/v1/stop/ending"): ("AI", {"reason": "x"}),
    ("GET", "/api/v1/systems/{system_id}/lane"): ("AIU", None),
    ("PUT", "/api/v1/systems/{system_id}/lane"): ("A", {"because": "x"}),
    ("GET", "/api/v1/systems/{system_id}/releases"): ("AIU", None),
    ("POST", "/api/v1/systems/{system_id}/releases"): ("AI", {"digest": "x", "reason": "x"}),
    ("GET", "/api/v1/campaigns/{campaign_id}/packet"): ("AU", None),
    ("GET", "/api/v1/campaigns/{campaign_id}/packets"): ("AIU", None),
    ("GET", "/api/v1/ledger/checkpoint"): ("AIU", None),
    ("GET", "/api/v1/ledger/checkpoints"): ("AIU", None),
    ("GET", "/api/v1/ledger/consistency"): ("AIU", None),
    ("GET", "/api/v1/ledger/entries"): ("AIU", None),
    ("GET", "/api/v1/ledger/entries/{entry_id}"): ("AIU", None),
    ("GET", "/api/v1/ledger/entries/{entry_id}/proof"): ("AIU", None),
    ("GET", "/api/v1/people"): ("AIU", None),
    ("GET", "/api/v1/people/{person}"): ("AIU", None),
    ("GET", "/api/v1/people/{person}/access"): ("AIU", None),
    ("GET", "/api/v1/accounts"): ("AIU", None),
    ("GET", "/api/v1/accounts/{account_id}"): ("AIU", None),
    ("GET", "/api/v1/accounts/{account_id}/grants"): ("AIU", None),
    ("GET", "/api/v1/entitlements"): ("AIU", None),
    ("GET", "/api/v1/entitlements/{entitlement_id}"): ("AIU", None),
    ("GET", "/api/v1/integrations"): ("AIU", None),
    ("GET", "/api/v1/integrations/{integration_id}"): ("AIU", None),
    ("GET", "/api/v1/credentials"): ("AIU", None),
    ("GET", "/api/v1/credentials/{credential_id}"): ("AIU", None),
    ("GET", "/api/v1/controls"): ("AIU", None),
    ("GET", "/api/v1/controls/{line}"): ("AIU", None),
    ("POST", "/api/v1/controls/{line}/attestations"): (
        "AI",
        {"owner": "nobody", "statement": "x", "until": SOON},
    ),
    ("POST", "/api/v1/controls/{line}/exemptions"): ("AI", {"justification": "x", "until": SOON}),
    ("GET", "/api/v1/attestations"): ("AIU", None),
    ("GET", "/api/v1/attestations/{attestation_id}"): ("AIU", None),
    ("PUT", "/api/v1/attestations/{attestation_id}/answer"): ("AI", {"answer": "declined"}),
    ("GET", "/api/v1/documents/{digest}"): ("AIU", None),
    ("GET", "/api/v1/exemptions"): ("AIU", None),
    ("PUT", "/api/v1/exemptions/{exemption_id}/answer"): ("AI", {"answer": "declined"}),
    ("GET", "/api/v1/registers"): ("AIU", None),
    ("GET", "/api/v1/registers/gaps"): ("AIU", None),
    ("POST", "/api/v1/registers"): (
        "AI",
        {"kind": "training", "content": "x", "source": "x", "extracted_at": PAST},
    ),
    ("GET", "/api/v1/assessments"): ("AIU", None),
    ("GET", "/api/v1/assessments/{assessment_id}"): ("AIU", None),
    ("POST", "/api/v1/integrations/{integration_id}/assessments"): ("AI", None),
    ("PUT", "/api/v1/assessments/{assessment_id}/submission"): (
        "AI",
        BLANK,
    ),
    ("PUT", "/api/v1/assessments/{assessment_id}/answer"): ("AI", {"answer": "declined"}),
    ("GET", "/api/v1/scope/{scope_kind}"): ("AIU", None),
    ("POST", "/api/v1/scope/{scope_kind}"): ("AI", {"reason": "x"}),
    ("PUT", "/api/v1/scope/{scope_kind}/confirmation"): ("AI", {"until": PAST}),
    ("GET", "/api/v1/statements"): ("AIU", None),
    ("POST", "/api/v1/statements"): ("AI", None),
    ("GET", "/api/v1/statements/{number}"): ("AIU", None),
    ("PUT", "/api/v1/statements/{number}/approval"): ("AI", {"until": PAST}),
    ("GET", "/api/v1/channels"): ("AIU", None),
    ("POST", "/api/v1/channels"): ("A", {"name": " ", "kind": "file"}),
    ("GET", "/api/v1/channels/{channel_id}"): ("AIU", None),
    ("PUT", "/api/v1/channels/{channel_id}/status"): ("A", {"status": "off"}),
    ("POST", "/api/v1/channels/{channel_id}/rotation"): ("A", None),
    ("POST", "/api/v1/channels/{channel_id}/tests"): ("A", None),
    ("GET", "/api/v1/subscriptions"): ("AIU", None),
    ("POST", "/api/v1/subscriptions"): ("A", {"channel": 1, "events": ["review.closed"]}),
    ("DELETE", "/api/v1/subscriptions/{subscription_id}"): ("A", None),
    ("GET", "/api/v1/deliveries"): ("AIU", None),
    ("GET", "/api/v1/deliveries/{delivery_id}"): ("AIU", None),
    ("POST", "/api/v1/deliveries/{delivery_id}/replay"): ("A", None),
    ("GET", "/api/v1/me/quiet-hours"): ("AIRU", None),
    ("PUT", "/api/v1/me/quiet-hours"): ("AIRU", {"zone": "Mars", "begins": "20:00", "ends": "07:00"}),
    ("GET", "/api/v1/people/{person}/past"): ("AIU", None),
    ("GET", "/api/v1/accounts/{account_id}/access"): ("AIU", None),
}


def _address(house: House, path: str) -> str:
    asked = {
        "/api/v1/people/{person}/past": "?on=2026-11-01",
        "/api/v1/items": f"?campaign={house.campaign.id}",
        "/api/v1/campaigns/{campaign_id}/items": f"?reviewer={house.company.ada.id}",
        "/api/v1/ledger/consistency": "?old=1&new=2",
    }
    return house.address(path) + asked.get(path, "")


def test_every_route_has_a_line_here() -> None:
    assert TABLE.keys() == rights.RIGHTS.keys()


@pytest.mark.parametrize(("method", "path"), TABLE, ids=lambda part: part)
def test_each_role_may_call_what_the_table_says(shown_house: House, method: str, path: str) -> None:
    allowed, body = TABLE[(method, path)]
    address = _address(shown_house, path)
    for letter, role in LETTERS.items():
        # Nothing is deleted here: a version that nobody saw lets the right be asked for, and nothing more.
        headers = {"If-Match": '"999"'} if method == "DELETE" else {}
        answer = shown_house.client(role, **headers).request(method, address, json=body)
        if allowed == OPEN:
            assert answer.status_code in (200, 503), role
        elif allowed == SIGNED:
            assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature"), "a token opens it"
        elif letter in allowed:
            assert answer.status_code not in (401, 405, 500), f"{role}: {answer.text}"
            assert answer.status_code != 403 or answer.json()["code"] != "not_allowed", f"{role}: {answer.text}"
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed"), role


@pytest.mark.parametrize(
    ("method", "path"), [route for route in TABLE if TABLE[route][0] != OPEN], ids=lambda part: part
)
def test_no_route_answers_who_does_not_say_who_they_are(shown_house: House, method: str, path: str) -> None:
    body = TABLE[(method, path)][1]
    address = _address(shown_house, path)
    for headers in ({}, {"Authorization": "Bearer"}, {"Authorization": "Bearer x"}, {"Authorization": "Basic YTpi"}):
        answer = shown_house.client(None, **headers).request(method, address, json=body)
        assert answer.status_code == 401, headers
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_route_without_a_right_stops_the_service_from_starting(shown_house: House) -> None:
    extra = APIRouter(prefix="/api/v1")

    @extra.get("/secrets")
    def secrets() -> None: ...

    shown_house.app.include_router(extra)
    try:
        with pytest.raises(RuntimeError, match="/api/v1/secrets"):
            rights.insist_on_a_row_for_each_route(shown_house.app)
    finally:
        shown_house.app.router.routes.pop()


def test_a_right_without_a_route_stops_the_service_from_starting() -> None:
    with pytest.raises(RuntimeError, match="/api/v1/findings"):
        rights.insist_on_a_row_for_each_route(FastAPI())


def test_the_token_is_asked_for_before_anything_is_looked_up(shown_house: House) -> None:
    """Somebody outside cannot tell what is there from what is not."""
    for path in (f"/api/v1/items/{shown_house.plain.id}", "/api/v1/items/999999"):
        assert shown_house.client().get(path).status_code == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/me"),
        ("PUT", "/api/v1/items/{item_id}/decision"),
        ("POST", "/api/v1/hooks/{hook_id}/decisions"),
        ("GET", "/findings"),
        ("POST", "/campaigns/{campaign_id}/cancellation"),
    ],
)
def test_a_route_that_forgets_to_ask_who_is_there_stops_the_service_from_starting(
    shown_house: House, monkeypatch: pytest.MonkeyPatch, method: str, path: str
) -> None:
    """Each kind of route, of the API and of the console: its row in the table is worth nothing if nobody looks at it."""
    each = next(
        one
        for one in iter_route_contexts(shown_house.app.routes)
        if (one.path, method in (one.methods or ())) == (path, True)
    )
    assert isinstance(each.original_route, APIRoute)
    _insist(shown_house.app)
    monkeypatch.setattr(each.original_route.dependant, "dependencies", [])
    with pytest.raises(RuntimeError, match=f"nobody is asked.*{re.escape(path)}"):
        _insist(shown_house.app)


def test_a_page_does_not_ask_for_a_token_nor_the_api_for_a_cookie() -> None:
    for path, wrong in (("/findings", entering.entered), ("/api/v1/me", visiting.entered)):
        mixed = FastAPI()
        mixed.add_api_route(path, lambda: None, dependencies=[Depends(wrong)])
        with pytest.raises(RuntimeError, match=path):
            _insist(mixed)


def _insist(app: FastAPI) -> None:
    rights.insist_that_each_route_asks(app, pages.RIGHTS, calls=main.CALLS, visits=[visiting.entered])
