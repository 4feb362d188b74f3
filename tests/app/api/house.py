"""A house to knock at: one small company under review, an actor of every role, and a client that speaks for each."""

from __future__ import annotations

import copy
import json
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, cached_property
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from standardwebhooks.webhooks import Webhook
from starlette.datastructures import State

from app import settings
from app.actors import actors, hooks, tokens
from app.actors.actor import Role
from app.actors.tables import ActorRow, HookRow
from app.compliance import assessments, attestations, exemptions, statements, statuses
from app.compliance.facts import Limits
from app.compliance.tables import AssessmentRow, AttestationRow, ExemptionRow
from app.detection.tables import FindingRow
from app.inventory.tables import CredentialRow, IdentityRow, IntegrationRow, SnapshotRow
from app.kit import ids
from app.kit.db import Database
from app.kit.secrets import Keys
from app.ledger import checkpoints as signed
from app.ledger import leaves, signing
from app.ledger.papers import File
from app.ledger.tables import LeafRow
from app.main import create_app
from app.means import Means
from app.notices import channels, subscriptions
from app.notices.tables import ChannelRow, DeliveryRow, SubscriptionRow
from app.remediation.tables import PaperRow, RemediationRow
from app.review import bundles, decisions, schedules
from app.review.tables import BundleRow, CampaignRow, DriftRow, ItemRow, ScheduleRow
from tests import make
from tests.app.api import conformance
from tests.app.review import cast

NOW = make.NOW
KEYS = Keys(b"k" * 32)
# Most of what is tested here is not who answers for a review; `test_owning` and the journeys have one who does.
LENIENT = {"ROLECALL_REQUESTS_PER_MINUTE": "1000000", "ROLECALL_CONTROL_OWNER_REQUIRED": "no"}


@dataclass
class House:
    """The app, what is in it, and a token of every role."""

    means: Means
    app: FastAPI
    company: cast.Company
    campaign: CampaignRow
    items: dict[str, ItemRow]  # by subject
    finding: FindingRow
    drift: DriftRow
    remediation: RemediationRow
    integration: IntegrationRow
    credential: CredentialRow
    schedule: ScheduleRow
    ended_actor: str  # somebody who was here: what is done to them changes nobody else's test
    channel: ChannelRow
    subscription: SubscriptionRow
    delivery: DeliveryRow
    hook: HookRow  # of Ada's chat bot
    signing: str
    tokens: dict[str, str] = field(default_factory=dict)  # by role, and by person: "ada", "eve"

    @property
    def database(self) -> Database:
        return self.means.database

    @property
    def plain(self) -> ItemRow:
        """The grant of an ordinary role that Bo holds; Ada's to decide on."""
        return self.items[f"grant:{self.company.plain.id}"]

    def client(self, who: str | None = None, *, strict: bool = True, **headers: str) -> TestClient:
        """Somebody at the door; nobody without a name. What the app did not foresee fails the test, if `strict`."""
        if who is not None:
            headers["Authorization"] = f"Bearer {self.tokens[who]}"
        client = TestClient(self.app, headers=headers, raise_server_exceptions=strict)
        client.event_hooks["response"].append(conformance.Holding(self.app))
        return client

    def message(self, asked: Any, number: str = "msg_1", *, at: datetime = NOW, signing: str = "") -> dict[str, Any]:
        """What Ada's chat bot sends, signed: the body and the headers of a request."""
        body = asked if isinstance(asked, str) else json.dumps(asked)
        signature = Webhook(signing or self.signing).sign(number, at, body)
        headers = {
            "webhook-id": number, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature,
            "content-type": "application/json",
        }  # fmt: skip
        return {"content": body.encode(), "headers": headers}

    def address(self, path: str) -> str:
        """A route's path with the numbers of what is in this house."""
        of = self.numbers() if "{" in path else {}
        return re.sub(r"{(\w+)}", lambda found: str(of[found[1]]), path)

    def numbers(self) -> dict[str, Any]:
        """What is in this house, by the names that paths have for it."""
        return {
            "system_id": self.company.system.id, "finding_id": self.finding.id, "campaign_id": self.campaign.id,
            "drift_id": self.drift.id, "item_id": self.plain.id, "remediation_id": self.remediation.id,
            "person": self.company.bo.key,
            "person_id": self.company.bo.id, "snapshot_id": self.snapshot_id, "account_id": self.company.account.id,
            "entitlement_id": self.company.role.id, "integration_id": self.integration.id,
            "credential_id": self.credential.id, "entry_id": self.entry_id, "schedule_id": self.schedule.id,
            "task_id": self.plain.task_id, "hook_id": self.hook.id,
            "delegation_id": 999_999, "role": "reader", "actor_id": self.ended_actor, "token_id": "none",
            "session_id": "none", "rule": "inactive_account", "limit": "inactive_days",
            "bundle_id": self.bundle_id, "number": 1, "line": "CRM-5.1.1", "scope_kind": "integrations", **self.filed,
            "channel_id": self.channel.id, "subscription_id": self.subscription.id, "delivery_id": self.delivery.id,
        }  # fmt: skip

    @cached_property
    def filed(self) -> dict[str, Any]:
        """What is on file for the checklist."""
        with self.database.reading() as session:
            word = session.scalars(select(AttestationRow).order_by(AttestationRow.made_at).limit(1)).one()
            return {
                "attestation_id": word.id, "digest": word.digest,
                "exemption_id": session.scalars(select(ExemptionRow.id).limit(1)).one(),
                "assessment_id": session.scalars(select(AssessmentRow.id).limit(1)).one(),
            }  # fmt: skip

    @cached_property
    def bundle_id(self) -> int:
        with self.database.reading() as session:
            return session.scalars(select(BundleRow.id).order_by(BundleRow.id).limit(1)).one()

    @cached_property
    def snapshot_id(self) -> int:
        with self.database.reading() as session:
            return session.scalars(
                select(SnapshotRow.id).where(SnapshotRow.system_id == self.company.system.id).limit(1)
            ).one()

    @cached_property
    def entry_id(self) -> uuid.UUID:
        with self.database.reading() as session:
            return session.scalars(select(LeafRow.entry_id).order_by(LeafRow.number).limit(1)).one()


