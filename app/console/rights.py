"""Who may open which page: one table. A page without a row stops the service from starting.

A page that is open to everyone (None) shows nothing of what is kept here.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.actors.policy import May

RIGHTS: Mapping[tuple[str, str], May | None] = {
    ("GET", "/sign-in"): None,
    ("GET", "/sign-in/provider"): None,
    ("GET", "/sign-in/callback"): None,
    ("POST", "/sign-out"): May.SEE_SELF,
    ("GET", "/links/{link}"): None,
    ("POST", "/links/{link}"): None,
    ("GET", "/activity"): May.SEE_LEDGER,
    ("GET", "/activity/checkpoint"): May.SEE_LEDGER,
    ("GET", "/activity/{entry_id}"): May.SEE_LEDGER,
    ("GET", "/activity/{entry_id}/proof"): May.SEE_LEDGER,
    ("GET", "/evidence"): May.SEE_LEDGER,
    ("POST", "/evidence/{campaign_id}/packet"): May.TAKE_EVIDENCE,
    ("GET", "/evidence/verification"): May.SEE_LEDGER,
    ("POST", "/evidence/verification"): May.SEE_LEDGER,
    ("GET", "/integrations"): May.SEE_ACCESS,
    ("GET", "/integrations/{integration_id}"): May.SEE_ACCESS,
    ("GET", "/first-admin/{link}"): None,
    ("POST", "/first-admin/{link}"): None,
    ("GET", "/people"): May.SEE_ACCESS,
    ("GET", "/people/{person_id}"): May.SEE_ACCESS,
    ("GET", "/accounts/{account_id}"): May.SEE_ACCESS,
    ("POST", "/accounts/{account_id}/sign-ins"): May.SEE_SIGN_INS,
    ("GET", "/systems"): May.SEE_SYSTEMS,
    ("GET", "/systems/add"): May.RUN_SYSTEMS,
    ("GET", "/systems/add/{kind}"): May.RUN_SYSTEMS,
    ("POST", "/systems/add/{kind}"): May.RUN_SYSTEMS,
    ("GET", "/systems/{system_id}"): May.SEE_SYSTEMS,
    ("GET", "/systems/{system_id}/readings/{snapshot_id}"): May.SEE_SYSTEMS,
    ("POST", "/systems/{system_id}/readings"): May.READ_SYSTEMS,
    ("POST", "/systems/{system_id}/check"): May.RUN_SYSTEMS,
    ("POST", "/systems/{system_id}/credential"): May.RUN_SYSTEMS,
    ("POST", "/systems/{system_id}/writing"): May.RUN_SYSTEMS,
    ("POST", "/systems/{system_id}/removal"): May.RUN_SYSTEMS,
    ("POST", "/systems/{system_id}/roster"): May.RUN_SYSTEMS,
    ("POST", "/systems/{system_id}/roster/approval"): May.RUN_SYSTEMS,
    ("GET", "/findings"): May.SEE_FINDINGS,
    ("GET", "/findings/new"): May.SEE_FINDINGS,
    ("GET", "/findings/{finding_id}"): May.SEE_FINDINGS,
    ("POST", "/findings/{finding_id}/reason"): May.JUSTIFY,
    ("GET", "/revocation"): May.START_REMOVALS,
    ("POST", "/revocation"): May.START_REMOVALS,
    ("GET", "/"): May.SEE_SELF,
    ("GET", "/reviews"): May.SEE_OWN_ITEMS,
    ("GET", "/reviews/{campaign_id}"): May.SEE_OWN_ITEMS,
    ("POST", "/reviews/{campaign_id}/answers"): May.DECIDE,
    ("GET", "/reviews/{campaign_id}/submission"): May.SEE_OWN_ITEMS,
    ("POST", "/reviews/{campaign_id}/submission"): May.DECIDE,
    ("GET", "/reviews/{campaign_id}/items/{item_id}"): May.SEE_OWN_ITEMS,
    ("POST", "/reviews/{campaign_id}/items/{item_id}/handover"): May.DECIDE,
}
