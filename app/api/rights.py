"""Who may call which route: one table. A route without a row stops the service from starting."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from app.actors.policy import May

Who = Callable[..., Any]
# None: open to everyone, signed in or not.
RIGHTS: dict[tuple[str, str], May | None] = {
    ("GET", "/health"): None,
    ("GET", "/ready"): None,
    ("GET", "/api/v1/me"): May.SEE_SELF,
    ("GET", "/api/v1/me/tokens"): May.SEE_SELF,
    ("DELETE", "/api/v1/me/tokens/{token_id}"): May.SEE_SELF,
    ("GET", "/api/v1/me/sessions"): May.SEE_SELF,
    ("DELETE", "/api/v1/me/sessions/{session_id}"): May.SEE_SELF,
    ("GET", "/api/v1/actors"): May.RUN_ACTORS,
    ("POST", "/api/v1/actors"): May.RUN_ACTORS,
    ("GET", "/api/v1/actors/{actor_id}"): May.RUN_ACTORS,
    ("DELETE", "/api/v1/actors/{actor_id}"): May.RUN_ACTORS,
    ("PUT", "/api/v1/actors/{actor_id}/roles/{role}"): May.RUN_ACTORS,
    ("DELETE", "/api/v1/actors/{actor_id}/roles/{role}"): May.RUN_ACTORS,
    ("GET", "/api/v1/actors/{actor_id}/tokens"): May.RUN_ACTORS,
    ("POST", "/api/v1/actors/{actor_id}/tokens"): May.RUN_ACTORS,
    ("DELETE", "/api/v1/actors/{actor_id}/tokens/{token_id}"): May.RUN_ACTORS,
    ("GET", "/api/v1/actors/{actor_id}/sessions"): May.RUN_ACTORS,
    ("DELETE", "/api/v1/actors/{actor_id}/sessions/{session_id}"): May.RUN_ACTORS,
    ("GET", "/api/v1/actors/{actor_id}/hooks"): May.RUN_ACTORS,
    ("POST", "/api/v1/actors/{actor_id}/hooks"): May.RUN_ACTORS,
    ("POST", "/api/v1/actors/{actor_id}/hooks/{hook_id}/rotation"): May.RUN_ACTORS,
    ("DELETE", "/api/v1/actors/{actor_id}/hooks/{hook_id}"): May.RUN_ACTORS,
    ("GET", "/api/v1/systems"): May.SEE_SYSTEMS,
    ("POST", "/api/v1/systems"): May.RUN_SYSTEMS,
    ("GET", "/api/v1/systems/{system_id}"): May.SEE_SYSTEMS,
    ("PATCH", "/api/v1/systems/{system_id}"): May.RUN_SYSTEMS,
    ("DELETE", "/api/v1/systems/{system_id}"): May.RUN_SYSTEMS,
    ("PUT", "/api/v1/systems/{system_id}/credentials/{role}"): May.RUN_SYSTEMS,
    ("PUT", "/api/v1/systems/{system_id}/writing"): May.RUN_SYSTEMS,
    ("GET", "/api/v1/systems/{system_id}/snapshots"): May.SEE_SYSTEMS,
    ("GET", "/api/v1/systems/{system_id}/replays"): May.SEE_SYSTEMS,
    ("GET", "/api/v1/systems/{system_id}/snapshots/{snapshot_id}"): May.SEE_SYSTEMS,
    ("POST", "/api/v1/systems/{system_id}/readings"): May.READ_SYSTEMS,
    ("POST", "/api/v1/systems/{system_id}/passes"): May.READ_SYSTEMS,
    ("GET", "/api/v1/systems/{system_id}/imports"): May.SEE_CAMPAIGNS,
    ("POST", "/api/v1/systems/{system_id}/imports"): May.RUN_CAMPAIGNS,
    ("GET", "/api/v1/systems/{system_id}/roster"): May.SEE_SYSTEMS,
    ("PUT", "/api/v1/systems/{system_id}/roster/approval"): May.RUN_SYSTEMS,
    ("GET", "/api/v1/findings"): May.SEE_FINDINGS,
    ("GET", "/api/v1/findings/{finding_id}"): May.SEE_FINDINGS,
    ("POST", "/api/v1/findings/acknowledgements"): May.HANDLE_FINDINGS,
    ("POST", "/api/v1/findings/assignments"): May.HANDLE_FINDINGS,
    ("PUT", "/api/v1/findings/{finding_id}/acknowledgement"): May.HANDLE_FINDINGS,
    ("PUT", "/api/v1/findings/{finding_id}/owner"): May.HANDLE_FINDINGS,
    ("GET", "/api/v1/findings/{finding_id}/comments"): May.SEE_FINDINGS,
    ("POST", "/api/v1/findings/{finding_id}/comments"): May.HANDLE_FINDINGS,
    ("PUT", "/api/v1/findings/{finding_id}/waiver"): May.HANDLE_FINDINGS,
    ("PUT", "/api/v1/findings/{finding_id}/waiver/approval"): May.APPROVE_WAIVERS,
    ("PUT", "/api/v1/findings/{finding_id}/waiver/ending"): May.HANDLE_FINDINGS,
    ("GET", "/api/v1/rules"): May.SEE_FINDINGS,
    ("GET", "/api/v1/rules/{rule}"): May.SEE_FINDINGS,
    ("PUT", "/api/v1/rules/{rule}/alerts"): May.RUN_SYSTEMS,
    ("GET", "/api/v1/systems/{system_id}/limits"): May.SEE_FINDINGS,
    ("PUT", "/api/v1/systems/{system_id}/limits/{limit}"): May.RUN_SYSTEMS,
    ("GET", "/api/v1/schedules"): May.SEE_CAMPAIGNS,
    ("POST", "/api/v1/schedules"): May.RUN_CAMPAIGNS,
    ("POST", "/api/v1/schedules/preview"): May.RUN_CAMPAIGNS,
    ("GET", "/api/v1/schedules/{schedule_id}"): May.SEE_CAMPAIGNS,
    ("GET", "/api/v1/schedules/{schedule_id}/dates"): May.SEE_CAMPAIGNS,
    ("PATCH", "/api/v1/schedules/{schedule_id}"): May.RUN_CAMPAIGNS,
    ("DELETE", "/api/v1/schedules/{schedule_id}"): May.RUN_CAMPAIGNS,
    # Whoever sees no campaigns sees the role models that they own, and approves those.
    ("GET", "/api/v1/bundles"): May.SEE_OWN_ITEMS,
    ("GET", "/api/v1/bundles/proposals"): May.SEE_CAMPAIGNS,
    ("POST", "/api/v1/bundles"): May.RUN_CAMPAIGNS,
    ("POST", "/api/v1/bundles/proposals"): May.RUN_CAMPAIGNS,
    ("GET", "/api/v1/bundles/{bundle_id}"): May.SEE_OWN_ITEMS,
    ("POST", "/api/v1/bundles/{bundle_id}/versions"): May.RUN_CAMPAIGNS,
    ("PUT", "/api/v1/bundles/{bundle_id}/versions/{number}/approval"): May.DECIDE,
    ("PUT", "/api/v1/bundles/{bundle_id}/retirement"): May.RUN_CAMPAIGNS,
    ("GET", "/api/v1/tasks"): May.SEE_OWN_ITEMS,
    ("GET", "/api/v1/tasks/{task_id}"): May.SEE_OWN_ITEMS,
    ("GET", "/api/v1/campaigns/{campaign_id}/tasks"): May.SEE_CAMPAIGNS,
    ("GET", "/api/v1/campaigns"): May.SEE_CAMPAIGNS,
    ("POST", "/api/v1/campaigns"): May.RUN_CAMPAIGNS,
    ("POST", "/api/v1/campaigns/preview"): May.RUN_CAMPAIGNS,
    ("POST", "/api/v1/overrides"): May.RUN_CAMPAIGNS,
    ("POST", "/api/v1/approvals"): May.DECIDE,  # by whom the scope names, and nobody else
    ("POST", "/api/v1/acceptances"): May.DECIDE,  # likewise
    ("GET", "/api/v1/campaigns/{campaign_id}/signature"): May.SEE_OWN_ITEMS,  # its control owner, or who sees reviews
    ("PUT", "/api/v1/campaigns/{campaign_id}/signature"): May.DECIDE,  # its control owner, and nobody else
    ("PUT", "/api/v1/campaigns/{campaign_id}/control-owner"): May.RUN_CAMPAIGNS,
    ("GET", "/api/v1/campaigns/{campaign_id}"): May.SEE_CAMPAIGNS,
    ("GET", "/api/v1/campaigns/{campaign_id}/items"): May.SEE_ALL_ITEMS,
    ("GET", "/api/v1/campaigns/{campaign_id}/drift"): May.SEE_ALL_ITEMS,
    ("POST", "/api/v1/campaigns/{campaign_id}/drift"): May.RUN_CAMPAIGNS,
    ("PUT", "/api/v1/drift/{drift_id}/decision"): May.RUN_CAMPAIGNS,
    ("POST", "/api/v1/campaigns/{campaign_id}/reminders"): May.RUN_CAMPAIGNS,
    ("GET", "/api/v1/campaigns/{campaign_id}/attention"): May.SEE_CAMPAIGNS,
    ("GET", "/api/v1/campaigns/{campaign_id}/rounds"): May.SEE_CAMPAIGNS,
    ("POST", "/api/v1/campaigns/{campaign_id}/rounds"): May.RUN_CAMPAIGNS,
    ("GET", "/api/v1/campaigns/{campaign_id}/silence"): May.RUN_CAMPAIGNS,
    ("PUT", "/api/v1/campaigns/{campaign_id}/silence"): May.RUN_CAMPAIGNS,
    ("PUT", "/api/v1/campaigns/{campaign_id}/closure"): May.RUN_CAMPAIGNS,
    ("PUT", "/api/v1/campaigns/{campaign_id}/cancellation"): May.RUN_CAMPAIGNS,
    # Reviewers hand on what is theirs; the verb refuses whoever is neither its reviewer nor an administrator.
    ("PUT", "/api/v1/campaigns/{campaign_id}/handover"): May.DECIDE,
    ("GET", "/api/v1/delegations"): May.SEE_OWN_ITEMS,
    ("POST", "/api/v1/delegations"): May.DECIDE,
    ("PUT", "/api/v1/delegations/{delegation_id}/ending"): May.DECIDE,
    ("GET", "/api/v1/tasks/{task_id}/submission"): May.SEE_OWN_ITEMS,
    ("PUT", "/api/v1/tasks/{task_id}/submission"): May.DECIDE,
    ("PUT", "/api/v1/tasks/{task_id}/reopening"): May.RUN_CAMPAIGNS,
    ("GET", "/api/v1/items"): May.SEE_OWN_ITEMS,
    ("GET", "/api/v1/items/{item_id}"): May.SEE_OWN_ITEMS,
    ("PUT", "/api/v1/items/{item_id}/decision"): May.DECIDE,
    ("DELETE", "/api/v1/items/{item_id}/decision"): May.DECIDE,
    ("POST", "/api/v1/decisions"): May.DECIDE,
    ("POST", "/api/v1/hooks/{hook_id}/decisions"): May.DECIDE,  # by a message signed for its actor; no token opens it
    ("GET", "/api/v1/remediations"): May.SEE_REMEDIATIONS,
    ("GET", "/api/v1/remediations/{remediation_id}"): May.SEE_REMEDIATIONS,
    ("GET", "/api/v1/remediations/{remediation_id}/lookback"): May.SEE_REMEDIATIONS,
    ("PUT", "/api/v1/remediations/{remediation_id}/undoing"): May.UNDO_REMOVALS,
    ("PUT", "/api/v1/remediations/{remediation_id}/report"): May.DO_BY_HAND,
    ("PUT", "/api/v1/remediations/{remediation_id}/retry"): May.DO_BY_HAND,
    ("GET", "/api/v1/remediations/{remediation_id}/evidence"): May.SEE_REMEDIATIONS,
    ("POST", "/api/v1/remediations/{remediation_id}/evidence"): May.DO_BY_HAND,
    ("GET", "/api/v1/remediations/{remediation_id}/evidence/{digest}"): May.SEE_REMEDIATIONS,
    ("GET", "/api/v1/remediations/{remediation_id}/plan"): May.SEE_REMEDIATIONS,  # asking the CRM is START_REMOVALS
    ("GET", "/api/v1/stop"): May.SEE_REMEDIATIONS,
    ("PUT", "/api/v1/stop"): May.STOP_REMOVALS,
    ("PUT", "/api/v1/stop/ending"): May.STOP_REMOVALS,
    ("GET", "/api/v1/systems/{system_id}/lane"): May.SEE_REMEDIATIONS,
    ("PUT", "/api/v1/systems/{system_id}/lane"): May.RUN_SYSTEMS,
    ("GET", "/api/v1/systems/{system_id}/releases"): May.SEE_REMEDIATIONS,
    ("POST", "/api/v1/systems/{system_id}/releases"): May.RELEASE_REMOVALS,
    ("GET", "/api/v1/campaigns/{campaign_id}/packet"): May.TAKE_EVIDENCE,
    ("GET", "/api/v1/campaigns/{campaign_id}/packets"): May.SEE_LEDGER,
    ("GET", "/api/v1/ledger/checkpoint"): May.SEE_LEDGER,
    ("GET", "/api/v1/ledger/checkpoints"): May.SEE_LEDGER,
    ("GET", "/api/v1/ledger/consistency"): May.SEE_LEDGER,
    ("GET", "/api/v1/ledger/entries"): May.SEE_LEDGER,
    ("GET", "/api/v1/ledger/entries/{entry_id}"): May.SEE_LEDGER,
    ("GET", "/api/v1/ledger/entries/{entry_id}/proof"): May.SEE_LEDGER,
    ("GET", "/api/v1/people"): May.SEE_ACCESS,
    ("GET", "/api/v1/people/{person}"): May.SEE_ACCESS,
    ("GET", "/api/v1/people/{person}/access"): May.SEE_ACCESS,
    ("GET", "/api/v1/accounts"): May.SEE_ACCESS,
    ("GET", "/api/v1/accounts/{account_id}"): May.SEE_ACCESS,
    ("GET", "/api/v1/accounts/{account_id}/grants"): May.SEE_ACCESS,
    ("GET", "/api/v1/entitlements"): May.SEE_ACCESS,
    ("GET", "/api/v1/entitlements/{entitlement_id}"): May.SEE_ACCESS,
    ("GET", "/api/v1/integrations"): May.SEE_ACCESS,
    ("GET", "/api/v1/integrations/{integration_id}"): May.SEE_ACCESS,
    ("GET", "/api/v1/credentials"): May.SEE_ACCESS,
    ("GET", "/api/v1/credentials/{credential_id}"): May.SEE_ACCESS,
    ("GET", "/api/v1/controls"): May.SEE_CHECKLIST,
    ("GET", "/api/v1/controls/{line}"): May.SEE_CHECKLIST,
    ("POST", "/api/v1/controls/{line}/attestations"): May.ATTEST,
    ("POST", "/api/v1/controls/{line}/exemptions"): May.ATTEST,
    ("GET", "/api/v1/attestations"): May.SEE_CHECKLIST,
    ("GET", "/api/v1/attestations/{attestation_id}"): May.SEE_CHECKLIST,
    ("PUT", "/api/v1/attestations/{attestation_id}/answer"): May.APPROVE_PAPERS,
    ("GET", "/api/v1/documents/{digest}"): May.SEE_CHECKLIST,
    ("GET", "/api/v1/exemptions"): May.SEE_CHECKLIST,
    ("PUT", "/api/v1/exemptions/{exemption_id}/answer"): May.APPROVE_PAPERS,
    ("GET", "/api/v1/registers"): May.SEE_CHECKLIST,
    ("GET", "/api/v1/registers/gaps"): May.SEE_CHECKLIST,
    ("POST", "/api/v1/registers"): May.ATTEST,
    ("GET", "/api/v1/assessments"): May.SEE_CHECKLIST,
    ("GET", "/api/v1/assessments/{assessment_id}"): May.SEE_CHECKLIST,
    ("POST", "/api/v1/integrations/{integration_id}/assessments"): May.ATTEST,
    ("PUT", "/api/v1/assessments/{assessment_id}/submission"): May.ATTEST,
    ("PUT", "/api/v1/assessments/{assessment_id}/answer"): May.APPROVE_PAPERS,
    ("GET", "/api/v1/scope/{scope_kind}"): May.SEE_CHECKLIST,
    ("POST", "/api/v1/scope/{scope_kind}"): May.ATTEST,
    ("PUT", "/api/v1/scope/{scope_kind}/confirmation"): May.APPROVE_PAPERS,
    ("GET", "/api/v1/statements"): May.SEE_CHECKLIST,
    ("POST", "/api/v1/statements"): May.ATTEST,
    ("GET", "/api/v1/statements/{number}"): May.SEE_CHECKLIST,
    ("PUT", "/api/v1/statements/{number}/approval"): May.APPROVE_PAPERS,
    ("GET", "/api/v1/channels"): May.SEE_NOTICES,
    ("POST", "/api/v1/channels"): May.RUN_NOTICES,
    ("GET", "/api/v1/channels/{channel_id}"): May.SEE_NOTICES,
    ("PUT", "/api/v1/channels/{channel_id}/status"): May.RUN_NOTICES,
    ("POST", "/api/v1/channels/{channel_id}/rotation"): May.RUN_NOTICES,
    ("POST", "/api/v1/channels/{channel_id}/tests"): May.RUN_NOTICES,
    ("GET", "/api/v1/subscriptions"): May.SEE_NOTICES,
    ("POST", "/api/v1/subscriptions"): May.RUN_NOTICES,
    ("DELETE", "/api/v1/subscriptions/{subscription_id}"): May.RUN_NOTICES,
    ("GET", "/api/v1/deliveries"): May.SEE_NOTICES,
    ("GET", "/api/v1/deliveries/{delivery_id}"): May.SEE_NOTICES,
    ("POST", "/api/v1/deliveries/{delivery_id}/replay"): May.RUN_NOTICES,
    ("GET", "/api/v1/me/quiet-hours"): May.SEE_OWN_ITEMS,
    ("PUT", "/api/v1/me/quiet-hours"): May.SEE_OWN_ITEMS,
    ("GET", "/api/v1/people/{person}/past"): May.SEE_ACCESS,
    ("GET", "/api/v1/accounts/{account_id}/access"): May.SEE_ACCESS,
}


def insist_on_a_row_for_each_route(app: FastAPI, pages: Mapping[tuple[str, str], May | None] | None = None) -> None:
    """Raise RuntimeError naming every route without a row, and every row without a route. `pages`: the console's rows."""
    rows, routes = RIGHTS.keys() | (pages or {}).keys(), set(_routes(app))
    missing, left = routes - rows, rows - routes
    if missing or left:
        raise RuntimeError(f"the table of rights lacks {sorted(missing)} and has no route for {sorted(left)}")


def insist_that_each_route_asks(
    app: FastAPI, pages: Mapping[tuple[str, str], May | None], *, calls: Sequence[Who], visits: Sequence[Who]
) -> None:
    """Raise RuntimeError naming every route with a right that asks nobody who they are, so that its row is never looked at.

    `calls` are what tells who calls the API, `visits` who visits a page; neither stands in for the other.
    """
    asked = [(RIGHTS, calls), (pages, visits)]
    silent = [
        route
        for route, made in _routes(app).items()
        if any(rows.get(route) is not None and not _asks(made.dependant, who) for rows, who in asked)
    ]
    if silent:
        raise RuntimeError(f"nobody is asked who they are by {sorted(silent)}")


def _asks(dependant: Dependant, who: Sequence[Who]) -> bool:
    return dependant.call in who or any(_asks(each, who) for each in dependant.dependencies)


def _routes(app: FastAPI) -> dict[tuple[str, str], APIRoute]:
    return {
        (method, route.path or ""): route.original_route
        for route in iter_route_contexts(app.routes)  # included routers are not unfolded in app.routes
        if isinstance(route.original_route, APIRoute)
        for method in route.methods or ()
    }