def _actor(session: Session, role: Role, person: IdentityRow | None = None) -> str:
    until = NOW + timedelta(days=20) if role is Role.AUDITOR else None
    key = person.key if person is not None else None
    row = actors.make(session, person.name if person else role, {role: until}, person_key=key, by=make.ADMIN, at=NOW)
    return tokens.make(session, row, "test", days=30, by=make.ADMIN, at=NOW)


def finding(session: Session, company: cast.Company, **given: Any) -> FindingRow:
    """An open finding about Bo's account."""
    values = {
        "source": "detection", "rule": "inactive_account", "subject": f"account:{uuid.uuid4().hex[:8]}",
        "system_id": company.system.id, "account_id": company.account.id, "severity": "high", "status": "open",
        "because": "last signed in 120 days ago", "facts": {}, "opened_at": NOW, "last_seen_at": NOW,
        "last_run": uuid.uuid4(),
    }  # fmt: skip
    row = FindingRow(**(values | given))
    session.add(row)
    session.flush()
    return row


def removal(session: Session, house: House) -> RemediationRow:
    """One more removal in this house."""
    return removal_of(session, house.campaign.id, house.company.system.id)


def removal_of(session: Session, campaign_id: int, system_id: int) -> RemediationRow:
    """An open removal."""
    row = RemediationRow(
        id=ids.uuid7(), campaign_id=campaign_id, system_id=system_id,
        target={"kind": "grant", "account_key": "bo", "entitlement_key": "role"}, subject="grant:1",
        kind="grant", wish="remove", status="open", since=NOW, steps=[], opened_at=NOW, due_at=NOW,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def file_for_the_checklist(session: Session, company: cast.Company, integration: IntegrationRow) -> None:
    """A word with a file, an exemption, a card that is open, a statement, and a look at every line."""
    until = NOW + timedelta(days=90)
    file = File("policy.pdf", "application/pdf", b"%PDF-1.7")
    attestations.propose(
        session, "CRM-5.1.1", "The policy is signed by the board.", owner=company.flo, until=until, file=file,
        by=make.ADMIN, at=NOW,
    )  # fmt: skip
    exemptions.propose(session, "CRM-11.2.1", "There is no hardware of ours.", until=until, by=make.ADMIN, at=NOW)
    assessments.open(session, integration.id, by=make.ADMIN, at=NOW)
    statements.generate(session, by=make.ADMIN, at=NOW)
    statuses.judge(session, Limits(), roster_max_age_days=7, by=make.ADMIN, at=NOW)


def means_over(database: Database, clock: Callable[[], datetime] = lambda: NOW) -> Means:
    """What the house acts with."""
    return Means(database, KEYS, settings.read(LENIENT), clock)


@cache
def _app() -> FastAPI:
    return create_app(means_over(Database("sqlite://")))


def app_over(means: Means) -> FastAPI:
    """An app of one's own, but for its routes and its description: to put those together costs more than most tests do."""
    app = copy.copy(_app())
    assert means.settings.base_url == _app().state.means.settings.base_url  # by which it is put together
    app.state, app.middleware_stack = State({"means": means}), None
    app.user_middleware, app.exception_handlers = list(app.user_middleware), dict(app.exception_handlers)
    return app


def furnish(
    database: Database, *, clock: Callable[[], datetime] = lambda: NOW, accounts: int = 0, app: FastAPI | None = None
) -> House:
    """Everything a route can be asked about, once; with `accounts` more of Bo's to decide on. `app`: one that is lent."""
    means = means_over(database, clock)
    with database.transaction() as session:
        signing.found(session, version="test", demo=False, by="cli:test", at=NOW)
        company = cast.company(session)
        for _ in range(accounts):
            make.account(session, company.system, identity_id=company.bo.id, matched_by="email")
        campaign = cast.opened(session)
        items = {row.subject: row for row in session.scalars(select(ItemRow))}
        ada = company.actor(company.ada)
        decisions.record(session, items[f"grant:{company.mighty.id}"].id, "remove", reason="moved on", by=ada, at=NOW)
        drift = DriftRow(campaign_id=campaign.id, subject="grant:999", change="began", privileged=True, shown={})
        session.add(drift)
        remediation = removal_of(session, campaign.id, company.system.id)
        integration = make.integration(session, company.system)
        credential = make.credential(session, company.system, integration_id=integration.id)
        schedule = schedules.add(
            session, name="Quarterly", zone="Europe/Berlin", scope=cast.SCOPE, by=make.ADMIN, at=NOW
        )
        bundles.draft(
            session, name="Rep", match='department = "Sales" and title = "Rep"', entitlements=[company.role.id],
            owner_id=company.ada.id, by=make.ADMIN, at=NOW,
        )  # fmt: skip
        gone = actors.make(session, "Gone", {Role.REVIEWER: None}, by=make.ADMIN, at=NOW)
        actors.end(session, gone, by=make.ADMIN, at=NOW)
        given = {role.value: _actor(session, role) for role in Role}
        for name in ("ada", "bo", "eve"):
            given[name] = _actor(session, Role.REVIEWER, getattr(company, name))
        given["boss"] = _actor(session, Role.ADMIN, company.flo)
        holder = session.scalars(select(ActorRow).where(ActorRow.person_key == company.ada.key)).one()
        hook, secret = hooks.make(session, holder, "the chat bot", days=30, keys=KEYS, by=make.ADMIN, at=NOW)
        found = finding(session, company)
        outbox, _ = channels.add(
            session, name="outbox", kind="file", config={}, secret={}, keys=KEYS, by=make.ADMIN, at=NOW
        )
        subscribed = subscriptions.add(
            session, outbox, events=["review.closed"], recipient="it@example.com", by=make.ADMIN, at=NOW
        )
        delivery = make.delivery(
            session, outbox, whom=f"subscription:{subscribed.id}", status="delivered", ended_at=NOW
        )
        file_for_the_checklist(session, company, integration)
        word = session.scalars(select(AttestationRow)).one()
        session.add(
            PaperRow(
                id=ids.uuid7(), remediation_id=remediation.id, digest=word.digest, name="ticket.pdf", note="the ticket",
                by=make.ADMIN.id, at=NOW,
            )
        )  # fmt: skip
        leaves.integrate(session)
        signed.sign(session, signing.signer(session, KEYS), by="cli:test", at=NOW)
        session.flush()
    app = app or app_over(means)
    app.state.means = means
    rows = (company, campaign, items, found, drift, remediation, integration, credential, schedule)
    return House(means, app, *rows, gone.id, outbox, subscribed, delivery, hook, secret, given)


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The app behind a real server on this machine; its address."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
